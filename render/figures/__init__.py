"""Whole figures: races, experiments of many runs, fact sheets, and their files."""
