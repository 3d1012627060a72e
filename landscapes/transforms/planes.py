"""Restriction of a function to a plane or a line."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Box, Function, Interval, Point
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import FunctionOrName, as_point, column, derived, inside, short_repr

KEPT = frozenset({"smooth", "convex", "stochastic", "least squares"})
"""Tags that hold in every plane if they hold for the function."""

IN_PLANE = 1e-9
"""Minimizers at most this far from the plane, relative to the domain, lie in it."""


@recorded_call
def restricted(
    f: FunctionOrName,
    origin: Sequence[float],
    directions: Sequence[Sequence[float]],
    *,
    domain: Sequence[Interval] | None = None,
    start: Sequence[float] | None = None,
) -> Function:
    """Return the function in a plane or on a line: g(u) = f(origin + u₁ d₁ + u₂ d₂ + …).

    The minimizers of f in the plane are the minimizers of g. If there are none, the minima are unknown. They are also
    unknown if the box of u reaches outside the domain of f and f has lower values there.

    Args:
        f: the function, or its name in the catalogue; for more coordinates, pass `get(name).with_dim(d)`.
        origin: a point of f, d numbers.
        directions: k independent directions, shape (k, d): two for a plane, one for a line.
        domain: box of u, one interval per direction; by default each direction as far as the domain of f.
        start: default start point of races, k numbers; by default the point of the plane nearest to the start of f.

    Raises:
        InputError: for dependent directions, and for an origin outside the domain of f unless `domain` is given.

    >>> restricted("booth", (0, 0), [(1, 0)]).domain
    ((-10.0, 10.0),)
    """
    f = as_function(f)
    center = as_point(origin, f.dim, "origin")
    basis = _as_directions(directions, f.dim)
    box = _reach(f.domain, center, basis, f"domain of {f.name}") if domain is None else _as_box(domain, len(basis))
    view = box if domain is not None or not inside(center, f.view) else _reach(f.view, center, basis, "view")
    first = _nearest(center, basis, [f.start])[0] if start is None else as_point(start, len(basis), "start")
    minimum_holds = f.outside == "higher" or _contains(f.domain, center, basis, box)
    minima = _minima_in_plane(f, center, basis) if minimum_holds else ()
    terms = [[(float(a), k) for k, a in enumerate(row) if a] for row in basis.T]

    def embed(u: Tensor) -> Tensor:
        """Return the points (d, ...) of f, added term by term: a matrix product rounds by batch size."""
        zero = torch.zeros_like(u[0])
        moves = [functools.reduce(torch.add, [a * u[k] for a, k in row]) if row else zero for row in terms]
        return column(center, u) + torch.stack(moves)

    unbounded = f.minimum == -math.inf
    return derived(
        f,
        lambda inner: lambda u: inner.evaluate(embed(u)),
        suffix="line" if len(basis) == 1 else "plane",
        words="along a line" if len(basis) == 1 else "in a plane",
        kept_tags=KEPT,
        domain=box,
        view=view,
        start=first if start is not None or inside(first, box) else (0.0,) * len(basis),
        minima=minima,
        minimum=f.minimum if minima else math.nan,
        stationary=(),
        outside="unbounded" if unbounded else f.outside,
        nonsmooth_where=f.nonsmooth_where and f"in the coordinates of {f.name}: {f.nonsmooth_where}",
        residuals=None if f.residuals is None else lambda *u: f.evaluate_residuals(embed(torch.stack(u))),
    )


def _as_directions(value: Any, dim: int) -> NDArray[np.float64]:
    try:
        basis = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        basis = np.zeros(0)
    if basis.ndim != 2 or basis.shape[1] != dim or not len(basis):
        raise InputError(
            f"directions must be one or more of {dim} numbers each, as in [{[1.0] + [0.0] * (dim - 1)}], "
            f"got {short_repr(value)}"
        )
    if not np.isfinite(basis).all():
        raise InputError(f"directions must be finite, got {basis.tolist()}")
    if len(basis) > dim or not np.linalg.cond(basis) < 1e12:
        raise InputError(f"directions must be linearly independent, got {basis.tolist()}")
    return basis


def _reach(box: Box, center: Point, basis: NDArray[np.float64], what: str) -> Box:
    """Return the interval of each direction, from the center, that stays inside a box."""
    found = []
    for direction in basis:
        ends = [
            sorted(((low - c) / w, (high - c) / w))
            for (low, high), c, w in zip(box, center, direction.tolist(), strict=True)
            if w
        ]
        low, high = max(end[0] for end in ends), min(end[1] for end in ends)
        if not (low < high and inside(center, box)):
            raise InputError(
                f"the origin {center} lies outside the {what}; give a domain=[(low, high), …] of the plane"
            )
        found.append((low, high))
    return tuple(found)


def _contains(box: Box, center: Point, basis: NDArray[np.float64], plane: Box) -> bool:
    """Return whether a box contains all points of a box in the plane."""
    low, high = np.array(plane).T
    middle, reach = (low + high) / 2 @ basis + center, (high - low) / 2 @ np.abs(basis)
    lowest, highest = np.array(box).T
    slack = 1e-12 * (highest - lowest)
    return bool((middle - reach >= lowest - slack).all() and (middle + reach <= highest + slack).all())


def _as_box(domain: Any, count: int) -> Box:
    try:
        box = tuple((float(low), float(high)) for low, high in domain)
    except (TypeError, ValueError):
        box = ()
    if len(box) != count:
        raise InputError(
            f"domain must have one interval (low, high) for each of the {count} directions, got {short_repr(domain)}"
        )
    return box


def _nearest(center: Point, basis: NDArray[np.float64], points: Sequence[Point]) -> list[Point]:
    """Return the coordinates, in the plane, of the points nearest to points of f."""
    offsets = (np.array(points) - center).T
    found = np.linalg.lstsq(basis.T, offsets, rcond=None)[0]
    return [tuple(point) for point in found.T.tolist()]


def _minima_in_plane(f: Function, center: Point, basis: NDArray[np.float64]) -> tuple[Point, ...]:
    """Return the coordinates, in the plane, of the minimizers of f that lie in it."""
    if not f.minima:
        return ()
    found = _nearest(center, basis, f.minima)
    widths = np.array([high - low for low, high in f.domain])
    distances = np.abs(np.array(found) @ basis + center - np.array(f.minima)) / widths
    return tuple(point for point, distance in zip(found, distances.max(1), strict=True) if distance <= IN_PLANE)
