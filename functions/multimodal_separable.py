"""Many minima in every coordinate by itself: sums of wavy or double-welled terms."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import mean, ordinals, root, total
from landscapes.objectives.objective import ANY, function


@function(
    (-5.12, 5.12),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-3.4, 2.3),
    steps=200,
    scale="linear",
    latex=r"10\,d + \sum_{i=1}^{d} \left[ x_i^2 - 10 \cos(2 \pi x_i) \right]",
    reference="L. A. Rastrigin, Systems of Extremal Control, 1974",
    tags=("oscillating", "smooth", "multimodal", "separable", "any dimension"),
)
def rastrigin(x: Tensor) -> Tensor:
    """An egg box on a bowl: whoever follows the slope stays in the first hollow, speed rolls through a few."""
    s = torch.sin(math.pi * x)
    return total(x * x + 20 * s * s)  # 10 − 10 cos 2πx = 20 sin² πx, which is exact at the minimum


@function(
    (-5.0, 5.0),
    dims=ANY,
    minima=[(-2.903534027771177,)],
    minimum=lambda d: -39.166165703771415 * d,
    stationary={
        "minimum": [
            (2.746802770990837, -2.903534027771177),
            (-2.903534027771177, 2.746802770990837),
            (2.746802770990837, 2.746802770990837),
        ],
        "saddle": [
            (0.1567312567803401, -2.903534027771177),
            (-2.903534027771177, 0.1567312567803401),
            (2.746802770990837, 0.1567312567803401),
            (0.1567312567803401, 2.746802770990837),
        ],
        "maximum": [(0.1567312567803401, 0.1567312567803401)],
    },
    start=(0.0, 4.4),
    steps=120,
    scale="linear",
    title="Styblinski–Tang",
    latex=r"\frac{1}{2} \sum_{i=1}^{d} \left( x_i^4 - 16 x_i^2 + 5 x_i \right)",
    reference="M. A. Styblinski and T.-S. Tang, Experiments in nonconvex optimization, 1990",
    tags=("basins", "smooth", "multimodal", "separable", "any dimension"),
    aliases=("styblinski",),
    variants=("Divided by the number of coordinates instead of by two, its lowest value is -78.33 for any of them.",),
)
def styblinski_tang(x: Tensor) -> Tensor:
    """Four basins of different depth around a hilltop: the steepest way down is not the way to the deepest."""
    x2 = x * x
    return 0.5 * total(x2 * x2 - 16 * x2 + 5 * x)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    complete=False,
    kinks="where a term x sin x + 0.1 x changes its sign",
    start=(-6.4, 7.5),
    steps=150,
    scale="linear",
    title="Alpine N. 1",
    latex=r"\sum_{i=1}^{d} |x_i \sin x_i + 0.1\,x_i|",
    reference="S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating evolutionary algorithms, 2007",
    tags=("oscillating", "ridge", "kinked", "separable", "multimodal", "any dimension"),
    variants=("One library takes the absolute value of the sum instead of summing absolute values.",),
)
def alpine_n1(x: Tensor) -> Tensor:
    """Creases cross like alpine valleys, each as sharp as the next: paths bounce from wall to wall and stay."""
    return total((x * torch.sin(x) + 0.1 * x).abs())


@function(
    (0.0, math.pi),
    dims=ANY,
    minima=lambda d: [(2.2029055201726093, math.pi / 2)[:d]] if d <= 2 else [],
    minimum=lambda d: {1: -0.80130341009855262, 2: -1.8013034100985526}.get(d, math.nan),
    outside="lower",
    start=(0.9, 2.7),
    steps=200,
    scale="linear",
    latex=r"-\sum_{i=1}^{d} \sin x_i \sin^{20} \frac{i\,x_i^2}{\pi}",
    reference="Z. Michalewicz, Genetic algorithms + data structures = evolution programs, 1992",
    tags=("plateau", "valley", "smooth", "separable", "multimodal", "any dimension"),
)
def michalewicz(x: Tensor) -> Tensor:
    """Flat ground cut by trenches: the slope is nearly nothing until one falls into a trench, often a wrong one."""
    s = torch.sin(ordinals(x) * x * x / math.pi)
    s2 = s * s
    s4 = s2 * s2
    s16 = s4 * s4 * s4 * s4
    return -total(torch.sin(x) * s16 * s4)


@function(
    (-1.0, 1.0),
    dims=ANY,
    minima=[(-0.9,), (-0.7,), (-0.5,), (-0.3,), (-0.1,), (0.1,), (0.3,), (0.5,), (0.7,), (0.9,)],
    minimum=-1.0,
    complete=False,
    start=(0.39, -0.02),
    steps=80,
    scale="linear",
    title="Deb N. 1",
    latex=r"-\frac{1}{d} \sum_{i=1}^{d} \sin^6(5 \pi x_i)",
    reference="K. Deb and D. E. Goldberg, An investigation of niche and species formation in genetic function optimization, 1989",
    tags=("oscillating", "periodic", "smooth", "separable", "multimodal", "any dimension"),
)
def deb_n1(x: Tensor) -> Tensor:
    """A grid of equal hollows with flat crossings between: wherever a path begins, the next hollow is as good as any."""
    s = torch.sin(5 * math.pi * x)
    s2 = s * s
    return -mean(s2 * s2 * s2)


@function(
    (-1.0, 1.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=lambda d: -0.1 * d,
    start=(-0.85, 0.6),
    steps=120,
    scale="linear",
    latex=r"\sum_{i=1}^{d} x_i^2 - 0.1 \sum_{i=1}^{d} \cos(5 \pi x_i)",
    reference="L. Breiman and A. Cutler, A deterministic algorithm for global optimization, 1993",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal", "any dimension"),
    variants=(
        "Several libraries copy a misprint that subtracts the squares, and one turns the whole around to be climbed.",
    ),
)
def cosine_mixture(x: Tensor) -> Tensor:
    """Ripples on a bowl: shallow enough that momentum rolls through, deep enough to stop plain descent."""
    return total(x * x - 0.1 * torch.cos(5 * math.pi * x))


@function(
    (-500.0, 500.0),
    dims=ANY,
    minima=[(420.968746359982027,)],
    minimum=0.0,
    outside="unbounded",
    start=(-130.0, 330.0),
    steps=150,
    scale="linear",
    latex=r"418.98288727\,d - \sum_{i=1}^{d} x_i \sin \sqrt{|x_i|}",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("oscillating", "deceptive", "smooth", "separable", "multimodal", "unbounded", "any dimension"),
    aliases=("schwefel_2_26",),
    variants=(
        "Without the constant, or as a mean instead of a sum; with 418.9829 it misses 0 by 1.3e-5 a coordinate.",
    ),
)
def schwefel(x: Tensor) -> Tensor:
    """Waves that grow outwards: the deepest hollow is in a far corner, and the next best lies in another one."""
    return total(418.982887272433706 - x * torch.sin(root(x.abs())))


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(1.0,)],
    minimum=0.0,
    start=(-7.5, 6.0),
    steps=200,
    latex=r"\sin^2(\pi w_1) + \sum_{i=1}^{d-1} (w_i - 1)^2 [1 + 10 \sin^2(\pi w_i + 1)] + (w_d - 1)^2 [1 + \sin^2(2 \pi w_d)], \quad w_i = 1 + \frac{x_i - 1}{4}",
    reference="A. V. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal", "any dimension"),
    variants=("Elsewhere the sine takes the next coordinate, or the last factor is missing (as in SciPy's Levy03).",),
)
def levy(x: Tensor) -> Tensor:
    """A wide bowl scored by grooves in one direction more than in the other: speed pays, and then it does not."""
    away = (x - 1) / 4  # w − 1
    off, end = away[..., :-1], away[..., -1]
    first, t = torch.sin(math.pi * away[..., 0]), torch.sin(2 * math.pi * end)
    s = torch.sin(math.pi * off + 1)
    return first * first + total(off * off * (1 + 10 * s * s)) + end * end * (1 + t * t)


@function(
    (0.25, 10.0),
    dims=ANY,
    minima=lambda d: [(math.exp((math.pi / 2 + 2 * math.pi * k) / 10),) * d for k in range(-2, 4)],
    minimum=lambda d: -float(d),
    complete=False,
    outside="higher",
    start=(4.9, 5.8),
    steps=150,
    scale="linear",
    latex=r"-\sum_{i=1}^{d} \sin(10 \ln x_i)",
    reference="F. van den Bergh and A. P. Engelbrecht, A cooperative approach to particle swarm optimization, 2004",
    tags=("oscillating", "smooth", "separable", "multimodal", "any dimension"),
    variants=("As a mean instead of a sum.",),
)
def vincent(x: Tensor) -> Tensor:
    """Hollows equally deep that crowd together towards zero: one rate for all is too long here and too short there."""
    return -total(torch.sin(10 * torch.log(torch.clamp(x, min=0.01))))


def _giunta(x: Tensor) -> Tensor:
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
    latex=r"0.6 + \sum_{i} \left[ \sin^2 a_i - \sin a_i - \frac{1}{50} \sin(4 a_i) \right], \quad a_i = 1 - \frac{16}{15} x_i",
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("bowl", "smooth", "separable", "unimodal"),
    variants=("For more coordinates all are summed; the constant 0.6 stays.",),
)
def giunta(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with a slightly uneven floor: nothing to fear, and a little to slow down for."""
    return 0.6 + _giunta(x) + _giunta(y)


@function(
    (-10.0, 10.0),
    dims=ANY,
    view=[(-2.5, 2.5)],
    minima=lambda d: [tuple((-1.0, 2.0)[(k >> i) & 1] for i in range(d)) for k in range(2 ** min(d, 3))],
    minimum=0.0,
    complete=False,
    kinks="where a polynomial changes its sign",
    start=(0.6, -0.3),
    steps=150,
    latex=r"\sum_{i=1}^{d} |x_i^5 - 3 x_i^4 + 4 x_i^3 + 2 x_i^2 - 10 x_i - 4|",
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013",
    tags=("basins", "ridge", "kinked", "separable", "multimodal", "any dimension"),
)
def quintic(x: Tensor) -> Tensor:
    """Sharp creases where a polynomial crosses zero: fixed steps hop over them and never come to rest."""
    inner = x * (x * (x * (x * (x - 3) + 4) + 2) - 10) - 4
    return total(inner.abs())


@function(
    (0.0, 10.0),
    dims=ANY,
    minima=[(5.0,)],
    minimum=-1.0,
    start=(1.2, 8.4),
    steps=150,
    scale="linear",
    title="Deflected corrugated spring",
    latex=r"0.1 \sum_{i=1}^{d} (x_i - 5)^2 - \cos\left( 5 \sqrt{\sum_{i=1}^{d} (x_i - 5)^2} \right)",
    reference="D. H. Ackley's corrugated spring, as in M. Jamil and X.-S. Yang, A literature survey of benchmark functions, 2013",
    tags=("ring", "oscillating", "funnel", "smooth", "multimodal", "any dimension"),
    aliases=("deflected_corrugated_spring",),
)
def corrugated_spring(x: Tensor) -> Tensor:
    """Ring after ring around the minimum: each must be crossed with speed, and each takes some of it away."""
    off = x - 5
    square = total(off * off)
    return 0.1 * square - torch.cos(5 * root(square))
