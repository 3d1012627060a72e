"""Long, narrow valleys, mostly curved or closed to rings: steep across, nearly flat along the floor."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import Dims, function, least_squares
from landscapes.objectives.elementary import norm, one_to_d, ordered_sum


def rosenbrock_residuals(x: Tensor) -> Tensor:
    """Return the residuals of Rosenbrock's function, shape (2d - 2, …)."""
    here, there = x[..., :-1], x[..., 1:]
    return torch.cat([10 * (there - here * here), 1 - here], -1).movedim(-1, 0)


@function(
    (-5.0, 10.0),
    dims=Dims(least=2),
    residuals=rosenbrock_residuals,
    view=[(-2.0, 2.0), (-1.0, 3.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=400,
    latex=r"\sum_{i=1}^{d-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    reference="H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, 1960",
    tags=lambda d: (
        "valley",
        "curved",
        "smooth",
        "unimodal" if d < 4 else "multimodal",
        "ill-conditioned",
        "least squares",
        "any dimension",
    ),
    aliases=("banana", "de_jong_2"),
    variants=(
        "The function extended_rosenbrock pairs the coordinates, (x1, x2), (x3, x4), …; for d = 2 both are equal.",
        "A cyclic version also couples the last coordinate with the first.",
        "For d >= 4, it has a second, local minimum near (-1, 1, …, 1).",
    ),
)
def rosenbrock(x: Tensor) -> Tensor:
    """A curved valley with steep walls; its floor is reached quickly, but progress along the floor is slow."""
    here, there = x[..., :-1], x[..., 1:]
    off, left = there - here * here, 1 - here
    return ordered_sum(100 * off * off + left * left)


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
    reference=(
        "E. Spedicato, Computational experience with quasi-Newton algorithms for minimization problems of moderately "
        "large size, 1975"
    ),
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("paired_rosenbrock",),
    variants=("For d = 2 it equals rosenbrock; for larger d, rosenbrock couples each coordinate with two others.",),
)
def extended_rosenbrock(x: Tensor) -> Tensor:
    """Independent Rosenbrock valleys, one per pair of coordinates; more coordinates do not worsen the conditioning."""
    odd, even = x[..., 0::2].contiguous(), x[..., 1::2].contiguous()
    return torch.cat([10 * (even - odd * odd), 1 - odd], -1).movedim(-1, 0)


@least_squares(
    (-5.0, 10.0),
    dims=Dims(least=3),
    view=[(-2.0, 2.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(-1.0, -1.0),
    steps=400,
    title="Chained Rosenbrock",
    latex=r"(x_1 - 1)^2 + 100 \sum_{i=2}^{d} (x_i - x_{i-1}^2)^2",
    reference=(
        "P. L. Toint, Test problems for partially separable optimization and results for the routine PSPMIN, 1983"
    ),
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("extrosnb",),
    variants=("For d = 2 it equals rosenbrock, which pulls each coordinate to 1; here only the first is pulled.",),
)
def chained_rosenbrock(x: Tensor) -> Tensor:
    """A valley in which each coordinate must follow the square of the last; each one slows progress down further."""
    before, after = x[..., :-1].contiguous(), x[..., 1:].contiguous()
    return torch.cat([x[..., :1] - 1, 10 * (after - before * before)], -1).movedim(-1, 0)


@least_squares(
    (-4.5, 4.5),
    (-4.5, 4.5),
    view=[(-0.6, 4.4), (-2.0, 2.4)],
    minima=[(3.0, 0.5)],
    minimum=0.0,
    stationary={"saddle": [(0.0, 1.0)]},
    start=(0.6, 1.4),
    steps=250,
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    reference=(
        "E. M. L. Beale, On an iterative method for finding a local minimum of a function of more than one variable, "
        "1958"
    ),
    tags=("valley", "plateau", "steep corners", "smooth", "unimodal", "ill-conditioned", "least squares"),
)
def beale(x: Tensor, y: Tensor) -> Tensor:
    """A flat valley between steep corners leads to the minimum; large first steps overshoot, small ones crawl."""
    y2 = y * y
    return torch.stack([1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y2 * y])


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.5, 1.5), (-5.0, 5.0)],
    minimum=0.0,
    nonsmooth_where="along the floor of the valley, x = 0",
    start=(-1.2, 4.5),
    steps=60,
    scale="linear",
    latex=r"\tanh(x)^2 + 0.01\,|x| + \frac{1}{1 + e^{-y}}",
    reference="P. Lippe, UvA deep learning tutorials, 4: optimization and initialization, 2022",
    tags=("valley", "plateau", "nonsmooth", "separable", "infimum not attained"),
    aliases=("pathological_curvature",),
)
def long_valley(x: Tensor, y: Tensor) -> Tensor:
    """A valley with steep walls and a nearly flat floor; gradient descent oscillates across it and crawls along it.

    f decreases towards 0 as y → −∞, so the infimum is not attained.
    """
    s = torch.tanh(x)
    # torch.sigmoid rounds differently in batches of different size
    return s * s + 0.01 * x.abs() + torch.nn.functional.logsigmoid(y).exp()


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
    variants=("Under the name Leon, some libraries have Rosenbrock's function, with a square instead of the cube.",),
)
def cube(x: Tensor, y: Tensor) -> Tensor:
    """A valley along a cubic curve with condition number 1e4 at the minimum; stable steps follow its bends slowly."""
    return torch.stack([10 * (y - x * x * x), 1 - x])


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
    reference=(
        "Y. Xiao and F. Zhou, Nonmonotone trust region methods with curvilinear path in unconstrained optimization, "
        "1992"
    ),
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares"),
    aliases=("sineval",),
)
def sine_valley(x: Tensor, y: Tensor) -> Tensor:
    """A valley along a sine curve with steep walls; momentum overshoots at every bend."""
    return torch.stack([math.sqrt(1000) * (y - torch.sin(x)), x / 2])


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
    reference=(
        "after N. Maratos, Exact penalty function algorithms for finite dimensional and control optimization problems, "
        "1978"
    ),
    tags=("valley", "ring", "curved", "saddle", "smooth", "unimodal", "ill-conditioned"),
    aliases=("maratosb",),
    variants=("The original problem has the circle as a constraint; here the distance to it is penalized.",),
)
def maratos(x: Tensor, y: Tensor) -> Tensor:
    """A tilted ring with walls of curvature 8e6; steps must stay tiny, and the minimum lies half a ring away."""
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
    reference=(
        "A. A. Brown and M. C. Bartholomew-Biggs, Some effective methods for unconstrained optimization based on the "
        "solution of systems of ordinary differential equations, 1987"
    ),
    tags=("valley", "ring", "curved", "smooth", "multimodal", "ill-conditioned"),
    aliases=("mexhat",),
)
def mexican_hat(x: Tensor, y: Tensor) -> Tensor:
    """A very thin ring-shaped valley, bent along a parabola; curvatures above 1e5 allow only tiny steps."""
    u, v = x - 1, y - x * x
    brim = 1e4 * v * v + u * u - 0.02
    return 1e5 * brim * brim - 2 * u * u


def _penalty_n1_coordinate(d: int) -> float:
    """Return the coordinate of the minimizer of `penalty_n1`, by Newton's method from 1/(2√d) on the diagonal."""
    x = 0.5 / math.sqrt(d)
    for _ in range(20):
        x -= (1e-5 * (x - 1) + 2 * x * (d * x * x - 0.25)) / (1e-5 + 6 * d * x * x - 0.5)
    return x


@least_squares(
    (-10.0, 10.0),
    dims=Dims(least=2),
    view=[(-1.2, 1.2)],
    minima=lambda d: [(_penalty_n1_coordinate(d),) * d],
    start=(-1.0, -0.4),
    steps=500,
    title="Penalty N. 1",
    latex=r"10^{-5} \sum_{i=1}^{d} (x_i - 1)^2 + \left( \sum x_i^2 - \frac{1}{4} \right)^2",
    reference=(
        "P. E. Gill, W. Murray and R. A. Pitfield, The implementation of two revised quasi-Newton algorithms for "
        "unconstrained optimization, 1972"
    ),
    tags=("valley", "ring", "curved", "smooth", "unimodal", "ill-conditioned", "least squares", "any dimension"),
    aliases=("penalty_1", "penalty_i"),
    variants=("Elsewhere, penalty 1 is the penalized function 1 of Yao, Liu and Lin (1999), which has sines.",),
)
def penalty_n1(x: Tensor) -> Tensor:
    """A ring-shaped valley with a slight tilt; the ring is reached quickly, its lowest point only after many steps."""
    ring = ordered_sum(x * x)[..., None] - 0.25
    return torch.cat([math.sqrt(1e-5) * (x - 1), ring], -1).movedim(-1, 0)


PENALTY_N2_MINIMIZERS = {
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
    minima=lambda d: [PENALTY_N2_MINIMIZERS[d]] if d in PENALTY_N2_MINIMIZERS else [],
    start=(-1.1, -0.6),
    steps=500,
    title="Penalty N. 2",
    latex=(
        r"(x_1 - 0.2)^2 + 10^{-5} \sum_{i=2}^{d} \left[ (e^{x_i / 10} + e^{x_{i-1} / 10} - y_i)^2"
        r" + (e^{x_i / 10} - e^{-1/10})^2 \right] + \left( \sum (d - i + 1)\, x_i^2 - 1 \right)^2"
    ),
    reference=(
        "P. E. Gill, W. Murray and R. A. Pitfield, The implementation of two revised quasi-Newton algorithms for "
        "unconstrained optimization, 1972"
    ),
    tags=lambda d: (
        *("valley", "ring", "curved", "smooth", "multimodal", "least squares", "any dimension"),
        *(["ill-conditioned"] if d > 2 else []),
    ),
    aliases=("penalty_2", "penalty_ii"),
)
def penalty_n2(x: Tensor) -> Tensor:
    """A ring-shaped valley crossed by a line; for d = 2, two minima differ by less than 1e-6, so the start decides.

    y_i = exp(i/10) + exp((i − 1)/10).
    """
    d, small = x.shape[-1], math.sqrt(1e-5)
    grown, i = torch.exp(x / 10), one_to_d(x)
    expected = torch.exp(i / 10)
    along = grown[..., 1:] + grown[..., :-1] - (expected[1:] + expected[:-1])
    ring = ordered_sum((d + 1 - i) * x * x)[..., None] - 1
    rows = [x[..., :1] - 0.2, small * along, small * (grown[..., 1:] - math.exp(-0.1)), ring]
    return torch.cat(rows, -1).movedim(-1, 0)


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
    """Coordinates of scale 1e6 and 1e-6, coupled by their product; no single learning rate suits both."""
    return torch.stack([x - 1e6, y - 2e-6, x * y - 2])


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
    """A curved valley whose coordinates differ in scale by nearly 1e6; unscaled gradient steps diverge or stall.

    Exchanging x and y gives a second minimum, outside the domain.
    """
    return torch.stack([1e4 * x * y - 1, torch.exp(-x) + torch.exp(-y) - 1.0001])


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
    reference=(
        "L. C. W. Dixon and R. C. Price, The truncated Newton method for sparse unconstrained optimisation using "
        "automatic differentiation, 1989"
    ),
    tags=("valley", "curved", "smooth", "multimodal", "least squares", "any dimension"),
)
def dixon_price(x: Tensor) -> Tensor:
    """A curved valley that forks into two branches with equal minima; a saddle between them slows trajectories."""
    before, after = x[..., :-1], x[..., 1:]
    weight = one_to_d(x)[1:].sqrt()
    return torch.cat([x[..., :1] - 1, weight * (2 * after * after - before)], -1).movedim(-1, 0)


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
    """A slightly tilted ring-shaped valley around a maximum; from the far side, descent must follow half the ring."""
    moat = x * x - 2 * x + y * y
    return moat * moat + 0.25 * x


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
    """A square ring-shaped valley crossed by a line; both crossings are ill-conditioned minima, reached slowly."""
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
    """A ring-shaped valley with two minima close together; the nearly flat floor between them slows convergence."""
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
    variants=("The published minimum, 21.35 at (5.611, 6.187), is not the global minimum.",),
)
def wayburn_seader_n3(x: Tensor, y: Tensor) -> Tensor:
    """A ring-shaped valley on a curved slope, with one minimum; the start decides on which side it is approached."""
    x2 = x * x
    a, b = x - 4, y - 5
    ring = a * a + b * b - 4
    return 2 / 3 * x2 * x - 8 * x2 + 33 * x - x * y + 5 + ring * ring


@least_squares(
    (-4.0, 4.0),
    (-4.0, 4.0),
    view=[(-2.0, 3.0), (-2.0, 2.5)],
    minima=[(1.0, 1.0), (-0.7137474114864426, 1.220886822189675)],
    minimum=0.0,
    stationary={
        "minimum": [(1.4850788026539037, 0.0), (-1.3916882994845765, -0.02190986685702345)],
        "saddle": [(1.4435468237964177, 0.3598137933109194), (0.1117023274455947, 1.2275346094066686)],
        "maximum": [(-0.13602933408466406, 0.0)],
    },
    start=(2.6, 2.0),
    steps=200,
    title="Dennis–Schnabel",
    latex=r"(x^2 + y^2 - 2)^2 + (e^{x - 1} + y^3 - 2)^2",
    reference=(
        "J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, "
        "1983"
    ),
    tags=("ring", "curved", "basins", "smooth", "multimodal", "least squares"),
    aliases=("denschnc",),
)
def dennis_schnabel(x: Tensor, y: Tensor) -> Tensor:
    """A ring-shaped valley with two global and two local minima; the start decides in which one a trajectory stops."""
    return torch.stack([x * x + y * y - 2, torch.exp(x - 1) + y * y * y - 2])


@least_squares(
    (-12.0, 12.0),
    (-12.0, 12.0),
    (-12.0, 12.0),
    minima=[(0.0, 0.0, 0.0)],
    minimum=0.0,
    minima_complete=False,  # it is, but searches end anywhere on a floor that is 0 to any precision
    start=(10.0, 10.0, 10.0),
    steps=400,
    title="Dennis–Schnabel N. 5",
    latex=r"(x^2 + y^3 - z^4)^2 + (2xyz)^2 + (2xy - 3yz + xz)^2",
    reference=(
        "J. E. Dennis and R. B. Schnabel, Numerical methods for unconstrained optimization and nonlinear equations, "
        "1983"
    ),
    tags=("valley", "curved", "steep corners", "smooth", "degenerate", "unimodal", "least squares"),
    aliases=("denschnd",),
)
def dennis_schnabel_n5(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Values from 1e8 at the start to a minimum without curvature; the rate that is stable first soon hardly moves."""
    square = z * z
    return torch.stack([x * x + y * y * y - square * square, 2 * x * y * z, 2 * x * y - 3 * y * z + x * z])


@least_squares(
    *[(-1.0, 1.0)] * 4,
    minima=[(0.0, 1.0, 1.0, 1.0)],
    minimum=0.0,
    minima_complete=False,  # it is, but searches end anywhere on a floor that is 0 to any precision
    nonsmooth_where="poles where the difference of the last two coordinates is π/2 or -π/2",
    start=(0.9, -0.6, 0.2, -0.5),
    steps=400,
    title="Miele–Cantrell",
    latex=r"(e^{-x_1} - x_2)^4 + 100 (x_2 - x_3)^6 + \tan(x_3 - x_4)^4 + x_1^8",
    reference="A. Miele and J. W. Cantrell, Study on a memory gradient method for the minimization of functions, 1969",
    tags=("valley", "cliff", "nonsmooth", "unimodal", "least squares"),
    variants=("The standard start of the paper, (1, 2, 2, 2), lies outside the domain.",),
)
def miele_cantrell(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """Powers of 4, 6 and 8, flat at the minimum, beside walls of a tangent; progress fades, but long steps diverge."""
    a, b, c, x2 = torch.exp(-x) - y, y - z, torch.tan(z - w), x * x
    return torch.stack([a * a, 10 * b * b * b, c * c, x2 * x2])


@function(
    (0.0, 1.0),
    dims=Dims(least=2),
    minima=[(1.0,)],
    minimum=2.0,
    outside="lower",
    start=(0.1, 0.3),
    steps=150,
    title="Mishra N. 2",
    latex=r"(1 + g)^g, \quad g = d - \sum_{i=1}^{d-1} \frac{x_i + x_{i+1}}{2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("valley", "rotated", "smooth", "convex", "unimodal", "any dimension"),
    variants=("The first function of Mishra sums all coordinates but the last instead.",),
)
def mishra_n2(x: Tensor) -> Tensor:
    """A slope on which only a sum of the coordinates counts; descent leaves the box at its corner, to lower values."""
    g = x.shape[-1] - 0.5 * ordered_sum(x[..., :-1] + x[..., 1:])
    defined = g > -1  # the power has its pole at -1, and beyond it is not real
    g = torch.where(defined, g, 0.0)
    return torch.where(defined, torch.exp(g * torch.log1p(g)), math.inf)


@least_squares(
    (-1.5, 2.0),
    (-1.5, 2.5),
    view=[(-0.5, 1.5), (-0.5, 1.6)],
    minima=[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)],
    minimum=0.0,
    minima_complete=False,
    start=(-0.42, 1.05),
    steps=200,
    scale="rank",
    title="Himmelblau's knot",
    latex=r"\left( x y (1 - x) \left[ 1 - y - x (1 - x)^5 \right] \right)^2",
    reference="D. M. Himmelblau, Applied nonlinear programming, 1972",
    tags=("valley", "curved", "smooth", "multimodal", "degenerate", "least squares"),
    aliases=("himmelbb", "himmelblau_s_knot"),
)
def himmelblau_knot(x: Tensor, y: Tensor) -> Tensor:
    """Four crossing valleys of value 0; the Hessian vanishes at the crossings, and convergence slows there."""
    u = 1 - x
    u2 = u * u
    return (x * y * u * (1 - y - x * u2 * u2 * u))[None]


@function(
    (-16.0, 16.0),
    (-16.0, 16.0),
    view=[(-12.0, 12.0), (-12.0, 12.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(10.0, 10.0),
    steps=400,
    scale="linear",
    latex=(
        r"\frac{r^2}{1 + r^2} \left[ 1 + \frac{3}{2} r - \frac{r}{2} \cos(r - \theta) \right], \quad r = \sqrt{x^2 + "
        r"y^2}, \; \theta = \mathrm{atan2}(y, x)"
    ),
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem SNAIL by J. Engels, 1990",
    tags=("spiral", "valley", "curved", "smooth", "unimodal"),
)
def snail(x: Tensor, y: Tensor) -> Tensor:
    """A spiral valley that winds into the minimum; trajectories follow its turns or step across its walls."""
    r2 = x * x + y * y
    r = norm(torch.stack([x, y], -1))
    # r cos(r − θ) without the discontinuous angle
    return r2 / (1 + r2) * (1 + 1.5 * r - 0.5 * (x * torch.cos(r) + y * torch.sin(r)))


@function(
    (-8.0, 8.0),
    (-8.0, 8.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=20.0,
    start=(-1.6, -2.0),
    steps=300,
    scale="linear",
    latex=r"30 \sin^2(7x) \cos^2(7y) + 100 \sqrt{0.01 + (x - y)^2} + 100 \sqrt{0.01 + x^2}",
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem HAIRY by P. L. Toint, 1989",
    tags=("valley", "oscillating", "saddle", "smooth", "unimodal"),
)
def hairy(x: Tensor, y: Tensor) -> Tensor:
    """A V-shaped valley covered by ripples, with one minimum; saddles between the ripples slow trajectories down."""
    s, c, off = torch.sin(7 * x), torch.cos(7 * y), x - y
    return 30 * s * s * c * c + 100 * torch.sqrt(0.01 + off * off) + 100 * torch.sqrt(0.01 + x * x)


@function(
    (-800.0, 800.0),
    (-800.0, 800.0),
    view=[(-2.2, 2.2), (-2.2, 2.2)],
    minima=[(0.0, 0.0)],
    minimum=math.log(1.2),
    start=(-1.6, -2.0),
    steps=300,
    scale="linear",
    title="Log hairy",
    latex=(r"\ln \left[ 1 + 0.3 \sin^2(7x) \cos^2(7y) + \sqrt{0.01 + (x - y)^2} + \sqrt{0.01 + x^2} \right]"),
    reference="N. I. M. Gould, D. Orban and P. L. Toint, CUTEst: problem LOGHAIRY by P. L. Toint, 1997",
    tags=("valley", "oscillating", "saddle", "smooth", "unimodal"),
    variants=("CUTEst starts at (-500, -700), where the slope is a thousandth of that near the minimum.",),
)
def log_hairy(x: Tensor, y: Tensor) -> Tensor:
    """The logarithm of a rippled V-shaped valley; far away the gradient fades, so fixed steps hardly move."""
    s, c, off = torch.sin(7 * x), torch.cos(7 * y), x - y
    return torch.log1p(0.3 * s * s * c * c + torch.sqrt(0.01 + off * off) + torch.sqrt(0.01 + x * x))
