"""Plots on axes, one function each."""
