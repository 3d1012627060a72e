"""ADOPT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_scaled, add_weight_decay, is_zero, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, POSITIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class ADOPT(BetaPair, FirstOrder):
    """ADOPT: Adam that converges with any β₂ (Taniguchi et al., 2024, Algorithm 2, with clipping).

    A gradient is divided by the second moment of those before it, and only then enters the momentum. The first gradient
    sets v = g², without a step. From the second one on, with k = 1, 2, …:

        m ← β₁m + (1−β₁)·clip(g / max(√v, ε), ±kᶜ)
        x ← x − lr·m
        v ← β₂v + (1−β₂)g²

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the momentum, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.9999.
        eps: ε, lower bound of √v, > 0; default 1e-6.
        clip_exp: c, exponent of the step in the bound of a scaled gradient, ≥ 0; default 0.25, as in the paper.
        weight_decay: λ, L2 penalty, added to the gradient, ≥ 0; default 0.
        decoupled_weight_decay: whether weight decay is decoupled, as in AdamW; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> ADOPT(lr=0.05).spec
    'adopt(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("adopt",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.9999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-6, metadata=POSITIVE)
    clip_exp: Scalar = field(default=0.25, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    decoupled_weight_decay: bool = False

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        if t == 1:  # a bound of 0, which keeps the momentum at 0
            return 1 - self.beta1, 1.0, 0.0, 1.0
        return 1 - self.beta1, 1 - self.beta2, power(t - 1, self.clip_exp), 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new1, new2, bound, shrink = c
        if not self.decoupled_weight_decay:
            g = add_weight_decay(g, self.weight_decay, p)
        elif not is_zero(self.weight_decay):
            p = p * shrink
        root = torch.maximum(s[1].sqrt(), torch.as_tensor(self.eps, dtype=p.dtype, device=p.device))
        limit = torch.as_tensor(bound, dtype=p.dtype, device=p.device)
        scaled = torch.minimum(torch.maximum(g / root, -limit), limit)
        m = torch.lerp(s[0], scaled, new1)
        return add_scaled(p, -self.lr, m), (m, add_product(s[1] * self.beta2, new2, g, g))

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}
