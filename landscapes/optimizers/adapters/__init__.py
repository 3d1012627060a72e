"""Optimizers of others, as rules: torch's, anybody's, SciPy's."""
