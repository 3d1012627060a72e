"""Optimizers that use curvature or a line search."""
