"""The catalogue as cases for tests, and points to test them at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from landscapes.functions import catalogue
from landscapes.objectives._function import Function, Interval
from landscapes.objectives.derivatives import gradient

CATALOGUE = list(catalogue().values())

MEMBERS = [
    landscape if dim == landscape.dim else landscape.with_dim(dim)
    for landscape in CATALOGUE
    for dim in dict.fromkeys(
        [landscape.dim]
        if landscape.family is None
        else [
            landscape.dim,
            landscape.family.dims.smallest(3) or landscape.dim,
            landscape.family.dims.smallest(5) or landscape.dim,
        ]
    )
]
"""Each landscape with its usual number of coordinates, and where it takes others with about three and five."""

REACHED = [item for item in MEMBERS if item.minima]
"""What has a lowest point that is known."""


def name_of(item: Function) -> str:
    return item.name if item.family is None else f"{item.name}-{item.dim}"


def each(items: list[Function], one_in: int = 1) -> pytest.MarkDecorator:
    """A test of each; slow are the largest members of families, and of the others all but one in so many."""
    usual = {item.name: item.dim for item in CATALOGUE}
    cases = [
        pytest.param(
            item, marks=[pytest.mark.slow] * (item.dim > max(3, usual[item.name]) or i % one_in > 0), id=name_of(item)
        )
        for i, item in enumerate(items)
    ]
    return pytest.mark.parametrize("landscape", cases)


every, every_member, reached = each(CATALOGUE), each(MEMBERS), each(REACHED)


def spread(landscape: Function, count: int, seed: int = 0) -> Tensor:
    """Points of the view, shape (count, d)."""
    low, high = torch.tensor(landscape.view, dtype=torch.float64).unbind(1)
    return low + (high - low) * torch.rand(count, landscape.dim, generator=torch.Generator().manual_seed(seed)).double()


def grid(box: tuple[Interval, ...], n: int) -> Tensor:
    """Points of the box, shape (about n² in all, d); in one or two dimensions with its corners."""
    if len(box) > 2:
        low, high = torch.tensor(box, dtype=torch.float64).unbind(1)
        share = torch.quasirandom.SobolEngine(len(box), scramble=True, seed=0).draw(n * n, dtype=torch.float64)
        return low + (high - low) * share
    n = n if len(box) == 2 else n * n
    axes = [torch.linspace(low, high, n, dtype=torch.float64) for low, high in box]
    return torch.stack(torch.meshgrid(*axes, indexing="xy"), -1).reshape(-1, len(box))


def size(landscape: Function) -> float:
    """How large values of the view are, for tolerances."""
    return float(landscape(grid(landscape.view, 33)).abs().max())


def steepest(landscape: Function) -> float:
    return float(gradient(landscape, grid(landscape.view, 33)).abs().max())


def neighbours(x: Tensor) -> Tensor:
    """Points (n, k, d) so near to points (n, d) that only rounding tells them apart."""
    d = x.shape[-1]
    ways = torch.cat([torch.eye(d), -torch.eye(d), torch.ones(1, d), -torch.ones(1, d)]).double()
    ulp = torch.maximum(x.abs(), torch.tensor(1e-3)) * 2.0**-52
    return x[:, None] + torch.cat([ways, 2 * ways, 3 * ways]) * ulp[:, None]


def rounding(landscape: Function, x: Tensor) -> Tensor:
    """How much of the values (n,) at points (n, d) is rounding."""
    value = landscape(x)
    return 4 * (landscape(neighbours(x)) - value[:, None]).abs().amax(1) + 1e-15 * value.abs() + 1e-28


def balls(landscape: Function, x: Tensor, ways: int = 40) -> Tensor:
    """Points of the domain around points (n, d), at many small distances, shape (n, k, d)."""
    low, high = torch.tensor(landscape.domain, dtype=torch.float64).unbind(1)
    way = torch.randn(ways, landscape.dim, generator=torch.Generator().manual_seed(4)).double()
    radii = torch.tensor([1e-8, 1e-6, 1e-5, 1e-4, 1e-3], dtype=torch.float64)[:, None, None]
    offsets = (radii * (way / way.norm(dim=1, keepdim=True))).flatten(0, 1) * (high - low)
    return (x[:, None] + offsets).clamp(low, high)
