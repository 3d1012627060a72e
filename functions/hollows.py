"""A few hollows, and the passes between them: which one a run ends in is decided early."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from landscapes.objectives.elementary import ordinals, total
from landscapes.objectives.objective import Dims, function, least_squares


@least_squares(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-2.2, 2.6), (-3.0, 4.0)],
    minima=[(1.0, 2.0), (1.5968041538769333, 0.8063916922461335)],
    minimum=0.0,
    start=(-1.6, -2.0),
    steps=300,
    title="Wayburn–Seader N. 1",
    latex=r"(x^6 + y^4 - 17)^2 + (2x + y - 4)^2",
    reference="T. L. Wayburn and J. D. Seader, Homotopy continuation methods for computer-aided process design, 1987",
    tags=("ring", "valley", "smooth", "multimodal", "ill-conditioned", "least squares"),
)
def wayburn_seader_n1(x: Tensor, y: Tensor) -> Tensor:
    """A square moat cut by a straight line: both crossings are lowest, and the moat leads half way round to them."""
    x3, y2 = x * x * x, y * y
    return torch.stack([x3 * x3 + y2 * y2 - 17, 2 * x + y - 4])


@least_squares(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-1.0, 2.0), (-0.2, 2.8)],
    minima=[(0.20013897472877892, 1.0), (0.4248610252712211, 1.0)],
    minimum=0.0,
    start=(1.6, 2.4),
    steps=300,
    title="Wayburn–Seader N. 2",
    latex=r"\left[ 1.613 - 4 (x - 0.3125)^2 - 4 (y - 1.625)^2 \right]^2 + (y - 1)^2",
    reference="T. L. Wayburn and J. D. Seader, Homotopy continuation methods for computer-aided process design, 1987",
    tags=("ring", "curved", "smooth", "multimodal", "ill-conditioned", "least squares"),
)
def wayburn_seader_n2(x: Tensor, y: Tensor) -> Tensor:
    """A ring of which a line cuts off the lowest bit: two hollows so close together that they look like one."""
    a, b = x - 0.3125, y - 1.625
    return torch.stack([1.613 - 4 * a * a - 4 * b * b, y - 1])


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(0.0, 8.0), (1.0, 9.0)],
    minima=[(5.1468967495593105, 6.839589743760508)],
    stationary={
        "saddle": [(3.3115351979861045, 3.2529632681943497)],
        "maximum": [(3.765349624091795, 4.757778565075544)],
    },
    start=(1.2, 7.6),
    steps=300,
    title="Wayburn–Seader N. 3",
    latex=r"\frac{2}{3} x^3 - 8 x^2 + 33 x - x y + 5 + \left[ (x - 4)^2 + (y - 5)^2 - 4 \right]^2",
    reference="T. L. Wayburn and J. D. Seader, Homotopy continuation methods for computer-aided process design, 1987",
    tags=("ring", "curved", "smooth", "unimodal"),
    variants=("The minimum of 21.35 at (5.611, 6.187) that surveys tell is not the lowest point.",),
)
def wayburn_seader_n3(x: Tensor, y: Tensor) -> Tensor:
    """A round moat on a slope that bends: once in the moat everybody goes round it, on one side or the other."""
    x2 = x * x
    a, b = x - 4, y - 5
    ring = a * a + b * b - 4
    return 2 / 3 * x2 * x - 8 * x2 + 33 * x - x * y + 5 + ring * ring


@function(
    (-5.0, 10.0),
    (-5.0, 10.0),
    view=[(-0.8, 2.8), (-1.8, 1.8)],
    minima=[(-0.029895985050660382, 0.0)],
    stationary={"saddle": [(1.96714893788303, 0.0)], "maximum": [(1.0627470471676304, 0.0)]},
    start=(2.4, 0.5),
    steps=300,
    latex=r"(x^2 - 2x + y^2)^2 + \frac{x}{4}",
    reference="H.-P. Schwefel, Evolution and optimum seeking, 1995",
    tags=("ring", "curved", "valley", "smooth", "unimodal"),
)
def zettl(x: Tensor, y: Tensor) -> Tensor:
    """A round moat with one low side: half way round it from the start lies the end, and straight across a hill."""
    moat = x * x - 2 * x + y * y
    return moat * moat + 0.25 * x


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
    """Himmelblau's two equations with a third that does not fit: of the four hollows one is the lowest now."""
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
    variants=("A survey of 2013 prints a factor of 6 in front of the square brackets.",),
)
def price_n3(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's valley with more than one hollow on its floor: where one enters it decides which of them it will be."""
    b = y - 0.5
    return torch.stack([10 * (y - x * x), 6.4 * b * b - x - 0.6])


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(-0.9095537365026206, -0.9505717126590494)],
    stationary={"minimum": [(1.0, 1.0)], "saddle": [(-0.6139073477220598, -0.6893741717951369)]},
    start=(-1.7, 1.7),
    steps=300,
    title="Rosenbrock with a hole",
    latex=r"74 + 100\,(y - x^2)^2 + (1 - x)^2 - 400\,e^{-10 (x + 1)^2 - 10 (y + 1)^2}",
    reference="M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013",
    tags=("valley", "curved", "deceptive", "smooth", "multimodal"),
    aliases=("rosenbrock_modified", "modified_rosenbrock"),
)
def rosenbrock_with_a_hole(x: Tensor, y: Tensor) -> Tensor:
    """A hole in the wall of Rosenbrock's valley is the lowest point: whoever follows the valley passes it by."""
    bend, u, v = y - x * x, x + 1, y + 1
    return 74 + 100 * bend * bend + (1 - x) * (1 - x) - 400 * torch.exp(-10 * u * u - 10 * v * v)


MUELLER_BROWN = (
    (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
    (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
    (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
    (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
)
"""One hill or hollow a row: height, three curvatures, centre."""


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
    reference="K. Müller and L. D. Brown, Location of saddle points and minimum energy paths by a constrained simplex optimization procedure, 1979",
    tags=("basins", "saddle", "curved", "smooth", "multimodal"),
    aliases=("mueller_brown",),
)
def muller_brown(x: Tensor, y: Tensor) -> Tensor:
    """Chemistry's own landscape: three states of a molecule, and two passes by which it gets from one to another."""
    terms = []
    for height, a, b, c, p, q in MUELLER_BROWN:
        u, v = x - p, y - q
        terms.append(height * torch.exp(a * u * u + b * u * v + c * v * v))
    return terms[0] + terms[1] + terms[2] + terms[3]


@least_squares(
    (-10.0, 10.0),
    dims=Dims(least=2),
    view=[(-2.0, 3.0), (-2.0, 2.0)],
    minima=lambda d: [
        (*(2.0 ** (2.0 ** (1 - i) - 1) for i in range(1, d)), sign * 2.0 ** (2.0 ** (1 - d) - 1)) for sign in (1, -1)
    ],
    minimum=0.0,
    start=(-1.5, -0.6),
    steps=200,
    title="Dixon–Price",
    latex=r"(x_1 - 1)^2 + \sum_{i=2}^{d} i\,(2 x_i^2 - x_{i-1})^2",
    reference="L. C. W. Dixon and R. C. Price, The truncated Newton method for sparse unconstrained optimisation using automatic differentiation, 1989",
    tags=("valley", "curved", "smooth", "multimodal", "least squares", "any dimension"),
)
def dixon_price(x: Tensor) -> Tensor:
    """A valley that forks: the last coordinate may be of either sign, and on the ridge between nothing tells which."""
    before, after = x[..., :-1], x[..., 1:]
    weight = ordinals(x)[1:].sqrt()
    return torch.cat([x[..., :1] - 1, weight * (2 * after * after - before)], -1).movedim(-1, 0)


@least_squares(
    lambda d: (-float(d), float(d)),
    dims=Dims(least=2),
    minima=lambda d: [tuple(1 / j for j in range(1, d + 1)), *([(11 / 23, 22.5 / 23)] if d == 2 else [])],
    minimum=0.0,
    complete=False,
    start=(-1.5, -1.0),
    steps=200,
    title="Perm 0, d, beta",
    latex=r"\sum_{i=1}^{d} \left[ \sum_{j=1}^{d} (j + 10) \left( x_j^i - j^{-i} \right) \right]^2",
    reference="A. Neumaier, Global optimization test problems: Perm and Power sum, 2003",
    tags=("valley", "basins", "smooth", "multimodal", "least squares", "any dimension"),
    aliases=("perm",),
    variants=("The other Perm has (j^i + beta) and quotients x_j / j; its lowest point is at (1, 2, …, d).",),
)
def perm_0_d_beta(x: Tensor) -> Tensor:
    """Sums of powers that must all be right: shares may be moved from one coordinate to another at hardly any cost."""
    j = ordinals(x)
    rows, powers, aims = [], torch.ones_like(x), torch.ones_like(j)
    for _ in range(x.shape[-1]):
        powers, aims = powers * x, aims / j
        rows.append(total((j + 10) * (powers - aims)))
    return torch.stack(rows)


def _grown(base: Tensor, exponent: Tensor) -> Tensor:
    """base · base^exponent, with the curvature of the base where it is zero."""
    away = base > 0
    return base * torch.where(away, torch.exp(exponent * torch.where(away, base, 1.0).log()), 1.0)


@function(
    (-1.0, 4.0),
    dims=Dims(least=2),
    view=[(-1.0, 1.6)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(1.4, 1.2),
    steps=200,
    latex=r"\sum_{i=1}^{d-1} \left[ (x_i^2)^{x_{i+1}^2 + 1} + (x_{i+1}^2)^{x_i^2 + 1} \right]",
    reference="O. Begambre and J. E. Laier, A hybrid particle swarm optimization simplex algorithm for structural damage identification, 2009",
    tags=("bowl", "steep corners", "smooth", "unimodal", "any dimension"),
)
def brown(x: Tensor) -> Tensor:
    """A bowl whose walls grow as powers of powers: in the far corner the height has twenty digits."""
    s = x * x
    here, there = s[..., :-1], s[..., 1:]
    return total(_grown(here, there) + _grown(there, here))


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
    """Four numbers told by the sums of their powers: two of them are the same, and so the ground is level there."""
    points = torch.stack([x, y, z, w], -1)
    rows, powers = [], torch.ones_like(points)
    for aim in (8.0, 18.0, 44.0, 114.0):
        powers = powers * points
        rows.append(total(powers) - aim)
    return torch.stack(rows)
