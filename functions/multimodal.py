"""A few wide hollows: which one is reached depends on the start, the step and the speed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import mean, root
from landscapes.objectives.objective import ANY, function, least_squares


@least_squares(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (3.5844283403304917, -1.8481265269644036),
        (-3.779310253377747, -3.2831859912861696),
    ],
    minimum=0.0,
    stationary={
        "saddle": [
            (3.385154183607021, 0.07385187983774928),
            (0.08667750455539634, 2.884254701174776),
            (-3.0730257507643897, -0.08135304428796751),
            (-0.12796134673068005, -1.9537149802445766),
        ],
        "maximum": [(-0.2708445906673476, -0.9230385564799815)],
    },
    start=(0.0, -3.3),
    steps=100,
    latex=r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    reference="D. M. Himmelblau, Applied Nonlinear Programming, 1972",
    tags=("basins", "smooth", "multimodal", "least squares"),
)
def himmelblau(x: Tensor, y: Tensor) -> Tensor:
    """Four minima, equally deep: starts a hair apart, or steps of another length, end in different ones."""
    return torch.stack([x * x + y - 11, x + y * y - 7])


@function(
    (-32.768, 32.768),
    dims=ANY,
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    kinks="at the minimum, the tip of a cone",
    start=(-2.6, 1.8),
    steps=120,
    scale="linear",
    latex=r"-20\, e^{-0.2 \sqrt{\frac{1}{d} \sum x_i^2}} - e^{\frac{1}{d} \sum \cos 2 \pi x_i} + 20 + e",
    reference="D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987",
    tags=("funnel", "oscillating", "kinked", "multimodal", "any dimension"),
)
def ackley(x: Tensor) -> Tensor:
    """A funnel set with dimples: small steps stay in the first one, steps as long as a dimple roll to the middle.

    The middle is the tip of a cone, where there is no gradient; here it is zero.
    """
    r, t = root(mean(x * x)), torch.sin(math.pi * x)
    # with cos 2πx = 1 − 2 sin² πx the constants 20 and e cancel, so that the minimum is exact
    return -20 * torch.expm1(-0.2 * r) - math.e * torch.expm1(-2 * mean(t * t))


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    stationary={
        "minimum": [(1.747552345830289, -0.8737761729151445), (-1.747552345830289, 0.8737761729151445)],
        "saddle": [(1.0705422918236598, -0.5352711459118299), (-1.0705422918236598, 0.5352711459118299)],
    },
    start=(-2.0, -1.8),
    steps=120,
    title="Three-hump camel",
    latex=r"2x^2 - 1.05x^4 + \frac{x^6}{6} + xy + y^2",
    reference="F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, 1972",
    tags=("basins", "smooth", "multimodal"),
    aliases=("camel3",),
)
def three_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Two hollows guard the true one: momentum carries over the hump where plain descent settles."""
    x2 = x * x
    return 2 * x2 - 1.05 * x2 * x2 + x2 * x2 * x2 / 6 + x * y + y * y


@function(
    (-3.0, 3.0),
    (-2.0, 2.0),
    view=[(-2.1, 2.1), (-1.2, 1.2)],
    minima=[(0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396)],
    minimum=-1.0316284534898774,
    stationary={
        "minimum": [
            (1.7036067149699807, -0.7960835686726251),
            (-1.7036067149699807, 0.7960835686726251),
            (1.6071047529201972, 0.5686514548841314),
            (-1.6071047529201972, -0.5686514548841314),
        ],
        "saddle": [
            (0.0, 0.0),
            (1.1092053368047865, -0.7682680925095399),
            (-1.1092053368047865, 0.7682680925095399),
            (1.6380679841897785, 0.2286740690443941),
            (-1.6380679841897785, -0.2286740690443941),
            (1.296070267167109, 0.6050843880386585),
            (-1.296070267167109, -0.6050843880386585),
        ],
        "maximum": [(1.2302298765166524, 0.16233458445899496), (-1.2302298765166524, -0.16233458445899496)],
    },
    start=(-0.9, -1.1),
    steps=100,
    title="Six-hump camel",
    latex=r"\left(4 - 2.1x^2 + \frac{x^4}{3}\right) x^2 + xy + (4y^2 - 4)\, y^2",
    reference="L. C. W. Dixon and G. P. Szegö, The global optimization problem: an introduction, 1978",
    tags=("basins", "smooth", "multimodal"),
    aliases=("camel6", "camel"),
    variants=("One copy in circulation is four times as high.",),
)
def six_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Six hollows, the two deepest side by side: how fast one arrives decides where one stays."""
    x2, y2 = x * x, y * y
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2


@function(
    (-5.0, 10.0),
    (0.0, 15.0),
    minima=[(-math.pi, 12.275), (math.pi, 2.275), (3 * math.pi, 2.475)],
    minimum=0.39788735772973816,
    stationary={"saddle": [(0.0, 6.0), (2 * math.pi, 1.1)]},
    start=(2.5, 12.5),
    steps=150,
    latex=r"\left( y - \frac{5.1 x^2}{4 \pi^2} + \frac{5 x}{\pi} - 6 \right)^2 + 10 \left( 1 - \frac{1}{8 \pi} \right) \cos x + 10",
    reference="F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, 1972",
    tags=("basins", "valley", "curved", "smooth", "multimodal"),
    aliases=("branin_n1", "branin01", "branin_rcos", "branin_hoo"),
    variants=(
        "Forrester's adds 5x, which makes one of the three minima the lowest.",
        "Scaled to the unit square it is used in Bayesian optimization.",
    ),
)
def branin(x: Tensor, y: Tensor) -> Tensor:
    """Three equally deep hollows along a bent valley: the length of the steps decides which of them one ends in."""
    off = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    c = torch.cos(x / 2)
    # 10 + 10 (1 - s) cos x with cos x = 2 cos² x/2 - 1
    return off * off + 20 * (1 - 0.125 / math.pi) * c * c + 1.25 / math.pi


@function(
    (-1.0, 2.0),
    (-1.0, 1.0),
    minima=[(2.0, 0.1057834694517169)],
    minimum=-2.021806783359787,
    stationary={"saddle": [(0.7945733292974204, -0.8935081317470633), (-0.7945733292974204, 0.8935081317470633)]},
    outside="unbounded",
    start=(1.0, 0.9),
    steps=60,
    scale="linear",
    latex=r"\cos x \sin y - \frac{x}{y^2 + 1}",
    reference="C. S. Adjiman et al., A global optimization method, αBB, for general twice-differentiable constrained NLPs, 1998",
    tags=("smooth", "unimodal", "unbounded"),
)
def adjiman(x: Tensor, y: Tensor) -> Tensor:
    """A ramp that ends at the border of its domain: without bounds nothing holds those who follow the slope."""
    return torch.cos(x) * torch.sin(y) - x / (y * y + 1)


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(0.0, -1.0)],
    minimum=3.0,
    stationary={
        "minimum": [(-0.6, -0.4), (1.8, 0.2), (1.2, 0.8)],
        "saddle": [(-0.4, -0.6), (1.2, -0.2), (1.4, 0.6), (0.6, 0.4)],
        "maximum": [(0.8, 0.2)],
    },
    start=(-1.5, 1.0),
    steps=200,
    title="Goldstein–Price",
    latex=r"[1 + (x + y + 1)^2 (19 - 14x + 3x^2 - 14y + 6xy + 3y^2)]\ [30 + (2x - 3y)^2 (18 - 32x + 12x^2 + 48y - 36xy + 27y^2)]",
    reference="A. A. Goldstein and J. F. Price, On descent from local minima, 1971",
    tags=("basins", "curved", "steep corners", "smooth", "multimodal"),
    variants=("In Bayesian optimization its logarithm is used, shifted and scaled.",),
)
def goldstein_price(x: Tensor, y: Tensor) -> Tensor:
    """Values over six decades: whatever step suits the heights is lost in the depths, and the other way round."""
    a, b = x + y + 1, 2 * x - 3 * y
    p = 19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y
    q = 18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y
    return (1 + a * a * p) * (30 + b * b * q)


@least_squares(
    (-50.0, 50.0),
    (-50.0, 50.0),
    view=[(-2.0, 4.0), (-4.0, 5.0)],
    minima=[(0.0, 0.0), (2.0, 4.0), (1.4643521196636984, -2.5060127607816622)],
    minimum=0.0,
    stationary={"saddle": [(0.9369723000916335, -1.555636654676623), (1.201480536617019, 2.0683930439082645)]},
    start=(3.0, 0.6),
    steps=300,
    title="Price N. 4",
    latex=r"(2 x^3 y - y^3)^2 + (6x - y^2 + y)^2",
    reference="W. L. Price, A controlled random search procedure for global optimisation, 1977",
    tags=("basins", "curved", "smooth", "multimodal", "ill-conditioned", "degenerate", "least squares"),
)
def price_n4(x: Tensor, y: Tensor) -> Tensor:
    """Three equally low points joined by a bent floor: the flattest holds the slow, the steep ones the quick."""
    y2 = y * y
    return torch.stack([2 * x * x * x * y - y2 * y, 6 * x - y2 + y])


@function(
    (0.0, 5.0),
    (0.0, 6.0),
    minima=[(4.0, 2.0)],
    stationary={"minimum": [(1.0, 2.0)], "saddle": [(2.0, 2.0)]},
    outside="unbounded",
    start=(2.2, 5.4),
    steps=150,
    scale="linear",
    latex=r"\left( 1 - 8x + 7x^2 - \frac{7}{3} x^3 + \frac{1}{4} x^4 \right) y^2 e^{-y}",
    reference="G. A. Bekey and M. T. Ung, A comparative evaluation of two global search algorithms, 1974",
    tags=("basins", "plateau", "smooth", "multimodal", "unbounded"),
)
def hosaki(x: Tensor, y: Tensor) -> Tensor:
    """Two hollows, and where y is large next to no slope: the ridge between them is decided long before it is seen."""
    u = x - 2  # where the polynomial turns, 1, 2 and 4 less 2, so that it loses no digits
    p = u * u * (u * u / 4 - u / 3 - 1) - 5 / 3
    return p * y * y * torch.exp(-y)


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
    """Two hollows on a tilted board: who starts a hair to the other side of the crest between them ends in the higher."""
    return torch.cos(2 * x) - 3 * torch.cos(y) - x / 2


@function(
    (-20.0, 20.0),
    (-20.0, 20.0),
    view=[(-3.0, 3.0), (-20.0, 20.0)],
    minima=[(0.0, 14.945112151891959), (0.0, -14.945112151891959)],
    minimum=-24776.51834231769,
    stationary={"minimum": [(0.0, 0.0)], "saddle": [(0.0, 0.7071085489778078), (0.0, -0.7071085489778078)]},
    start=(1.5, 3.0),
    steps=300,
    scale="rank",
    title="Deckkers–Aarts",
    latex=r"10^5 x^2 + y^2 - (x^2 + y^2)^2 + 10^{-5} (x^2 + y^2)^4",
    reference="A. Dekkers and E. Aarts, Global optimization and simulated annealing, 1991",
    tags=("valley", "smooth", "multimodal"),
)
def deckkers_aarts(x: Tensor, y: Tensor) -> Tensor:
    """A trench with a hump in its middle: steps that suit its walls take an age to get away along its floor."""
    q = x * x + y * y
    q2 = q * q
    return 1e5 * x * x + y * y - q2 + 1e-5 * q2 * q2


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.22827892055636909, -1.6255349574999964)],
    minimum=-6.551133332835837,
    stationary={
        "minimum": [(-1.3473962443682108, 0.20451886609700515), (0.2964455538468321, 0.32019624766683435)],
        "saddle": [
            (0.41632332167850816, -0.3941450984024246),
            (-0.2659375568372457, 0.46673999372626945),
            (1.098272834335093, 0.8544609795247525),
        ],
        "maximum": [
            (1.285684697241304, -0.004847559075593673),
            (-0.46002451803438654, -0.6291965087168009),
            (-0.009317581959954116, 1.5813679629389998),
        ],
    },
    outside="higher",
    start=(0.9, -0.35),
    steps=120,
    scale="linear",
    latex=r"3 (1 - x)^2 e^{-x^2 - (y + 1)^2} - 10 \left( \frac{x}{5} - x^3 - y^5 \right) e^{-x^2 - y^2} - \frac{1}{3} e^{-(x + 1)^2 - y^2}",
    reference="The MathWorks, peaks: example function of MATLAB, 1984",
    tags=("basins", "plateau", "smooth", "multimodal"),
    aliases=("matlab_peaks",),
)
def peaks(x: Tensor, y: Tensor) -> Tensor:
    """Three hills and three hollows on a plain: near the top of a hill a hair decides which way the paths go down."""
    x2, y2 = x * x, y * y
    a, b, c = (1 - x), y + 1, x + 1
    return (
        3 * a * a * torch.exp(-x2 - b * b)
        - 10 * (x / 5 - x2 * x - y2 * y2 * y) * torch.exp(-x2 - y2)
        - torch.exp(-c * c - y2) / 3
    )
