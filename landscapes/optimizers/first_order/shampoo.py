"""Shampoo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, add_scaled, add_weight_decay
from landscapes.optimizers.base import NON_NEGATIVE, POSITIVE
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.matrices import check_rows
from landscapes.optimizers.linalg import eigh, matmul


@dataclass(frozen=True)
class Shampoo(FirstOrder):
    """Shampoo: gradients scaled by their sums of squares, from left and right (Gupta, Koren & Singer, 2018).

    From L = R = εI, for a point that is a matrix, row by row:

        L ← L + GGᵀ,  R ← R + GᵀG
        X ← X − lr·L^(−1/4)·G·R^(−1/4)

    A point that is a vector has one such matrix: H ← H + ggᵀ, x ← x − lr·H^(−1/2)·g, which is full-matrix AdaGrad.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        matrix_eps: ε, what the sums begin with, > 0; default 1e-6.
        weight_decay: L2 penalty, added to the gradient, ≥ 0; default 0.
        rows: number of rows of the matrix, a divisor of the number of coordinates; 0 for a vector; default 0.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> Shampoo(lr=0.1, rows=2).spec
    'shampoo(lr=0.1, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("shampoo",)

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    matrix_eps: Scalar = field(default=1e-6, metadata=POSITIVE)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    rows: int = field(default=0, metadata={"low": 0.0, "integer": True, "structural": True})

    def check(self, function: Function) -> None:
        if self.rows and not self.groups:
            check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        sides = (self.rows, len(p) // self.rows) if self.rows else (len(p),)
        return tuple(p.new_zeros(side, side, p.shape[1]) for side in sides)

    def coef(self, t: int) -> Coefs:
        return (self.lr,)

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        (lr,) = c
        g = add_weight_decay(g, self.weight_decay, p)
        matrix = g.reshape(self.rows or len(g), -1, g.shape[1])
        turned = matrix.transpose(0, 1)
        left = s[0] + matmul(matrix, turned)
        if not self.rows:
            return add_scaled(p, -lr, matmul(self._root(left, 1), matrix)[:, 0]), (left,)
        right = s[1] + matmul(turned, matrix)
        step = matmul(matmul(self._root(left, 2), matrix), self._root(right, 2))
        return add_scaled(p, -lr, step.reshape(p.shape)), (left, right)

    def _root(self, sums: Tensor, order: int) -> Tensor:
        """Return (εI + sums)^(−1/2) for order 1, and ^(−1/4) for order 2."""
        values, vectors = eigh(sums)
        values = (values.clamp(min=0.0) + self.matrix_eps).sqrt()
        return matmul(vectors / (values.sqrt() if order == 2 else values), vectors.transpose(0, 1))
