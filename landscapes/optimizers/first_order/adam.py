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


@dataclass(frozen=True)
class _AdamBase(FirstOrder):
    """What Adam and AdamW share: all but where the weight decay goes."""

    decoupled: ClassVar[bool]

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    amsgrad: bool = False

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
class Adam(_AdamBase):
    """Adam (Kingma & Ba, 2015), with AMSGrad (Reddi, Kale & Kumar, 2018) as an option.

    m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  x ← x − lr·m̂ / (√v̂ + ε), where m̂ and v̂ are m and v divided
    by 1−β₁ᵗ and 1−β₂ᵗ; AMSGrad takes the largest v so far. Equal to `torch.optim.Adam` bit for bit.

    Args:
        lr: learning rate, ≥ 0.
        beta1: decay of the first moment, in [0, 1); torch's `betas[0]`.
        beta2: decay of the second moment, in [0, 1); torch's `betas[1]`.
        eps: added to the root, against division by zero, ≥ 0.
        weight_decay: L2 penalty, added to the gradient, ≥ 0.
        amsgrad: whether to divide by the largest second moment so far.

    >>> Adam(lr=0.05).spec
    'adam(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("adam",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"amsgrad": {"amsgrad": True}}
    decoupled: ClassVar[bool] = False

    @property
    def label(self) -> str:
        return "AMSGrad" if self.amsgrad else "Adam"


@dataclass(frozen=True)
class AdamW(_AdamBase):
    """AdamW, Adam with decoupled weight decay (Loshchilov & Hutter, 2019).

    x ← x − lr·λx, then Adam's step from there. Equal to `torch.optim.AdamW` bit for bit.

    Args:
        lr: learning rate, ≥ 0.
        beta1: decay of the first moment, in [0, 1); torch's `betas[0]`.
        beta2: decay of the second moment, in [0, 1); torch's `betas[1]`.
        eps: added to the root, against division by zero, ≥ 0.
        weight_decay: λ, by which the point shrinks towards zero, ≥ 0.
        amsgrad: whether to divide by the largest second moment so far.
    """

    names: ClassVar[tuple[str, ...]] = ("adamw",)
    decoupled: ClassVar[bool] = True

    weight_decay: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)

    @property
    def label(self) -> str:
        return "AdamW AMSGrad" if self.amsgrad else "AdamW"
