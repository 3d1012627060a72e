"""
Unscaled data
=============

**Claim.** "Unscaled data make training unstable."

A line w·x + b is fitted to x = y = 1000, 1, 2, 3000 by its mean squared error, in float32, for 100 epochs with the
full batch. The data are used raw and standardized, (x − mean) / deviation. λ is the largest eigenvalue of the
Hessian, and gradient descent is stable below 2 / λ. SGD runs at lr 0.01 and at a twentieth of that bound, Adam at
lr 0.01. Starts are uniform between −1 and 1, as in torch.

**Symptom.** The loss is NaN within a few steps, or the bias hardly moves.

**Change.** Standardize the data; a lower learning rate is no remedy.

**Sources.** LeCun, Bottou, Orr & Müller, *Efficient BackProp* (1998), sections 4.3 and 5.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from landscapes import function, optimizers, race, render, sweep

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
STEPS = 100
RAW = np.array([1000.0, 1.0, 2.0, 3000.0])
DATA = {"raw": RAW, "standardized": (RAW - RAW.mean()) / RAW.std()}
PICTURES = Path(__file__).parent / "pictures"
starts = np.random.default_rng(0).uniform(-1, 1, (STARTS, 2))


def line(x):
    """Return the loss of w·x + b for y = x, and the eigenvalues of its Hessian."""

    @function((-2, 4), (-1.9, 1.9), start=(-0.8, 1.2), minima=[(1, 0)])
    def fit(w, b):
        return sum((w * u + b - u) ** 2 for u in x.tolist()) / len(x)

    hessian = 2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    return fit, np.linalg.eigvalsh(hessian)


# %%
# The runs from all starts, and the bound on the learning rate of gradient descent, tested at 5 % below and above.

races, errors, diverged_at, bounds, growth = {}, [], [], [], []

for name, x in DATA.items():
    fit, (low, high) = line(x)
    candidates = {
        "SGD, lr 0.01": optimizers.SGD(lr=0.01),
        "SGD, 1/20 of the stable lr": optimizers.SGD(lr=0.1 / high),
        "Adam, lr 0.01": optimizers.Adam(lr=0.01),
    }
    races[f"{name}: condition {high / low:,.0f}"] = race(fit, candidates, steps=STEPS, dtype=torch.float32)

    record = sweep(fit, candidates, starts=starts, steps=STEPS, dtype=torch.float32)
    distance = record.grid(np.abs(record.trajectories.x - [1, 0]))
    errors.append(np.quantile(distance, (0.5, 0.05, 0.95), axis=1))
    diverged_at.append(record.grid("stopped")[0])

    bounds.append(2 / high)
    edge = sweep(fit, "sgd", lr=[1.9 / high, 2.1 / high], starts=starts, steps=STEPS)
    growth.append(edge.grid(edge.trajectories.loss[:, -1] / edge.trajectories.loss[:, 0]))

errors_of_b = [[f"{mid:.2g} [{low:.2g}, {high:.2g}]" for mid, low, high in part[:, :, -1, 1].T] for part in errors]
raw, standardized = errors_of_b
counts = [np.ma.count(steps) for steps in diverged_at]
print(
    f"holds: on raw data SGD at lr 0.01 diverges from {counts[0]} of {STARTS} starts by step {diverged_at[0].max()}, "
    f"on standardized data from {counts[1]}: the stable rates end at {bounds[0]:.0e} and at {bounds[1]:.1f}. A lower "
    f"rate is stable but no remedy. At 1/20 of the bound w converges, but b, whose optimum is 0, ends at ±{raw[1]} on "
    f"raw data and at ±{standardized[1]} on standardized data. Adam does not diverge, but ends at b = ±{raw[2]} on "
    f"raw data and at ±{standardized[2]} on standardized data"
)
assert counts == [STARTS, 0]
assert all(below.max() < 1 < above.min() for below, above in growth)
assert (errors[0][0, 1:, -1, 1] > (1000, 3) * errors[1][0, 1:, -1, 1]).all()  # b of SGD, and of Adam

figure = render.side_by_side(*races.values(), titles=list(races))
render.animate(races[list(races)[1]], figure=figure, seconds=7.4).save(PICTURES / "08_data_scaling.gif")
