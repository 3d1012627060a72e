"""Optimizers that ask for values only."""
