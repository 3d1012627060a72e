"""Waves in the coordinates that create many local minima, with or without an underlying slope."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function
from landscapes.objectives.elementary import mean, norm, one_to_d, ordered_sum, power, product, root


@function(
    (-32.768, 32.768),
    dims=ANY,
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="at the minimum, the tip of a cone",
    start=(-2.6, 1.8),
    steps=120,
    scale="linear",
    latex=r"-20\, e^{-0.2 \sqrt{\frac{1}{d} \sum x_i^2}} - e^{\frac{1}{d} \sum \cos 2 \pi x_i} + 20 + e",
    reference="D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987",
    tags=("funnel", "oscillating", "nonsmooth", "multimodal", "any dimension"),
)
def ackley(x: Tensor) -> Tensor:
    """A funnel covered with local minima; small steps stop in the first one, longer steps can reach the center.

    The minimum is the tip of a cone, where no gradient exists; the computed gradient there is zero.
    """
    r, t = root(mean(x * x)), torch.sin(math.pi * x)
    # with cos 2πx = 1 − 2 sin² πx, the constants 20 and e cancel and the minimum is exact
    return -20 * torch.expm1(-0.2 * r) - math.e * torch.expm1(-2 * mean(t * t))


@function(
    (-32.0, 32.0),
    (-32.0, 32.0),
    view=[(-8.0, 8.0), (-8.0, 8.0)],
    minima=[(-0.6825771831515794, -0.36070186306103735), (0.6825771831515794, -0.36070186306103735)],
    start=(-6.2, 5.6),
    steps=300,
    scale="linear",
    nonsmooth_where="at the origin, the tip of the cone",
    title="Ackley N. 3",
    latex=r"-200\,e^{-0.02 \sqrt{x^2 + y^2}} + 5\,e^{\cos 3x + \sin 3y}",
    reference="D. H. Ackley, A connectionist machine for genetic hillclimbing, 1987",
    tags=("funnel", "oscillating", "nonsmooth", "multimodal"),
    variants=(
        "Some libraries use 0.2 instead of 0.02.",
        "The often published minimizer (0.682584587, -0.360753255) has a slightly higher value.",
    ),
)
def ackley_n3(x: Tensor, y: Tensor) -> Tensor:
    """A grid of tall spikes on a shallow cone; trajectories bend around them and can stop in local minima between."""
    return -200 * torch.exp(-0.02 * norm(torch.stack([x, y], -1))) + 5 * torch.exp(torch.cos(3 * x) + torch.sin(3 * y))


ACKLEY_N4_MINIMIZERS = {
    2: (1.5096201081585965, -0.7548651160362331),
    3: (1.515629253931537, -1.1093725580744789, -0.7472451129964488),
}


@function(
    (-5.0, 5.0),
    dims=Dims(least=2),
    minima=lambda d: (
        [(sign * ACKLEY_N4_MINIMIZERS[d][0], *ACKLEY_N4_MINIMIZERS[d][1:]) for sign in (1, -1)]
        if d in ACKLEY_N4_MINIMIZERS
        else []
    ),
    nonsmooth_where="where two consecutive coordinates are both 0",
    start=(-4.1, 3.6),
    steps=300,
    scale="linear",
    title="Ackley N. 4",
    latex=r"\sum_{i=1}^{d-1} \left[ e^{-0.2} \sqrt{x_i^2 + x_{i+1}^2} + 3 (\cos 2 x_i + \sin 2 x_{i+1}) \right]",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution based methods, 2009",
    tags=("funnel", "oscillating", "basins", "nonsmooth", "multimodal", "any dimension"),
    aliases=("modified_ackley",),
)
def ackley_n4(x: Tensor) -> Tensor:
    """Broad waves on a shallow cone; a few wide basins remain, and the start decides which one is reached."""
    here, there = x[..., :-1], x[..., 1:]
    reach = norm(torch.stack([here, there], -1))
    return ordered_sum(math.exp(-0.2) * reach + 3 * (torch.cos(2 * here) + torch.sin(2 * there)))


@function(
    (-600.0, 600.0),
    dims=ANY,
    view=[(-30.0, 30.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-25.0, 20.0),
    steps=200,
    scale="linear",
    latex=r"1 + \frac{1}{4000} \sum_{i=1}^{d} x_i^2 - \prod_{i=1}^{d} \cos \frac{x_i}{\sqrt{i}}",
    reference="A. O. Griewank, Generalized descent for global optimization, 1981",
    tags=("oscillating", "funnel", "smooth", "multimodal", "any dimension"),
    variants=("Griewank's original divides by 200 and has two coordinates.",),
)
def griewank(x: Tensor) -> Tensor:
    """Thousands of small waves on a wide bowl; large steps follow the bowl, small steps stop in the nearest wave."""
    i = one_to_d(x)
    return 1 + ordered_sum(x * x) / 4000 - product(torch.cos(x / i.sqrt()))


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-1.5, 1.5), (-1.2, 1.2)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.3, 1.0),
    steps=120,
    title="Bohachevsky N. 1",
    latex=r"x^2 + 2y^2 - 0.3 \cos 3 \pi x - 0.4 \cos 4 \pi y + 0.7",
    reference=(
        "I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, "
        "1986"
    ),
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal"),
    aliases=("bohachevsky", "bohachevsky1"),
)
def bohachevsky_n1(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with ripples near its center; it looks quadratic from afar, but local minima trap slow trajectories."""
    s, t = torch.sin(1.5 * math.pi * x), torch.sin(2 * math.pi * y)
    return x * x + 2 * y * y + 0.6 * s * s + 0.8 * t * t


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-1.2, 1.2), (-0.9, 0.9)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.1, 0.75),
    steps=120,
    title="Bohachevsky N. 2",
    latex=r"x^2 + 2y^2 - 0.3 \cos 3 \pi x \ \cos 4 \pi y + 0.3",
    reference=(
        "I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, "
        "1986"
    ),
    tags=("oscillating", "funnel", "smooth", "multimodal"),
    aliases=("bohachevsky2",),
)
def bohachevsky_n2(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with ripples in a checkerboard pattern; 25 minima trap trajectories that reach the center slowly."""
    s, t = torch.sin(1.5 * math.pi * x), torch.sin(2 * math.pi * y)
    s, t = 2 * s * s, 2 * t * t  # 1 - cos of each; 1 - (1 - s)(1 - t) = s + t - st
    return x * x + 2 * y * y + 0.3 * (s + t - s * t)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-1.0, 1.0), (-0.8, 0.8)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-0.9, 0.1),
    steps=120,
    title="Bohachevsky N. 3",
    latex=r"x^2 + 2y^2 - 0.3 \cos(3 \pi x + 4 \pi y) + 0.3",
    reference=(
        "I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, "
        "1986"
    ),
    tags=("oscillating", "ridge", "rotated", "smooth", "multimodal"),
    aliases=("bohachevsky3",),
    variants=("Some libraries use a product of two cosines instead of the cosine of the sum.",),
)
def bohachevsky_n3(x: Tensor, y: Tensor) -> Tensor:
    """Oblique waves across a bowl; descent runs along the troughs, but must cross crests to reach the minimum."""
    s = torch.sin(1.5 * math.pi * x + 2 * math.pi * y)
    return x * x + 2 * y * y + 0.6 * s * s


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.5, 3.5), (-2.5, 3.5)],
    minima=[(1.0, 1.0)],
    minimum=0.0,
    start=(-2.1, -1.6),
    steps=200,
    title="Levy N. 13",
    latex=r"\sin^2 3 \pi x + (x - 1)^2 (1 + \sin^2 3 \pi y) + (y - 1)^2 (1 + \sin^2 2 \pi y)",
    reference="A. V. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
    tags=("oscillating", "funnel", "smooth", "multimodal"),
    aliases=("levy13",),
)
def levy_n13(x: Tensor, y: Tensor) -> Tensor:
    """Ripples on a bowl with amplitudes that grow with distance; distant starts must cross the most local minima."""
    a, b = x - 1, y - 1
    # sin² 3πx = sin² 3π(x - 1); likewise for the others
    s, t, u = torch.sin(3 * math.pi * a), torch.sin(3 * math.pi * b), torch.sin(2 * math.pi * b)
    return s * s + a * a * (1 + t * t) + b * b * (1 + u * u)


FACTOR_MINIMIZER, FACTOR_MAXIMIZER = -1.425128428319761, -7.0835064076515595
"""Minimizer and maximizer of one factor of Shubert's function; both repeat with period 2π."""


def shubert_minima(d: int) -> list[tuple[float, ...]]:
    """Return the minimizers: one coordinate minimizes its factor, the others maximize theirs."""
    deep = [FACTOR_MINIMIZER + 2 * math.pi * k for k in (-1, 0, 1)]
    high = [FACTOR_MAXIMIZER + 2 * math.pi * k for k in (0, 1, 2)]
    return [place for i in range(d) for place in itertools.product(*(deep if i == j else high for j in range(d)))]


@function(
    (-10.0, 10.0),
    dims=Dims(most=4),
    view=[(-3.0, 3.0)],
    minima=shubert_minima,
    minimum=lambda d: -12.870885497725684 * 14.508007927195033 ** (d - 1),
    start=(-0.2, 0.4),
    steps=120,
    scale="linear",
    latex=r"\prod_{i=1}^{d} \sum_{j=1}^{5} j \cos((j + 1)\, x_i + j)",
    reference="B. O. Shubert, A sequential method seeking the global maximum of a function, 1972",
    tags=("oscillating", "periodic", "smooth", "multimodal", "any dimension"),
    aliases=("shubert_n1",),
    variants=("Shubert N. 3 and N. 4 are sums instead of products.",),
)
def shubert(x: Tensor) -> Tensor:
    """Some 760 minima in a periodic pattern, 18 of them global for d = 2; descent stops in the nearest one."""
    s = torch.zeros_like(x)
    for j in range(1, 6):
        s = s + j * torch.cos((j + 1) * x + j)
    return product(s)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-4.0, 2.0), (-4.0, 2.0)],
    minima=[(-1.3068530097535722, -1.4248450415606812)],
    minimum=-176.13757800162923,
    start=(0.6, -3.2),
    steps=120,
    scale="linear",
    title="Levy N. 5",
    latex=(
        r"\sum_{i=1}^{5} i \cos((i - 1) x + i) \, \sum_{j=1}^{5} j \cos((j + 1) y + j) + (x + 1.42513)^2 + "
        r"(y + 0.80032)^2"
    ),
    reference="A. V. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
    tags=("oscillating", "smooth", "multimodal"),
)
def levy_n5(x: Tensor, y: Tensor) -> Tensor:
    """Waves on a shallow bowl, with hundreds of minima of which one is the lowest; descent stops in the nearest."""
    one, two = torch.zeros_like(x), torch.zeros_like(y)
    for j in range(1, 6):
        one, two = one + j * torch.cos((j - 1) * x + j), two + j * torch.cos((j + 1) * y + j)
    a, b = x + 1.42513, y + 0.80032
    return one * two + a * a + b * b


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-3.0, 3.0), (-3.0, 3.0)],
    minima=[
        (-1.306707703621301 + 2 * math.pi * i, -1.425128428319761 + 2 * math.pi * j)
        for i, j in itertools.product((-1, 0, 1), repeat=2)
    ],
    minimum=-176.54179313674564,
    start=(0.6, 1.9),
    steps=120,
    scale="linear",
    latex=r"\sum_{i=0}^{4} (i + 1) \cos(i x + i + 1) \ \sum_{j=0}^{4} (j + 1) \cos((j + 2)\, y + j + 1)",
    reference="C. Fraley, Software performances on nonlinear least-squares problems, 1988",
    tags=("oscillating", "periodic", "smooth", "multimodal"),
)
def hansen(x: Tensor, y: Tensor) -> Tensor:
    """Hundreds of minima that repeat with period 2π, nine of them global; most starts end in a local minimum."""
    a, b = torch.zeros_like(x), torch.zeros_like(y)
    for i in range(5):
        a = a + (i + 1) * torch.cos(i * x + i + 1)
        b = b + (i + 1) * torch.cos((i + 2) * y + i + 1)
    return a * b


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=[(0.0, 0.0)],
    minimum=0.9,
    start=(1.4, 3.6),
    steps=120,
    scale="linear",
    latex=r"1 + \sin^2 x + \sin^2 y - 0.1\, e^{-x^2 - y^2}",
    reference="W. L. Price, A controlled random search procedure for global optimisation, 1977",
    tags=("oscillating", "smooth", "multimodal"),
    aliases=("price_n2",),
)
def periodic(x: Tensor, y: Tensor) -> Tensor:
    """A regular grid of 49 minima, one of them deeper by 0.1; the gradient gives no sign of where it is."""
    s, t = torch.sin(x), torch.sin(y)
    return 0.9 + s * s + t * t - 0.1 * torch.expm1(-x * x - y * y)


@function(
    (0.0, 180.0),
    dims=ANY,
    minima=[(120.0,)],
    minimum=-3.5,
    start=(52.0, 141.0),
    steps=150,
    scale="linear",
    latex=r"-2.5 \prod_{i=1}^{d} \sin(x_i - 30^\circ) - \prod_{i=1}^{d} \sin 5 (x_i - 30^\circ)",
    reference="Z. B. Zabinsky et al., Improving hit-and-run for global optimization, 1993",
    tags=("oscillating", "funnel", "periodic", "smooth", "multimodal", "any dimension"),
    variants=("Some versions use radians, or shift the minimizer to 90°.",),
)
def sinusoidal(x: Tensor) -> Tensor:
    """Short waves on one long wave, measured in degrees; gradients are small, so learning rates must be large."""
    t = (x - 120) * (math.pi / 180)  # sin(x - 30°) = cos(x - 120°), and sin 5(x - 30°) = cos 5(x - 120°)
    return -2.5 * product(torch.cos(t)) - product(torch.cos(5 * t))


@function(
    (-512.0, 512.0),
    dims=Dims(least=2),
    minima=lambda d: {2: [(512.0, 404.2318051137578)]}.get(d, []),
    minimum=lambda d: {2: -959.6406627208509}.get(d, math.nan),
    outside="unbounded",
    nonsmooth_where="where one of the roots is 0, with infinite slope",
    start=(60.0, 120.0),
    steps=150,
    scale="linear",
    latex=(
        r"-\sum_{i=1}^{d-1} \left[ (x_{i+1} + 47) \sin \sqrt{|x_{i+1} + x_i / 2 + 47|} + x_i \sin \sqrt{|x_i - x_{i+1} "
        r"- 47|} \right]"
    ),
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "nonsmooth", "multimodal", "unbounded", "any dimension"),
    variants=("Some libraries use a domain slightly larger than ±512, with a lower minimum.",),
)
def eggholder(x: Tensor) -> Tensor:
    """Irregular waves of growing amplitude with the minimum on the border; descent stops in a local minimum."""
    a, b = x[..., :-1], x[..., 1:] + 47
    return -ordered_sum(b * torch.sin(power(b + a / 2, 0.5)) + a * torch.sin(power(a - b, 0.5)))


@function(
    (-500.0, 500.0),
    dims=Dims(least=2),
    minima=lambda d: {2: [(-300.3376327388373, 500.0)]}.get(d, []),
    minimum=lambda d: {2: -500.80216029666434}.get(d, math.nan),
    outside="unbounded",
    nonsmooth_where="where one of the roots is 0",
    start=(-120.0, -90.0),
    steps=150,
    scale="linear",
    latex=(
        r"\sum_{i=1}^{d-1} (x_{i+1} + 1) \cos t_i \sin s_i + x_i \cos s_i \sin t_i, \quad t_i = \sqrt{|x_{i+1} - x_i + "
        r"1|}, \quad s_i = \sqrt{|x_{i+1} + x_i + 1|}"
    ),
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "nonsmooth", "multimodal", "unbounded", "any dimension"),
    variants=("Another version also adds the pair of the last and the first coordinate, with a minimum of -928.55.",),
)
def rana(x: Tensor) -> Tensor:
    """Two crossing wave patterns that grow towards the corners; local minima abound, and the best lie at the border."""
    a, b = x[..., :-1], x[..., 1:] + 1
    t, s = power(b - a, 0.5), power(b + a, 0.5)
    return ordered_sum(b * torch.cos(t) * torch.sin(s) + a * torch.cos(s) * torch.sin(t))


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
        "Without the minus sign, the minimum is 0, along all lines where a sine vanishes.",
        "Keane's original is a constrained quotient of cosines in many coordinates.",
    ),
)
def keane(x: Tensor, y: Tensor) -> Tensor:
    """Waves that fade with distance from the origin; both global minima lie on the border, local ones stop descent."""
    s, q = torch.sin(x - y) * torch.sin(x + y), x * x + y * y
    away = q > 0
    return torch.where(away, -s * s / torch.where(away, q, 1.0).sqrt(), 0.0 * q)


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
    variants=("A usual domain is [-10, 10]; here it is the square that is known to contain the minimizer.",),
)
def trefethen(x: Tensor, y: Tensor) -> Tensor:
    """Hundreds of minima from waves of several frequencies; descent stops at once, far from the lowest."""
    quick = torch.exp(torch.sin(50 * x)) + torch.sin(60 * torch.exp(y)) + torch.sin(70 * torch.sin(x))
    return quick + torch.sin(torch.sin(80 * y)) - torch.sin(10 * (x + y)) + (x * x + y * y) / 4


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
    variants=("The paper writes the factor -3.5 as a difference, y² - 4.5 y², possibly a misprint.",),
)
def ursem_waves(x: Tensor, y: Tensor) -> Tensor:
    """Curved waves on a surface that falls towards one corner; descent is trapped or leaves the domain."""
    y2 = y * y
    return -0.9 * x * x - 3.5 * x * y2 * y + 4.7 * torch.cos(3 * x - y2 * (2 + x)) * torch.sin(2.5 * math.pi * x)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-8.3, 6.4),
    steps=200,
    latex=(
        r"\sum_{i=1}^{d} i x_i^2 + 20 i \sin^2 A_i + i \log_{10}(1 + i B_i^2), \quad A_i = x_{i-1} \sin x_i + \sin "
        r"x_{i+1}, \quad B_i = x_{i-1}^2 - 2 x_i + 3 x_{i+1} - \cos x_i + 1"
    ),
    reference="J. D. Pintér, Global Optimization in Action, 1996",
    tags=("oscillating", "funnel", "smooth", "multimodal", "any dimension"),
)
def pinter(x: Tensor) -> Tensor:
    """Curved ripples on a bowl, denser farther out; small steps stop in the first ripples they meet."""
    i = one_to_d(x)
    before = torch.cat([x[..., -1:], x[..., :-1]], -1)
    after = torch.cat([x[..., 1:], x[..., :1]], -1)
    a = torch.sin(before * torch.sin(x) + torch.sin(after))
    s = torch.sin(x / 2)
    b = before * before - 2 * x + 3 * after + 2 * s * s  # 1 - cos x = 2 sin² x/2
    return ordered_sum(i * (x * x + 20 * a * a + torch.log1p(i * b * b) / math.log(10)))


@function(
    (-10.24, 10.24),
    dims=ANY,
    view=[(-0.6, 1.6)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-0.4, 1.3),
    steps=300,
    latex=(
        r"\sum_{i=1}^{d} \sum_{j=1}^{d} \left[ \frac{t_{ij}^2}{4000} - \cos t_{ij} + 1 \right], \quad t_{ij} = 100 "
        r"(x_i^2 - x_j)^2 + (1 - x_j)^2"
    ),
    reference="D. Whitley et al., Evaluating evolutionary algorithms, 1996",
    tags=("oscillating", "valley", "curved", "smooth", "multimodal", "degenerate", "any dimension"),
    variants=("Some versions omit the square of the first bracket of t; some put the 1 into the cosine.",),
)
def whitley(x: Tensor) -> Tensor:
    """Rosenbrock's valley covered by Griewank's waves; local minima interrupt the valley and stop descent along it."""
    a, b = x[..., :, None], x[..., None, :]
    off, left = a * a - b, 1 - b
    t = 100 * off * off + left * left
    s = torch.sin(t / 2)
    return ordered_sum(ordered_sum(t * t / 4000 + 2 * s * s))


@function(
    (0.5, 2.5),
    minima=[(0.5485634445276052,)],
    outside="lower",
    start=(2.3,),
    steps=150,
    scale="linear",
    title="Gramacy–Lee",
    latex=r"\frac{\sin 10 \pi x}{2x} + (x - 1)^4",
    reference="R. B. Gramacy and H. K. H. Lee, Cases for the nugget in modeling computer experiments, 2012",
    tags=("oscillating", "smooth", "separable", "multimodal"),
)
def gramacy_lee(x: Tensor) -> Tensor:
    """Waves in one dimension that grow to the left, with a wall on the right; small steps stop in the first minimum."""
    away = x.abs() > 1e-9
    safe = torch.where(away, x, 1.0)
    u = (x - 1) * (x - 1)
    return torch.where(away, torch.sin(10 * math.pi * safe) / (2 * safe), 5 * math.pi) + u * u


MISHRA_2006 = "S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006"


def radial_growth(x: Tensor, y: Tensor) -> Tensor:
    """Return exp |1 - r/π|, which has a crease on the circle r = π and a cone at the origin."""
    return torch.exp((1 - root(x * x + y * y) / math.pi).abs())


def mirrored(x: float, y: float) -> list[tuple[float, float]]:
    """Return the point and its mirror images at both axes."""
    return [(x, y), (-x, y), (x, -y), (-x, -y)]


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 10.5), (-10.5, 10.5)],
    minima=mirrored(9.646167670410366, 9.646167670410366),
    minimum=-24.15681554739119,
    outside="unbounded",
    nonsmooth_where="on the circle of radius π and at its center",
    start=(-7.9, 8.2),
    steps=120,
    scale="linear",
    latex=r"-\frac{1}{30} \left( \cos x \cos y\ e^{|1 - r / \pi|} \right)^2, \quad r = \sqrt{x^2 + y^2}",
    reference=MISHRA_2006,
    tags=("oscillating", "nonsmooth", "multimodal", "unbounded"),
)
def carrom_table(x: Tensor, y: Tensor) -> Tensor:
    """A grid of basins that deepen towards the corners; descent stays in the basin of the start."""
    s = torch.cos(x) * torch.cos(y) * radial_growth(x, y)
    return -s * s / 30


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.0, 10.0), (-2.0, 10.0)],
    minima=mirrored(8.055023475736563, 9.664590019241272),
    minimum=-19.208502567886732,
    outside="unbounded",
    nonsmooth_where="where the sine or the cosine changes sign, on the circle of radius π and at its center",
    start=(6.6, 8.1),
    steps=120,
    scale="linear",
    latex=r"-\left| \sin x \cos y\ e^{|1 - r / \pi|} \right|, \quad r = \sqrt{x^2 + y^2}",
    reference=MISHRA_2006,
    tags=("oscillating", "ridge", "nonsmooth", "multimodal", "unbounded"),
    aliases=("holder_table_n1",),
    variants=("Holder table N. 2 uses the cosine of both coordinates.",),
)
def holder_table(x: Tensor, y: Tensor) -> Tensor:
    """Basins separated by sharp crests, deepest near the corners; descent cannot cross a crest."""
    return -(torch.sin(x) * torch.cos(y) * radial_growth(x, y)).abs()


@function(
    (-11.0, 11.0),
    (-11.0, 11.0),
    minima=mirrored(9.646167670410366, 9.646167670410366),
    minimum=-0.9635348327265058,
    outside="lower",
    nonsmooth_where="on the circle of radius π and at its center",
    start=(-8.3, 8.2),
    steps=150,
    scale="linear",
    latex=r"-\exp\left( -\left| \cos x \cos y\ e^{|1 - r / \pi|} \right|^{-1} \right), \quad r = \sqrt{x^2 + y^2}",
    reference=MISHRA_2006,
    tags=("oscillating", "plateau", "nonsmooth", "multimodal"),
)
def pen_holder(x: Tensor, y: Tensor) -> Tensor:
    """Basins with flat bottoms and flat borders; the gradient almost vanishes on both, so steps stall."""
    s = (torch.cos(x) * torch.cos(y) * radial_growth(x, y)).abs()
    return -torch.exp(-1 / s.clamp(min=1e-3))  # exp(-1000) is 0


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=[(1.5706026141658023, 0.0), (-1.5706026141658023, 0.0)],
    minimum=-10.872300105622745,
    nonsmooth_where="where the sine or the cosine changes sign",
    start=(2.95, 1.3),
    steps=120,
    scale="linear",
    latex=r"-4 \left| \sin x \cos y\ e^{|\cos((x^2 + y^2) / 200)|} \right|",
    reference=MISHRA_2006,
    tags=("oscillating", "ridge", "nonsmooth", "multimodal"),
    variants=("Jamil and Yang omit the outer absolute value.",),
)
def test_tube_holder(x: Tensor, y: Tensor) -> Tensor:
    """Basins of almost equal depth between sharp crests; descent stays in the first basin it enters."""
    return -4 * (torch.sin(x) * torch.cos(y) * torch.exp(torch.cos((x * x + y * y) / 200).abs())).abs()


def lattice(x: Tensor, y: Tensor) -> Tensor:
    """Return (|sin x sin y| e^|100 - r/π| + 1)^0.1, which is 1 on the grid lines and above 1e4 next to them."""
    rho = root(x * x + y * y) / math.pi
    w = torch.where(rho < 100, -rho, rho - 200)  # |100 - r/π| - 100, without cancellation
    s = (torch.sin(x) * torch.sin(y)).abs()
    # e^100 overflows in single precision, so that its power is factored out and the 1 is divided by e^100
    inner = s + torch.exp(-100 - w)
    inner = torch.where(inner < 1e-36, inner.detach(), inner)  # its gradient overflows in single precision
    return torch.where(s > 0, math.exp(10) * torch.exp(0.1 * w) * power(inner, 0.1), 1.0)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=mirrored(1.3494066171539107, 1.3494066171539107),
    minimum=-2.062611870822737,
    outside="unbounded",
    nonsmooth_where="where one of the sines is 0, with infinite slope, and at the origin",
    start=(2.9, 0.25),
    steps=120,
    scale="linear",
    title="Cross-in-tray",
    latex=(
        r"-10^{-4} \left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{0.1}, "
        r"\quad r = \sqrt{x^2 + y^2}"
    ),
    reference=MISHRA_2006,
    tags=("oscillating", "ridge", "nonsmooth", "multimodal", "unbounded"),
)
def cross_in_tray(x: Tensor, y: Tensor) -> Tensor:
    """A grid of crests with infinite slope around nearly flat cells; cells look alike, and descent stays in one."""
    return -1e-4 * lattice(x, y)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(1.0,)],
    minimum=0.0,
    start=(-7.5, 6.0),
    steps=200,
    title="Levy N. 3",
    latex=(
        r"\sin^2(\pi w_1) + \sum_{i=1}^{d-1} (w_i - 1)^2 [1 + 10 \sin^2(\pi w_{i+1})] + (w_d - 1)^2, \quad "
        r"w_i = 1 + \frac{x_i - 1}{4}"
    ),
    reference="A. V. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
    tags=("oscillating", "funnel", "smooth", "multimodal", "any dimension"),
    variants=("The function levy has the same coordinate in the sine, shifted by 1, and waves in its last term.",),
)
def levy_n3(x: Tensor) -> Tensor:
    """A bowl whose curvature along an axis oscillates with the next coordinate; no step size fits everywhere."""
    off = (x - 1) / 4  # w − 1
    s = torch.sin(math.pi * off)
    here, following = off[..., :-1], s[..., 1:]
    waves = ordered_sum(here * here * (1 + 10 * following * following))
    return s[..., 0] * s[..., 0] + waves + off[..., -1] * off[..., -1]


ALPINE = (4.815842317845935, 7.917052684666207)
"""The coordinates at which √x sin x is lowest and highest in the domain of `alpine_n2`."""


@function(
    (0.0, 10.0),
    dims=ANY,
    minima=lambda d: [tuple(ALPINE[0] if i == k else ALPINE[1] for i in range(d)) for k in range(min(d, 64))],
    minimum=lambda d: -2.1827697846777220 * 2.8081311800070050 ** (d - 1),
    minima_complete=lambda d: d < 3,
    outside="unbounded",
    start=(1.3, 3.1),
    steps=150,
    scale="linear",
    title="Alpine N. 2",
    latex=r"\prod_{i=1}^{d} \sqrt{x_i} \sin x_i",
    reference=(
        "M. Clerc, The swarm and the queen: towards a deterministic and adaptive particle swarm optimization, 1999"
    ),
    tags=("oscillating", "smooth", "multimodal", "unbounded", "any dimension"),
    variants=("It was posed as a maximization, whose result 2.808^d lies at 7.917; some libraries negate it.",),
)
def alpine_n2(x: Tensor) -> Tensor:
    """A checkerboard of hills and hollows that grow with x; descent stops in the hollow of the start."""
    return product(root(x.abs()) * torch.sin(x))
