"""Adafactor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, is_zero, norm, pairwise_sum, power
from landscapes.optimizers.base import NON_NEGATIVE, check_hyperparameter, short
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.matrices import check_rows


@dataclass(frozen=True)
class Adafactor(FirstOrder):
    """Adafactor (Shazeer & Stern, 2018), as in `torch.optim`.

    Estimates Adam's second moment from its row and column means, and scales steps relative to the point. With s =
    t^beta2_decay and RMS, the root mean square over the coordinates of a run:

        v ← (1−s)v + s·g²,  u = g/√v,  ρ = min(lr, 1/√t)
        x ← (1 − lr·λ)x − max(ε₂, RMS(x))·ρ·u / max(1, RMS(u)/d)

    If `rows` > 0, the point is a matrix. Then only the row means and column means of g² are stored, and v is their
    product over the mean of the row means.

    Args:
        lr: upper bound of the relative step size, ≥ 0; default 0.01.
        beta2_decay: exponent of the weight s of a new gradient, ≤ 0; default -0.8.
        eps: ε₂, lower bound of RMS(x), ≥ 0; default 0.001. A pair is torch's (ε₁, ε₂).
        eps1: ε₁, lower bound of √v, ≥ 0; None for the spacing of floats at 1, as in torch; default None.
        d: threshold at which RMS(u) is clipped, ≥ 1; default 1.
        weight_decay: λ, decoupled weight decay, ≥ 0; default 0.
        rows: number of rows of the matrix, a divisor of the number of coordinates; 0 for a vector; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Adafactor(lr=0.05, rows=2).spec
    'adafactor(lr=0.05, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("adafactor",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = getattr(torch.optim, "Adafactor", None)  # torch 2.5

    lr: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    beta2_decay: Scalar = field(default=-0.8, metadata={"high": 0.0})
    eps: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    d: Scalar = field(default=1.0, metadata={"low": 1.0})
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    rows: int = field(default=0, metadata={"low": 0.0, "integer": True, "structural": True})
    eps1: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.eps, tuple | list):
            if len(self.eps) != 2 or self.eps1 is not None:
                raise InputError(f"Adafactor: eps must be ε₂ or torch's pair (ε₁, ε₂), got {short(self.eps)}")
            object.__setattr__(self, "eps1", self.eps[0])
            object.__setattr__(self, "eps", self.eps[1])
        if self.eps1 is not None:
            object.__setattr__(self, "eps1", check_hyperparameter("Adafactor", "eps1", self.eps1, NON_NEGATIVE))
        super().__post_init__()

    def check(self, function: Function) -> None:
        if self.rows and not self.groups:
            check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        if not self.rows:
            return (torch.zeros_like(p),)
        return torch.zeros_like(p[: self.rows]), torch.zeros_like(p[: len(p) // self.rows])

    def coef(self, t: int) -> Coefs:
        return power(t, self.beta2_decay), 1 / t**0.5, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new, most, shrink = c
        size = len(p) ** 0.5
        rho = torch.minimum(
            torch.as_tensor(self.lr, dtype=p.dtype, device=p.device),
            torch.as_tensor(most, dtype=p.dtype, device=p.device),
        )
        step = torch.maximum(torch.as_tensor(self.eps, dtype=p.dtype, device=p.device), norm(p) / size) * rho
        if not is_zero(self.weight_decay):
            p = p * shrink
        state, v = self._second_moment(g, s, new)
        tiny = self._eps1(p)
        u = v.clamp(min=tiny * tiny).rsqrt() * g
        clip = (norm(u) / (size * self.d)).clamp(min=1.0)
        return torch.addcmul(p, u, -step / clip), state

    def _eps1(self, p: Tensor) -> Any:
        return torch.finfo(p.dtype).eps if self.eps1 is None else self.eps1

    def _second_moment(self, g: Tensor, s: State, new: Scalar) -> tuple[State, Tensor]:
        """Return the new state, and the second moment (d, R) that it represents."""
        if not self.rows:
            v = torch.lerp(s[0], g * g, new)
            return (v,), v
        square = (g * g).reshape(self.rows, -1, g.shape[1])  # (rows, columns, R)
        columns = square.shape[1]
        by_row = torch.lerp(s[0], pairwise_sum(square.movedim(1, 0)) / columns, new)
        by_column = torch.lerp(s[1], pairwise_sum(square) / self.rows, new)
        mean = (pairwise_sum(by_row) / self.rows).clamp(min=self._eps1(g))
        return (by_row, by_column), (by_row[:, None] * by_column[None] / mean).flatten(0, 1)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {} if self.rows else {"second_moment": s[0]}
