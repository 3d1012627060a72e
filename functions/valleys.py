"""Valleys: long, narrow, curved; easy to enter and slow to follow."""

from __future__ import annotations

from torch import Tensor

from landscapes.objective import function


@function(
    (-4.5, 4.5),
    (-4.5, 4.5),
    view=[(-0.6, 4.4), (-2.0, 2.4)],
    minima=[(3.0, 0.5)],
    minimum=0.0,
    start=(0.6, 1.55),
    steps=300,
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    reference="E. M. L. Beale, On an iterative method for finding a local minimum of a function of more than one variable, 1958",
    tags=("valley", "plateau", "steep corners"),
)
def beale(x: Tensor, y: Tensor) -> Tensor:
    """Huge gradients in the corners, a flat valley to the minimum: large first steps are punished."""
    y2 = y * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y
    return a * a + b * b + c * c
