"""Where trails take the same way, so that the upper one can let the lower ones show through."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

CELLS = 250
"""Trails nearer than a cell of this grid over the view count as one way."""

SHORTEST = 0.03
"""Shared ways shorter than this share of the view are mere crossings."""

NEVER = np.iinfo(np.int64).max

Pieces = list[tuple[int, int, int]]
"""Parts of a trail: first point, last point, and how many earlier trails took the same way."""

Numbers = NDArray[np.int64]


def pieces(ways: Sequence[NDArray[np.float64]], view: tuple[tuple[float, float], tuple[float, float]]) -> list[Pieces]:
    """Cuts each trail, points (n, 2), into parts that it has alone and parts that earlier ones have too.

    >>> way = np.column_stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)])
    >>> pieces([way, way], ((0, 1), (0, 1)))
    [[(0, 49, 0)], [(0, 49, 1)]]
    """
    return [cut for cut, _ in shared(ways, view)]


def shared(
    ways: Sequence[NDArray[np.float64]], view: tuple[tuple[float, float], tuple[float, float]]
) -> list[tuple[Pieces, Numbers]]:
    """The `pieces` of each trail, and for each of its moves when the first of the earlier ones has come by as well.

    That is told as the number of the point where that one is by then; 0 where it comes before the trail itself.

    >>> slow = np.column_stack([np.linspace(0, 1, 50) ** 2, np.zeros(50)])
    >>> (_, none), (_, since) = shared([slow, slow**0.5], ((0, 1), (0, 1)))
    >>> none.tolist() == [0] * 49, since[[0, 20, 48]].tolist()
    (True, [6, 32, 0])
    """
    low, high = np.array(view, float).T
    taken = np.zeros((CELLS + 2, CELLS + 2), np.int64)
    first = np.full_like(taken, NEVER)
    found: list[tuple[Pieces, Numbers]] = []
    for way in ways:
        unit = np.nan_to_num(np.clip((way - low) / (high - low), -1.0, 2.0), nan=-1.0)
        segment, cells = _walk(unit)
        depth = taken[cells[:, 0], cells[:, 1]]
        least, since = np.full(max(len(way) - 1, 0), NEVER), np.zeros(max(len(way) - 1, 0), np.int64)
        np.minimum.at(least, segment, depth)
        np.maximum.at(since, segment, first[cells[:, 0], cells[:, 1]])
        length = np.hypot(*np.diff(unit, axis=0).T)
        parts = stretches(np.where(least == NEVER, 0, least), length)
        deep = np.repeat([depth > 0 for *_, depth in parts], [end - begin for begin, end, _ in parts])
        found.append((parts, np.where(deep & (since > np.arange(len(since)) + 1), since, 0)))
        if len(found) == len(ways):
            break  # nobody comes after it
        inside = (unit >= 0).all(1) & (unit <= 1).all(1)
        seen = inside[segment] & inside[np.minimum(segment + 1, len(way) - 1)]
        if not seen.any():
            continue
        corner = cells[seen].min(0) - 1  # of a piece of the grid that holds the way and the cells around it
        size = np.minimum(cells[seen].max(0) + 2, CELLS + 2) - corner
        piece = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
        came = np.full(size, NEVER)
        came[tuple((cells[seen][::-1] - corner).T)] = segment[seen][::-1] + 1  # the earliest in a cell is the last told
        for grid in (came, came.T):  # and the cells around
            before = grid.copy()
            grid[1:] = np.minimum(grid[1:], before[:-1])
            grid[:-1] = np.minimum(grid[:-1], before[1:])
        taken[piece] += came < NEVER
        first[piece] = np.minimum(first[piece], came)
    return found


def _walk(unit: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells that a way crosses: for each sample along it the segment and the cell."""
    moves = np.diff(unit, axis=0)
    count = np.maximum(np.ceil(2 * CELLS * np.abs(moves).max(1, initial=0.0)), 1).astype(np.int64)
    segment = np.repeat(np.arange(len(moves)), count)
    share = (np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
    points = unit[segment] + share[:, None] * moves[segment]
    cells = np.clip(np.floor(np.clip(points, -0.01, 1.01) * CELLS) + 1, 0, CELLS + 1).astype(np.int64)
    return segment, cells


def stretches(shared: NDArray[np.int64], length: NDArray[np.float64]) -> Pieces:
    """Neighbouring segments of one depth as parts, too short shared ones taken back; lengths are shares of the view."""
    if not len(shared):
        return [(0, 0, 0)]
    for begin, end in _stretches(shared > 0):
        if length[begin:end].sum() < SHORTEST:
            shared[begin:end] = 0
        else:  # one depth a stretch, so that its dashes run through
            shared[begin:end] = int(np.median(shared[begin:end]))
    return [(begin, end, int(shared[begin])) for begin, end in _stretches(shared)]


def _stretches(values: NDArray[np.int64] | NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where neighbouring values are equal: first index and the one behind the last; for flags only the True ones."""
    borders = np.concatenate([[0], np.flatnonzero(np.diff(values.astype(np.int64))) + 1, [len(values)]])
    found = [(int(a), int(b)) for a, b in pairwise(borders)]
    return [(a, b) for a, b in found if values.dtype != bool or values[a]]
