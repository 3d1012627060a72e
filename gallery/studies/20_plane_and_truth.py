"""
The plane and the truth
=======================

**Claim.** "What you see in the plane of a training run is what happens."

Two networks are trained: the perceptron of study 4, Linear(1000, 1) on 64 random points, by Adam at lr 1e-3, and an MLP
2-16-16-1 with tanh on 128 points of a product, by Adam at lr 0.01, each for 400 steps on all points, by the mean
squared error. Forty-one checkpoints of each run are drawn in the plane of their two principal directions through the
end. The share of movement in this plane is the explained variance. The loss in the plane is that of the projected
checkpoint, and the true loss that of the checkpoint. The same is done for two random directions with the norms of the
filters, and for a ribbon, a plane that bends through the checkpoints. Each seed draws data and weights. Brackets give
the lowest and the highest seed.

**Symptom.** A picture of the loss landscape shows a calm valley, but the run spiked, or the other way round.

**Change.** Compare the loss in the plane with the true loss at each checkpoint, or draw a ribbon: `ribbon=True`.

**Sources.** Li, Xu, Taylor, Studer & Goldstein, *Visualizing the loss landscape of neural nets* (2018); Antognini &
Sohl-Dickstein, *PCA of high dimensional random walks with comparison to neural network training* (2018); Lorch,
*Visualizing deep network training trajectories with PCA* (2016).
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from landscapes import plane, render

SEEDS, STEPS, RESOLUTION = (2, 40, 7) if len(sys.argv) > 1 else (10, 400, 61)
EVERY = STEPS // 40
PICTURES = Path(__file__).parent / "pictures"


def perceptron():
    return nn.Linear(1000, 1), torch.randn(64, 1000), torch.randn(64, 1), 1e-3


def mlp():
    x = torch.randn(128, 2)
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    return net, x, x.prod(1, keepdim=True), 0.01


def train(make, seed):
    """Return the trained network, its data and its checkpoints."""
    torch.manual_seed(seed)
    net, x, y, lr = make()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    path = []
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            path.append(nn.utils.parameters_to_vector(net.parameters()).detach().clone())
        optimizer.zero_grad()
        loss(net(x), y).backward()
        if step < STEPS:
            optimizer.step()
    return net, (x, y), path


loss = nn.MSELoss()
DIRECTIONS = {"principal": "pca", "random": ("random", "random")}


def compare(net, data, path, directions, resolution=5):
    """Return the record of a plane, and the losses of the checkpoints: in the plane, and true."""
    record = plane(
        net,
        loss,
        data,
        directions=directions,
        path={"Adam": path},
        steps=range(0, STEPS + 1, EVERY),
        resolution=resolution,
    )
    runs = record.trajectories
    shown = record.function(torch.from_numpy(runs.x[0])).numpy()
    return record, shown, runs.loss[0]


EXPLAINED, OFF, ERROR, FACTOR, RIBBON = range(5)
found = {}  # network, directions → figures (seed, 5)
for make in (perceptron, mlp):
    for seed in range(SEEDS):
        net, data, path = train(make, seed)
        bent = plane(net, loss, data, path={"Adam": path}, ribbon=True, resolution=5).meta.plane
        for kind, directions in DIRECTIONS.items():
            record, shown, true = compare(net, data, path, directions)
            facts, fall = record.meta.plane, true[0] - true[-1]
            found.setdefault((make, kind), []).append(
                (
                    facts["explained"],
                    facts["off_plane"] / facts["path_length"],
                    np.abs(shown - true).max() / fall,
                    (np.maximum(shown, true) / np.minimum(shown, true))[:-1].max(),
                    bent["ribbon_error"] / fall,
                )
            )
found = {key: np.array(figures) for key, figures in found.items()}


def figure_of(make, kind, which, scale=1.0):
    values = scale * found[make, kind][:, which]
    return f"{np.median(values):.3g} [{values.min():.3g}, {values.max():.3g}]"


PCA, RANDOM = DIRECTIONS
print(
    "only when the plane is made of principal directions, and far from the end. It has "
    f"{figure_of(perceptron, PCA, EXPLAINED, 100)} % of the movement of the perceptron and "
    f"{figure_of(mlp, PCA, EXPLAINED, 100)} % of that of the MLP. Still the runs are off the plane by "
    f"{figure_of(perceptron, PCA, OFF, 100)} and {figure_of(mlp, PCA, OFF, 100)} % of their length, and the loss in "
    f"the plane errs by up to {figure_of(perceptron, PCA, ERROR, 100)} and {figure_of(mlp, PCA, ERROR, 100)} % of the "
    "fall of the run. Late, when the true loss is small, it is wrong by factors of up to "
    f"{figure_of(perceptron, PCA, FACTOR)} and {figure_of(mlp, PCA, FACTOR)}. Random directions have "
    f"{figure_of(perceptron, RANDOM, EXPLAINED, 100)} and {figure_of(mlp, RANDOM, EXPLAINED, 100)} % of the movement, "
    f"and hide {figure_of(perceptron, RANDOM, ERROR, 100)} and {figure_of(mlp, RANDOM, ERROR, 100)} % of the fall. A "
    f"ribbon errs by at most {max(part[:, RIBBON].max() for part in found.values()):.0e} of it at the checkpoints"
)
assert all(found[make, PCA][:, EXPLAINED].min() > 0.9 for make in (perceptron, mlp))
assert all(found[make, RANDOM][:, EXPLAINED].max() < 0.2 for make in (perceptron, mlp))
assert np.median(found[mlp, PCA][:, ERROR]) > 0.01
assert all(part[:, RIBBON].max() < 1e-4 for part in found.values())

# %%
# The first seed: the plane and the ribbon of the MLP, and the losses in the planes beside the true ones.

theme = render.THEMES["light"]
with theme.context():
    fig = Figure((12.8, 3.9), layout="constrained")
    flat_ax, bent_ax, *loss_axes = fig.subplots(1, 4)
    for make, ax in zip((perceptron, mlp), loss_axes, strict=True):
        net, data, path = train(make, 0)
        record, shown, true = compare(net, data, path, "pca", RESOLUTION if make is mlp else 5)
        steps = record.trajectories.step
        ax.semilogy(steps, compare(net, data, path, DIRECTIONS[RANDOM])[1], ":", color="0.4", label="random directions")
        ax.semilogy(steps, shown, "--", color=theme.colors[0], label="principal directions")
        ax.semilogy(steps, true, color=theme.colors[5], label="true loss")
        ax.set(title=f"{make.__name__.replace('mlp', 'MLP')}: loss", xlabel="step")
    loss_axes[0].legend(loc="upper right", fontsize=8)
    ribbon = plane(net, loss, data, path={"Adam": path}, ribbon=True, resolution=RESOLUTION)
    for name, one, ax in (("plane", record, flat_ax), ("ribbon", ribbon, bent_ax)):
        render.contour(one, ax)
        render.trajectories(one, ax)
        ax.set(title=f"MLP: the {name}", xlabel="principal direction 1", ylabel="principal direction 2")
    fig.savefig(PICTURES / "20_plane_and_truth.png", dpi=100)
