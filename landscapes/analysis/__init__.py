"""What records and comparisons say in words, numbers and tables. Numpy only."""

from landscapes.analysis import costs, profiles, selection, tables, tuning

__all__ = ["costs", "profiles", "selection", "tables", "tuning"]
