"""NorMuon."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, add_scaled, is_zero, norm, pairwise_sum
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, STRUCTURAL_INT
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.matrices import as_matrices, as_points, check_rows
from landscapes.optimizers.first_order.muon import orthogonal


@dataclass(frozen=True)
class NorMuon(FirstOrder):
    """NorMuon: Muon with a second moment per row (Li et al., 2025).

        b ← μb + (1−μ)g
        o = NS₅((1−μ)g + μb)  (with Nesterov; else NS₅(b)), as in `Muon`
        v ← β₂v + (1−β₂)·(mean of o² over each row)
        u = o / (√v + ε), scaled to the norm of o
        x ← (1 − lr·λ)x − lr·√max(1, rows/columns)·u

    The point is a matrix, row by row. With one row, scaling undoes the division, and this is Muon.

    Args:
        lr: learning rate, ≥ 0; default 0.02.
        momentum: μ, decay of the momentum, in [0, 1); default 0.95.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.95.
        eps: ε, added to the root, ≥ 0; default 1e-10.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        rows: number of rows of the matrix, a divisor of the number of coordinates, ≥ 1; default 1.
        nesterov: whether to use Nesterov momentum; default True.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> NorMuon(lr=0.02, rows=2).spec
    'normuon(lr=0.02, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("normuon",)

    lr: Scalar = field(default=2e-2, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    eps: Scalar = field(default=1e-10, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    rows: int = field(default=1, metadata=STRUCTURAL_INT)
    nesterov: bool = True

    def check(self, function: Function) -> None:
        if not self.groups:
            check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        return torch.zeros_like(p), torch.zeros_like(p[: self.rows])

    def coef(self, t: int) -> Coefs:
        return self.lr, 1 - self.momentum, 1 - self.beta2, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        lr, new, new2, shrink = c
        b = torch.lerp(s[0], g, new)
        direction = torch.lerp(g, b, self.momentum) if self.nesterov else b
        columns = len(p) // self.rows
        o = as_points(orthogonal(as_matrices(direction, self.rows))).to(p)
        by_row = o.reshape(self.rows, columns, -1)
        v = torch.lerp(s[1], pairwise_sum((by_row * by_row).movedim(1, 0)) / columns, new2)
        scaled = (by_row / (v.sqrt() + self.eps)[:, None]).reshape(p.shape)
        step = scaled * (norm(o) / (norm(scaled) + self.eps))
        if not is_zero(self.weight_decay):
            p = p * shrink
        return add_scaled(p, -lr * math.sqrt(max(1.0, self.rows / columns)), step), (b, v)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}
