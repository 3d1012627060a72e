"""Saddles: flat in the middle and falling away on two sides or three; what counts is how soon one leaves."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.objective import function


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
    """A saddle with a floor on either side: leaving it takes long, and a hair decides which side it is."""
    y2 = y * y
    return x * x - y2 + 0.25 * y2 * y2


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
    """From a hilltop past two passes into one hollow: paths that begin alike part at the pass they lean to."""
    return torch.sin(y) - torch.sin(x)
