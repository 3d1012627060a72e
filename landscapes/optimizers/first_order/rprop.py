"""Rprop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import RpropPairs, TorchOptions


@dataclass(frozen=True)
class Rprop(RpropPairs, TorchOptions, FirstOrder):
    """Rprop: resilient backpropagation (Riedmiller & Braun, 1993).

    Each coordinate has its own step size. It is multiplied by η₊ while the sign of the derivative stays the same, and
    by η₋ where the sign changes; there, the coordinate skips a step.

        x ← x − size·sign(g)

    It reproduces `torch.optim.Rprop` bitwise on the CPU.

    Args:
        lr: first step size, ≥ 0; default 0.01.
        etaminus: η₋, in (0, 1); torch's `etas[0]`; default 0.5.
        etaplus: η₊, > 1; torch's `etas[1]`; default 1.2.
        step_min: smallest step size, ≥ 0; torch's `step_sizes[0]`; default 1e-6.
        step_max: largest step size, ≥ step_min; torch's `step_sizes[1]`; default 50.
        groups: settings by coordinate, see `FirstOrder`; default none.

    Raises:
        InputError: if step_min > step_max.

    >>> Rprop(lr=0.1).spec
    'rprop(lr=0.1)'
    """

    names: ClassVar[tuple[str, ...]] = ("rprop",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.Rprop

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    etaminus: Scalar = field(default=0.5, metadata={"low": 0.0, "high": 1.0, "open_low": True, "open_high": True})
    etaplus: Scalar = field(default=1.2, metadata={"low": 1.0, "open_low": True})
    step_min: Scalar = field(default=1e-6, metadata=NON_NEGATIVE)
    step_max: Scalar = field(default=50.0, metadata=NON_NEGATIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step_min > self.step_max:
            raise InputError(
                f"Rprop: step_min must be <= step_max, got step_min={self.step_min} and step_max={self.step_max}"
            )

    def init(self, p: Tensor) -> State:
        return torch.zeros_like(p), torch.zeros_like(p) + self.lr

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        sign_change = g * s[0]
        factor = torch.where(sign_change > 0, self.etaplus, torch.ones_like(p))
        factor = torch.where(sign_change < 0, self.etaminus, factor)
        size = (s[1] * factor).clamp(min=self.step_min).clamp(max=self.step_max)
        g = g.masked_fill(sign_change < 0, 0.0)
        return torch.addcmul(p, g.sign(), size, value=-1), (g, size)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"step_size": s[1]}
