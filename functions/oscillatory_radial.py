"""Waves along the radius or along a quadratic form: local minima on circles, squares and other curves."""

from __future__ import annotations

import itertools
import math
from functools import reduce

import torch
from torch import Tensor

from landscapes.objectives.decorators import ANY, Dims, function
from landscapes.objectives.elementary import norm, ordered_sum, power, root


def cos_sqrt(q: Tensor) -> Tensor:
    """Return cos √q for q ≥ 0, differentiable at q = 0."""
    near = q < 1e-3
    series = 1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56)))
    return torch.where(near, series, torch.cos(torch.where(near, 1.0, q).sqrt()))


@function(
    (-5.12, 5.12),
    dims=ANY,
    view=[(-1.6, 1.6)],
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-1.0, 0.75),
    steps=150,
    scale="linear",
    latex=r"-\frac{1 + \cos 12 r}{2 + r^2 / 2}, \quad r = \|x\|",
    reference="M. Molga and C. Smutnicki, Test functions for optimization needs, 2005",
    tags=("oscillating", "ring", "funnel", "smooth", "multimodal", "any dimension"),
)
def drop_wave(x: Tensor) -> Tensor:
    """Concentric troughs around the minimum; gradients are radial, so trajectories stop in the nearest trough."""
    q = ordered_sum(x * x)
    return -(1 + cos_sqrt(144 * q)) / (2 + 0.5 * q)


@function(
    (-100.0, 100.0),
    dims=ANY,
    view=[(-2.8, 2.8)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="at the minimum, the tip of a cone",
    start=(-1.9, 1.55),
    steps=150,
    scale="linear",
    latex=r"1 - \cos 2 \pi r + 0.1\, r, \quad r = \|x\|",
    reference=(
        "R. Salomon, Re-evaluating genetic algorithm performance under coordinate rotation of benchmark functions, 1996"
    ),
    tags=("oscillating", "ring", "funnel", "nonsmooth", "multimodal", "any dimension"),
)
def salomon(x: Tensor) -> Tensor:
    """Concentric waves on a cone; every trough traps trajectories, and only long steps or momentum cross the crests."""
    r = norm(x)
    s = torch.sin(math.pi * r)
    return 2 * s * s + 0.1 * r


@function(
    (0.0, 10.0),
    dims=ANY,
    minima=[(5.0,)],
    minimum=-1.0,
    start=(1.2, 8.4),
    steps=150,
    scale="linear",
    title="Deflected corrugated spring",
    latex=r"0.1 \sum_{i=1}^{d} (x_i - 5)^2 - \cos\left( 5 \sqrt{\sum_{i=1}^{d} (x_i - 5)^2} \right)",
    reference=(
        "D. H. Ackley's corrugated spring, as in M. Jamil and X.-S. Yang, A literature survey of benchmark functions, "
        "2013"
    ),
    tags=("ring", "oscillating", "funnel", "smooth", "multimodal", "any dimension"),
    aliases=("deflected_corrugated_spring",),
)
def corrugated_spring(x: Tensor) -> Tensor:
    """Circular waves on a paraboloid; only momentum large enough for every crest reaches the center."""
    off = x - 5
    square = ordered_sum(off * off)
    return 0.1 * square - torch.cos(5 * root(square))


ODD_SQUARE_CENTER = (1.0, 1.3, 0.8, -0.4, -1.3, 1.6, -0.2, -0.6, 0.5, 1.4) * 2
"""Center of the squares, for up to 20 coordinates."""


ODD_SQUARE_OFFSET = 0.015254897049523002
"""d times the squared offset of each coordinate from the center, at the minima."""


def odd_square_minima(d: int) -> list[tuple[float, ...]]:
    """Return the corners of a small cube around the center; for d > 4 only one of them."""
    reach = math.sqrt(ODD_SQUARE_OFFSET / d)
    corners = itertools.product((1, -1), repeat=d) if d <= 4 else [(1,) * d]
    return [tuple(c + s * reach for c, s in zip(ODD_SQUARE_CENTER, corner, strict=False)) for corner in corners]


@function(
    (-5 * math.pi, 5 * math.pi),
    dims=Dims(most=20),
    view=[(-2.0, 4.0)],
    minima=odd_square_minima,
    minimum=-1.0084672811394721,
    minima_complete=False,
    nonsmooth_where="on the diagonals through the center",
    start=(2.9, -0.6),
    steps=150,
    scale="linear",
    latex=(
        r"-e^{-D / 2 \pi} \cos(\pi D) \left( 1 + \frac{0.02\, h}{D + 0.01} \right), \quad D = d \max_i\, (x_i - "
        r"b_i)^2, \quad h = \|x - b\|^2"
    ),
    reference="K. V. Price, R. M. Storn and J. A. Lampinen, Differential Evolution, 2005",
    tags=("oscillating", "ring", "nonsmooth", "multimodal", "any dimension"),
    variants=("Often one minimizer is published; there are 2^d, the corners of a small cube.",),
)
def odd_square(x: Tensor) -> Tensor:
    """Square rings whose depth decreases outwards; gradients are nearly zero along a side and jump at the corners."""
    off = x - torch.tensor(ODD_SQUARE_CENTER[: x.shape[-1]], dtype=x.dtype, device=x.device)
    q = off * off
    far, h = x.shape[-1] * reduce(torch.maximum, q.unbind(-1)), ordered_sum(q)
    return -torch.exp(-far / (2 * math.pi)) * torch.cos(math.pi * far) * (1 + 0.02 * h / (far + 0.01))


@function(
    (0.0, 10.0),
    (0.0, 10.0),
    minima=[(2.0029921199344654, 1.0060959402921885)],
    minimum=-5.162126159963982,
    outside="higher",
    start=(3.4, 2.3),
    steps=150,
    scale="linear",
    latex=r"-\sum_{i=1}^{5} c_i\, e^{-r_i / \pi} \cos(\pi r_i), \quad r_i = (x - a_i)^2 + (y - b_i)^2",
    reference="H. Bersini et al., Results of the first international contest on evolutionary optimisation, 1996",
    tags=("oscillating", "ring", "plateau", "smooth", "multimodal"),
    variants=("Without the minus sign, as in Surjanovic and Bingham's library, the minimum is -4.1276.",),
)
def langermann(x: Tensor, y: Tensor) -> Tensor:
    """Circular waves around five points, fading into a plain; high crests around the global minimum block descent."""
    f = torch.zeros_like(x)
    for a, b, c in ((3, 5, 1), (5, 2, 2), (2, 1, 5), (1, 4, 2), (7, 9, 3)):
        u, v = x - a, y - b
        q = u * u + v * v
        f = f - c * torch.exp(-q / math.pi) * torch.cos(math.pi * q)
    return f


def schaffer_envelope(q: Tensor, s: Tensor) -> Tensor:
    """Return Schaffer's 0.5 + (s - 0.5) / (1 + q/1000)², as one fraction."""
    grown = 1 + 0.001 * q
    return (s + 0.0005 * q * (1 + grown)) / (grown * grown)


def neighbours(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the coordinates without the last, and those without the first."""
    return x[..., :-1], x[..., 1:]


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-8.0, 8.0)],
    minima=[(0.0,)],
    minimum=0.0,
    start=(-4.0, 2.4),
    steps=200,
    scale="linear",
    title="Schaffer F6",
    latex=(
        r"\sum_{i=1}^{d-1} \left[ \frac{1}{2} + \frac{\sin^2 r_i - 1/2}{(1 + r_i^2 / 1000)^2} \right], "
        r"\quad r_i^2 = x_i^2 + x_{i+1}^2"
    ),
    reference=(
        "J. D. Schaffer et al., A study of control parameters affecting online performance of genetic algorithms, 1989"
    ),
    tags=("oscillating", "ring", "smooth", "multimodal", "any dimension"),
    aliases=("sine_envelope",),
    variants=("For d > 2, some versions also add the pair of the last and the first coordinate.",),
)
def schaffer_f6(x: Tensor) -> Tensor:
    """Concentric rings that hardly differ in depth; each ring traps trajectories before they reach the center."""
    a, b = neighbours(x)
    q = a * a + b * b
    return ordered_sum(schaffer_envelope(q, (1 - cos_sqrt(4 * q)) / 2))


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-20.0, 20.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where two consecutive coordinates are both 0",
    start=(-13.0, 9.0),
    steps=200,
    title="Schaffer F7",
    latex=r"\sum_{i=1}^{d-1} \sqrt{r_i} \left[ \sin^2(50\, r_i^{0.2}) + 1 \right], \quad r_i^2 = x_i^2 + x_{i+1}^2",
    reference=(
        "J. D. Schaffer et al., A study of control parameters affecting online performance of genetic algorithms, 1989"
    ),
    tags=("oscillating", "ring", "funnel", "nonsmooth", "multimodal", "any dimension"),
    aliases=("stretched_v", "stretched_v_sine_wave"),
    variants=(
        "With the 1 inside the sine, sin²(50 r^0.2 + 1), the function is 0 along whole circles.",
        "Jamil and Yang use 0.1 instead of 1; BBOB averages the roots and squares the mean.",
    ),
)
def schaffer_f7(x: Tensor) -> Tensor:
    """A funnel with rings that become denser towards the center; near the minimum, steps jump over several rings."""
    a, b = neighbours(x)
    q = a * a + b * b
    s = torch.sin(50 * power(q, 0.1))
    return ordered_sum(power(q, 0.25) * (s * s + 1))


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-2.8, 2.8), (-2.8, 2.8)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.75, 1.15),
    steps=150,
    scale="linear",
    title="Schaffer N. 1",
    latex=r"\frac{1}{2} + \frac{\sin^2(x^2 + y^2) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("oscillating", "ring", "smooth", "multimodal"),
    variants=("Other versions use the sine of (x² + y²)², which makes the rings denser.",),
)
def schaffer_n1(x: Tensor, y: Tensor) -> Tensor:
    """Rings that become denser outwards around a flat center; a step size for the center jumps over the outer rings."""
    q = x * x + y * y
    s = torch.sin(q)
    return schaffer_envelope(q, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-4.0, 4.0), (-4.0, 4.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-1.1, 3.1),
    steps=150,
    scale="linear",
    title="Schaffer N. 2",
    latex=r"\frac{1}{2} + \frac{\sin^2(x^2 - y^2) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("oscillating", "curved", "smooth", "multimodal"),
    variants=("One library uses x² + y² in the sine, which is Schaffer N. 1.",),
)
def schaffer_n2(x: Tensor, y: Tensor) -> Tensor:
    """Hyperbolic troughs that become denser outwards; gradients are steep across a trough and nearly zero along it."""
    x2, y2 = x * x, y * y
    s = torch.sin(x2 - y2)
    return schaffer_envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-3.0, 3.0), (-3.0, 3.0)],
    minima=[
        (0.0, 1.2531149631200684),
        (0.0, -1.2531149631200684),
        (1.2531149631200684, 0.0),
        (-1.2531149631200684, 0.0),
    ],
    minimum=0.0015668545260041698,
    start=(-0.7, 0.45),
    steps=150,
    scale="linear",
    title="Schaffer N. 3",
    latex=r"\frac{1}{2} + \frac{\sin^2(\cos |x^2 - y^2|) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("oscillating", "curved", "saddle", "smooth", "multimodal", "ill-conditioned"),
    variants=("Some versions use x² + y² in the cosine, which gives rings.",),
)
def schaffer_n3(x: Tensor, y: Tensor) -> Tensor:
    """Hyperbolic troughs around a high saddle, with four equal minima; progress along a trough is very slow."""
    x2, y2 = x * x, y * y
    s = torch.sin(torch.cos(x2 - y2))
    return schaffer_envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-3.0, 3.0), (-3.0, 3.0)],
    minima=[
        (0.0, 1.2531318314637332),
        (0.0, -1.2531318314637332),
        (1.2531318314637332, 0.0),
        (-1.2531318314637332, 0.0),
    ],
    minimum=0.29257863203598056,
    start=(0.6, 0.45),
    steps=150,
    scale="linear",
    title="Schaffer N. 4",
    latex=r"\frac{1}{2} + \frac{\cos^2(\sin |x^2 - y^2|) - 1/2}{(1 + (x^2 + y^2) / 1000)^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("oscillating", "curved", "smooth", "multimodal", "ill-conditioned"),
    variants=("Some versions do not square the bracket in the denominator.",),
)
def schaffer_n4(x: Tensor, y: Tensor) -> Tensor:
    """Four equal minima at the bends of hyperbolic troughs; tiny gradients along the troughs delay convergence."""
    x2, y2 = x * x, y * y
    s = torch.cos(torch.sin(x2 - y2))
    return schaffer_envelope(x2 + y2, s * s)


@function(
    (-100.0, 100.0),
    dims=Dims(least=2),
    view=[(-2.0, 2.0)],
    minima=[(0.0,)],
    minimum=0.0,
    minima_complete=False,
    start=(-0.4, 1.5),
    steps=200,
    scale="linear",
    latex=(
        r"\sum_{i=1}^{d-1} \left[ \frac{1}{2} + \frac{\sin^2 \sqrt{100 x_i^2 + x_{i+1}^2} - 1/2}{1 + (x_i - x_{i+1})^4 "
        r"/ 1000} \right]"
    ),
    reference=(
        "S. Rahnamayan, H. R. Tizhoosh and M. M. A. Salama, A novel population initialization method for accelerating "
        "evolutionary algorithms, 2007"
    ),
    tags=("oscillating", "valley", "smooth", "multimodal", "ill-conditioned", "any dimension"),
    variants=("The origin is often given as the only minimizer; for d = 2, all x = y = kπ/√101 are minimizers.",),
)
def pathological(x: Tensor) -> Tensor:
    """Elliptic rings, ten times narrower along one axis; a step size for the wide axis jumps across the narrow one."""
    a, b = neighbours(x)
    off = a - b
    off2 = off * off
    s = (1 - cos_sqrt(400 * a * a + 4 * b * b)) / 2
    low = 0.001 * off2 * off2
    return ordered_sum((s + low / 2) / (1 + low))


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 2.0), (-10.5, 2.0)],
    minima=[(-9.996486610856325, -9.996486610856325)],
    minimum=-0.19992973221712648,
    outside="unbounded",
    nonsmooth_where="on circles where the cosine of the radius is 0, with infinite slope",
    start=(-7.6, -6.2),
    steps=200,
    scale="linear",
    title="Mishra N. 3",
    latex=r"\sqrt{|\cos r|} + \frac{x + y}{100}, \quad r = \sqrt{x^2 + y^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("ring", "ridge", "nonsmooth", "multimodal", "unbounded"),
    variants=(
        "With x² + y under the root it is called New function N. 1, with minimum -0.18467.",
        "Published minimizers are slightly off the crease; the minimum is at x = y = -4.5π/√2.",
    ),
)
def mishra_n3(x: Tensor, y: Tensor) -> Tensor:
    """Circular creases with infinite slope on a slightly tilted plane; steps bounce across and hardly descend."""
    return power(torch.cos(root(x * x + y * y)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.0, 2.0), (-10.0, 2.0)],
    minima=[(-8.885765876316732, -8.885765876316732)],
    minimum=-0.17771531752633465,
    outside="unbounded",
    nonsmooth_where="on circles where the sine of the radius is 0, with infinite slope, and at the origin",
    start=(-6.0, -5.2),
    steps=200,
    scale="linear",
    title="Mishra N. 4",
    latex=r"\sqrt{|\sin r|} + \frac{x + y}{100}, \quad r = \sqrt{x^2 + y^2}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("ring", "ridge", "nonsmooth", "multimodal", "unbounded"),
    variants=(
        "With x² + y under the root it is called New function N. 2, with minimum -0.19941.",
        "Published minimizers are slightly off the crease; the minimum is at x = y = -4π/√2.",
    ),
)
def mishra_n4(x: Tensor, y: Tensor) -> Tensor:
    """Circular cusps in a slightly tilted plane; gradients at a cusp are unbounded, so fixed steps leave it again."""
    return power(torch.sin(root(x * x + y * y)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(-1.9868206464261488, -10.0)],
    minimum=-1.0198295199309432,
    outside="unbounded",
    start=(2.6, 6.5),
    steps=200,
    title="Mishra N. 5",
    latex=(r"\left[ \sin^2 (\cos x + \cos y)^2 + \cos^2 (\sin x + \sin y)^2 + x \right]^2 + 0.01\,x + 0.1\,y"),
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("valley", "curved", "oscillating", "smooth", "multimodal", "unbounded"),
    variants=("Jamil and Yang print 0.01 (x + y) for the last two terms; the minimum is then -0.11983.",),
)
def mishra_n5(x: Tensor, y: Tensor) -> Tensor:
    """A winding valley, tilted slightly along its floor; bends hold small steps long before the end at the border."""
    u, v = torch.cos(x) + torch.cos(y), torch.sin(x) + torch.sin(y)
    s, c = torch.sin(u * u), torch.cos(v * v)
    inner = s * s + c * c + x
    return inner * inner + 0.01 * x + 0.1 * y


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-4.0, 6.0), (-4.0, 6.0)],
    minima=[(2.886307215532004, 1.8232603315820546)],
    minimum=-2.2839498384747587,
    nonsmooth_where="on a curve near x = 0, where the function is infinite",
    start=(4.9, -2.6),
    steps=150,
    scale="linear",
    title="Mishra N. 6",
    latex=(
        r"-\ln\left[ \sin^2 (\cos x + \cos y)^2 - \cos^2 (\sin x + \sin y)^2 + x \right]^2 + \frac{(x - 1)^2 + (y - "
        r"1)^2}{10}"
    ),
    reference="S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006",
    tags=("ridge", "curved", "nonsmooth", "multimodal"),
    variants=("Jamil and Yang print 0.01 for the last factor, for which their minimizer is not the global one.",),
)
def mishra_n6(x: Tensor, y: Tensor) -> Tensor:
    """An infinitely high, curved crest divides the domain; descent stays on the side of the start."""
    u, v = torch.cos(x) + torch.cos(y), torch.sin(x) + torch.sin(y)
    s, c = torch.sin(u * u), torch.cos(v * v)
    inner = s * s - c * c + x
    a, b = x - 1, y - 1
    return 0.1 * (a * a + b * b) - 2 * torch.log(inner.abs().clamp(min=1e-30))


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(-8.466701099413424, -10.0)],
    minimum=-0.18466701099413424,
    outside="unbounded",
    nonsmooth_where="on parabolas where the cosine is 0, with infinite slope, and on y = -x²",
    start=(-5.6, 4.2),
    steps=200,
    scale="linear",
    title="New function N. 1",
    latex=r"\sqrt{\left| \cos \sqrt{|x^2 + y|} \right|} + \frac{x + y}{100}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("ridge", "curved", "nonsmooth", "multimodal", "unbounded"),
    variants=("Published minima, such as -0.18465, are slightly too high, because searches miss the sharp crease.",),
)
def new_function_n1(x: Tensor, y: Tensor) -> Tensor:
    """Parabolic creases with infinite slope; steps bounce across them, and a tilt of 0.01 hardly leads along them."""
    return power(torch.cos(power(x * x + y, 0.5)), 0.5) + (x + y) / 100


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 10.5), (-10.0, 10.0)],
    minima=[(-9.941148807346373, -10.0)],
    minimum=-0.19941148807346373,
    outside="unbounded",
    nonsmooth_where="on parabolas where the sine is 0, with infinite slope",
    start=(-7.4, -4.5),
    steps=200,
    scale="linear",
    title="New function N. 2",
    latex=r"\sqrt{\left| \sin \sqrt{|x^2 + y|} \right|} + \frac{x + y}{100}",
    reference=(
        "S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm "
        "method, 2006"
    ),
    tags=("ridge", "curved", "nonsmooth", "multimodal", "unbounded"),
    variants=("Published minima, such as -0.19941, are truncated or slightly too high.",),
)
def new_function_n2(x: Tensor, y: Tensor) -> Tensor:
    """Parabolic cusps with unbounded gradients; the first steps decide which cusp a trajectory enters."""
    return power(torch.sin(power(x * x + y, 0.5)), 0.5) + (x + y) / 100
