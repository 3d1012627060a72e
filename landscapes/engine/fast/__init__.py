"""The fast path: many runs of one first-order optimizer, several steps per call."""
