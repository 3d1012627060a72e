"""The two nonlinear coordinate maps of the BBOB test bed, which make regular functions irregular.

Source: N. Hansen, S. Finck, R. Ros and A. Auger, Real-parameter black-box optimization benchmarking 2009: noiseless
functions definitions, section 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Box, Function
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import ColumnMap, FunctionOrName, as_point, column
from landscapes.transforms.coordinates import LOST_BY_BENDING, CoordinateMap, transform_coordinates

MAX_BETA = 7.0
"""From β = e² ≈ 7.4 on, T_asy is no longer increasing."""


def oscillation(x: Tensor) -> Tensor:
    """Return T_osz(x), elementwise: an increasing map that oscillates about the identity, ever faster towards 0.

    T(x) = sign(x) exp(t + 0.049 (sin(c₁ t) + sin(c₂ t))) with t = log|x|. The constants c₁, c₂ are 10, 7.9 for x > 0,
    otherwise 5.5, 3.1. T(0) = 0. The gradient has no limit at 0; there it is defined as 1.

    >>> oscillation(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-1.,  0.,  1.])
    """
    t = torch.where(x == 0, 1.0, x.abs()).log()
    positive = x > 0
    waves = torch.sin(torch.where(positive, 10.0 * t, 5.5 * t)) + torch.sin(torch.where(positive, 7.9 * t, 3.1 * t))
    return x * torch.exp(0.049 * waves)


def asymmetry(x: Tensor, beta: float) -> Tensor:
    """Return T_asy(x) at points of shape (d, ...): positive x_i become x_i^(1 + β (i−1)/(d−1) √x_i), others stay.

    Args:
        x: points, shape (d, ...).
        beta: β, the strength; 0 changes nothing.

    >>> asymmetry(torch.tensor([4.0, 4.0, -4.0]), 0.5)
    tensor([ 4., 8., -4.])
    """
    weight = column([beta * i / (len(x) - 1) for i in range(len(x))], x)
    positive = x > 0
    base = torch.where(positive, x, 1.0)
    return torch.where(positive, base * torch.exp(weight * base.sqrt() * base.log()), x)


@recorded_call
def oscillated(f: FunctionOrName, about: Sequence[float] | None = None) -> Function:
    """Return the function with oscillating coordinates, g(u) = f(about + T_osz(u − about)); see `oscillation`.

    Args:
        f: the function, or its name in the catalogue.
        about: fixed point of the map, in BBOB the minimizer; by default the origin.

    Raises:
        InputError: unless `about` is a point of d numbers.

    >>> oscillated("booth", about=(1, 3)).minima
    ((1.0, 3.0),)
    """
    f = as_function(f)
    change = _elementwise(f, about, oscillation, lambda y: (0.9 * y, 1.11 * y))
    center = (0.0,) * f.dim if about is None else about
    where = f"the gradient has no limit where a coordinate equals that of {tuple(map(float, center))}"
    where += f"; in the coordinates of {f.name}: {f.nonsmooth_where}" if f.nonsmooth_where else ""
    lost = LOST_BY_BENDING | {"smooth"}
    return transform_coordinates(f, change, suffix="oscillated", words="oscillated", lost=lost, nonsmooth_where=where)


@recorded_call
def asymmetric(f: FunctionOrName, beta: float = 0.2, about: Sequence[float] | None = None) -> Function:
    """Return the function compressed on the positive side, g(u) = f(about + T_asy(u − about)); see `asymmetry`.

    Args:
        f: a function of at least two coordinates, or its name in the catalogue.
        beta: strength, from 0 to 7; 0.2 and 0.5 in BBOB.
        about: fixed point of the map, in BBOB the minimizer; by default the origin.

    Raises:
        InputError: for one coordinate, another strength, or an `about` that is not a point of d numbers.

    >>> asymmetric("booth", 0.5, about=(1, 3)).minima
    ((1.0, 3.0),)
    """
    f = as_function(f)
    if f.dim < 2:
        raise InputError(f"asymmetric takes functions of at least two coordinates, {f.name} has one coordinate")
    if isinstance(beta, bool) or not isinstance(beta, int | float) or not 0 <= beta <= MAX_BETA:
        raise InputError(f"beta must be a number from 0 to {MAX_BETA:g}, got {beta!r}")
    change = _elementwise(f, about, lambda x: asymmetry(x, beta), lambda y: (y.clamp(max=1), y.clamp(min=1)))
    return transform_coordinates(
        f, change, suffix="asymmetric", words=f"asymmetric, β = {beta:g}", lost=LOST_BY_BENDING
    )


def _elementwise(
    f: Function,
    about: Sequence[float] | None,
    warp: ColumnMap,
    bracket: Callable[[Tensor], tuple[Tensor, Tensor]],
) -> CoordinateMap:
    """Return the change of coordinates of a map that increases in each coordinate.

    `bracket` returns two points around the inverse of the map.
    """
    center = (0.0,) * f.dim if about is None else as_point(about, f.dim, "about")

    def forward(x: Tensor) -> Tensor:
        """Invert the map by bisection to the last bit."""
        middle = column(center, x)
        y = x - middle
        first, second = bracket(y)
        low, high = torch.minimum(first, second), torch.maximum(first, second)
        for _ in range(200):
            u = (low + high) / 2
            below = warp(u) < y
            low, high = torch.where(below, u, low), torch.where(below, high, u)
        found = torch.where(warp(low) < y, high, low)
        return middle + torch.where(y == 0, 0.0, found)

    def map_box(old: Box) -> Box:
        low, high = forward(torch.tensor(old, dtype=torch.float64)).unbind(1)
        return tuple(zip(low.tolist(), high.tolist(), strict=True))

    def inverse(u: Tensor) -> Tensor:
        middle = column(center, u)
        return middle + warp(u - middle)

    return CoordinateMap(inverse, forward, map_box)
