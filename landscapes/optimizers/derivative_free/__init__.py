"""Optimizers that compare function values and use no derivatives."""
