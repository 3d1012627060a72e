"""Trust-region methods, which minimize a quadratic model within the distance at which it is accurate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, norm, pairwise_sum
from landscapes.optimizers.base import POSITIVE, Optimizer
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.linalg import dot
from landscapes.optimizers.second_order.derivatives import check_twice_differentiable
from landscapes.optimizers.second_order.quadratic_model import QuadraticModel, gain_ratio
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

TRIALS = 30
"""Largest number of trials per step."""

ROUNDS = 12
"""Newton steps for the multiplier of the exact step; they converge monotonically and quadratically."""


@dataclass(frozen=True)
class TrustRegion(Optimizer):
    """A trust-region method (Moré & Sorensen, 1983; Steihaug, 1983; Nocedal & Wright, 2006, algorithm 4.1).

        x ← x + p,  p = argmin gᵀp + ½pᵀHp  subject to ‖p‖ ≤ Δ

    The gain ratio ρ is the actual decrease over the predicted one. Δ ← Δ/4 if ρ < ¼; Δ ← min(2Δ, max_radius) if ρ > ¾
    and p is on the boundary. A step with ρ ≤ eta is rejected and repeated in the smaller region, so that every step of
    a race descends. The exact solution leaves a saddle even where the gradient vanishes.

    Args:
        radius: the first Δ, > 0; default 1.
        max_radius: the largest Δ, ≥ radius; default 1000.
        eta: gain ratio above which a step is accepted, in [0, ¼); default 0.15.
        exact: whether p is the exact minimum, from the eigenvalues of H. Otherwise p is Steihaug's, by conjugate
            gradients, which needs Hessian-vector products only; its iterates are those of SciPy's "trust-ncg" up to
            rounding; default True.

    Raises:
        InputError: if radius > max_radius; from `check`, if the function cannot be differentiated twice.

    >>> TrustRegion(exact=False).label
    'Newton–CG'
    """

    names: ClassVar[tuple[str, ...]] = ("trust_region",)
    presets: ClassVar[Mapping[str, Mapping[str, bool]]] = {"newton_cg": {"exact": False}}

    radius: Scalar = field(default=1.0, metadata=POSITIVE)
    max_radius: Scalar = field(default=1000.0, metadata=POSITIVE)
    eta: Scalar = field(default=0.15, metadata={"low": 0.0, "high": 0.25, "open_high": True})
    exact: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.radius > self.max_radius:
            raise InputError(
                f"TrustRegion: radius must be <= max_radius, got radius={self.radius} and max_radius={self.max_radius}"
            )

    @property
    def label(self) -> str:
        return "Trust region" if self.exact else "Newton–CG"

    def check(self, function: Function) -> None:
        check_twice_differentiable(self.kind, function)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _TrustRegionStepper(cast(Sequence[TrustRegion], optimizers), x)


class Proposal(NamedTuple):
    """A step p (d, R) within the region, the predicted decrease (R,), and whether p is on the boundary (R,)."""

    p: Tensor
    promised: Tensor
    at_border: Tensor


class _TrustRegionStepper(Stepper):
    """Runs with one region each."""

    def __init__(self, optimizers: Sequence[TrustRegion], x: Tensor) -> None:
        self.optimizer = stack_hyperparameters(optimizers, x)
        self.radius = self.optimizer.radius * torch.ones_like(x[0])

    def step(self, context: StepContext) -> Tensor:
        model = (
            QuadraticModel.of(context.value, context.gradient, context.oracle.hessian(context.x))
            if self.optimizer.exact
            else None
        )
        x, radius, waiting = context.x, self.radius, context.active
        for _ in range(TRIALS):
            tried = steihaug(context, radius, waiting) if model is None else exact(model, radius)
            there = context.x + tried.p
            waiting = waiting & (there != context.x).any(0)
            if not waiting.any():
                break
            rho = gain_ratio(context.value, tried.promised, context.oracle.value(there, waiting))
            wider = torch.where(
                (rho > 0.75) & tried.at_border, (2 * radius).clamp(max=self.optimizer.max_radius), radius
            )
            radius = torch.where(waiting, torch.where(rho >= 0.25, wider, radius / 4), radius)
            taken = waiting & (rho > self.optimizer.eta)
            x = torch.where(taken, there, x)
            waiting = waiting & ~taken
        self.radius = radius
        return x

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.radius = torch.where(runs, self.optimizer.radius, self.radius)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"radius": self.radius}


def exact(model: QuadraticModel, radius: Tensor) -> Proposal:
    """Minimize models within regions of radius (R,), by the conditions of Moré & Sorensen (1983).

    p = −(H + sI)⁻¹g with the least s ≥ 0 for which H + sI is positive semi-definite and ‖p‖ ≤ Δ. From below, Newton's
    method on 1/‖p(s)‖ = 1/Δ never oversteps s. It runs on s relative to the lowest eigenvalue, which may be tiny
    compared with both. In the hard case, g has no component along the lowest eigenvector, which then fills p up to the
    boundary.
    """
    g, curvature = model.gradient, model.curvature
    lowest = curvature.amin(0)
    above = curvature - lowest
    axis = torch.arange(len(g), device=g.device)[:, None] == curvature.argmin(0)
    inside = (lowest > 0) & (norm(g / curvature) <= radius)
    along = torch.where(axis, g, 0.0).abs().amax(0)
    least = torch.maximum(torch.maximum(along / radius, norm(g) / radius - above.amax(0)), lowest.clamp(min=0))
    for _ in range(ROUNDS):
        stiff = above + least
        p = torch.where(stiff > 0, -g / stiff, 0.0)
        length = norm(p)
        bend = pairwise_sum(torch.where(stiff > 0, p * p / stiff, 0.0))
        further = (length / radius - 1) * length * length / bend
        least = torch.where(further > 0, least + further, least)
    stiff = torch.where(inside, curvature, above + least)
    p = torch.where(stiff > 0, -g / stiff, 0.0)
    saddle = lowest < -torch.finfo(g.dtype).eps * curvature.abs().amax(0)
    hard = saddle & (norm(p) < (1 - 1e-6) * radius)
    others = norm(torch.where(axis, 0.0, p))
    rest = ((radius - others) * (radius + others)).clamp(min=0).sqrt()
    p = torch.where(hard & axis, torch.where(g > 0, -rest, rest), p)
    return Proposal(model.to_coordinates(p), -model.change(p), ~inside)


def steihaug(context: StepContext, radius: Tensor, mask: Tensor) -> Proposal:
    """Run conjugate gradients on the model until convergence, negative curvature or the boundary of the region (R,)."""
    g = context.gradient
    size = norm(g)
    near = torch.minimum(size.sqrt(), torch.full_like(size, 0.5)) * size
    p, residual, direction = torch.zeros_like(g), g, -g
    change = torch.zeros_like(size)  # change of the model at p
    going, at_border = mask & (size >= near) & (size > 0), torch.zeros_like(mask)
    for _ in range(10 * len(g)):  # rounding may require more than d
        if not going.any():
            break
        turned = context.oracle.hvp(context.x, direction, going)
        bend, slope = dot(direction, turned), dot(residual, direction)
        length = dot(residual, residual) / bend
        convex = bend > 0
        leaves = going & (~convex | (norm(p + length * direction) >= radius))
        back, forth = _to_border(p, direction, radius)
        turns = ~convex & (_along(back, slope, bend) < _along(forth, slope, bend))
        length = torch.where(leaves, torch.where(turns, back, forth), length)
        p = torch.where(going, p + length * direction, p)
        change = torch.where(going, change + _along(length, slope, bend), change)
        at_border = at_border | leaves
        fresh = residual + length * turned
        going = going & ~leaves & (norm(fresh) >= near)
        share = dot(fresh, fresh) / dot(residual, residual)
        residual, direction = (
            torch.where(going, fresh, residual),
            torch.where(going, share * direction - fresh, direction),
        )
    return Proposal(p, -change, at_border)


def _along(t: Tensor, slope: Tensor, bend: Tensor) -> Tensor:
    """Return the change of a model after t along a direction."""
    return t * (slope + 0.5 * t * bend)


def _to_border(p: Tensor, direction: Tensor, radius: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two t with ‖p + t·direction‖ = radius, the negative one first, without cancellation."""
    a, b, c = dot(direction, direction), 2 * dot(p, direction), dot(p, p) - radius * radius
    root = (b * b - 4 * a * c).clamp(min=0).sqrt()
    half = -0.5 * (b + torch.where(b < 0, -root, root))
    first, second = half / a, c / half
    return torch.minimum(first, second), torch.maximum(first, second)
