"""The functions of the catalogue as test cases, and points to evaluate them at."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from merged import merged
from torch import Tensor

from landscapes.functions import catalogue
from landscapes.objectives._function import Function, Interval
from landscapes.objectives.derivatives import gradient

CATALOGUE = list(catalogue().values())

MEMBERS = [
    f if dim == f.dim else f.with_dim(dim)
    for f in CATALOGUE
    for dim in dict.fromkeys(
        [f.dim]
        if f.family is None
        else [
            f.dim,
            f.family.dims.smallest(3) or f.dim,
            f.family.dims.smallest(5) or f.dim,
        ]
    )
]
"""Each function with its default number of coordinates, and those of families also with about three and five."""

WITH_MINIMA = [item for item in MEMBERS if item.minima]
"""Functions with known minimizers."""


def name_of(item: Function) -> str:
    return item.name if item.family is None else f"{item.name}-{item.dim}"


def cases_of(items: list[Function], one_in: int) -> list[Any]:
    """Return cases; other numbers of coordinates are slow, and of the functions all but one in `one_in`."""
    default = {item.name: item.dim for item in CATALOGUE}
    return [
        pytest.param(
            item, marks=[pytest.mark.slow] * (item.dim != default[item.name] or i % one_in > 0), id=name_of(item)
        )
        for i, item in enumerate(items)
    ]


def each(items: list[Function], one_in: int = 1) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Check all functions in few tests, or all those named by `--case`."""
    return merged("f", cases_of(items, one_in))


def each_apart(items: list[Function], one_in: int = 1) -> pytest.MarkDecorator:
    """Check each function in a test of its own; for checks that are sampled."""
    return pytest.mark.parametrize("f", cases_of(items, one_in))


every, every_member, every_with_minima = each(CATALOGUE), each(MEMBERS), each(WITH_MINIMA)


def spread(f: Function, count: int, seed: int = 0) -> Tensor:
    """Return random points of the view, shape (count, d)."""
    low, high = torch.tensor(f.view, dtype=torch.float64).unbind(1)
    return low + (high - low) * torch.rand(count, f.dim, generator=torch.Generator().manual_seed(seed)).double()


def grid(box: tuple[Interval, ...], n: int) -> Tensor:
    """Return about n² points of a box, shape (…, d); in one or two dimensions a grid with the corners."""
    if len(box) > 2:
        low, high = torch.tensor(box, dtype=torch.float64).unbind(1)
        share = torch.quasirandom.SobolEngine(len(box), scramble=True, seed=0).draw(n * n, dtype=torch.float64)
        return low + (high - low) * share
    n = n if len(box) == 2 else n * n
    axes = [torch.linspace(low, high, n, dtype=torch.float64) for low, high in box]
    return torch.stack(torch.meshgrid(*axes, indexing="xy"), -1).reshape(-1, len(box))


@cache
def size(f: Function) -> float:
    """Return the largest absolute value in the view, for tolerances."""
    return float(f(grid(f.view, 33)).abs().max())


@cache
def steepest(f: Function) -> float:
    """Return the largest gradient coordinate in the view, for tolerances."""
    return float(gradient(f, grid(f.view, 33)).abs().max())


def rounding_neighbors(x: Tensor) -> Tensor:
    """Return points (n, k, d) within a few units in the last place of points (n, d)."""
    d = x.shape[-1]
    offsets = torch.cat([torch.eye(d), -torch.eye(d), torch.ones(1, d), -torch.ones(1, d)]).double()
    ulp = torch.maximum(x.abs(), torch.tensor(1e-3)) * 2.0**-52
    return x[:, None] + torch.cat([offsets, 2 * offsets, 3 * offsets]) * ulp[:, None]


def rounding(f: Function, x: Tensor) -> Tensor:
    """Return the rounding error of the values (n,) at points (n, d)."""
    value = f(x)
    return 4 * (f(rounding_neighbors(x)) - value[:, None]).abs().amax(1) + 1e-15 * value.abs() + 1e-28


def nearby(f: Function, x: Tensor, directions: int = 40) -> Tensor:
    """Return points of the domain around points (n, d) at several small distances, shape (n, k, d)."""
    low, high = torch.tensor(f.domain, dtype=torch.float64).unbind(1)
    direction = torch.randn(directions, f.dim, generator=torch.Generator().manual_seed(4)).double()
    radii = torch.tensor([1e-8, 1e-6, 1e-5, 1e-4, 1e-3], dtype=torch.float64)[:, None, None]
    offsets = (radii * (direction / direction.norm(dim=1, keepdim=True))).flatten(0, 1) * (high - low)
    return (x[:, None] + offsets).clamp(low, high)
