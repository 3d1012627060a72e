"""Saddles: flat in the middle and falling away on two sides or three; what counts is how soon one leaves."""

from __future__ import annotations

import math

from torch import Tensor

from landscapes.objective import function


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
    reference="the hyperbolic paraboloid; raced from beside its ridge by A. Radford, Visualizing optimization algos, 2014",
    tags=("saddle", "smooth", "quadratic", "separable", "unbounded"),
    aliases=("hyperbolic_paraboloid",),
)
def saddle(x: Tensor, y: Tensor) -> Tensor:
    """Starts a hair beside the ridge: plain descent lingers at the saddle, adaptive steps leave at once."""
    return x * x - y * y


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
    """Three valleys meet where even the curvature is zero: near the middle there is nothing to steer by."""
    return x * (x * x - 3 * y * y)
