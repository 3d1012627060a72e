"""The global minimum is narrow, or the gradient over most of the domain leads away from it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.functions.oscillatory import MISHRA_2006, lattice
from landscapes.objectives.decorators import ANY, Dims, function
from landscapes.objectives.elementary import ordered_sum, power


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    view=[(-2.0, 8.0), (-2.0, 8.0)],
    minima=[(math.pi, math.pi)],
    minimum=-1.0,
    start=(1.5, 4.5),
    steps=200,
    scale="linear",
    latex=r"-\cos x \cos y \ e^{-(x - \pi)^2 - (y - \pi)^2}",
    reference="E. E. Easom, A survey of global optimization techniques, 1990",
    tags=("plateau", "needle", "smooth", "multimodal"),
)
def easom(x: Tensor, y: Tensor) -> Tensor:
    """One narrow well in a large plain; the gradient vanishes a few units away, so distant starts do not move."""
    a, b = x - math.pi, y - math.pi
    return -torch.cos(x) * torch.cos(y) * torch.exp(-a * a - b * b)


@function(
    (0.0, 1.0),
    dims=ANY,
    minima=lambda d: [tuple((i + 1) / (d + 1) for i in range(d))],
    minimum=-1.0,
    outside="unbounded",
    nonsmooth_where="at the bottom and at the rim of each trap",
    start=(0.21, 0.62),
    steps=150,
    scale="linear",
    latex=(
        r"-\left[ \frac{1}{d} \sum_{i=1}^{d} \max\left( \frac{4}{5} - t_i,\ 5 t_i - 4 \right) \right]^2, \quad t_i = "
        r"\min\left( \frac{x_i}{\alpha_i}, \frac{1 - x_i}{1 - \alpha_i} \right), \quad \alpha_i = \frac{i}{d + 1}"
    ),
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("deceptive", "needle", "nonsmooth", "multimodal", "unbounded", "any dimension"),
    variants=("The source defines other values outside the domain; here the formula continues unchanged.",),
)
def deceptive(x: Tensor) -> Tensor:
    """Four fifths of each axis slope away from the narrow global minimum; descent ends at the border of the domain."""
    d = x.shape[-1]
    alpha = torch.arange(1, d + 1, dtype=x.dtype, device=x.device) / (d + 1)
    t = torch.where(x < alpha, x / alpha, (1 - x) / (1 - alpha))
    g = ordered_sum(torch.maximum(0.8 - t, 5 * t - 4)) / d
    return -g * g


def sinc(x: Tensor) -> Tensor:
    """Return sin πx / πx, differentiable at x = 0."""
    z = math.pi * x
    near = z.abs() < 1e-2
    far = torch.where(near, 1.0, z)
    return torch.where(near, 1 - z * z / 6 * (1 - z * z / 20), torch.sin(far) / far)


@function(
    (0.0, 14.0),
    (0.0, 14.0),
    minima=[(2.0, 2.0)],
    minimum=0.0,
    stationary={"minimum": [(7.0, 7.0)]},
    start=(3.0, 2.3),
    steps=150,
    scale="linear",
    latex=(
        r"\left[ 1 - \left| \frac{\sin \pi (x - 2)}{\pi (x - 2)} \, \frac{\sin \pi (y - 2)}{\pi (y - 2)} \right|^5 "
        r"\right] [2 + (x - 7)^2 + 2 (y - 7)^2]"
    ),
    reference=(
        "N. Damavandi and S. Safavi-Naeini, A hybrid evolutionary programming method for circuit optimization, 2005"
    ),
    tags=("bowl", "deceptive", "needle", "smooth", "multimodal"),
)
def damavandi(x: Tensor, y: Tensor) -> Tensor:
    """A wide bowl around a local minimum; the global minimum is a narrow well on its slope, which descent misses."""
    s = (sinc(x - 2) * sinc(y - 2)).abs()
    s2, a, b = s * s, x - 7, y - 7
    return (1 - s2 * s2 * s) * (2 + a * a + 2 * b * b)


@function(
    (-2.0, 2.0),
    (-2.0, 2.0),
    minima=[(-0.9095537365026206, -0.9505717126590494)],
    stationary={"minimum": [(1.0, 1.0)], "saddle": [(-0.6139073477220598, -0.6893741717951369)]},
    start=(-1.7, 1.7),
    steps=300,
    title="Rosenbrock with a hole",
    latex=r"74 + 100\,(y - x^2)^2 + (1 - x)^2 - 400\,e^{-10 (x + 1)^2 - 10 (y + 1)^2}",
    reference=(
        "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
    ),
    tags=("valley", "curved", "deceptive", "smooth", "multimodal"),
    aliases=("rosenbrock_modified", "modified_rosenbrock"),
)
def rosenbrock_with_a_hole(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's valley with the global minimum in a narrow well in its wall; descent along the floor misses it."""
    bend, u, v = y - x * x, x + 1, y + 1
    return 74 + 100 * bend * bend + (1 - x) * (1 - x) - 400 * torch.exp(-10 * u * u - 10 * v * v)


@function(
    (-5.0, 5.0),
    dims=Dims(least=2),
    minima=[(2.5,)],
    minimum=0.0,
    nonsmooth_where="where the two funnels meet",
    start=(-0.3, 0.8),
    steps=200,
    scale="linear",
    title="Lunacek bi-Rastrigin",
    latex=(
        r"\min\left( \sum_{i=1}^{d} (x_i - \mu_1)^2,\ d + s \sum_{i=1}^{d} (x_i - \mu_2)^2 \right) + 10 \sum_{i=1}^{d} "
        r"[1 - \cos 2 \pi (x_i - \mu_1)]"
    ),
    reference="M. Lunacek, D. Whitley and A. Sutton, The impact of global structure on search, 2008",
    tags=("oscillating", "funnel", "deceptive", "nonsmooth", "multimodal", "any dimension"),
    aliases=("lunacek", "double_rastrigin"),
    variants=("BBOB's version is rotated, scaled and shifted.",),
)
def lunacek_bi_rastrigin(x: Tensor) -> Tensor:
    """Two funnels covered with local minima; the wider one leads to the wrong end, so large-scale descent is misled."""
    d = x.shape[-1]
    s = 1 - 1 / (2 * math.sqrt(d + 20) - 8.2)
    a, b = x - 2.5, x + math.sqrt(5.25 / s)
    wave = torch.sin(math.pi * a)
    return torch.minimum(ordered_sum(a * a), d + s * ordered_sum(b * b)) + 20 * ordered_sum(wave * wave)


@function(
    (-2 * math.pi, 2 * math.pi),
    dims=ANY,
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    nonsmooth_where="where a coordinate is 0",
    start=(-2.0, 1.6),
    steps=200,
    title="Xin-She Yang N. 2",
    latex=r"\sum_{i=1}^{d} |x_i| \ \exp\left( -\sum_{i=1}^{d} \sin x_i^2 \right)",
    reference="X.-S. Yang, Test problems in optimization, 2010",
    tags=("oscillating", "deceptive", "ridge", "nonsmooth", "multimodal", "any dimension"),
    aliases=("yang_forest",),
)
def xin_she_yang_n2(x: Tensor) -> Tensor:
    """Creases along the axes and a rim around the global minimum; most descents end in local minima outside the rim."""
    return ordered_sum(x.abs()) * torch.exp(-ordered_sum(torch.sin(x * x)))


@function(
    (-10.0, 10.0),
    dims=ANY,
    view=[(-6.0, 6.0)],
    minima=[(0.0,)],
    minimum=-1.0,
    nonsmooth_where="where a coordinate is 0",
    start=(-1.45, 1.0),
    steps=200,
    scale="linear",
    title="Xin-She Yang N. 4",
    latex=r"\left( \sum_{i=1}^{d} \sin^2 x_i - e^{-\|x\|^2} \right) e^{-\sum \sin^2 \sqrt{|x_i|}}",
    reference="X.-S. Yang, Test problems in optimization, 2010",
    tags=("oscillating", "needle", "nonsmooth", "multimodal", "any dimension"),
    variants=("Two other placements of the brackets are in use.",),
)
def xin_she_yang_n4(x: Tensor) -> Tensor:
    """Waves that stay above 0 except in one narrow well; no gradient outside the well leads to it."""
    s, t = torch.sin(x), torch.sin(power(x, 0.5))
    return (ordered_sum(s * s) - torch.exp(-ordered_sum(x * x))) * torch.exp(-ordered_sum(t * t))


HALF_WIDTH = 1e-4
"""Half the side of the square of `needle_eye`."""


@function(
    (-4e-4, 4e-4),
    dims=ANY,
    minima=[(0.0,)],
    minimum=1.0,
    minima_complete=False,
    nonsmooth_where="jumps where |x_i| = 0.0001",
    start=(-3e-4, 2e-4),
    steps=100,
    scale="linear",
    title="Needle eye",
    latex=(
        r"1 \ \mathrm{if\ all}\ |x_i| < 10^{-4}, \ \mathrm{else}\ \sum_{|x_i| \geq 10^{-4}} (100 + |x_i|) + "
        r"\sum_{|x_i| < 10^{-4}} 1"
    ),
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("plateau", "needle", "discontinuous", "unimodal", "any dimension"),
    variants=("The usual domain is [-10, 10], in which searches almost never find the square.",),
)
def needle_eye(x: Tensor) -> Tensor:
    """A tiny square where f = 1, at least 100 elsewhere; gradients of size 1 outside make usual steps jump over it."""
    inside = x.abs() < HALF_WIDTH
    through = inside.all(-1)
    parts = ordered_sum(torch.where(inside, 1.0 + 0 * x, 100 + x.abs()))
    return torch.where(through, 1.0 + 0 * parts, parts)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0), *((0.0, k * 2.5) for k in (-3, -1, 1, 3)), *((k * 2.5, 0.0) for k in (-3, -1, 1, 3))],
    minimum=1e-4,
    minima_complete=False,
    nonsmooth_where="where one of the sines is 0, with infinite slope",
    start=(-2.0, 7.1),
    steps=120,
    scale="linear",
    latex=(
        r"10^{-4} \left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{0.1}, "
        r"\quad r = \sqrt{x^2 + y^2}"
    ),
    reference=MISHRA_2006,
    tags=("ridge", "needle", "nonsmooth", "unimodal"),
)
def crowned_cross(x: Tensor, y: Tensor) -> Tensor:
    """The minima lie on grid lines of zero width and infinite slope; inside the cells, gradients hardly show them."""
    return 1e-4 * lattice(x, y)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0), *((0.0, k * 2.5) for k in (-3, -1, 1, 3)), *((k * 2.5, 0.0) for k in (-3, -1, 1, 3))],
    minimum=-1.0,
    minima_complete=False,
    nonsmooth_where="where one of the sines is 0, with infinite slope",
    start=(-1.2, 6.9),
    steps=120,
    scale="rank",
    latex=r"-\left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{-0.1}, \quad r = \sqrt{x^2 + y^2}",
    reference=MISHRA_2006,
    tags=("plateau", "ridge", "needle", "nonsmooth", "unimodal"),
)
def cross_leg_table(x: Tensor, y: Tensor) -> Tensor:
    """A surface flat to four digits; the minimum lies on grid lines of zero width, which no gradient reveals."""
    return -1 / lattice(x, y)
