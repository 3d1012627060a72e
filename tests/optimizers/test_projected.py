"""Projection of steps onto a box."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landscapes import function, optimizers, race
from landscapes.errors import InputError


@function((-2, 2), (-2, 2), start=(0.5, -0.25), minima=[(3.0, 0.0)], minimum=0.0, outside="lower")
def slope(x, y):
    return (x - 3) ** 2 + y * y


def test_steps_are_those_of_the_optimizer_with_clipped_points() -> None:
    record = race(slope, optimizers.Projected(optimizers.Adam(lr=0.3), low=-0.5, high=1.0), steps=25)
    point = torch.tensor([0.5, -0.25], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([point], lr=0.3)
    for t in range(1, 26):
        optimizer.zero_grad()
        ((point[0] - 3) ** 2 + point[1] * point[1]).backward()
        optimizer.step()
        with torch.no_grad():
            point.clamp_(-0.5, 1.0)
        np.testing.assert_array_equal(record.trajectories.x[0, t], point.detach().numpy())
    assert record.trajectories.x[0, -1, 0] == 1.0


def test_bounds_may_differ_between_runs() -> None:
    pair = [optimizers.Projected(optimizers.SGD(lr=0.2), -1, high) for high in (0.75, 1.5)]
    both, single = race(slope, pair, steps=30), race(slope, pair[1], steps=30)
    np.testing.assert_array_equal(both.trajectories.x[1], single.trajectories.x[0])
    assert both.trajectories.x[:, -1, 0].tolist() == [0.75, 1.5]


def test_spec_parses_back() -> None:
    optimizer = optimizers.Projected(optimizers.Adam(lr=0.05), low=0, high=2)
    assert optimizer.spec == "projected(adam(lr=0.05), low=0.0, high=2.0)"
    assert optimizers.parse(optimizer.spec)[0] == optimizer


def test_reversed_bounds_are_rejected() -> None:
    with pytest.raises(InputError, match="low must be < high, got low=1 and high=1"):
        optimizers.Projected(optimizers.SGD(), low=1, high=1)
