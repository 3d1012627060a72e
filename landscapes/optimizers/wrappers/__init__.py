"""Rules around rules: what is done to the gradient, the rate or the point."""
