"""Egg boxes: hollows side by side in rows and columns, on level ground or in a bowl."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import ordinals, product, total
from landscapes.objectives.objective import ANY, Dims, function, least_squares


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-4.3, 3.6),
    steps=120,
    latex=r"x^2 + y^2 + 25 (\sin^2 x + \sin^2 y)",
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal"),
)
def egg_crate(x: Tensor, y: Tensor) -> Tensor:
    """Nine hollows, the lowest in the middle: small steps stay in the first one, momentum rolls over the crests."""
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
    reference="K. E. Parsopoulos and M. N. Vrahatis, On the computation of all global minimizers through particle swarm optimization, 2004",
    tags=("oscillating", "periodic", "smooth", "separable", "multimodal", "least squares"),
)
def parsopoulos(x: Tensor, y: Tensor) -> Tensor:
    """Twelve hollows, all equally deep: every optimizer is right, and yet they do not end in the same one."""
    return torch.stack([torch.cos(x), torch.sin(y)])


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
    """Forty-nine hollows, one of them a tenth deeper: the slope leads into each, and says nothing of the others."""
    s, t = torch.sin(x), torch.sin(y)
    return 0.9 + s * s + t * t - 0.1 * torch.expm1(-x * x - y * y)


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
    reference="I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, 1986",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal"),
    aliases=("bohachevsky", "bohachevsky1"),
)
def bohachevsky_n1(x: Tensor, y: Tensor) -> Tensor:
    """A bowl with a hammered bottom: from afar it is round, close by every dent catches whoever has lost speed."""
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
    reference="I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, 1986",
    tags=("oscillating", "funnel", "smooth", "multimodal"),
    aliases=("bohachevsky2",),
)
def bohachevsky_n2(x: Tensor, y: Tensor) -> Tensor:
    """The dents of the bowl stand as on a chessboard: ways along the axes are blocked, slanting ones are open."""
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
    reference="I. O. Bohachevsky, M. E. Johnson and M. L. Stein, Generalized simulated annealing for function optimization, 1986",
    tags=("oscillating", "ridge", "rotated", "smooth", "multimodal"),
    aliases=("bohachevsky3",),
    variants=("In some libraries the cosine of the sum is a product of two cosines.",),
)
def bohachevsky_n3(x: Tensor, y: Tensor) -> Tensor:
    """Slanting waves in a bowl: one rolls along the troughs at ease, and has to get across to reach the bottom."""
    s = torch.sin(1.5 * math.pi * x + 2 * math.pi * y)
    return x * x + 2 * y * y + 0.6 * s * s


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
    """High crests and deep hollows by hundreds, repeating themselves: nine are the lowest, and none is near all others."""
    a, b = torch.zeros_like(x), torch.zeros_like(y)
    for i in range(5):
        a = a + (i + 1) * torch.cos(i * x + i + 1)
        b = b + (i + 1) * torch.cos((i + 2) * y + i + 1)
    return a * b


DEEP, HIGH = -1.425128428319761, -7.0835064076515595
"""Where a factor of Shubert's function is lowest, and where it is highest; both repeat with 2π."""


def shubert_minima(d: int) -> list[tuple[float, ...]]:
    """One coordinate where its factor is lowest, the others where theirs are highest."""
    deep = [DEEP + 2 * math.pi * k for k in (-1, 0, 1)]
    high = [HIGH + 2 * math.pi * k for k in (0, 1, 2)]
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
    variants=("A sum in place of the product goes by the names of Shubert N. 3 and N. 4.",),
)
def shubert(x: Tensor) -> Tensor:
    """Some 760 hollows, of which 18 are the deepest: they come in pairs, and a pair is a step apart from many others."""
    s = torch.zeros_like(x)
    for j in range(1, 6):
        s = s + j * torch.cos((j + 1) * x + j)
    return product(s)


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
    """Ripples on the walls of a bowl grow with the distance: who starts far out has the most hollows to get through."""
    a, b = x - 1, y - 1
    # sin² 3πx = sin² 3π(x - 1), and so for the others
    s, t, u = torch.sin(3 * math.pi * a), torch.sin(3 * math.pi * b), torch.sin(2 * math.pi * b)
    return s * s + a * a * (1 + t * t) + b * b * (1 + u * u)


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
    variants=("The first one divided by 200 and took two coordinates.",),
)
def griewank(x: Tensor) -> Tensor:
    """Many thousand dimples on a wide bowl: from afar they hardly matter, close by they are all there is."""
    i = ordinals(x)
    return 1 + total(x * x) / 4000 - product(torch.cos(x / i.sqrt()))


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
    variants=("Some count in radians, or move the minimum to the middle, 90°.",),
)
def sinusoidal(x: Tensor) -> Tensor:
    """Short waves on one long one, in degrees: gradients are sixty times as small as they look, and rates as much larger."""
    t = (x - 120) * (math.pi / 180)  # sin(x - 30°) = cos(x - 120°), and so five times as fast
    return -2.5 * product(torch.cos(t)) - product(torch.cos(5 * t))


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
    """Short waves on long ones in a bowl: momentum that crosses the short ones is caught between the long ones."""

    def one(t: Tensor) -> Tensor:
        s, u = torch.sin(t), torch.sin(t * t / 60)
        return t * t - 200 + 100 * s * s + 200 * u * u

    return one(x) + one(y)


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
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimisation problems, 2013",
    tags=("oscillating", "plateau", "smooth", "separable", "multimodal", "any dimension"),
    variants=("Ripple N. 1 adds 0.1 cos² 500πx to each term, a quarter of a million minima that no picture shows.",),
)
def ripple_n25(x: Tensor) -> Tensor:
    """Pits of growing depth, level ground between them: there is slope in the pits alone, and none towards the deepest."""
    off = (x - 0.1) / 0.8
    s = torch.sin(5 * math.pi * x)
    s2 = s * s
    return -total(torch.exp(-2 * math.log(2) * off * off) * s2 * s2 * s2)


@function(
    (-2.0, 2.0),
    (-1.5, 1.5),
    minima=[(0.0, 0.0)],
    minimum=-3.0,
    outside="unbounded",
    kinks="along both axes",
    start=(-1.75, 1.3),
    steps=100,
    scale="linear",
    title="Ursem N. 3",
    latex=r"-\frac{1}{4} \sum_{i=1}^{2} \cos(2.2 \pi x_i)\, (2 - |x_i|) (3 - |x_i|)",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution-based methods, 2009",
    tags=("oscillating", "funnel", "kinked", "separable", "multimodal", "unbounded"),
    variants=("Jamil and Yang's has the square of y in the sine.",),
)
def ursem_n3(x: Tensor, y: Tensor) -> Tensor:
    """Hollows that are deeper the nearer they lie to the middle, and there two creases cross: what speed wins, they waste."""

    def one(t: Tensor) -> Tensor:
        size = t.abs()
        return torch.cos(2.2 * math.pi * t) * (2 - size) * (3 - size)

    return -(one(x) + one(y)) / 4
