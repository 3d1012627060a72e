"""Landscapes of one's own: from text, sympy, numpy or a module, and whether they can be raced."""
