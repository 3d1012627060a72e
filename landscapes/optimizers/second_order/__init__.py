"""Optimizers that use curvature, or search along a line."""
