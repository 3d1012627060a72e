"""Ripples around a point: rings on water, and hyperbolas where two sets of them cross."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import norm, power, total
from landscapes.objectives.objective import ANY, Dims, function


def wave(q: Tensor) -> Tensor:
    """cos √q for q ≥ 0, with its derivatives at zero as well."""
    near = q < 1e-3
    series = 1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56)))
    return torch.where(near, series, torch.cos(torch.where(near, 1.0, q).sqrt()))


def envelope(q: Tensor, s: Tensor) -> Tensor:
    """Schaffer's 0.5 + (s - 0.5) / (1 + q/1000)², as one fraction."""
    grown = 1 + 0.001 * q
    return (s + 0.0005 * q * (1 + grown)) / (grown * grown)


def pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Each coordinate but the last, and the one after it."""
    return x[..., :-1], x[..., 1:]


@function(
    (-5.12, 5.12),
    dims=ANY,
    view=[(-1.6, 1.6)],
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-1.0, 0.75),
    steps=150,
    scale="linear",
    latex=r"-\frac{1 + \cos 12 r}{2 + r^2 / 2}, \quad r = \|x\|",
    reference="M. Molga and C. Smutnicki, Test functions for optimization needs, 2005",
    tags=("oscillating", "ring", "funnel", "smooth", "multimodal", "any dimension"),
)
def drop_wave(x: Tensor) -> Tensor:
    """A drop has fallen into water: each trough is a ring without an end, and all the slope there is leads into it."""
    q = total(x * x)
    return -(1 + wave(144 * q)) / (2 + 0.5 * q)


@function(
    (-100.0, 100.0),
    dims=ANY,
    view=[(-2.8, 2.8)],
    minima=[(0.0,)],
    minimum=0.0,
    kinks="at the minimum, the tip of a cone",
    start=(-1.9, 1.55),
    steps=150,
    scale="linear",
    latex=r"1 - \cos 2 \pi r + 0.1\, r, \quad r = \|x\|",
    reference="R. Salomon, Re-evaluating genetic algorithm performance under coordinate rotation of benchmark functions, 1996",
    tags=("oscillating", "ring", "funnel", "kinked", "multimodal", "any dimension"),
)
def salomon(x: Tensor) -> Tensor:
    """Circular moats around a tower turned upside down: only speed gets across, and one moat looks like the next."""
    r = norm(x)
    s = torch.sin(math.pi * r)
    return 2 * s * s + 0.1 * r


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-8.0, 8.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 2.4),
    steps=200,
    scale="linear",
    title="Schaffer F6",
    latex=r"\sum_{i=1}^{d-1} \left[ \frac{1}{2} + \frac{\sin^2 r_i - 1/2}{(1 + r_i^2 / 1000)^2} \right], \quad r_i^2 = x_i^2 + x_{i+1}^2",
    reference="J. D. Schaffer et al., A study of control parameters affecting online performance of genetic algorithms, 1989",
    tags=("oscillating", "ring", "smooth", "multimodal", "any dimension"),
    aliases=("sine_envelope",),
    variants=("For more coordinates some add the pair of the last and the first.",),
)
def schaffer_f6(x: Tensor) -> Tensor:
    """Rings around the minimum, hardly lower from one to the next: each of them holds whatever rolls into it."""
    a, b = pairs(x)
    q = a * a + b * b
    return total(envelope(q, (1 - wave(4 * q)) / 2))


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-2.8, 2.8), (-2.8, 2.8)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.75, 1.15),
    steps=150,
    scale="linear",
    title="Schaffer N. 1",
    latex=r"\frac{1}{2} + \frac{\sin^2(x^2 + y^2) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("oscillating", "ring", "smooth", "multimodal"),
    variants=("Elsewhere the sine is of (x² + y²)², and the rings crowd together sooner.",),
)
def schaffer_n1(x: Tensor, y: Tensor) -> Tensor:
    """Rings that crowd together outwards, the middle one wide: a rate that suits the middle leaps over all the others."""
    q = x * x + y * y
    s = torch.sin(q)
    return envelope(q, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-4.0, 4.0), (-4.0, 4.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.1, 3.1),
    steps=150,
    scale="linear",
    title="Schaffer N. 2",
    latex=r"\frac{1}{2} + \frac{\sin^2(x^2 - y^2) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("oscillating", "curved", "smooth", "multimodal"),
    variants=("With x² + y² in the sine, which is Schaffer N. 1, it is in one library.",),
)
def schaffer_n2(x: Tensor, y: Tensor) -> Tensor:
    """Troughs like hyperbolas, closer and closer together: along a trough there is next to no slope, across it nothing else."""
    x2, y2 = x * x, y * y
    s = torch.sin(x2 - y2)
    return envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-3.0, 3.0), (-3.0, 3.0)],
    minima=[
        (0.0, 1.2531149631200684),
        (0.0, -1.2531149631200684),
        (1.2531149631200684, 0.0),
        (-1.2531149631200684, 0.0),
    ],
    minimum=0.0015668545260041698,
    start=(-0.7, 0.45),
    steps=150,
    scale="linear",
    title="Schaffer N. 3",
    latex=r"\frac{1}{2} + \frac{\sin^2(\cos |x^2 - y^2|) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("oscillating", "curved", "saddle", "smooth", "multimodal", "ill-conditioned"),
    variants=("Some have x² + y² in the cosine, which makes rings.",),
)
def schaffer_n3(x: Tensor, y: Tensor) -> Tensor:
    """Four minima, each the bend of a hyperbola, around a saddle high in the middle: its ways lead to all four alike."""
    x2, y2 = x * x, y * y
    s = torch.sin(torch.cos(x2 - y2))
    return envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-3.0, 3.0), (-3.0, 3.0)],
    minima=[
        (0.0, 1.2531318314637332),
        (0.0, -1.2531318314637332),
        (1.2531318314637332, 0.0),
        (-1.2531318314637332, 0.0),
    ],
    minimum=0.29257863203598056,
    start=(0.6, 0.45),
    steps=150,
    scale="linear",
    title="Schaffer N. 4",
    latex=r"\frac{1}{2} + \frac{\cos^2(\sin |x^2 - y^2|) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("oscillating", "curved", "smooth", "multimodal", "ill-conditioned"),
    variants=("Some put 0.001 times the sum of the squares into the bracket without squaring it.",),
)
def schaffer_n4(x: Tensor, y: Tensor) -> Tensor:
    """Minima at the bends of hyperbolas: in their long troughs the slope is so small that few arrive at the bend."""
    x2, y2 = x * x, y * y
    s = torch.cos(torch.sin(x2 - y2))
    return envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-20.0, 20.0)],
    minima=[(0.0,)],
    minimum=0.0,
    kinks="where two coordinates that follow each other are both zero",
    start=(-13.0, 9.0),
    steps=200,
    title="Schaffer F7",
    latex=r"\sum_{i=1}^{d-1} \sqrt{r_i} \left[ \sin^2(50\, r_i^{0.2}) + 1 \right], \quad r_i^2 = x_i^2 + x_{i+1}^2",
    reference="J. D. Schaffer et al., A study of control parameters affecting online performance of genetic algorithms, 1989",
    tags=("oscillating", "ring", "funnel", "kinked", "multimodal", "any dimension"),
    aliases=("stretched_v", "stretched_v_sine_wave"),
    variants=(
        "With the 1 inside the sine, sin²(50 r^0.2 + 1), other rings are lowest, all of them touching zero.",
        "Jamil and Yang's has 0.1 in place of the 1; BBOB's averages the roots and squares the mean.",
    ),
)
def schaffer_f7(x: Tensor) -> Tensor:
    """A funnel with rings that crowd together towards the middle: near the bottom every step leaps over several."""
    a, b = pairs(x)
    q = a * a + b * b
    s = torch.sin(50 * power(q, 0.1))
    return total(power(q, 0.25) * (s * s + 1))


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-2.0, 2.0)],
    minima=[(0.0,)],
    minimum=0.0,
    complete=False,
    start=(-0.4, 1.5),
    steps=200,
    scale="linear",
    latex=r"\sum_{i=1}^{d-1} \left[ \frac{1}{2} + \frac{\sin^2 \sqrt{100 x_i^2 + x_{i+1}^2} - 1/2}{1 + (x_i - x_{i+1})^4 / 1000} \right]",
    reference="S. Rahnamayan, H. R. Tizhoosh and M. M. A. Salama, A novel population initialization method for accelerating evolutionary algorithms, 2007",
    tags=("oscillating", "valley", "smooth", "multimodal", "ill-conditioned", "any dimension"),
    variants=(
        "The origin is told as its only minimum: on the diagonal it is as deep wherever √101 x is a multiple of π.",
    ),
)
def pathological(x: Tensor) -> Tensor:
    """Stretched rings, ten times as narrow one way as the other: what crosses the narrow side is too fast for the long one."""
    a, b = pairs(x)
    off = a - b
    off2 = off * off
    s = (1 - wave(400 * a * a + 4 * b * b)) / 2
    low = 0.001 * off2 * off2
    return total((s + low / 2) / (1 + low))
