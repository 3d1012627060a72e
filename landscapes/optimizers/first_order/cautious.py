"""Cautious AdamW and Cautious Lion, which move only where step and gradient agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import (
    Scalar,
    add_product,
    add_quotient,
    add_scaled,
    is_zero,
    pairwise_sum,
)
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.adam import AdamBase
from landscapes.optimizers.first_order.base import Coefs, State
from landscapes.optimizers.first_order.lion import Lion


@dataclass(frozen=True)
class CautiousAdamW(AdamBase):
    """Cautious AdamW: AdamW that moves only along coordinates on which step and gradient agree (Liang et al., 2024).

        m ← β₁m + (1−β₁)g
        v ← β₂v + (1−β₂)g²
        φ = d / (n + ξ) where m·g > 0, else 0,  n of the d coordinates agree
        x ← (1 − lr·λ)x − lr·φ·m̂ / (√v̂ + ε)

    With ξ = 1, as in the paper, d agreeing coordinates make steps d/(d + 1) times as long as AdamW's: 2/3 for two. With
    ξ = 0, as in the authors' later code, φ has a mean of one.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay, ≥ 0; default 0.
        amsgrad: whether to divide by the largest second moment so far; default False.
        xi: ξ, added to the number of coordinates that agree, ≥ 0; default 1.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> CautiousAdamW(lr=0.05).spec
    'cautious_adamw(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("cautious_adamw",)

    xi: Scalar = field(default=1.0, metadata=NON_NEGATIVE)

    @property
    def decoupled(self) -> bool:
        return True

    @property
    def plain_label(self) -> str:
        return "Cautious AdamW AMSGrad" if self.amsgrad else "Cautious AdamW"

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        step_size, root, new1, new2, shrink = c
        if not is_zero(self.weight_decay):
            p = p * shrink
        m = torch.lerp(s[0], g, new1)
        v = add_product(s[1] * self.beta2, new2, g, g)
        largest = (torch.maximum(s[2], v),) if self.amsgrad else ()
        denominator = (largest[0] if largest else v).sqrt() / root + self.eps
        return add_quotient(p, -step_size, m * agreement(m, g, self.xi), denominator), (m, v, *largest)


@dataclass(frozen=True)
class CautiousLion(Lion):
    """Cautious Lion: Lion that moves only along coordinates on which step and gradient agree (Liang et al., 2024).

        u = sign(β₁m + (1−β₁)g)
        φ = d / (n + ξ) where u·g > 0, else 0,  n of the d coordinates agree
        x ← (1 − lr·λ)x − lr·φ·u
        m ← β₂m + (1−β₂)g

    Args:
        lr: learning rate, ≥ 0; default 0.0001.
        beta1: β₁, weight of the momentum in a step, in [0, 1); default 0.9.
        beta2: β₂, decay of the momentum, in [0, 1); default 0.99.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        xi: ξ, added to the number of coordinates that agree, ≥ 0; default 1, as in the paper; see `CautiousAdamW`.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> CautiousLion(lr=0.01).spec
    'cautious_lion(lr=0.01)'
    """

    names: ClassVar[tuple[str, ...]] = ("cautious_lion",)

    xi: Scalar = field(default=1.0, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
        return "Cautious Lion"

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new1, new2, shrink = c
        if not is_zero(self.weight_decay):
            p = p * shrink
        u = (s[0] * self.beta1 + g * new1).sign()
        moved = add_scaled(p, -self.lr, u * agreement(u, g, self.xi))
        return moved, (add_scaled(s[0] * self.beta2, new2, g),)


def agreement(step: Tensor, g: Tensor, xi: Scalar) -> Tensor:
    """Return φ, shape (d, R): d / (n + ξ) on the n coordinates along which step and gradient agree, else 0.

    >>> agreement(torch.tensor([[1.0], [1.0]]), torch.tensor([[2.0], [-2.0]]), 1.0)[:, 0].tolist()
    [1.0, 0.0]
    """
    agrees = step * g > 0
    count = pairwise_sum(agrees.to(g))
    scale = len(g) / torch.where(count > 0, count + xi, 1.0)
    return torch.where(agrees, scale, 0.0)
