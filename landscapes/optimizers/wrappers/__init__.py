"""Optimizers that wrap another optimizer and modify its gradient, learning rate or point."""
