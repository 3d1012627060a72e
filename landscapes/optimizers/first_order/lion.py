"""Lion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_scaled, is_zero
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class Lion(BetaPair, FirstOrder):
    """Lion: evolved sign momentum (Chen et al., 2023).

        x ← (1 − lr·λ)x − lr·sign(β₁m + (1−β₁)g)
        m ← β₂m + (1−β₂)g

    Every coordinate moves by lr at every step, so lr is usually smaller than Adam's.

    Args:
        lr: learning rate, the length of a step along each coordinate, ≥ 0; default 0.0001.
        beta1: β₁, weight of the momentum in a step, in [0, 1); default 0.9.
        beta2: β₂, decay of the momentum, in [0, 1); default 0.99.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Lion(lr=0.01).spec
    'lion(lr=0.01)'
    """

    names: ClassVar[tuple[str, ...]] = ("lion",)

    lr: Scalar = field(default=1e-4, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.99, metadata=HALF_OPEN_UNIT)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        return 1 - self.beta1, 1 - self.beta2, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new1, new2, shrink = c
        if not is_zero(self.weight_decay):
            p = p * shrink
        direction = (s[0] * self.beta1 + g * new1).sign()
        return add_scaled(p, -self.lr, direction), (add_scaled(s[0] * self.beta2, new2, g),)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}
