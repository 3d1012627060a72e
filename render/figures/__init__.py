"""Whole figures: several races, jobs of many runs, fact sheets, files of stills."""
