"""
Which minimum is found from where
=================================

A pixel a start: its colour says which of Himmelblau's four minima Adam finds from there, and the stronger it is, the longer
that takes.
"""

# %%
# A quarter of a million runs, as one job.

from pathlib import Path

from landscapes import basins, render

result = basins("himmelblau", "adam(lr=0.1)", resolution=512, steps=500)
render.save_chart(result, Path(__file__).parent / "pictures" / "basins.png", size=(800, 560))
print(render.caption(result))
