"""
A race seen from aside
======================

The surface stands in relief, with the level lines of its map; trails that go behind a hill are faint. Left alone, the camera
stands where most of the race is seen.
"""

# %%
# A still, as a figure of its own.

from pathlib import Path

from landscapes import race, render

PICTURES = Path(__file__).parent / "pictures"
result = race("rosenbrock", ["momentum", "nesterov", "adagrad", "adam"])
render.scene(result, theme="dark", size=(800, 500)).savefig(PICTURES / "aside.png")

# %%
# The same in motion, with a camera that goes around: ``.mp4`` is smaller than ``.gif`` when everything moves.

turning = render.scene(result, camera=render.Camera(azimuth=100, turn=60), size=(480, 320))
render.animate(result, figure=turning, seconds=4).save(PICTURES / "aside.mp4")
