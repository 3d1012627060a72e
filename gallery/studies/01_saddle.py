"""
Adam at a saddle point
======================

**Claim.** "Adam gets stuck at saddle points."

f = x² − y² has a saddle point at the origin and decreases without bound along y. Adam and SGD, both at lr 0.1, run for
200 steps. They start off the ridge y = 0, at (1, 1) and at points drawn from [−1, 1]², and exactly on it, at (1, 0),
where the gradient along y is zero. On the ridge they run without noise, and from many seeds with normal noise of size
0.001 in each coordinate of every gradient. A run has escaped once |y| > 1.

**Symptom.** The loss does not move at all: the gradient is zero.

**Change.** Move the start, or add a little gradient noise; another optimizer does not help.

**Sources.** Lee, Simchowitz, Jordan & Recht, *Gradient descent only converges to minimizers* (2016); Jin, Ge,
Netrapalli, Kakade & Jordan, *How to escape saddle points efficiently* (2017).
"""

import sys
from pathlib import Path

import numpy as np

from landscapes import function, optimizers, race, render, sweep

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
STEPS = 200
NOISE = 1e-3
PICTURES = Path(__file__).parent / "pictures"


@function((-2, 2), (-40, 40), start=(1.0, 1.0), minima=[], minimum=-np.inf, outside="unbounded")
def ridge(x, y):
    """A saddle: down along y, up along x."""
    return x * x - y * y


plain = {"Adam": optimizers.Adam(lr=0.1), "SGD": optimizers.SGD(lr=0.1)}
noisy = {name: optimizers.Noise(optimizer, sigma=NOISE) for name, optimizer in plain.items()}

off_ridge = race(ridge, plain, start=(1, 1), steps=STEPS)
on_ridge = race(ridge, plain, start=(1, 0), steps=STEPS)
random = sweep(ridge, plain, starts=np.random.default_rng(0).uniform(-1, 1, (SEEDS, 2)), steps=STEPS, record_steps=1)
seeds = sweep(ridge, noisy, start=(1, 0), seeds=SEEDS, steps=STEPS, record_steps=1)

# %%
# The escape time of a run is the first step at which |y| > 1.


def escape_times(trajectories):
    """Return the step at which each run is more than 1 away from the ridge, or infinity if it never is."""
    far = np.abs(trajectories.x[..., 1]) > 1
    return np.where(far.any(1), trajectories.step[far.argmax(1)], np.inf)


largest_y = float(np.abs(on_ridge.trajectories.x[..., 1]).max())
escaped = np.isfinite(escape_times(random.trajectories)).mean()
adam_end = off_ridge.trajectories.x[0, -1, 1]

times = escape_times(seeds.trajectories)
labels = seeds.trajectories.runs["label"]
quantiles = {name: np.quantile(times[labels == name], (0.5, 0.05, 0.95)) for name in noisy}
escapes = ", ".join(
    f"{name} after {mid:.0f} steps [{low:.0f}, {high:.0f}]" for name, (mid, low, high) in quantiles.items()
)

print(
    f"only when the start is exactly on the ridge, where SGD gets stuck, too (y = {largest_y:g} after {STEPS} steps). "
    f"From (1, 1), Adam ends at y = {adam_end:.1f}; from {SEEDS} random starts, {100 * escaped:.0f} % of the runs of "
    f"both escape. With gradient noise of {NOISE:g}, {SEEDS} of {SEEDS} seeds escape: {escapes}"
)
assert largest_y == 0
assert abs(adam_end) > 15
assert escaped == 1
assert all(np.isfinite(high) for _, _, high in quantiles.values())

# %%
# The animation: one seed of each optimizer with noise.

shown = race(ridge, noisy, start=(1, 0), steps=STEPS, view=((-2, 2), (-5, 5)))
render.animate(shown, seconds=6.4).save(PICTURES / "01_saddle.gif")
