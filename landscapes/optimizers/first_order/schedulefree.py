"""Schedule-Free learning: SGD and AdamW that average as they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_scaled, is_zero, map_floats, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, Optimizer
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, FirstOrderStepper, State
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper


@dataclass(frozen=True)
class _ScheduleFree(FirstOrder):
    """What both share: z takes the steps, x is its average, and gradients are taken between the two."""

    beta: ClassVar[str]

    lr: Scalar = field(default=1.0, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    warmup: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    r: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def needs_gradient(self) -> bool:
        return False  # not at x, where the run is shown

    @property
    def interpolation(self) -> Scalar:
        """β: how close to the average gradients are taken."""
        return cast(Scalar, getattr(self, self.beta))

    def init(self, p: Tensor) -> State:
        return p, torch.zeros_like(p[0]), torch.zeros_like(p[0])

    def coef(self, t: int) -> Coefs:
        return self.lr * map_floats(lambda warmup: min(1.0, t / max(warmup, 1.0)), self.warmup), power(t, self.r)

    def gradient_point(self, p: Tensor, s: State) -> Tensor:
        """Where the gradient of the next step is taken: y = (1−β)z + βx."""
        return torch.lerp(s[0], p, self.interpolation)

    def _average(self, p: Tensor, z: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        """x with its share of the new z, and the state without what an optimizer keeps beside."""
        lr, age = c[:2]
        highest = torch.maximum(s[2], torch.as_tensor(lr, dtype=p.dtype, device=p.device))
        weight = age * highest * highest
        total = s[1] + weight
        share = torch.where(total > 0, weight / total, 0.0)
        return torch.lerp(p, z, share), (z, total, highest)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"z": s[0]}

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ScheduleFreeStepper(cast(Sequence[FirstOrder], optimizers), x)


class _ScheduleFreeStepper(FirstOrderStepper):
    """Asks for the gradient where the optimizer wants it."""

    optimizer: _ScheduleFree

    def step(self, context: StepContext) -> Tensor:
        y = self.optimizer.gradient_point(context.x, self.state)
        value, gradient = context.oracle.value_and_gradient(y, context.active)
        return super().step(replace(context, value=value, gradient=gradient))


@dataclass(frozen=True)
class ScheduleFreeSGD(_ScheduleFree):
    """Schedule-Free SGD (Defazio et al., 2024).

    y ← (1−β)z + βx,  g ← ∇f(y) + λy,  z ← z − lr·g,  x ← (1−c)x + cz, where c is the share of this step in the sum of
    all steps' weights, t^r·(largest lr so far)²; with a constant lr, x is the plain average of all z. The path shown is that
    of x, which the method returns; one gradient a step is taken, at y.

    Args:
        lr: learning rate of z, ≥ 0.
        weight_decay: L2 penalty at y, added to the gradient, ≥ 0.
        warmup: over how many steps lr rises from 0, ≥ 0.
        r: power of the step in its weight, ≥ 0.
        momentum: β, how close to the average the gradient is taken, in [0, 1).

    >>> ScheduleFreeSGD(lr=0.5).spec
    'schedule_free_sgd(lr=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("schedule_free_sgd",)
    beta: ClassVar[str] = "momentum"

    momentum: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)

    @property
    def label(self) -> str:
        return "Schedule-Free SGD"

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        if not is_zero(self.weight_decay):
            g = add_scaled(g, self.weight_decay, self.gradient_point(p, s))
        z = add_scaled(s[0], -c[0], g)
        return self._average(p, z, s, c)


@dataclass(frozen=True)
class ScheduleFreeAdamW(_ScheduleFree):
    """Schedule-Free AdamW (Defazio et al., 2024).

    y ← (1−β₁)z + β₁x,  g ← ∇f(y),  v ← β₂v + (1−β₂)g²,  z ← z − lr·(g / (√v̂ + ε) + λy),  x ← (1−c)x + cz, with c as
    in Schedule-Free SGD. The path shown is that of x; one gradient a step is taken, at y.

    Args:
        lr: learning rate of z, ≥ 0.
        weight_decay: λ, decoupled, taken at y, ≥ 0.
        warmup: over how many steps lr rises from 0, ≥ 0.
        r: power of the step in its weight, ≥ 0.
        beta1: how close to the average the gradient is taken, in [0, 1).
        beta2: decay of the second moment, in [0, 1).
        eps: added to the root, ≥ 0.
    """

    names: ClassVar[tuple[str, ...]] = ("schedule_free_adamw",)
    beta: ClassVar[str] = "beta1"

    lr: Scalar = field(default=2.5e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)

    @property
    def label(self) -> str:
        return "Schedule-Free AdamW"

    def init(self, p: Tensor) -> State:
        return *super().init(p), torch.zeros_like(p)

    def coef(self, t: int) -> Coefs:
        return *super().coef(t), 1 - self.beta2, 1 - power(self.beta2, t)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        v = add_product(s[3] * self.beta2, c[2], g, g)
        direction = g / ((v / c[3]).sqrt() + self.eps)
        if not is_zero(self.weight_decay):
            direction = add_scaled(direction, self.weight_decay, self.gradient_point(p, s))
        z = add_scaled(s[0], -c[0], direction)
        x, state = self._average(p, z, s, c)
        return x, (*state, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"z": s[0], "second_moment": s[3]}
