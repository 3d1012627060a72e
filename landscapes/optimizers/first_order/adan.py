"""Adan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, is_zero, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State


@dataclass(frozen=True)
class Adan(FirstOrder):
    """Adan: Adam with Nesterov momentum from differences of gradients (Xie et al., 2022, Algorithm 1).

    With δ, the change of the gradient since the last step (0 at the first):

        m ← β₁m + (1−β₁)g
        u ← β₂u + (1−β₂)δ
        n ← β₃n + (1−β₃)(g + β₂δ)²
        x ← (x − lr·(m̂ + β₂û) / (√n̂ + ε)) / (1 + lr·λ)

    The betas are decays, as in the authors' code; the paper writes 1 − β.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the mean gradient, in [0, 1); default 0.98.
        beta2: β₂, decay of the mean difference, in [0, 1); default 0.92.
        beta3: β₃, decay of the second moment, in [0, 1); default 0.99.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        weight_decay: λ, weight decay applied after the step, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adan(lr=0.05).spec
    'adan(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("adan",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.98, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.92, metadata=HALF_OPEN_UNIT)
    beta3: Scalar = field(default=0.99, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        nothing = torch.zeros_like(p)
        return nothing, nothing, nothing, nothing

    def coef(self, t: int) -> Coefs:
        of_mean = self.lr / (1 - power(self.beta1, t))
        of_difference = self.lr * self.beta2 / (1 - power(self.beta2, t))
        root = power(1 - power(self.beta3, t), 0.5)
        shrink = 1 + self.lr * self.weight_decay
        before = 0.0 if t == 1 else 1.0  # 0 at the first step, which has no previous gradient
        return of_mean, of_difference, root, 1 - self.beta1, 1 - self.beta2, 1 - self.beta3, shrink, before

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        of_mean, of_difference, root, new1, new2, new3, shrink, before = c
        difference = (g - s[3]) * before
        m = add_scaled(s[0] * self.beta1, new1, g)
        u = add_scaled(s[1] * self.beta2, new2, difference)
        ahead = difference * self.beta2 + g
        n = add_product(s[2] * self.beta3, new3, ahead, ahead)
        denominator = n.sqrt() / root + self.eps
        p = add_quotient(p, -of_mean, m, denominator)
        p = add_quotient(p, -of_difference, u, denominator)
        return (p if is_zero(self.weight_decay) else p / shrink), (m, u, n, g)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "difference": s[1], "second_moment": s[2]}
