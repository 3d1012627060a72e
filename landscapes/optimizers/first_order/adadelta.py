"""Adadelta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_scaled, add_weight_decay
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import TorchOptions


@dataclass(frozen=True)
class Adadelta(TorchOptions, FirstOrder):
    """Adadelta (Zeiler, 2012).

    Scales the gradient by the ratio of two running averages, of squared steps and of squared gradients.

        v ← ρv + (1−ρ)g²
        Δ = √(u+ε)/√(v+ε) · g
        u ← ρu + (1−ρ)Δ²
        x ← x − lr·Δ

    It reproduces `torch.optim.Adadelta` bitwise on the CPU.

    Args:
        lr: factor of the step, ≥ 0; 1 in the paper; default 1.
        rho: ρ, decay of both averages, in [0, 1]; default 0.9.
        eps: ε, added under both roots, ≥ 0. It sets the size of the first steps; default 1e-6.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adadelta(rho=0.95).spec
    'adadelta(lr=1.0, rho=0.95)'
    """

    names: ClassVar[tuple[str, ...]] = ("adadelta",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.Adadelta

    lr: Scalar = field(default=1.0, metadata=NON_NEGATIVE)
    rho: Scalar = field(default=0.9, metadata={"low": 0.0, "high": 1.0})
    eps: Scalar = field(default=1e-6, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        return (1 - self.rho,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        g = add_weight_decay(g, self.weight_decay, p)
        v = add_product(s[0] * self.rho, c[0], g, g)
        delta = (s[1] + self.eps).sqrt() / (v + self.eps).sqrt() * g
        u = add_product(s[1] * self.rho, c[0], delta, delta)
        return add_scaled(p, -self.lr, delta), (v, u)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"second_moment": s[0]}
