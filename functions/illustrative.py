"""Small functions, mostly from papers on optimizers, each built to show one effect."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.decorators import Dims, function, least_squares
from landscapes.objectives.elementary import product


def _gaussian(x: Tensor, y: Tensor, a: float, b: float, width: float) -> Tensor:
    """Return exp(-r²/2w²), where r is the distance to (a, b) and w the width."""
    u, v = x - a, y - b
    return torch.exp(-(u * u + v * v) / (2 * width * width))


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(1.0, -0.5), (-1.0, 0.5), (-0.5, -0.8)],
    start=(0.05, 0.0),
    steps=200,
    scale="linear",
    title="Steep optima",
    latex=r"-\sum_{k=1}^{3} \frac{1}{2 \pi \sigma^2} e^{-\Vert z - c_k \Vert^2 / 2 \sigma^2}, \quad \sigma = 0.15",
    reference="P. Lippe, UvA deep learning tutorials, 4: optimization and initialization, 2022",
    tags=("illustrative", "plateau", "needle", "smooth", "multimodal"),
    variants=("The tutorial uses σ = 0.2, for which the wells overlap slightly; here they are equally deep.",),
)
def steep_optima(x: Tensor, y: Tensor) -> Tensor:
    """Three narrow Gaussian wells in a plain; outside them, the gradient is too small for gradient descent to move."""
    height = 1 / (2 * math.pi * 0.0225)
    holes = _gaussian(x, y, 1.0, -0.5, 0.15) + _gaussian(x, y, -1.0, 0.5, 0.15) + _gaussian(x, y, -0.5, -0.8, 0.15)
    return -height * holes


@function(
    (-1.2, 1.6),
    (-0.5, 5.5),
    minima=[(1.0, 4.0)],
    minimum=0.0,
    stationary={"saddle": [(0.0, 4.0)], "minimum": [(-17 / 26, 4.0)]},
    outside="higher",
    start=(0.2, 0.0),
    steps=150,
    title="Sophia's toy",
    latex=r"8 (x - 1)^2 (1.3 x^2 + 2 x + 1) + \frac{1}{2} (y - 4)^2",
    reference="H. Liu, Z. Li, D. Hall, P. Liang and T. Ma, Sophia: a scalable stochastic second-order optimizer, 2023",
    tags=("illustrative", "saddle", "smooth", "separable", "multimodal"),
    aliases=("sophia_s_toy",),
)
def sophia_toy(x: Tensor, y: Tensor) -> Tensor:
    """Steep along x, flat along y; gradient descent crawls, sign steps oscillate, Newton's method stops at a saddle."""
    a, b = x - 1, y - 4
    return 8 * a * a * (1.3 * x * x + 2 * x + 1) + 0.5 * b * b


@function(
    (-1.0, 3.2),
    (-1.0, 4.0),
    minima=[(3.0, 3.1497866136776995)],
    start=(0.0, -0.9),
    steps=300,
    scale="rank",
    title="Cliff",
    latex=r"\left( \frac{x - 3}{100} \right)^2 - (x - y) + e^{20 (x - y)}",
    reference=(
        "J. S. Kowalik and M. R. Osborne's cliff, as problem CLIFF of I. Bongartz et al., CUTE: constrained and "
        "unconstrained testing environment, 1995"
    ),
    tags=("illustrative", "cliff", "valley", "rotated", "smooth", "convex", "unimodal", "ill-conditioned"),
    aliases=("cliff", "cutest_cliff", "exponential_cliff"),
)
def exploding_cliff(x: Tensor, y: Tensor) -> Tensor:
    """An exponential wall next to a gentle slope; one step onto it makes gradient descent diverge unless clipped."""
    gap, off = x - y, (x - 3) / 100
    return off * off - gap + torch.exp(20 * gap)


@function(
    (-3.0, 3.0),
    (-2.0, 2.0),
    minima=[(-1.1986415939729554, 0.0)],
    minimum=0.0262375367008015779,
    stationary={"minimum": [(1.17440692692487336, 0.0)], "saddle": [(-0.713485643908201876, 0.0)]},
    start=(-1.8, 0.9),
    steps=200,
    scale="linear",
    title="Sharp and flat",
    latex=(
        r"1 - 0.9\,e^{-\Vert z - (1.2, 0) \Vert^2 / 0.98} - e^{-\Vert z - (-1.2, "
        r"0) \Vert^2 / 0.045} + 0.02 \Vert z \Vert^2"
    ),
    reference="S. Hochreiter and J. Schmidhuber, Flat minima, 1997",
    tags=("illustrative", "basins", "smooth", "multimodal"),
    aliases=("sharp_vs_flat",),
)
def sharp_and_flat(x: Tensor, y: Tensor) -> Tensor:
    """A narrow deep well next to a wide shallow one; small steps enter the narrow one, large steps leave it."""
    return 1 - 0.9 * _gaussian(x, y, 1.2, 0.0, 0.7) - _gaussian(x, y, -1.2, 0.0, 0.15) + 0.02 * (x * x + y * y)


@least_squares(
    (-4.0, 4.0),
    (-4.0, 4.0),
    minima=[(1.0, 1.0), (-1.0, -1.0), (2.0, 0.5), (0.5, 2.0)],
    minima_complete=False,
    stationary={"saddle": [(0.0, 0.0)]},
    start=(3.5, 1.0),
    steps=100,
    latex=r"\frac{1}{2} (xy - 1)^2",
    reference=(
        "X. Zhu, Z. Wang, X. Wang, M. Zhou and R. Ge, "
        "Understanding edge-of-stability training dynamics with a minimalist example, 2023"
    ),
    tags=("illustrative", "valley", "curved", "smooth", "degenerate", "multimodal", "least squares"),
    aliases=("edge_of_stability",),
)
def scalar_factorization(x: Tensor, y: Tensor) -> Tensor:
    """Minima on a hyperbola, flat in the middle, sharp at its ends; large steps leave sharp minima for flatter ones."""
    return (math.sqrt(0.5) * (x * y - 1))[None]


@least_squares(
    (-3.0, 3.0),
    dims=Dims(least=3),
    view=[(-2.5, 2.5)],
    minima=[(1.0,)],
    minima_complete=False,
    start=(0.25, 1.9),
    steps=200,
    latex=r"\frac{1}{2} (x_1 x_2 \cdots x_d - 1)^2",
    reference=(
        "A. M. Saxe, J. L. McClelland and S. Ganguli, Exact solutions to the nonlinear dynamics of learning in deep "
        "linear neural networks, 2014"
    ),
    tags=("illustrative", "valley", "plateau", "smooth", "degenerate", "multimodal", "least squares", "any dimension"),
    aliases=("deep_linear",),
    variants=("For d = 2 it is scalar_factorization.",),
)
def deep_linear_chain(x: Tensor) -> Tensor:
    """A product of weights fitted to 1; gradients vanish for small weights and explode for large ones."""
    return (math.sqrt(0.5) * (product(x) - 1))[None]


@least_squares(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(1.0, 0.0), (-1.0, 0.0)],
    stationary={"maximum": [(0.0, 0.0)], "saddle": [(0.0, math.sqrt(1 / 3)), (0.0, -math.sqrt(1 / 3))]},
    start=(0.02, 2.4),
    steps=150,
    latex=(
        r"\frac{1}{6} \sum_{k=0}^{5} \left[ (x \cos\frac{k \pi}{6} + y \sin\frac{k \pi}{6})^2 - \cos^2\frac{k \pi}{6} "
        r"\right]^2"
    ),
    reference="J. Sun, Q. Qu and J. Wright, A geometric analysis of phase retrieval, 2018",
    tags=("illustrative", "saddle", "basins", "smooth", "multimodal", "least squares"),
)
def phase_retrieval(x: Tensor, y: Tensor) -> Tensor:
    """Two equal minima of opposite sign, separated by two saddles and a maximum; starts near a saddle escape late."""
    angles = torch.arange(6, dtype=x.dtype, device=x.device) * math.pi / 6
    c, s = torch.cos(angles), torch.sin(angles)
    seen = [c[k] * x + s[k] * y for k in range(6)]
    return torch.stack([(along * along - c[k] * c[k]) * math.sqrt(1 / 6) for k, along in enumerate(seen)])


@function(
    (-2.0, 2.0),
    (-1.0, 3.0),
    minima=[(1.0, 1.0)],
    minimum=0.0,
    start=(-1.5, 2.5),
    steps=150,
    title="Gentle Rosenbrock",
    latex=r"(1 - x)^2 + (y - x^2)^2",
    reference="after H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, 1960",
    tags=("illustrative", "valley", "curved", "smooth", "unimodal"),
    aliases=("gentle_banana",),
    variants=("Rosenbrock's function has the factor 100 instead of 1 before the second square.",),
)
def gentle_rosenbrock(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's valley with a factor of 1 instead of 100; its mild curvature lets every optimizer arrive."""
    off, left = y - x * x, 1 - x
    return off * off + left * left


@function(
    (-4.0, 4.0),
    (-4.0, 4.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-3.0, 2.0),
    steps=200,
    scale="linear",
    title="Flat bottom",
    latex=r"\frac{x^4}{4} + \frac{y^2}{2}",
    reference="B. T. Polyak, Introduction to optimization, 1987",
    tags=("illustrative", "bowl", "smooth", "convex", "separable", "unimodal", "degenerate"),
)
def flat_bottom(x: Tensor, y: Tensor) -> Tensor:
    """Quadratic along y and quartic along x; gradient descent converges only sublinearly along x."""
    x2 = x * x
    return 0.25 * x2 * x2 + 0.5 * y * y


@function(
    (-6.0, 6.0),
    minima=[(-2.94599520222806027,)],
    minimum=-5.44419206661089746,
    stationary={"minimum": [(2.69399481705554804,)], "maximum": [(0.252000385172512226,)]},
    start=(5.2,),
    steps=200,
    scale="linear",
    title="Tilted double well",
    latex=r"\frac{x^4}{16} - x^2 + \frac{x}{2}",
    reference="R. Thom, Structural stability and morphogenesis, 1972",
    tags=("illustrative", "basins", "smooth", "separable", "multimodal"),
    aliases=("double_well",),
)
def tilted_double_well(x: Tensor) -> Tensor:
    """Two unequal minima in one dimension; from the shallower side, only momentum or noise reaches the deeper one."""
    x2 = x * x
    return x2 * x2 / 16 - x2 + 0.5 * x


@function(
    (-1.0, 1.0),
    (-1.0, 1.0),
    view=[(-0.95, 0.95), (-0.95, 0.95)],
    minima=[(0.0, 0.0)],
    start=(0.5, 0.4),
    steps=200,
    scale="linear",
    title="Lilipads plateau",
    latex=r"-\frac{\sin r}{r} + 0.01\,r^2, \quad r = 10 \sqrt{x^2 + y^2} + 0.01",
    reference="L. Jiang, gradient descent viz, 2020",
    tags=("illustrative", "plateau", "oscillating", "ring", "smooth", "multimodal"),
)
def lilipads_plateau(x: Tensor, y: Tensor) -> Tensor:
    """Concentric ripples around a central well; small steps stop on the shallow outer rings, momentum crosses them."""
    r = 10 * torch.sqrt(x * x + y * y + 1e-12) + 0.01
    return -torch.sin(r) / r + 0.01 * r * r


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    start=(-2.4, 2.2),
    steps=150,
    scale="linear",
    title="Spiral slide",
    latex=r"\frac{r^2}{8} \left( 1 + \frac{1}{2} \sin(2 \varphi + 3 r) \right)",
    reference="E. Polak, Optimization: algorithms and consistent approximations, 1997",
    tags=("illustrative", "spiral", "valley", "curved", "smooth", "unimodal"),
)
def spiral_slide(x: Tensor, y: Tensor) -> Tensor:
    """A spiral valley that leads to the minimum; its direction keeps turning, so momentum runs into the walls."""
    r2 = x * x + y * y
    r = torch.sqrt(r2 + 1e-12)
    s, c = torch.sin(3 * r), torch.cos(3 * r)
    # r² sin(2φ + 3r) = 2xy·cos 3r + (x² − y²)·sin 3r
    return r2 / 8 + (2 * x * y * c + (x * x - y * y) * s) / 16


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(1.0, 1.0)],
    minimum=0.0,
    minima_complete=False,
    nonsmooth_where="where the product of the weights is 0",
    start=(0.3, 2.6),
    steps=150,
    title="Two ReLUs",
    latex=r"\frac{1}{2} (\max(x, 0) \max(y, 0) - 1)^2",
    reference="L. Lu, Y. Shin, Y. Su and G. E. Karniadakis, Dying ReLU and initialization, 2020",
    tags=("valley", "plateau", "illustrative", "nonsmooth", "multimodal"),
    aliases=("two_relus",),
)
def dying_relu(x: Tensor, y: Tensor) -> Tensor:
    """A valley next to a region with zero gradient; a step into that region cannot be undone."""
    off = torch.relu(x) * torch.relu(y) - 1
    return 0.5 * off * off
