"""Make functions from text, sympy expressions, numpy functions and torch modules."""
