"""Adam, AMSGrad and AdamW."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_weight_decay, is_zero, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair, TorchOptions


@dataclass(frozen=True)
class AdamBase(BetaPair, TorchOptions, FirstOrder):
    """What Adam and AdamW share: everything but where weight decay applies."""

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    amsgrad: bool = False

    @property
    def decoupled(self) -> bool:
        """Whether weight decay is decoupled."""
        raise NotImplementedError

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * (3 if self.amsgrad else 2)

    def coef(self, t: int) -> Coefs:
        step_size = self.lr / (1 - power(self.beta1, t))
        root = power(1 - power(self.beta2, t), 0.5)
        return step_size, root, 1 - self.beta1, 1 - self.beta2, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root, new1, new2, shrink = c
        if not self.decoupled:
            g = add_weight_decay(g, self.weight_decay, p)
        elif not is_zero(self.weight_decay):
            p = p * shrink
        m = torch.lerp(s[0], g, new1)
        v = add_product(s[1] * self.beta2, new2, g, g)
        largest = (torch.maximum(s[2], v),) if self.amsgrad else ()
        denominator = (largest[0] if largest else v).sqrt() / root + self.eps
        return add_quotient(p, -step_size, m, denominator), (m, v, *largest)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}


@dataclass(frozen=True)
class Adam(AdamBase):
    """Adam (Kingma & Ba, 2015), optionally AMSGrad (Reddi, Kale & Kumar, 2018).

    Scales each coordinate's step by running averages of the gradient and of its square.

        m ← β₁m + (1−β₁)g
        v ← β₂v + (1−β₂)g²
        x ← x − lr·m̂ / (√v̂ + ε),  m̂ = m/(1−β₁ᵗ),  v̂ = v/(1−β₂ᵗ)

    AMSGrad uses the largest v so far. Adam reproduces `torch.optim.Adam` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); torch's `betas[0]`; default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); torch's `betas[1]`; default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        amsgrad: whether to divide by the largest second moment so far; default False.
        decoupled_weight_decay: whether weight decay is decoupled, as in AdamW; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adam(lr=0.05).spec
    'adam(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("adam",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.Adam
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"amsgrad": {"amsgrad": True}}

    decoupled_weight_decay: bool = False

    @property
    def decoupled(self) -> bool:
        return self.decoupled_weight_decay

    @property
    def plain_label(self) -> str:
        if self.decoupled_weight_decay:
            return "AdamW AMSGrad" if self.amsgrad else "AdamW"
        return "AMSGrad" if self.amsgrad else "Adam"


@dataclass(frozen=True)
class AdamW(AdamBase):
    """AdamW: Adam with decoupled weight decay (Loshchilov & Hutter, 2019).

        x ← (1 − lr·λ)x, then Adam's step

    It reproduces `torch.optim.AdamW` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); torch's `betas[0]`; default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); torch's `betas[1]`; default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay, ≥ 0; default 0.01.
        amsgrad: whether to divide by the largest second moment so far; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> AdamW(lr=0.05, weight_decay=0.1).spec
    'adamw(lr=0.05, weight_decay=0.1)'
    """

    names: ClassVar[tuple[str, ...]] = ("adamw",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.AdamW

    weight_decay: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)

    @property
    def decoupled(self) -> bool:
        return True

    @property
    def plain_label(self) -> str:
        return "AdamW AMSGrad" if self.amsgrad else "AdamW"
