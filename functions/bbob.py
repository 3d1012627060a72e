"""BBOB 1 to 14: separable, moderate and ill-conditioned functions of the COCO benchmark, with all instances.

The catalogue has instance 1; `bbob` returns the others. The formulas return f − f_opt.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.functions import bbob_multimodal  # noqa: F401 - registers functions 15 to 24
from landscapes.objectives.coco import (
    Instance,
    asymmetrize,
    bbob_instance,
    bbob_problem,
    boundary_penalty,
    oscillate,
    rotate,
    stretch,
    unit_ramp,
)
from landscapes.objectives.decorators import Function
from landscapes.objectives.elementary import norm, ordered_sum, power, root
from landscapes.objectives.provenance import recorded_call


@recorded_call
def bbob(number: int, dim: int = 2, instance: int = 1) -> Function:
    """Return a BBOB function; its values agree with COCO's to at least nine digits.

    Args:
        number: 1 to 24.
        dim: number of coordinates, 2 to 40.
        instance: 1, 2, …; sets the minimizer, the minimum and the rotations.

    Raises:
        InputError: for an invalid number, dimension or instance.

    >>> bbob(10, dim=5, instance=3).minimum
    -491.53
    >>> bbob(1, instance=2).name
    'bbob_f1_i2'
    """
    return bbob_instance(number, dim, instance)


@bbob_problem(
    1,
    start=(-4.0, -3.0),
    steps=100,
    title="BBOB 1: sphere",
    latex=r"\|x - x^*\|^2 + f^*",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "any dimension"),
    aliases=("bbob_sphere",),
)
def bbob_f1(x: Tensor, instance: Instance) -> Tensor:
    """A shifted sphere, the easiest BBOB function; slow convergence here points to unsuitable settings."""
    z = x - instance.x_opt.to(x)
    return ordered_sum(z * z)


@bbob_problem(
    2,
    start=(-4.0, 4.0),
    steps=200,
    scale="rank",
    title="BBOB 2: separable ellipsoid",
    latex=r"\sum 10^{6 \frac{i - 1}{d - 1}} z_i^2 + f^*, \; z = T_{osz}(x - x^*)",
    tags=("valley", "smooth", "separable", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bbob_ellipsoid", "bbob_separable_ellipsoid"),
)
def bbob_f2(x: Tensor, instance: Instance) -> Tensor:
    """An axis-parallel ellipsoid with condition number 1e6 and small ripples; per-coordinate rates make it easy."""
    return _ellipsoid(oscillate(x - instance.x_opt.to(x)))


def _ellipsoid(z: Tensor) -> Tensor:
    """Return the ellipsoid with condition number 1e6 in z."""
    return ordered_sum(torch.exp(math.log(1e6) * unit_ramp(z)) * z * z)


def _rastrigin(z: Tensor) -> Tensor:
    """Return Rastrigin's function of z."""
    wave = torch.sin(math.pi * z)
    return 20 * ordered_sum(wave * wave) + ordered_sum(z * z)


@bbob_problem(
    3,
    start=(1.0, -1.5),
    steps=200,
    title="BBOB 3: separable Rastrigin",
    latex=r"10 (d - \sum \cos 2 \pi z_i) + \|z\|^2 + f^*, \; z = \Lambda^{10} T_{asy}(T_{osz}(x - x^*))",
    tags=("oscillating", "funnel", "smooth", "separable", "multimodal", "any dimension"),
    aliases=("bbob_rastrigin", "bbob_separable_rastrigin"),
)
def bbob_f3(x: Tensor, instance: Instance) -> Tensor:
    """Rastrigin's grid of minima, stretched and asymmetric; basins differ in size, and descent stops in the nearest."""
    return _rastrigin(stretch(asymmetrize(oscillate(x - instance.x_opt.to(x)), 0.2), 10))


@bbob_problem(
    4,
    start=(-1.5, 0.5),
    steps=200,
    title="BBOB 4: Bueche–Rastrigin",
    latex=r"10 (d - \sum \cos 2 \pi z_i) + \|z\|^2 + 100 f_{pen} + f^*, \; z_i = s_i T_{osz}(x_i - x_i^*)",
    tags=("oscillating", "deceptive", "smooth", "separable", "multimodal", "any dimension"),
    aliases=("bbob_bueche_rastrigin",),
)
def bbob_f4(x: Tensor, instance: Instance) -> Tensor:
    """A Rastrigin function with denser minima on one side of every other axis; starts from there are trapped."""
    z = stretch(oscillate(x - instance.x_opt.to(x)), 10)
    even = torch.arange(x.shape[-1], device=x.device) % 2 == 0
    return _rastrigin(torch.where(even & (z > 0), 10 * z, z)) + 100 * boundary_penalty(x)


@bbob_problem(
    5,
    start=(-4.0, -3.0),
    steps=100,
    scale="linear",
    title="BBOB 5: linear slope",
    latex=r"\sum 5 |s_i| - s_i x_i + f^*, \; s_i = \pm 10^{\frac{i - 1}{d - 1}}",
    tags=("smooth", "convex", "separable", "unimodal", "any dimension"),
    aliases=("bbob_linear_slope",),
)
def bbob_f5(x: Tensor, instance: Instance) -> Tensor:
    """A linear slope that ends in a corner of the domain; gradients are constant, so only the step size matters."""
    best = instance.x_opt.to(x)
    slope = torch.sign(best) * torch.exp(math.log(10) * unit_ramp(x))
    return ordered_sum(5 * slope.abs() - slope * torch.where(x * best <= 25, x, best))


@bbob_problem(
    6,
    start=(-4.0, -4.0),
    steps=200,
    title="BBOB 6: attractive sector",
    latex=r"T_{osz}(\sum (s_i z_i)^2)^{0.9} + f^*, \; z = Q \Lambda^{10} R (x - x^*)",
    tags=("cliff", "rotated", "smooth", "unimodal", "degenerate", "any dimension"),
    aliases=("bbob_attractive_sector",),
)
def bbob_f6(x: Tensor, instance: Instance) -> Tensor:
    """A gentle sector surrounded by slopes thousands of times steeper; steps that leave the sector are costly."""
    best = instance.x_opt.to(x)
    z = rotate(instance.r_scale_q(math.sqrt(10)), x - best)
    z = torch.where(best * z > 0, 100 * z, z)
    return power(oscillate(ordered_sum(z * z)), 0.9)


@bbob_problem(
    7,
    start=(3.0, 3.0),
    steps=100,
    scale="rank",
    minima_complete=False,
    nonsmooth_where="on the edges of the terraces",
    title="BBOB 7: step ellipsoid",
    latex=r"0.1 \max(10^{-4} |\hat{z}_1|, \sum 10^{2 \frac{i - 1}{d - 1}} z_i^2) + f_{pen} + f^*",
    tags=("plateau", "rotated", "discontinuous", "unimodal", "any dimension"),
    aliases=("bbob_step_ellipsoid",),
)
def bbob_f7(x: Tensor, instance: Instance) -> Tensor:
    """An ellipsoid cut into terraces; the gradient is zero almost everywhere, so gradient methods stay at the start."""
    z = stretch(rotate(instance.q, x - instance.x_opt.to(x)), 10)
    level = torch.where(z.abs() > 0.5, (z + 0.5).floor(), (10 * z + 0.5).floor() / 10)
    steps = stretch(rotate(instance.r, level), 100)
    return 0.1 * torch.maximum(1e-4 * z[..., 0].abs(), ordered_sum(steps * steps)) + boundary_penalty(x)


def _rosenbrock(z: Tensor, scale: float) -> Tensor:
    """Return Rosenbrock's function of scale · z + 1, where z is the difference from the minimizer."""
    off = scale * z
    y = off + 1
    bend = y[..., :-1] * y[..., :-1] - y[..., 1:]
    return ordered_sum(100 * bend * bend + off[..., :-1] * off[..., :-1])


@bbob_problem(
    8,
    start=(-4.0, -3.0),
    steps=500,
    title="BBOB 8: Rosenbrock",
    latex=r"\sum 100 (z_i^2 - z_{i+1})^2 + (z_i - 1)^2 + f^*, \; z = \max(1, \frac{\sqrt{d}}{8}) (x - x^*) + 1",
    tags=lambda d: (
        "valley",
        "curved",
        "smooth",
        "unimodal" if d < 4 else "multimodal",
        "ill-conditioned",
        "any dimension",
    ),
    aliases=("bbob_rosenbrock",),
)
def bbob_f8(x: Tensor, instance: Instance) -> Tensor:
    """Rosenbrock's curved valley, shifted and scaled; the direction of the floor changes along the whole way."""
    return _rosenbrock(x - instance.x_opt.to(x), max(1.0, math.sqrt(x.shape[-1]) / 8))


@bbob_problem(
    9,
    start=(-4.0, -3.0),
    steps=500,
    title="BBOB 9: rotated Rosenbrock",
    latex=r"\sum 100 (z_i^2 - z_{i+1})^2 + (z_i - 1)^2 + f^*, \; z = \max(1, \frac{\sqrt{d}}{8}) R x + 0.5",
    tags=lambda d: (
        "valley",
        "curved",
        "rotated",
        "smooth",
        "unimodal" if d < 4 else "multimodal",
        "ill-conditioned",
        "any dimension",
    ),
    aliases=("bbob_rotated_rosenbrock",),
)
def bbob_f9(x: Tensor, instance: Instance) -> Tensor:
    """Rosenbrock's valley, rotated; per-coordinate learning rates lose the advantage they have without rotation."""
    return _rosenbrock(rotate(instance.q, x - instance.x_opt.to(x)), max(1.0, math.sqrt(x.shape[-1]) / 8))


@bbob_problem(
    10,
    start=(3.0, 1.0),
    steps=500,
    scale="rank",
    title="BBOB 10: ellipsoid",
    latex=r"\sum 10^{6 \frac{i - 1}{d - 1}} z_i^2 + f^*, \; z = T_{osz}(R (x - x^*))",
    tags=("valley", "rotated", "smooth", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bbob_rotated_ellipsoid",),
)
def bbob_f10(x: Tensor, instance: Instance) -> Tensor:
    """A rotated ellipsoid with condition number 1e6; per-coordinate rates do not help, curvature must be learned."""
    return _ellipsoid(oscillate(rotate(instance.r, x - instance.x_opt.to(x))))


@bbob_problem(
    11,
    start=(-3.0, 1.0),
    steps=500,
    scale="rank",
    title="BBOB 11: discus",
    latex=r"10^6 z_1^2 + \sum_{i > 1} z_i^2 + f^*, \; z = T_{osz}(R (x - x^*))",
    tags=("valley", "rotated", "smooth", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bbob_discus",),
)
def bbob_f11(x: Tensor, instance: Instance) -> Tensor:
    """A rotated discus; one direction with a million times the curvature of the others limits the step size."""
    z = oscillate(rotate(instance.r, x - instance.x_opt.to(x)))
    return 1e6 * z[..., 0] * z[..., 0] + ordered_sum(z[..., 1:] * z[..., 1:])


@bbob_problem(
    12,
    start=(-4.0, 1.0),
    steps=500,
    scale="rank",
    title="BBOB 12: bent cigar",
    latex=r"z_1^2 + 10^6 \sum_{i > 1} z_i^2 + f^*, \; z = R T_{asy}(R (x - x^*))",
    tags=("valley", "curved", "rotated", "smooth", "unimodal", "ill-conditioned", "any dimension"),
    aliases=("bbob_bent_cigar",),
)
def bbob_f12(x: Tensor, instance: Instance) -> Tensor:
    """A bent and rotated cigar with condition number 1e6; the only flat direction turns along the way."""
    z = rotate(instance.r, asymmetrize(rotate(instance.r, x - instance.x_opt.to(x)), 0.5))
    return z[..., 0] * z[..., 0] + 1e6 * ordered_sum(z[..., 1:] * z[..., 1:])


@bbob_problem(
    13,
    start=(-1.5, 3.5),
    steps=300,
    nonsmooth_where="along a straight crease through the minimum",
    title="BBOB 13: sharp ridge",
    latex=r"z_1^2 + 100 \sqrt{\sum_{i > 1} z_i^2} + f^*, \; z = Q \Lambda^{10} R (x - x^*)",
    tags=("ridge", "valley", "rotated", "nonsmooth", "convex", "unimodal", "any dimension"),
    aliases=("bbob_sharp_ridge",),
)
def bbob_f13(x: Tensor, instance: Instance) -> Tensor:
    """A sharp crease with a slight slope; it is reached quickly, but progress along it is slow."""
    z = rotate(instance.r_scale_q(math.sqrt(10)), x - instance.x_opt.to(x))
    return z[..., 0] * z[..., 0] + 100 * norm(z[..., 1:])


@bbob_problem(
    14,
    start=(-4.0, 4.0),
    steps=300,
    nonsmooth_where="at the minimum",
    title="BBOB 14: different powers",
    latex=r"\sqrt{\sum |z_i|^{2 + 4 \frac{i - 1}{d - 1}}} + f^*, \; z = R (x - x^*)",
    tags=("valley", "rotated", "nonsmooth", "convex", "unimodal", "any dimension"),
    aliases=("bbob_different_powers",),
)
def bbob_f14(x: Tensor, instance: Instance) -> Tensor:
    """Powers from 2 to 6 under a root; curvatures differ more and more near the minimum, which slows convergence."""
    z = rotate(instance.r, x - instance.x_opt.to(x))
    return root(ordered_sum(power(z, 2 + 4 * unit_ramp(z))))
