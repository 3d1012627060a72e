"""Gradient descent, optionally with momentum or Nesterov momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar, add_scaled, add_weight_decay, is_zero
from landscapes.optimizers.base import NON_NEGATIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.torch_arguments import TorchOptions


@dataclass(frozen=True)
class SGD(TorchOptions, FirstOrder):
    """Gradient descent (Cauchy, 1847), with momentum (Polyak, 1964) or Nesterov momentum (Nesterov, 1983).

        b ← μb + (1−τ)g  (at the first step b ← g)
        x ← x − lr·b  (Nesterov: x ← x − lr·(g + μb))

    It reproduces `torch.optim.SGD` bitwise on the CPU.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        momentum: μ, ≥ 0; default 0.
        dampening: τ, reduction of the gradient's weight in b; default 0.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        nesterov: whether to use Nesterov momentum; requires momentum > 0 and dampening 0; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    Raises:
        InputError: if nesterov is combined with momentum 0 or with dampening.

    >>> SGD(lr=0.1, momentum=0.9).label
    'Momentum'
    """

    names: ClassVar[tuple[str, ...]] = ("sgd",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = torch.optim.SGD
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
    }

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    dampening: Scalar = 0.0
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise InputError(
                f"SGD: nesterov requires momentum > 0 and dampening 0, "
                f"got momentum={self.momentum} and dampening={self.dampening}"
            )

    @property
    def plain_label(self) -> str:
        if self.nesterov:
            return "Nesterov"
        return "SGD" if is_zero(self.momentum) else "Momentum"

    def init(self, p: Tensor) -> State:
        return () if is_zero(self.momentum) else (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        return (1.0 if t == 1 else 1 - self.dampening,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        g = add_weight_decay(g, self.weight_decay, p)
        if not s:
            return add_scaled(p, -self.lr, g), ()
        b = add_scaled(s[0] * self.momentum, c[0], g)
        step = add_scaled(g, self.momentum, b) if self.nesterov else b
        return add_scaled(p, -self.lr, step), (b,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]} if s else {}
