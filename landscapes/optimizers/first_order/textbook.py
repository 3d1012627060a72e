"""Optimizers that textbooks define differently from torch.optim, under the same name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_scaled, add_weight_decay
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.adam import AdamBase, AdamW
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State


@dataclass(frozen=True)
class HeavyBall(FirstOrder):
    """Heavy-ball momentum (Polyak, 1964; Goodfellow, Bengio & Courville, 2016, algorithm 8.2).

        v ← μv − lr·g
        x ← x + v

    The learning rate is inside the velocity. PyTorch's momentum, b ← μb + g, x ← x − lr·b, has it outside. Both agree
    while lr is constant. When lr drops, this one keeps its velocity, and PyTorch's slows down at once.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        momentum: μ, decay of the velocity, ≥ 0; default 0.9.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> HeavyBall(lr=0.01).label
    'Heavy ball'
    """

    names: ClassVar[tuple[str, ...]] = ("heavy_ball",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.9, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
        return "Heavy ball"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        v = add_scaled(s[0] * self.momentum, -self.lr, add_weight_decay(g, self.weight_decay, p))
        return p + v, (v,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}


@dataclass(frozen=True)
class AveragedMomentum(FirstOrder):
    """Momentum as a running average of gradients (Ng, 2017; Adam's first moment without correction).

        m ← μm + (1−μ)g
        x ← x − lr·m

    It equals PyTorch's momentum, b ← μb + g, with lr·(1−μ) in place of lr. At μ = 0.9, the same lr takes steps a tenth
    as long.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        momentum: μ, decay of the average, ≥ 0; default 0.9.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> AveragedMomentum(lr=0.01).label
    'Averaged momentum'
    """

    names: ClassVar[tuple[str, ...]] = ("averaged_momentum",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.9, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
        return "Averaged momentum"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        return (1 - self.momentum,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        m = add_scaled(s[0] * self.momentum, c[0], add_weight_decay(g, self.weight_decay, p))
        return add_scaled(p, -self.lr, m), (m,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}


@dataclass(frozen=True)
class RMSpropInside(FirstOrder):
    """RMSprop with ε inside the root (Goodfellow, Bengio & Courville, 2016, algorithm 8.5; also Keras).

        v ← αv + (1−α)g²
        x ← x − lr·g / √(v + ε)

    PyTorch divides by √v + ε. Both agree where v is much larger than either ε. Where gradients vanish, this one divides
    by √ε, so its ε = 10⁻⁸ corresponds to PyTorch's 10⁻⁴.

    Args:
        lr: learning rate, ≥ 0; default 0.01.
        alpha: α, decay of the average, ≥ 0; below 1 in practice; default 0.99.
        eps: ε, added inside the root, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> RMSpropInside(lr=0.01).label
    'RMSprop ε inside'
    """

    names: ClassVar[tuple[str, ...]] = ("rmsprop_inside",)

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    alpha: Scalar = field(default=0.99, metadata=NON_NEGATIVE)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def plain_label(self) -> str:
        return "RMSprop ε inside"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        return (1 - self.alpha,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        g = add_weight_decay(g, self.weight_decay, p)
        v = add_product(s[0] * self.alpha, c[0], g, g)
        return add_quotient(p, -self.lr, g, (v + self.eps).sqrt()), (v,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"second_moment": s[0]}


@dataclass(frozen=True)
class UncorrectedAdam(AdamBase):
    """Adam without bias correction, a pitfall described by Kingma & Ba (2015, section 6.4).

        m ← β₁m + (1−β₁)g
        v ← β₂v + (1−β₂)g²
        x ← x − lr·m / (√v + ε)

    The first step is (1−β₁)/√(1−β₂), about three, times Adam's. Both agree once β₁ᵗ and β₂ᵗ are negligible.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        amsgrad: whether to divide by the largest second moment so far; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> UncorrectedAdam(lr=0.01).label
    'Adam uncorrected'
    """

    names: ClassVar[tuple[str, ...]] = ("adam_uncorrected",)

    @property
    def decoupled(self) -> bool:
        return False

    @property
    def plain_label(self) -> str:
        return f"{'AMSGrad' if self.amsgrad else 'Adam'} uncorrected"

    def coef(self, t: int) -> Coefs:
        return self.lr, 1.0, 1 - self.beta1, 1 - self.beta2, 1.0


@dataclass(frozen=True)
class UncorrectedAdamW(AdamW):
    """AdamW without bias correction, as used to train BERT (Devlin, Chang, Lee & Toutanova, 2019).

        x ← (1 − lr·λ)x
        m ← β₁m + (1−β₁)g
        v ← β₂v + (1−β₂)g²
        x ← x − lr·m / (√v + ε)

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay, ≥ 0; default 0.01.
        amsgrad: whether to divide by the largest second moment so far; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> UncorrectedAdamW(lr=0.01).label
    'AdamW uncorrected'
    """

    names: ClassVar[tuple[str, ...]] = ("adamw_uncorrected",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = None
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    @property
    def plain_label(self) -> str:
        return f"{super().plain_label} uncorrected"

    def coef(self, t: int) -> Coefs:
        return self.lr, 1.0, 1 - self.beta1, 1 - self.beta2, 1 - self.lr * self.weight_decay
