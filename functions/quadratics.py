"""Functions with a constant Hessian, from the sphere to ill-conditioned and rotated ones."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function, least_squares
from landscapes.objectives.elementary import one_to_d, ordered_sum


@function(
    (-5.12, 5.12),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=80,
    latex=r"\sum_{i=1}^{d} x_i^2",
    reference="K. A. De Jong, An analysis of the behavior of a class of genetic adaptive systems, 1975",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "any dimension"),
    aliases=("de_jong_1",),
)
def sphere(x: Tensor) -> Tensor:
    """A round bowl; the negative gradient points at the minimum, so only the learning rate matters."""
    return ordered_sum(x * x)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-8.0, 6.0),
    steps=100,
    latex=r"\sum_{i=1}^{d} i\,x_i^2",
    reference="M. Molga and C. Smutnicki, Test functions for optimization needs, 2005",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "any dimension"),
    aliases=("axis_parallel_hyper_ellipsoid", "weighted_sphere"),
)
def sum_squares(x: Tensor) -> Tensor:
    """Curvatures grow linearly with the coordinate index; the condition number is d, so high dimensions are slower."""
    return ordered_sum(one_to_d(x) * x * x)


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 3.0)],
    minimum=0.0,
    start=(-8.0, 8.0),
    steps=120,
    latex=r"(x + 2y - 7)^2 + (2x + y - 5)^2",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "least squares"),
)
def booth(x: Tensor, y: Tensor) -> Tensor:
    """A convex quadratic bowl with condition number 9; a baseline on which every optimizer should converge."""
    return torch.stack([x + 2 * y - 7, 2 * x + y - 5])


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-8.0, 5.0),
    steps=120,
    latex=r"0.26\,(x^2 + y^2) - 0.48\,xy",
    reference="J. Matyas, Random optimization, 1965",
    tags=("valley", "rotated", "smooth", "convex", "quadratic", "unimodal"),
)
def matyas(x: Tensor, y: Tensor) -> Tensor:
    """A shallow valley along the diagonal with condition number 25; per-coordinate scaling cannot correct it."""
    return 0.26 * (x * x + y * y) - 0.48 * x * y


@function(
    lambda d: (-float(d * d), float(d * d)),
    dims=Dims(least=2),
    minima=lambda d: [tuple(float((i + 1) * (d - i)) for i in range(d))],
    minimum=lambda d: -d * (d + 4) * (d - 1) / 6,
    start=(-3.0, 3.0),
    steps=150,
    latex=r"\sum_{i=1}^{d} (x_i - 1)^2 - \sum_{i=2}^{d} x_i x_{i-1}",
    reference="A. Neumaier, Optimization test problems, 1996",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
)
def trid(x: Tensor) -> Tensor:
    """A quadratic that couples neighbouring coordinates; conditioning worsens as d², so high dimensions are slow."""
    off = x - 1
    return ordered_sum(off * off) - ordered_sum(x[..., 1:] * x[..., :-1])


@function(
    (-65.536, 65.536),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    start=(-50.0, 40.0),
    steps=150,
    title="Schwefel N. 1.2",
    latex=r"\sum_{i=1}^{d} \left( \sum_{j=1}^{i} x_j \right)^2",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=lambda d: (
        *("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
        *(["ill-conditioned"] if d > 7 else []),
    ),
    aliases=("double_sum", "quadric", "schwefel_1_2"),
    variants=("As rotated_hyper_ellipsoid, some libraries sum the squares x_j², which gives a weighted sphere.",),
)
def schwefel_n1_2(x: Tensor) -> Tensor:
    """A quadratic of partial sums with rotated axes; conditioning worsens with d, diagonal scaling does not help."""
    sums = [x[..., 0]]
    for k in range(1, x.shape[-1]):
        sums.append(sums[-1] + x[..., k])
    return ordered_sum(torch.stack([part * part for part in sums], -1))


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-30.0, 30.0), (-30.0, 30.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-25.0, 20.0),
    steps=150,
    title="Rotated ellipse",
    latex=r"7 x^2 - 6 \sqrt{3}\,xy + 13\,y^2",
    reference="H. B. Curry, The method of steepest descent for non-linear minimization problems, 1944",
    tags=("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal"),
    aliases=("rotated_ellipse_1",),
)
def rotated_ellipse(x: Tensor, y: Tensor) -> Tensor:
    """An ellipse with condition number 4, rotated by 30 degrees; a mild test of per-coordinate learning rates."""
    return 7 * x * x - 6 * math.sqrt(3) * x * y + 13 * y * y


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-30.0, 30.0), (-30.0, 30.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(25.0, 21.0),
    steps=150,
    title="Rotated ellipse N. 2",
    latex=r"x^2 - xy + y^2",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal"),
)
def rotated_ellipse_n2(x: Tensor, y: Tensor) -> Tensor:
    """An ellipse with condition number 3, rotated by 45 degrees; scaling each axis cannot improve it."""
    return x * x - x * y + y * y


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    start=(-80.0, 62.0),
    steps=150,
    latex=r"d \sum_{i=1}^{d} \left( x_i^2 + 0.4 \sum_{j \neq i} x_i x_j \right)",
    reference="L. C. W. Dixon and G. P. Szegö, Towards global optimisation 2, 1978",
    tags=lambda d: (
        *("bowl", "rotated", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
        *(["ill-conditioned"] if d > 148 else []),
    ),
    variants=("Some libraries couple neighbours only, and have negative values for d > 2.",),
)
def sargan(x: Tensor) -> Tensor:
    """A quadratic bowl that is steep along the main diagonal; conditioning worsens as 0.67 d, scaling does not help."""
    total, d = ordered_sum(x), x.shape[-1]
    return d * (0.6 * ordered_sum(x * x) + 0.4 * total * total)


@function(
    (-10.0, 10.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-9.0, 1.5),
    steps=150,
    latex=r"\frac{1}{2}(x^2 + 100\,y^2)",
    reference="G. Goh, Why momentum really works, 2017",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned"),
    aliases=("stretched_bowl",),
)
def ill_conditioned_bowl(x: Tensor, y: Tensor) -> Tensor:
    """An axis-parallel valley with condition number 100; gradient descent diverges for learning rates above 0.02."""
    return 0.5 * x * x + 50 * y * y


@function(
    (-6.0, 6.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-5.5, 1.5),
    steps=150,
    latex=r"\frac{x^2}{20} + 10\,y^2",
    reference=(
        "I. Sutskever, J. Martens, G. Dahl and G. Hinton, "
        "On the importance of initialization and momentum in deep learning, 2013"
    ),
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned"),
)
def symmetric_valley(x: Tensor, y: Tensor) -> Tensor:
    """A straight valley with condition number 200; momentum accelerates along the floor, gradient descent crawls."""
    return x * x / 20 + 10 * y * y


COS_30, SIN_30 = math.sqrt(3) / 2, 0.5


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-9.0, -3.0),
    steps=200,
    latex=r"\frac{1}{2}(u^2 + 100\,v^2), \quad (u, v) = (x, y) \mathrm{\ turned\ by\ } 30^\circ",
    reference="B. T. Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
    tags=("valley", "rotated", "smooth", "convex", "quadratic", "unimodal", "ill-conditioned"),
    aliases=("ill_conditioned_quadratic",),
)
def ravine(x: Tensor, y: Tensor) -> Tensor:
    """A straight valley with condition number 100, rotated by 30 degrees; per-coordinate learning rates help little.

    u = x cos 30° + y sin 30° is the coordinate along the valley, v = y cos 30° − x sin 30° the one across it.
    """
    u, v = COS_30 * x + SIN_30 * y, COS_30 * y - SIN_30 * x
    return 0.5 * u * u + 50 * v * v


def _log_spaced(x: Tensor, decades: float) -> Tensor:
    """Return d factors, spaced evenly on a log scale from 1 to 10^decades."""
    d = x.shape[-1]
    return torch.tensor([10 ** (decades * i / max(d - 1, 1)) for i in range(d)], dtype=x.dtype, device=x.device)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=200,
    latex=r"\sum_{i=1}^{d} 10^{6 \frac{i-1}{d-1}} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("high_conditioned_elliptic", "ellipsoid"),
)
def elliptic(x: Tensor) -> Tensor:
    """Curvatures spread over six decades along the axes; one learning rate leaves the flattest coordinates unmoved."""
    return ordered_sum(_log_spaced(x, 6) * x * x)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 3.0),
    steps=200,
    latex=r"x_1^2 + 10^6 \sum_{i=2}^{d} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bent_cigar",),
    variants=("In CEC, bent cigar is this function; in BBOB, its coordinates are transformed asymmetrically.",),
)
def cigar(x: Tensor) -> Tensor:
    """One flat direction among steep ones, condition number 1e6; gradient descent hardly moves along the flat one."""
    return x[..., 0] * x[..., 0] + 1e6 * ordered_sum(x[..., 1:] * x[..., 1:])


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-3.0, 4.0),
    steps=200,
    latex=r"10^6 x_1^2 + \sum_{i=2}^{d} x_i^2",
    reference="N. Hansen and A. Ostermeier, Completely derandomized self-adaptation in evolution strategies, 2001",
    tags=("valley", "smooth", "convex", "quadratic", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("tablet",),
)
def discus(x: Tensor) -> Tensor:
    """One steep direction among flat ones, condition number 1e6; it limits the learning rate of all the others."""
    return 1e6 * x[..., 0] * x[..., 0] + ordered_sum(x[..., 1:] * x[..., 1:])


@function(
    (-2.0, 2.0),
    dims=ANY,
    view=[(-1.0, 1.5)],
    minima=lambda d: [tuple(1 - (i + 1) / (d + 1) for i in range(d))],
    minimum=lambda d: (1 / (d + 1) - 1) / 2,
    start=lambda d: (-0.8, 1.2) if d == 2 else (0.0,) * d,
    steps=120,
    scale="log",
    latex=r"\frac{1}{2} \left[ x_1^2 + \sum_{i=1}^{d-1} (x_i - x_{i+1})^2 + x_d^2 \right] - x_1",
    reference="Y. Nesterov, Introductory lectures on convex optimization, 2004",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal", "any dimension"),
    aliases=("nesterov_worst",),
    variants=("Nesterov's factor L/4 is 1 here, so the Lipschitz constant of the gradient is 4.",),
)
def nesterov_chain(x: Tensor) -> Tensor:
    """A chain in which only the first coordinate is pushed; from 0, information moves one coordinate per step."""
    steps = x[..., :-1] - x[..., 1:]
    ends = x[..., 0] * x[..., 0] + x[..., -1] * x[..., -1]
    return 0.5 * (ends + ordered_sum(steps * steps)) - x[..., 0]


@function(
    (-10.0, 20.0),
    (-10.0, 20.0),
    view=[(-4.0, 12.0), (0.0, 16.0)],
    minima=[(4.0, 9.0)],
    minimum=-18.2,
    start=(-2.0, 2.0),
    steps=60,
    title="Zangwill N. 2",
    latex=r"\frac{1}{15} \left( 16x^2 + 16y^2 - 8xy - 56x - 256y + 991 \right)",
    reference="A. R. Buckley, Test functions for unconstrained minimization, 1989",
    tags=("bowl", "smooth", "convex", "quadratic", "unimodal"),
    aliases=("zangwil2",),
)
def zangwill_n2(x: Tensor, y: Tensor) -> Tensor:
    """A rotated bowl with condition number 5/3; every optimizer should converge quickly."""
    u, v = x - 4, y - 9
    return (16 * (u * u + v * v) - 8 * u * v) / 15 - 18.2
