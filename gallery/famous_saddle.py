"""
The saddle
==========

The last of Alec Radford's animations of 2014, redrawn with every setting stated and with Adam added. The start
is 0.001 away from the line that leads into the saddle point.
"""

# %%
# Exactly on that line no optimizer would escape: the gradient across it is zero, whatever its scaling. The
# start is therefore off the line by 0.001.

from pathlib import Path

from landscapes import functions, race, render

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = [
    "sgd(lr=0.03)",
    "momentum(lr=0.02)",
    "nesterov(lr=0.02)",
    "adagrad(lr=0.3)",
    "adadelta(lr=1)",
    "rmsprop(lr=0.02, alpha=0.9)",
    "adam(lr=0.05)",
]

saddle = functions.get("saddle").with_view([(-2, 2), (-1, 2)])
record = race(saddle, OPTIMIZERS, start=(-1.5, 1e-3), steps=80)

# %%
# SGD converges towards the saddle point and stalls. Momentum passes through it and back before it escapes.
# Adagrad, Adadelta, RMSprop and Adam scale the small gradient up to a full step and never come close to the
# saddle point.

render.animate(record, figsize=(8, 4.5), panel=False, theme="ember", seconds=8.4).save(PICTURES / "famous-saddle.gif")
