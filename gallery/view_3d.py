"""
A race in a 3-D view
====================

The function as a 3-D surface with contour lines. Trails behind a hill are drawn faintly. By default, the camera
is placed where most of the race is visible.
"""

# %%
# A still figure. Calm learning rates are easier to follow by eye than the fastest ones, which leap across the valley.

from pathlib import Path

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"

record = race("rosenbrock", ["momentum", "nesterov", "adagrad", "adam"], calm=True)
still = render.figure_3d(record, theme="dark", figsize=(8.0, 5.0))
still.savefig(PICTURES / "view_3d.png")

# %%
# An animation with an orbiting camera. When every pixel moves, ``.mp4`` files are smaller than ``.gif`` files.

camera = render.Camera(azim=-150, elev=64, rotate=60)
orbit = render.figure_3d(record, camera=camera, figsize=(4.8, 3.2))
render.animate(record, figure=orbit, seconds=6.4).save(PICTURES / "view_3d.mp4")
