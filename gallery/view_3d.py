"""
A race in a 3-D view
====================

The function as a lit 3-D surface with contour lines. Trails stand a little above it, with a shadow below; hidden parts
are dotted. By default, the camera is placed where most of the race is visible.
"""

# %%
# A still figure. Calm learning rates are easier to follow by eye than the fastest ones, which leap across the valley.

from pathlib import Path

from landscapes import functions, race, render

PICTURES = Path(__file__).parent / "pictures"

record = race("rosenbrock", ["momentum", "nesterov", "adagrad", "adam"], calm=True)
still = render.figure_3d(record, theme="dark", figsize=(8.0, 4.5))
still.savefig(PICTURES / "view_3d.png")

# %%
# An animation with an orbiting camera: a saddle, which most optimizers leave, and near which SGD stalls. When every
# pixel moves, ``.mp4`` files are smaller than ``.gif`` files.

OPTIMIZERS = ["sgd(lr=0.03)", "momentum(lr=0.02)", "nesterov(lr=0.02)", "rmsprop(lr=0.02, alpha=0.9)", "adam(lr=0.05)"]

saddle = functions.get("saddle").with_view([(-2, 2), (-1, 2)])
escape = race(saddle, OPTIMIZERS, start=(-1.5, 1e-3), steps=80)
orbit = render.figure_3d(escape, theme="dark", camera=render.Camera(azim=-20, elev=46, rotate=-45))
render.animate(escape, figure=orbit, seconds=8).save(PICTURES / "view_3d.mp4")
