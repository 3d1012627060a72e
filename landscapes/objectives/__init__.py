"""Objective functions: formulas on tensors with their known facts, and what can be computed about them."""
