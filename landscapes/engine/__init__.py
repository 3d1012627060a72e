"""The engine: batched loops that run many optimizers at once."""
