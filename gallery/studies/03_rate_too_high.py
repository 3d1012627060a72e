"""
A learning rate that is too high
================================

**Claim.** "With a learning rate of 1.0 Adam explodes almost immediately."

A line is fitted to 100 points of y = 2x + 1 + 0.1·noise, with batches of ten. The surface shows the full loss over
weight and bias. Adam and SGD start from the initialization of a linear layer of torch, at learning rates 1.0, 0.1
and 0.01. Each seed draws points, start and order. The curvature along the bias is 2 for any points, so gradient
descent is stable only for rates below 2 / 2 = 1.0.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015), section 2.1, on the length of a step;
Nesterov, *Introductory lectures on convex optimization* (2004), section 1.2, on stable rates of gradient descent.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 400) if len(sys.argv) > 1 else (20, 1000)
RATES = (1.0, 0.1, 0.01)
CLASSES = (optimizers.SGD, optimizers.Adam)
PICTURES = Path(__file__).parent / "pictures"


def line(seed):
    """Return the mean squared error of a line. In ten steps, batches of ten cover the 100 points in a new order."""
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, 100, generator=generator, dtype=torch.float64)
    y = 2 * x + 1 + 0.1 * noise
    best = torch.linalg.lstsq(torch.stack([x, torch.ones_like(x)], 1), y).solution.tolist()
    start = (2 * torch.rand(2, generator=generator) - 1).tolist()
    batches = torch.cat([torch.randperm(100, generator=generator) for _ in range(STEPS // 10)]).split(10)

    def error(indices):
        return lambda w, b: (w[..., None] * x[indices] + b[..., None] - y[indices]).square().mean(-1)

    decorate = function((-1, 5), (-2, 4), start=start, minima=[best], sample=lambda step: error(batches[step]))
    return decorate(error(...))


lines = [line(seed) for seed in range(SEEDS)]
candidates = [cls(lr=lr) for cls in CLASSES for lr in RATES]
runs = [race(loss, candidates, steps=STEPS, resolution=2) for loss in lines]

loss = np.array([run.trajectories.loss for run in runs]).reshape(SEEDS, len(CLASSES), len(RATES), -1)
growth = loss.max(-1) / loss[..., 0]
sgd, adam = growth[:, :, 0].T  # at lr 1.0
minima = np.array([[line.minimum] for line in lines])
gap = loss[:, 1, :, -100:].mean(-1) - minima  # Adam's, at each rate
low, mid, high = np.quantile(gap, (0.05, 0.5, 0.95), axis=0)
diverged = sum(run.trajectories.runs["status"][0] == "diverged" for run in runs)

print(
    f"does not hold: over {SEEDS} seeds, the loss of Adam at lr 1.0 never rises above {adam.max():.2f} times its "
    f"first value, and stays {mid[0]:.3f} [{low[0]:.3f}, {high[0]:.3f}] above the minimum. Lower rates end closer: "
    f"{mid[1]:.0e} at 0.1, {mid[2]:.0e} at 0.01. SGD explodes at lr 1.0: its loss rises at least {sgd.min():.0f}-fold "
    f"from each seed, and {diverged} of {SEEDS} runs diverge"
)
assert adam.max() < 1.5 < 1000 < np.median(sgd)
assert (gap[:, 1] < gap[:, 0]).all()

# %%
# The animation: one seed at each of the three rates.

shown = [race(lines[2], {cls.__name__: cls(lr=lr) for cls in CLASSES}, steps=400) for lr in RATES]
titles = ["bias over weight, lr 1.0", "lr 0.1", "lr 0.01"]
figure = render.side_by_side(*shown, titles=titles, figsize=(10.0, 5.2))
for ax in figure.axes[3:6]:
    ax.set_title("loss above the minimum, per step ", loc="right", y=1, pad=-13, fontsize=9)
    ax.set_ylim(1e-8, 1e8)
    ax.lines[0].remove()  # the line of the target, and its label
    ax.texts[0].remove()
render.animate(shown[0], figure=figure, seconds=6, pace="log").save(PICTURES / "03_rate_too_high.gif")
