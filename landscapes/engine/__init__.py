"""The batched loop, and its fast ways through many runs of one optimizer."""
