"""
A race
======

Six optimizers on Beale's function from one start, each with the learning rate that a sweep found. Pass the name
of a theme for another look: ``python race.py dark``.
"""

# %%
# One call races all optimizers in one batch. The record holds the settings, every point of every run and the
# surface. A saved record can be drawn without torch.

import sys
from pathlib import Path

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"
theme = sys.argv[1] if len(sys.argv) > 1 else "light"

record = race("beale")
print(render.table(record))

# %%
# One call draws them. The suffix selects the writer: .gif and .mp4 are animations, .png, .pdf and .svg are stills.

render.animate(record, theme=theme).save(PICTURES / f"race-{theme}.gif")
