"""
A squared error for classes
===========================

**Claim.** "Squared error for classification gives erratic gradients."

Linear(10, 2) classifies 32 points in two classes, by cross-entropy, by the squared error of both outputs on the index
of the class, 0 or 1, and by the squared error on one-hot targets. The class is the sign of a random linear function
plus noise. The predicted class is that of the larger output. SGD runs at lr 0.1 with batches of 8 for 400 steps. The
spread of gradients is the standard deviation of the gradient over batches, relative to the gradient of all points, at
the start. The plane goes through the start, the end by cross-entropy and the end by the squared error on indices.
Accuracies are those of 1000 further points. Each seed draws points, weights and batches, and all seeds run together, as
blocks of coordinates of one function. Brackets hold 90 % of seeds.

**Symptom.** The loss of a classifier falls smoothly, but its accuracy stays that of guessing.

**Change.** Check the targets: a squared error on indices of classes teaches all outputs the same. Use cross-entropy.

**Sources.** Hui & Belkin, *Evaluation of neural architectures trained with square loss vs cross-entropy in
classification tasks* (2021); Bishop, *Pattern recognition and machine learning* (2006), section 4.1.3.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render

SEEDS, STEPS = (int(sys.argv[1]), 60) if len(sys.argv) > 1 else (50, 400)
POINTS, INPUTS, BATCH = 32, 10, 8
WEIGHTS = 2 * INPUTS + 2
THINNED = 10  # steps between accuracies
PICTURES = Path(__file__).parent / "pictures"

# %%
# Data of shape (seed, point, …): features with a constant 1, and classes.

generator = torch.Generator().manual_seed(0)
x, further = (torch.randn(SEEDS, n, INPUTS, generator=generator, dtype=torch.float64) for n in (POINTS, 1000))
truth = torch.randn(SEEDS, INPUTS, 1, generator=generator, dtype=torch.float64)
classes, further_classes = (
    ((part @ truth)[..., 0] + torch.randn(part.shape[:2], generator=generator) > 0).double() for part in (x, further)
)
start = (2 * torch.rand(SEEDS, WEIGHTS, generator=generator, dtype=torch.float64) - 1) / INPUTS**0.5
batches = torch.rand(STEPS, SEEDS, POINTS, generator=generator).argsort(-1)[..., :BATCH]


def outputs(w, x):
    """Return the outputs (…, n, 2) of Linear(10, 2) with weights w (…, 22) for inputs x (…, n, 10)."""
    return x @ w[..., :-2].unflatten(-1, (INPUTS, 2)) + w[..., None, -2:]


def cross_entropy(out, target):
    margin = (out[..., 1] - out[..., 0]) * (2 * target - 1)
    return torch.nn.functional.softplus(-margin).mean(-1)


def on_indices(out, target):
    return (out - target[..., None]).square().mean((-1, -2))


def on_one_hot(out, target):
    return (out - torch.stack([1 - target, target], -1)).square().mean((-1, -2))


LOSSES = {
    "cross-entropy": cross_entropy,
    "squared error on indices": on_indices,
    "squared error on one-hot": on_one_hot,
}


def accuracy(w, x, target):
    """Return the share of points whose larger output is that of their class."""
    out = outputs(w, x)
    return ((out[..., 1] > out[..., 0]) == (target > 0.5)).double().mean(-1)


# %%
# One race per loss, and the spread of its gradients at the start.

paths, accuracies, curves, spread = {}, {}, {}, {}
for name, loss in LOSSES.items():

    def total(rows, loss=loss):
        def value(flat):
            w = flat.unflatten(-1, (SEEDS, WEIGHTS))
            if rows is None:
                return loss(outputs(w, x), classes).sum(-1)
            chosen = x.take_along_dim(rows[..., None], 1)
            return loss(outputs(w, chosen), classes.gather(1, rows)).sum(-1)

        return value

    decorate = function(
        *[(-1e99, 1e99)] * start.numel(), start=start.flatten().tolist(), sample=lambda t, f=total: f(batches[t])
    )
    runs = race(decorate(total(None)), [optimizers.SGD(lr=0.1)], steps=STEPS, resolution=2).trajectories
    points = torch.from_numpy(runs.x[0]).unflatten(-1, (SEEDS, WEIGHTS))
    paths[name] = points
    curves[name] = loss(outputs(points, x), classes).numpy()
    accuracies[name] = accuracy(points[::THINNED], further, further_classes).numpy()

    def gradient(rows, f=total):
        w = start.flatten().clone().requires_grad_()
        return torch.autograd.grad(f(rows)(w), w)[0].unflatten(0, (SEEDS, WEIGHTS))

    whole = gradient(None)
    drawn = torch.stack([gradient(rows) for rows in batches[:200]])
    spread[name] = ((drawn - whole).square().sum(-1).mean(0).sqrt() / whole.norm(dim=-1)).numpy()


def brackets(values, digits=2):
    low, mid, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{mid:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"


CE, INDEX, HOT = LOSSES
ends = {name: path[-1] for name, path in paths.items()}
last = {name: 100 * part[-1] for name, part in accuracies.items()}
apart = {name: (w[:, 1::2] - w[:, ::2]).norm(dim=-1).numpy() for name, w in ends.items()}
print(
    f"does not hold: over {SEEDS} seeds the spread of gradients over batches is {brackets(spread[INDEX])} of their "
    f"mean with squared error on indices, {brackets(spread[HOT])} on one-hot targets and {brackets(spread[CE])} with "
    f"cross-entropy. What the squared error on indices costs is accuracy: {brackets(last[INDEX], 3)} % against "
    f"{brackets(last[CE], 3)} %, though its loss falls from {brackets(curves[INDEX][0])} to "
    f"{brackets(curves[INDEX][-1])}. It teaches both outputs the same: the distance of their weights falls from "
    f"{brackets((start[:, 1::2] - start[:, ::2]).norm(dim=-1).numpy())} to {brackets(apart[INDEX])}, and which is "
    f"larger is chance. On one-hot targets squared error is a good loss: {brackets(last[HOT], 3)} %"
)
assert np.median(spread[INDEX]) < np.median(spread[CE])
assert np.median(last[HOT]) > 0.95 * np.median(last[CE]) > 1.2 * np.median(last[INDEX])
assert (curves[INDEX][-1] < curves[INDEX][0]).mean() > 0.95

# %%
# The plane of the first seed, and the two losses in it. Coordinates: (0, 0) is the start, (1, 0) the end by
# cross-entropy, (0, 1) the end by squared error.

theme = render.THEMES["light"]
origin = start[0]
axes = torch.stack([ends[CE][0] - origin, ends[INDEX][0] - origin])


def slice_of(loss):
    """Return the loss of the first seed in the plane."""

    @function((-0.4, 1.5), (-0.6, 1.6), start=(0, 0))
    def plane(a, b):
        return loss(outputs(origin + a[..., None] * axes[0] + b[..., None] * axes[1], x[0]), classes[0])

    return plane


with theme.context():
    fig = Figure((12.8, 3.9), layout="constrained")
    *planes, losses_ax, accuracy_ax = fig.subplots(1, 4)
    colors = {CE: theme.colors[5], INDEX: theme.colors[0], HOT: theme.colors[2]}
    for name, ax in zip((CE, INDEX), planes, strict=True):
        shown = race(slice_of(LOSSES[name]), [optimizers.SGD(lr=0.1)], steps=1, resolution=121)
        render.contour(shown, ax)
        for run in (CE, INDEX):
            at = torch.linalg.lstsq(axes.T, (paths[run][:, 0] - origin).T).solution
            ax.plot(*at, color=colors[run], linewidth=2)
            ax.plot(*at[:, -1], "o", color=colors[run])
        ax.plot(0, 0, "o", color="k", markersize=4)
        ax.set(title=f"{name}, seed 0", xlabel="to the end by cross-entropy", ylabel="to the end by indices")
    at_steps = range(0, STEPS + 1, THINNED)
    for name in LOSSES:
        low, mid, high = np.quantile(curves[name] / curves[name][0], (0.05, 0.5, 0.95), axis=1)
        losses_ax.plot(mid, color=colors[name], label=name)
        losses_ax.fill_between(range(STEPS + 1), low, high, color=colors[name], alpha=0.15, linewidth=0)
        low, mid, high = np.quantile(100 * accuracies[name], (0.05, 0.5, 0.95), axis=1)
        accuracy_ax.plot(at_steps, mid, color=colors[name])
        accuracy_ax.fill_between(at_steps, low, high, color=colors[name], alpha=0.15, linewidth=0)
    losses_ax.set(title="loss / loss at the start", xlabel="step", ylim=(0, 1.5))
    losses_ax.legend(loc="upper right", fontsize=8)
    accuracy_ax.set(title="accuracy on further points, %", xlabel="step", ylim=(0, 100))
    accuracy_ax.axhline(50, color="0.5", linewidth=1)
    fig.savefig(PICTURES / "07_wrong_loss.png", dpi=100)
