"""Valleys: long, narrow, curved; easy to enter and slow to follow."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives.elementary import total
from landscapes.objectives.objective import Dims, function, least_squares


@least_squares(
    (-4.5, 4.5),
    (-4.5, 4.5),
    view=[(-0.6, 4.4), (-2.0, 2.4)],
    minima=[(3.0, 0.5)],
    minimum=0.0,
    stationary={"saddle": [(0.0, 1.0)]},
    start=(0.6, 1.4),
    steps=250,
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    reference="E. M. L. Beale, On an iterative method for finding a local minimum of a function of more than one variable, 1958",
    tags=("valley", "plateau", "steep corners", "smooth", "unimodal", "ill-conditioned", "least squares"),
)
def beale(x: Tensor, y: Tensor) -> Tensor:
    """Huge gradients in the corners, a flat valley to the minimum: large first steps are punished."""
    y2 = y * y
    return torch.stack([1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y])


def banana_residuals(x: Tensor) -> Tensor:
    here, there = x[..., :-1], x[..., 1:]
    return torch.cat([10 * (there - here * here), 1 - here], -1).movedim(-1, 0)


@function(
    (-5.0, 10.0),
    dims=Dims(least=2),
    residuals=banana_residuals,
    view=[(-2.0, 2.0), (-1.0, 3.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=400,
    latex=r"\sum_{i=1}^{d-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    reference="H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, 1960",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("banana", "de_jong_2"),
    variants=(
        "The extended one pairs the coordinates off, (x1, x2), (x3, x4), …: with two coordinates it is the same.",
        "A cyclic one couples the last coordinate with the first as well.",
        "In four to seven coordinates this chain has a second, local minimum near (-1, 1, …, 1).",
    ),
)
def rosenbrock(x: Tensor) -> Tensor:
    """A curved valley with steep walls: its floor is found at once, its end only by those who keep their speed."""
    here, there = x[..., :-1], x[..., 1:]
    off, left = there - here * here, 1 - here
    return total(100 * off * off + left * left)


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.5, 1.5), (-5.0, 5.0)],
    minimum=0.0,
    kinks="along the floor, x = 0",
    start=(-1.2, 4.5),
    steps=60,
    scale="linear",
    latex=r"\tanh(x)^2 + 0.01\,|x| + \frac{1}{1 + e^{-y}}",
    reference="P. Lippe, UvA deep learning tutorials, 4: optimization and initialization, 2022",
    tags=("valley", "plateau", "kinked", "separable", "no lowest point"),
    aliases=("pathological_curvature",),
)
def long_valley(x: Tensor, y: Tensor) -> Tensor:
    """Symmetric walls and next to no slope along the floor: plain descent swings from wall to wall and gets nowhere.

    The values fall towards zero as y falls without end, so the minimum is approached and never reached.
    """
    s = torch.tanh(x)
    # torch.sigmoid rounds differently in batches of different size
    return s * s + 0.01 * x.abs() + torch.nn.functional.logsigmoid(y).exp()
