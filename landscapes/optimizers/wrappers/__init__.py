"""Optimizers around optimizers: what is done to the gradient, the rate or the point."""
