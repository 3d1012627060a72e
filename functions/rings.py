"""Round and square creases: moats cut into cones, cups and tilted planes."""

from __future__ import annotations

import itertools
import math
from functools import reduce

import torch
from torch import Tensor

from landscapes.objectives.elementary import power, root, total
from landscapes.objectives.objective import ANY, Dims, function


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 2.0), (-10.5, 2.0)],
    minima=[(-9.996486610856325, -9.996486610856325)],
    minimum=-0.19992973221712648,
    outside="unbounded",
    kinks="along circles, where the cosine of the radius is zero, with infinite slope",
    start=(-7.6, -6.2),
    steps=200,
    scale="linear",
    title="Mishra N. 3",
    latex=r"\sqrt{|\cos r|} + \frac{x + y}{100}, \quad r = \sqrt{x^2 + y^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("ring", "ridge", "kinked", "multimodal", "unbounded"),
    variants=(
        "With x² + y below the root it is known as new function N. 1, and its lowest value is -0.18467.",
        "Published points are a little off the bottom of the crease: the lowest is where x = y = -4.5π/√2.",
    ),
)
def mishra_n3(x: Tensor, y: Tensor) -> Tensor:
    """Rings cut so sharply that steps of any length jump from wall to wall, while the rings tilt ever so slightly."""
    return power(torch.cos(root(x * x + y * y)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.0, 2.0), (-10.0, 2.0)],
    minima=[(-8.885765876316732, -8.885765876316732)],
    minimum=-0.17771531752633465,
    outside="unbounded",
    kinks="along circles, where the sine of the radius is zero, with infinite slope, and in their middle",
    start=(-6.0, -5.2),
    steps=200,
    scale="linear",
    title="Mishra N. 4",
    latex=r"\sqrt{|\sin r|} + \frac{x + y}{100}, \quad r = \sqrt{x^2 + y^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("ring", "ridge", "kinked", "multimodal", "unbounded"),
    variants=(
        "With x² + y below the root it is known as new function N. 2, and its lowest value is -0.19941.",
        "Published points are a little off the bottom of the crease: the lowest is where x = y = -4π/√2.",
    ),
)
def mishra_n4(x: Tensor, y: Tensor) -> Tensor:
    """Knife cuts along circles: who falls into one and keeps stepping is thrown out again, as its walls have no end of slope."""
    return power(torch.sin(root(x * x + y * y)), 0.5) + (x + y) / 100


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=-1.5,
    outside="unbounded",
    kinks="at the minimum, the tip of a cone",
    start=(-0.85, 1.2),
    steps=100,
    scale="linear",
    title="Ursem N. 4",
    latex=r"-\frac{3}{4} \cos \frac{\pi x}{2} \left( 2 - \sqrt{x^2 + y^2} \right)",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution-based methods, 2009",
    tags=("cliff", "kinked", "unimodal", "unbounded"),
)
def ursem_n4(x: Tensor, y: Tensor) -> Tensor:
    """A cone: the slope is as large at the bottom as half-way up, so only steps that become shorter come to rest."""
    return -0.75 * torch.cos(0.5 * math.pi * x) * (2 - root(x * x + y * y))


@function(
    (-2.0, 2.0),
    dims=ANY,
    minima=[(-1.0,)],
    minimum=0.0,
    kinks="along the ring, where the squares add up to d, with infinite slope",
    start=(1.4, 0.3),
    steps=300,
    title="HappyCat",
    latex=r"\left| \|x\|^2 - d \right|^{1/4} + \frac{1}{d} \left( \frac{1}{2} \|x\|^2 + \sum_{i=1}^{d} x_i \right) + \frac{1}{2}",
    reference="H.-G. Beyer and S. Finck, HappyCat: a simple function class where well-known direct search algorithms do fail, 2012",
    tags=("ring", "ridge", "curved", "kinked", "unimodal", "any dimension"),
    variants=("Some libraries have |‖x‖² - d| itself instead of its fourth root, which is far less sharp.",),
)
def happy_cat(x: Tensor) -> Tensor:
    """A crease in the shape of a ring, tilted a little: everything gets into it at once, and hardly anything along it."""
    d, q = x.shape[-1], total(x * x)
    return power(q - d, 0.25) + (q / 2 + total(x)) / d + 0.5


CENTRE = (1.0, 1.3, 0.8, -0.4, -1.3, 1.6, -0.2, -0.6, 0.5, 1.4) * 2
ODD = 0.015254897049523002
"""d times the square of each offset from the centre, at the minima."""


def odd_square_minima(d: int) -> list[tuple[float, ...]]:
    """The corners of a small cube around the centre; only the first of them where they are many."""
    reach = math.sqrt(ODD / d)
    corners = itertools.product((1, -1), repeat=d) if d <= 4 else [(1,) * d]
    return [tuple(c + s * reach for c, s in zip(CENTRE, corner, strict=False)) for corner in corners]


@function(
    (-5 * math.pi, 5 * math.pi),
    dims=Dims(most=20),
    view=[(-2.0, 4.0)],
    minima=odd_square_minima,
    minimum=-1.0084672811394721,
    complete=False,
    kinks="along the diagonals through the centre, where another coordinate becomes the farthest",
    start=(2.9, -0.6),
    steps=150,
    scale="linear",
    latex=r"-e^{-D / 2 \pi} \cos(\pi D) \left( 1 + \frac{0.02\, h}{D + 0.01} \right), \quad D = d \max_i\, (x_i - b_i)^2, \quad h = \|x - b\|^2",
    reference="K. V. Price, R. M. Storn and J. A. Lampinen, Differential Evolution, 2005",
    tags=("oscillating", "ring", "kinked", "multimodal", "any dimension"),
    variants=("Often one minimum is told: there are 2 to the d, the corners of a small cube, and all as deep.",),
)
def odd_square(x: Tensor) -> Tensor:
    """Square moats that grow shallower outwards: on a side there is hardly any slope along it, and at corners two meet."""
    off = x - torch.tensor(CENTRE[: x.shape[-1]], dtype=x.dtype, device=x.device)
    q = off * off
    far, h = x.shape[-1] * reduce(torch.maximum, q.unbind(-1)), total(q)
    return -torch.exp(-far / (2 * math.pi)) * torch.cos(math.pi * far) * (1 + 0.02 * h / (far + 0.01))
