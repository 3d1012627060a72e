"""Windows to play in."""
