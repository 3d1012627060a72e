"""Nonlinear conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import OPEN_UNIT, POSITIVE
from landscapes.optimizers.first_order.base import State
from landscapes.optimizers.linalg import dot
from landscapes.optimizers.second_order.line_search_stepper import LineSearchOptimizer


@dataclass(frozen=True)
class ConjugateGradient(LineSearchOptimizer):
    """Nonlinear conjugate gradients with a strong Wolfe line search (Polak & Ribière, 1969; Gilbert & Nocedal, 1992).

        x ← x + t·p
        p ← −g + β·p,  β = max(0, gᵀ(g − g₋)/g₋ᵀg₋)  (Polak–Ribière+)

    Here g₋ is the gradient of the previous step. The search begins where the decrease would equal that of the previous
    step: t = t₋·g₋ᵀp₋/gᵀp (Nocedal & Wright, 2006, section 3.5).

    Args:
        lr: factor of the first trial step, > 0; 1 is the natural step; default 1.
        c1: fraction of the predicted decrease that is sufficient, in (0, c2); default 0.0001.
        c2: fraction of the slope that may remain, in (c1, 1). It is small, because directions are conjugate only
            after nearly exact searches; default 0.1.

    Raises:
        InputError: if c1 ≥ c2.

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
