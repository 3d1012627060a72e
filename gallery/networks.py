"""
Networks as landscapes
======================

Surfaces of a deep network with and without skip connections, a training path with the figures that say how far its
plane can be trusted, and a film of two trained networks joined by a curve of low loss.
"""

# %%
# Two spirals, and a perceptron of twelve layers. Skip connections add the input of each layer to its output.

import copy
from pathlib import Path

import torch
from torch import nn

from landscapes import line, plane, render
from landscapes.networks import connect

PICTURES = Path(__file__).parent / "pictures"


def spirals(rows: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    turn = torch.linspace(0.1, 1, rows).repeat(2)
    arm = torch.arange(2).repeat_interleave(rows)
    angle = 6 * turn + torch.pi * arm
    return torch.stack([turn * angle.sin(), turn * angle.cos()], 1) * 2, arm


class Layers(nn.Module):
    def __init__(self, depth: int, width: int, skip: bool) -> None:
        super().__init__()
        self.first, self.last, self.skip = nn.Linear(2, width), nn.Linear(width, 2), skip
        self.inner = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        for layer in self.inner:
            x = x * self.skip + torch.relu(layer(x))
        return self.last(x)


loss = nn.CrossEntropyLoss()
data = spirals()


def train(net: nn.Module, steps: int, lr: float) -> list[dict[str, torch.Tensor]]:
    optimizer = torch.optim.Adam(net.parameters(), lr)
    path = [copy.deepcopy(net.state_dict())]
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss(net(data[0]), data[1]).backward()
        optimizer.step()
        if step % 5 == 0:
            path.append(copy.deepcopy(net.state_dict()))
    return path


# %%
# The surfaces are drawn in random directions with the norm of each filter of the weights, after Li, Xu, Taylor, Studer
# and Goldstein (2018).

for name, skip in (("with", True), ("without", False)):
    torch.manual_seed(2)
    net = Layers(12, 16, skip)
    train(net, 200, 0.003)
    surface = plane(net, loss, data, resolution=61, title=f"Twelve layers {name} skip connections")
    render.save(surface, PICTURES / f"network-{name}-skips.png", view3d=True)

# %%
# A training path in the plane of its two principal directions. The note below the picture says how much of the movement
# this plane has, how far the path is from it, and how far the loss in the plane is from the true loss.

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
path = train(net, 300, 0.01)
record = plane(net, loss, data, path={"Adam": path}, steps=range(0, 301, 5), title="A perceptron on two spirals")
render.save(record, PICTURES / "network-path.png")
print(render.caption(record))

# %%
# A second network from another start. The straight line between the two crosses a barrier. A trained Bézier curve goes
# around it (Garipov, Izmailov, Podoprikhin, Vetrov & Wilson, 2018).

torch.manual_seed(1)
other = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
train(other, 300, 0.01)
curve = connect(net, other, loss, data, steps=150)
print(f"barrier on the line: {curve.line_barrier:.3g}, on the curve: {curve.barrier:.3g}")
print(f"the same by line(): {line(net, loss, data, directions=other).meta.plane['barrier']:.3g}")

bend = curve.bend - curve.ends[0]
joined = plane(net, loss, data, directions=(curve.ends[1] - curve.ends[0], bend), normalize=None,
               path={"curve": curve.points(31), "line": [curve.ends[0] + t / 30 * (curve.ends[1] - curve.ends[0])
                                                         for t in range(31)]},
               title="Two networks, joined by a curve of low loss")  # fmt: skip
render.save(joined, PICTURES / "network-curve.png", view3d=True, theme="dark")
render.save(joined, PICTURES / "network-curve.gif", view3d=True, theme="dark", seconds=6)
