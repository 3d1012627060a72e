"""Oddities: snails, furs, humps and knots, from collections for people who write optimizers rather than papers.

Most come from CUTEst: N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: a constrained and unconstrained testing
environment with safe threads, 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives.elementary import norm
from landscapes.objectives.objective import function, least_squares


@function(
    (-16.0, 16.0),
    (-16.0, 16.0),
    view=[(-12.0, 12.0), (-12.0, 12.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(10.0, 10.0),
    steps=400,
    scale="linear",
    latex=r"\frac{r^2}{1 + r^2} \left[ 1 + \frac{3}{2} r - \frac{r}{2} \cos(r - \theta) \right], \quad r = \sqrt{x^2 + y^2}, \; \theta = \mathrm{atan2}(y, x)",
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem SNAIL by J. Engels, 1990",
    tags=("spiral", "valley", "curved", "smooth", "unimodal"),
)
def snail(x: Tensor, y: Tensor) -> Tensor:
    """A gutter winds round and round to the middle: follow it, or cut across from one winding to the next."""
    r2 = x * x + y * y
    r = norm(torch.stack([x, y], -1))
    # r cos(r − θ) without the angle, which jumps
    return r2 / (1 + r2) * (1 + 1.5 * r - 0.5 * (x * torch.cos(r) + y * torch.sin(r)))


@function(
    (-8.0, 8.0),
    (-8.0, 8.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=20.0,
    start=(-1.6, -2.0),
    steps=300,
    scale="linear",
    latex=r"30 \sin^2(7x) \cos^2(7y) + 100 \sqrt{0.01 + (x - y)^2} + 100 \sqrt{0.01 + x^2}",
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem HAIRY by P. L. Toint, 1989",
    tags=("valley", "oscillating", "saddle", "smooth", "unimodal"),
)
def hairy(x: Tensor, y: Tensor) -> Tensor:
    """The furry cup: hair all over a valley, and every tuft of it has a saddle to get stuck at."""
    s, c, off = torch.sin(7 * x), torch.cos(7 * y), x - y
    return 30 * s * s * c * c + 100 * torch.sqrt(0.01 + off * off) + 100 * torch.sqrt(0.01 + x * x)


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
    """Humps stand in rows on a bowl with streets between them: all streets lead down, if one finds out of the yards."""
    s = torch.sin(20 * x) * torch.sin(20 * y)
    return s * s + 0.05 * (x * x + y * y)


@least_squares(
    (-3.0, 3.0),
    (-3.0, 3.0),
    view=[(-2.0, 2.0), (-2.0, 2.0)],
    minima=[(-0.15543723585956107, 0.6945637753029045), (0.15543723585956107, -0.6945637753029045)],
    stationary={"saddle": [(0.0, 0.0)]},
    start=(1.7, 0.1),
    steps=150,
    title="Schittkowski 308",
    latex=r"(x^2 + x y + y^2)^2 + \sin^2 x + \cos^2 y",
    reference="K. Schittkowski, More test examples for nonlinear programming codes, 1987",
    tags=("bowl", "basins", "smooth", "multimodal", "least squares"),
    aliases=("s308",),
)
def schittkowski_308(x: Tensor, y: Tensor) -> Tensor:
    """Two hollows on either side of a low pass: runs that come in along it make up their minds late."""
    return torch.stack([x * x + x * y + y * y, torch.sin(x), torch.cos(y)])


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
    variants=(
        "CUTEst's first decoding of it divides by 0.3333333 and adds the cross term, which is another function.",
    ),
)
def sisser(x: Tensor, y: Tensor) -> Tensor:
    """Fourth powers alone: the nearer to the bottom, the less there is to go by, and every method slows down."""
    a, b = x * x, y * y
    return 3 * a * a - 2 * a * b + 3 * b * b


@least_squares(
    (-1.5, 2.0),
    (-1.5, 2.5),
    view=[(-0.5, 1.5), (-0.5, 1.6)],
    minima=[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)],
    minimum=0.0,
    complete=False,
    start=(-0.42, 1.05),
    steps=200,
    scale="rank",
    title="Himmelblau's knot",
    latex=r"\left( x y (1 - x) \left[ 1 - y - x (1 - x)^5 \right] \right)^2",
    reference="D. M. Himmelblau, Applied nonlinear programming, 1972",
    tags=("valley", "curved", "smooth", "multimodal", "degenerate", "least squares"),
    aliases=("himmelbb", "himmelblau_s_knot"),
)
def himmelblau_knot(x: Tensor, y: Tensor) -> Tensor:
    """Four level gutters that cross: everywhere along them it is as deep as it gets, and where they cross it is flat."""
    u = 1 - x
    u2 = u * u
    return (x * y * u * (1 - y - x * u2 * u2 * u))[None]


@function(
    (-0.6, 4.0),
    (-0.6, 4.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    stationary={"saddle": [(1.2, 0.8)]},
    start=(1.05, 0.95),
    steps=150,
    title="Himmelblau 33",
    latex=r"e^{-x - y} (2 x^2 + 3 y^2)",
    reference="D. M. Himmelblau, Applied nonlinear programming, 1972",
    tags=("saddle", "plateau", "smooth", "unimodal"),
    aliases=("himmelbg",),
)
def himmelblau_33(x: Tensor, y: Tensor) -> Tensor:
    """A small hollow behind a rim: whoever sets out beyond the rim slides away for ever, lower and lower."""
    return torch.exp(-x - y) * (2 * x * x + 3 * y * y)


@function(
    (-1.9, 2.5),
    (-1.0, 3.0),
    minima=[(1.0, 1.0)],
    minimum=-1.0,
    stationary={"saddle": [(-1.0, 1.0)]},
    outside="unbounded",
    start=(-0.98, 2.6),
    steps=100,
    scale="linear",
    title="Himmelblau's saddle",
    latex=r"x^3 + y^2 - 3x - 2y + 2",
    reference="D. M. Himmelblau, A uniform evaluation of unconstrained optimization techniques, 1972",
    tags=("saddle", "smooth", "separable", "unimodal", "unbounded"),
    aliases=("himmelbh", "himmelblau_s_saddle"),
)
def himmelblau_saddle(x: Tensor, y: Tensor) -> Tensor:
    """A hollow, a saddle beside it and behind the saddle an abyss: a step too long, and one does not come back."""
    return x * x * x + y * y - 3 * x - 2 * y + 2


@least_squares(
    (-4.0, 4.0),
    (-4.0, 4.0),
    view=[(-2.0, 3.0), (-2.0, 2.5)],
    minima=[(1.0, 1.0), (-0.7137474114864426, 1.220886822189675)],
    minimum=0.0,
    stationary={
        "minimum": [(1.4850788026539037, 0.0), (-1.3916882994845765, -0.02190986685702345)],
        "saddle": [(1.4435468237964177, 0.3598137933109194), (0.1117023274455947, 1.2275346094066686)],
        "maximum": [(-0.13602933408466406, 0.0)],
    },
    start=(2.6, 2.0),
    steps=200,
    title="Dennis–Schnabel",
    latex=r"(x^2 + y^2 - 2)^2 + (e^{x - 1} + y^3 - 2)^2",
    reference="J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, 1983",
    tags=("ring", "curved", "basins", "smooth", "multimodal", "least squares"),
    aliases=("denschnc",),
)
def dennis_schnabel(x: Tensor, y: Tensor) -> Tensor:
    """A circle and a bent line cross twice: both crossings solve the equations, and two more hollows solve nothing."""
    return torch.stack([x * x + y * y - 2, torch.exp(x - 1) + y * y * y - 2])


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.5, 1.9),
    steps=200,
    title="Dennis–Schnabel N. 2",
    latex=r"x^4 + (x + y)^2 + (e^y - 1)^2",
    reference="J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, 1983",
    tags=("bowl", "cliff", "smooth", "unimodal"),
    aliases=("denschna",),
)
def dennis_schnabel_n2(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with a wall on one side and hardly any on the other: what is a good rate here is too much there."""
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
    reference="J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, 1983",
    tags=("bowl", "valley", "smooth", "unimodal", "least squares"),
    aliases=("denschnb",),
)
def dennis_schnabel_n3(x: Tensor, y: Tensor) -> Tensor:
    """The further from the axis y = 0, the steeper the walls: the way down gets easier before it gets harder again."""
    u = x - 2
    return torch.stack([u, u * y, y + 1])


@least_squares(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(1.0, 1.0), (-1.183467003241957, 1.5868371427229242)],
    minimum=0.0,
    start=(2.0, 0.0),
    steps=150,
    title="Dennis–Schnabel N. 4",
    latex=r"\left[ 2 (x + y)^2 + (x - y)^2 - 8 \right]^2 + \left[ 5 x^2 + (y - 3)^2 - 9 \right]^2",
    reference="J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, 1983",
    tags=("basins", "ring", "smooth", "multimodal", "least squares"),
    aliases=("denschnf",),
)
def dennis_schnabel_n4(x: Tensor, y: Tensor) -> Tensor:
    """Two ellipses cross twice: both crossings are as low as it gets, and from far below it is open which is reached."""
    plus, minus, v = x + y, x - y, y - 3
    return torch.stack([2 * plus * plus + minus * minus - 8, 5 * x * x + v * v - 9])
