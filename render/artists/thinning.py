"""Drop points of very large races that no pixel shows.

Example: a run that converges at step 300 of 10,000 stays within one pixel from then on. Its trail keeps one point per
quarter pixel, and its last point. A loss curve with 10,000 points on 300 pixels keeps the extremes of each half pixel.
Races with fewer than `MANY` points keep them all, so that any magnification of their pictures is exact.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

Points = NDArray[np.float64]
Numbers = NDArray[np.int64]

MANY = 2**18
"""A race is thinned from this many points on, over all runs."""

CELL = 0.25 / 2**0.5
"""The side of the cells in which a trail keeps one point, in pixels: no point moves by more than a quarter pixel."""

FLAT, PASSES = 0.03, 8
"""How far a vertex may lie from the line between its neighbours to be dropped, in pixels, and how often."""

COLUMN = 0.5
"""The width of the columns in which a curve keeps its extremes, in pixels."""


LONG = 1000
"""Polylines with more points keep two vertices per pixel."""

SAME = 16
"""Segments are equal if their ends are to so many parts of a pixel."""

DENSE = 8
"""The largest number of vertices per pixel of shorter ones; more cost time and change no level of a pixel by two."""


def spaced(length: Points) -> NDArray[np.bool_]:
    """Return which points of a polyline its strokes need, given the length up to each in pixels.

    >>> spaced(np.array([0.0, 0.05, 0.1, 0.2, 3.0])).tolist()
    [True, False, False, True, True]
    """
    dense = 2 if len(length) > LONG else DENSE
    return np.asarray(np.diff(np.floor(dense * length), prepend=-1) > 0)


def trail_points(points: Points, ax: Axes) -> Numbers:
    """Return the numbers of the points (n, 2) that a trail needs on the axes as they are now, ascending.

    >>> from matplotlib.figure import Figure
    >>> rest = np.vstack([np.linspace([0, 0], [1, 1], 5), np.ones((1000, 2))])
    >>> trail_points(rest, Figure().subplots()).tolist()
    [0, 1, 2, 3, 4, 1004]
    """
    changes, outside = np.zeros(len(points) - 1, bool), np.zeros(len(points), bool)
    for side, low, high in zip(_pixels(points, ax), *np.array(ax.bbox.extents).reshape(2, 2), strict=True):
        cell = np.floor(np.clip(side, 2 * low - high, 2 * high - low) / CELL)
        changes |= cell[1:] != cell[:-1]
        outside |= (side < low) | (side > high)
    keep = np.append(True, changes)
    keep[:-1] |= changes & outside[:-1]  # the direction in which a segment comes back depends on its exact begin
    keep[-1] = True
    return np.flatnonzero(keep)


def curve_points(points: Points, ax: Axes) -> Numbers:
    """Return the numbers of the points (n, 2) that a curve to the right needs on the axes as they are now, ascending.

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> _ = ax.set(xlim=(0, 10_000))
    >>> len(curve_points(np.column_stack([np.arange(10_000), np.linspace(0, 1, 10_000)]), ax)) < 2000
    True
    """
    x, y = _pixels(points, ax)
    begins = np.flatnonzero(np.diff(np.floor(x / COLUMN), prepend=np.nan) != 0)
    counts = np.diff(begins, append=len(x))
    lowest, highest = (np.repeat(least.reduceat(y, begins), counts) for least in (np.fmin, np.fmax))
    known = np.isfinite(y)
    keep = np.diff(y, prepend=np.nan) != 0
    keep &= (y == lowest) | (y == highest) | ~known
    keep[begins] = keep[-1] = True
    keep[1:] |= known[1:] != known[:-1]  # the ends of holes
    keep[:-1] |= known[1:] != known[:-1]
    return np.flatnonzero(keep)


def straightened(pixels: Points, kept: Numbers) -> Numbers:
    """Return the kept points without those near the line between their neighbours; none is off by a quarter pixel.

    >>> straightened(np.array([[0.0, 0.0], [1, 0], [2, 0], [3, 0], [3, 5]]), np.arange(5)).tolist()
    [0, 3, 4]
    """
    for _ in range(PASSES):
        one, between, two = pixels[kept[:-2:2]], pixels[kept[1:-1:2]], pixels[kept[2::2]]
        with np.errstate(all="ignore"):
            along, to = two - one, between - one
            length = np.hypot(*along.T)
            off = np.abs(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) / length
            share = (along * to).sum(1) / length**2
        drop = 1 + 2 * np.flatnonzero((off < FLAT) & (share >= 0) & (share <= 1))
        kept = np.delete(kept, drop)
        if len(drop) < len(kept) / 50:
            break
    return kept


def new_segments(vertices: Points, drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the drawn segments of a polyline repeat no earlier one, in any direction.

    A run that ends in a cycle takes the same few steps thousands of times.

    >>> there_and_back = np.array([[0.0, 0.0], [2, 1], [0, 0], [2.001, 1], [5, 5]])
    >>> new_segments(there_and_back, np.ones(4, bool)).tolist()
    [True, False, False, True]
    """
    known: NDArray[np.bool_] = np.all(np.abs(vertices) < 2**24, axis=1)  # not if NaN
    x, y = np.rint(SAME * np.where(known[:, None], vertices, 0.0)).astype(np.int64).T
    _, place = np.unique(x << 32 ^ y & 0xFFFFFFFF, return_inverse=True)
    pairs = np.minimum(place[:-1], place[1:]) * len(place) + np.maximum(place[:-1], place[1:])
    segments = np.flatnonzero(drawn & known[:-1] & known[1:])
    repeated = np.ones(len(segments), bool)
    repeated[np.unique(pairs[segments], return_index=True)[1]] = False
    new = drawn.copy()
    new[segments[repeated]] = False
    return new


def _pixels(points: Points, ax: Axes) -> Points:
    """Return x and y of points in pixels, shape (2, n)."""
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(ax.transData.transform(points).T)
