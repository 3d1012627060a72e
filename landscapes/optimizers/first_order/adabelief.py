"""AdaBelief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, is_zero, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class AdaBelief(BetaPair, FirstOrder):
    """AdaBelief (Zhuang et al., 2020, Algorithm 2).

    Scales steps by the deviation of the gradient from its running mean: large steps where gradients are as expected,
    small ones where they deviate.

        m ← β₁m + (1−β₁)g
        s ← β₂s + (1−β₂)(g−m)² + ε
        x ← (1 − lr·λ)x − lr·m̂ / (√ŝ + ε),  m̂ = m/(1−β₁ᵗ),  ŝ = s/(1−β₂ᵗ)

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the mean, in [0, 1); default 0.9.
        beta2: β₂, decay of the squared deviation, in [0, 1); default 0.999.
        eps: ε, added to the squared deviation at every step and to its root, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> AdaBelief(lr=0.01).spec
    'adabelief(lr=0.01)'
    """

    names: ClassVar[tuple[str, ...]] = ("adabelief",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        step_size = self.lr / (1 - power(self.beta1, t))
        root = power(1 - power(self.beta2, t), 0.5)
        return step_size, root, 1 - self.beta1, 1 - self.beta2, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root, new1, new2, shrink = c
        if not is_zero(self.weight_decay):
            p = p * shrink
        m = add_scaled(s[0] * self.beta1, new1, g)
        surprise = g - m
        v = add_product(s[1] * self.beta2, new2, surprise, surprise) + self.eps
        return add_quotient(p, -step_size, m, v.sqrt() / root + self.eps), (m, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}
