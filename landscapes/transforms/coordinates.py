"""Changes of coordinates: shift, scale, rotate and linear maps."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Box, Function, StationaryPoint
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.tags import TAGS
from landscapes.transforms.base import (
    ColumnMap,
    FunctionOrName,
    as_point,
    column,
    derived,
    map_points,
    map_stationary,
    short_repr,
    stationary_minima,
)

Matrix = NDArray[np.float64]

LOST = frozenset({"any dimension"})
"""Tags that every change of coordinates removes."""

LOST_BY_UNEVEN_SCALING = LOST | {"ill-conditioned", "bowl"}
"""Tags that may not survive different scales per coordinate."""

LOST_BY_ROTATION = LOST | {"separable", "unimodal", "periodic", "steep corners"}
"""Tags that may not survive a rotation, which also enlarges the box."""

LOST_BY_BENDING = LOST_BY_UNEVEN_SCALING | {"convex", "quadratic", "degenerate", "periodic"}
"""Tags that may not survive a nonlinear map."""


@dataclass(frozen=True, eq=False)
class CoordinateMap:
    """A one-to-one map from the coordinates x of f to the coordinates u of g(u) = f(inverse(u)).

    Attributes:
        inverse: maps points u, shape (d, ...), to points x.
        forward: maps points x, shape (d, ...), to points u.
        map_box: returns a box of u that contains the image of a box of x.
        enlarges: whether that box also contains points that are not in the image.
    """

    inverse: ColumnMap
    forward: ColumnMap
    map_box: Callable[[Box], Box]
    enlarges: bool = False


@recorded_call
def shifted(f: FunctionOrName, by: float | Sequence[float]) -> Function:
    """Return the shifted function g(u) = f(u − by).

    Args:
        f: the function, or its name in the catalogue.
        by: shift, d numbers or one for all coordinates.

    Raises:
        InputError: for another `by`.

    >>> shifted("booth", (1, -1)).minima
    ((2.0, 2.0),)
    """
    f = as_function(f)
    shift = as_point(by, f.dim, "by", broadcast=True)
    change = CoordinateMap(
        inverse=lambda u: u - column(shift, u),
        forward=lambda x: x + column(shift, x),
        map_box=lambda box: tuple((low + s, high + s) for (low, high), s in zip(box, shift, strict=True)),
    )
    return transform_coordinates(f, change, suffix="shifted", words=f"shifted by {_format_point(shift)}", lost=LOST)


@recorded_call
def scaled(f: FunctionOrName, factor: float | Sequence[float]) -> Function:
    """Return the function stretched about the origin, g(u) = f(u / factor); a negative factor mirrors it.

    Args:
        f: the function, or its name in the catalogue.
        factor: d nonzero numbers, or one for all coordinates.

    Raises:
        InputError: for another `factor`.

    >>> scaled("booth", 2).domain
    ((-20.0, 20.0), (-20.0, 20.0))
    """
    f = as_function(f)
    factors = as_point(factor, f.dim, "factor", broadcast=True)
    if 0 in factors:
        raise InputError(f"factor must not be 0, got {factor!r}")

    def map_box(old: Box) -> Box:
        ends = [(low * s, high * s) for (low, high), s in zip(old, factors, strict=True)]
        return tuple((min(pair), max(pair)) for pair in ends)

    even = len({abs(s) for s in factors}) == 1
    change = CoordinateMap(
        inverse=lambda u: u / column(factors, u), forward=lambda x: x * column(factors, x), map_box=map_box
    )
    words = f"scaled by {_format_point(factors[:1] if even and min(factors) > 0 else factors)}"
    return transform_coordinates(f, change, suffix="scaled", words=words, lost=LOST if even else LOST_BY_UNEVEN_SCALING)


@recorded_call
def rotated(f: FunctionOrName, rotation: float | Any, about: Sequence[float] | None = None) -> Function:
    """Return the rotated function: the point x of f moves to about + Q (x − about).

    Domain and view become bounding boxes of the rotated ones. If f has lower values outside its domain, the minimum in
    the larger box is unknown.

    Args:
        f: the function, or its name in the catalogue.
        rotation: counterclockwise angle in degrees, for two coordinates; otherwise the orthogonal matrix Q, (d, d).
        about: fixed point of the rotation; by default the origin.

    Raises:
        InputError: for a matrix that is not orthogonal, and for degrees unless there are two coordinates.

    >>> rotated("booth", 90).minima
    ((-3.0, 1.0),)
    """
    f = as_function(f)
    if isinstance(rotation, int | float) and not isinstance(rotation, bool):
        if f.dim != 2:
            raise InputError(
                f"{f.name} has {f.dim} coordinates; rotate it by a matrix: random_rotation({f.dim}, seed=0)"
            )
        if not math.isfinite(rotation):
            raise InputError(f"rotation must be finite degrees, got {rotation!r}")
        words = f"rotated by {rotation:g}°"
        return _linear(f, _rotation_matrix(float(rotation)), about, suffix="rotated", words=words)
    q = _as_matrix(rotation, f.dim)
    if np.abs(q @ q.T - np.eye(f.dim)).max() > 1e-9:
        raise InputError("the matrix of a rotation must be orthogonal; for other matrices, use `mapped`")
    return _linear(f, q, about, suffix="rotated", words="rotated", inverse=q.T)


@recorded_call
def mapped(f: FunctionOrName, matrix: Any, about: Sequence[float] | None = None) -> Function:
    """Return the function under a linear map: the point x of f moves to about + A (x − about).

    Domain and view become bounding boxes of the mapped ones; see `rotated`.

    Args:
        f: the function, or its name in the catalogue.
        matrix: the invertible matrix A, (d, d).
        about: fixed point of the map; by default the origin.

    Raises:
        InputError: for a matrix of another shape, and for a singular one.

    >>> mapped("booth", [[1, 1], [0, 1]]).minima
    ((4.0, 3.0),)
    """
    f = as_function(f)
    a = _as_matrix(matrix, f.dim)
    if not np.linalg.cond(a) < 1e12:
        raise InputError(f"the matrix must be invertible, got the singular {a.tolist()}")
    return _linear(f, a, about, suffix="mapped", words="mapped", lost=LOST_BY_ROTATION | LOST_BY_UNEVEN_SCALING)


def random_rotation(dim: int, seed: int = 0) -> Matrix:
    """Return a uniformly random rotation matrix, shape (d, d).

    Args:
        dim: number of coordinates d, >= 1.
        seed: of the random numbers; equal seeds give equal matrices.

    Raises:
        InputError: for an invalid number of coordinates.

    Source: F. Mezzadri, How to generate random matrices from the classical compact groups, 2007.

    >>> random_rotation(3).shape
    (3, 3)
    """
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise InputError(f"dim must be an integer >= 1, got {dim!r}")
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[0] = -q[0]
    return np.asarray(q, dtype=np.float64)


def transform_coordinates(
    f: Function, change: CoordinateMap, *, suffix: str, words: str, lost: frozenset[str], **facts: Any
) -> Function:
    """Return g(u) = f(inverse(u)), with all points and boxes of f mapped forward."""
    known: dict[str, Any] = {
        "domain": change.map_box(f.domain),
        "view": change.map_box(f.view),
        "start": map_points(change.forward, [f.start])[0],
        "minima": map_points(change.forward, f.minima),
        "stationary": map_stationary(change.forward, f.stationary),
        "nonsmooth_where": f.nonsmooth_where and f"in the coordinates of {f.name}: {f.nonsmooth_where}",
        "residuals": None if f.residuals is None else lambda *u: f.evaluate_residuals(change.inverse(torch.stack(u))),
    }
    if change.enlarges and f.outside != "higher" and math.isfinite(f.minimum):  # lower points may be in the larger box
        local = map_points(change.forward, stationary_minima(f))
        known["stationary"] = (*(StationaryPoint("minimum", point) for point in local), *known["stationary"])
        known |= {"minima": (), "minimum": math.nan}
    return derived(
        f,
        lambda inner: lambda u: inner.evaluate(change.inverse(u)),
        suffix=suffix,
        words=words,
        kept_tags=set(f.tags) - lost,
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
    lost: frozenset[str] = LOST_BY_ROTATION,
) -> Function:
    center = (0.0,) * f.dim if about is None else as_point(about, f.dim, "about")
    axis_aligned = bool(((matrix != 0).sum(1) == 1).all())
    inverse_matrix: Matrix = np.asarray(np.linalg.inv(matrix), dtype=np.float64) if inverse is None else inverse

    def map_box(old: Box) -> Box:
        low, high = np.array(old).T
        middle, reach = (low + high) / 2 - center, np.abs(matrix) @ ((high - low) / 2)
        middle = matrix @ middle + center
        return tuple(zip((middle - reach).tolist(), (middle + reach).tolist(), strict=True))

    change = CoordinateMap(_affine(inverse_matrix, center), _affine(matrix, center), map_box, enlarges=not axis_aligned)
    if axis_aligned:
        lost = lost - LOST_BY_ROTATION | LOST
    kept = [tag for tag in f.tags if tag not in lost]
    tags = kept if axis_aligned else sorted({*kept, "rotated"}, key=[*TAGS, *kept].index)
    words = words if about is None else f"{words} about {_format_point(center)}"
    return transform_coordinates(f, change, suffix=suffix, words=words, lost=lost, tags=tuple(tags))


def _affine(matrix: Matrix, center: Sequence[float]) -> ColumnMap:
    """Map points (d, ...) to center + A (x − center), added term by term: a matrix product rounds by batch size."""
    rows = [[(float(a), j) for j, a in enumerate(row) if a] for row in matrix]

    def apply(x: Tensor) -> Tensor:
        middle = column(center, x)
        coordinates = (x - middle).unbind(0)
        sums = [functools.reduce(torch.add, [a * coordinates[j] for a, j in row]) for row in rows]
        return middle + torch.stack(sums)

    return apply


def _rotation_matrix(degrees: float) -> Matrix:
    """Return the matrix of a rotation, exact for multiples of 90 degrees."""
    quarters, rest = divmod(degrees, 90)
    cos, sin = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    for _ in range(int(quarters) % 4):
        cos, sin = -sin, cos
    return np.array([[cos, -sin], [sin, cos]])


def _as_matrix(value: Any, dim: int) -> Matrix:
    try:
        matrix = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.zeros(0)
    if matrix.shape != (dim, dim):
        raise InputError(f"the matrix must have shape ({dim}, {dim}), got {short_repr(value)}")
    if not np.isfinite(matrix).all():
        raise InputError(f"the matrix must be finite, got {matrix.tolist()}")
    return matrix


def _format_point(point: Sequence[float]) -> str:
    text = ", ".join(f"{c:.4g}" for c in point)
    return text if len(point) == 1 else f"({text})"
