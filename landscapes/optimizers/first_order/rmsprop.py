"""RMSprop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, add_weight_decay, is_zero
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import TorchOptions


@dataclass(frozen=True)
class RMSprop(TorchOptions, FirstOrder):
    """RMSprop (Tieleman & Hinton, 2012), optionally centered (Graves, 2013) or with momentum.

    Scales each coordinate's step by the root mean square of its recent gradients.

        v ← αv + (1−α)g²
        x ← x − lr·g / (√v + ε)
        centered: √(v−a²) in place of √v, with a ← αa + (1−α)g
        with momentum: b ← μb + g / (√v + ε),  x ← x − lr·b

    It reproduces `torch.optim.RMSprop` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.01.
        alpha: α, decay of the averages, ≥ 0; below 1 in practice; default 0.99.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        momentum: μ, ≥ 0; default 0.
        centered: whether to divide by the standard deviation instead of the root mean square; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> RMSprop(centered=True).label
    'RMSprop centered'
    """

    names: ClassVar[tuple[str, ...]] = ("rmsprop",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.RMSprop
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "rmsprop_centered": {"centered": True},
        "rmsprop_momentum": {"momentum": 0.9},
    }

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    alpha: Scalar = field(default=0.99, metadata=NON_NEGATIVE)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    centered: bool = False

    @property
    def plain_label(self) -> str:
        return "RMSprop" + " centered" * self.centered + " momentum" * (not is_zero(self.momentum))

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 3

    def coef(self, t: int) -> Coefs:
        return (1 - self.alpha,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        v, a, b = s
        g = add_weight_decay(g, self.weight_decay, p)
        v = add_product(v * self.alpha, c[0], g, g)
        spread = v
        if self.centered:
            a = torch.lerp(a, g, c[0])
            spread = torch.addcmul(v, a, a, value=-1)
        denominator = spread.sqrt() + self.eps
        if is_zero(self.momentum):
            return add_quotient(p, -self.lr, g, denominator), (v, a, b)
        b = torch.addcdiv(b * self.momentum, g, denominator)
        return add_scaled(p, -self.lr, b), (v, a, b)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"second_moment": s[0]} if is_zero(self.momentum) else {"second_moment": s[0], "momentum": s[2]}
