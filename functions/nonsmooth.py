"""Gradients that jump, become infinite or vanish almost everywhere: creases, cones and steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function
from landscapes.objectives.elementary import mean, norm, ordered_sum, power, product, root


@function(
    (-4.0, 4.0),
    minima=[(0.0,)],
    nonsmooth_where="at the minimum",
    start=(3.0,),
    steps=100,
    scale="linear",
    latex=r"|x|",
    reference="A. Defazio and K. Mishchenko, Learning-rate-free learning by D-adaptation, 2023",
    tags=("valley", "illustrative", "nonsmooth", "convex", "separable", "unimodal"),
    aliases=("absolute_value",),
)
def absolute(x: Tensor) -> Tensor:
    """A V with constant slope; its gradient does not shrink near the minimum, so fixed steps overshoot."""
    return x.abs()


@function(
    (-100.0, 100.0),
    dims=ANY,
    view=[(-3.0, 3.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where a coordinate is 0",
    start=(-2.5, 0.7),
    steps=120,
    scale="linear",
    title="Schwefel 2.20",
    latex=r"\sum_{i=1}^{d} |x_i|",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("bowl", "nonsmooth", "convex", "separable", "unimodal", "any dimension"),
    aliases=("schwefel_2_20", "l1", "schwefel_n2_20"),
)
def l1_norm(x: Tensor) -> Tensor:
    """A pyramid with constant slopes; with a fixed learning rate, iterates oscillate around the tip."""
    return ordered_sum(x.abs())


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    nonsmooth_where="along both diagonals",
    start=(2.5, 0.3),
    steps=150,
    scale="linear",
    title="Rotated L1",
    latex=r"|x + y| + \frac{|x - y|}{10}",
    reference=(
        "S. P. Karimireddy, Q. Rebjock, S. Stich and M. Jaggi, Error feedback fixes signSGD and other gradient "
        "compression schemes, 2019"
    ),
    tags=("valley", "rotated", "illustrative", "nonsmooth", "convex", "unimodal"),
    aliases=("sign_counterexample",),
)
def rotated_l1(x: Tensor, y: Tensor) -> Tensor:
    """A crease along a diagonal; sign-based steps jump across it and make no progress along it."""
    return (x + y).abs() + (x - y).abs() / 10


def _max(x: Tensor) -> Tensor:
    """Return the largest coordinate, by sequential comparisons."""
    largest = x[..., 0]
    for k in range(1, x.shape[-1]):
        largest = torch.maximum(largest, x[..., k])
    return largest


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-3.0, 3.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where the two largest absolute coordinates are equal",
    start=(-2.6, 2.0),
    steps=120,
    scale="linear",
    title="Schwefel 2.21",
    latex=r"\max_i |x_i|",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("bowl", "nonsmooth", "convex", "unimodal", "any dimension"),
    aliases=("max_norm", "maxl", "schwefel_n2_21"),
)
def schwefel_2_21(x: Tensor) -> Tensor:
    """The largest absolute coordinate; a subgradient moves one coordinate at a time, so high dimensions are slow."""
    return _max(x.abs())


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-3.0, 3.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where a coordinate is 0",
    start=(-2.5, 2.0),
    steps=120,
    title="Schwefel 2.22",
    latex=r"\sum_{i=1}^{d} |x_i| + \prod_{i=1}^{d} |x_i|",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("bowl", "nonsmooth", "unimodal", "any dimension"),
    aliases=("schwefel_n2_22",),
)
def schwefel_2_22(x: Tensor) -> Tensor:
    """A pyramid plus a product of all coordinates; gradients are very large in the corners and 1 along the axes."""
    size = x.abs()
    return ordered_sum(size) + product(size)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-4.0, 6.0), (-2.0, 8.0)],
    minima=[(1.0, 3.0)],
    minimum=0.0,
    nonsmooth_where="along two pairs of lines",
    start=(-3.0, 7.0),
    steps=150,
    title="Schwefel 2.6",
    latex=r"\max(|x + 2y - 7|, |2x + y - 5|)",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("valley", "nonsmooth", "convex", "unimodal"),
    aliases=("schwefel_n2_6",),
)
def schwefel_2_6(x: Tensor, y: Tensor) -> Tensor:
    """The maximum of two folded planes; gradients are constant on each face, so fixed steps zigzag across the folds."""
    return torch.maximum((x + 2 * y - 7).abs(), (2 * x + y - 5).abs())


@function(
    (-15.0, -5.0),
    (-3.0, 3.0),
    minima=[(-10.0, 1.0)],
    minimum=0.0,
    nonsmooth_where="on the parabola y = x²/100, with infinite slope, and on x = -10",
    start=(-6.0, 2.0),
    steps=200,
    title="Bukin N. 6",
    latex=r"100 \sqrt{|y - 0.01\,x^2|} + 0.01\,|x + 10|",
    reference="A. D. Bukin, New minimization strategy for non-smooth functions, 1997",
    tags=("valley", "ridge", "curved", "nonsmooth", "unimodal"),
)
def bukin_n6(x: Tensor, y: Tensor) -> Tensor:
    """A curved crease with infinite slope across it; steps bounce between its walls and hardly move along it."""
    return 100 * power(y - 0.01 * x * x, 0.5) + 0.01 * (x + 10).abs()


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=[(0.0, 0.0)],
    minimum=1.0,
    nonsmooth_where="where sin x or cos y is 0",
    start=(-3.4, 2.8),
    steps=120,
    title="Bartels–Conn",
    latex=r"|x^2 + y^2 + xy| + |\sin x| + |\cos y|",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("bowl", "nonsmooth", "convex", "unimodal"),
)
def bartels_conn(x: Tensor, y: Tensor) -> Tensor:
    """A convex bowl with shallow creases; the gradient jumps at each crease, so fixed steps oscillate."""
    return (x * x + y * y + x * y).abs() + torch.sin(x).abs() + torch.cos(y).abs()


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="jumps where a coordinate is half an odd integer",
    start=(-7.2, 5.3),
    steps=60,
    scale="linear",
    title="Step",
    latex=r"\sum_{i=1}^{d} \lfloor x_i + 0.5 \rfloor^2",
    reference="T. Bäck, Evolutionary algorithms in theory and practice, 1996",
    tags=("plateau", "discontinuous", "separable", "unimodal", "any dimension"),
    aliases=("step_n2",),
    variants=("Step 1 uses the floor of |x|, step 3 that of x²; De Jong's third function sums floors and adds 6d.",),
)
def step(x: Tensor) -> Tensor:
    """A staircase bowl of flat squares; the gradient is zero almost everywhere, so gradient methods never move."""
    level = torch.floor(x + 0.5)
    return ordered_sum(level * level)


@function(
    (-10.0, 10.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="jumps where a coordinate is a nonzero integer",
    start=(-7.2, 5.3),
    steps=60,
    scale="linear",
    title="Step N. 1",
    latex=r"\sum_{i=1}^{d} \lfloor |x_i| \rfloor",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("plateau", "discontinuous", "separable", "unimodal", "any dimension"),
)
def step_n1(x: Tensor) -> Tensor:
    """Terraces of equal height and width; without gradients, only comparisons of values show the way down."""
    return ordered_sum(torch.floor(x.abs()))


@function(
    (-5.0, 5.0),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="jumps where the square of a coordinate is a positive integer",
    start=(-3.6, 2.9),
    steps=60,
    scale="linear",
    title="Step N. 3",
    latex=r"\sum_{i=1}^{d} \lfloor x_i^2 \rfloor",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("plateau", "discontinuous", "separable", "unimodal", "any dimension"),
)
def step_n3(x: Tensor) -> Tensor:
    """Terraces that become narrower outwards; the gradient is zero on each, so only value-based methods progress."""
    return ordered_sum(torch.floor(x * x))


@function(
    (-10.0, 10.0),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="jumps where the sum of the coordinates is 0",
    start=(-7.2, 1.4),
    steps=100,
    scale="linear",
    title="Zero sum",
    latex=(
        r"0 \;\mathrm{if}\; \sum_{i=1}^{d} x_i = 0, \quad "
        r"1 + \left( 10000 \left| \sum_{i=1}^{d} x_i \right| \right)^{1/2} \;\mathrm{otherwise}"
    ),
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("valley", "rotated", "discontinuous", "unimodal", "any dimension"),
)
def zero_sum(x: Tensor) -> Tensor:
    """A sharp crease along a diagonal with value 1, and 0 exactly on it; fixed steps bounce, and 1 remains."""
    total = ordered_sum(x)
    return torch.where(total == 0, 0.0, 1 + 100 * root(total.abs()))


@function(
    (0.0, 100.0),
    (0.0, 100.0),
    view=[(0.0, 12.0), (0.0, 12.0)],
    minima=[(7.0, 2.0)],
    minimum=0.0,
    nonsmooth_where=(
        "jumps on the circle (x − 3)² + (y − 2)² = 16, on xy = 14 and on the axes; creases where two terms are equal"
    ),
    start=(5.0, 1.0),
    steps=200,
    title="Zimmerman",
    latex=(
        r"\max\left( 9 - x - y,\; p(h)\,\mathrm{sgn}\,h,\; p(k)\,\mathrm{sgn}\,k,\; p(-x)\,\mathrm{sgn}\,x,\; "
        r"p(-y)\,\mathrm{sgn}\,y \right), \quad h = (x - 3)^2 + (y - 2)^2 - 16, \; k = xy - 14, \; p(t) = 100 (1 + t)"
    ),
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("needle", "deceptive", "discontinuous", "multimodal"),
    variants=("Storn and Price, 1997, penalize only violated constraints; here all terms count everywhere.",),
    aliases=("zimmermann",),
)
def zimmerman(x: Tensor, y: Tensor) -> Tensor:
    """A penalized problem whose minimum is the tip of a narrow wedge between jumps; descent stops at a crease."""
    h, k = (x - 3) * (x - 3) + (y - 2) * (y - 2) - 16, x * y - 14
    worst = 9 - x - y
    for penalty, side in ((h, h), (k, k), (-x, x), (-y, y)):
        worst = torch.maximum(worst, 100 * (1 + penalty) * torch.sign(side))
    return worst


@function(
    (-3.0, 3.0),
    dims=Dims(least=2),
    view=[(-2.0, 2.0)],
    minima=[(1.0,)],
    minimum=0.0,
    nonsmooth_where="along the curve |x_{i+1} − 2|x_i| + 1| = 0 and at x_i = 0",
    start=(-1.3, 1.6),
    steps=200,
    title="Chebyshev–Rosenbrock",
    latex=r"\frac{|x_1 - 1|}{4} + \sum_{i=1}^{d-1} |x_{i+1} - 2 |x_i| + 1|",
    reference="M. Gürbüzbalaban and M. L. Overton, On Nesterov's nonsmooth Chebyshev–Rosenbrock functions, 2012",
    tags=("valley", "ridge", "nonsmooth", "multimodal", "any dimension"),
)
def chebyshev_rosenbrock(x: Tensor) -> Tensor:
    """A piecewise linear zigzag valley; gradient methods can stall at its corners, far from the minimum."""
    return (x[..., 0] - 1).abs() / 4 + ordered_sum((x[..., 1:] - 2 * x[..., :-1].abs() + 1).abs())


@function(
    (-3.0, 4.0),
    (-3.0, 3.0),
    view=[(-2.0, 3.0), (-2.0, 2.5)],
    minima=[(1.139037651992662655, 0.8995599383953928702)],
    minimum=1.952224493870658994,
    nonsmooth_where="where two of the three functions meet",
    start=(-1.4, 2.1),
    steps=150,
    title="CB2",
    latex=r"\max(x^2 + y^4, \; (2 - x)^2 + (2 - y)^2, \; 2 e^{y - x})",
    reference="C. Charalambous and A. R. Conn, An efficient method to solve the minimax problem directly, 1978",
    tags=("bowl", "ridge", "nonsmooth", "convex", "unimodal"),
    aliases=("charalambous_conn_2",),
)
def cb2(x: Tensor, y: Tensor) -> Tensor:
    """The maximum of three smooth functions; the minimum lies on a crease where gradients conflict and steps zigzag."""
    y2, a, b = y * y, 2 - x, 2 - y
    return torch.maximum(torch.maximum(x * x + y2 * y2, a * a + b * b), 2 * torch.exp(y - x))


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-3.0, 3.0), (-5.0, 3.0)],
    minima=[(0.0, -3.0)],
    minimum=-3.0,
    nonsmooth_where="where two of the three functions meet",
    start=(2.4, 2.0),
    steps=150,
    scale="linear",
    title="Demyanov–Malozemov",
    latex=r"\max(5 x + y, \; -5 x + y, \; x^2 + y^2 + 4 y)",
    reference="V. F. Demyanov and V. N. Malozemov, Introduction to minimax, 1974",
    tags=("valley", "ridge", "nonsmooth", "convex", "unimodal"),
    aliases=(
        "demyanov_malozemov",
        "dem",
    ),
)
def demyanov(x: Tensor, y: Tensor) -> Tensor:
    """Two steep planes meet in a gently sloping crease; steps zigzag across it and descend slowly along it."""
    return torch.maximum(5 * x.abs() + y, x * x + y * y + 4 * y)


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    view=[(-2.0, 2.0), (-2.0, 2.0)],
    minima=[(1.0, 0.0)],
    minimum=-1.0,
    nonsmooth_where="on the unit circle",
    start=(-0.8, -0.6),
    steps=150,
    title="Mifflin 1",
    scale="linear",
    latex=r"-x + 20 \max(x^2 + y^2 - 1, \; 0)",
    reference="R. Mifflin, An algorithm for constrained optimization with semismooth functions, 1977",
    tags=("cliff", "ridge", "nonsmooth", "convex", "unimodal"),
)
def mifflin_1(x: Tensor, y: Tensor) -> Tensor:
    """A gentle slope that ends at a steep circular wall; trajectories bounce off it instead of sliding along it."""
    return -x + 20 * torch.clamp(x * x + y * y - 1, min=0)


@function(
    (-100.0, 100.0),
    dims=ANY,
    view=[(-4.0, 4.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where the two largest squares are equal",
    start=(-3.2, 2.8),
    steps=120,
    title="Maxq",
    latex=r"\max_i x_i^2",
    reference=(
        "L. Lukšan and J. Vlček, Test problems for nonsmooth unconstrained and linearly constrained optimization, 2000"
    ),
    tags=("bowl", "nonsmooth", "convex", "unimodal", "any dimension"),
)
def maxq(x: Tensor) -> Tensor:
    """The largest squared coordinate; gradients are zero in all others, so each step improves one coordinate only."""
    return _max(x * x)


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    minima=[(2.0, -1.0)],
    minimum=0.0,
    nonsmooth_where="along two lines",
    start=(-4.0, 3.5),
    steps=150,
    title="Median of lines",
    scale="linear",
    latex=r"|x - 2| + 2\,|y + 1| + |x + y - 1|",
    reference="P. Bloomfield and W. L. Steiger, Least absolute deviations, 1983",
    tags=("bowl", "nonsmooth", "convex", "unimodal"),
    aliases=(
        "median_of_lines",
        "least_absolute_deviations",
    ),
)
def lad(x: Tensor, y: Tensor) -> Tensor:
    """A polyhedral bowl of absolute residuals; the minimum is a corner, around which fixed steps oscillate."""
    return (x - 2).abs() + 2 * (y + 1).abs() + (x + y - 1).abs()


@function(
    (-32.0, 32.0),
    (-32.0, 32.0),
    minima=[(0.0, 0.0)],
    minimum=-200.0,
    nonsmooth_where="at the minimum, the tip of the cone",
    start=(-24.0, 19.0),
    steps=200,
    scale="linear",
    title="Ackley N. 2",
    latex=r"-200\,e^{-0.02 \sqrt{x^2 + y^2}}",
    reference="D. H. Ackley, A connectionist machine for genetic hillclimbing, 1987",
    tags=("funnel", "nonsmooth", "unimodal"),
    variants=("Some libraries use 0.2 instead of 0.02, which makes the cone ten times narrower.",),
)
def ackley_n2(x: Tensor, y: Tensor) -> Tensor:
    """A funnel with a sharp tip; its slope is largest at the tip, so fixed steps overshoot there."""
    return -200 * torch.exp(-0.02 * norm(torch.stack([x, y], -1)))


@function(
    (-15.0, -5.0),
    (-3.0, 3.0),
    minima=[(-10.0, 0.0)],
    minimum=0.0,
    nonsmooth_where="along x = -10",
    start=(-6.0, 2.5),
    steps=200,
    title="Bukin N. 4",
    latex=r"100\,y^2 + 0.01\,|x + 10|",
    reference="A. D. Bukin, New minimization strategy for non-smooth functions, 1997",
    tags=("valley", "nonsmooth", "convex", "separable", "unimodal"),
)
def bukin_n4(x: Tensor, y: Tensor) -> Tensor:
    """A steep parabolic valley whose floor has slope 0.01; the floor is reached quickly and followed very slowly."""
    return 100 * y * y + 0.01 * (x + 10).abs()


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-1.0, 6.0), (-7.0, 1.0)],
    minima=[(2.0, -3.0), (5.01231367960365, -3.0)],
    minimum=0.0,
    nonsmooth_where="where the polynomial in x is 0: x = 2 and x = 5.01",
    start=(-0.4, -0.6),
    steps=300,
    latex=r"\frac{1}{1000} \left( \left| (x - 2)^{10} - 100 (x^4 - 16) \right| + (y + 3)^4 \right)^2",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("valley", "plateau", "steep corners", "nonsmooth", "multimodal"),
    aliases=("mishra_n8",),
    variants=("It is usually written as a polynomial with eleven terms; its second root is rarely mentioned.",),
)
def decanomial(x: Tensor, y: Tensor) -> Tensor:
    """A degree-10 polynomial with two minima, steep along x and flat along y; y converges extremely slowly."""
    u, v = x - 2, y + 3
    u2, v2 = u * u, v * v
    u4 = u2 * u2
    size = (u4 * u4 * u2 - 100 * (x * x - 4) * (x * x + 4)).abs() + v2 * v2
    return 0.001 * size * size


@function(
    (-10.0, 10.0),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="where a coordinate is 0",
    start=(-8.5, 4.0),
    steps=150,
    title="Multimodal product",
    latex=r"\sum |x_i| \, \prod |x_i|",
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("valley", "nonsmooth", "unimodal", "any dimension"),
    aliases=("crossed_creases",),
)
def multimodal_product(x: Tensor) -> Tensor:
    """Creased valleys with value 0 along all axes; fixed steps oscillate across the first axis that they meet."""
    size = x.abs()
    return ordered_sum(size) * product(size)


@function(
    (-10.0, 10.0),
    dims=Dims(least=2),
    minima=[(0.0,), (5.0,)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="where a coordinate is 0, with infinite slope",
    start=(9.0, 0.4),
    steps=150,
    title="Mishra N. 11",
    latex=r"\left[ \frac{1}{d} \sum_{i=1}^{d} |x_i| - \left( \prod_{i=1}^{d} |x_i| \right)^{1/d} \right]^2",
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("valley", "ridge", "nonsmooth", "unimodal", "any dimension"),
    aliases=("amgm",),
    variants=(
        "As AMGM, it is defined for positive coordinates only.",
        "Two libraries divide the product by d instead of taking its root, an error of operator precedence.",
    ),
)
def mishra_n11(x: Tensor) -> Tensor:
    """Arithmetic minus geometric mean, squared: value 0 on all diagonals; near the axes, infinite slopes expel runs."""
    size = x.abs()
    off = mean(size) - power(product(size), 1 / x.shape[-1])
    return off * off


@function(
    (-2.0, 2.0),
    dims=ANY,
    minima=[(-1.0,)],
    minimum=0.0,
    nonsmooth_where="on the ring where the sum of squares is d, with infinite slope",
    start=(1.4, 0.3),
    steps=300,
    title="HappyCat",
    latex=(
        r"\left| \|x\|^2 - d \right|^{1/4} + \frac{1}{d} \left( \frac{1}{2} \|x\|^2 + \sum_{i=1}^{d} x_i \right) + "
        r"\frac{1}{2}"
    ),
    reference=(
        "H.-G. Beyer and S. Finck, HappyCat: a simple function class where well-known direct search algorithms do "
        "fail, 2012"
    ),
    tags=("ring", "ridge", "curved", "nonsmooth", "unimodal", "any dimension"),
    variants=("Some libraries use |‖x‖² - d| instead of its fourth root, which gives a less sharp crease.",),
)
def happy_cat(x: Tensor) -> Tensor:
    """A slightly tilted, ring-shaped crease with infinite slope across it; steps reach it but hardly move along it."""
    d, q = x.shape[-1], ordered_sum(x * x)
    return power(q - d, 0.25) + (q / 2 + ordered_sum(x)) / d + 0.5


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(0.0, 0.0)],
    minimum=-1.5,
    outside="unbounded",
    nonsmooth_where="at the minimum, the tip of a cone",
    start=(-0.85, 1.2),
    steps=100,
    scale="linear",
    title="Ursem N. 4",
    latex=r"-\frac{3}{4} \cos \frac{\pi x}{2} \left( 2 - \sqrt{x^2 + y^2} \right)",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution-based methods, 2009",
    tags=("cliff", "nonsmooth", "unimodal", "unbounded"),
)
def ursem_n4(x: Tensor, y: Tensor) -> Tensor:
    """A cone whose slope does not vanish at the minimum; only decreasing step sizes converge."""
    return -0.75 * torch.cos(0.5 * math.pi * x) * (2 - root(x * x + y * y))
