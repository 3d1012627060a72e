"""Large regions with almost no gradient, around one or several isolated wells."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, function
from landscapes.objectives.elementary import ordered_sum, product


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-3.5, 2.5), (-2.0, 3.5)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.6, -1.0),
    steps=300,
    scale="linear",
    latex=r"\frac{q + q^2}{1 + q + q^2}, \quad q = \frac{x^2}{2} + 2 \left( y - \frac{x^2}{3} \right)^2",
    reference=(
        "after S. Geman and D. E. McClure, Bayesian image analysis, "
        "an application to single photon emission tomography, 1985"
    ),
    tags=("plateau", "cliff", "curved", "smooth", "unimodal"),
)
def plateau(x: Tensor, y: Tensor) -> Tensor:
    """A flat plateau with a steep, curved edge around the basin; gradient descent crawls until it reaches the edge.

    f = (q + q²)/(1 + q + q²). The robust loss of Geman and McClure is q/(1 + q) for a quadratic q. The term q² makes
    the top flatter, where 1 − f decays as q⁻², and the edge steeper; near the minimum, f is quadratic. The parabola
    in q bends the basin.
    """
    bend = y - x * x / 3
    q = x * x / 2 + 2 * bend * bend
    s = q + q * q
    return s / (1 + s)


@function(
    (-6.0, 6.0),
    (-4.0, 4.0),
    minima=[(-5.54676208621110107, 0.0)],
    minimum=0.00103549870417346919,
    start=(5.0, 2.5),
    steps=300,
    scale="linear",
    latex=r"\sum_{k=-2}^{2} \frac{1}{1 + e^{-5 (x - 2 k)}} + 0.002\,(x + 5)^2 + 0.05\,y^2",
    reference="after S. Hochreiter, The vanishing gradient problem during learning recurrent neural nets, 1998",
    tags=("plateau", "cliff", "smooth", "separable", "unimodal"),
    aliases=("stairs",),
)
def smooth_stairs(x: Tensor, y: Tensor) -> Tensor:
    """Five steep steps separated by flat landings; gradient descent almost stops on each landing."""
    stairs = [1 / (1 + torch.exp(10 * k - 5 * x)) for k in (-2, -1, 0, 1, 2)]
    return stairs[0] + stairs[1] + stairs[2] + stairs[3] + stairs[4] + 0.002 * (x + 5) * (x + 5) + 0.05 * y * y


@function(
    (-8.0, 8.0),
    (-8.0, 8.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-6.5, 5.0),
    steps=300,
    scale="linear",
    title="Saturated neuron",
    latex=r"\tanh(x)^2 + \tanh(y / 2)^2",
    reference="Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998",
    tags=("plateau", "bowl", "smooth", "separable", "unimodal"),
    aliases=("saturated_neuron",),
)
def saturation(x: Tensor, y: Tensor) -> Tensor:
    """A sum of squared tanh units that saturate far out; gradient descent stalls there, normalized steps still move."""
    a, b = torch.tanh(x), torch.tanh(0.5 * y)
    return a * a + b * b


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.4, 1.8),
    steps=200,
    scale="linear",
    title="Welsch's loss",
    latex=r"1 - e^{-4 x^2 - y^2}",
    reference="J. E. Dennis and R. E. Welsch, Techniques for nonlinear least squares and robust regression, 1978",
    tags=("plateau", "bowl", "smooth", "unimodal"),
    aliases=("welsch_s_loss",),
)
def welsch(x: Tensor, y: Tensor) -> Tensor:
    """A robust loss that saturates at 1; away from the minimum the gradient is practically zero and steps stall."""
    return 1 - torch.exp(-(4 * x * x + y * y))


@function(
    (-3.5, 3.5),
    dims=ANY,
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-2.4, 1.9),
    steps=250,
    scale="linear",
    title="Gaussian well",
    latex=r"-e^{-\frac{1}{2} \sum x_i^2}",
    reference=(
        "S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating "
        "evolutionary algorithms, 2007"
    ),
    tags=("plateau", "bowl", "smooth", "unimodal", "any dimension"),
    aliases=("exponential",),
    variants=(
        "With the opposite sign it is maximized.",
        "The usual domain is [-1, 1], which shows the well without the plain around it.",
    ),
)
def gaussian_well(x: Tensor) -> Tensor:
    """One Gaussian well in a flat plain; its gradient vanishes with distance, so remote starts do not move."""
    return -torch.exp(-0.5 * ordered_sum(x * x))


@function(
    (-6.0, 6.0),
    (-6.0, 6.0),
    view=[(-2.5, 2.5), (-2.5, 2.5)],
    minima=[(-0.7071067811865476, 0.0)],
    stationary={"maximum": [(0.7071067811865476, 0.0)]},
    start=(0.5, 0.5),
    steps=150,
    scale="linear",
    title="Dipole",
    latex=r"x\,e^{-x^2 - y^2}",
    reference=(
        "R. B. Gramacy and H. K. H. Lee, Bayesian treed Gaussian process models with an application to computer "
        "modeling, 2008"
    ),
    tags=("plateau", "smooth", "unimodal"),
    aliases=("gramacy_lee_n2",),
)
def dipole(x: Tensor, y: Tensor) -> Tensor:
    """A maximum next to a minimum in a flat plain; behind the maximum, descent leads away from the minimum."""
    return x * torch.exp(-x * x - y * y)


@function(
    (-20.0, 20.0),
    dims=ANY,
    view=[(-3.0, 3.0)],
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-1.2, 0.9),
    steps=150,
    scale="linear",
    title="Xin-She Yang N. 3",
    latex=r"e^{-\sum (x_i / 15)^{10}} - 2\,e^{-\sum x_i^2} \prod \cos^2 x_i",
    reference="X.-S. Yang, Nature-inspired metaheuristic algorithms, 2008",
    tags=("plateau", "needle", "smooth", "multimodal", "any dimension"),
)
def xin_she_yang_n3(x: Tensor) -> Tensor:
    """A high plateau with one narrow well; most starts see no gradient, or descend the outer edge instead."""
    u = x / 15
    u2 = u * u
    u4 = u2 * u2
    c = torch.cos(x)
    return torch.exp(-ordered_sum(u4 * u4 * u2)) - 2 * torch.exp(-ordered_sum(x * x)) * product(c * c)


@function(
    (-65.536, 65.536),
    (-65.536, 65.536),
    view=[(-48.0, 48.0), (-48.0, 48.0)],
    minima=[(-31.97833483565697, -31.978334837300796)],
    minimum=0.9980038377944502,
    start=(-24.5, -22.0),
    steps=150,
    title="Shekel foxholes",
    latex=r"\left[ \frac{1}{500} + \sum_{j=1}^{25} \frac{1}{j + (x - a_j)^6 + (y - b_j)^6} \right]^{-1}",
    reference="K. A. De Jong, An analysis of the behavior of a class of genetic adaptive systems, 1975",
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("foxholes", "de_jong_5"),
)
def shekel_foxholes(x: Tensor, y: Tensor) -> Tensor:
    """A flat plain with 25 narrow wells on a grid; no gradient leads from one to another, so the start decides."""

    def sixth(t: Tensor) -> list[Tensor]:
        squares = [(t - 16 * k) * (t - 16 * k) for k in range(-2, 3)]
        return [q * q * q for q in squares]

    columns, rows = sixth(x), sixth(y)
    s = torch.full_like(x, 1 / 500)
    for j in range(25):
        s = s + 1 / (j + 1 + columns[j % 5] + rows[j // 5])
    return 1 / s


SHEKEL_WELLS = (
    (0.1, (4.0, 4.0, 4.0, 4.0)),
    (0.2, (1.0, 1.0, 1.0, 1.0)),
    (0.2, (8.0, 8.0, 8.0, 8.0)),
    (0.4, (6.0, 6.0, 6.0, 6.0)),
    (0.4, (3.0, 7.0, 3.0, 7.0)),
    (0.6, (2.0, 9.0, 2.0, 9.0)),
    (0.3, (5.0, 5.0, 3.0, 3.0)),
    (0.7, (8.0, 1.0, 8.0, 1.0)),
    (0.5, (6.0, 2.0, 6.0, 2.0)),
    (0.5, (7.0, 3.6, 7.0, 3.6)),
)
"""Width and center of the wells of Shekel's functions."""


def shekel_sum(x: Tensor, count: int) -> Tensor:
    """Return the sum of the first `count` wells of Shekel's functions."""
    f = torch.zeros_like(x[..., 0])
    for width, place in SHEKEL_WELLS[:count]:
        off = x - torch.tensor(place, dtype=x.dtype, device=x.device)
        f = f - 1 / (width + ordered_sum(off * off))
    return f


SHEKEL_1971 = "J. Shekel, Test functions for multimodal search techniques, 1971"


SHEKEL_LATEX = r"-\sum_{i=1}^{m} \frac{1}{c_i + \|x - a_i\|^2}"


@function(
    *[(0.0, 10.0)] * 4,
    minima=[(4.000037152819676, 4.00013327659156, 4.000037152819676, 4.00013327659156)],
    minimum=-10.153199679058227,
    start=(6.8, 6.0, 6.4, 5.6),
    steps=200,
    scale="linear",
    title="Shekel N. 5",
    latex=SHEKEL_LATEX + r", \quad m = 5",
    reference=SHEKEL_1971,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel_5",),
)
def shekel_n5(x: Tensor) -> Tensor:
    """Five wells of different depth in four dimensions; descent leads to the nearest well, not to the deepest."""
    return shekel_sum(x, 5)


@function(
    *[(0.0, 10.0)] * 4,
    minima=[(4.000572916185823, 4.000689366185305, 3.9994897088591506, 3.9996061588586316)],
    minimum=-10.40294056681866,
    start=(6.4, 4.6, 5.9, 4.1),
    steps=200,
    scale="linear",
    title="Shekel N. 7",
    latex=SHEKEL_LATEX + r", \quad m = 7",
    reference=SHEKEL_1971,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel_7",),
)
def shekel_n7(x: Tensor) -> Tensor:
    """Seven wells in four dimensions, some overlapping; shallow wells capture starts next to the deepest one."""
    return shekel_sum(x, 7)


@function(
    *[(0.0, 10.0)] * 4,
    minima=[(4.000746531592046, 4.000592934138532, 3.9996633980403224, 3.9995098005868077)],
    minimum=-10.536409816692043,
    start=(6.5, 3.0, 5.5, 3.5),
    steps=200,
    scale="linear",
    title="Shekel N. 10",
    latex=SHEKEL_LATEX + r", \quad m = 10",
    reference=SHEKEL_1971,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel", "shekel_10"),
)
def shekel_n10(x: Tensor) -> Tensor:
    """Ten overlapping wells in four dimensions; most starts lead to one of the nine shallower ones."""
    return shekel_sum(x, 10)


def hartmann_sum(x: Tensor, scales: Sequence[Sequence[float]], places: Sequence[Sequence[float]]) -> Tensor:
    """Return the sum of Hartmann's four Gaussian wells."""
    f = torch.zeros_like(x[..., 0])
    for c, a, p in zip((1.0, 1.2, 3.0, 3.2), scales, places, strict=True):
        off = x - torch.tensor(p, dtype=x.dtype, device=x.device)
        f = f - c * torch.exp(-ordered_sum(torch.tensor(a, dtype=x.dtype, device=x.device) * off * off))
    return f


HARTMAN_1973 = "J. K. Hartman, Some experiments in global optimization, 1973"


HARTMANN_LATEX = r"-\sum_{i=1}^{4} c_i \exp\left( -\sum_{j=1}^{d} a_{ij} (x_j - p_{ij})^2 \right)"


@function(
    *[(0.0, 1.0)] * 3,
    minima=[(0.11461433858967197, 0.5556488499718569, 0.8525469535208657)],
    minimum=-3.8627821478207554,
    stationary={
        "minimum": [
            (0.10933750083503116, 0.8605242217690773, 0.564123171053538),
            (0.3687227270704408, 0.11756162882573562, 0.2675737430168289),
        ],
        "saddle": [
            (0.11191453054211845, 0.7181880102887968, 0.6827841906203527),
            (0.26809410362838243, 0.41245011873124954, 0.3962241607210364),
        ],
    },
    start=(0.6, 0.3, 0.4),
    steps=150,
    scale="linear",
    title="Hartmann N. 3",
    latex=HARTMANN_LATEX + r", \quad d = 3",
    reference=HARTMAN_1973,
    tags=("basins", "plateau", "smooth", "multimodal", "ill-conditioned"),
    aliases=("hartmann_3", "hartman_3"),
    variants=("Jamil and Yang print another center for the second well, a misprint of 0.4387.",),
)
def hartmann_n3(x: Tensor) -> Tensor:
    """Three basins, wide along the first axis and narrow along the others; stable rates are slow along the first."""
    scales = ((3.0, 10.0, 30.0), (0.1, 10.0, 35.0)) * 2
    return hartmann_sum(
        x,
        scales,
        ((0.3689, 0.1170, 0.2673), (0.4699, 0.4387, 0.7470), (0.1091, 0.8732, 0.5547), (0.03815, 0.5743, 0.8828)),
    )


@function(
    *[(0.0, 1.0)] * 6,
    minima=[
        (
            0.20168951100670543,
            0.15001069182345797,
            0.476873974221897,
            0.2753324304940561,
            0.31165161660011326,
            0.6573005340656203,
        )
    ],
    minimum=-3.3223680114155147,
    stationary={
        "minimum": [
            (
                0.4046531277061713,
                0.8824449239723832,
                0.8461015704781808,
                0.5739896924303658,
                0.13892660366724388,
                0.03849589247823727,
            )
        ],
        "saddle": [
            (
                0.3527824984134369,
                0.593747665900131,
                0.47631257126758847,
                0.4005824975317797,
                0.31111531036315854,
                0.3239715809275998,
            )
        ],
    },
    start=(0.3, 0.6, 0.6, 0.35, 0.25, 0.5),
    steps=150,
    scale="linear",
    title="Hartmann N. 6",
    latex=HARTMANN_LATEX + r", \quad d = 6",
    reference=HARTMAN_1973,
    tags=("basins", "plateau", "smooth", "multimodal"),
    aliases=("hartmann_6", "hartman_6"),
)
def hartmann_n6(x: Tensor) -> Tensor:
    """Two basins of nearly equal depth in six dimensions; only the final value shows which one was reached."""
    return hartmann_sum(
        x,
        (
            (10.0, 3.0, 17.0, 3.5, 1.7, 8.0),
            (0.05, 10.0, 17.0, 0.1, 8.0, 14.0),
            (3.0, 3.5, 1.7, 10.0, 17.0, 8.0),
            (17.0, 8.0, 0.05, 10.0, 0.1, 14.0),
        ),
        (
            (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
            (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
            (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
            (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
        ),
    )
