"""
Beale
=====

The second of Alec Radford's animations of 2014, made again with every setting stated and with Adam: where the
first gradient is a hundred times the later ones, who can hold back?
"""

# %%
# The start lies on the wall; a flat and curved valley leads to the star.

from pathlib import Path

from landscapes import functions, race, render

pictures = Path(__file__).parent / "pictures"

beale = functions.get("beale").with_view([(-0.3, 4.4), (-2.2, 2)])
record = race(
    beale,
    [
        "sgd(lr=0.01)", "momentum(lr=0.005)", "nesterov(lr=0.005)", "adagrad(lr=0.4)", "adadelta(lr=8)",
        "rmsprop(lr=0.03, alpha=0.9)", "adam(lr=0.1)",
    ],
    start=(1, 1.5),
    steps=160,
)  # fmt: skip

# %%
# What to look at: the first gradients throw momentum across the valley, and it bounces about before it comes
# back, only to run past the star; Nesterov's brakes sooner and overtakes it. Those that divide by the size of
# the gradients set out calmly and go like a quicker SGD, Adam with a wide swing of its own.

render.animate(record, size=(640, 480), panel=False).save(pictures / "famous-beale.gif")
