"""Third-party optimizers as optimizers: torch's, custom torch classes, and SciPy's."""
