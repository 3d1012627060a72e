"""Prodigy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import Scalar, add_product, add_scaled, is_zero, pairwise_sum, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, POSITIVE, check_hyperparameter
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class Prodigy(BetaPair, FirstOrder):
    """Prodigy: AdamW whose learning rate follows a growing estimate D of ‖x₀ − x*‖ (Mishchenko & Defazio, 2023).

    From D = d₀, with d = lr·D and the start x₀, as in the authors' code:

        r ← β₃r + (D/d₀)·d·⟨g, x₀ − x⟩
        s ← β₃s + (D/d₀)·d·g
        m ← β₁m + (1−β₁)D·g,  v ← β₂v + (1−β₂)D²g²
        D ← max(D, d_coef·r/‖s‖₁)
        x ← (1 − d·λ)x − d·m / (√v + D·ε)

    The optimizer is meant to be used with lr = 1: write "prodigy(lr=1)". If lr is omitted, it is tuned as everywhere.

    Args:
        lr: factor of the estimated learning rate, ≥ 0; default 1.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.9.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.999.
        beta3: β₃, decay of the estimate's sums, in [0, 1); default None, which is √β₂.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay, ≥ 0; default 0.
        d0: d₀, first estimate of the distance, > 0; default 1e-6.
        d_coef: factor of the estimate, > 0; default 1.
        growth_rate: largest factor by which D grows in a step, ≥ 1; default None, which is no limit.
        use_bias_correction: whether m and v are corrected for their bias; default False.
        safeguard_warmup: whether s takes D in place of d, for a learning rate that rises at first; default False.
        groups: settings by coordinate, see `FirstOrder`; each group has a D of its own; default none.

    >>> Prodigy(lr=1).spec
    'prodigy(lr=1.0)'
    """

    names: ClassVar[tuple[str, ...]] = ("prodigy",)

    lr: Scalar = field(default=1.0, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.999, metadata=HALF_OPEN_UNIT)
    beta3: float | None = None
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    d0: Scalar = field(default=1e-6, metadata=POSITIVE)
    d_coef: Scalar = field(default=1.0, metadata=POSITIVE)
    growth_rate: float | None = None
    use_bias_correction: bool = False
    safeguard_warmup: bool = False

    def __post_init__(self) -> None:
        for name, limits in (("beta3", HALF_OPEN_UNIT), ("growth_rate", {"low": 1.0})):
            if getattr(self, name) is not None:
                value = check_hyperparameter("Prodigy", name, getattr(self, name), limits)
                object.__setattr__(self, name, value)
        super().__post_init__()

    def init(self, p: Tensor) -> State:
        nothing, none = torch.zeros_like(p), torch.zeros_like(p[0])
        d0 = none + self.d0
        return p, nothing, nothing, nothing, none, d0, d0

    def coef(self, t: int) -> Coefs:
        beta3 = power(self.beta2, 0.5) if self.beta3 is None else self.beta3
        rate = self.lr
        if self.use_bias_correction:
            rate = rate * (power(1 - power(self.beta2, t), 0.5) / (1 - power(self.beta1, t)))
        return rate, beta3, 1 - self.beta1, 1 - self.beta2

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        rate, beta3, new1, new2 = c
        start, m, v, summed, numerator, d, largest = s
        step_size = d * rate
        relative = d / self.d0
        numerator = numerator * beta3 + relative * step_size * pairwise_sum(g * (start - p))
        m = add_scaled(m * self.beta1, d * new1, g)
        v = add_product(v * self.beta2, d * d * new2, g, g)
        summed = add_scaled(summed * beta3, relative * (d if self.safeguard_warmup else step_size), g)
        length = pairwise_sum(summed.abs())
        estimate = self.d_coef * numerator / length
        known = length != 0  # else all gradients were 0, and there is no step
        grown = torch.where(d == self.d0, torch.maximum(d, estimate), d)
        most = torch.maximum(largest, estimate)
        new = most if self.growth_rate is None else torch.minimum(most, grown * self.growth_rate)
        new, most = torch.where(known, new, d), torch.where(known, most, largest)
        moved = p if is_zero(self.weight_decay) else p * (1 - step_size * self.weight_decay)
        moved = add_scaled(moved, -step_size, m / (v.sqrt() + new * self.eps))
        return torch.where(known, moved, p), (start, m, v, summed, numerator, new, most)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[1], "second_moment": s[2], "d": s[5]}
