"""Needles, pits on plains, and slopes that lead away from the lowest point."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import power, total
from landscapes.objectives.objective import ANY, Dims, function


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
    """A single hole in an endless plain: from afar there is nothing at all to steer by, so start near."""
    a, b = x - math.pi, y - math.pi
    return -torch.cos(x) * torch.cos(y) * torch.exp(-a * a - b * b)


def sinc(x: Tensor) -> Tensor:
    """sin πx / πx, with its derivatives at zero as well."""
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
    latex=r"\left[ 1 - \left| \frac{\sin \pi (x - 2)}{\pi (x - 2)} \, \frac{\sin \pi (y - 2)}{\pi (y - 2)} \right|^5 \right] [2 + (x - 7)^2 + 2 (y - 7)^2]",
    reference="N. Damavandi and S. Safavi-Naeini, A hybrid evolutionary programming method for circuit optimization, 2005",
    tags=("bowl", "deceptive", "needle", "smooth", "multimodal"),
)
def damavandi(x: Tensor, y: Tensor) -> Tensor:
    """A wide bowl leads to the wrong minimum, and half-way up its wall a narrow well goes all the way down."""
    s = (sinc(x - 2) * sinc(y - 2)).abs()
    s2, a, b = s * s, x - 7, y - 7
    return (1 - s2 * s2 * s) * (2 + a * a + 2 * b * b)


@function(
    (0.0, 1.0),
    dims=ANY,
    minima=lambda d: [tuple((i + 1) / (d + 1) for i in range(d))],
    minimum=-1.0,
    outside="unbounded",
    kinks="at the bottom of each trap, and at its brim",
    start=(0.21, 0.62),
    steps=150,
    scale="linear",
    latex=r"-\left[ \frac{1}{d} \sum_{i=1}^{d} \max\left( \frac{4}{5} - t_i,\ 5 t_i - 4 \right) \right]^2, \quad t_i = \min\left( \frac{x_i}{\alpha_i}, \frac{1 - x_i}{1 - \alpha_i} \right), \quad \alpha_i = \frac{i}{d + 1}",
    reference="A. Gavana, Global optimization benchmarks and AMPGO, 2013",
    tags=("deceptive", "needle", "kinked", "multimodal", "unbounded", "any dimension"),
    variants=("The source sets other values beyond the domain, where this one goes on as it does inside.",),
)
def deceptive(x: Tensor) -> Tensor:
    """Four fifths of the way the slope leads to the border, and only the last fifth leads to the minimum: a trap."""
    d = x.shape[-1]
    alpha = torch.arange(1, d + 1, dtype=x.dtype, device=x.device) / (d + 1)
    t = torch.where(x < alpha, x / alpha, (1 - x) / (1 - alpha))
    g = total(torch.maximum(0.8 - t, 5 * t - 4)) / d
    return -g * g


@function(
    (-5.0, 5.0),
    dims=Dims(least=2),
    minima=[(2.5,)],
    minimum=0.0,
    kinks="where the two funnels meet",
    start=(-0.3, 0.8),
    steps=200,
    scale="linear",
    title="Lunacek bi-Rastrigin",
    latex=r"\min\left( \sum_{i=1}^{d} (x_i - \mu_1)^2,\ d + s \sum_{i=1}^{d} (x_i - \mu_2)^2 \right) + 10 \sum_{i=1}^{d} [1 - \cos 2 \pi (x_i - \mu_1)]",
    reference="M. Lunacek, D. Whitley and A. Sutton, The impact of global structure on search, 2008",
    tags=("oscillating", "funnel", "deceptive", "kinked", "multimodal", "any dimension"),
    aliases=("lunacek", "double_rastrigin"),
    variants=("BBOB's is turned, scaled and moved.",),
)
def lunacek_bi_rastrigin(x: Tensor) -> Tensor:
    """Two funnels full of dimples, and the wider one is the wrong one: whoever follows the large slope ends in it."""
    d = x.shape[-1]
    s = 1 - 1 / (2 * math.sqrt(d + 20) - 8.2)
    a, b = x - 2.5, x + math.sqrt(5.25 / s)
    wave = torch.sin(math.pi * a)
    return torch.minimum(total(a * a), d + s * total(b * b)) + 20 * total(wave * wave)


@function(
    (-10.0, 10.0),
    dims=ANY,
    view=[(-6.0, 6.0)],
    minima=[(0.0,)],
    minimum=-1.0,
    kinks="where a coordinate is zero",
    start=(-1.45, 1.0),
    steps=200,
    scale="linear",
    title="Xin-She Yang N. 4",
    latex=r"\left( \sum_{i=1}^{d} \sin^2 x_i - e^{-\|x\|^2} \right) e^{-\sum \sin^2 \sqrt{|x_i|}}",
    reference="X.-S. Yang, Test problems in optimization, 2010",
    tags=("oscillating", "needle", "kinked", "multimodal", "any dimension"),
    variants=("Two other bracketings are in use.",),
)
def xin_she_yang_n4(x: Tensor) -> Tensor:
    """Bumps and dents on all sides, none below zero, and in the middle a narrow shaft: nothing leads to it."""
    s, t = torch.sin(x), torch.sin(power(x, 0.5))
    return (total(s * s) - torch.exp(-total(x * x))) * torch.exp(-total(t * t))


@function(
    (-2 * math.pi, 2 * math.pi),
    dims=ANY,
    view=[(-5.0, 5.0)],
    minima=[(0.0,)],
    minimum=0.0,
    kinks="where a coordinate is zero",
    start=(-2.0, 1.6),
    steps=200,
    title="Xin-She Yang N. 2",
    latex=r"\sum_{i=1}^{d} |x_i| \ \exp\left( -\sum_{i=1}^{d} \sin x_i^2 \right)",
    reference="X.-S. Yang, Test problems in optimization, 2010",
    tags=("oscillating", "deceptive", "ridge", "kinked", "multimodal", "any dimension"),
    aliases=("yang_forest",),
)
def xin_she_yang_n2(x: Tensor) -> Tensor:
    """A wood of steep hills, and on both axes a crease: around the minimum the ground is higher than further out."""
    return total(x.abs()) * torch.exp(-total(torch.sin(x * x)))
