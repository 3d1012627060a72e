"""Rules that ask for values only."""
