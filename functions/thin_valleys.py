"""Valleys so thin, bent or badly scaled that one is in them at once and along them hardly ever."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import ordinals, total
from landscapes.objectives.objective import Dims, function, least_squares


@least_squares(
    (-2e-5, 1e-4),
    (-1.0, 12.0),
    minima=[(1.0981593296998175e-05, 9.106146739866524)],
    minimum=0.0,
    start=(0.0, 1.0),
    steps=500,
    title="Powell badly scaled",
    latex=r"(10^4 x y - 1)^2 + (e^{-x} + e^{-y} - 1.0001)^2",
    reference="M. J. D. Powell, A hybrid method for nonlinear equations, 1970",
    tags=("valley", "curved", "smooth", "unimodal", "degenerate", "least squares"),
)
def powell_badly_scaled(x: Tensor, y: Tensor) -> Tensor:
    """One coordinate is counted in units, the other in hundred-thousandths: drawn to scale the valley is a hair.

    The two may change places, so that there is a second minimum, outside the domain.
    """
    return torch.stack([1e4 * x * y - 1, torch.exp(-x) + torch.exp(-y) - 1.0001])


@least_squares(
    (-5e5, 1.5e6),
    (-2.0, 2.0),
    minima=[(1e6, 2e-6)],
    minimum=0.0,
    start=(1.0, 1.0),
    steps=500,
    title="Brown badly scaled",
    latex=r"(x - 10^6)^2 + (y - 2 \cdot 10^{-6})^2 + (x y - 2)^2",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=("valley", "smooth", "unimodal", "degenerate", "least squares"),
)
def brown_badly_scaled(x: Tensor, y: Tensor) -> Tensor:
    """One coordinate has a million to go, the other two millionths: a rate for both at once there is not."""
    return torch.stack([x - 1e6, y - 2e-6, x * y - 2])


def _tilted(d: int) -> float:
    """Where the diagonal meets the ring of `penalty_n1` on the lower side: the root of its slope next to 1/(2√d)."""
    x = 0.5 / math.sqrt(d)
    for _ in range(20):
        x -= (1e-5 * (x - 1) + 2 * x * (d * x * x - 0.25)) / (1e-5 + 6 * d * x * x - 0.5)
    return x


@least_squares(
    (-10.0, 10.0),
    dims=Dims(least=2),
    view=[(-1.2, 1.2)],
    minima=lambda d: [(_tilted(d),) * d],
    start=(-1.0, -0.4),
    steps=500,
    title="Penalty N. 1",
    latex=r"10^{-5} \sum_{i=1}^{d} (x_i - 1)^2 + \left( \sum x_i^2 - \frac{1}{4} \right)^2",
    reference="P. E. Gill, W. Murray and R. A. Pitfield, The implementation of two revised quasi-Newton algorithms for unconstrained optimization, 1972",
    tags=("valley", "ring", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("penalty_1", "penalty_i"),
)
def penalty_n1(x: Tensor) -> Tensor:
    """A ring that is tilted by a hair: everybody falls into it at once, and hardly anybody walks round to its low end."""
    ring = total(x * x)[..., None] - 0.25
    return torch.cat([math.sqrt(1e-5) * (x - 1), ring], -1).movedim(-1, 0)


PENALTY_2 = {
    2: (0.2000002053277478, 0.95916622198851),
    3: (0.19999991961497013, 0.525605020390509, 0.5722578991308919),
    4: (0.1999993333503804, 0.19131670099277245, 0.48010148533262315, 0.5188454043902005),
    5: (0.19999834328736324, 0.09439632465007457, 0.2083013428483721, 0.4480652884932925, 0.48235699952067596),
    10: (
        0.1999836051978236, 0.010350648471292297, 0.019604934480438402, 0.03208906722068565, 0.049932677399641294,
        0.07651399515399361, 0.11862407286950417, 0.19214487233557667, 0.34732058694184365, 0.3691643741593508,
    ),
}  # fmt: skip


@least_squares(
    (-10.0, 10.0),
    dims=Dims(least=2),
    view=[(-1.4, 1.4)],
    minima=lambda d: [PENALTY_2[d]] if d in PENALTY_2 else [],
    start=(-1.1, -0.6),
    steps=500,
    title="Penalty N. 2",
    latex=(
        r"(x_1 - 0.2)^2 + 10^{-5} \sum_{i=2}^{d} \left[ (e^{x_i / 10} + e^{x_{i-1} / 10} - y_i)^2"
        r" + (e^{x_i / 10} - e^{-1/10})^2 \right] + \left( \sum (d - i + 1)\, x_i^2 - 1 \right)^2"
    ),
    reference="P. E. Gill, W. Murray and R. A. Pitfield, The implementation of two revised quasi-Newton algorithms for unconstrained optimization, 1972",
    tags=("valley", "ring", "curved", "smooth", "multimodal", "least squares", "any dimension"),
    aliases=("penalty_2", "penalty_ii"),
)
def penalty_n2(x: Tensor) -> Tensor:
    """A wall across a ring: two hollows where they cross, and one of them is deeper by a millionth.

    y_i = exp(i/10) + exp((i − 1)/10).
    """
    d, small = x.shape[-1], math.sqrt(1e-5)
    grown, i = torch.exp(x / 10), ordinals(x)
    expected = torch.exp(i / 10)
    along = grown[..., 1:] + grown[..., :-1] - (expected[1:] + expected[:-1])
    ring = total((d + 1 - i) * x * x)[..., None] - 1
    rows = [x[..., :1] - 0.2, small * along, small * (grown[..., 1:] - math.exp(-0.1)), ring]
    return torch.cat(rows, -1).movedim(-1, 0)


@least_squares(
    (-5.0, 10.0),
    dims=Dims(multiple=2, least=4),
    view=[(-2.0, 2.0), (-1.0, 3.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=400,
    title="Extended Rosenbrock",
    latex=r"\sum_{i=1}^{d/2} \left[ 100\,(x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2 \right]",
    reference="E. Spedicato, Computational experience with quasi-Newton algorithms for minimization problems of moderately large size, 1975",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("paired_rosenbrock",),
    variants=(
        "With two coordinates it is Rosenbrock's; the chain, where each coordinate is in two terms, is another.",
    ),
)
def extended_rosenbrock(x: Tensor) -> Tensor:
    """Rosenbrock's valley over and over, pair by pair: however many coordinates, it gets no harder than with two."""
    odd, even = x[..., 0::2].contiguous(), x[..., 1::2].contiguous()
    return torch.cat([10 * (even - odd * odd), 1 - odd], -1).movedim(-1, 0)


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-1.6, 1.6), (-2.4, 2.4)],
    minima=[(1.0, 1.0)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=500,
    latex=r"100\,(y - x^3)^2 + (1 - x)^2",
    reference="A. Leon, A comparison among eight known optimizing procedures, 1966",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares"),
    aliases=("leon",),
    variants=("By the name of Leon some libraries have Rosenbrock's function, with a square for the cube.",),
)
def cube(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's valley with a bend both ways and a level stretch between: whoever slows down there stays."""
    return torch.stack([10 * (y - x * x * x), 1 - x])


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    view=[(-1.5, 1.5), (-1.5, 1.5)],
    minima=[(-1.0000001249999766, 0.0)],
    minimum=-1.0000000624999923,
    stationary={"maximum": [(2.500000000000156e-07, 0.0)]},
    start=(1.1, 0.1),
    steps=600,
    title="Maratos",
    latex=r"x + 10^6 (x^2 + y^2 - 1)^2",
    reference="after N. Maratos, Exact penalty function algorithms for finite dimensional and control optimization problems, 1978",
    tags=("valley", "ring", "curved", "saddle", "smooth", "unimodal", "ill-conditioned"),
    aliases=("maratosb",),
    variants=("The constrained problem asks for the same circle exactly; here leaving it is penalized.",),
)
def maratos(x: Tensor, y: Tensor) -> Tensor:
    """Half way round a ring with walls a million high, and the start lies beside its highest point: steps must be tiny."""
    off = x * x + y * y - 1
    return x + 1e6 * off * off


@function(
    (0.0, 2.0),
    (-1.0, 3.0),
    view=[(0.75, 1.25), (0.5, 1.6)],
    minima=[(1.141456707158056, 1.302923414316112), (0.8585432928419441, 0.737096585683888)],
    minimum=-0.04001,
    start=(0.86, 0.72),
    steps=600,
    title="Mexican hat",
    latex=r"10^5 \left[ 10^4 (y - x^2)^2 + (x - 1)^2 - 0.02 \right]^2 - 2 (x - 1)^2",
    reference="A. A. Brown and M. C. Bartholomew-Biggs, Some effective methods for unconstrained optimization based on the solution of systems of ordinary differential equations, 1987",
    tags=("valley", "ring", "curved", "smooth", "multimodal", "ill-conditioned"),
    aliases=("mexhat",),
)
def mexican_hat(x: Tensor, y: Tensor) -> Tensor:
    """The brim of a hat, drawn out to a needle and bent along a parabola: two ways round it, and both too thin to see."""
    u, v = x - 1, y - x * x
    brim = 1e4 * v * v + u * u - 0.02
    return 1e5 * brim * brim - 2 * u * u


@least_squares(
    (-3.0, 7.0),
    (-3.0, 3.0),
    view=[(-1.5, 6.5), (-2.0, 2.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(1.5 * math.pi, -1.0),
    steps=600,
    title="Sine valley",
    latex=r"1000\,(y - \sin x)^2 + \frac{x^2}{4}",
    reference="Y. Xiao and F. Zhou, Nonmonotone trust region methods with curvilinear path in unconstrained optimization, 1992",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares"),
    aliases=("sineval",),
)
def sine_valley(x: Tensor, y: Tensor) -> Tensor:
    """A valley like a snake: whoever gathers speed downhill is thrown out at the next bend."""
    return torch.stack([math.sqrt(1000) * (y - torch.sin(x)), x / 2])
