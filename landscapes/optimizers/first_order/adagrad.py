"""Adagrad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_quotient, add_weight_decay
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import TorchOptions


@dataclass(frozen=True)
class Adagrad(TorchOptions, FirstOrder):
    """Adagrad (Duchi, Hazan & Singer, 2011).

    Scales each coordinate's step by the root of the sum of its squared gradients.

        v ← v + g²
        x ← x − lr/(1 + (t−1)δ) · g / (√v + ε)

    It reproduces `torch.optim.Adagrad` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.01.
        lr_decay: δ, decay of the learning rate, ≥ 0; default 0.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        initial_accumulator_value: v before the first step, ≥ 0; default 0.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-10.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adagrad(lr=0.5).spec
    'adagrad(lr=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("adagrad",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.Adagrad

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    lr_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    initial_accumulator_value: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    eps: Scalar = field(default=1e-10, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p) + self.initial_accumulator_value,)

    def coef(self, t: int) -> Coefs:
        return (self.lr / (1 + (t - 1) * self.lr_decay),)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        g = add_weight_decay(g, self.weight_decay, p)
        v = torch.addcmul(s[0], g, g)
        return add_quotient(p, -c[0], g, v.sqrt() + self.eps), (v,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"second_moment": s[0]}
