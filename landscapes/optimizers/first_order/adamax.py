"""Adamax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_quotient, add_weight_decay, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair, TorchOptions


@dataclass(frozen=True)
class Adamax(BetaPair, TorchOptions, FirstOrder):
    """Adamax: Adam with the infinity norm in place of the root mean square (Kingma & Ba, 2015).

        m ← β₁m + (1−β₁)g
        u ← max(β₂u, |g| + ε)
        x ← x − lr/(1−β₁ᵗ) · m/u

    It reproduces `torch.optim.Adamax` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.002.
        beta1: β₁, decay of the first moment, in [0, 1); torch's `betas[0]`; default 0.9.
        beta2: β₂, decay of the largest gradient, in [0, 1); torch's `betas[1]`; default 0.999.
        eps: ε, added to |g| to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adamax(lr=0.05).spec
    'adamax(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("adamax",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.Adamax

    lr: Scalar = field(default=2e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        return self.lr / (1 - power(self.beta1, t)), 1 - self.beta1

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        g = add_weight_decay(g, self.weight_decay, p)
        m = torch.lerp(s[0], g, c[1])
        u = torch.maximum(s[1] * self.beta2, g.abs() + self.eps)
        return add_quotient(p, -c[0], m, u), (m, u)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "infinity_norm": s[1]}
