"""
The long valley
===============

The third of Alec Radford's animations of 2014, made again with every setting stated and with Adam: walls that
are steep and alike, and next to no slope along the floor.
"""

# %%
# The formula is the curve of the UvA deep learning course. Across the valley, plain descent with a rate above one
# swings for ever; along it, the slope begins at a hundredth and grows with every step down.

from pathlib import Path

from landscapes import functions, race, render

pictures = Path(__file__).parent / "pictures"

record = race(
    functions.get("long_valley"),
    [
        "sgd(lr=1.1)", "momentum(lr=0.5)", "nesterov(lr=0.4)", "adagrad(lr=1)", "adadelta(lr=20)",
        "rmsprop(lr=0.1, alpha=0.9)", "adam(lr=0.2)",
    ],
    start=(-1.2, 4.5),
    steps=40,
)  # fmt: skip

# %%
# What to look at: plain descent goes from wall to wall, as high on either side, and gets nowhere. Momentum swings
# too, until it has gathered speed downhill. Those that scale each coordinate's step by its own gradients do not
# care how small the slope is: they set out across and along at once.

render.animate(record, size=(640, 480), panel=False, seconds=6).save(pictures / "famous-valley.gif")
