"""NAdam."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_quotient, add_weight_decay, is_zero, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair, TorchOptions


@dataclass(frozen=True)
class NAdam(BetaPair, TorchOptions, FirstOrder):
    """NAdam: Adam with Nesterov momentum (Dozat, 2016).

    With μₜ = β₁(1 − ½·0.96^(tψ)) and Adam's m, v and v̂:

        x ← x − lr·[(1−μₜ)/(1−μ₁…μₜ)·g + μₜ₊₁/(1−μ₁…μₜ₊₁)·m] / (√v̂ + ε)

    It reproduces `torch.optim.NAdam` bitwise on the CPU under `torch.set_default_dtype(torch.float64)`. Torch stores
    μ₁…μₜ in its default dtype, so an ordinary loop rounds it to float32, also for float64 points. Here it is always a
    double, so that a run depends on no setting of the process. The first steps then agree to about seven digits.

    Args:
        lr: learning rate, ≥ 0; default 0.002.
        beta1: β₁, decay of the first moment, in [0, 1); torch's `betas[0]`; default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); torch's `betas[1]`; default 0.999.
        eps: ε, added to the root to avoid division by zero, ≥ 0; default 1e-8.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        momentum_decay: ψ, speed at which μ rises from β₁/2 to β₁, ≥ 0; default 0.004.
        decoupled_weight_decay: whether weight decay is decoupled, as in AdamW; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> NAdam(lr=0.05).spec
    'nadam(lr=0.05)'
    """

    names: ClassVar[tuple[str, ...]] = ("nadam",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.NAdam

    lr: Scalar = field(default=2e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    momentum_decay: Scalar = field(default=4e-3, metadata=NON_NEGATIVE)
    decoupled_weight_decay: bool = False

    @property
    def plain_label(self) -> str:
        return "NAdamW" if self.decoupled_weight_decay else "NAdam"

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),) * 2

    def coef(self, t: int) -> Coefs:
        mu, ahead, product = self._mu(t), self._mu(t + 1), self._product(t)
        of_gradient = -self.lr * (1 - mu) / (1 - product)
        of_momentum = -self.lr * ahead / (1 - product * ahead)
        shrink = 1 - self.lr * self.weight_decay
        return of_gradient, of_momentum, 1 - power(self.beta2, t), 1 - self.beta1, 1 - self.beta2, shrink

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        of_gradient, of_momentum, bias2, new1, new2, shrink = c
        if not self.decoupled_weight_decay:
            g = add_weight_decay(g, self.weight_decay, p)
        elif not is_zero(self.weight_decay):
            p = p * shrink
        m = torch.lerp(s[0], g, new1)
        v = add_product(s[1] * self.beta2, new2, g, g)
        denominator = (v / bias2).sqrt() + self.eps
        p = add_quotient(p, of_gradient, g, denominator)
        return add_quotient(p, of_momentum, m, denominator), (m, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0], "second_moment": s[1]}

    def _mu(self, t: int) -> Scalar:
        return self.beta1 * (1 - 0.5 * power(0.96, t * self.momentum_decay))

    def _product(self, t: int) -> Scalar:
        """Return μ₁·…·μₜ, continuing from the last call, because steps come in order."""
        known: tuple[int, Scalar] = self.__dict__.get("_known_product", (0, 1.0))
        done, product = known if known[0] <= t else (0, 1.0)
        for step in range(done + 1, t + 1):
            product = product * self._mu(step)
        object.__setattr__(self, "_known_product", (t, product))
        return product
