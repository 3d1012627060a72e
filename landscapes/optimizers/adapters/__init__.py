"""Optimizers of others, as optimizers: torch's, anybody's, SciPy's."""
