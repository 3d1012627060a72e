"""Third-party optimizers as optimizers: those of torch, custom torch classes, optax, and SciPy."""
