"""
The saddle
==========

The last of Alec Radford's animations of 2014, made again with every setting stated and with Adam: a start a hair
beside the ridge, and nothing but that hair to tell which way is down.
"""

# %%
# Exactly on the ridge nobody would leave it: the slope to the side is zero there, whatever one divides it by. So the
# start is a thousandth off.

from pathlib import Path

from landscapes import functions, race, render

pictures = Path(__file__).parent / "pictures"

saddle = functions.get("saddle").with_view([(-2, 2), (-1, 2)])
record = race(
    saddle,
    [
        "sgd(lr=0.03)", "momentum(lr=0.02)", "nesterov(lr=0.02)", "adagrad(lr=0.3)", "adadelta(lr=1)",
        "rmsprop(lr=0.02, alpha=0.9)", "adam(lr=0.05)",
    ],
    start=(-1.5, 1e-3),
    steps=80,
)  # fmt: skip

# %%
# What to look at: plain descent walks into the saddle and sits there. Momentum rolls through it and back, up the
# other side, before it finds the way down. Adagrad, Adadelta, RMSprop and Adam blow the thousandth up to a full step
# and never come near the saddle.

render.animate(record, size=(640, 480), panel=False, seconds=6).save(pictures / "famous-saddle.gif")
