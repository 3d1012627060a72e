"""Adam and AMSGrad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.rules.base import (
    FRACTION,
    NON_NEGATIVE,
    Coefs,
    FirstOrder,
    Scalar,
    State,
    absent,
    add_product,
    add_quotient,
    add_scaled,
)


@dataclass(frozen=True)
class Adam(FirstOrder):
    """Adam (Kingma & Ba, 2015), with AMSGrad (Reddi, Kale & Kumar, 2018) as an option.

    m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  x ← x − lr·m̂ / (√v̂ + ε), where m̂ and v̂ are m and v divided
    by 1−β₁ᵗ and 1−β₂ᵗ; AMSGrad takes the largest v so far. Equal to `torch.optim.Adam` bit for bit.

    Args:
        lr: learning rate.
        beta1: decay of the first moment; torch's `betas[0]`.
        beta2: decay of the second moment; torch's `betas[1]`.
        eps: added to the root, against division by zero.
        weight_decay: L2 penalty, added to the gradient.
        amsgrad: whether to divide by the largest second moment so far.
    """

    names: ClassVar[tuple[str, ...]] = ("adam",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"amsgrad": {"amsgrad": True}}

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=FRACTION)
    beta2: Scalar = field(default=0.999, metadata=FRACTION)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    amsgrad: bool = False

    @property
    def label(self) -> str:
        return "AMSGrad" if self.amsgrad else "Adam"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * (3 if self.amsgrad else 2)

    def coef(self, t: int) -> Coefs:
        return self.lr / (1 - self.beta1**t), (1 - self.beta2**t) ** 0.5

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root = c
        if not absent(self.weight_decay):
            g = add_scaled(g, self.weight_decay, p)
        m = torch.lerp(s[0], g, 1 - self.beta1)
        v = add_product(s[1] * self.beta2, 1 - self.beta2, g, g)
        largest = (torch.maximum(s[2], v),) if self.amsgrad else ()
        denominator = (largest[0] if largest else v).sqrt() / root + self.eps
        return add_quotient(p, -step_size, m, denominator), (m, v, *largest)
