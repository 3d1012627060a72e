"""A few wide basins, separated by saddles: the start and the step size decide which minimum is found."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import Dims, function, least_squares
from landscapes.objectives.elementary import one_to_d, ordered_sum


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
    """Four equal minima separated by saddles; small changes of start or step size change which one is reached."""
    return torch.stack([x * x + y - 11, x + y * y - 7])


@function(
    (-5.0, 10.0),
    (0.0, 15.0),
    minima=[(-math.pi, 12.275), (math.pi, 2.275), (3 * math.pi, 2.475)],
    minimum=0.39788735772973816,
    stationary={"saddle": [(0.0, 6.0), (2 * math.pi, 1.1)]},
    start=(2.5, 12.5),
    steps=150,
    latex=(
        r"\left( y - \frac{5.1 x^2}{4 \pi^2} + \frac{5 x}{\pi} - 6 \right)^2 + 10 \left( 1 - \frac{1}{8 \pi} \right) "
        r"\cos x + 10"
    ),
    reference=(
        "F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, "
        "1972"
    ),
    tags=("basins", "valley", "curved", "smooth", "multimodal"),
    aliases=("branin_n1", "branin01", "branin_rcos", "branin_hoo"),
    variants=(
        "Forrester's variant adds 5x, which leaves one global minimum.",
        "Bayesian optimization often uses it scaled to the unit square.",
    ),
)
def branin(x: Tensor, y: Tensor) -> Tensor:
    """Three equal minima along a curved valley; the learning rate decides which one a trajectory reaches."""
    off = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    c = torch.cos(x / 2)
    # 10 + 10 (1 - s) cos x with cos x = 2 cos² x/2 - 1
    return off * off + 20 * (1 - 0.125 / math.pi) * c * c + 1.25 / math.pi


@function(
    (-5.0, 15.0),
    (-5.0, 15.0),
    minima=[(-3.1969884247443834, 12.526257885290116)],
    minimum=5.558914403893819,
    start=(0.5, 9.5),
    steps=200,
    title="Branin N. 2",
    latex=(
        r"\left( y - \frac{5.1 x^2}{4 \pi^2} + \frac{5 x}{\pi} - 6 \right)^2 + 10 \left( 1 - \frac{1}{8 \pi} \right) "
        r"\cos x \cos y + \ln(x^2 + y^2 + 1) + 10"
    ),
    reference=(
        "C. Munteanu and V. Lazarescu, Global search using a new evolutionary framework: the adaptive reservoir "
        "genetic algorithm, 1998"
    ),
    tags=("valley", "curved", "oscillating", "smooth", "multimodal"),
    aliases=("branin02",),
    variants=("Another function of this name is (1 - 2y + sin(4πy)/20 - x)² + (y - sin(2πx)/2)².",),
)
def branin_n2(x: Tensor, y: Tensor) -> Tensor:
    """A curved valley with waves along its floor; ten minima, one of them global, stop small steps."""
    off = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    waves = 10 * (1 - 0.125 / math.pi) * torch.cos(x) * torch.cos(y)
    return off * off + waves + torch.log1p(x * x + y * y) + 10


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
    latex=(
        r"[1 + (x + y + 1)^2 (19 - 14x + 3x^2 - 14y + 6xy + 3y^2)]\ [30 + (2x - 3y)^2 (18 - 32x + 12x^2 + 48y - 36xy + "
        r"27y^2)]"
    ),
    reference="A. A. Goldstein and J. F. Price, On descent from local minima, 1971",
    tags=("basins", "curved", "steep corners", "smooth", "multimodal"),
    variants=("Bayesian optimization often uses its logarithm, shifted and scaled.",),
)
def goldstein_price(x: Tensor, y: Tensor) -> Tensor:
    """Four minima and values from 3 to 1e6; a step size stable on the walls is far too small near the minima."""
    a, b = x + y + 1, 2 * x - 3 * y
    p = 19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y
    q = 18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y
    return (1 + a * a * p) * (30 + b * b * q)


@function(
    (0.0, 1.0),
    (0.0, 1.0),
    minima=[(0.5, 0.25)],
    minimum=-3.1291255506105852,
    stationary={
        "minimum": [(0.35, 0.4), (0.95, 0.55), (0.8, 0.7)],
        "saddle": [(0.4, 0.35), (0.8, 0.45), (0.85, 0.65), (0.65, 0.6)],
        "maximum": [(0.7, 0.55)],
    },
    start=(0.125, 0.75),
    steps=200,
    scale="linear",
    title="Log Goldstein–Price",
    latex=(
        r"\frac{1}{2.427} \left[ \ln g(4x - 2,\ 4y - 2) - 8.693 \right], \quad "
        r"g\ \mathrm{of\ Goldstein\ and\ Price}"
    ),
    reference="V. Picheny, T. Wagner and D. Ginsbourger, A benchmark of kriging-based infill criteria, 2013",
    tags=("basins", "curved", "smooth", "multimodal"),
    aliases=("picheny", "goldstein_price_log"),
)
def log_goldstein_price(x: Tensor, y: Tensor) -> Tensor:
    """Goldstein–Price without its steep corners; learning rates fit the whole domain, and local minima remain."""
    t, s = 4 * x + 4 * y - 3, 8 * x - 12 * y - 1  # g = [1 + t² (36 - 20 t + 3 t²)] [3 + s² (36 + 20 s + 3 s²)]
    first, second = t * t * (36 + t * (3 * t - 20)), s * s * (36 + s * (3 * s + 20))
    return (torch.log1p(first) + torch.log1p(second / 3)) / 2.427 - 3.1291255506105852  # (ln 3 - 8.693) / 2.427


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
    variants=("One library multiplies it by 4.",),
)
def six_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Six minima, two of them global; momentum and step size decide in which basin a trajectory stops."""
    x2, y2 = x * x, y * y
    return (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2


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
    reference=(
        "F. H. Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, "
        "1972"
    ),
    tags=("basins", "smooth", "multimodal"),
    aliases=("camel3",),
)
def three_hump_camel(x: Tensor, y: Tensor) -> Tensor:
    """Three minima, the global one between two local ones; momentum crosses the saddle where gradient descent stops."""
    x2 = x * x
    return 2 * x2 - 1.05 * x2 * x2 + x2 * x2 * x2 / 6 + x * y + y * y


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
    latex=(
        r"3 (1 - x)^2 e^{-x^2 - (y + 1)^2} - 10 \left( \frac{x}{5} - x^3 - y^5 \right) e^{-x^2 - y^2} - \frac{1}{3} "
        r"e^{-(x + 1)^2 - y^2}"
    ),
    reference="The MathWorks, peaks: example function of MATLAB, 1984",
    tags=("basins", "plateau", "smooth", "multimodal"),
    aliases=("matlab_peaks",),
)
def peaks(x: Tensor, y: Tensor) -> Tensor:
    """Three maxima and three minima on a plain; near a maximum, tiny changes of the start change the basin."""
    x2, y2 = x * x, y * y
    a, b, c = (1 - x), y + 1, x + 1
    return (
        3 * a * a * torch.exp(-x2 - b * b)
        - 10 * (x / 5 - x2 * x - y2 * y2 * y) * torch.exp(-x2 - y2)
        - torch.exp(-c * c - y2) / 3
    )


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
    """Two basins that flatten out at large y; small gradients there delay the choice between them."""
    u = x - 2  # relative to the saddle at x = 2, so that no digits cancel
    p = u * u * (u * u / 4 - u / 3 - 1) - 5 / 3
    return p * y * y * torch.exp(-y)


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
    reference=(
        "C. S. Adjiman et al., A global optimization method, αBB, for general twice-differentiable constrained NLPs, "
        "1998"
    ),
    tags=("smooth", "unimodal", "unbounded"),
)
def adjiman(x: Tensor, y: Tensor) -> Tensor:
    """A sloping surface with its minimum on the border of the domain; without bounds, descent leaves the domain."""
    return torch.cos(x) * torch.sin(y) - x / (y * y + 1)


@function(
    (-2 * math.pi, 2 * math.pi),
    (-2 * math.pi, 2 * math.pi),
    minima=[(4.701043130249553, 3.15293850372493), (-1.5821421769300335, -3.1302468034546562)],
    minimum=-106.76453674926468,
    start=(1.7, -0.4),
    steps=120,
    scale="linear",
    latex=r"\sin x\ e^{(1 - \cos y)^2} + \cos y\ e^{(1 - \sin x)^2} + (x - y)^2",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("basins", "oscillating", "smooth", "multimodal"),
    variants=("Jamil and Yang exchange the coordinates in the exponents.",),
)
def bird(x: Tensor, y: Tensor) -> Tensor:
    """Six minima, two of them deep and global; the start decides whether descent ends in a deep or a shallow one."""
    a, b, off = 1 - torch.cos(y), 1 - torch.sin(x), x - y
    return torch.sin(x) * torch.exp(a * a) + torch.cos(y) * torch.exp(b * b) + off * off


@function(
    (-1.5, 4.0),
    (-3.0, 4.0),
    minima=[(-0.54719755119659774, -1.5471975511965977)],
    minimum=-1.9132229549810367,
    stationary={
        "minimum": [(2.5943951023931953, 1.5943951023931953)],
        "saddle": [(1.5471975511965976, 0.5471975511965976)],
    },
    outside="unbounded",
    start=(3.5, 3.0),
    steps=150,
    scale="linear",
    title="McCormick",
    latex=r"\sin(x + y) + (x - y)^2 - 1.5\,x + 2.5\,y + 1",
    reference="G. P. McCormick, Computability of global solutions to factorable nonconvex programs, 1976",
    tags=("valley", "smooth", "multimodal", "unbounded"),
)
def mccormick(x: Tensor, y: Tensor) -> Tensor:
    """A wavy valley, unbounded outside the domain; momentum can pass all minima and leave the domain."""
    gap = x - y
    return torch.sin(x + y) + gap * gap - 1.5 * x + 2.5 * y + 1


MUELLER_BROWN = (
    (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
    (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
    (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
    (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
)
"""One exponential per row: amplitude, three curvatures, center."""


@function(
    (-1.7, 1.3),
    (-0.4, 2.1),
    minima=[(-0.5582236346330243, 1.4417258418046688)],
    stationary={
        "minimum": [(0.6234994049308765, 0.028037758528685668), (-0.05001082299820607, 0.4666941048719721)],
        "saddle": [(0.21248658200066192, 0.2929883251073678), (-0.8220015587327322, 0.6243128028148713)],
    },
    start=(0.9, 0.35),
    steps=200,
    title="Muller–Brown",
    latex=r"\sum_{k=1}^{4} A_k \exp\left[ a_k (x - x_k)^2 + b_k (x - x_k)(y - y_k) + c_k (y - y_k)^2 \right]",
    reference=(
        "K. Müller and L. D. Brown, Location of saddle points and minimum energy paths by a constrained simplex "
        "optimization procedure, 1979"
    ),
    tags=("basins", "saddle", "curved", "smooth", "multimodal"),
    aliases=("mueller_brown",),
)
def muller_brown(x: Tensor, y: Tensor) -> Tensor:
    """Three minima joined by curved valleys over two saddles; leaving a basin needs noise or momentum."""
    terms = []
    for height, a, b, c, p, q in MUELLER_BROWN:
        u, v = x - p, y - q
        terms.append(height * torch.exp(a * u * u + b * u * v + c * v * v))
    return terms[0] + terms[1] + terms[2] + terms[3]


@least_squares(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-5.0, 5.0), (-4.0, 4.0)],
    minima=[(3.4091868221900614, -2.171433036284005)],
    stationary={
        "minimum": [
            (-3.6231475066867547, -2.3841454737409036),
            (2.276170285567143, 0.8647773429290151),
            (-1.520707448889002, 1.4122812360054402),
        ],
        "saddle": [
            (2.4732640463591187, -0.3087719052599569),
            (-0.5043448462061234, 1.5804028251839244),
            (-2.1415866303028532, -0.2702868389290754),
        ],
    },
    start=(-1.0, 3.4),
    steps=300,
    title="El-Attar–Vidyasagar–Dutta",
    latex=r"(x^2 + y - 10)^2 + (x + y^2 - 7)^2 + (x^2 + y^3 - 1)^2",
    reference="R. A. El-Attar, M. Vidyasagar and S. R. K. Dutta, An algorithm for l1-norm minimization, 1979",
    tags=("basins", "curved", "smooth", "multimodal", "least squares"),
)
def el_attar_vidyasagar_dutta(x: Tensor, y: Tensor) -> Tensor:
    """Three equations without a common solution; one global and three local minima, so the start decides."""
    x2, y2 = x * x, y * y
    return torch.stack([x2 + y - 10, x + y2 - 7, x2 + y2 * y - 1])


@least_squares(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.6, 1.6), (-0.8, 2.2)],
    minima=[(1.0, 1.0), (0.3413075033535242, 0.11649081184541595)],
    minimum=0.0,
    stationary={
        "minimum": [(-0.6636998009061591, 0.4411443246680692)],
        "saddle": [(-0.08717266323932514, 0.05189507182134356), (0.7375737945662283, 0.5529608024143169)],
    },
    start=(-1.3, -0.4),
    steps=400,
    title="Price N. 3",
    latex=r"100\,(y - x^2)^2 + \left[ 6.4 (y - 0.5)^2 - x - 0.6 \right]^2",
    reference="W. L. Price, A controlled random search procedure for global optimisation, 1977",
    tags=("valley", "curved", "smooth", "multimodal", "least squares"),
    variants=("Jamil and Yang (2013) print a factor of 6 before the square brackets.",),
)
def price_n3(x: Tensor, y: Tensor) -> Tensor:
    """A curved valley with three minima on its floor, two of them global; the point of entry decides."""
    b = y - 0.5
    return torch.stack([10 * (y - x * x), 6.4 * b * b - x - 0.6])


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
    """Three global minima, one degenerate, one ill-conditioned; the speed of convergence depends on the basin."""
    y2 = y * y
    return torch.stack([2 * x * x * x * y - y2 * y, 6 * x - y2 + y])


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
    """A steep trench with two distant global minima; a step size that is stable across it is slow along it."""
    q = x * x + y * y
    q2 = q * q
    return 1e5 * x * x + y * y - q2 + 1e-5 * q2 * q2


@least_squares(
    (-3.0, 3.0),
    (-3.0, 3.0),
    view=[(-2.0, 2.0), (-2.0, 2.0)],
    minima=[(-0.15543723585956107, 0.6945637753029045), (0.15543723585956107, -0.6945637753029045)],
    stationary={"saddle": [(0.0, 0.0)]},
    start=(1.7, 0.1),
    steps=150,
    title="Schittkowski 308",
    latex=r"(x^2 + x y + y^2)^2 + \sin^2 x + \cos^2 y",
    reference="K. Schittkowski, More test examples for nonlinear programming codes, 1987",
    tags=("bowl", "basins", "smooth", "multimodal", "least squares"),
    aliases=("s308",),
)
def schittkowski_308(x: Tensor, y: Tensor) -> Tensor:
    """Two equal minima on both sides of a saddle; trajectories that pass near the saddle are slowed down."""
    return torch.stack([x * x + x * y + y * y, torch.sin(x), torch.cos(y)])


@least_squares(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(1.0, 1.0), (-1.183467003241957, 1.5868371427229242)],
    minimum=0.0,
    start=(2.0, 0.0),
    steps=150,
    title="Dennis–Schnabel N. 4",
    latex=r"\left[ 2 (x + y)^2 + (x - y)^2 - 8 \right]^2 + \left[ 5 x^2 + (y - 3)^2 - 9 \right]^2",
    reference=(
        "J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, "
        "1983"
    ),
    tags=("basins", "ring", "smooth", "multimodal", "least squares"),
    aliases=("denschnf",),
)
def dennis_schnabel_n4(x: Tensor, y: Tensor) -> Tensor:
    """Two crossing ellipses give two equal minima; steep walls force small steps, and the start decides the basin."""
    plus, minus, v = x + y, x - y, y - 3
    return torch.stack([2 * plus * plus + minus * minus - 8, 5 * x * x + v * v - 9])


@least_squares(
    lambda d: (-float(d), float(d)),
    dims=Dims(least=2),
    minima=lambda d: [tuple(1 / j for j in range(1, d + 1)), *([(11 / 23, 22.5 / 23)] if d == 2 else [])],
    minimum=0.0,
    minima_complete=False,
    start=(-1.5, -1.0),
    steps=200,
    title="Perm 0, d, beta",
    latex=r"\sum_{i=1}^{d} \left[ \sum_{j=1}^{d} (j + 10) \left( x_j^i - j^{-i} \right) \right]^2",
    reference="A. Neumaier, Global optimization test problems: Perm and Power sum, 2003",
    tags=lambda d: (
        *("valley", "basins", "smooth", "multimodal", "least squares", "any dimension"),
        *(["ill-conditioned"] if 2 < d < 6 else ["degenerate"] if d > 5 else []),  # above 1e9, numerically singular
    ),
    aliases=("perm",),
    variants=("The function Perm d, beta has (j^i + beta) and quotients x_j / j, with the minimizer (1, 2, …, d).",),
)
def perm_0_d_beta(x: Tensor) -> Tensor:
    """Equations of powers with a narrow valley of near-solutions; exchanging coordinates hardly changes the value."""
    j = one_to_d(x)
    rows, powers, aims = [], torch.ones_like(x), torch.ones_like(j)
    for _ in range(x.shape[-1]):
        powers, aims = powers * x, aims / j
        rows.append(ordered_sum((j + 10) * (powers - aims)))
    return torch.stack(rows)


@least_squares(
    *[(0.0, 4.0)] * 4,
    minima=sorted(set(itertools.permutations((1.0, 2.0, 2.0, 3.0)))),
    minimum=0.0,
    start=(3.6, 0.4, 3.1, 2.2),
    steps=300,
    title="Power sum",
    latex=r"\sum_{k=1}^{4} \left[ \sum_{i=1}^{4} x_i^k - b_k \right]^2, \quad b = (8, 18, 44, 114)",
    reference="A. Neumaier, Global optimization test problems: Perm and Power sum, 2003",
    tags=("valley", "basins", "smooth", "multimodal", "degenerate", "least squares"),
)
def power_sum(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """Twelve equal minima, all permutations of one solution, with singular Hessians; convergence near them is slow."""
    points = torch.stack([x, y, z, w], -1)
    rows, powers = [], torch.ones_like(points)
    for aim in (8.0, 18.0, 44.0, 114.0):
        powers = powers * points
        rows.append(ordered_sum(powers) - aim)
    return torch.stack(rows)


@function(
    (0.0, 1.0),
    minima=[(0.7572487578418559,)],
    stationary={"minimum": [(0.1425891893247163,)], "maximum": [(0.5240774773419503,)], "saddle": [(1 / 3,)]},
    outside="unbounded",
    start=(0.45,),
    steps=150,
    scale="linear",
    latex=r"(6x - 2)^2 \sin(12x - 4)",
    reference="A. I. J. Forrester, A. Sóbester and A. J. Keane, Engineering design via surrogate modelling, 2008",
    tags=("basins", "smooth", "separable", "multimodal", "degenerate", "unbounded"),
)
def forrester(x: Tensor) -> Tensor:
    """A shallow minimum, a flat inflection point and a deep minimum in one dimension; the start decides the result."""
    u = 6 * x - 2
    return u * u * torch.sin(2 * u)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    minima=[(0.0, -50.0)],
    minimum=0.0,
    stationary={"minimum": [(-50.0, 50.0), (50.0, 50.0)]},
    nonsmooth_where="jumps on y = 0 and, above it, on x = 0; creases through the three minima",
    start=(80.0, 85.0),
    steps=200,
    scale="linear",
    latex=r"p(y)\,(1 + p(x)) + |x + 50 p(y) (1 - 2 p(x))| + |y + 50 (1 - 2 p(y))|, \quad p(t) = [t \geq 0]",
    reference=(
        "S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating "
        "evolutionary algorithms, 2007"
    ),
    tags=("basins", "discontinuous", "multimodal"),
)
def tripod(x: Tensor, y: Tensor) -> Tensor:
    """Three pyramids with constant slopes, separated by jumps; the gradient does not show which one is deepest."""
    right, up = torch.where(x >= 0, 1.0, 0.0).to(x.dtype), torch.where(y >= 0, 1.0, 0.0).to(y.dtype)
    return up * (1 + right) + (x + 50 * up * (1 - 2 * right)).abs() + (y + 50 * (1 - 2 * up)).abs()


LENNARD_JONES = (
    *(-1.0, -3.0, -6.0, -9.103852415707557, -12.712062256809338, -16.505384168012215, -19.82148919215476),
    *(-24.11336043364718, -28.422531893437558, -32.765970089979, -37.9675995623629, -44.326801419534),
)
"""Lowest known energies of 2, 3, … 13 atoms."""


def simplex(d: int) -> list[tuple[float, ...]]:
    """Return up to four atoms at distance 1 of each other: the minimizer of `lennard_jones` for so few."""
    half, third = math.sqrt(3) / 2, math.sqrt(3) / 6
    atoms = [(-0.5, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, half, 0.0), (0.0, third, math.sqrt(2 / 3))][: d // 3]
    return [tuple(itertools.chain(*atoms))] if d <= 12 else []


def loose_atoms(d: int) -> list[float]:
    """Return a start for `lennard_jones`: atoms on a helix, neighbors about 1.4 apart."""
    angles = [1.1 * k for k in range(d // 3)]
    helix = [(1.2 * math.cos(a), 1.2 * math.sin(a), 0.5 * k) for k, a in enumerate(angles)]
    return list(itertools.chain(*helix))


@function(
    (-4.0, 4.0),
    dims=Dims(multiple=3, least=6, most=39),
    view=[(-2.0, 2.0)],
    minima=simplex,
    minimum=lambda d: LENNARD_JONES[d // 3 - 2],
    minima_complete=False,
    nonsmooth_where="poles where two atoms meet",
    start=loose_atoms,
    steps=300,
    title="Lennard-Jones",
    latex=(
        r"\sum_{i<j} \left( r_{ij}^{-12} - 2\, r_{ij}^{-6} \right), \quad r_{ij} = |a_i - a_j|, \; "
        r"a_i = (x_{3i-2}, x_{3i-1}, x_{3i})"
    ),
    reference="J. E. Lennard-Jones, On the determination of molecular fields, 1924; minima: D. J. Wales, 1997",
    tags=lambda d: (
        *("cliff", "plateau", "nonsmooth", "any dimension"),
        "unimodal" if d < 18 else "multimodal",
    ),
)
def lennard_jones(x: Tensor) -> Tensor:
    """Energy of a cluster of atoms: a pole where two meet, no pull from afar, more local minima with every atom."""
    atoms = [x[..., i : i + 3] for i in range(0, x.shape[-1], 3)]
    energy = []
    for a, b in itertools.combinations(atoms, 2):
        away = a - b
        nearness = 1 / ordered_sum(away * away)
        cubed = nearness * nearness * nearness
        energy.append(cubed * (cubed - 2))
    return ordered_sum(torch.stack(energy, -1))
