"""What records and comparisons say in words, numbers and tables. Numpy only."""

from landscapes.reports import choosing, profiles, standings, tables

__all__ = ["choosing", "profiles", "standings", "tables"]
