"""
Small batches and a restless loss
=================================

**Claim.** "Small batches make the loss fluctuate."

Adam at lr 0.01 fits ten weights to 1000 points of y = Σx/2 + noise, in batches of 4, 32 and all, and two losses are looked at: of the batch
at hand, which a training loop prints, and of all points. Each seed (points, start, order) is a block of coordinates of one function.

**Sources.** Bottou, Curtis & Nocedal, *Optimization methods for large-scale machine learning* (2018), section 4.
"""

import sys
from pathlib import Path

import torch
from matplotlib.figure import Figure

from landscapes import function, race, render

SEEDS, EPOCHS = (int(sys.argv[1]), 6) if len(sys.argv) > 1 else (20, 100)
look, drawn = render.THEMES["light"], torch.Generator().manual_seed(42)
data = torch.randn(SEEDS, 1000, 11, generator=drawn, dtype=torch.float64)
data[..., 10] += data[..., :10].sum(-1) / 2
best = torch.linalg.lstsq(data[..., :10], data[..., 10:]).solution.flatten()
start = (2 * torch.rand(len(best), generator=drawn) - 1) / 10**0.5  # as torch starts a linear layer


def error(w, on):  # the mean squared error of each seed's weights (…, 10 · seeds) on its points (seeds, n, 11)
    return (torch.einsum("sni,...si->...sn", on[..., :10], w.unflatten(-1, (-1, 10))) - on[..., 10]).square().mean(-1)


with look.context():
    fig = Figure(figsize=(9.6, 4.2), layout="constrained")
    (left, right), swing, above = fig.subplots(1, 2), {}, {}
for (size, stride), color in zip({4: 25, 32: 4, 1000: 1}.items(), look.paths[5::-2], strict=True):
    orders = [torch.rand(SEEDS, 1000, 1, generator=drawn).argsort(1) for _ in range(EPOCHS)]
    batches = [batch for order in orders for batch in data.take_along_dim(order, 1).split(size, 1)]
    facts = {"start": start, "minima": [best], "sample": lambda t, on=batches: lambda w: error(w, on[t]).sum(-1)}
    loss = function(*[(-2, 2)] * len(best), **facts)(lambda w: error(w, data).sum(-1))
    run = race(loss, ["adam(lr=0.01)", "cosine(adam(lr=0.01))"], steps=len(batches), keep=stride).trajectories
    ways = [torch.stack([*torch.from_numpy(here), best]) for here in run.x[:, :-1].swapaxes(0, 1)]
    seen = torch.stack([error(way, batches[t]) for way, t in zip(ways, run.step[:-1], strict=True)])
    true = torch.stack([error(way, data) for way in ways]).unflatten(0, (EPOCHS, -1)).mean(1)
    swing[size] = seen[len(seen) // 2 :].std(0).mean(-1)
    low, mid, high = above[size] = (true - true[:, 2:]).quantile(torch.tensor([0.05, 0.5, 0.95]).double(), -1)
    left.plot(run.step[:-1] * EPOCHS / len(batches), seen[:, 0, 0], ".", markersize=3, color=color)
    right.semilogy(mid[:, 0], "-", mid[:, 1], "--", color=color, label=f"batches of {size}")
    right.fill_between(range(EPOCHS), low[:, 0], high[:, 0], color=color, alpha=0.2, linewidth=0)
few, some, full = ("{1:.2g} [{0:.2g}, {2:.2g}]".format(*ends[:, -1, 0]) for ends in above.values())
print(
    f"holds: over {SEEDS} seeds the printed loss swings by ±{swing[4][0]:.2f} for batches of 4 and ±{swing[32][0]:.2f} for 32, but by ±{swing[4][2]:.2f} and "
    f"±{swing[32][2]:.2f} with the weights held at their best: the batches differ, hardly the weights. The loss of all points stays {few} above its floor for 4 ({above[4][1, -1, 1]:.0e} if the rate falls to 0), {some} for 32; without batches {full} is left after {EPOCHS} epochs, but no swing"
)
assert 2 * swing[32][0] < swing[4][0] < 1.2 * swing[4][2]
assert above[4][2, -1, 1] < above[32][2, -1, 0] < above[4][0, -1, 0]
left.set(title="Printed: the loss of each batch, one seed", xlabel="epoch", ylabel="loss", ylim=(0, 5))
right.set(title="True: the loss of all points, above the floor", xlabel="epoch (dashed: the rate falls to 0)")
right.legend(handles=right.lines[::2])
fig.savefig(Path(__file__).parent / "pictures" / "02_noisy_gradients.png", dpi=100)
