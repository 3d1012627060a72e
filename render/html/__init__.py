"""Pages to play with, for a browser."""
