"""PSGD-Kron."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, add_scaled, is_zero, norm, power
from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, STRUCTURAL_INT, Optimizer
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, FirstOrderStepper, State
from landscapes.optimizers.first_order.matrices import check_rows
from landscapes.optimizers.linalg import dot, matmul, product
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.random import normal

PURPOSE = 2
"""Purpose of the preconditioner's random numbers, which separates them from others of the same step."""

TINY = torch.finfo(torch.bfloat16).tiny
"""Added to the norm by which an update of the preconditioner is divided."""

LONGEST = 1.1
"""Root mean square to which longer steps are shortened."""


@dataclass(frozen=True)
class Kron(FirstOrder):
    """PSGD-Kron: momentum whitened by a preconditioner that is learned (Li, 2018; Pooladzandi & Li, 2024).

    Q and P are upper triangular, or one number where the matrix has one row or column. From Q = I and P = I, with
    random normal Z, and μ̂, the momentum divided by 1 − βᵗ, for a point that is a matrix, row by row:

        M ← βM + (1−β)G
        A = Q·M̂·Pᵀ,  B = Q^(−T)·Z·P^(−1)
        Q ← Q − r·triu(AAᵀ − BBᵀ)·Q / ‖AAᵀ + BBᵀ‖,  P alike with AᵀA and BᵀB
        U = QᵀQ·M̂·PᵀP, shortened to a root mean square of 1.1
        X ← X − lr·(U + λX)

    Q and P change at each of the first 500 steps, then ever more rarely, down to every 34th. The norm is a lower bound
    of the spectral norm. The factors are not rebalanced, which changes rounding alone.

    Args:
        lr: learning rate, ≥ 0; default 0.001.
        momentum: β, decay of the momentum, in [0, 1); default 0.9.
        precond_lr: r, learning rate of the preconditioner, in [0, 1); default 0.1.
        weight_decay: λ, decoupled weight decay as in AdamW, ≥ 0; default 0.
        rows: number of rows of the matrix, a divisor of the number of coordinates, ≥ 1; default 1.
        groups: not available, because each run draws random numbers; default none.

    >>> Kron(lr=0.01, rows=2).spec
    'psgd_kron(lr=0.01, rows=2)'
    """

    names: ClassVar[tuple[str, ...]] = ("psgd_kron",)
    beyond_gradients: ClassVar[str] = "draws random numbers"

    lr: Scalar = field(default=1e-3, metadata=NON_NEGATIVE)
    momentum: Scalar = field(default=0.9, metadata=HALF_OPEN_UNIT)
    precond_lr: Scalar = field(default=0.1, metadata=HALF_OPEN_UNIT)
    weight_decay: Scalar = field(default=0.0, metadata=NON_NEGATIVE)
    rows: int = field(default=1, metadata=STRUCTURAL_INT)

    @property
    def plain_label(self) -> str:
        return "PSGD-Kron"

    def check(self, function: Function) -> None:
        check_rows(self.kind, self.rows, function)

    def init(self, p: Tensor) -> State:
        sides = (self.rows, len(p) // self.rows)
        bases = (torch.eye(side, dtype=p.dtype, device=p.device)[..., None] for side in sides)
        return torch.zeros_like(p), torch.zeros_like(p), *(one.repeat(1, 1, p.shape[1]) for one in bases)

    def coef(self, t: int) -> Coefs:
        return 1 - self.momentum, 1 - power(self.momentum, t), float(updates_preconditioner(t))

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        new, correction, due = c
        m = add_scaled(s[0] * self.momentum, new, g)
        matrix = (m / correction).reshape(self.rows, -1, p.shape[1])
        left, right = s[2:]
        if not is_zero(due):
            fitted = self._fitted(matrix, s[1].reshape(matrix.shape), left, right)
            if isinstance(due, Tensor):  # runs at different steps
                fitted = (torch.where(due > 0, fitted[0], left), torch.where(due > 0, fitted[1], right))
            left, right = fitted
        whitened = matmul(left, matmul(matrix, right.transpose(0, 1)))
        step = matmul(left.transpose(0, 1), matmul(whitened, right)).reshape(p.shape)
        step = step * (LONGEST / (norm(step) / math.sqrt(len(p)) + 1e-6)).clamp(max=1.0)
        if not is_zero(self.weight_decay):
            step = add_scaled(step, self.weight_decay, p)
        return add_scaled(p, -self.lr, step), (m, s[1], left, right)

    def _fitted(self, matrix: Tensor, noise: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """Return Q and P after one step of their own, along their Lie groups."""
        a = matmul(left, matmul(matrix, right.transpose(0, 1)))
        b = _solved(_solved(noise.transpose(0, 1), left).transpose(0, 1), right)
        pairs = ((left, a, b), (right, a.transpose(0, 1), b.transpose(0, 1)))
        return cast(tuple[Tensor, Tensor], tuple(self._stepped(*pair) for pair in pairs))

    def _stepped(self, q: Tensor, a: Tensor, b: Tensor) -> Tensor:
        of_a, of_b = matmul(a, a.transpose(0, 1)), matmul(b, b.transpose(0, 1))
        mask = torch.ones(q.shape[:2], dtype=q.dtype, device=q.device).triu()[..., None]
        change = (of_a - of_b) * mask * self.precond_lr / (norm_bound(of_a + of_b) + TINY)
        return q - matmul(change, q)

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        return {"momentum": s[0]}

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _KronStepper(cast(Sequence[FirstOrder], optimizers), x, setup)


class _KronStepper(FirstOrderStepper):
    """Draws the random numbers of each step."""

    def __init__(self, optimizers: Sequence[FirstOrder], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x)
        self.setup = setup

    def step(self, context: StepContext) -> Tensor:
        drawn = normal(self.setup.seed, self.setup.streams, context.t, PURPOSE, len(context.x)).to(context.x)
        self.state = (self.state[0], drawn, *self.state[2:])
        return super().step(context)


def _solved(b: Tensor, q: Tensor) -> Tensor:
    """Return B·Q⁻¹ for upper triangular matrices Q (n, n, R) and B (m, n, R)."""
    columns: list[Tensor] = []
    for k in range(len(q)):
        rest = b[:, k] - product(torch.stack(columns, 1), q[:k, k]) if columns else b[:, k]
        columns.append(rest / q[k, k])
    return torch.stack(columns, 1)


def norm_bound(matrix: Tensor) -> Tensor:
    """Return a lower bound of the spectral norm of symmetric matrices (n, n, R), shape (R,): ‖Ax‖/‖x‖ with x = Aᵀa.

    Here a is the longest row of A, as in the authors' code.

    >>> norm_bound(torch.tensor([[2.0, 0.0], [0.0, 1.0]])[..., None]).tolist()
    [2.0]
    """
    size = matrix.abs().amax((0, 1))
    scaled = matrix / torch.where(size > 0, size, 1.0)
    longest = dot(scaled.transpose(0, 1), scaled.transpose(0, 1)).argmax(0)
    row = scaled.gather(0, longest[None, None].expand(1, *scaled.shape[1:]))[0]
    x = product(scaled, row)
    x = x / norm(x).clamp(min=torch.finfo(x.dtype).tiny)
    return size * norm(product(scaled, x))


def updates_preconditioner(t: int) -> bool:
    """Return whether step t = 1, 2, … updates the preconditioner.

    >>> [t for t in range(500, 2000) if not updates_preconditioner(t)][:3]
    [502, 504, 506]
    """
    return t in _update_steps(max(1024, 1 << t.bit_length()))


@lru_cache(maxsize=64)
def _update_steps(last: int) -> frozenset[int]:
    steps, waited = set(), 0
    for t in range(1, last + 1):
        share = min(max(math.exp(-0.001 * (t - 1 - 500)), 0.03), 1.0)
        waited += 1
        if waited >= 1 / share:
            steps.add(t)
            waited = 0
    return frozenset(steps)
