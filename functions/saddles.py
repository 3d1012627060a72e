"""Saddle points that attract trajectories along some directions and repel them along others."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import function


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minimum=-math.inf,
    stationary={"saddle": [(0.0, 0.0)]},
    outside="unbounded",
    start=(-1.0, 1e-3),
    steps=150,
    scale="linear",
    latex=r"x^2 - y^2",
    reference=(
        "the hyperbolic paraboloid; raced from near its ridge by A. Radford, Visualizing optimization algos, 2014"
    ),
    tags=("saddle", "smooth", "quadratic", "separable", "unbounded"),
    aliases=("hyperbolic_paraboloid",),
)
def saddle(x: Tensor, y: Tensor) -> Tensor:
    """A saddle, unbounded below; from a start next to y = 0, gradient descent escapes late, adaptive methods early."""
    return x * x - y * y


@function(
    (-2.0, 2.0),
    (-2.5, 2.5),
    minima=[(0.0, math.sqrt(2)), (0.0, -math.sqrt(2))],
    minimum=-1.0,
    stationary={"saddle": [(0.0, 0.0)]},
    start=(-1.5, 1e-3),
    steps=150,
    scale="linear",
    latex=r"x^2 - y^2 + \frac{y^4}{4}",
    reference="R. Ge, F. Huang, C. Jin and Y. Yuan, Escaping from saddle points, 2015",
    tags=("saddle", "basins", "smooth", "separable", "multimodal"),
)
def bounded_saddle(x: Tensor, y: Tensor) -> Tensor:
    """A saddle between two equal minima; a tiny offset of the start decides when and to which side it is left."""
    y2 = y * y
    return x * x - y2 + 0.25 * y2 * y2


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minimum=-math.inf,
    stationary={"saddle": [(0.0, 0.0)]},
    outside="unbounded",
    start=(1.2, 0.05),
    steps=120,
    scale="linear",
    latex=r"x^3 - 3xy^2",
    reference="D. Hilbert and S. Cohn-Vossen, Anschauliche Geometrie, 1932",
    tags=("saddle", "smooth", "degenerate", "unbounded"),
)
def monkey_saddle(x: Tensor, y: Tensor) -> Tensor:
    """Three descending valleys meet at a point with zero Hessian; gradients near it are too small to leave quickly."""
    return x * (x * x - 3 * y * y)


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(math.pi / 2, -math.pi / 2)],
    minimum=-2.0,
    stationary={
        "saddle": [(math.pi / 2, math.pi / 2), (-math.pi / 2, -math.pi / 2)],
        "maximum": [(-math.pi / 2, math.pi / 2)],
    },
    start=(-1.4, 1.45),
    steps=150,
    scale="linear",
    latex=r"\sin y - \sin x",
    reference="M. Morse, Relations between the critical points of a real function of n independent variables, 1925",
    tags=("saddle", "periodic", "smooth", "separable", "unimodal"),
)
def saddle_chain(x: Tensor, y: Tensor) -> Tensor:
    """A maximum, two saddles and one minimum; trajectories from nearby starts pass different saddles on the way."""
    return torch.sin(y) - torch.sin(x)


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
    """A minimum next to a saddle, unbounded descent behind it; a step across the saddle diverges."""
    return x * x * x + y * y - 3 * x - 2 * y + 2


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
    """One basin bounded by a saddle; beyond it the function decays to 0 at infinity, and trajectories drift away."""
    return torch.exp(-x - y) * (2 * x * x + 3 * y * y)


@function(
    (0.0, 500.0),
    (0.0, 500.0),
    view=[(0.0, 40.0), (0.0, 40.0)],
    minima=[(12.0, 12.0)],
    minimum=-3456.0,
    stationary={"saddle": [(36.0, 0.0), (0.0, 36.0)]},
    start=(35.0, 3.0),
    steps=100,
    outside="unbounded",
    title="Schwefel 2.36",
    latex=r"-x y \left( 72 - 2x - 2y \right)",
    reference="H.-P. Schwefel, Numerical Optimization of Computer Models, 1981",
    tags=("saddle", "smooth", "unimodal", "unbounded"),
)
def schwefel_2_36(x: Tensor, y: Tensor) -> Tensor:
    """A basin between three saddle points; a large step leaves it and the loss decreases without bound."""
    return -x * y * (72 - 2 * x - 2 * y)
