"""Many minima: which one is reached depends on the start, the step and the speed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.elementary import mean, root
from landscapes.objective import ANY, function, least_squares


@least_squares(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (3.5844283403304917, -1.8481265269644036),
        (-3.779310253377747, -3.2831859912861696),
    ],
    minimum=0.0,
    stationary={
        "saddle": [
            (3.385154183607021, 0.07385187983774928),
            (0.08667750455539634, 2.884254701174776),
            (-3.0730257507643897, -0.08135304428796751),
            (-0.12796134673068005, -1.9537149802445766),
        ],
        "maximum": [(-0.2708445906673476, -0.9230385564799815)],
    },
    start=(0.0, -3.3),
    steps=100,
    latex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    reference="D. M. Himmelblau, Applied Nonlinear Programming, 1972",
    tags=("basins", "smooth", "multimodal", "least squares"),
)
def himmelblau(x: Tensor, y: Tensor) -> Tensor:
    """Four minima, equally deep: starts a hair apart, or steps of another length, end in different ones."""
    return torch.stack([x * x + y - 11, x + y * y - 7])


@function(
    (-32.768, 32.768),
    dims=ANY,
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    kinks="at the minimum, the tip of a cone",
    start=(-2.6, 1.8),
    steps=120,
    scale="linear",
    latex=r"-20\, e^{-0.2 \sqrt{\frac{1}{d} \sum x_i^2}} - e^{\frac{1}{d} \sum \cos 2 \pi x_i} + 20 + e",
    reference="D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987",
    tags=("funnel", "oscillating", "kinked", "multimodal", "any dimension"),
)
def ackley(x: Tensor) -> Tensor:
    """A funnel set with dimples: small steps stay in the first one, steps as long as a dimple roll to the middle.

    The middle is the tip of a cone, where there is no gradient; here it is zero.
    """
    r, t = root(mean(x * x)), torch.sin(math.pi * x)
    # with cos 2πx = 1 − 2 sin² πx the constants 20 and e cancel, so that the minimum is exact
    return -20 * torch.expm1(-0.2 * r) - math.e * torch.expm1(-2 * mean(t * t))


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    stationary={
        "minimum": [(1.747552345830289, -0.8737761729151445), (-1.747552345830289, 0.8737761729151445)],
        "saddle": [(1.0705422918236598, -0.5352711459118299), (-1.0705422918236598, 0.5352711459118299)],
    },
    start=(-2.0, -1.8),
    steps=120,
    title="Three-hump camel",
    latex=r"2x^2 - 1.05x^4 + \frac{x^6}{6} + xy + y^2",
    reference="F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, 1972",
    tags=("basins", "smooth", "multimodal"),
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
    stationary={
        "minimum": [
            (1.7036067149699807, -0.7960835686726251),
            (-1.7036067149699807, 0.7960835686726251),
            (1.6071047529201972, 0.5686514548841314),
            (-1.6071047529201972, -0.5686514548841314),
        ],
        "saddle": [
            (0.0, 0.0),
            (1.1092053368047865, -0.7682680925095399),
            (-1.1092053368047865, 0.7682680925095399),
            (1.6380679841897785, 0.2286740690443941),
            (-1.6380679841897785, -0.2286740690443941),
            (1.296070267167109, 0.6050843880386585),
            (-1.296070267167109, -0.6050843880386585),
        ],
        "maximum": [(1.2302298765166524, 0.16233458445899496), (-1.2302298765166524, -0.16233458445899496)],
    },
    start=(-0.9, -1.1),
    steps=100,
    title="Six-hump camel",
    latex=r"\left(4 - 2.1x^2 + \frac{x^4}{3}\right) x^2 + xy + (4y^2 - 4)\, y^2",
    reference="L. C. W. Dixon and G. P. Szegö, The global optimization problem: an introduction, 1978",
    tags=("basins", "smooth", "multimodal"),
    aliases=("camel6", "camel"),
    variants=("One copy in circulation is four times as high.",),
)
def six_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Six hollows, the two deepest side by side: how fast one arrives decides where one stays."""
    x2, y2 = x * x, y * y
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2
