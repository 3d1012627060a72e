"""Functions of a matrix, for optimizers of matrices: `matrix_ravine`, and the planes in which it is drawn.

The point is the matrix row by row: (w₁₁, w₁₂, …, w₂₁, …).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function, function
from landscapes.objectives.elementary import ordered_sum
from landscapes.objectives.provenance import recorded_call

Matrix = list[list[float]]


@recorded_call
def matrix_ravine(
    kappa: float = 100.0, left: float = 30.0, right: float = -20.0, shape: Sequence[int] = (2, 2)
) -> Function:
    """Return a quadratic function of an m×n matrix: f(W) = ½ tr(WᵀAW) with A = Q diag(κ, …, 1) Qᵀ.

    In the matrices W = Q Σ Pᵀ with a diagonal Σ, f is the ravine ½ Σ κᵢσᵢ² of the k = min(m, n) signed singular values.
    Their curvatures κᵢ fall geometrically from κ to 1; further rows have curvature 1. Optimizers that turn with the
    function, such as SGD, momentum, exact Muon and Shampoo, change Σ alone, each singular value by itself. So with
    k = 2 their runs stay in the plane that `singular_plane` returns; with k > 2 they move in it as on the 2×2 ravine,
    and the other singular values are not seen. Adam leaves these matrices, unless Q and P are turned by multiples of
    90°. The start has the singular values 1, …, 0.8 in equal distances; f itself does not depend on P.

    Args:
        kappa: κ, the condition number, ≥ 1; default 100.
        left: angle of Q in degrees; default 30. Q (m, m) is the product of the rotations by this angle in the planes of
            axes 1 and 2, 2 and 3, …, m−1 and m.
        right: angle of P (n, n) in degrees, which sets the start; default -20.
        shape: numbers of rows and columns (m, n), ≥ 2; default (2, 2).

    Raises:
        InputError: for a condition number below 1, angles that are not finite, and shapes that are not two numbers ≥ 2.

    >>> from landscapes import project, race
    >>> ravine = matrix_ravine(kappa=1000, shape=(2, 3))
    >>> record = race(ravine, ["muon(lr=0.1, rows=2, exact=True, weight_decay=0)"], steps=9)
    >>> plane = singular_plane(30, -20, shape=(2, 3))
    >>> drawn = project(record, ravine, along=plane, origin=[0] * 6, resolution=9)
    >>> round(drawn.meta["plane"]["explained"], 12)
    1.0
    """
    _check("matrix_ravine", kappa=(kappa, 1.0), left=(left, None), right=(right, None))
    rows, columns = _shape("matrix_ravine", shape)
    count = min(rows, columns)
    curvatures = [kappa ** (1 - i / (count - 1)) for i in range(count)] + [1.0] * (rows - count)
    turn = _rotation(left, rows)
    values = [1.0 + (0.8 - 1.0) * i / (count - 1) for i in range(count)]
    directions = [_direction(turn, _rotation(right, columns), i) for i in range(count)]
    start = [sum(a * b for a, b in zip(values, at, strict=True)) for at in zip(*directions, strict=True)]
    size = "" if (rows, columns) == (2, 2) else f"_{rows}x{columns}"

    @function(
        *[(-2.0, 2.0)] * (rows * columns),
        minima=[(0.0,) * (rows * columns)],
        minimum=0.0,
        start=tuple(start),
        steps=200,
        name=f"matrix_ravine{size}_{kappa:g}_{left:g}_{right:g}",
        title=f"Matrix ravine{size.replace('_', ', ').replace('x', '×')}, κ = {kappa:g}",
        latex=r"\frac{1}{2} \operatorname{tr}(W^T A W), \; A = Q \operatorname{diag}(\kappa, \dots, 1) Q^T",
        tags=("valley", "smooth", "convex", "quadratic", "unimodal"),
    )
    def ravine(x: Tensor) -> Tensor:
        """A ravine whose point is a matrix; optimizers that act on each entry do not turn with it."""
        w = x.reshape(*x.shape[:-1], rows, columns).unbind(-2)
        turned = [sum((turn[j][i] * w[j] for j in range(1, rows)), turn[0][i] * w[0]) for i in range(rows)]  # QᵀW
        squares = ordered_sum(torch.stack([c * row * row for c, row in zip(curvatures, turned, strict=True)]), 0)
        return 0.5 * ordered_sum(squares)

    return ravine


def singular_plane(
    left: float, right: float, shape: Sequence[int] = (2, 2), pair: Sequence[int] = (0, -1)
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the directions along which two signed singular values of Q Σ Pᵀ are measured.

    They are the products qᵢpᵢᵀ of columns of Q and P, row by row: m·n numbers each, of length 1 and orthogonal.
    `project(record, f, along=singular_plane(30, -20), origin=(0, 0, 0, 0))` draws the plane. The plane of two entries
    needs no directions: `along=(0, 3)`.

    Args:
        left: angle of Q in degrees, as in `matrix_ravine`.
        right: angle of P in degrees.
        shape: numbers of rows and columns (m, n), ≥ 2; default (2, 2).
        pair: the places of the two singular values; default the first and the last, with curvatures κ and 1.

    Raises:
        InputError: for angles that are not finite, another shape, and places that do not exist or are equal.

    >>> singular_plane(0, 0)
    ((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    >>> singular_plane(0, 0, shape=(2, 3))[1]
    (0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    """
    _check("singular_plane", left=(left, None), right=(right, None))
    rows, columns = _shape("singular_plane", shape)
    count = min(rows, columns)
    places = range(count)
    try:
        first, second = (places[i] for i in pair)
    except (TypeError, ValueError, IndexError):
        first = second = 0
    if first == second:
        raise InputError(f"singular_plane: pair must be two of the places 0 to {count - 1}, got {pair!r:.60}")
    q, p = _rotation(left, rows), _rotation(right, columns)
    return _direction(q, p, first), _direction(q, p, second)


def _check(name: str, **given: tuple[Any, float | None]) -> None:
    """Raise `InputError` unless values are finite numbers, and at least the second entry where there is one."""
    for key, (value, least) in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or (least is not None and value < least):
            wanted = "a finite angle in degrees" if least is None else f"a finite number >= {least:g}"
            raise InputError(f"{name}: {key} must be {wanted}, got {value!r}")


def _shape(name: str, shape: Any) -> tuple[int, int]:
    try:
        rows, columns = shape
    except (TypeError, ValueError):
        rows = columns = None
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 2 for n in (rows, columns)):
        raise InputError(f"{name}: shape must be the numbers of rows and columns, both >= 2, got {shape!r:.60}")
    return rows, columns


def _direction(q: Matrix, p: Matrix, place: int) -> tuple[float, ...]:
    """Return the product of a column of each matrix, row by row."""
    return tuple(a[place] * b[place] + 0.0 for a in q for b in p)


def _rotation(degrees: float, size: int) -> Matrix:
    """Return the product of the rotations by an angle in the planes of axes 1 and 2, 2 and 3, …

    >>> _rotation(90, 3)
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    c, s = _cos_sin(degrees)
    found = [[float(i == j) for j in range(size)] for i in range(size)]
    for k in range(size - 1):
        for row in found:
            row[k], row[k + 1] = c * row[k] + s * row[k + 1] + 0.0, c * row[k + 1] - s * row[k] + 0.0
    return found


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Return cosine and sine, exact at multiples of 90°."""
    turns, rest = divmod(degrees, 90)
    c, s = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(turns) % 4):
        c, s = -s, c
    return c + 0.0, s + 0.0
