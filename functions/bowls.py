"""Bowls: one basin, round enough that everybody arrives; what differs is the way there."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import ordinals, total
from landscapes.objectives.objective import ANY, Dims, function, least_squares


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 3.0)],
    minimum=0.0,
    start=(-8.0, 8.0),
    steps=120,
    latex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "least squares"),
)
def booth(x: Tensor, y: Tensor) -> Tensor:
    """A convex bowl, nine times steeper across than along: where every optimizer should do well."""
    return torch.stack([x + 2 * y - 7, 2 * x + y - 5])


@function(
    (-5.12, 5.12),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=80,
    latex=r"\sum_{i=1}^{d} x_i^2",
    reference="K. A. De Jong, An analysis of the behavior of a class of genetic adaptive systems, 1975",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "any dimension"),
    aliases=("de_jong_1",),
)
def sphere(x: Tensor) -> Tensor:
    """The simplest landscape there is: the slope points straight at the minimum, and only the rate is left to choose."""
    return total(x * x)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-8.0, 6.0),
    steps=100,
    latex=r"\sum_{i=1}^{d} i\,x_i^2",
    reference="M. Molga and C. Smutnicki, Test functions for optimization needs, 2005",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "any dimension"),
    aliases=("axis_parallel_hyper_ellipsoid", "weighted_sphere"),
)
def sum_squares(x: Tensor) -> Tensor:
    """A bowl that gets a little steeper with every coordinate: in many dimensions a little adds up."""
    return total(ordinals(x) * x * x)


@function(
    (-65.536, 65.536),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    start=(-50.0, 40.0),
    steps=150,
    latex=r"\sum_{i=1}^{d} \left( \sum_{j=1}^{i} x_j \right)^2",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
    aliases=("double_sum", "quadric", "schwefel_1_2"),
    variants=("As rotated_hyper_ellipsoid some libraries sum the squares x_j² within, which is a weighted sphere.",),
)
def schwefel_n1_2(x: Tensor) -> Tensor:
    """Every coordinate adds to all that follow: the axes of the bowl lie askew to those of the coordinates."""
    sums = [x[..., 0]]
    for k in range(1, x.shape[-1]):
        sums.append(sums[-1] + x[..., k])
    return total(torch.stack([part * part for part in sums], -1))


@function(
    (-1.0, 1.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-0.9, 0.8),
    steps=200,
    title="Sum of different powers",
    latex=r"\sum_{i=1}^{d} |x_i|^{i+1}",
    reference="M. Molga and C. Smutnicki, Test functions for optimization needs, 2005",
    tags=("bowl", "smooth", "convex", "separable", "unimodal", "degenerate", "any dimension"),
    aliases=("sum_of_different_powers", "sodp", "powell_sum"),
)
def different_powers(x: Tensor) -> Tensor:
    """Each coordinate is flatter at the bottom than the one before: the last digits of the last ones never come."""
    size = x.abs()
    return total(torch.stack([_raised(size[..., k], k + 2) for k in range(x.shape[-1])], -1))


def _raised(x: Tensor, exponent: int) -> Tensor:
    """A whole power, as a product."""
    result = x
    for _ in range(exponent - 1):
        result = result * x
    return result


@function(
    (-100.0, 100.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-80.0, 60.0),
    steps=150,
    title="Chung–Reynolds",
    latex=r"\left( \sum_{i=1}^{d} x_i^2 \right)^2",
    reference="C. J. Chung and R. G. Reynolds, CAEP: an evolution-based tool for real-valued function optimization, 1998",
    tags=("bowl", "smooth", "convex", "unimodal", "degenerate", "any dimension"),
)
def chung_reynolds(x: Tensor) -> Tensor:
    """The square of a round bowl: rates that suit the rim are far too small on the flat ground in the middle."""
    square = total(x * x)
    return square * square


@function(
    (-5.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 8.0),
    steps=150,
    latex=r"\sum x_i^2 + \left( \frac{1}{2} \sum i\,x_i \right)^2 + \left( \frac{1}{2} \sum i\,x_i \right)^4",
    reference="A. A. Zhigljavsky, Theory of global random search, 1991",
    tags=("bowl", "valley", "rotated", "smooth", "convex", "unimodal", "any dimension"),
    variants=("Two libraries count the weights i from 0 instead of 1.",),
)
def zakharov(x: Tensor) -> Tensor:
    """A bowl with a wall of the fourth power across one direction: the first step meets slopes of thousands."""
    lean = 0.5 * total(ordinals(x) * x)
    square = lean * lean
    return total(x * x) + square + square * square


@function(
    lambda d: (-float(d * d), float(d * d)),
    dims=Dims(least=2),
    minima=lambda d: [tuple(float((i + 1) * (d - i)) for i in range(d))],
    minimum=lambda d: -d * (d + 4) * (d - 1) / 6,
    start=(-3.0, 3.0),
    steps=150,
    latex=r"\sum_{i=1}^{d} (x_i - 1)^2 - \sum_{i=2}^{d} x_i x_{i-1}",
    reference="A. Neumaier, Optimization test problems, 1996",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
)
def trid(x: Tensor) -> Tensor:
    """A bowl whose axes are coupled in a chain: what one coordinate learns has to travel to all others."""
    off = x - 1
    return total(off * off) - total(x[..., 1:] * x[..., :-1])


@function(
    (-1.28, 1.28),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-1.1, 0.9),
    steps=150,
    latex=r"\sum_{i=1}^{d} i\,x_i^4",
    reference="K. A. De Jong, An analysis of the behavior of a class of genetic adaptive systems, 1975",
    tags=("bowl", "smooth", "convex", "separable", "unimodal", "degenerate", "any dimension"),
    aliases=("de_jong_4",),
    variants=("De Jong's own adds noise; versions differ in the weights i, in a constant, and in the noise.",),
)
def quartic(x: Tensor) -> Tensor:
    """No curvature at the minimum at all: the closer one comes, the slower one gets, without any end in sight."""
    square = x * x
    return total(ordinals(x) * square * square)


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-30.0, 30.0), (-30.0, 30.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-25.0, 20.0),
    steps=150,
    title="Rotated ellipse",
    latex=r"7 x^2 - 6 \sqrt{3}\,xy + 13\,y^2",
    reference="H. B. Curry, The method of steepest descent for non-linear minimization problems, 1944",
    tags=("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal"),
    aliases=("rotated_ellipse_1",),
)
def rotated_ellipse(x: Tensor, y: Tensor) -> Tensor:
    """Four times steeper across than along, turned by thirty degrees: enough to mislead a rate for each axis."""
    return 7 * x * x - 6 * math.sqrt(3) * x * y + 13 * y * y


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(4.0, 4.4),
    steps=120,
    title="Softened box",
    latex=r"\cosh x + \cosh\frac{y}{2} - 2",
    reference="J. M. Borwein and A. S. Lewis, Convex analysis and nonlinear optimization, 2000",
    tags=("bowl", "steep corners", "smooth", "convex", "separable", "unimodal"),
    aliases=("softened_box",),
)
def cosh_bowl(x: Tensor, y: Tensor) -> Tensor:
    """Round at the bottom and exponential at the rim: the rate that is safe at the start is too small at the end."""
    a, b = torch.exp(0.5 * x) - torch.exp(-0.5 * x), torch.exp(0.25 * y) - torch.exp(-0.25 * y)
    return 0.5 * (a * a + b * b)  # 2 sinh², which is exact at the minimum


@function(
    (-1.5, 4.0),
    (-3.0, 4.0),
    minima=[(-0.54719755119659774, -1.5471975511965977)],
    minimum=-1.9132229549810367,
    stationary={
        "minimum": [(2.5943951023931953, 1.5943951023931953)],
        "saddle": [(1.5471975511965976, 0.5471975511965976)],
    },
    outside="unbounded",
    start=(3.5, 3.0),
    steps=150,
    scale="linear",
    title="McCormick",
    latex=r"\sin(x + y) + (x - y)^2 - 1.5\,x + 2.5\,y + 1",
    reference="G. P. McCormick, Computability of global solutions to factorable nonconvex programs, 1976",
    tags=("valley", "smooth", "multimodal", "unbounded"),
)
def mccormick(x: Tensor, y: Tensor) -> Tensor:
    """A corrugated slide: who has speed runs through every dip, out of the domain and down without end."""
    gap = x - y
    return torch.sin(x + y) + gap * gap - 1.5 * x + 2.5 * y + 1


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.5, 2.5), (-2.0, 2.0)],
    minima=[(-1.0466805318046021, 0.0)],
    stationary={"minimum": [(0.9456492739235914, 0.0)], "saddle": [(0.10103125788101083, 0.0)]},
    start=(2.1, 1.6),
    steps=120,
    scale="linear",
    latex=r"\frac{x^4}{4} - \frac{x^2}{2} + \frac{x}{10} + \frac{y^2}{2}",
    reference="F. Aluffi-Pentini, V. Parisi and F. Zirilli, Global optimization and stochastic differential equations, 1985",
    tags=("basins", "smooth", "separable", "multimodal"),
    aliases=("aluffi_pentini",),
)
def zirilli(x: Tensor, y: Tensor) -> Tensor:
    """Two hollows side by side, one a little deeper: the start decides, unless speed carries over the ridge."""
    x2 = x * x
    return 0.25 * x2 * x2 - 0.5 * x2 + 0.1 * x + 0.5 * y * y


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(-2.0, 0.0), (0.0, 0.0)],
    minimum=0.0,
    view=[(-3.5, 1.5), (-2.0, 2.0)],
    stationary={"saddle": [(-1.0, 0.0)]},
    start=(-3.1, 1.5),
    steps=120,
    scale="linear",
    latex=r"x^4 + 4 x^3 + 4 x^2 + y^2",
    reference="L. C. W. Dixon and G. P. Szegő, Towards global optimisation, 1975",
    tags=("basins", "smooth", "separable", "multimodal"),
    aliases=("trecanni",),
    variants=("One library has 4x for 4x².",),
)
def treccani(x: Tensor, y: Tensor) -> Tensor:
    """Two equal hollows: which of them a path ends in says nothing about its optimizer but where it came from."""
    away = x * (x + 2)
    return away * away + y * y


@function(
    (-12.0, 10.0),
    (-12.0, 10.0),
    minima=[(-10.0, -10.0)],
    start=(7.0, 5.0),
    steps=150,
    scale="linear",
    latex=r"(x + 10)^2 + (y + 10)^2 + e^{-x^2 - y^2}",
    reference="F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, 1972",
    tags=("bowl", "smooth", "convex", "unimodal"),
    aliases=("brent",),
)
def brent_bowl(x: Tensor, y: Tensor) -> Tensor:
    """A bowl in the corner; at one spot on the way all curvature cancels, which only Newton's method notices."""
    a, b = x + 10, y + 10
    return a * a + b * b + torch.exp(-(x * x + y * y))
