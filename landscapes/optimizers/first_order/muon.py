"""Muon."""

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
from landscapes.optimizers.linalg import polar

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the Newton–Schulz step, which drives all singular values towards 1."""

TINY = 1e-7
"""Lower bound of the norm by which a matrix is divided."""


@dataclass(frozen=True)
class Muon(FirstOrder):
    """Muon: momentum orthogonalised by Newton–Schulz iterations (Jordan et al., 2024).

        b ← μb + (1−μ)g
        u = (1−μ)g + μb  (with Nesterov; else u = b)
        x ← (1 − lr·λ)x − lr·√max(1, rows/columns)·NS₅(u)

    NS₅ takes five steps A ← aA + (bAAᵀ + c(AAᵀ)²)A from u/‖u‖, in bfloat16. The point is a matrix, row by row. With one
    row, all steps have about one length. It equals `torch.optim.Muon` on a matrix parameter, up to the order of sums.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        momentum: μ, decay of the momentum, in [0, 1); default 0.95.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.1.
        rows: number of rows of the matrix, a divisor of the number of coordinates, ≥ 1; default 1.
        nesterov: whether to use Nesterov momentum; default True.
        exact: whether all singular values become 1 up to rounding, not only about 1, in place of NS₅; default False.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Muon(lr=0.02, rows=2).spec
    'muon(lr=0.02, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("muon",)
    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = getattr(torch.optim, "Muon", None)  # torch 2.9

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    weight_decay: Scalar = field(default=0.1, metadata=NON_NEGATIVE)
    rows: int = field(default=1, metadata=STRUCTURAL_INT)
    nesterov: bool = True
    exact: bool = False

    @property
    def plain_label(self) -> str:
        return "Muon, exact" if self.exact else "Muon"

    def check(self, function: Function) -> None:
        if not self.groups:
            check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        return (torch.zeros_like(p),)

    def coef(self, t: int) -> Coefs:
        return self.lr, 1 - self.momentum, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        lr, new, shrink = c
        b = torch.lerp(s[0], g, new)
        direction = torch.lerp(g, b, self.momentum) if self.nesterov else b
        columns = len(p) // self.rows
        if self.exact:
            step = polar(direction.reshape(self.rows, columns, -1)).reshape(p.shape)
        else:
            step = as_points(orthogonal(as_matrices(direction, self.rows))).to(p)
        if not is_zero(self.weight_decay):
            p = p * shrink
        return add_scaled(p, -lr * math.sqrt(max(1.0, self.rows / columns)), step), (b,)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}


def orthogonal(matrices: Tensor, steps: int = 5) -> Tensor:
    """Return the matrices (R, m, n) with singular values near 1, in bfloat16, by Newton–Schulz steps."""
    a, b, c = QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(torch.bfloat16)
    length = norm(x.float().flatten(1).T).to(torch.bfloat16).clamp(min=TINY)
    x = x / length[:, None, None]
    for _ in range(steps):
        gram = _rounded(_product(x, x.mT))
        change = _rounded(b * gram.float() + c * _product(gram, gram))
        x = _rounded(a * x.float() + _product(change, x))
    return x.mT if tall else x


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Return the products (R, m, n) of matrices (R, m, k) and (R, k, n) in float32, independent of the batch."""
    return pairwise_sum((left.float()[..., None] * right.float()[:, None]).movedim(2, 0))


def _rounded(x: Tensor) -> Tensor:
    return x.to(torch.bfloat16)
