"""Sums of functions of one coordinate each, with several local minima per coordinate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function, least_squares
from landscapes.objectives.elementary import mean, one_to_d, ordered_sum, root, weierstrass_series


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
    """A regular grid of local minima on a wide bowl; gradient descent stops in the nearest one."""
    s = torch.sin(math.pi * x)
    return ordered_sum(x * x + 20 * s * s)  # 10 − 10 cos 2πx = 20 sin² πx, exact at the minimum


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
    variants=("Some versions divide by d instead of 2, so the minimum is -78.33 for every d.",),
)
def styblinski_tang(x: Tensor) -> Tensor:
    """A double well of unequal depths in each coordinate; most starts descend to a shallower minimum."""
    x2 = x * x
    return 0.5 * ordered_sum(x2 * x2 - 16 * x2 + 5 * x)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(1.0,)],
    minimum=0.0,
    start=(-7.5, 6.0),
    steps=200,
    latex=(
        r"\sin^2(\pi w_1) + \sum_{i=1}^{d-1} (w_i - 1)^2 [1 + 10 \sin^2(\pi w_i + 1)] + (w_d - 1)^2 [1 + \sin^2(2 \pi "
        r"w_d)], \quad w_i = 1 + \frac{x_i - 1}{4}"
    ),
    reference="A. V. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal", "any dimension"),
    variants=("Other versions use the next coordinate in the sine, or omit the last factor (SciPy's Levy03).",),
)
def levy(x: Tensor) -> Tensor:
    """A wide bowl with waves that differ by direction; momentum crosses some local minima and stops in others."""
    away = (x - 1) / 4  # w − 1
    off, end = away[..., :-1], away[..., -1]
    first, t = torch.sin(math.pi * away[..., 0]), torch.sin(2 * math.pi * end)
    s = torch.sin(math.pi * off + 1)
    return first * first + ordered_sum(off * off * (1 + 10 * s * s)) + end * end * (1 + t * t)


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
    variants=("Some versions omit the constant or use the mean; with 418.9829 the minimum is 1.3e-5 d instead of 0.",),
)
def schwefel(x: Tensor) -> Tensor:
    """Waves that grow outwards, with the global minimum near one corner; the next best minima lie far from it."""
    return ordered_sum(418.982887272433706 - x * torch.sin(root(x.abs())))


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
    """Narrow valleys cut into a flat region; outside the valleys the gradient almost vanishes and steps stall."""
    s = torch.sin(one_to_d(x) * x * x / math.pi)
    s2 = s * s
    s4 = s2 * s2
    s16 = s4 * s4 * s4 * s4
    return -ordered_sum(torch.sin(x) * s16 * s4)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="where a term x sin x + 0.1 x changes sign",
    start=(-6.4, 7.5),
    steps=150,
    scale="linear",
    title="Alpine N. 1",
    latex=r"\sum_{i=1}^{d} |x_i \sin x_i + 0.1\,x_i|",
    reference=(
        "S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating "
        "evolutionary algorithms, 2007"
    ),
    tags=("oscillating", "ridge", "nonsmooth", "separable", "multimodal", "any dimension"),
    variants=("One library takes the absolute value of the sum instead of summing absolute values.",),
)
def alpine_n1(x: Tensor) -> Tensor:
    """A grid of sharp creases with many global minima; fixed steps oscillate across the creases and do not settle."""
    return ordered_sum((x * torch.sin(x) + 0.1 * x).abs())


@function(
    (-1.0, 1.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,  # it is, but nearby minima are as low to any precision
    start=(-0.82, 0.64),
    steps=300,
    latex=r"\sum_{i=1}^{d} x_i^6 \left( 2 + \sin \frac{1}{x_i} \right)",
    reference=(
        "T. Csendes and D. Ratz, Subdivision direction selection in interval methods for global optimization, 1997"
    ),
    tags=("plateau", "smooth", "separable", "multimodal", "degenerate", "any dimension"),
    aliases=("infinity",),
    variants=("One library adds 1e-8 to the denominator.",),
)
def csendes(x: Tensor) -> Tensor:
    """Infinitely many waves that shrink towards a very flat minimum; gradients vanish as x⁵, and progress with them."""
    away = x.abs() > 1e-12  # nearer to 0, x⁶ is 0 to any precision, and 1/x² is not finite in all of them
    waves = torch.sin(torch.where(away, 1 / torch.where(away, x, 1.0), 0.0 * x))
    x2 = x * x
    return ordered_sum(x2 * x2 * x2 * (2 + waves))


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
    variants=("Several libraries copy a misprint that subtracts the squares; one negates the function.",),
)
def cosine_mixture(x: Tensor) -> Tensor:
    """Shallow waves on a bowl; momentum passes the local minima in which gradient descent stops."""
    return ordered_sum(x * x - 0.1 * torch.cos(5 * math.pi * x))


@function(
    (-1.0, 1.0),
    dims=ANY,
    minima=[(-0.9,), (-0.7,), (-0.5,), (-0.3,), (-0.1,), (0.1,), (0.3,), (0.5,), (0.7,), (0.9,)],
    minimum=-1.0,
    minima_complete=False,
    start=(0.39, -0.02),
    steps=80,
    scale="linear",
    title="Deb N. 1",
    latex=r"-\frac{1}{d} \sum_{i=1}^{d} \sin^6(5 \pi x_i)",
    reference=(
        "K. Deb and D. E. Goldberg, An investigation of niche and species formation in genetic function optimization, "
        "1989"
    ),
    tags=("oscillating", "periodic", "smooth", "separable", "multimodal", "any dimension"),
)
def deb_n1(x: Tensor) -> Tensor:
    """A grid of equal minima separated by flat regions; any minimum is optimal, but flat regions slow steps down."""
    s = torch.sin(5 * math.pi * x)
    s2 = s * s
    return -mean(s2 * s2 * s2)


@function(
    (-10.0, 10.0),
    dims=ANY,
    view=[(-2.5, 2.5)],
    minima=lambda d: [tuple((-1.0, 2.0)[(k >> i) & 1] for i in range(d)) for k in range(2 ** min(d, 3))],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="where one of the polynomials changes sign",
    start=(0.6, -0.3),
    steps=150,
    latex=r"\sum_{i=1}^{d} |x_i^5 - 3 x_i^4 + 4 x_i^3 + 2 x_i^2 - 10 x_i - 4|",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("basins", "ridge", "nonsmooth", "separable", "multimodal", "any dimension"),
)
def quintic(x: Tensor) -> Tensor:
    """Sharp creases where a polynomial changes sign; gradients stay large at the minima, so fixed steps oscillate."""
    inner = x * (x * (x * (x * (x - 3) + 4) + 2) - 10) - 4
    return ordered_sum(inner.abs())


@function(
    (0.25, 10.0),
    dims=ANY,
    minima=lambda d: [(math.exp((math.pi / 2 + 2 * math.pi * k) / 10),) * d for k in range(-2, 4)],
    minimum=lambda d: -float(d),
    minima_complete=False,
    outside="higher",
    start=(4.9, 5.8),
    steps=150,
    scale="linear",
    latex=r"-\sum_{i=1}^{d} \sin(10 \ln x_i)",
    reference="F. van den Bergh and A. P. Engelbrecht, A cooperative approach to particle swarm optimization, 2004",
    tags=("oscillating", "smooth", "separable", "multimodal", "any dimension"),
    variants=("Some versions use the mean instead of the sum.",),
)
def vincent(x: Tensor) -> Tensor:
    """Equal minima that become denser towards 0; one step size is too long for some and too short for others."""
    return -ordered_sum(torch.sin(10 * torch.log(torch.clamp(x, min=0.01))))


@function(
    (-0.5, 0.5),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-0.43, 0.34),
    steps=200,
    nonsmooth_where="everywhere, up to the precision of floating-point numbers",
    scale="linear",
    latex=r"\sum_{i=1}^{d} \sum_{k=0}^{20} 2^{-k} \left[ \cos(2 \pi 3^k (x_i + 0.5)) - \cos(\pi 3^k) \right]",
    reference=(
        "P. N. Suganthan et al., Problem definitions and evaluation criteria for the CEC 2005 special session, "
        "after K. Weierstrass, 2005"
    ),
    tags=("oscillating", "funnel", "nonsmooth", "separable", "multimodal", "any dimension"),
    variants=("Some libraries subtract the constant d times too often.",),
)
def weierstrass(x: Tensor) -> Tensor:
    """A continuous function, rough at every scale; gradients are very large and hardly point to the minimum."""
    return ordered_sum(weierstrass_series(x, 21))


@function(
    (-30.0, 30.0),
    (-30.0, 30.0),
    view=[(-2.0, 14.0), (-4.0, 4.0)],
    minima=[(6.18986658698431, 0.5)],
    minimum=-42.94438701899097,
    start=(12.4, -1.9),
    steps=200,
    latex=(
        r"x^2 - 12x + 11 + 10 \cos \frac{\pi x}{2} + 8 \sin \frac{5 \pi x}{2} - \frac{1}{\sqrt{5}}\, "
        r"e^{-(y - 1/2)^2 / 2}"
    ),
    reference="V. K. Chichinadze, Random search to determine the extremum of functions of several variables, 1967",
    tags=("valley", "plateau", "oscillating", "smooth", "separable", "multimodal", "ill-conditioned"),
    variants=("One library uses the sine of 5πx and divides by 5 instead of its square root.",),
)
def chichinadze(x: Tensor, y: Tensor) -> Tensor:
    """Steep waves along x and an almost flat direction y; x stops in a local minimum, y converges extremely slowly."""
    waves = 10 * torch.cos(math.pi / 2 * x) + 8 * torch.sin(2.5 * math.pi * x)
    off = y - 0.5
    return x * x - 12 * x + 11 + waves - torch.exp(-off * off / 2) / math.sqrt(5)


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-4.3, 3.6),
    steps=120,
    latex=r"x^2 + y^2 + 25 (\sin^2 x + \sin^2 y)",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal"),
)
def egg_crate(x: Tensor, y: Tensor) -> Tensor:
    """Nine minima on a bowl, the global one in the center; small steps stop in the nearest, momentum crosses ridges."""
    s, t = torch.sin(x), torch.sin(y)
    return x * x + y * y + 25 * (s * s + t * t)


@least_squares(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(0.5 * k * math.pi, j * math.pi) for k in (-3, -1, 1, 3) for j in (-1, 0, 1)],
    minimum=0.0,
    stationary={"maximum": [(0.0, math.pi / 2), (0.0, -math.pi / 2)], "saddle": [(0.0, 0.0)]},
    start=(0.3, 1.3),
    steps=80,
    scale="linear",
    latex=r"\cos^2 x + \sin^2 y",
    reference=(
        "K. E. Parsopoulos and M. N. Vrahatis, On the computation of all global minimizers through particle swarm "
        "optimization, 2004"
    ),
    tags=("oscillating", "periodic", "smooth", "separable", "multimodal", "least squares"),
)
def parsopoulos(x: Tensor, y: Tensor) -> Tensor:
    """Twelve equal minima on a grid; all are optimal, and the start decides which one is reached."""
    return torch.stack([torch.cos(x), torch.sin(y)])


@function(
    (0.0, 1.0),
    dims=ANY,
    view=[(0.0, 1.0)],
    minima=[(0.1,)],
    minimum=lambda d: -float(d),
    start=(0.86, 0.63),
    steps=150,
    scale="linear",
    title="Ripple N. 25",
    latex=r"-\sum_{i=1}^{d} 2^{-2 ((x_i - 0.1) / 0.8)^2} \sin^6 5 \pi x_i",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "plateau", "smooth", "separable", "multimodal", "any dimension"),
    variants=("Ripple N. 1 adds 0.1 cos² 500πx to each term, which creates about 250 000 minima in two dimensions.",),
)
def ripple_n25(x: Tensor) -> Tensor:
    """Five wells of different depth per coordinate, flat between them; no gradient leads from one to the next."""
    off = (x - 0.1) / 0.8
    s = torch.sin(5 * math.pi * x)
    s2 = s * s
    return -ordered_sum(torch.exp(-2 * math.log(2) * off * off) * s2 * s2 * s2)


@function(
    (-50.0, 50.0),
    (-50.0, 50.0),
    view=[(-20.0, 20.0), (-20.0, 20.0)],
    minima=[(0.0, 0.0)],
    minimum=-400.0,
    start=(-17.0, 13.0),
    steps=150,
    scale="linear",
    title="Venter–Sobieszczanski-Sobieski",
    latex=r"x^2 - 100 \cos^2 x - 100 \cos \frac{x^2}{30} + y^2 - 100 \cos^2 y - 100 \cos \frac{y^2}{30}",
    reference="G. Venter and J. Sobieszczanski-Sobieski, Particle swarm optimization, 2003",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal"),
    aliases=("venter",),
)
def venter_sobieszczanski_sobieski(x: Tensor, y: Tensor) -> Tensor:
    """Short and long waves on a bowl; momentum that crosses the short waves can still stop in the long ones."""

    def one(t: Tensor) -> Tensor:
        s, u = torch.sin(t), torch.sin(t * t / 60)
        return t * t - 200 + 100 * s * s + 200 * u * u

    return one(x) + one(y)


@function(
    (-2.5, 3.0),
    (-2.0, 2.0),
    minima=[(1.697136454365936, 0.0)],
    minimum=-4.816814063734822,
    stationary={"minimum": [(-1.4444561992238574, 0.0)], "saddle": [(-0.12634012757103932, 0.0)]},
    outside="unbounded",
    start=(-0.05, 1.7),
    steps=80,
    scale="linear",
    title="Ursem N. 1",
    latex=r"-\sin(2x - \pi / 2) - 3 \cos y - x / 2",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution-based methods, 2009",
    tags=("basins", "smooth", "separable", "multimodal", "unbounded"),
)
def ursem_n1(x: Tensor, y: Tensor) -> Tensor:
    """Two basins of different depth; near the ridge between them, a small change of the start changes the result."""
    return torch.cos(2 * x) - 3 * torch.cos(y) - x / 2


@function(
    (-2.0, 2.0),
    (-1.5, 1.5),
    minima=[(0.0, 0.0)],
    minimum=-3.0,
    outside="unbounded",
    nonsmooth_where="along both axes",
    start=(-1.75, 1.3),
    steps=100,
    scale="linear",
    title="Ursem N. 3",
    latex=r"-\frac{1}{4} \sum_{i=1}^{2} \cos(2.2 \pi x_i)\, (2 - |x_i|) (3 - |x_i|)",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution-based methods, 2009",
    tags=("oscillating", "funnel", "nonsmooth", "separable", "multimodal", "unbounded"),
    variants=("Jamil and Yang use the square of y in the sine.",),
)
def ursem_n3(x: Tensor, y: Tensor) -> Tensor:
    """Waves that are deepest in the center, with creases along both axes; fixed steps oscillate at the minimum."""

    def one(t: Tensor) -> Tensor:
        size = t.abs()
        return torch.cos(2.2 * math.pi * t) * (2 - size) * (3 - size)

    return -(one(x) + one(y)) / 4


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(-2.0, 0.0), (0.0, 0.0)],
    minimum=0.0,
    view=[(-3.5, 1.5), (-2.0, 2.0)],
    stationary={"saddle": [(-1.0, 0.0)]},
    start=(-3.1, 1.5),
    steps=120,
    scale="linear",
    latex=r"x^4 + 4 x^3 + 4 x^2 + y^2",
    reference="L. C. W. Dixon and G. P. Szegő, Towards global optimisation, 1975",
    tags=("basins", "smooth", "separable", "multimodal"),
    aliases=("trecanni",),
    variants=("One library uses 4x instead of 4x².",),
)
def treccani(x: Tensor, y: Tensor) -> Tensor:
    """A double well with two equal minima; mostly the start, not the optimizer, decides which one is reached."""
    away = x * (x + 2)
    return away * away + y * y


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.5, 2.5), (-2.0, 2.0)],
    minima=[(-1.0466805318046021, 0.0)],
    stationary={"minimum": [(0.9456492739235914, 0.0)], "saddle": [(0.10103125788101083, 0.0)]},
    start=(2.1, 1.6),
    steps=120,
    scale="linear",
    latex=r"\frac{x^4}{4} - \frac{x^2}{2} + \frac{x}{10} + \frac{y^2}{2}",
    reference=(
        "F. Aluffi-Pentini, V. Parisi and F. Zirilli, Global optimization and stochastic differential equations, 1985"
    ),
    tags=("basins", "smooth", "separable", "multimodal"),
    aliases=("aluffi_pentini",),
)
def zirilli(x: Tensor, y: Tensor) -> Tensor:
    """A double well with slightly unequal minima; from the wrong side, only momentum crosses the saddle."""
    x2 = x * x
    return 0.25 * x2 * x2 - 0.5 * x2 + 0.1 * x + 0.5 * y * y


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-10.0, 10.0), (-10.0, 10.0)],
    minima=[(5.0, 5.0), (5.0, -5.0), (-5.0, 5.0), (-5.0, -5.0)],
    minimum=0.0,
    nonsmooth_where="on both axes, x = 0 and y = 0",
    start=(-0.5, 9.0),
    steps=100,
    scale="linear",
    title="Price N. 1",
    latex=r"(|x| - 5)^2 + (|y| - 5)^2",
    reference="W. L. Price, A controlled random search procedure for global optimisation, 1977",
    tags=("basins", "bowl", "ridge", "nonsmooth", "separable", "multimodal"),
    aliases=("becker_lago",),
)
def price_n1(x: Tensor, y: Tensor) -> Tensor:
    """Four round bowls that meet in sharp ridges along the axes; the quadrant of the start decides the minimum."""
    a, b = x.abs() - 5, y.abs() - 5
    return a * a + b * b


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.0, 1.0)] * 4,
    minima=[(0.0, 0.0, 0.0, 0.0)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="jumps at the borders of the pockets, 0.05 away from every multiple of 0.2",
    start=(0.87, -0.72, 0.51, 0.68),
    steps=200,
    latex=(
        r"\sum_{i=1}^{4} d_i \, (0.15\,(z_i - 0.05\,\mathrm{sgn}\,z_i)^2 \ \mathrm{if}\ |x_i - z_i| < 0.05, \ "
        r"\mathrm{else}\ x_i^2), \quad z_i \approx x_i"
    ),
    reference=(
        "A. Corana et al., Minimizing multimodal functions of continuous variables with the simulated annealing "
        "algorithm, 1987"
    ),
    tags=("bowl", "plateau", "discontinuous", "separable", "multimodal"),
)
def corana(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """A bowl with a grid of flat pockets; the gradient inside a pocket is zero, and leaving it needs a step upwards.

    z_i is the multiple of 0.2 nearest to x_i; the weights d_i are 1, 1000, 10 and 100.
    """
    weighted = []
    for weight, c in zip((1.0, 1000.0, 10.0, 100.0), (x, y, z, w), strict=True):
        sign = c.sign()
        middle = 0.2 * (c / 0.2).abs().add(0.49999).floor() * sign
        floor = middle - 0.05 * middle.sign()
        weighted.append(weight * torch.where((c - middle).abs() < 0.05, 0.15 * floor * floor + 0 * c, c * c))
    return ordered_sum(torch.stack(weighted, -1))


def qing_minima(d: int) -> list[tuple[float, ...]]:
    """Return ±√i for all signs; from nine coordinates on, when they are too many to list, the positive one."""
    signs = itertools.product((1.0, -1.0), repeat=d) if d <= 8 else [(1.0,) * d]
    return [tuple(sign * math.sqrt(i) for i, sign in enumerate(row, 1)) for row in signs]


@least_squares(
    (-500.0, 500.0),
    dims=ANY,
    view=[(-4.0, 4.0), (-4.0, 4.0)],
    minima=qing_minima,
    minima_complete=lambda d: d <= 8,
    stationary={
        "saddle": [(0.0, -math.sqrt(2)), (0.0, math.sqrt(2)), (1.0, 0.0), (-1.0, 0.0)],
        "maximum": [(0.0, 0.0)],
    },
    minimum=0.0,
    start=(0.3, -3.6),
    steps=100,
    latex=r"\sum_{i=1}^{d} \left( x_i^2 - i \right)^2",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("basins", "smooth", "separable", "multimodal", "least squares", "any dimension"),
)
def qing(x: Tensor) -> Tensor:
    """A double well of equal depths in each coordinate; the signs of the start decide which minimum is reached."""
    return (x * x - one_to_d(x)).movedim(-1, 0)


@function(
    (-math.pi, math.pi),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-2.2, 1.5),
    steps=120,
    scale="linear",
    title="Wavy",
    latex=r"1 - \frac{1}{d} \sum_{i=1}^{d} \cos(10 x_i)\, e^{-x_i^2/2}",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "smooth", "multimodal", "separable", "any dimension"),
)
def wavy(x: Tensor) -> Tensor:
    """A grid of local minima that deepen towards the origin; gradient descent stops in the nearest one."""
    s = torch.sin(5 * x)
    bell = torch.exp(-0.5 * x * x)
    return mean(2 * s * s * bell - torch.expm1(-0.5 * x * x))  # 1 − cos 10x = 2 sin² 5x, exact at the minimum


def every_period(x: float) -> Callable[[int], list[tuple[float, ...]]]:
    """Return the minimizers by d of a sum of equal terms with period 2π; x is the smallest one in [-10, 10]."""
    return lambda d: list(itertools.product([x + 2 * math.pi * k for k in range(3)], repeat=d))


@function(
    (-10.0, 10.0),
    dims=Dims(most=6),
    view=[(-3.0, 3.0)],
    minima=every_period(-6.774576143438901),
    minimum=lambda d: -12.031249442167139 * d,
    start=(-2.2, 1.1),
    steps=120,
    scale="linear",
    title="Shubert N. 3",
    latex=r"-\sum_{i=1}^{d} \sum_{j=1}^{5} j \sin((j + 1)\, x_i + j)",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "periodic", "smooth", "multimodal", "separable", "any dimension"),
    variants=("Jamil and Yang print it without the sign, and the value -29.6733337, which neither form attains.",),
)
def shubert_n3(x: Tensor) -> Tensor:
    """Waves of five frequencies in each coordinate; most starts lead to one of the many higher minima."""
    return -ordered_sum(sum((j * torch.sin((j + 1) * x + j) for j in range(2, 6)), torch.sin(2 * x + 1)))


@function(
    (-10.0, 10.0),
    dims=Dims(most=6),
    view=[(-3.0, 3.0)],
    minima=every_period(-7.0835064076515595),
    minimum=lambda d: -14.508007927195033 * d,
    start=(1.2, 1.8),
    steps=120,
    scale="linear",
    title="Shubert N. 4",
    latex=r"-\sum_{i=1}^{d} \sum_{j=1}^{5} j \cos((j + 1)\, x_i + j)",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "periodic", "smooth", "multimodal", "separable", "any dimension"),
    variants=("Without the sign the minimum is -12.870885 d.",),
)
def shubert_n4(x: Tensor) -> Tensor:
    """The sum of the factors of Shubert's function; most starts lead to one of the many higher minima."""
    return -ordered_sum(sum((j * torch.cos((j + 1) * x + j) for j in range(2, 6)), torch.cos(2 * x + 1)))


@function(
    (-4.0, 6.0),
    dims=ANY,
    view=[(-0.5, 2.3)],
    minima=[(0.9,)],
    minimum=1.0,
    start=(-0.2, 1.9),
    steps=150,
    scale="linear",
    title="Trigonometric N. 2",
    latex=r"1 + \sum_{i=1}^{d} \left[ 8 \sin^2(7 t_i) + 6 \sin^2(14 t_i) + t_i \right], \quad t_i = (x_i - 0.9)^2",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013"
    ),
    tags=("oscillating", "funnel", "smooth", "multimodal", "separable", "any dimension"),
    variants=(
        "Jamil and Yang print x₁ in the second sine; the minimizer is the same.",
        "The usual domain is [-500, 500], where the ripples are far narrower than any view or step.",
    ),
)
def trigonometric_n2(x: Tensor) -> Tensor:
    """Ripples that become denser with the distance from the minimum; only nearby starts reach it."""
    away = (x - 0.9) * (x - 0.9)
    s, t = torch.sin(7 * away), torch.sin(14 * away)
    return 1 + ordered_sum(8 * s * s + 6 * t * t + away)
