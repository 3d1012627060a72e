"""Analyse records: costs, profiles, tables, learning rates and tuning. Numpy and scipy only."""

from landscapes.analysis import costs, profiles, selection, tables, tuning

__all__ = ["costs", "profiles", "selection", "tables", "tuning"]
