"""
A learning rate that is too high
================================

**Claim.** "With a learning rate of 1.0 Adam explodes almost immediately."

A line is fitted to 100 points of y = 2x + 1 + 0.1·noise, with batches of ten. The surface shows the full loss over
weight and bias. Adam starts from the initialization of a linear layer of torch, at learning rates 1.0, 0.1 and 0.01,
and runs for 1000 steps; SGD runs at lr 1.0 for 300 steps. Each seed draws points, start and order. All seeds run
together, as blocks of coordinates of one function. The curvature along the bias is 2 for any points, so gradient
descent is stable only for rates below 2 / 2 = 1.0. Brackets hold 90 % of seeds.

**Symptom.** The loss explodes in the first steps.

**Change.** Lower the learning rate of SGD below 2 / λ; with Adam a high rate hovers and rarely explodes.

**Symptom.** Adam does not converge: its loss hovers above the minimum.

**Change.** Lower the learning rate: the gap that remains falls from 0.02 at 1.0 to 1e-6 at 0.01.

**Sources.** Kingma & Ba, *Adam: a method for stochastic optimization* (2015), section 2.1, on the length of a step;
Nesterov, *Introductory lectures on convex optimization* (2004), section 1.2, on stable rates of gradient descent.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (50 * int(sys.argv[1]), 400) if len(sys.argv) > 1 else (2000, 1000)
RATES = (1.0, 0.1, 0.01)
CLASSES = (optimizers.SGD, optimizers.Adam)
PICTURES = Path(__file__).parent / "pictures"


def draw(seed):
    """Return 100 points, a start, and the batches: in ten steps they cover all points in a new order."""
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, 100, generator=generator, dtype=torch.float64)
    start = 2 * torch.rand(2, generator=generator) - 1
    batches = torch.cat([torch.randperm(100, generator=generator) for _ in range(STEPS // 10)]).reshape(-1, 10)
    return x, 2 * x + 1 + 0.1 * noise, start.double(), batches


def mean_squared_error(x, y):
    """Return the loss of lines (w, b), shape (..., S, 2), on points of shape (S, n)."""
    return lambda p: (p[..., :1] * x + p[..., 1:] - y).square().mean(-1)


x, y, starts, batches = map(torch.stack, zip(*map(draw, range(SEEDS)), strict=True))
full_loss = mean_squared_error(x, y)


def losses(candidates, steps):
    """Return the full loss of each candidate and seed at each step."""

    def total(loss):
        return lambda w: loss(w.unflatten(-1, (SEEDS, 2))).sum(-1)

    def batch_loss(step):
        return total(mean_squared_error(x.gather(1, batches[:, step]), y.gather(1, batches[:, step])))

    decorate = function(*[(-1e99, 1e99)] * (2 * SEEDS), start=starts.flatten().tolist(), sample=batch_loss)
    points = race(decorate(total(full_loss)), candidates, steps=steps).trajectories.x
    return torch.stack([full_loss(torch.from_numpy(at).unflatten(-1, (SEEDS, 2))) for at in points.swapaxes(0, 1)], 1)


adam = losses([optimizers.Adam(lr=lr) for lr in RATES], STEPS).numpy()  # (rate, step, seed)
sgd = losses([optimizers.SGD(lr=1.0)], 300).numpy()[0]
best = torch.linalg.lstsq(torch.stack([x, torch.ones_like(x)], -1), y[..., None]).solution[..., 0]
gap = adam[:, -100:].mean(1) - full_loss(best).numpy()

growth, sgd_growth = adam[0].max(0) / adam[0, 0], sgd.max(0) / sgd[0]
low, mid, high = np.quantile(gap, (0.05, 0.5, 0.95), axis=1)
print(
    f"does not hold: over {SEEDS} seeds, the loss of Adam at lr 1.0 rises above its first value in "
    f"{100 * (growth > 1.0001).mean():.1f} %, to at most {growth.max():.1f} times that value, and stays {mid[0]:.3f} "
    f"[{low[0]:.3f}, {high[0]:.3f}] above the minimum. Lower rates end closer: {mid[1]:.0e} at 0.1, {mid[2]:.0e} at "
    f"0.01. SGD explodes at lr 1.0: within 300 steps its loss rises more than tenfold in "
    f"{100 * (sgd_growth > 10).mean():.0f} % of seeds, and more than a million-fold in "
    f"{100 * (sgd_growth > 1e6).mean():.0f} %"
)
assert (growth > 1.0001).mean() < 0.1
assert growth.max() < 10
assert np.median(sgd_growth) > 1e3
assert np.median(gap[1]) < np.median(gap[0])

# %%
# The animation: one seed at each of the three rates.


def line(points, values, start, order):
    """Return the loss of one seed as a function of weight and bias."""
    best = torch.linalg.lstsq(torch.stack([points, torch.ones_like(points)], 1), values).solution.tolist()

    def error(indices):
        return lambda w, b: (w[..., None] * points[indices] + b[..., None] - values[indices]).square().mean(-1)

    decorate = function((-1, 5), (-2, 4), start=start.tolist(), minima=[best], sample=lambda step: error(order[step]))
    return decorate(error(...))


shown = [race(line(*draw(2)), {cls.__name__: cls(lr=lr) for cls in CLASSES}, steps=400) for lr in RATES]
titles = ["bias over weight, lr 1.0", "lr 0.1", "lr 0.01"]
figure = render.side_by_side(*shown, titles=titles, figsize=(10.0, 5.2))
for ax in figure.axes[3:6]:
    ax.set_title("loss above the minimum, per step ", loc="right", y=1, pad=-13, fontsize=9)
    ax.set_ylim(1e-8, 1e8)
    ax.lines[0].remove()  # the line of the target, and its label
    ax.texts[0].remove()
render.animate(shown[0], figure=figure, seconds=8.4, pace="log").save(PICTURES / "03_rate_too_high.gif")
