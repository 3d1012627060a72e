"""Landscapes that are moved, turned, stretched and bent: f(T(u)), with all points where T takes them from."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function, StationaryPoint
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.tags import TAGS
from landscapes.transforms.base import (
    Box,
    Columns,
    Landscape,
    column,
    landscape,
    moved_points,
    moved_stationary,
    remade,
    shown,
    still,
    vector,
)

Matrix = NDArray[np.float64]

LOST = frozenset({"any dimension"})
"""Tags that no landscape keeps when it is moved."""

LOST_UNEVENLY = LOST | {"ill-conditioned", "bowl"}
"""Tags that may be lost when some coordinates are stretched more than others."""

LOST_TURNING = LOST | {"separable", "unimodal", "periodic", "steep corners"}
"""Tags that may be lost when the axes are no longer the axes: the box grows, too."""

LOST_BENDING = LOST_UNEVENLY | {"convex", "quadratic", "degenerate", "periodic"}
"""Tags that may be lost when straight lines are bent."""


@dataclass(frozen=True, eq=False)
class Move:
    """A one-to-one map of points (d, ...): from new ones back to f's own, there, and what box holds a box.

    `grows` where the new box holds points that do not come from the old one.
    """

    back: Columns
    there: Columns
    box: Any
    grows: bool = False


@recorded_call
def shifted(f: Landscape, by: float | Sequence[float]) -> Function:
    """The landscape moved: g(u) = f(u − by).

    Args:
        f: the landscape, or its name in the catalogue.
        by: how far, d numbers, or one for all coordinates.

    Raises:
        InputError: where `by` is not that.

    >>> shifted("booth", (1, -1)).minima
    ((2.0, 2.0),)
    """
    f = landscape(f, "shifted")
    way = vector(by, f.dim, "a shift", single=True)
    move = Move(
        back=lambda u: u - column(way, u),
        there=lambda x: x + column(way, x),
        box=lambda box: tuple((low + w, high + w) for (low, high), w in zip(box, way, strict=True)),
    )
    return moved(f, move, suffix="shifted", words=f"shifted by {_shown(way)}", lost=LOST)


@recorded_call
def scaled(f: Landscape, factor: float | Sequence[float]) -> Function:
    """The landscape stretched away from the origin: g(u) = f(u / factor); a negative factor mirrors it.

    Args:
        f: the landscape, or its name in the catalogue.
        factor: how much, d numbers, or one for all coordinates; none of them 0.

    Raises:
        InputError: where `factor` is not that.

    >>> scaled("booth", 2).domain
    ((-20.0, 20.0), (-20.0, 20.0))
    """
    f = landscape(f, "scaled")
    by = vector(factor, f.dim, "a scale", single=True)
    if 0 in by:
        raise InputError(f"a scale is not 0, which would flatten the landscape; not {factor!r}")

    def box(old: Box) -> Box:
        ends = [(low * s, high * s) for (low, high), s in zip(old, by, strict=True)]
        return tuple((min(pair), max(pair)) for pair in ends)

    even = len({abs(s) for s in by}) == 1
    move = Move(back=lambda u: u / column(by, u), there=lambda x: x * column(by, x), box=box)
    words = f"scaled by {_shown(by[:1] if even and min(by) > 0 else by)}"
    return moved(f, move, suffix="scaled", words=words, lost=LOST if even else LOST_UNEVENLY)


@recorded_call
def rotated(f: Landscape, turn: float | Any, about: Sequence[float] | None = None) -> Function:
    """The landscape turned: the point x comes to lie at about + Q (x − about).

    Domain and view become the boxes that hold the turned ones. Where f lies lower beyond its domain, the
    minimum of that larger box is not known any more.

    Args:
        f: the landscape, or its name in the catalogue.
        turn: degrees, counterclockwise, in two dimensions; else the orthogonal matrix Q, (d, d).
        about: the point that stays; by default the origin.

    Raises:
        InputError: for a matrix that is not orthogonal, or degrees where there are not two coordinates.

    >>> rotated("booth", 90).minima
    ((-3.0, 1.0),)
    """
    f = landscape(f, "rotated")
    if isinstance(turn, int | float) and not isinstance(turn, bool):
        if f.dim != 2:
            raise InputError(
                f"{f.name} has {f.dim} coordinates, so it is turned by a matrix: random_rotation({f.dim}, seed=0)"
            )
        if not math.isfinite(turn):
            raise InputError(f"a turn is finite degrees, not {turn!r}")
        return _linear(f, _turned(float(turn)), about, suffix="rotated", words=f"turned by {turn:g}°")
    q = _matrix(turn, f.dim)
    if np.abs(q @ q.T - np.eye(f.dim)).max() > 1e-9:
        raise InputError("a rotation's matrix is orthogonal, its rows at right angles and of length 1; see `mapped`")
    return _linear(f, q, about, suffix="rotated", words="turned", inverse=q.T)


@recorded_call
def mapped(f: Landscape, matrix: Any, about: Sequence[float] | None = None) -> Function:
    """The landscape under a linear map: the point x comes to lie at about + A (x − about).

    Domain and view become the boxes that hold the mapped ones; see `rotated`.

    Args:
        f: the landscape, or its name in the catalogue.
        matrix: the invertible matrix A, (d, d).
        about: the point that stays; by default the origin.

    Raises:
        InputError: for a matrix of another shape, or a singular one.

    >>> mapped("booth", [[1, 1], [0, 1]]).minima
    ((4.0, 3.0),)
    """
    f = landscape(f, "mapped")
    a = _matrix(matrix, f.dim)
    if not np.linalg.cond(a) < 1e12:
        raise InputError(f"the matrix is singular: it flattens the landscape; not {a.tolist()}")
    return _linear(f, a, about, suffix="mapped", words="mapped", lost=LOST_TURNING | LOST_UNEVENLY)


def random_rotation(dim: int, seed: int = 0) -> Matrix:
    """A rotation matrix, (d, d), all of them equally likely.

    Source: F. Mezzadri, How to generate random matrices from the classical compact groups, 2007.

    >>> random_rotation(3).shape
    (3, 3)
    """
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise InputError(f"the number of coordinates is a whole number, at least 1, not {dim!r}")
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return np.asarray(q, dtype=np.float64)


def moved(f: Function, move: Move, *, suffix: str, words: str, lost: frozenset[str], **facts: Any) -> Function:
    """f(T(u)): all of f's points and boxes go where the move takes them."""
    known: dict[str, Any] = {
        "domain": move.box(f.domain),
        "view": move.box(f.view),
        "start": moved_points(move.there, [f.start])[0],
        "minima": moved_points(move.there, f.minima),
        "stationary": moved_stationary(move.there, f.stationary),
        "nonsmooth_where": f.nonsmooth_where and f"in the coordinates of {f.name}: {f.nonsmooth_where}",
        "residuals": None if f.residuals is None else lambda *u: f.evaluate_residuals(move.back(torch.stack(u))),
    }
    if move.grows and f.outside != "higher" and math.isfinite(f.minimum):  # the larger box may hold lower points
        local = moved_points(move.there, still(f))
        known["stationary"] = (*(StationaryPoint("minimum", point) for point in local), *known["stationary"])
        known |= {"minima": (), "minimum": math.nan}
    return remade(
        f,
        lambda inner: lambda u: inner.evaluate(move.back(u)),
        suffix=suffix,
        words=words,
        kept=set(f.tags) - lost,
        **{**known, **facts},
    )


def _linear(
    f: Function,
    matrix: Matrix,
    about: Sequence[float] | None,
    *,
    suffix: str,
    words: str,
    inverse: Matrix | None = None,
    lost: frozenset[str] = LOST_TURNING,
) -> Function:
    center = (0.0,) * f.dim if about is None else vector(about, f.dim, "the point that stays")
    aligned = bool(((matrix != 0).sum(1) == 1).all())
    back: Matrix = np.asarray(np.linalg.inv(matrix), dtype=np.float64) if inverse is None else inverse

    def box(old: Box) -> Box:
        low, high = np.array(old).T
        middle, reach = (low + high) / 2 - center, np.abs(matrix) @ ((high - low) / 2)
        middle = matrix @ middle + center
        return tuple(zip((middle - reach).tolist(), (middle + reach).tolist(), strict=True))

    move = Move(_affine(back, center), _affine(matrix, center), box, grows=not aligned)
    if aligned:
        lost = lost - LOST_TURNING | LOST
    kept = [tag for tag in f.tags if tag not in lost]
    return moved(
        f, move, suffix=suffix, words=words if about is None else f"{words} about {_shown(center)}", lost=lost,
        tags=tuple(kept if aligned else sorted({*kept, "rotated"}, key=[*TAGS, *kept].index)),
    )  # fmt: skip


def _affine(matrix: Matrix, center: Sequence[float]) -> Columns:
    """Points (d, ...) to center + A (x − center), summed term by term: a matrix product rounds by batch."""
    rows = [[(float(a), j) for j, a in enumerate(row) if a] for row in matrix]

    def apply(x: Tensor) -> Tensor:
        middle = column(center, x)
        parts = (x - middle).unbind(0)
        return middle + torch.stack([functools.reduce(torch.add, [a * parts[j] for a, j in row]) for row in rows])

    return apply


def _turned(degrees: float) -> Matrix:
    """The matrix of a turn; quarters of a circle are exact."""
    quarters, rest = divmod(degrees, 90)
    cos, sin = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(quarters) % 4):
        cos, sin = -sin, cos
    return np.array([[cos, -sin], [sin, cos]])


def _matrix(given: Any, dim: int) -> Matrix:
    try:
        matrix = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.zeros(0)
    if matrix.shape != (dim, dim):
        raise InputError(f"a matrix of {dim} × {dim} numbers is needed, not {shown(given)}")
    if not np.isfinite(matrix).all():
        raise InputError(f"a matrix has finite numbers, not {matrix.tolist()}")
    return matrix


def _shown(point: Sequence[float]) -> str:
    text = ", ".join(f"{c:.4g}" for c in point)
    return text if len(point) == 1 else f"({text})"
