"""SOAP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, add_scaled, is_zero, map_floats, power
from landscapes.optimizers.base import (
    HALF_OPEN_UNIT,
    NON_NEGATIVE,
    POSITIVE_INT,
    STRUCTURAL_INT,
    check_hyperparameter,
)
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.matrices import check_rows
from landscapes.optimizers.linalg import dot, eigh, matmul, qr_basis
from landscapes.optimizers.torch_arguments import BetaPair


@dataclass(frozen=True)
class SOAP(BetaPair, FirstOrder):
    """SOAP: Adam in the eigenbases of Shampoo's preconditioners (Vyas et al., 2024).

    With the bases Q and P of the averages L of GGᵀ and R of GᵀG, for a point that is a matrix, row by row:

        M ← β₁M + (1−β₁)G
        V ← β₂V + (1−β₂)(QᵀGP)²
        X ← (1 − lr·λ)(X − lr·Q(QᵀM̂P / (√V̂ + ε))Pᵀ)
        L ← βL + (1−β)GGᵀ,  R ← βR + (1−β)GᵀG
        every k steps: Q, P ← the orthogonal factors of LQ and RP  (one power iteration)

    The first gradient gives the first bases, without a step, as in the authors' code. With one row, the point is a
    vector, and P is the eigenbasis of its averaged ggᵀ.

    Args:
        lr: learning rate, ≥ 0; default 0.003.
        beta1: β₁, decay of the first moment, in [0, 1); default 0.95.
        beta2: β₂, decay of the second moment, in [0, 1); default 0.95.
        shampoo_beta: β, decay of the preconditioners, in [0, 1); default None, which is β₂.
        eps: ε, added to the root, ≥ 0; default 1e-8.
        weight_decay: λ, decoupled weight decay after the step, ≥ 0; default 0.01.
        precondition_frequency: k, number of steps per update of the bases, ≥ 1; default 10.
        rows: number of rows of the matrix, a divisor of the number of coordinates, ≥ 1; default 1.
        groups: settings by coordinate, see `FirstOrder`; default none.

    >>> SOAP(lr=0.1, rows=2).spec
    'soap(lr=0.1, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("soap",)

    lr: Scalar = field(default=3e-3, metadata=NON_NEGATIVE)
    beta1: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    beta2: Scalar = field(default=0.95, metadata=HALF_OPEN_UNIT)
    shampoo_beta: float | None = None
    eps: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)
    weight_decay: Scalar = field(default=1e-2, metadata=NON_NEGATIVE)
    precondition_frequency: int = field(default=10, metadata=POSITIVE_INT)
    rows: int = field(default=1, metadata=STRUCTURAL_INT)

    def __post_init__(self) -> None:
        if self.shampoo_beta is not None:
            value = check_hyperparameter("SOAP", "shampoo_beta", self.shampoo_beta, HALF_OPEN_UNIT)
            object.__setattr__(self, "shampoo_beta", value)
        super().__post_init__()

    def check(self, function: Function) -> None:
        if not self.groups:
            check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        nothing = torch.zeros_like(p)
        sides = [p.new_zeros(side, side, p.shape[1]) for side in (self.rows, len(p) // self.rows)]
        return nothing, nothing, *sides, *sides

    def coef(self, t: int) -> Coefs:
        beta = self.beta2 if self.shampoo_beta is None else self.shampoo_beta
        first = 1.0 if t == 1 else 0.0
        due = map_floats(lambda k: float(t > 1 and (t - 1) % k == 0), self.precondition_frequency)
        k = max(t - 1, 1)  # the number of steps taken, with this one
        step_size = self.lr * (power(1 - power(self.beta2, k), 0.5) / (1 - power(self.beta1, k)))
        return first, due, step_size, 1 - self.beta1, 1 - self.beta2, 1 - beta, 1 - self.lr * self.weight_decay

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        first, due, step_size, new1, new2, new, shrink = c
        matrix = g.reshape(self.rows, -1, g.shape[1])
        sums = (matmul(matrix, matrix.transpose(0, 1)), matmul(matrix.transpose(0, 1), matrix))
        averages = [torch.lerp(old, one, new) for old, one in zip(s[2:4], sums, strict=True)]
        if isinstance(first, Tensor):  # runs at different steps
            began = self._begin(p, s, averages)
            moved = self._move(p, matrix, g, s, averages, due, step_size, new1, new2, shrink)
            state = tuple(torch.where(first > 0, a, b) for a, b in zip(began[1], moved[1], strict=True))
            return torch.where(first > 0, began[0], moved[0]), state
        if first:
            return self._begin(p, s, averages)
        return self._move(p, matrix, g, s, averages, due, step_size, new1, new2, shrink)

    def _begin(self, p: Tensor, s: State, averages: list[Tensor]) -> tuple[Tensor, State]:
        """Return the state with the first bases; no step is taken."""
        return p, (*s[:2], *averages, *(eigh(one)[1] for one in averages))

    def _move(
        self,
        p: Tensor,
        matrix: Tensor,
        g: Tensor,
        s: State,
        averages: list[Tensor],
        due: Scalar,
        step_size: Scalar,
        new1: Scalar,
        new2: Scalar,
        shrink: Scalar,
    ) -> tuple[Tensor, State]:
        left, right = s[4:]
        m = torch.lerp(s[0], g, new1)
        projected = _sandwich(left.transpose(0, 1), matrix, right)
        v = torch.lerp(s[1].reshape(matrix.shape), projected * projected, new2)
        direction = _sandwich(left.transpose(0, 1), m.reshape(matrix.shape), right) / (v.sqrt() + self.eps)
        step = _sandwich(left, direction, right.transpose(0, 1)).reshape(p.shape)
        p = add_scaled(p, -step_size, step)
        if not is_zero(self.weight_decay):
            p = p * shrink
        if not is_zero(due):
            v, left, right = self._turned(v, averages, (left, right), due)
        return p, (m, v.reshape(p.shape), *averages, left, right)

    def _turned(
        self, v: Tensor, averages: list[Tensor], bases: tuple[Tensor, Tensor], due: Scalar
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the second moment and the bases after one power iteration, in the order of falling eigenvalues."""
        turned, moment = [], v
        for axis, (average, basis) in enumerate(zip(averages, bases, strict=True)):
            image = matmul(average, basis)
            order = dot(basis, image).sort(dim=0, descending=True, stable=True).indices
            image = image.gather(1, order[None].expand_as(image))
            index = order[:, None] if axis == 0 else order[None]
            moment = moment.gather(axis, index.expand_as(moment))
            turned.append(qr_basis(image))
        if not isinstance(due, Tensor):
            return moment, turned[0], turned[1]
        pairs = zip((moment, *turned), (v, *bases), strict=True)
        chosen = [torch.where(due > 0, one, other) for one, other in pairs]
        return chosen[0], chosen[1], chosen[2]

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}


def _sandwich(left: Tensor, matrix: Tensor, right: Tensor) -> Tensor:
    return matmul(matmul(left, matrix), right)
