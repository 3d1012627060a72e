"""Valleys: long, narrow, curved; easy to enter and slow to follow."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objective import function


@function(
    (-4.5, 4.5),
    (-4.5, 4.5),
    view=[(-0.6, 4.4), (-2.0, 2.4)],
    minima=[(3.0, 0.5)],
    minimum=0.0,
    start=(0.6, 1.4),
    steps=250,
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    reference="E. M. L. Beale, On an iterative method for finding a local minimum of a function of more than one variable, 1958",
    tags=("valley", "plateau", "steep corners"),
)
def beale(x: Tensor, y: Tensor) -> Tensor:
    """Huge gradients in the corners, a flat valley to the minimum: large first steps are punished."""
    y2 = y * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y
    return a * a + b * b + c * c


@function(
    (-5.0, 10.0),
    (-5.0, 10.0),
    view=[(-2.0, 2.0), (-1.0, 3.0)],
    minima=[(1.0, 1.0)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=400,
    latex=r"\sum_{i=1}^{d-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    reference="H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, 1960",
    tags=("valley", "ill-conditioned", "any dimension"),
    aliases=("banana", "de_jong_2"),
)
def rosenbrock(x: Tensor) -> Tensor:
    """A curved valley with steep walls: its floor is found at once, its end only by those who keep their speed."""
    here, there = x[..., :-1], x[..., 1:]
    off, left = there - here * here, 1 - here
    return (100 * off * off + left * left).sum(-1)


COS_30, SIN_30 = math.sqrt(3) / 2, 0.5


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-9.0, -3.0),
    steps=200,
    latex=r"\frac{1}{2}(u^2 + 100\,v^2), \quad (u, v) = (x, y) \mathrm{\ turned\ by\ } 30^\circ",
    reference="B. T. Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
    tags=("valley", "convex", "ill-conditioned", "rotated", "quadratic"),
    aliases=("ill_conditioned_quadratic",),
)
def ravine(x: Tensor, y: Tensor) -> Tensor:
    """A straight gorge, a hundred times steeper across than along, askew to the axes: a rate for each axis is no help.

    u = x cos 30° + y sin 30° runs along the gorge, v = y cos 30° − x sin 30° across it.
    """
    u, v = COS_30 * x + SIN_30 * y, COS_30 * y - SIN_30 * x
    return 0.5 * u * u + 50 * v * v


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.5, 1.5), (-5.0, 5.0)],
    minimum=0.0,
    start=(-1.2, 4.5),
    steps=60,
    scale="linear",
    latex=r"\tanh(x)^2 + 0.01\,|x| + \frac{1}{1 + e^{-y}}",
    reference="P. Lippe, UvA deep learning tutorials, 4: optimization and initialization, 2022",
    tags=("valley", "plateau", "no lowest point"),
    aliases=("pathological_curvature",),
)
def long_valley(x: Tensor, y: Tensor) -> Tensor:
    """Symmetric walls and next to no slope along the floor: plain descent swings from wall to wall and gets nowhere.

    The values fall towards zero as y falls without end, so the minimum is approached and never reached.
    """
    s = torch.tanh(x)
    # torch.sigmoid rounds differently in batches of different size
    return s * s + 0.01 * x.abs() + torch.nn.functional.logsigmoid(y).exp()
