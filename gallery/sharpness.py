"""
How sharp is it?
================

Gradient descent raises the curvature until its steps are barely stable; small batches end in flatter minima than large
ones. Both are measured here on small perceptrons, with all data and exact Hessian-vector products.
"""

# %%
# **The edge of stability.** Full-batch gradient descent from the same weights with three learning rates. The largest
# eigenvalue of the Hessian grows up to 2/lr, where oscillations along its eigenvector begin, and stays there (Cohen,
# Kaur, Li, Kolter & Talwalkar, 2021). A ring marks where it crosses; the loss is no longer monotone from there.

from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import nn

from landscapes import Record, plane, race, render
from landscapes.networks import curvature_map, eigenvalues, slices, stability

PICTURES = Path(__file__).parent / "pictures"
torch.manual_seed(0)
x = torch.randn(64, 4)
y = x.prod(1, keepdim=True).sign()
loss = nn.MSELoss()


def descend(lr: float, steps: int = 1500, every: int = 15) -> tuple[nn.Module, list[torch.Tensor], list[float]]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    points, losses = [], []
    for step in range(steps + 1):
        value = loss(net(x), y)
        if step % every == 0:
            points.append(nn.utils.parameters_to_vector(net.parameters()).detach().clone())
            losses.append(value.item())
        optimizer.zero_grad()
        value.backward()
        if step < steps:
            optimizer.step()
    return net, points, losses


rates = {f"lr = {lr}": lr for lr in (0.1, 0.05, 0.02)}
runs = {label: descend(lr) for label, lr in rates.items()}
record = Record.from_checkpoints(
    {label: points for label, (_, points, _) in runs.items()},
    {label: losses for label, (*_, losses) in runs.items()},
    steps=range(0, 1501, 15),
    title="Gradient descent sharpens up to 2/lr",
)
net = next(iter(runs.values()))[0]
measured = stability(record, (net, loss, (x, y)), optimizer={label: f"sgd(lr={lr})" for label, lr in rates.items()})
for theme, name in (("light", "edge-of-stability-light.png"), ("dark", "edge-of-stability-dark.png")):
    render.save(measured, PICTURES / name, theme=theme)

# %%
# The largest eigenvalue in the plane of one of these runs. Its level 40 is 2/lr: the run comes up to it, and is thrown
# back along the second direction again and again.

net, points, losses = runs["lr = 0.05"]
path = {"gradient descent, lr = 0.05": points}
around = plane(net, loss, (x, y), path=path, losses={next(iter(path)): losses}, steps=range(0, 1501, 15), resolution=13,
               title="A path on its sharpness")  # fmt: skip
sharp = curvature_map(around)
render.save(sharp.show("largest eigenvalue"), PICTURES / "sharpness-map.png", theme="dark")

# %%
# **The central flow.** With two coordinates, one sees around what a run zigzags: `stability` adds the central flow
# (Cohen, Damian, Talwalkar, Kolter & Lee, 2025), the smooth line that gradient descent follows on average.

flow = stability(race("rosenbrock", ["sgd(lr=0.0021)"], steps=60))
render.save(flow, PICTURES / "central-flow.png", view=((-1.35, -0.55), (0.45, 1.25)),
            title="Gradient descent and its central flow")  # fmt: skip

# %%
# **Sharp against flat minima.** The same network, learning rate and number of steps, with batches of 8 rows and of all
# 256. Lines along 16 random directions with the norm of each filter (Li, Xu, Taylor, Studer & Goldstein, 2018) show the
# median and the band of 10 to 90 %; the dashed lines go along the eigenvector of the largest eigenvalue.

turn, side = torch.pi * torch.rand(256), torch.arange(256) % 2
sign = 1 - 2 * side
moons = torch.stack([sign * turn.cos() + side - 0.5, sign * turn.sin() + 0.5 * side - 0.25], 1)
moons += 0.25 * torch.randn(256, 2)
classify = nn.CrossEntropyLoss()


def train(batch: int, steps: int = 3000) -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        rows = torch.randint(256, (batch,)) if batch < 256 else torch.arange(256)
        optimizer.zero_grad()
        classify(net(moons[rows]), side[rows]).backward()
        optimizer.step()
    return net


minima = {batch: train(batch) for batch in (8, 256)}
for theme, name in (("light", "sharp-and-flat-light.png"), ("dark", "sharp-and-flat-dark.png")):
    look = render.THEMES[theme]
    with look.context():
        figure = Figure((9.6, 5.4), layout="constrained")
        ax = figure.subplots()
        for color, (batch, net) in zip(look.colors, minima.items(), strict=False):
            lines = slices(net, classify, (moons, side), count=16, span=0.75, resolution=61)
            top = eigenvalues(net, classify, (moons, side), k=1).values[0]
            band = [lines.grids[name][0] - lines.meta.plane["loss"] for name in ("low", "high", "worst")]
            ax.fill_between(lines.curve.x, band[0], band[1], color=color, alpha=0.25, linewidth=0)
            ax.plot(lines.curve.x, lines.curve.values[0] - lines.meta.plane["loss"], color=color, linewidth=2.2,
                    label=f"batches of {batch}: largest eigenvalue {top:.1f}")  # fmt: skip
            ax.plot(lines.curve.x, band[2], color=color, linewidth=2, dashes=(4, 2))
        ax.plot([], [], color=look.muted, linewidth=2, dashes=(4, 2), label="along the eigenvector")
        ax.set(ylim=(-0.03, 0.9), xlim=(-0.75, 0.75))
        ax.set(xlabel="distance in units of the filters' norms", ylabel="rise of the loss")
        ax.set_title("Small batches find flatter minima", loc="left", fontweight="bold")
        ax.legend(loc="upper left", facecolor=look.background, edgecolor="none", framealpha=0.9)
        figure.savefig(PICTURES / name, dpi=100)
