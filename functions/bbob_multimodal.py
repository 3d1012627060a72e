"""BBOB 15 to 24: the multimodal functions of the COCO benchmark, with adequate and with weak global structure.

The catalogue has instance 1; `landscapes.functions.bbob.bbob` returns the others. The formulas return f − f_opt.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.coco import (
    Instance,
    asymmetrize,
    bbob_problem,
    boundary_penalty,
    gallagher_peaks,
    oscillate,
    rotate,
    stretch,
)
from landscapes.objectives.elementary import in_chunks, mean, ordered_sum, power, stack_copies, weierstrass_series


def _rastrigin_waves(z: Tensor) -> Tensor:
    """Return 10 (d - Σ cos 2πz)."""
    wave = torch.sin(math.pi * z)
    return 20 * ordered_sum(wave * wave)


@bbob_problem(
    15,
    start=(1.0, -1.0),
    steps=200,
    nonsmooth_where="on the axes of a rotated frame through the minimum, where the ripples become infinitely fine",
    title="BBOB 15: Rastrigin",
    latex=r"10 (d - \sum \cos 2 \pi z_i) + \|z\|^2 + f^*, \; z = R \Lambda^{10} Q T_{asy}(T_{osz}(R (x - x^*)))",
    tags=("oscillating", "funnel", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_rotated_rastrigin",),
)
def bbob_f15(x: Tensor, instance: Instance) -> Tensor:
    """A rotated, asymmetric Rastrigin function; its local minima follow no regular grid that could be exploited."""
    z = asymmetrize(oscillate(rotate(instance.r, x - instance.x_opt.to(x))), 0.2)
    z = rotate(instance.r_scale_q(math.sqrt(10)), z)
    return _rastrigin_waves(z) + ordered_sum(z * z)


@bbob_problem(
    16,
    start=(0.5, 1.0),
    steps=200,
    scale="rank",
    minima_complete=False,
    nonsmooth_where="on the axes of a rotated frame through the minimum, where the ripples become infinitely fine",
    title="BBOB 16: Weierstrass",
    latex=r"10 (\frac{1}{d} \sum_i \sum_k 2^{-k} (1 - \cos 2 \pi 3^k z_i))^3 + \frac{10}{d} f_{pen} + f^*",
    tags=("oscillating", "periodic", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_weierstrass",),
)
def bbob_f16(x: Tensor, instance: Instance) -> Tensor:
    """A rotated Weierstrass function, rough at every scale; gradients hardly point to its repeated global minima."""
    z = rotate(instance.r_scale_q(0.1), oscillate(rotate(instance.r, x - instance.x_opt.to(x))))
    height = mean(weierstrass_series(z, 12))
    return 10 * height * height * height + 10 / x.shape[-1] * boundary_penalty(x)


def _schaffer(x: Tensor, instance: Instance, condition: float) -> Tensor:
    """Return Schaffer's F7 with the given condition number."""
    z = asymmetrize(rotate(instance.r, x - instance.x_opt.to(x)), 0.5)
    z = stretch(rotate(instance.q, z), condition)
    s = z[..., :-1] * z[..., :-1] + z[..., 1:] * z[..., 1:]
    wave = torch.sin(50 * power(s, 0.1))
    height = mean(power(s, 0.25) * (1 + wave * wave))
    return height * height + 10 * boundary_penalty(x)


@bbob_problem(
    17,
    start=(1.5, -1.0),
    steps=200,
    scale="rank",
    nonsmooth_where="at the minimum",
    title="BBOB 17: Schaffer F7",
    latex=(
        r"(\frac{1}{d - 1} \sum \sqrt{s_i} (1 + \sin^2 50 s_i^{1/5}))^2 + 10 f_{pen} + f^*, "
        r"\; s_i^2 = z_i^2 + z_{i+1}^2"
    ),
    tags=("oscillating", "ring", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_schaffer_f7", "bbob_schaffers"),
)
def bbob_f17(x: Tensor, instance: Instance) -> Tensor:
    """Schaffer's rings, rotated and asymmetric; they become denser towards the minimum and trap small steps."""
    return _schaffer(x, instance, 10)


@bbob_problem(
    18,
    start=(1.5, -1.0),
    steps=200,
    scale="rank",
    nonsmooth_where="at the minimum",
    title="BBOB 18: ill-conditioned Schaffer F7",
    latex=r"(\frac{1}{d - 1} \sum \sqrt{s_i} (1 + \sin^2 50 s_i^{1/5}))^2 + 10 f_{pen} + f^*, \; \Lambda^{1000}",
    tags=("oscillating", "ring", "valley", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_ill_conditioned_schaffer_f7", "bbob_schaffers_ill_conditioned"),
)
def bbob_f18(x: Tensor, instance: Instance) -> Tensor:
    """Schaffer's rings stretched by a factor of thirty; narrow parallel troughs trap trajectories."""
    return _schaffer(x, instance, 1000)


@bbob_problem(
    19,
    view=lambda d: [(-0.85 * math.sqrt(d), 0.85 * math.sqrt(d))],
    start=(-1.0, 0.8),
    steps=300,
    title="BBOB 19: Griewank–Rosenbrock",
    latex=(
        r"\frac{10}{d - 1} \sum (\frac{s_i}{4000} - \cos s_i) + 10 + f^*, "
        r"\; s_i = 100 (z_i^2 - z_{i+1})^2 + (z_i - 1)^2"
    ),
    tags=("oscillating", "curved", "rotated", "smooth", "multimodal", "ill-conditioned", "any dimension"),
    aliases=("bbob_griewank_rosenbrock",),
)
def bbob_f19(x: Tensor, instance: Instance) -> Tensor:
    """Rosenbrock's valley turned into waves by a cosine; many thin, parallel troughs stop small steps."""
    off = max(1.0, math.sqrt(x.shape[-1]) / 8) * rotate(instance.q, x - instance.x_opt.to(x))
    z = off + 1
    bend = z[..., :-1] * z[..., :-1] - z[..., 1:]
    s = 100 * bend * bend + off[..., :-1] * off[..., :-1]
    wave = torch.sin(s / 2)
    return 10 * mean(s / 4000 + 2 * wave * wave)


_SCHWEFEL_MAXIMIZER = 4.209687463599820
"""The maximizer of z sin √z below 500, divided by 100."""


def _schwefel_optimum(instance: Instance) -> list[float]:
    """Return the minimizer to full precision; COCO rounds it to ten digits."""
    corner = 4.2096874637
    found: list[float] = []
    for i in range(instance.dim):
        want = corner + (_SCHWEFEL_MAXIMIZER - corner) / 10 ** (0.5 * i / (instance.dim - 1))
        found.append(want - 0.25 * (found[-1] - corner) if found else want)
    return [sign * c / 2 for sign, c in zip(instance.schwefel_signs, found, strict=True)]


@bbob_problem(
    20,
    minimizer=_schwefel_optimum,
    start=(1.5, 2.2),
    steps=200,
    title="BBOB 20: Schwefel",
    latex=r"4.18983 - \frac{1}{100 d} \sum z_i \sin \sqrt{|z_i|} + 100 f_{pen}(z / 100) + f^*",
    tags=("deceptive", "basins", "steep corners", "smooth", "multimodal", "any dimension"),
    aliases=("bbob_schwefel",),
)
def bbob_f20(x: Tensor, instance: Instance) -> Tensor:
    """Schwefel's waves with the best minima far apart near the corners; descent from the center ends in worse ones."""
    corner = 4.2096874637
    signs = torch.tensor(instance.schwefel_signs, dtype=x.dtype, device=x.device)
    off = 2 * signs * x - corner
    tilted = torch.cat([off[..., :1], off[..., 1:] + 0.25 * off[..., :-1]], -1)
    z = 100 * (stretch(tilted, 10) + corner)
    over = (z.abs() - 500).clamp(min=0)
    waves = z * torch.sin(power(z, 0.5))
    return 0.01 * (ordered_sum(over * over) + mean(418.9828872724339 - waves))


def _gallagher(x: Tensor, instance: Instance, count: int) -> Tensor:
    """Return T_osz(10 - max w_i exp(-(x - y_i)ᵀ C_i (x - y_i) / 2d))², without cancellation near the minimum."""
    d = x.shape[-1]
    where, scales, heights = (
        numbers.to(x)[..., None] for numbers in gallagher_peaks(instance.number, d, instance.instance, count)
    )
    steep = (scales / (2 * d)).sqrt()

    def deepest(*z: Tensor) -> Tensor:
        depth = heights
        for c, middle, scale in zip(z, where.unbind(1), steep.unbind(1), strict=True):
            off = c - middle
            off *= scale  # in place, to stay within the cache
            depth = torch.addcmul(depth, off, off, value=-1)
        return depth.amax(0)

    depth = in_chunks(deepest, *rotate(instance.q, x).unbind(-1), width=count)
    height = oscillate(-10 * torch.expm1(depth))
    return height * height + boundary_penalty(x)


@bbob_problem(
    21,
    start=(-1.0, 1.0),
    steps=200,
    scale="linear",
    nonsmooth_where="on the creases between the basins",
    title="BBOB 21: Gallagher, 101 peaks",
    latex=r"T_{osz}(10 - \max_{i \leq 101} w_i e^{-\frac{1}{2d} (x - y_i)^T R^T C_i R (x - y_i)})^2 + f_{pen} + f^*",
    tags=("basins", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_gallagher_101",),
)
def bbob_f21(x: Tensor, instance: Instance) -> Tensor:
    """A hundred and one random basins of different shape; nothing points to the deepest, so restarts are needed."""
    return _gallagher(x, instance, 101)


@bbob_problem(
    22,
    start=(0.0, 0.0),
    steps=200,
    scale="linear",
    nonsmooth_where="on the creases between the basins",
    title="BBOB 22: Gallagher, 21 peaks",
    latex=r"T_{osz}(10 - \max_{i \leq 21} w_i e^{-\frac{1}{2d} (x - y_i)^T R^T C_i R (x - y_i)})^2 + f_{pen} + f^*",
    tags=("basins", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_gallagher_21",),
)
def bbob_f22(x: Tensor, instance: Instance) -> Tensor:
    """Twenty-one random basins, the deepest of them narrow; most starts end in a wider one."""
    return _gallagher(x, instance, 21)


@bbob_problem(
    23,
    start=(1.0, -1.0),
    steps=200,
    scale="linear",
    minima_complete=False,
    nonsmooth_where="everywhere, at scales down to 1e-10",
    title="BBOB 23: Katsuura",
    latex=(
        r"\frac{10}{d^2} \prod (1 + i \sum_{j=1}^{32} 2^{-j} |2^j z_i - [2^j z_i]|)^{10/d^{1.2}} - \frac{10}{d^2} + "
        r"f_{pen} + f^*"
    ),
    tags=("oscillating", "periodic", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_katsuura",),
)
def bbob_f23(x: Tensor, instance: Instance) -> Tensor:
    """A continuous function with creases at every scale; gradients say nothing about its many global minima."""
    d = x.shape[-1]
    z = rotate(instance.r_scale_q(10.0), x - instance.x_opt.to(x))
    fine = torch.tensor([[2.0**j] for j in range(1, 33)]).to(x)
    short = 1 / fine

    def teeth(c: Tensor) -> Tensor:
        many = fine * stack_copies(c, 32)
        many -= many.round()
        rows = many.abs() * short
        while len(rows) > 1:
            rows = rows[: len(rows) // 2] + rows[len(rows) // 2 :]
        return rows[0]

    rough = in_chunks(teeth, z, width=32)
    i = torch.arange(1, d + 1, dtype=x.dtype, device=x.device)
    return 10 / d**2 * torch.expm1(10 / d**1.2 * ordered_sum(torch.log1p(i * rough))) + boundary_penalty(x)


@bbob_problem(
    24,
    start=(2.5, 2.5),
    steps=200,
    scale="rank",
    nonsmooth_where="where the two funnels meet",
    title="BBOB 24: Lunacek bi-Rastrigin",
    latex=(
        r"\min(\sum (\hat{x}_i - \mu_0)^2, d + s \sum (\hat{x}_i - \mu_1)^2) + 10 (d - \sum \cos 2 \pi z_i) + 10^4 "
        r"f_{pen} + f^*"
    ),
    tags=("oscillating", "funnel", "deceptive", "rotated", "nonsmooth", "multimodal", "any dimension"),
    aliases=("bbob_lunacek", "bbob_lunacek_bi_rastrigin"),
)
def bbob_f24(x: Tensor, instance: Instance) -> Tensor:
    """Two rotated funnels covered with local minima; the wider funnel leads away from the global minimum."""
    d = x.shape[-1]
    s = 1 - 0.5 / (math.sqrt(d + 20) - 4.1)
    wrong = -math.sqrt((2.5 * 2.5 - 1) / s)
    flipped = 2 * torch.sign(instance.x_opt.to(x)) * x
    near, far = flipped - 2.5, flipped - wrong
    z = rotate(instance.r_scale_q(10.0), near)
    return (
        torch.minimum(ordered_sum(near * near), d + s * ordered_sum(far * far))
        + _rastrigin_waves(z)
        + 1e4 * boundary_penalty(x)
    )
