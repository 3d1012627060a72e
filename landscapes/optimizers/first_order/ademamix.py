"""AdEMAMix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, is_zero, map_floats, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State


@dataclass(frozen=True)
class AdEMAMix(FirstOrder):
    """AdEMAMix: AdamW with a second, very slow average of gradients (Pagliardini, Ablin & Grangier, 2024).

        m₁ ← β₁m₁ + (1−β₁)g
        m₂ ← β₃m₂ + (1−β₃)g
        v ← β₂v + (1−β₂)g²
        x ← (1 − lr·λ)x − lr·(m̂₁ + α·m₂) / (√v̂ + ε)

    The slow average has no bias correction. With `warmup` = T > 0, α rises linearly over T steps, and β₃ rises from β₁
    such that the half-life of m₂ grows linearly, as in the paper.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the fast average, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        beta3: β₃, decay of the slow average, in [0, 1); default 0.9999.
        alpha: α, weight of the slow average, ≥ 0; default 5.
        warmup: T, number of steps over which α and β₃ reach their values, ≥ 0; default 0.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> AdEMAMix(lr=0.05).spec
    'ademamix(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("ademamix",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    beta3: Scalar = field(default=0.9999, metadata=HALF_OPEN_UNIT)
    alpha: Scalar = field(default=5.0, metadata=NON_NEGATIVE)
    warmup: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 3

    def coef(self, t: int) -> Coefs:
        progress = map_floats(lambda warmup: min(t / warmup, 1.0) if warmup else 1.0, self.warmup)
        beta3, alpha = map_floats(_warmed_up, progress, self.beta1, self.beta3), self.alpha * progress
        root = power(1 - power(self.beta2, t), 0.5)
        news = 1 - self.beta1, 1 - self.beta2, 1 - beta3
        return *news, 1 - power(self.beta1, t), root, alpha, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new1, new2, new3, correction, root, alpha, shrink = c
        if not is_zero(self.weight_decay):
            p = p * shrink
        fast = torch.lerp(s[0], g, new1)
        v = add_product(s[1] * self.beta2, new2, g, g)
        slow = torch.lerp(s[2], g, new3)
        direction = add_scaled(fast / correction, alpha, slow)
        return add_quotient(p, -self.lr, direction, v.sqrt() / root + self.eps), (fast, v, slow)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1], "slow_momentum": s[2]}


def _warmed_up(progress: float, first: float, last: float) -> float:
    """Return the decay whose half-life is `progress` of the way from that of `first` to that of `last`."""
    if progress >= 1 or not last:
        return last
    if not first:
        return min(math.exp(math.log(last) / progress), last)
    start, end = math.log(first), math.log(last)
    return min(math.exp(start * end / ((1 - progress) * end + progress * start)), last)
