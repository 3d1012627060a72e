"""
Adam at the saddle
==================

**Claim.** "Adam gets stuck at saddle points."

f = x² − y² falls for ever along y. Adam and gradient descent start beside the ridge, at (1, 1), and exactly on it, at (1, 0), where
the slope along y is zero; there without noise, and from many seeds with a little noise on every gradient.

**Sources.** Lee, Simchowitz, Jordan & Recht, *Gradient descent only converges to minimizers* (2016); Jin, Ge, Netrapalli, Kakade &
Jordan, *How to escape saddle points efficiently* (2017).
"""

import sys
from pathlib import Path

import numpy as np

from landscapes import function, optimizers, race, render, sweep

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
STEPS, NOISE = 200, 1e-3
HERE = Path(__file__).parent


@function((-2, 2), (-40, 40), start=(1.0, 1.0), minima=[], minimum=-np.inf, outside="unbounded")
def ridge(x, y):
    """A saddle: down along y, up along x."""
    return x * x - y * y


plain = {"Adam": optimizers.Adam(lr=0.1), "SGD": optimizers.SGD(lr=0.1)}
noisy = {name: optimizers.Noise(rule, sigma=NOISE) for name, rule in plain.items()}
off, on = (race(ridge, plain, start=start, steps=STEPS) for start in ((1, 1), (1, 0)))
freed = sweep(ridge, noisy, start=(1, 0), seeds=SEEDS, steps=STEPS, keep=1)

# %%
# How soon has each run gone a unit down the ridge?


def leaves(record):
    """The step at which each run has come further than 1 from the ridge; infinite for never."""
    far = np.abs(record.trajectories.x[..., 1]) > 1
    return np.where(far.any(1), record.trajectories.step[far.argmax(1)], np.inf)


stays = float(np.abs(on.trajectories.x[..., 1]).max())
soon = {name: np.quantile(leaves(freed)[freed.trajectories.runs["label"] == name], (0.5, 0.05, 0.95)) for name in noisy}
told = ", ".join(f"{name} after {mid:.0f} steps [{low:.0f}, {high:.0f}]" for name, (mid, low, high) in soon.items())
print(
    f"only when it starts on the ridge to the last bit, as gradient descent does (y = {stays:g} after {STEPS} steps); beside it Adam ends at "
    f"y = {off.trajectories.x[0, -1, 1]:.1f}, and gradient noise of {NOISE:g} frees it from {SEEDS} of {SEEDS} seeds: {told}"
)
assert stays == 0
assert abs(off.trajectories.x[0, -1, 1]) > 15
assert all(np.isfinite(high) for _, _, high in soon.values())
shown = race(ridge, noisy, start=(1, 0), steps=STEPS, view=((-2, 2), (-5, 5)))
render.animate(shown, seconds=4).save(HERE / "pictures" / "01_saddle.gif")
