"""Edges: creases, cones and steps between flat parts, where the slope says less than it seems to."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives.elementary import norm, product, total
from landscapes.objectives.objective import ANY, Dims, function


@function(
    (-100.0, 100.0),
    (-100.0, 100.0),
    minima=[(0.0, -50.0)],
    minimum=0.0,
    stationary={"minimum": [(-50.0, 50.0), (50.0, 50.0)]},
    kinks="steps along y = 0 and, above it, along x = 0; creases through each of the three lowest points",
    start=(80.0, 85.0),
    steps=200,
    scale="linear",
    latex=r"p(y)\,(1 + p(x)) + |x + 50 p(y) (1 - 2 p(x))| + |y + 50 (1 - 2 p(y))|, \quad p(t) = [t \geq 0]",
    reference="S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating evolutionary algorithms, 2007",
    tags=("basins", "stepped", "multimodal"),
)
def tripod(x: Tensor, y: Tensor) -> Tensor:
    """Three pyramids upside down, nearly equally deep: every slope is one, so none of them looks any better."""
    right, up = torch.where(x >= 0, 1.0, 0.0).to(x.dtype), torch.where(y >= 0, 1.0, 0.0).to(y.dtype)
    return up * (1 + right) + (x + 50 * up * (1 - 2 * right)).abs() + (y + 50 * (1 - 2 * up)).abs()


EYE = 1e-4


@function(
    (-4e-4, 4e-4),
    dims=ANY,
    minima=[(0.0,)],
    minimum=1.0,
    complete=False,
    kinks="steps on the edges of the eye, |x| = 0.0001, in each coordinate",
    start=(-3e-4, 2e-4),
    steps=100,
    scale="linear",
    title="Needle eye",
    latex=r"1 \ \mathrm{if\ all}\ |x_i| < 10^{-4}, \ \mathrm{else}\ \sum_{|x_i| \geq 10^{-4}} (100 + |x_i|) + \sum_{|x_i| < 10^{-4}} 1",
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("plateau", "needle", "stepped", "unimodal", "any dimension"),
    variants=("It is meant to be searched in [-10, 10], where hardly anybody ever sees the eye.",),
)
def needle_eye(x: Tensor) -> Tensor:
    """The eye of a needle in a hundred metres of hay: outside it nothing is below a hundred, inside it all is one."""
    inside = x.abs() < EYE
    through = inside.all(-1)
    parts = total(torch.where(inside, 1.0 + 0 * x, 100 + x.abs()))
    return torch.where(through, 1.0 + 0 * parts, parts)


@function(
    (-500.0, 500.0),
    (-500.0, 500.0),
    view=[(-10.0, 10.0), (-10.0, 10.0)],
    minima=[(5.0, 5.0), (5.0, -5.0), (-5.0, 5.0), (-5.0, -5.0)],
    minimum=0.0,
    kinks="ridges along both axes, x = 0 and y = 0",
    start=(-0.5, 9.0),
    steps=100,
    scale="linear",
    title="Price N. 1",
    latex=r"(|x| - 5)^2 + (|y| - 5)^2",
    reference="W. L. Price, A controlled random search procedure for global optimisation, 1977",
    tags=("basins", "bowl", "ridge", "kinked", "separable", "multimodal"),
    aliases=("becker_lago",),
)
def price_n1(x: Tensor, y: Tensor) -> Tensor:
    """Four round bowls that meet in sharp ridges: the side of the ridge one starts on is the bowl one ends in."""
    a, b = x.abs() - 5, y.abs() - 5
    return a * a + b * b


@function(
    (-15.0, -5.0),
    (-3.0, 3.0),
    minima=[(-10.0, 0.0)],
    minimum=0.0,
    kinks="along x = -10",
    start=(-6.0, 2.5),
    steps=200,
    title="Bukin N. 4",
    latex=r"100\,y^2 + 0.01\,|x + 10|",
    reference="A. D. Bukin, New minimization strategy for non-smooth functions, 1997",
    tags=("valley", "kinked", "convex", "separable", "unimodal"),
)
def bukin_n4(x: Tensor, y: Tensor) -> Tensor:
    """A steep gutter with next to no fall along it: across it everybody is down at once, along it the way is endless."""
    return 100 * y * y + 0.01 * (x + 10).abs()


@function(
    (-32.0, 32.0),
    (-32.0, 32.0),
    minima=[(0.0, 0.0)],
    minimum=-200.0,
    kinks="at the minimum, the tip of the cone",
    start=(-24.0, 19.0),
    steps=200,
    scale="linear",
    title="Ackley N. 2",
    latex=r"-200\,e^{-0.02 \sqrt{x^2 + y^2}}",
    reference="D. H. Ackley, A connectionist machine for genetic hillclimbing, 1987",
    tags=("funnel", "kinked", "unimodal"),
    variants=("Some libraries have 0.2 for 0.02: the cone is ten times as narrow.",),
)
def ackley_n2(x: Tensor, y: Tensor) -> Tensor:
    """A cone with a sharp tip: the slope grows all the way down, and at the tip each step is a step too far."""
    return -200 * torch.exp(-0.02 * norm(torch.stack([x, y], -1)))


@function(
    (-10.0, 10.0),
    dims=Dims(least=2),
    minima=[(0.0,)],
    minimum=0.0,
    complete=False,
    kinks="along every axis, where a coordinate is zero",
    start=(-8.5, 4.0),
    steps=150,
    title="Multimodal product",
    latex=r"\sum |x_i| \, \prod |x_i|",
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("valley", "kinked", "unimodal", "any dimension"),
    aliases=("crossed_creases",),
)
def multimodal_product(x: Tensor) -> Tensor:
    """A product of sizes: one coordinate that is zero is enough, and what the others do is all the same."""
    size = x.abs()
    return total(size) * product(size)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-1.0, 6.0), (-7.0, 1.0)],
    minima=[(2.0, -3.0), (5.01231367960365, -3.0)],
    minimum=0.0,
    kinks="along x = 2 and the other root of the polynomial in x, where its size has a crease",
    start=(-0.4, -0.6),
    steps=300,
    latex=r"\frac{1}{1000} \left( \left| (x - 2)^{10} - 100 (x^4 - 16) \right| + (y + 3)^4 \right)^2",
    reference="S. K. Mishra, Some new test functions for global optimization and performance of repulsive particle swarm method, 2006",
    tags=("valley", "plateau", "steep corners", "kinked", "multimodal"),
    aliases=("mishra_n8",),
    variants=(
        "It is usually written out as a polynomial with eleven terms; that it has a second root few have noticed.",
    ),
)
def decanomial(x: Tensor, y: Tensor) -> Tensor:
    """A polynomial of degree ten and its two roots: each is a sharp floor with hardly any slope along it."""
    u, v = x - 2, y + 3
    u2, v2 = u * u, v * v
    u4 = u2 * u2
    size = (u4 * u4 * u2 - 100 * (x * x - 4) * (x * x + 4)).abs() + v2 * v2
    return 0.001 * size * size


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-1.0, 1.0)] * 4,
    minima=[(0.0, 0.0, 0.0, 0.0)],
    minimum=0.0,
    complete=False,
    kinks="steps around every pocket, a twentieth away from each multiple of a fifth",
    start=(0.87, -0.72, 0.51, 0.68),
    steps=200,
    latex=r"\sum_{i=1}^{4} d_i \, (0.15\,(z_i - 0.05\,\mathrm{sgn}\,z_i)^2 \ \mathrm{if}\ |x_i - z_i| < 0.05, \ \mathrm{else}\ x_i^2), \quad z_i \approx x_i",
    reference="A. Corana et al., Minimizing multimodal functions of continuous variables with the simulated annealing algorithm, 1987",
    tags=("bowl", "plateau", "stepped", "separable", "multimodal"),
)
def corana(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """A bowl with level pockets in a grid: in a pocket there is no slope at all, and out of it leads only a step up.

    z_i is the multiple of 0.2 next to x_i, and the weights d_i are 1, 1000, 10 and 100.
    """
    weighted = []
    for weight, c in zip((1.0, 1000.0, 10.0, 100.0), (x, y, z, w), strict=True):
        sign = c.sign()
        middle = 0.2 * (c / 0.2).abs().add(0.49999).floor() * sign
        floor = middle - 0.05 * middle.sign()
        weighted.append(weight * torch.where((c - middle).abs() < 0.05, 0.15 * floor * floor + 0 * c, c * c))
    return total(torch.stack(weighted, -1))
