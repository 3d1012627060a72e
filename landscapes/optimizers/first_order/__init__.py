"""Optimizers that go by the gradient at each step."""
