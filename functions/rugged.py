"""Rugged ground: hollows of all sizes without an order that the eye can see."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import ordinals, power, total
from landscapes.objectives.objective import ANY, Dims, function

JAMIL = "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"


@function(
    (-2 * math.pi, 2 * math.pi),
    (-2 * math.pi, 2 * math.pi),
    minima=[(4.701043130249553, 3.15293850372493), (-1.5821421769300335, -3.1302468034546562)],
    minimum=-106.76453674926468,
    start=(1.7, -0.4),
    steps=120,
    scale="linear",
    latex=r"\sin x\ e^{(1 - \cos y)^2} + \cos y\ e^{(1 - \sin x)^2} + (x - y)^2",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("basins", "oscillating", "smooth", "multimodal"),
    variants=("Jamil and Yang's swaps the coordinates in the exponents.",),
)
def bird(x: Tensor, y: Tensor) -> Tensor:
    """Two deep pits beside gentle dents: the pits pull hard from close by, and from a little further off not at all."""
    a, b, off = 1 - torch.cos(y), 1 - torch.sin(x), x - y
    return torch.sin(x) * torch.exp(a * a) + torch.cos(y) * torch.exp(b * b) + off * off


@function(
    (-5.0, 15.0),
    (-5.0, 15.0),
    minima=[(-3.1969884247443834, 12.526257885290116)],
    minimum=5.558914403893819,
    start=(0.5, 9.5),
    steps=200,
    title="Branin N. 2",
    latex=r"\left( y - \frac{5.1 x^2}{4 \pi^2} + \frac{5 x}{\pi} - 6 \right)^2 + 10 \left( 1 - \frac{1}{8 \pi} \right) \cos x \cos y + \ln(x^2 + y^2 + 1) + 10",
    reference="C. Munteanu and V. Lazarescu, Global search using a new evolutionary framework: the adaptive reservoir genetic algorithm, 1998",
    tags=("valley", "curved", "oscillating", "smooth", "multimodal"),
    aliases=("branin02",),
    variants=("Another of this name is (1 - 2y + sin(4πy)/20 - x)² + (y - sin(2πx)/2)².",),
)
def branin_n2(x: Tensor, y: Tensor) -> Tensor:
    """Branin's bent valley with waves along its floor: of three hollows have become many, and one is the lowest."""
    off = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    waves = 10 * (1 - 0.125 / math.pi) * torch.cos(x) * torch.cos(y)
    return off * off + waves + torch.log1p(x * x + y * y) + 10


@function(
    (-30.0, 30.0),
    (-30.0, 30.0),
    view=[(-2.0, 14.0), (-4.0, 4.0)],
    minima=[(6.18986658698431, 0.5)],
    minimum=-42.94438701899097,
    start=(12.4, -1.9),
    steps=200,
    latex=r"x^2 - 12x + 11 + 10 \cos \frac{\pi x}{2} + 8 \sin \frac{5 \pi x}{2} - \frac{1}{\sqrt{5}}\, e^{-(y - 1/2)^2 / 2}",
    reference="V. K. Chichinadze, Random search to determine the extremum of functions of several variables, 1967",
    tags=("valley", "plateau", "oscillating", "smooth", "separable", "multimodal", "ill-conditioned"),
    variants=("One library has the sine of 5πx and divides by 5 instead of by its root.",),
)
def chichinadze(x: Tensor, y: Tensor) -> Tensor:
    """Steep gorges side by side, nearly level along each: x is settled at once and y, if at all, a thousand steps later."""
    waves = 10 * torch.cos(math.pi / 2 * x) + 8 * torch.sin(2.5 * math.pi * x)
    off = y - 0.5
    return x * x - 12 * x + 11 + waves - torch.exp(-off * off / 2) / math.sqrt(5)


@function(
    (0.0, 10.0),
    (0.0, 10.0),
    minima=[(2.0029921199344654, 1.0060959402921885)],
    minimum=-5.162126159963982,
    outside="higher",
    start=(3.4, 2.3),
    steps=150,
    scale="linear",
    latex=r"-\sum_{i=1}^{5} c_i\, e^{-r_i / \pi} \cos(\pi r_i), \quad r_i = (x - a_i)^2 + (y - b_i)^2",
    reference="H. Bersini et al., Results of the first international contest on evolutionary optimisation, 1996",
    tags=("oscillating", "ring", "plateau", "smooth", "multimodal"),
    variants=("Without the minus, as in Surjanovic and Bingham's library, its lowest value is -4.1276.",),
)
def langermann(x: Tensor, y: Tensor) -> Tensor:
    """Rings around five points, laid over each other, fade into a plain: the highest waves stand around the lowest point."""
    f = torch.zeros_like(x)
    for a, b, c in ((3, 5, 1), (5, 2, 2), (2, 1, 5), (1, 4, 2), (7, 9, 3)):
        u, v = x - a, y - b
        q = u * u + v * v
        f = f - c * torch.exp(-q / math.pi) * torch.cos(math.pi * q)
    return f


@function(
    (-1.0, 1.0),
    (-1.0, 1.0),
    view=[(-0.35, 0.25), (-0.1, 0.5)],
    minima=[(-0.024403079694375173, 0.21061242715535577)],
    minimum=-3.306868647475237,
    start=(-0.28, 0.03),
    steps=150,
    scale="linear",
    latex=r"e^{\sin 50x} + \sin(60 e^y) + \sin(70 \sin x) + \sin(\sin 80y) - \sin(10 (x + y)) + \frac{x^2 + y^2}{4}",
    reference="L. N. Trefethen, A hundred-dollar, hundred-digit challenge, 2002",
    tags=("oscillating", "smooth", "multimodal"),
)
def trefethen(x: Tensor, y: Tensor) -> Tensor:
    """Hollows by thousands, one a little lower than the rest: a challenge for ten digits, made to be lost by descent."""
    quick = torch.exp(torch.sin(50 * x)) + torch.sin(60 * torch.exp(y)) + torch.sin(70 * torch.sin(x))
    return quick + torch.sin(torch.sin(80 * y)) - torch.sin(10 * (x + y)) + (x * x + y * y) / 4


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-8.3, 6.4),
    steps=200,
    latex=r"\sum_{i=1}^{d} i x_i^2 + 20 i \sin^2 A_i + i \log_{10}(1 + i B_i^2), \quad A_i = x_{i-1} \sin x_i + \sin x_{i+1}, \quad B_i = x_{i-1}^2 - 2 x_i + 3 x_{i+1} - \cos x_i + 1",
    reference="J. D. Pintér, Global Optimization in Action, 1996",
    tags=("oscillating", "funnel", "smooth", "multimodal", "any dimension"),
)
def pinter(x: Tensor) -> Tensor:
    """A bowl grown over with bent ripples, closer together further out: the first of them stop small steps."""
    i = ordinals(x)
    before = torch.cat([x[..., -1:], x[..., :-1]], -1)
    after = torch.cat([x[..., 1:], x[..., :1]], -1)
    a = torch.sin(before * torch.sin(x) + torch.sin(after))
    s = torch.sin(x / 2)
    b = before * before - 2 * x + 3 * after + 2 * s * s  # 1 - cos x = 2 sin² x/2
    return total(i * (x * x + 20 * a * a + torch.log1p(i * b * b) / math.log(10)))


@function(
    (-10.24, 10.24),
    dims=ANY,
    view=[(-0.6, 1.6)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-0.4, 1.3),
    steps=300,
    latex=r"\sum_{i=1}^{d} \sum_{j=1}^{d} \left[ \frac{t_{ij}^2}{4000} - \cos t_{ij} + 1 \right], \quad t_{ij} = 100 (x_i^2 - x_j)^2 + (1 - x_j)^2",
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "valley", "curved", "smooth", "multimodal", "degenerate", "any dimension"),
    variants=("Some lack the square of the first bracket of t; some have the 1 within the cosine.",),
)
def whitley(x: Tensor) -> Tensor:
    """Rosenbrock's valley run through Griewank's ripples: the valley can still be seen, but no longer be followed."""
    a, b = x[..., :, None], x[..., None, :]
    off, left = a * a - b, 1 - b
    t = 100 * off * off + left * left
    s = torch.sin(t / 2)
    return total(total(t * t / 4000 + 2 * s * s))


@function(
    (-0.9, 1.2),
    (-1.2, 1.2),
    minima=[(1.2, 1.2)],
    outside="unbounded",
    start=(0.25, -0.75),
    steps=120,
    scale="linear",
    latex=r"-0.9 x^2 - 3.5 x y^3 + 4.7 \cos(3x - y^2 (2 + x)) \sin(2.5 \pi x)",
    reference="R. K. Ursem, Multinational evolutionary algorithms, 1999",
    tags=("oscillating", "curved", "smooth", "multimodal", "unbounded"),
    variants=("The paper writes -3.5 as a difference, y² - 4.5 y², which may be a slip of the pen.",),
)
def ursem_waves(x: Tensor, y: Tensor) -> Tensor:
    """Bent waves on a slope that falls out of the corner: good hollows lie inside, the best value is at the border."""
    y2 = y * y
    return -0.9 * x * x - 3.5 * x * y2 * y + 4.7 * torch.cos(3 * x - y2 * (2 + x)) * torch.sin(2.5 * math.pi * x)


@function(
    (0.0, 10.0),
    (0.0, 10.0),
    view=[(-0.4, 4.0), (-0.4, 4.0)],
    minima=[(1.3932490753255886, 0.0), (0.0, 1.3932490753255886)],
    minimum=-0.6736675211468547,
    start=(1.25, 1.15),
    steps=150,
    scale="linear",
    latex=r"-\frac{\sin^2(x - y) \sin^2(x + y)}{\sqrt{x^2 + y^2}}",
    reference="A. J. Keane, Experiences with optimizers in structural design, 1994",
    tags=("oscillating", "plateau", "smooth", "multimodal"),
    variants=(
        "Without the minus its lowest value is zero, along all of its seams.",
        "Keane's own takes many coordinates, is a quotient of cosines and has constraints.",
    ),
)
def keane(x: Tensor, y: Tensor) -> Tensor:
    """Dimples that fade with the distance from the corner: the two deepest lie on the border, as with real constraints."""
    s, q = torch.sin(x - y) * torch.sin(x + y), x * x + y * y
    away = q > 0
    return torch.where(away, -s * s / torch.where(away, q, 1.0).sqrt(), 0.0 * q)


@function(
    (-512.0, 512.0),
    dims=Dims(least=2),
    minima=lambda d: {2: [(512.0, 404.2318051137578)]}.get(d, []),
    minimum=lambda d: {2: -959.6406627208509}.get(d, math.nan),
    outside="unbounded",
    kinks="where one of the roots is zero, with infinite slope",
    start=(60.0, 120.0),
    steps=150,
    scale="linear",
    latex=r"-\sum_{i=1}^{d-1} \left[ (x_{i+1} + 47) \sin \sqrt{|x_{i+1} + x_i / 2 + 47|} + x_i \sin \sqrt{|x_i - x_{i+1} - 47|} \right]",
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "kinked", "multimodal", "unbounded", "any dimension"),
    variants=("A domain a little larger than ±512 is in use, and the minimum is lower with it.",),
)
def eggholder(x: Tensor) -> Tensor:
    """Wild waves whose lowest point lies on the very border: searches that stay inside never see it at all."""
    a, b = x[..., :-1], x[..., 1:] + 47
    return -total(b * torch.sin(power(b + a / 2, 0.5)) + a * torch.sin(power(a - b, 0.5)))


@function(
    (-500.0, 500.0),
    dims=Dims(least=2),
    minima=lambda d: {2: [(-300.3376327388373, 500.0)]}.get(d, []),
    minimum=lambda d: {2: -500.80216029666434}.get(d, math.nan),
    outside="unbounded",
    kinks="where one of the roots is zero",
    start=(-120.0, -90.0),
    steps=150,
    scale="linear",
    latex=r"\sum_{i=1}^{d-1} (x_{i+1} + 1) \cos t_i \sin s_i + x_i \cos s_i \sin t_i, \quad t_i = \sqrt{|x_{i+1} - x_i + 1|}, \quad s_i = \sqrt{|x_{i+1} + x_i + 1|}",
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "kinked", "multimodal", "unbounded", "any dimension"),
    variants=(
        "A sum over pairs that closes with the last and the first coordinate is in use, and a minimum of -928.55.",
    ),
)
def rana(x: Tensor) -> Tensor:
    """Two sets of waves cross at right angles and grow towards the corners: every step changes which way is down."""
    a, b = x[..., :-1], x[..., 1:] + 1
    t, s = power(b - a, 0.5), power(b + a, 0.5)
    return total(b * torch.cos(t) * torch.sin(s) + a * torch.cos(s) * torch.sin(t))


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(-8.466701099413424, -10.0)],
    minimum=-0.18466701099413424,
    outside="unbounded",
    kinks="along parabolas, where the cosine is zero, with infinite slope, and along y = -x²",
    start=(-5.6, 4.2),
    steps=200,
    scale="linear",
    title="New function N. 1",
    latex=r"\sqrt{\left| \cos \sqrt{|x^2 + y|} \right|} + \frac{x + y}{100}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("ridge", "curved", "kinked", "multimodal", "unbounded"),
    variants=("Published values, such as -0.18465, are not quite the lowest: the crease is too sharp for searches.",),
)
def new_function_n1(x: Tensor, y: Tensor) -> Tensor:
    """Bent cuts with walls that have no end of slope: steps bounce between them, and the cuts slope ever so slightly."""
    return power(torch.cos(power(x * x + y, 0.5)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 10.5), (-10.0, 10.0)],
    minima=[(-9.941148807346373, -10.0)],
    minimum=-0.19941148807346373,
    outside="unbounded",
    kinks="along parabolas, where the sine is zero, with infinite slope",
    start=(-7.4, -4.5),
    steps=200,
    scale="linear",
    title="New function N. 2",
    latex=r"\sqrt{\left| \sin \sqrt{|x^2 + y|} \right|} + \frac{x + y}{100}",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("ridge", "curved", "kinked", "multimodal", "unbounded"),
    variants=("Published values, such as -0.19941, are cut off or not quite the lowest.",),
)
def new_function_n2(x: Tensor, y: Tensor) -> Tensor:
    """Bent cuts once more, of another depth where they start: which of them one falls into is settled by the first steps."""
    return power(torch.sin(power(x * x + y, 0.5)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-4.0, 6.0), (-4.0, 6.0)],
    minima=[(2.886307215532004, 1.8232603315820546)],
    minimum=-2.2839498384747587,
    kinks="along a winding curve near x = 0, where the values rise without end",
    start=(4.9, -2.6),
    steps=150,
    scale="linear",
    title="Mishra N. 6",
    latex=r"-\ln\left[ \sin^2 (\cos x + \cos y)^2 - \cos^2 (\sin x + \sin y)^2 + x \right]^2 + \frac{(x - 1)^2 + (y - 1)^2}{10}",
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("ridge", "curved", "kinked", "multimodal"),
    variants=("Jamil and Yang print 0.01 for the last factor, with which their minimum is not the lowest.",),
)
def mishra_n6(x: Tensor, y: Tensor) -> Tensor:
    """A winding wall without a top parts the domain: who starts on the wrong side of it stays there, unless a leap helps."""
    u, v = torch.cos(x) + torch.cos(y), torch.sin(x) + torch.sin(y)
    s, c = torch.sin(u * u), torch.cos(v * v)
    inner = s * s - c * c + x
    a, b = x - 1, y - 1
    return 0.1 * (a * a + b * b) - 2 * torch.log(inner.abs().clamp(min=1e-30))
