"""Quadratic bowls, stretched and turned: what the ratio of curvatures does, and the axes."""

from __future__ import annotations

import math

from torch import Tensor

from landscapes.objective import function

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
    tags=("valley", "rotated", "smooth", "convex", "quadratic", "unimodal", "ill-conditioned"),
    aliases=("ill_conditioned_quadratic",),
)
def ravine(x: Tensor, y: Tensor) -> Tensor:
    """A straight gorge, a hundred times steeper across than along, askew to the axes: a rate for each axis is no help.

    u = x cos 30° + y sin 30° runs along the gorge, v = y cos 30° − x sin 30° across it.
    """
    u, v = COS_30 * x + SIN_30 * y, COS_30 * y - SIN_30 * x
    return 0.5 * u * u + 50 * v * v
