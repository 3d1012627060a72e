"""Planes and lines through a landscape of more coordinates."""

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
from landscapes.objectives._function import Function, Interval, Point
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import Box, Landscape, column, inside, landscape, remade, shown, vector

KEPT = frozenset({"smooth", "convex", "stochastic", "least squares"})
"""Tags that every plane through a landscape has with it."""

NEAR = 1e-9
"""How far from the plane, in sides of the domain, a minimiser still counts as lying in it."""


@recorded_call
def restricted(
    f: Landscape,
    origin: Sequence[float],
    directions: Sequence[Sequence[float]],
    *,
    domain: Sequence[Interval] | None = None,
    start: Sequence[float] | None = None,
) -> Function:
    """A plane through the landscape, or a line: g(u) = f(origin + u₁ d₁ + u₂ d₂ + …).

    The minima of f that lie in the plane are its minima. Where none does they are not known, nor where corners of
    the plane lie beyond f's domain and f is lower there.

    Args:
        f: the landscape, or its name in the catalogue; ask for more coordinates by `get(name).with_dim(d)`.
        origin: a point of f, d numbers.
        directions: k independent directions, (k, d): two for a plane, one for a line.
        domain: the box of u, one interval a direction; by default as far as each direction stays in f's domain.
        start: where races begin, k numbers; by default the point of the plane nearest to f's start.

    Raises:
        InputError: for directions that are not independent, and where the origin lies outside f's domain and
            no domain is given.

    >>> restricted("booth", (0, 0), [(1, 0)]).domain
    ((-10.0, 10.0),)
    """
    f = landscape(f, "restricted")
    center = vector(origin, f.dim, "the origin of a plane")
    ways = _directions(directions, f.dim)
    box = _reach(f.domain, center, ways, f"domain of {f.name}") if domain is None else _given(domain, len(ways))
    view = box if domain is not None or not inside(center, f.view) else _reach(f.view, center, ways, "view")
    first = _nearest(center, ways, [f.start])[0] if start is None else vector(start, len(ways), "the start")
    safe = f.outside == "higher" or _holds(f.domain, center, ways, box)
    found = _within(f, center, ways) if safe else ()
    terms = [[(float(a), k) for k, a in enumerate(column_) if a] for column_ in ways.T]

    def back(u: Tensor) -> Tensor:
        """Points (d, ...) of f; summed term by term, for a matrix product rounds by batch."""
        zero = torch.zeros_like(u[0])
        moves = [functools.reduce(torch.add, [a * u[k] for a, k in row]) if row else zero for row in terms]
        return column(center, u) + torch.stack(moves)

    bottomless = f.minimum == -math.inf
    return remade(
        f,
        lambda inner: lambda u: inner.evaluate(back(u)),
        suffix="line" if len(ways) == 1 else "plane",
        words="along a line" if len(ways) == 1 else "in a plane",
        kept=KEPT,
        domain=box,
        view=view,
        start=first if start is not None or inside(first, box) else (0.0,) * len(ways),
        minima=found,
        minimum=f.minimum if found else math.nan,
        stationary=(),
        outside="unbounded" if bottomless else f.outside,
        nonsmooth_where=f.nonsmooth_where and f"in the coordinates of {f.name}: {f.nonsmooth_where}",
        residuals=None if f.residuals is None else lambda *u: f.evaluate_residuals(back(torch.stack(u))),
    )


def _directions(given: Any, dim: int) -> NDArray[np.float64]:
    try:
        ways = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        ways = np.zeros(0)
    if ways.ndim != 2 or ways.shape[1] != dim or not len(ways):
        raise InputError(
            f"directions are one or more of {dim} numbers each, as in [{[1.0] + [0.0] * (dim - 1)}], not {shown(given)}"
        )
    if not np.isfinite(ways).all():
        raise InputError(f"directions have finite numbers, not {ways.tolist()}")
    if len(ways) > dim or not np.linalg.cond(ways) < 1e12:
        raise InputError(f"directions must be independent, none of them 0 or made of the others; not {ways.tolist()}")
    return ways


def _reach(box: Box, center: Point, ways: NDArray[np.float64], what: str) -> Box:
    """How far along each direction the box goes, from the center on."""
    found = []
    for way in ways:
        ends = [
            sorted(((low - c) / w, (high - c) / w))
            for (low, high), c, w in zip(box, center, way.tolist(), strict=True)
            if w
        ]
        low, high = max(end[0] for end in ends), min(end[1] for end in ends)
        if not (low < high and inside(center, box)):
            raise InputError(
                f"the origin {center} lies outside the {what}; give a domain=[(low, high), …] for the plane"
            )
        found.append((low, high))
    return tuple(found)


def _holds(box: Box, center: Point, ways: NDArray[np.float64], plane: Box) -> bool:
    """Whether a box holds all points of a plane."""
    low, high = np.array(plane).T
    middle, reach = (low + high) / 2 @ ways + center, (high - low) / 2 @ np.abs(ways)
    lowest, highest = np.array(box).T
    slack = 1e-12 * (highest - lowest)
    return bool((middle - reach >= lowest - slack).all() and (middle + reach <= highest + slack).all())


def _given(domain: Any, count: int) -> Box:
    try:
        box = tuple((float(low), float(high)) for low, high in domain)
    except (TypeError, ValueError):
        box = ()
    if len(box) != count:
        raise InputError(f"the domain of {count} directions is {count} times (low, high), not {shown(domain)}")
    return box


def _nearest(center: Point, ways: NDArray[np.float64], points: Sequence[Point]) -> list[Point]:
    """The coordinates in the plane of what lies nearest to the points."""
    apart = (np.array(points) - center).T
    found = np.linalg.lstsq(ways.T, apart, rcond=None)[0]
    return [tuple(point) for point in found.T.tolist()]


def _within(f: Function, center: Point, ways: NDArray[np.float64]) -> tuple[Point, ...]:
    """The minimisers of f that lie in the plane."""
    if not f.minima:
        return ()
    found = _nearest(center, ways, f.minima)
    sides = np.array([high - low for low, high in f.domain])
    away = np.abs(np.array(found) @ ways + center - np.array(f.minima)) / sides
    return tuple(point for point, far in zip(found, away.max(1), strict=True) if far <= NEAR)
