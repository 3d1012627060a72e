"""
Direct labels and a zoom inset
==============================

Labels that follow the runs, a view cropped to the race, and an inset that magnifies the minimum.
"""

# %%
# Choose the view before the race: the surface is then sampled at full resolution where the runs go. A saved
# race can be cropped to a smaller view, but not extended.

from pathlib import Path

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"

record = race("beale", ["momentum", "nesterov", "rmsprop", "adam"], view="race")

# %%
# The caption states every setting. Saved files contain it as well.

print(render.caption(record))

# %%
# Labels avoid the runs and each other. The inset is placed in the corner that the trajectories leave free.

animation = render.animate(record, labels="direct", inset=True, figsize=(6.4, 4.8), panel=False)
animation.save(PICTURES / "zoom_inset.gif")
