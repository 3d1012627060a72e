"""Sophia."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_scaled, is_zero
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, POSITIVE, POSITIVE_INT, Optimizer
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, FirstOrderStepper, State
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.torch_arguments import BetaPair
from landscapes.random import normal

PURPOSE = 1
"""Purpose of Sophia's random numbers, which separates them from others of the same step."""


@dataclass(frozen=True)
class Sophia(BetaPair, FirstOrder):
    """Sophia-H: clipped steps scaled by a diagonal Hessian (Liu et al., 2023, Algorithm 3).

        m ← β₁m + (1−β₁)g
        every k steps: h ← β₂h + (1−β₂)·u⊙(∇²f·u),  u drawn from N(0, I)  (Hutchinson's estimate of the diagonal)
        x ← (1 − lr·λ)x − lr·clip(m / max(γh, ε), ±1)

    Where the curvature is small or negative, the step along a coordinate has length lr.

    Args:
        lr: learning rate, the longest step along a coordinate, ≥ 0; default 0.001.
        beta1: β₁, decay of the momentum, in [0, 1); default 0.96.
        beta2: β₂, decay of the curvature, in [0, 1); default 0.99.
        gamma: γ, factor of the curvature; larger values give shorter steps, > 0; default 0.01.
        eps: ε, lower bound of the scaled curvature, > 0; default 1e-12.
        every: k, number of steps per estimate of the curvature, ≥ 1; default 10.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        groups: not available, because the optimizer evaluates the function at points of its own; default none.

    >>> Sophia(lr=0.01).spec
    'sophia(lr=0.01)'
    """

    names: ClassVar[tuple[str, ...]] = ("sophia",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.96, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.99, metadata=HALF_OPEN_UNIT)
    gamma: Scalar = field(default=0.01, metadata=POSITIVE)
    eps: Scalar = field(default=1e-12, metadata=POSITIVE)
    every: int = field(default=10, metadata=POSITIVE_INT)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        return 1 - self.beta1, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new, shrink = c
        m = add_scaled(s[0] * self.beta1, new, g)
        if not is_zero(self.weight_decay):
            p = p * shrink
        floor = torch.as_tensor(self.eps, dtype=p.dtype, device=p.device)
        ratio = m / torch.maximum(self.gamma * s[1], floor)
        return add_scaled(p, -self.lr, ratio.clamp(-1.0, 1.0)), (m, s[1])

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "curvature": s[1]}

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _SophiaStepper(cast(Sequence[FirstOrder], optimizers), x, setup)


class _SophiaStepper(FirstOrderStepper):
    """Estimates the curvature every k steps."""

    optimizer: Sophia

    def __init__(self, optimizers: Sequence[FirstOrder], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x)
        self.setup = setup
        self.every = torch.tensor([cast(Sophia, optimizer).every for optimizer in optimizers], device=x.device)

    def step(self, context: StepContext) -> Tensor:
        own = context.t - 1 - torch.as_tensor(self.first_steps, device=context.x.device)
        due = own % self.every == 0
        if bool(due.any()):
            u = normal(self.setup.seed, self.setup.streams, context.t, PURPOSE, len(context.x)).to(context.x)
            estimate = u * context.oracle.hvp(context.x, u, due & context.active)
            m, h = self.state
            kept = h * self.optimizer.beta2
            self.state = m, torch.where(due, kept + (1 - self.optimizer.beta2) * estimate, h)
        return super().step(context)
