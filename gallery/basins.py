"""
Basins of attraction
====================

Which of Himmelblau's four minima does Adam reach? Each pixel is a start. Its colour shows the minimum, and a
stronger colour means more steps.
"""

# %%
# A quarter of a million runs in one experiment.

from pathlib import Path

from landscapes import basins, render

PICTURES = Path(__file__).parent / "pictures"

record = basins("himmelblau", "adam(lr=0.1)", resolution=512, steps=500)
render.save(record, PICTURES / "basins.png", figsize=(8.0, 5.6))
print(render.caption(record))
