"""One basin without narrow valleys; curvature that varies with position or vanishes at the minimum."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function, least_squares
from landscapes.objectives.elementary import one_to_d, ordered_sum, power


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
    variants=("Two libraries start the weights i at 0 instead of 1.",),
)
def zakharov(x: Tensor) -> Tensor:
    """A bowl with a quartic wall along one direction; gradients near 1000 at the start force small learning rates."""
    lean = 0.5 * ordered_sum(one_to_d(x) * x)
    square = lean * lean
    return ordered_sum(x * x) + square + square * square


@function(
    (-12.0, 10.0),
    (-12.0, 10.0),
    minima=[(-10.0, -10.0)],
    start=(7.0, 5.0),
    steps=150,
    scale="linear",
    latex=r"(x + 10)^2 + (y + 10)^2 + e^{-x^2 - y^2}",
    reference=(
        "F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, "
        "1972"
    ),
    tags=("bowl", "smooth", "convex", "unimodal"),
    aliases=("brent",),
    variants=("A usual domain is [-10, 10], with the minimizer in its corner; here it lies inside.",),
)
def brent_bowl(x: Tensor, y: Tensor) -> Tensor:
    """A round bowl whose Hessian vanishes at the origin; Newton steps become arbitrarily long near that point."""
    a, b = x + 10, y + 10
    return a * a + b * b + torch.exp(-(x * x + y * y))


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
    """Quadratic near the minimum, exponential at the rim; a learning rate stable at the rim is slow at the minimum."""
    a, b = torch.exp(0.5 * x) - torch.exp(-0.5 * x), torch.exp(0.25 * y) - torch.exp(-0.25 * y)
    return 0.5 * (a * a + b * b)  # cosh − 1 = 2 sinh², exact at the minimum


@function(
    (-100.0, 100.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-80.0, 60.0),
    steps=150,
    title="Chung–Reynolds",
    latex=r"\left( \sum_{i=1}^{d} x_i^2 \right)^2",
    reference=(
        "C. J. Chung and R. G. Reynolds, CAEP: an evolution-based tool for real-valued function optimization, 1998"
    ),
    tags=("bowl", "smooth", "convex", "unimodal", "degenerate", "any dimension"),
)
def chung_reynolds(x: Tensor) -> Tensor:
    """The square of a round bowl; gradients range from above 1e6 to 0, so no single learning rate fits."""
    square = ordered_sum(x * x)
    return square * square


def _integer_power(x: Tensor, exponent: int) -> Tensor:
    """Return x to an integer power, as a product."""
    result = x
    for _ in range(exponent - 1):
        result = result * x
    return result


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
    """A sum of increasing powers; later coordinates are flatter at the minimum, so their convergence is slower."""
    size = x.abs()
    return ordered_sum(torch.stack([_integer_power(size[..., k], k + 2) for k in range(x.shape[-1])], -1))


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
    variants=("De Jong's original adds noise; versions differ in the weights i, in a constant and in the noise.",),
)
def quartic(x: Tensor) -> Tensor:
    """A quartic bowl with zero Hessian at the minimum; gradient descent converges only sublinearly."""
    square = x * x
    return ordered_sum(one_to_d(x) * square * square)


def _self_power(base: Tensor, exponent: Tensor) -> Tensor:
    """Return base · base^exponent, with finite derivatives where the base is zero."""
    away = base > 0
    return base * torch.where(away, torch.exp(exponent * torch.where(away, base, 1.0).log()), 1.0)


@function(
    (-1.0, 4.0),
    dims=Dims(least=2),
    view=[(-1.0, 1.6)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(1.4, 1.2),
    steps=200,
    latex=r"\sum_{i=1}^{d-1} \left[ (x_i^2)^{x_{i+1}^2 + 1} + (x_{i+1}^2)^{x_i^2 + 1} \right]",
    reference=(
        "O. Begambre and J. E. Laier, A hybrid particle swarm optimization simplex algorithm for structural damage "
        "identification, 2009"
    ),
    tags=("bowl", "steep corners", "smooth", "unimodal", "any dimension"),
)
def brown(x: Tensor) -> Tensor:
    """A bowl with exponents that depend on position; values above 1e20 in one corner make large steps diverge."""
    s = x * x
    here, there = s[..., :-1], s[..., 1:]
    return ordered_sum(_self_power(here, there) + _self_power(there, here))


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(1.7, 0.2),
    steps=300,
    latex=r"3 x^4 - 2 x^2 y^2 + 3 y^4",
    reference="F. S. Sisser, Elimination of bounds in optimization problems by transforming variables, 1981",
    tags=("bowl", "plateau", "smooth", "unimodal", "degenerate"),
    variants=("An early CUTEst version divides by 0.3333333 and adds the cross term, which is another function.",),
)
def sisser(x: Tensor, y: Tensor) -> Tensor:
    """A quartic bowl without curvature at the minimum; even Newton's method converges only linearly."""
    a, b = x * x, y * y
    return 3 * a * a - 2 * a * b + 3 * b * b


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.5, 1.9),
    steps=200,
    title="Dennis–Schnabel N. 2",
    latex=r"x^4 + (x + y)^2 + (e^y - 1)^2",
    reference=(
        "J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, "
        "1983"
    ),
    tags=("bowl", "cliff", "smooth", "unimodal"),
    aliases=("denschna",),
)
def dennis_schnabel_n2(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with an exponential wall on one side; a learning rate for the gentle side diverges on the wall."""
    square = x * x
    grown = torch.expm1(y)
    return square * square + (x + y) * (x + y) + grown * grown


@least_squares(
    (-1.0, 5.0),
    (-4.0, 2.0),
    minima=[(2.0, -1.0)],
    minimum=0.0,
    start=(0.0, 1.6),
    steps=150,
    title="Dennis–Schnabel N. 3",
    latex=r"(x - 2)^2 + (x - 2)^2 y^2 + (y + 1)^2",
    reference=(
        "J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, "
        "1983"
    ),
    tags=("bowl", "valley", "smooth", "unimodal", "least squares"),
    aliases=("denschnb",),
)
def dennis_schnabel_n3(x: Tensor, y: Tensor) -> Tensor:
    """A bowl whose curvature along x grows with y²; the largest stable learning rate changes along the way."""
    u = x - 2
    return torch.stack([u, u * y, y + 1])


def _giunta_term(x: Tensor) -> Tensor:
    """Return the term of one coordinate."""
    a = 1 - 16 * x / 15
    s = torch.sin(a)
    return s * s - s - torch.sin(4 * a) / 50


@function(
    (-1.0, 1.0),
    (-1.0, 1.0),
    minima=[(0.4673200253979606057, 0.4673200253979606057)],
    minimum=0.06447042053690564989,
    start=(-0.8, 0.9),
    steps=120,
    scale="linear",
    latex=(
        r"0.6 + \sum_{i} \left[ \sin^2 a_i - \sin a_i - \frac{1}{50} \sin(4 a_i) \right], "
        r"\quad a_i = 1 - \frac{16}{15} x_i"
    ),
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("bowl", "smooth", "separable", "unimodal"),
    variants=("For more coordinates the sum has more terms; the constant 0.6 stays.",),
)
def giunta(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with slight waves and a single minimum; the curvature varies, but nothing traps a trajectory."""
    return 0.6 + _giunta_term(x) + _giunta_term(y)


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-0.7, 0.7), (-0.7, 0.7)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-0.6, -0.52),
    steps=300,
    scale="linear",
    latex=r"\sin^2(20x) \sin^2(20y) + \frac{x^2 + y^2}{20}",
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem HUMPS by P. L. Toint, 1997",
    tags=("oscillating", "smooth", "unimodal"),
)
def humps(x: Tensor, y: Tensor) -> Tensor:
    """Rows of humps on a shallow bowl with one minimum; flat corridors between the humps slow trajectories down."""
    s = torch.sin(20 * x) * torch.sin(20 * y)
    return s * s + 0.05 * (x * x + y * y)


@function(
    *[(-4.0, 4.0)] * 4,
    minima=[(1.459861564381631, 0.0, 0.08089005653386659, -0.8111130845851709)],
    minimum=5.744384910320337,
    stationary={
        "minimum": [
            (-0.10404874028358108, 1.2592574281818147, -1.2576502350130774, 0.5507015087901834),
            (-0.10404874028358108, -1.2592574281818147, -1.2576502350130774, 0.5507015087901834),
        ],
    },
    start=(0.0, 0.0, 0.0, 0.0),
    steps=200,
    latex=(
        r"x_3 + x_4 - 4 + x_1^2 + x_2^2 + (x_3 + x_4)^2 + 2 \sin^2 x_3 + x_1^2 x_2^2 + (x_4 - 1)^2 + x_2^4 "
        r"+ (x_3^2 + (x_4 + x_1)^2)^2 + (x_1 - 4 + \sin^2 x_4 + x_2^2 x_3^2)^2 + \sin^4 x_4"
    ),
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem ALLINITU by N. I. M. Gould, 1990",
    tags=("bowl", "basins", "smooth", "multimodal"),
)
def allinitu(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """A skewed bowl with two local minima beside the global one; the standard start leads to the global minimum."""
    x2, y2, z2, s2, t2 = x * x, y * y, z * z, torch.sin(z), torch.sin(w)
    s2, t2 = s2 * s2, t2 * t2
    a, b = z2 + (w + x) * (w + x), x - 4 + t2 + y2 * z2
    smooth = z + w - 4 + x2 + y2 + (z + w) * (z + w) + 2 * s2 + x2 * y2 + (w - 1) * (w - 1) + y2 * y2
    return smooth + a * a + b * b + t2 * t2


@function(
    (-100.0, 100.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-80.0, 60.0),
    steps=150,
    title="Schumer–Steiglitz",
    latex=r"\sum_{i=1}^{d} x_i^4",
    reference="M. A. Schumer and K. Steiglitz, Adaptive step size random search, 1968",
    tags=("bowl", "smooth", "convex", "separable", "unimodal", "degenerate", "any dimension"),
)
def schumer_steiglitz(x: Tensor) -> Tensor:
    """A quartic bowl, steep far away and flat inside; a constant learning rate diverges at first or stalls later."""
    square = x * x
    return ordered_sum(square * square)


@function(
    (-100.0, 100.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-80.0, 60.0),
    steps=150,
    title="Schwefel N. 1",
    latex=r"\left( \sum_{i=1}^{d} x_i^2 \right)^{\sqrt{\pi}}",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("bowl", "smooth", "convex", "unimodal", "degenerate", "any dimension"),
    variants=("Schwefel 1.2 is another function, a quadratic one.",),
)
def schwefel_n1(x: Tensor) -> Tensor:
    """A round bowl that grows with the power 3.54 of the distance; near the minimum the gradient almost vanishes."""
    return power(ordered_sum(x * x), math.sqrt(math.pi))
