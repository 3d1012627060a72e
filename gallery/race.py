"""
The race
========

Six optimizers on Beale's function, from one start, each with the learning rate that a sweep found for
it. Run it with a theme's name to have it in another look: ``python race.py dark``.
"""

# %%
# One call races them, as one batch. The record holds every point of every run, the surface beneath them
# and what was run, so it can be saved and drawn again later, also where torch is not installed.

import sys
from pathlib import Path

from landscapes import race, render
from landscapes.analysis.race_table import table, verdict

theme = sys.argv[1] if len(sys.argv) > 1 else "light"
pictures = Path(__file__).parent / "pictures"

record = race("beale")
print(table(record))
print(verdict(record))

# %%
# One call draws them. The suffix picks the writer: .gif and .mp4 move, .png, .pdf and .svg stand still.

render.animate(record, theme=theme).save(pictures / f"race-{theme}.gif")
