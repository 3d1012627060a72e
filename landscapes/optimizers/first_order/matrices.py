"""Points as matrices, for optimizers of parameters with rows and columns."""

from __future__ import annotations

from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import short


def check_rows(kind: str, rows: int, function: Function) -> None:
    """Raise `InputError` if the number of rows does not divide the number of coordinates."""
    if function.dim % rows:
        fitting = ", ".join(str(n) for n in range(1, function.dim + 1) if function.dim % n == 0)
        raise InputError(
            f"{kind}: rows must divide the {function.dim} coordinates of {function.name}, got {short(rows)}; "
            f"choose one of {fitting}"
        )


def as_matrices(x: Tensor, rows: int) -> Tensor:
    """Return points (d, R) as matrices, row by row, shape (R, rows, d / rows)."""
    return x.T.reshape(x.shape[1], rows, x.shape[0] // rows)


def as_points(matrices: Tensor) -> Tensor:
    """Return matrices (R, rows, columns) as points (d, R)."""
    return matrices.flatten(1).T
