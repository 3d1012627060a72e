"""Schedule-Free SGD and AdamW, which average their points as they go."""

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
    """The common part: z takes the steps, x is its average, and gradients are evaluated between the two."""

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
        """β: weight of the average x in the point y at which gradients are evaluated."""
        return cast(Scalar, getattr(self, self.beta))

    def init(self, p: Tensor) -> State:
        return p, torch.zeros_like(p[0]), torch.zeros_like(p[0])

    def coef(self, t: int) -> Coefs:
        return self.lr * map_floats(lambda warmup: min(1.0, t / max(warmup, 1.0)), self.warmup), power(t, self.r)

    def gradient_point(self, p: Tensor, s: State) -> Tensor:
        """Return the point of the next gradient, y = (1−β)z + βx."""
        return torch.lerp(s[0], p, self.interpolation)

    def _average(self, p: Tensor, z: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        """Return the average x with the new z, and the state without what a subclass adds."""
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
    """Evaluates the gradient at the interpolated point."""

    optimizer: _ScheduleFree

    def step(self, context: StepContext) -> Tensor:
        y = self.optimizer.gradient_point(context.x, self.state)
        value, gradient = context.oracle.value_and_gradient(y, context.active)
        return super().step(replace(context, value=value, gradient=gradient))


@dataclass(frozen=True)
class ScheduleFreeSGD(_ScheduleFree):
    """Schedule-Free SGD (Defazio et al., 2024).

        y ← (1−β)z + βx
        z ← z − lr·(∇f(y) + λy)
        x ← (1−c)x + cz

    Here c is the weight of this step relative to the sum of all weights t^r·(largest lr so far)². With a constant lr, x
    is the plain average of all z. The trajectory shows x, which the method returns. Each step takes one gradient, at y.

    Args:
        lr: learning rate of z, ≥ 0; default 1.
        weight_decay: λ, L2 penalty at y, added to the gradient, ≥ 0; default 0.
        warmup: number of steps over which lr rises from 0, ≥ 0; default 0.
        r: exponent of the step in its weight, ≥ 0; default 0.
        momentum: β, weight of the average in y, in [0, 1); default 0.9.
        groups: not available, because the optimizer evaluates the function at points of its own; default none.

    >>> ScheduleFreeSGD(lr=0.5).spec
    'schedule_free_sgd(lr=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("schedule_free_sgd",)
    beta: ClassVar[str] = "momentum"

    momentum: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)

    @property
    def plain_label(self) -> str:
        return "Schedule-Free SGD"

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        if not is_zero(self.weight_decay):
            g = add_scaled(g, self.weight_decay, self.gradient_point(p, s))
        z = add_scaled(s[0], -c[0], g)
        return self._average(p, z, s, c)


@dataclass(frozen=True)
class ScheduleFreeAdamW(_ScheduleFree):
    """Schedule-Free AdamW (Defazio et al., 2024).

        y ← (1−β₁)z + β₁x,  g ← ∇f(y)
        v ← β₂v + (1−β₂)g²
        z ← z − lr·(g / (√v̂ + ε) + λy)
        x ← (1−c)x + cz, with c as in `ScheduleFreeSGD`

    The trajectory shows x. Each step takes one gradient, at y.

    Args:
        lr: learning rate of z, ≥ 0; default 0.0025.
        weight_decay: λ, decoupled weight decay at y, ≥ 0; default 0.
        warmup: number of steps over which lr rises from 0, ≥ 0; default 0.
        r: exponent of the step in its weight, ≥ 0; default 0.
        beta1: β₁, weight of the average in y, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        groups: not available, because the optimizer evaluates the function at points of its own; default none.

    >>> ScheduleFreeAdamW(lr=0.05).spec
    'schedule_free_adamw(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("schedule_free_adamw",)
    beta: ClassVar[str] = "beta1"

    lr: Scalar = field(default=2.5e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
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
