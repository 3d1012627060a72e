"""
Data on their own scale
=======================

**Claim.** "Unscaled data make training unstable."

A line w·x + b is fitted to x = y = 1000, 1, 2, 3000 by its mean squared error, in float32, for 100 epochs of the whole data: as they are,
and standardised, (x − mean) / deviation. λ is the largest eigenvalue of the Hessian, so that gradient descent is stable below 2 / λ. It runs
at lr 0.01 and at a twentieth of that bound, and Adam at lr 0.01, from starts drawn as torch draws them, between −1 and 1.

**Sources.** LeCun, Bottou, Orr & Müller, *Efficient BackProp* (1998), sections 4.3 and 5.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from landscapes import function, optimizers, race, render, sweep

STARTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
STEPS, RAW, HERE = 100, np.array([1000.0, 1.0, 2.0, 3000.0]), Path(__file__).parent
starts = np.random.default_rng(0).uniform(-1, 1, (STARTS, 2))


def line(x):
    """The loss of w·x + b where y = x, and the eigenvalues of its Hessian."""

    @function((-2, 4), (-1.9, 1.9), start=(-0.8, 1.2), minima=[(1, 0)])
    def fit(w, b):
        return sum((w * u + b - u) ** 2 for u in x.tolist()) / len(x)

    return fit, np.linalg.eigvalsh(2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]]))


shown, misses, gone, edges, grown = {}, [], [], [], []
for name, x in {"raw": RAW, "standardised": (RAW - RAW.mean()) / RAW.std()}.items():
    fit, (low, high) = line(x)
    rates = {"SGD, lr 0.01": 0.01, "SGD, 1/20 of the stable lr": 0.1 / high}
    field = {**{label: optimizers.SGD(lr=lr) for label, lr in rates.items()}, "Adam, lr 0.01": optimizers.Adam(lr=0.01)}
    shown[f"{name}: condition {high / low:,.0f}"] = race(fit, field, steps=STEPS, dtype=torch.float32)
    record = sweep(fit, field, starts=starts, steps=STEPS, dtype=torch.float32)
    misses.append(np.quantile(record.grid(np.abs(record.trajectories.x - [1, 0])), (0.5, 0.05, 0.95), axis=1))
    gone.append(record.grid("stopped")[0])
    edges.append(2 / high)
    edge = sweep(fit, "sgd", lr=[1.9 / high, 2.1 / high], starts=starts, steps=STEPS)
    grown.append(edge.grid(edge.trajectories.value[:, -1] / edge.trajectories.value[:, 0]))
raw, scaled = ([f"{mid:.2g} [{low:.2g}, {high:.2g}]" for mid, low, high in part[:, :, -1, 1].T] for part in misses)
print(
    f"holds: on raw data SGD at lr 0.01 is a thousand maps away by step {gone[0].max()} from {(gone[0] > 0).sum()} of {STARTS} "
    f"starts, and from {(gone[1] > 0).sum()} once they are standardised, for stable rates end at {edges[0]:.0e} and {edges[1]:.1f}. A lower rate "
    f"is stable but no cure: at 1/20 of the bound w arrives, and b, whose minimum is 0, ends at ±{raw[1]} raw, {scaled[1]} "
    f"standardised. Adam does not explode, but leaves b at ±{raw[2]} raw, {scaled[2]} standardised"
)
assert gone[0].min() > 0 > gone[1].max()
assert all(below.max() < 1 < above.min() for below, above in grown)
assert (misses[0][0, 1:, -1, 1] > (1000, 3) * misses[1][0, 1:, -1, 1]).all()  # SGD's b, and Adam's
figure = render.beside(*shown.values(), titles=list(shown))
render.animate(list(shown.values())[1], figure=figure, seconds=5).save(HERE / "pictures" / "08_data_scaling.gif")
