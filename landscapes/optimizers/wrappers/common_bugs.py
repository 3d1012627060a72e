"""Common mistakes in training loops, and delayed gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.base import POSITIVE_INT, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import GradientTransformStepper, Wrapper, WrapperStepper


@dataclass(frozen=True)
class ForgotZeroGrad(Wrapper):
    """Gradients that accumulate because `zero_grad` is missing (the torch.optim manual warns of it since 2017).

        g ← g₁ + g₂ + … + gₜ

    With SGD, this is momentum 1 without friction: the run oscillates around the minimum and does not converge. Further
    gradients that the optimizer queries are added to the sum so far.

    Args:
        optimizer: the wrapped optimizer.

    >>> from landscapes import optimizers
    >>> optimizers.ForgotZeroGrad(optimizers.SGD(lr=0.01)).label
    'SGD · no zero_grad'
    """

    names: ClassVar[tuple[str, ...]] = ("forgot_zero_grad",)

    @property
    def label_suffix(self) -> str:
        return "no zero_grad"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _AccumulatingStepper(optimizers, x, setup)


class _AccumulatingStepper(GradientTransformStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.sum = torch.zeros_like(x)

    def transform(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        return self.sum + gradient

    def step(self, context: StepContext) -> Tensor:
        moved = super().step(context)
        if self.needs_gradient:
            self.sum = self.sum + context.gradient
        return moved

    def reset(self, runs: Tensor, x: Tensor) -> None:
        super().reset(runs, x)
        self.sum = torch.where(runs, 0.0, self.sum)


@dataclass(frozen=True)
class Stale(Wrapper):
    """Delayed gradients, as in asynchronous SGD (Niu, Recht, Ré & Wright, 2011).

        g ← ∇f(xₜ₋ₖ)

    Before step k + 1, the first gradient is used. Further gradients that the optimizer queries are not delayed.

    Args:
        optimizer: the wrapped optimizer.
        delay: k, the delay in steps, ≥ 1; default 1.

    >>> from landscapes import optimizers
    >>> optimizers.Stale(optimizers.SGD(lr=0.01), delay=3).label
    'SGD · 3 steps late'
    """

    names: ClassVar[tuple[str, ...]] = ("stale",)

    delay: int = field(default=1, metadata={**POSITIVE_INT, "structural": True})

    @property
    def label_suffix(self) -> str:
        return f"{self.delay} step{'' if self.delay == 1 else 's'} late"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _StaleStepper(optimizers, x, setup)


class _StaleStepper(WrapperStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.fresh = torch.ones_like(x[0], dtype=torch.bool)
        self.queue: list[Tensor] = []

    def step(self, context: StepContext) -> Tensor:
        queue = self.queue or [context.gradient] * self.settings.delay
        queue = [torch.where(self.fresh, context.gradient, late) for late in queue]
        self.fresh = torch.zeros_like(self.fresh)
        first, *others = queue
        self.queue = [*others, context.gradient]
        return self.inner.step(replace(context, gradient=first))

    def reset(self, runs: Tensor, x: Tensor) -> None:
        super().reset(runs, x)
        self.fresh = self.fresh | runs
