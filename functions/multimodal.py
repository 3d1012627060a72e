"""Many minima: which one is reached depends on the start, the step and the speed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objective import function


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (3.5844283403304917, -1.8481265269644036),
        (-3.779310253377747, -3.2831859912861696),
    ],
    minimum=0.0,
    start=(0.0, -3.3),
    steps=100,
    latex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    reference="D. M. Himmelblau, Applied Nonlinear Programming, 1972",
    tags=("multimodal", "basins"),
)
def himmelblau(x: Tensor, y: Tensor) -> Tensor:
    """Four minima, equally deep: starts a hair apart, or steps of another length, end in different ones."""
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


@function(
    (-5.12, 5.12),
    (-5.12, 5.12),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-3.4, 2.3),
    steps=200,
    scale="linear",
    latex=r"10\,d + \sum_{i=1}^{d} \left[ x_i^2 - 10 \cos(2 \pi x_i) \right]",
    reference="L. A. Rastrigin, Systems of Extremal Control, 1974",
    tags=("multimodal", "separable", "any dimension"),
)
def rastrigin(x: Tensor) -> Tensor:
    """An egg box on a bowl: whoever follows the slope stays in the first hollow, speed rolls through a few."""
    s = torch.sin(math.pi * x)
    return (x * x + 20 * s * s).sum(-1)  # 10 − 10 cos 2πx = 20 sin² πx, which is exact at the minimum


@function(
    (-32.768, 32.768),
    (-32.768, 32.768),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.6, 1.8),
    steps=120,
    scale="linear",
    latex=r"-20\, e^{-0.2 \sqrt{\frac{1}{d} \sum x_i^2}} - e^{\frac{1}{d} \sum \cos 2 \pi x_i} + 20 + e",
    reference="D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987",
    tags=("multimodal", "funnel", "any dimension"),
)
def ackley(x: Tensor) -> Tensor:
    """A funnel set with dimples: small steps stay in the first one, steps as long as a dimple roll to the middle.

    The middle is the tip of a cone, where there is no gradient; here it is zero.
    """
    s, t = (x * x).mean(-1), torch.sin(math.pi * x)
    away = s > 0
    r = torch.where(away, s, 1.0).sqrt() * away  # the root of zero has an infinite gradient
    # with cos 2πx = 1 − 2 sin² πx the constants 20 and e cancel, so that the minimum is exact
    return -20 * torch.expm1(-0.2 * r) - math.e * torch.expm1(-2 * (t * t).mean(-1))


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(-2.903534027771177, -2.903534027771177)],
    minimum=-78.33233140754283,
    start=(0.0, 4.4),
    steps=120,
    scale="linear",
    title="Styblinski–Tang",
    latex=r"\frac{1}{2} \sum_{i=1}^{d} \left( x_i^4 - 16 x_i^2 + 5 x_i \right)",
    reference="M. A. Styblinski and T.-S. Tang, Experiments in nonconvex optimization, 1990",
    tags=("multimodal", "separable", "any dimension"),
    aliases=("styblinski",),
)
def styblinski_tang(x: Tensor) -> Tensor:
    """Four basins of different depth around a hilltop: the steepest way down is not the way to the deepest."""
    x2 = x * x
    return 0.5 * (x2 * x2 - 16 * x2 + 5 * x).sum(-1)


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.0, -1.8),
    steps=120,
    title="Three-hump camel",
    latex=r"2x^2 - 1.05x^4 + \frac{x^6}{6} + xy + y^2",
    reference="F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, 1972",
    tags=("multimodal", "basins"),
    aliases=("camel3",),
)
def three_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Two hollows guard the true one: momentum carries over the hump where plain descent settles."""
    x2 = x * x
    return 2 * x2 - 1.05 * x2 * x2 + x2 * x2 * x2 / 6 + x * y + y * y


@function(
    (-3.0, 3.0),
    (-2.0, 2.0),
    view=[(-2.1, 2.1), (-1.2, 1.2)],
    minima=[(0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396)],
    minimum=-1.0316284534898774,
    start=(-0.9, -1.1),
    steps=100,
    title="Six-hump camel",
    latex=r"\left(4 - 2.1x^2 + \frac{x^4}{3}\right) x^2 + xy + (4y^2 - 4)\, y^2",
    reference="L. C. W. Dixon and G. P. Szegö, The global optimization problem: an introduction, 1978",
    tags=("multimodal", "basins"),
    aliases=("camel6", "camel"),
)
def six_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Six hollows, the two deepest side by side: how fast one arrives decides where one stays."""
    x2, y2 = x * x, y * y
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2
