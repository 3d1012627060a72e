"""Weight decay for any optimizer: an L2 penalty, or decoupled from the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar, add_weight_decay, pairwise_sum
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import GradientTransformOracle, Wrapper, WrapperStepper
from landscapes.oracle import Oracle


@dataclass(frozen=True)
class Decay(Wrapper):
    """Weight decay: an L2 penalty (Krogh & Hertz, 1991), or decoupled (Loshchilov & Hutter, 2019).

        penalty: f ← f + ½λ‖x‖²,  g ← g + λx
        decoupled: x ← (1 − lr·λ)x, then the optimizer's step

    The penalty applies to all that the optimizer queries: values, gradients and curvature. The decoupled form uses the
    current lr, also under a schedule. Around Adam, they reproduce torch's Adam with `weight_decay` and its AdamW
    bitwise on the CPU.

    Args:
        optimizer: the wrapped optimizer.
        weight: λ, ≥ 0; default 0.01.
        decoupled: whether the decay is decoupled; default False.

    Raises:
        InputError: if decoupled decay is used with an optimizer without a learning rate.

    >>> from landscapes import optimizers
    >>> optimizers.Decay(optimizers.Adam(lr=0.05), weight=0.1).label
    'Adam · L2 0.1'
    """

    names: ClassVar[tuple[str, ...]] = ("decay",)

    weight: float = field(default=1e-2, metadata=NON_NEGATIVE)
    decoupled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decoupled and math.isnan(self.optimizer.learning_rate):
            raise InputError(f"Decay: decoupled decay requires a learning rate, and {self.optimizer.label} has none")

    @property
    def label_suffix(self) -> str:
        return f"{'decay' if self.decoupled else 'L2'} {self.weight:g}"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _DecayStepper(optimizers, x, setup)


class _DecayStepper(WrapperStepper):
    settings: Decay

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.weights = np.array([optimizer.weight for optimizer in optimizers if isinstance(optimizer, Decay)])

    def step(self, context: StepContext) -> Tensor:
        weight = self.settings.weight
        if self.settings.decoupled:
            self.inner.prepare(context.t)
            shrink = torch.as_tensor(
                1 - self.learning_rates() * self.weights, dtype=context.x.dtype, device=context.x.device
            )
            return self.inner.step(replace(context, x=context.x * shrink))
        penalised = replace(
            context, oracle=_Penalised(context.oracle, weight), value=_penalty(weight, context.x, context.value)
        )
        return self.inner.step(replace(penalised, gradient=add_weight_decay(context.gradient, weight, context.x)))


class _Penalised(GradientTransformOracle):
    """The function plus its penalty, for all queries."""

    def __init__(self, inner: Oracle, weight: Scalar) -> None:
        super().__init__(inner, lambda x, gradient, mask: add_weight_decay(gradient, weight, x))
        self.weight = weight

    def value(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return _penalty(self._weight(x, mask), x, self.inner.value(x, mask))

    def value_and_gradient(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        value, gradient = super().value_and_gradient(x, mask)
        return _penalty(self._weight(x, mask), x, value), gradient

    def hvp(self, x: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        return add_weight_decay(self.inner.hvp(x, v, mask), self._weight(x, mask), v)

    def hessian(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.inner.hessian(x, mask) + self._weight(x, mask) * _axes(x)

    def residuals(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        residuals, slopes = self.inner.residuals(x, mask)
        root = torch.as_tensor(self._weight(x, mask) / 2, dtype=x.dtype, device=x.device).sqrt()
        more = (root * _axes(x)).expand(len(x), len(x), x.shape[1])
        return torch.cat([residuals, root * x]), torch.cat([slopes, more])

    def _weight(self, x: Tensor, mask: Tensor | None) -> Scalar:
        own = self.single_run(x, mask)
        return self.weight if own is None or not isinstance(self.weight, Tensor) else self.weight[own]


def _axes(x: Tensor) -> Tensor:
    """Return the identity matrix, shape (d, d, 1)."""
    return torch.eye(len(x), dtype=x.dtype, device=x.device)[:, :, None]


def _penalty(weight: Scalar, x: Tensor, value: Tensor) -> Tensor:
    return value + 0.5 * weight * pairwise_sum(x * x)
