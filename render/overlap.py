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

Pieces = list[tuple[int, int, int]]
"""Parts of a trail: first point, last point, and how many earlier trails took the same way."""


def pieces(ways: Sequence[NDArray[np.float64]], view: tuple[tuple[float, float], tuple[float, float]]) -> list[Pieces]:
    """Cuts each trail, points (n, 2), into parts that it has alone and parts that earlier ones have too.

    >>> way = np.column_stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)])
    >>> pieces([way, way], ((0, 1), (0, 1)))
    [[(0, 49, 0)], [(0, 49, 1)]]
    """
    low, high = np.array(view, float).T
    taken = np.zeros((CELLS + 2, CELLS + 2), np.int64)
    cut: list[Pieces] = []
    for way in ways:
        unit = np.nan_to_num(np.clip((way - low) / (high - low), -1.0, 2.0), nan=-1.0)
        segment, cells = _walk(unit)
        depth = taken[cells[:, 0], cells[:, 1]]
        shared = np.full(max(len(way) - 1, 0), np.iinfo(np.int64).max)
        np.minimum.at(shared, segment, depth)
        length = np.hypot(*np.diff(unit, axis=0).T)
        cut.append(_parts(np.where(shared == np.iinfo(np.int64).max, 0, shared), length))
        mark = np.zeros_like(taken, dtype=bool)
        inside = (unit >= 0).all(1) & (unit <= 1).all(1)
        seen = inside[segment] & inside[np.minimum(segment + 1, len(way) - 1)]
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                mark[np.clip(cells[seen, 0] + dx, 0, CELLS + 1), np.clip(cells[seen, 1] + dy, 0, CELLS + 1)] = True
        taken += mark
    return cut


def _walk(unit: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells that a way crosses: for each sample along it the segment and the cell."""
    moves = np.diff(unit, axis=0)
    count = np.maximum(np.ceil(2 * CELLS * np.abs(moves).max(1, initial=0.0)), 1).astype(np.int64)
    segment = np.repeat(np.arange(len(moves)), count)
    share = (np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
    points = unit[segment] + share[:, None] * moves[segment]
    cells = np.clip(np.floor(np.clip(points, -0.01, 1.01) * CELLS) + 1, 0, CELLS + 1).astype(np.int64)
    return segment, cells


def _parts(shared: NDArray[np.int64], length: NDArray[np.float64]) -> Pieces:
    """Neighbouring segments of one depth as parts, too short shared ones taken back."""
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
