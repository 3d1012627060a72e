"""MARS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, is_zero, norm, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class MARS(BetaPair, FirstOrder):
    """MARS-AdamW: AdamW on gradients corrected for their variance (Yuan et al., 2024).

    With h, the gradient of the step before (0 at first, as in the authors' code):

        c = g + γ·β₁/(1−β₁)·(g − h),  scaled to ‖c‖ ≤ 1
        m ← β₁m + (1−β₁)c
        v ← β₂v + (1−β₂)c²
        x ← (1 − lr·λ)x − lr·m̂ / (√v + ε)·√(1−β₂ᵗ)

    This is the variant with one gradient per step: h is not evaluated again under the noise of this step.

    Args:
        lr: learning rate, ≥ 0; default 0.003.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.95.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.99.
        gamma: γ, strength of the correction, ≥ 0; default 0.025.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> MARS(lr=0.05).spec
    'mars(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("mars",)

    lr: Scalar = field(default=3e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.99, metadata=HALF_OPEN_UNIT)
    gamma: Scalar = field(default=0.025, metadata=NON_NEGATIVE)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
        return "MARS-AdamW"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 3

    def coef(self, t: int) -> Coefs:
        correction = self.gamma * (self.beta1 / (1 - self.beta1))
        step_size = self.lr / (1 - power(self.beta1, t))
        root = power(1 - power(self.beta2, t), 0.5)
        return step_size, root, correction, 1 - self.beta1, 1 - self.beta2, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root, correction, new1, new2, shrink = c
        corrected = add_scaled(g, correction, g - s[2])
        corrected = corrected / norm(corrected).clamp(min=1.0)
        m = torch.lerp(s[0], corrected, new1)
        v = add_product(s[1] * self.beta2, new2, corrected, corrected)
        if not is_zero(self.weight_decay):
            p = p * shrink
        return add_quotient(p, -step_size, m, (v.sqrt() + self.eps) / root), (m, v, g)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}
