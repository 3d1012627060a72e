"""
Mini-batches and a fluctuating loss
===================================

**Claim.** "Small batches make the loss fluctuate."

Adam at lr 0.01 fits ten weights to 1000 points of y = Σx/2 + noise, with batches of 4, 32 and 1000 points. The
study looks at two losses: the loss of the current batch, which a training loop prints, and the loss of all points.
Each seed draws points, start and order. All seeds run together, as blocks of coordinates of one function.

**Symptom.** The printed loss fluctuates from batch to batch.

**Change.** Judge by the full loss; decay the learning rate or enlarge the batch to get closer to the minimum.

**Sources.** Bottou, Curtis & Nocedal, *Optimization methods for large-scale machine learning* (2018), section 4.
"""

import sys
from pathlib import Path

import torch
from matplotlib.figure import Figure

from landscapes import function, race, render

SEEDS, EPOCHS = (int(sys.argv[1]), 6) if len(sys.argv) > 1 else (20, 100)
POINTS, WEIGHTS = 1000, 10
RECORDED = {4: 25, 32: 4, 1000: 1}  # batch size: every how many steps are recorded
PICTURES = Path(__file__).parent / "pictures"
theme = render.THEMES["light"]

# %%
# The data: ten features and one target per point, shape (seeds, points, 11).

generator = torch.Generator().manual_seed(42)
data = torch.randn(SEEDS, POINTS, WEIGHTS + 1, generator=generator, dtype=torch.float64)
data[..., WEIGHTS] += data[..., :WEIGHTS].sum(-1) / 2

best = torch.linalg.lstsq(data[..., :WEIGHTS], data[..., WEIGHTS:]).solution.flatten()
start = (2 * torch.rand(len(best), generator=generator) - 1) / WEIGHTS**0.5  # the initialization of torch.nn.Linear


def errors(weights, points):
    """Return the mean squared error per seed, for weights (…, 10 · seeds) and points (seeds, n, 11)."""
    per_seed = weights.unflatten(-1, (-1, WEIGHTS))
    predictions = torch.einsum("sni,...si->...sn", points[..., :WEIGHTS], per_seed)
    return (predictions - points[..., WEIGHTS]).square().mean(-1)


def race_with(batches, stride):
    """Race Adam with a constant and with a cosine learning rate on a sequence of batches."""

    def total(points):
        return lambda weights: errors(weights, points).sum(-1)

    decorate = function(*[(-2, 2)] * len(best), start=start, minima=[best], sample=lambda step: total(batches[step]))
    optimizers = ["adam(lr=0.01)", "cosine(adam(lr=0.01))"]
    return race(decorate(total(data)), optimizers, steps=len(batches), record_steps=stride).trajectories


# %%
# For each batch size, two losses of three series of weights: constant rate, cosine rate, and the best weights.

with theme.context():
    fig = Figure(figsize=(9.6, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)

swing = {}  # standard deviation of the batch loss over the second half, one value per series
gap = {}  # quantiles of the gap of the full loss to its minimum, shape (quantile, epoch, series)

for (size, stride), color in zip(RECORDED.items(), theme.colors[5::-2], strict=True):
    orders = [torch.rand(SEEDS, POINTS, 1, generator=generator).argsort(1) for _ in range(EPOCHS)]
    batches = [batch for order in orders for batch in data.take_along_dim(order, 1).split(size, 1)]
    runs = race_with(batches, stride)

    steps = runs.step[:-1]
    series = [torch.stack([*torch.from_numpy(points), best]) for points in runs.x[:, :-1].swapaxes(0, 1)]
    batch_loss = torch.stack([errors(w, batches[t]) for w, t in zip(series, steps, strict=True)])
    full_loss = torch.stack([errors(w, data) for w in series]).unflatten(0, (EPOCHS, -1)).mean(1)

    swing[size] = batch_loss[len(batch_loss) // 2 :].std(0).mean(-1)
    quantiles = torch.tensor([0.05, 0.5, 0.95]).double()
    gap[size] = (full_loss - full_loss[:, 2:]).quantile(quantiles, -1)

    low, mid, high = gap[size]
    left.plot(steps * EPOCHS / len(batches), batch_loss[:, 0, 0], ".", markersize=3, color=color)
    right.semilogy(mid[:, 0], "-", mid[:, 1], "--", color=color, label=f"batches of {size}")
    right.fill_between(range(EPOCHS), low[:, 0], high[:, 0], color=color, alpha=0.2, linewidth=0)

gap_4, gap_32, gap_all = ("{1:.2g} [{0:.2g}, {2:.2g}]".format(*ends[:, -1, 0]) for ends in gap.values())
print(
    f"holds: over {SEEDS} seeds the batch loss varies by ±{swing[4][0]:.2f} for batches of 4 and ±{swing[32][0]:.2f} "
    f"for 32. It varies by ±{swing[4][2]:.2f} and ±{swing[32][2]:.2f} with the weights fixed at their optimum, so the "
    f"batches cause the variation, not the weights. The full loss stays {gap_4} above its minimum for batches of 4 "
    f"({gap[4][1, -1, 1]:.0e} with a cosine schedule) and {gap_32} for 32. With the full batch, {gap_all} remains "
    f"after {EPOCHS} epochs, without fluctuation"
)
assert 2 * swing[32][0] < swing[4][0] < 1.2 * swing[4][2]
assert gap[4][2, -1, 1] < gap[32][2, -1, 0] < gap[4][0, -1, 0]

left.set(title="Batch loss, one seed", xlabel="epoch", ylabel="loss", ylim=(0, 5))
right.set(title="Full loss above its minimum", xlabel="epoch (dashed: cosine schedule)")
right.legend(handles=right.lines[::2])
fig.savefig(PICTURES / "02_noisy_gradients.png", dpi=100)
