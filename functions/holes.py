"""Holes in a plain: several, of different depth, and between them next to no slope."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscapes.objectives.elementary import total
from landscapes.objectives.objective import function


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
    """Twenty-five holes in a plain, each a little deeper than the one before: between them nothing slopes at all."""

    def sixth(t: Tensor) -> list[Tensor]:
        squares = [(t - 16 * k) * (t - 16 * k) for k in range(-2, 3)]
        return [q * q * q for q in squares]

    columns, rows = sixth(x), sixth(y)
    s = torch.full_like(x, 1 / 500)
    for j in range(25):
        s = s + 1 / (j + 1 + columns[j % 5] + rows[j // 5])
    return 1 / s


HOLES = (
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
"""Width and place of the holes of Shekel's functions."""


def holes(x: Tensor, count: int) -> Tensor:
    f = torch.zeros_like(x[..., 0])
    for width, place in HOLES[:count]:
        off = x - torch.tensor(place, dtype=x.dtype, device=x.device)
        f = f - 1 / (width + total(off * off))
    return f


SHEKEL = "J. Shekel, Test functions for multimodal search techniques, 1971"
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
    reference=SHEKEL,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel_5",),
)
def shekel_n5(x: Tensor) -> Tensor:
    """Five holes in a plain of four dimensions: the nearest one is found, and the deepest is a matter of luck."""
    return holes(x, 5)


@function(
    *[(0.0, 10.0)] * 4,
    minima=[(4.000572916185823, 4.000689366185305, 3.9994897088591506, 3.9996061588586316)],
    minimum=-10.40294056681866,
    start=(6.4, 4.6, 5.9, 4.1),
    steps=200,
    scale="linear",
    title="Shekel N. 7",
    latex=SHEKEL_LATEX + r", \quad m = 7",
    reference=SHEKEL,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel_7",),
)
def shekel_n7(x: Tensor) -> Tensor:
    """Seven holes, two of them close together: their slopes run into each other, and the shallower draws paths away."""
    return holes(x, 7)


@function(
    *[(0.0, 10.0)] * 4,
    minima=[(4.000746531592046, 4.000592934138532, 3.9996633980403224, 3.9995098005868077)],
    minimum=-10.536409816692043,
    start=(6.5, 3.0, 5.5, 3.5),
    steps=200,
    scale="linear",
    title="Shekel N. 10",
    latex=SHEKEL_LATEX + r", \quad m = 10",
    reference=SHEKEL,
    tags=("plateau", "needle", "smooth", "multimodal"),
    aliases=("shekel", "shekel_10"),
)
def shekel_n10(x: Tensor) -> Tensor:
    """Ten holes whose slopes run into each other: the minimum has moved a little away from the place of its hole."""
    return holes(x, 10)


def hartmann(x: Tensor, scales: Sequence[Sequence[float]], places: Sequence[Sequence[float]]) -> Tensor:
    f = torch.zeros_like(x[..., 0])
    for c, a, p in zip((1.0, 1.2, 3.0, 3.2), scales, places, strict=True):
        off = x - torch.tensor(p, dtype=x.dtype, device=x.device)
        f = f - c * torch.exp(-total(torch.tensor(a, dtype=x.dtype, device=x.device) * off * off))
    return f


HARTMAN = "J. K. Hartman, Some experiments in global optimization, 1973"
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
    reference=HARTMAN,
    tags=("basins", "plateau", "smooth", "multimodal", "ill-conditioned"),
    aliases=("hartmann_3", "hartman_3"),
    variants=("Jamil and Yang print another place for the second hollow, 0.4387 being misread.",),
)
def hartmann_n3(x: Tensor) -> Tensor:
    """Three hollows, long along the first axis and short along the others: one rate has to do for both."""
    scales = ((3.0, 10.0, 30.0), (0.1, 10.0, 35.0)) * 2
    return hartmann(
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
    reference=HARTMAN,
    tags=("basins", "plateau", "smooth", "multimodal"),
    aliases=("hartmann_6", "hartman_6"),
)
def hartmann_n6(x: Tensor) -> Tensor:
    """Two hollows nearly as deep as each other in six dimensions, which no picture shows: only the losses tell them apart."""
    return hartmann(
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
