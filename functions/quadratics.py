"""Quadratic bowls, stretched and turned: what the ratio of curvatures does, and the axes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import total
from landscapes.objectives.objective import ANY, Dims, function

COS_30, SIN_30 = math.sqrt(3) / 2, 0.5


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-9.0, -3.0),
    steps=200,
    latex=r"\frac{1}{2}(u^2 + 100\,v^2), \quad (u, v) = (x, y) \mathrm{\ turned\ by\ } 30^\circ",
    reference="B. T. Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
    tags=("valley", "rotated", "smooth", "convex", "quadratic", "unimodal", "ill-conditioned"),
    aliases=("ill_conditioned_quadratic",),
)
def ravine(x: Tensor, y: Tensor) -> Tensor:
    """A straight gorge, a hundred times steeper across than along, askew to the axes: a rate for each axis is no help.

    u = x cos 30° + y sin 30° runs along the gorge, v = y cos 30° − x sin 30° across it.
    """
    u, v = COS_30 * x + SIN_30 * y, COS_30 * y - SIN_30 * x
    return 0.5 * u * u + 50 * v * v


@function(
    (-10.0, 10.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-9.0, 1.5),
    steps=150,
    latex=r"\frac{1}{2}(x^2 + 100\,y^2)",
    reference="G. Goh, Why momentum really works, 2017",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned"),
    aliases=("stretched_bowl",),
)
def ill_conditioned_bowl(x: Tensor, y: Tensor) -> Tensor:
    """A hundred times steeper one way than the other: beyond a rate of 2/100 plain descent flies apart."""
    return 0.5 * x * x + 50 * y * y


@function(
    (-6.0, 6.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-5.5, 1.5),
    steps=150,
    latex=r"\frac{x^2}{20} + 10\,y^2",
    reference="I. Sutskever, J. Martens, G. Dahl and G. Hinton, On the importance of initialization and momentum in deep learning, 2013",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned"),
)
def symmetric_valley(x: Tensor, y: Tensor) -> Tensor:
    """A straight valley along an axis: momentum gathers speed on the floor where plain descent creeps."""
    return x * x / 20 + 10 * y * y


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-8.0, 5.0),
    steps=120,
    latex=r"0.26\,(x^2 + y^2) - 0.48\,xy",
    reference="J. Matyas, Random optimization, 1965",
    tags=("valley", "rotated", "smooth", "convex", "quadratic", "unimodal"),
)
def matyas(x: Tensor, y: Tensor) -> Tensor:
    """A gentle valley along the diagonal: a rate for each axis gives no hold on a direction between them."""
    return 0.26 * (x * x + y * y) - 0.48 * x * y


def _spread(x: Tensor, decades: float) -> Tensor:
    """10 to powers from 0 to so many decades, one a coordinate."""
    d = x.shape[-1]
    return torch.tensor([10 ** (decades * i / max(d - 1, 1)) for i in range(d)], dtype=x.dtype, device=x.device)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=200,
    latex=r"\sum_{i=1}^{d} 10^{6 \frac{i-1}{d-1}} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("high_conditioned_elliptic", "ellipsoid"),
)
def elliptic(x: Tensor) -> Tensor:
    """Curvatures over six decades: one rate for all coordinates is a million times too small for some of them."""
    return total(_spread(x, 6) * x * x)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=200,
    latex=r"x_1^2 + 10^6 \sum_{i=2}^{d} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bent_cigar",),
    variants=(
        "Bent cigar is this bowl after an asymmetric transformation of the coordinates (BBOB), or this very bowl (CEC).",
    ),
)
def cigar(x: Tensor) -> Tensor:
    """One long axis among steep ones: the way along it is all that counts, and it is the least felt."""
    return x[..., 0] * x[..., 0] + 1e6 * total(x[..., 1:] * x[..., 1:])


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-3.0, 4.0),
    steps=200,
    latex=r"10^6 x_1^2 + \sum_{i=2}^{d} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("tablet",),
)
def discus(x: Tensor) -> Tensor:
    """One steep axis among gentle ones: a single direction forbids the steps that all others need."""
    return 1e6 * x[..., 0] * x[..., 0] + total(x[..., 1:] * x[..., 1:])


@function(
    (-2.0, 2.0),
    dims=ANY,
    view=[(-1.0, 1.5)],
    minima=lambda d: [tuple(1 - (i + 1) / (d + 1) for i in range(d))],
    minimum=lambda d: (1 / (d + 1) - 1) / 2,
    start=lambda d: (-0.8, 1.2) if d == 2 else (0.0,) * d,
    steps=120,
    scale="log",
    latex=r"\frac{1}{2} \left[ x_1^2 + \sum_{i=1}^{d-1} (x_i - x_{i+1})^2 + x_d^2 \right] - x_1",
    reference="Y. Nesterov, Introductory lectures on convex optimization, 2004",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
    aliases=("nesterov_worst",),
    variants=("Nesterov's factor L/4 is 1 here, so gradients change by at most 4 times the way.",),
)
def nesterov_chain(x: Tensor) -> Tensor:
    """Only the first coordinate is pushed, and news travels one coordinate a step: no first-order method is fast."""
    steps = x[..., :-1] - x[..., 1:]
    ends = x[..., 0] * x[..., 0] + x[..., -1] * x[..., -1]
    return 0.5 * (ends + total(steps * steps)) - x[..., 0]
