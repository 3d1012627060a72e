"""Artists that follow a race, legends, and texts that fit."""
