"""
A learning rate that is too high
================================

**Claim.** "With a learning rate of 1.0 Adam explodes almost immediately."

A line is fitted to 100 points of y = 2x + 1 + 0.1·noise, ten a step: the landscape over weight and bias is the true one. Adam and gradient
descent start where torch starts a linear layer, at rates 1.0, 0.1 and 0.01; each seed draws points, start and order anew. The curvature
along the bias is 2 whatever the points are, so that gradient descent is stable below a rate of 2 / 2 = 1.0 at most.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015), section 2.1, on the length of a step; Nesterov,
*Introductory lectures on convex optimization* (2004), section 1.2, on the rates that gradient descent bears.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 400) if len(sys.argv) > 1 else (20, 1000)
RATES = (1.0, 0.1, 0.01)
HERE = Path(__file__).parent


def line(seed):
    """The mean squared error, ten points a step: each of the 100 once in ten steps, in an order that is always new."""
    drawn = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, 100, generator=drawn, dtype=torch.float64)
    y = 2 * x + 1 + 0.1 * noise
    best = torch.linalg.lstsq(torch.stack([x, torch.ones_like(x)], 1), y).solution.tolist()
    start = (2 * torch.rand(2, generator=drawn) - 1).tolist()
    batches = torch.cat([torch.randperm(100, generator=drawn) for _ in range(STEPS // 10)]).split(10)
    error = lambda some: lambda w, b: (w[..., None] * x[some] + b[..., None] - y[some]).square().mean(-1)  # noqa: E731
    return function((-1, 5), (-2, 4), start=start, minima=[best], sample=lambda t: error(batches[t]))(error(...))


made, kinds = [line(seed) for seed in range(SEEDS)], (optimizers.SGD, optimizers.Adam)
runs = [race(loss, [kind(lr=lr) for kind in kinds for lr in RATES], steps=STEPS, resolution=2) for loss in made]
value = np.array([run.trajectories.value for run in runs]).reshape(SEEDS, 2, 3, -1)
sgd, adam = (value.max(-1) / value[..., 0])[:, :, 0].T  # how far each rises at lr 1.0
above = value[:, 1, :, -100:].mean(-1) - np.array([[loss.minimum] for loss in made])
low, mid, high = np.quantile(above, (0.05, 0.5, 0.95), axis=0)
lost = sum(run.trajectories.runs["status"][0] == "diverged" for run in runs)
print(
    f"does not hold: from {SEEDS} seeds Adam at lr 1.0 never rises above {adam.max():.2f} times its first loss, and stays {mid[0]:.3f} "
    f"[{low[0]:.3f}, {high[0]:.3f}] above the floor; a smaller rate brings it nearer: {mid[1]:.0e} at 0.1, {mid[2]:.0e} at 0.01. It is SGD that "
    f"explodes at lr 1.0: the loss of each run rises {sgd.min():.0f}-fold or more, and {lost} of {SEEDS} never come back"
)
assert adam.max() < 1.5 < 1000 < np.median(sgd)
assert (above[:, 1] < above[:, 0]).all()
shown = [race(made[2], {kind.__name__: kind(lr=lr) for kind in kinds}, steps=400) for lr in RATES]
figure = render.beside(*shown, titles=["bias over weight, lr 1.0", "lr 0.1", "lr 0.01"], size=(1000, 520))
for curves in figure.axes[3:6]:
    curves.set_title("loss above the floor, step by step ", loc="right", y=1, pad=-13, fontsize=9)
    curves.set_ylim(1e-8, 1e8)
    curves.lines[0].remove(), curves.texts[0].remove()  # no target is set here
render.animate(shown[0], figure=figure, seconds=6, pace="log").save(HERE / "pictures" / "03_rate_too_high.gif")
