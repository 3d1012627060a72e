"""The optimizers: one class a rule, found by name in strings such as "adam(lr=0.05)"."""

from __future__ import annotations

from landscapes.rules.adam import Adam
from landscapes.rules.base import FirstOrder, Rule
from landscapes.rules.parse import names, parse

__all__ = ["Adam", "FirstOrder", "Rule", "names", "parse"]
