"""
Beale
=====

The second of Alec Radford's animations of 2014, redrawn with every setting stated and with Adam added. The
first gradient is a hundred times larger than the later ones, so momentum overshoots.
"""

# %%
# The start is on a steep wall. A flat, curved valley leads to the minimum.

from pathlib import Path

from landscapes import functions, race, render

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = [
    "sgd(lr=0.01)",
    "momentum(lr=0.005)",
    "nesterov(lr=0.005)",
    "adagrad(lr=0.4)",
    "adadelta(lr=8)",
    "rmsprop(lr=0.03, alpha=0.9)",
    "adam(lr=0.1)",
]

beale = functions.get("beale").with_view([(-0.3, 4.4), (-2.2, 2)])
record = race(beale, OPTIMIZERS, start=(1, 1.5), steps=160)

# %%
# The first gradients move momentum far across the valley. It oscillates, returns and overshoots the minimum.
# Nesterov momentum slows down sooner and overtakes it. Adagrad, Adadelta and RMSprop divide by the size of the
# gradients, so their first steps are moderate. They follow trajectories similar to SGD's, but faster. Adam takes a
# wide curve.

render.animate(record, figsize=(8, 4.5), panel=False, theme="dark").save(PICTURES / "famous-beale.gif")
