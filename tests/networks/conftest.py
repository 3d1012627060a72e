"""Small networks with data, and a short training path."""

from __future__ import annotations

import copy
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn


class Job(NamedTuple):
    """A trained network, its data, and its checkpoints."""

    net: nn.Module
    x: Tensor
    y: Tensor
    path: list[dict[str, Tensor]]

    @property
    def data(self) -> tuple[Tensor, Tensor]:
        return self.x, self.y


def _trained(net: nn.Module, x: Tensor, y: Tensor, steps: int) -> Job:
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    path = [copy.deepcopy(net.state_dict())]
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        if step % 3 == 0:
            path.append(copy.deepcopy(net.state_dict()))
    return Job(net, x, y, path)


@pytest.fixture(scope="session")
def mlp() -> Job:
    """A small perceptron on three classes."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.randn(90, 2)
        y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 0] > 1).long()
        return _trained(nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3)), x, y, 60)


@pytest.fixture(scope="session")
def cnn() -> Job:
    """A small convolutional network with BatchNorm, in training mode as a user may leave it."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        x = torch.randn(300, 1, 6, 6)  # more rows than are evaluated at a time
        y = (x.mean((1, 2, 3)) > 0).long()
        net = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
        )
        return _trained(net, x, y, 30)
