"""Nonlinear conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import OPEN_UNIT, POSITIVE
from landscapes.optimizers.first_order.base import State
from landscapes.optimizers.second_order.linalg import dot
from landscapes.optimizers.second_order.line_search_stepper import LineSearchOptimizer


@dataclass(frozen=True)
class ConjugateGradient(LineSearchOptimizer):
    """Nonlinear conjugate gradients (Polak & Ribière, 1969; "+": Gilbert & Nocedal, 1992), with a strong Wolfe search.

    x ← x + t·p,  p ← −g + β·p with β = max(0, gᵀ(g − g₋)/g₋ᵀg₋) for the gradient g₋ of the step before. The search
    begins where the decrease would be that of the last step: t = t₋·g₋ᵀp₋/gᵀp (Nocedal & Wright, 2006, section 3.5).

    Args:
        lr: how far to go at first along each direction, > 0; 1 is the natural step.
        c1: the share of the promised decrease that is enough, in (0, c2).
        c2: the share of the slope that may be left, in (c1, 1); small, since directions are conjugate only after searches that
            are nearly exact.

    >>> ConjugateGradient().label
    'CG'
    """

    names: ClassVar[tuple[str, ...]] = ("cg", "conjugate_gradient")

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    c1: Scalar = field(default=1e-4, metadata=OPEN_UNIT)
    c2: Scalar = field(default=0.1, metadata=OPEN_UNIT)

    @property
    def label(self) -> str:
        return "CG"

    def init(self, x: Tensor) -> State:
        return torch.zeros_like(x), torch.zeros_like(x[0])

    def direction(self, g: Tensor, s: State) -> Tensor:
        return s[0] - g

    def initial_step(self, slope: Tensor, s: State) -> Tensor:
        return s[1] / slope

    def update_state(self, s: State, step: Tensor, g: Tensor, change: Tensor, p: Tensor) -> State:
        beta = (dot(g + change, change) / dot(g, g)).clamp(min=0)
        return beta * p, dot(g, step)
