"""Functions of a 2×2 matrix, for optimizers of matrices: `matrix_ravine`, and the plane in which it is drawn.

The point is the matrix row by row: (w₁₁, w₁₂, w₂₁, w₂₂).
"""

from __future__ import annotations

import math

from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function, function
from landscapes.objectives.provenance import recorded_call


@recorded_call
def matrix_ravine(kappa: float = 100.0, left: float = 30.0, right: float = -20.0) -> Function:
    """Return a quadratic function of a 2×2 matrix: f(W) = ½ tr(WᵀAW) with A = Q diag(κ, 1) Qᵀ.

    With Q and P, rotations by the two angles, the matrices W = Q diag(a, b) Pᵀ form a plane, in which f is the ravine
    ½(κa² + b²). Optimizers that turn with the function, such as SGD, momentum, exact Muon and Shampoo, never leave it:
    the plane shows all of their run. Adam leaves it, unless both angles are multiples of 90°. `singular_plane` returns
    the plane. The start is a = 1, b = 0.8; f itself does not depend on P.

    Args:
        kappa: κ, the condition number, ≥ 1; default 100.
        left: angle of Q in degrees; default 30.
        right: angle of P in degrees, which sets the start; default -20.

    Raises:
        InputError: for a condition number below 1, and for angles that are not finite.

    >>> from landscapes import project, race
    >>> ravine = matrix_ravine(kappa=1000)
    >>> record = race(ravine, ["muon(lr=0.1, rows=2, exact=True, weight_decay=0)"], steps=9)
    >>> plane = project(record, ravine, along=singular_plane(30, -20), origin=(0, 0, 0, 0), resolution=9)
    >>> round(plane.meta["plane"]["explained"], 12)
    1.0
    """
    for name, value, least in (("kappa", kappa, 1.0), ("left", left, -math.inf), ("right", right, -math.inf)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < least:
            wanted = "a finite number >= 1" if name == "kappa" else "a finite angle in degrees"
            raise InputError(f"matrix_ravine: {name} must be {wanted}, got {value!r}")
    c, s = _cos_sin(left)
    (first, second), start = singular_plane(left, right), []
    start = [1.0 * a + 0.8 * b for a, b in zip(first, second, strict=True)]

    @function(
        *[(-2.0, 2.0)] * 4,
        minima=[(0.0, 0.0, 0.0, 0.0)],
        minimum=0.0,
        start=tuple(start),
        steps=200,
        name=f"matrix_ravine_{kappa:g}_{left:g}_{right:g}",
        title=f"Matrix ravine, κ = {kappa:g}",
        latex=r"\frac{1}{2} \operatorname{tr}(W^T A W), \; A = Q \operatorname{diag}(\kappa, 1) Q^T",
        tags=("valley", "smooth", "convex", "quadratic", "unimodal"),
    )
    def ravine(x: Tensor) -> Tensor:
        """A ravine whose point is a matrix; optimizers that act on each entry do not turn with it."""
        above, below = x[..., :2], x[..., 2:]
        steep, flat = c * above + s * below, c * below - s * above  # the rows of QᵀW
        squares = kappa * steep * steep + flat * flat
        return 0.5 * (squares[..., 0] + squares[..., 1])

    return ravine


def singular_plane(left: float, right: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the directions along which the two signed singular values of Q diag(a, b) Pᵀ are measured.

    They are the products of the first columns of Q and P, and of the second ones, row by row: four numbers each, of
    length 1 and orthogonal. `project(record, f, along=singular_plane(30, -20), origin=(0, 0, 0, 0))` draws the plane.

    Args:
        left: angle of Q in degrees.
        right: angle of P in degrees.

    >>> singular_plane(0, 0)
    ((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    """
    (c, s), (d, t) = _cos_sin(left), _cos_sin(right)
    return (c * d, c * t, s * d, s * t), (s * t + 0.0, -s * d + 0.0, -c * t + 0.0, c * d)


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Return cosine and sine, exact at multiples of 90°."""
    turns, rest = divmod(degrees, 90)
    c, s = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(turns) % 4):
        c, s = -s, c
    return c + 0.0, s + 0.0
