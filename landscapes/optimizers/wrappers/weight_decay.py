"""Weight decay around any optimizer: as a penalty on the loss, or apart from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar, penalised, total
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.stepper import Job, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Altered, WrappedStepper, Wrapper
from landscapes.oracle import Oracle


@dataclass(frozen=True)
class Decay(Wrapper):
    """Weights that shrink: an L2 penalty (Krogh & Hertz, 1991), or decoupled from it (Loshchilov & Hutter, 2019).

    The penalty is f ← f + ½λ‖x‖², g ← g + λx, for whatever the optimizer asks: values, gradients, curvature. Decoupled:
    x ← x − lr·λx, and the optimizer's step from there; lr is the present one, also under a schedule. Around Adam the
    one is torch's Adam with `weight_decay`, the other its AdamW, bit for bit.

    Args:
        optimizer: the optimizer inside.
        weight: λ, ≥ 0.
        decoupled: whether the point shrinks by itself, whatever the gradients.

    Raises `InputError` where decoupled decay has no learning rate to go by.

    >>> from landscapes import optimizers
    >>> optimizers.Decay(optimizers.Adam(lr=0.05), weight=0.1).label
    'Adam · L2 0.1'
    """

    names: ClassVar[tuple[str, ...]] = ("decay",)

    weight: float = field(default=1e-2, metadata=NON_NEGATIVE)
    decoupled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoupled and math.isnan(self.optimizer.rate):
            raise InputError(f"Decay: decoupled decay goes by the learning rate, and {self.optimizer.label} has none")

    @property
    def note(self) -> str:
        return f"{'decay' if self.decoupled else 'L2'} {self.weight:g}"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> Stepper:
        return _DecayingStepper(optimizers, x, job)


class _DecayingStepper(WrappedStepper):
    settings: Decay

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> None:
        super().__init__(optimizers, x, job)
        self.weights = np.array([optimizer.weight for optimizer in optimizers if isinstance(optimizer, Decay)])

    def step(self, now: StepContext) -> Tensor:
        weight = self.settings.weight
        if self.settings.decoupled:
            self.inner.turn(now.t)
            shrink = torch.as_tensor(1 - self.rates() * self.weights, dtype=now.x.dtype, device=now.x.device)
            return self.inner.step(replace(now, x=now.x * shrink))
        seen = replace(now, oracle=_Penalised(now.oracle, weight), value=_penalty(weight, now.x, now.value))
        return self.inner.step(replace(seen, gradient=penalised(now.gradient, weight, now.x)))


class _Penalised(Altered):
    """The function with its penalty, in all that can be asked."""

    def __init__(self, within: Oracle, weight: Scalar) -> None:
        super().__init__(within, lambda x, gradient, asking: penalised(gradient, weight, x))
        self.weight = weight

    def value(self, x: Tensor, asking: Tensor | None = None) -> Tensor:
        return _penalty(self._weight(x, asking), x, self.within.value(x, asking))

    def value_and_gradient(self, x: Tensor, asking: Tensor | None = None) -> tuple[Tensor, Tensor]:
        value, gradient = super().value_and_gradient(x, asking)
        return _penalty(self._weight(x, asking), x, value), gradient

    def hessian_product(self, x: Tensor, v: Tensor, asking: Tensor | None = None) -> Tensor:
        return penalised(self.within.hessian_product(x, v, asking), self._weight(x, asking), v)

    def hessian(self, x: Tensor, asking: Tensor | None = None) -> Tensor:
        return self.within.hessian(x, asking) + self._weight(x, asking) * _axes(x)

    def residuals(self, x: Tensor, asking: Tensor | None = None) -> tuple[Tensor, Tensor]:
        residuals, slopes = self.within.residuals(x, asking)
        root = torch.as_tensor(self._weight(x, asking) / 2, dtype=x.dtype, device=x.device).sqrt()
        more = (root * _axes(x)).expand(len(x), len(x), x.shape[1])
        return torch.cat([residuals, root * x]), torch.cat([slopes, more])

    def _weight(self, x: Tensor, asking: Tensor | None) -> Scalar:
        own = self.own(x, asking)
        return self.weight if own is None or not isinstance(self.weight, Tensor) else self.weight[own]


def _axes(x: Tensor) -> Tensor:
    """The unit matrix, shape (d, d, 1)."""
    return torch.eye(len(x), dtype=x.dtype, device=x.device)[:, :, None]


def _penalty(weight: Scalar, x: Tensor, value: Tensor) -> Tensor:
    return value + 0.5 * weight * total(x * x)
