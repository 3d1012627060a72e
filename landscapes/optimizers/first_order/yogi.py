"""Yogi."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, add_weight_decay, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class Yogi(BetaPair, FirstOrder):
    """Yogi: Adam with an additive update of the second moment (Zaheer et al., 2018, Algorithm 2).

        m ← β₁m + (1−β₁)g
        v ← v − (1−β₂)·sign(v − g²)·g²
        x ← x − lr·m̂ / (√v̂ + ε),  m̂ = m/(1−β₁ᵗ),  v̂ = v/(1−β₂ᵗ)

    The paper's algorithm omits the bias corrections; its published code has them.

    Args:
        lr: learning rate, ≥ 0; default 0.01.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.9.
        beta2: β₂; the second moment changes by at most (1−β₂)g², in [0, 1); default 0.999.
        eps: ε, added to the root, ≥ 0; default 0.001.
        initial_accumulator_value: initial value of both moments, ≥ 0; default 1e-6.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Yogi(lr=0.05).spec
    'yogi(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("yogi",)

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    initial_accumulator_value: Scalar = field(default=1e-6, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p) + self.initial_accumulator_value,) * 2

    def coef(self, t: int) -> Coefs:
        step_size = self.lr / (1 - power(self.beta1, t))
        root = power(1 - power(self.beta2, t), 0.5)
        return step_size, root, 1 - self.beta1, self.beta2 - 1

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root, new1, pace = c
        g = add_weight_decay(g, self.weight_decay, p)
        square = g * g
        m = add_scaled(s[0] * self.beta1, new1, g)
        v = add_product(s[1], pace, (s[1] - square).sign(), square)
        return add_quotient(p, -step_size, m, v.sqrt() / root + self.eps), (m, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}
