"""
The long valley
===============

The third of Alec Radford's animations of 2014, redrawn with every setting stated and with Adam added. The walls
are steep and symmetric, and the gradient along the floor is almost zero.
"""

# %%
# The formula comes from the UvA deep learning course. Across the valley, SGD with a learning rate above one
# oscillates forever. Along it, the gradient starts at 0.01 and grows with every step.

from pathlib import Path

from landscapes import functions, race, render

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = [
    "sgd(lr=1.1)",
    "momentum(lr=0.5)",
    "nesterov(lr=0.4)",
    "adagrad(lr=1)",
    "adadelta(lr=20)",
    "rmsprop(lr=0.1, alpha=0.9)",
    "adam(lr=0.2)",
]

record = race(functions.get("long_valley"), OPTIMIZERS, start=(-1.2, 4.5), steps=40)

# %%
# SGD jumps from wall to wall at constant height and makes no progress. Momentum oscillates, too, until it has
# gained speed along the floor. Optimizers that scale each coordinate by its own gradients are independent of
# the size of the gradient. They move across and along the valley at once.

render.animate(record, figsize=(8, 4.5), panel=False, theme="dark", seconds=8.4).save(PICTURES / "famous-valley.gif")
