"""Many minima in every coordinate by itself: sums of wavy or double-welled terms."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.elementary import total
from landscapes.objective import ANY, function


@function(
    (-5.12, 5.12),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-3.4, 2.3),
    steps=200,
    scale="linear",
    latex=r"10\,d + \sum_{i=1}^{d} \left[ x_i^2 - 10 \cos(2 \pi x_i) \right]",
    reference="L. A. Rastrigin, Systems of Extremal Control, 1974",
    tags=("oscillating", "smooth", "multimodal", "separable", "any dimension"),
)
def rastrigin(x: Tensor) -> Tensor:
    """An egg box on a bowl: whoever follows the slope stays in the first hollow, speed rolls through a few."""
    s = torch.sin(math.pi * x)
    return total(x * x + 20 * s * s)  # 10 − 10 cos 2πx = 20 sin² πx, which is exact at the minimum


@function(
    (-5.0, 5.0),
    dims=ANY,
    minima=[(-2.903534027771177,)],
    minimum=lambda d: -39.166165703771415 * d,
    stationary={
        "minimum": [
            (2.746802770990837, -2.903534027771177),
            (-2.903534027771177, 2.746802770990837),
            (2.746802770990837, 2.746802770990837),
        ],
        "saddle": [
            (0.1567312567803401, -2.903534027771177),
            (-2.903534027771177, 0.1567312567803401),
            (2.746802770990837, 0.1567312567803401),
            (0.1567312567803401, 2.746802770990837),
        ],
        "maximum": [(0.1567312567803401, 0.1567312567803401)],
    },
    start=(0.0, 4.4),
    steps=120,
    scale="linear",
    title="Styblinski–Tang",
    latex=r"\frac{1}{2} \sum_{i=1}^{d} \left( x_i^4 - 16 x_i^2 + 5 x_i \right)",
    reference="M. A. Styblinski and T.-S. Tang, Experiments in nonconvex optimization, 1990",
    tags=("basins", "smooth", "multimodal", "separable", "any dimension"),
    aliases=("styblinski",),
    variants=("Divided by the number of coordinates instead of by two, its lowest value is -78.33 for any of them.",),
)
def styblinski_tang(x: Tensor) -> Tensor:
    """Four basins of different depth around a hilltop: the steepest way down is not the way to the deepest."""
    x2 = x * x
    return 0.5 * total(x2 * x2 - 16 * x2 + 5 * x)
