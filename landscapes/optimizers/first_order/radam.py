"""RAdam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_weight_decay, is_zero, map_floats, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair, TorchOptions


@dataclass(frozen=True)
class RAdam(BetaPair, TorchOptions, FirstOrder):
    """RAdam: Adam with a rectified adaptive learning rate (Liu et al., 2020).

        ρ∞ = 2/(1−β₂) − 1,  ρₜ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ)
        x ← x − lr·m̂  while ρₜ ≤ 5
        x ← x − lr·r·m̂·√(1−β₂ᵗ) / (√v + ε)  afterwards,  r² = (ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)

    It reproduces `torch.optim.RAdam` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); torch's `betas[0]`; default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); torch's `betas[1]`; default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        decoupled_weight_decay: whether weight decay is decoupled, as in AdamW; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> RAdam(lr=0.05).spec
    'radam(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("radam",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.RAdam

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    decoupled_weight_decay: bool = False

    @property
    def plain_label(self) -> str:
        return "RAdamW" if self.decoupled_weight_decay else "RAdam"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        beta2_t = power(self.beta2, t)
        bias1, bias2 = 1 - power(self.beta1, t), 1 - beta2_t
        longest = 2 / (1 - self.beta2) - 1
        rectifier = map_floats(_rectifier, longest - 2 * t * beta2_t / bias2, longest)
        shrink = 1 - self.lr * self.weight_decay
        return bias1, power(bias2, 0.5), rectifier, 1 - self.beta1, 1 - self.beta2, shrink

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        bias1, root, rectifier, new1, new2, shrink = c
        if not self.decoupled_weight_decay:
            g = add_weight_decay(g, self.weight_decay, p)
        elif not is_zero(self.weight_decay):
            p = p * shrink
        m = torch.lerp(s[0], g, new1)
        v = add_product(s[1] * self.beta2, new2, g, g)
        step = m / bias1 * self.lr
        if not is_zero(rectifier):
            # torch divides a number by a tensor this way, which rounds differently from a division
            adapted = step * ((v.sqrt() + self.eps).reciprocal() * root) * rectifier
            step = torch.where(rectifier > 0, adapted, step) if isinstance(rectifier, Tensor) else adapted
        return p - step, (m, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}


def _rectifier(length: float, longest: float) -> float:
    """Return r; 0 while the running average is too short for a variance."""
    if length <= 5:
        return 0.0
    return cast(float, ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5)
