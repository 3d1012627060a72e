"""Where trajectories overlap, so that the upper one can be dashed and show the lower ones.

Example: A and B follow the same curve; A is drawn first. The view is divided into a grid of 250 × 250 cells. A marks
the cells that it crosses. B crosses the same cells, so its segments there have depth 1: one earlier trail lies
beneath. B is drawn with gaps in that part, `(first point, last point, 1)`, and solid elsewhere. If B gets there before
A, the gaps open
only once A has come by: `since` gives the point of B at that step.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

CELLS = 250
"""Trails closer than one cell of this grid over the view overlap."""

SHORTEST = 0.03
"""Overlaps shorter than this share of the view are crossings and ignored."""

MOST = 100
"""More trails or curves than this have no gaps: there, most of each trail would be gaps."""

NEVER = np.iinfo(np.int64).max

Pieces = list[tuple[int, int, int]]
"""Parts of a trail: first point, last point, number of earlier trails beneath."""

Numbers = NDArray[np.int64]


def split_overlaps(
    all_points: Sequence[NDArray[np.float64]], view: tuple[tuple[float, float], tuple[float, float]]
) -> list[Pieces]:
    """Split each trail, points (n, 2), into parts with the number of earlier trails beneath.

    >>> points = np.column_stack([np.linspace(0, 1, 50), np.linspace(0, 1, 50)])
    >>> split_overlaps([points, points], ((0, 1), (0, 1)))
    [[(0, 49, 0)], [(0, 49, 1)]]
    """
    return [cut for cut, _ in find_overlaps(all_points, view)]


def find_overlaps(
    all_points: Sequence[NDArray[np.float64]],
    view: tuple[tuple[float, float], tuple[float, float]],
    steps: Sequence[Numbers] | None = None,
) -> list[tuple[Pieces, Numbers]]:
    """Return the parts of each trail, and for each segment when the first earlier trail has passed there too.

    The time is the number of the point that the trail has reached by then; 0 if the earlier one passes first. More
    than `MOST` trails have one part each.

    Args:
        all_points: the points of each trail, shape (n, 2).
        view: the limits of x and of y.
        steps: the step of each point, ascending; by default its number.

    >>> slow = np.column_stack([np.linspace(0, 1, 50) ** 2, np.zeros(50)])
    >>> (_, none), (_, since) = find_overlaps([slow, slow**0.5], ((0, 1), (0, 1)))
    >>> none.tolist() == [0] * 49, since[[0, 20, 48]].tolist()
    (True, [6, 32, 0])
    """
    if len(all_points) > MOST:
        counts = [max(len(points) - 1, 0) for points in all_points]
        return [([(0, count, 0)], np.zeros(count, np.int64)) for count in counts]
    low, high = np.array(view, float).T
    taken = np.zeros((CELLS + 2, CELLS + 2), np.int64)
    first = np.full_like(taken, NEVER)
    found: list[tuple[Pieces, Numbers]] = []
    for trail, points in enumerate(all_points):
        step = np.arange(len(points)) if steps is None else steps[trail]
        unit = np.nan_to_num(np.clip((points - low) / (high - low), -1.0, 2.0), nan=-1.0)
        segment, cells = _walk(unit)
        depth = taken[cells[:, 0], cells[:, 1]]
        least, since = np.full(max(len(points) - 1, 0), NEVER), np.zeros(max(len(points) - 1, 0), np.int64)
        np.minimum.at(least, segment, depth)
        np.maximum.at(since, segment, first[cells[:, 0], cells[:, 1]])
        length = np.hypot(*np.diff(unit, axis=0).T)
        parts = merge_segments(np.where(least == NEVER, 0, least), length)
        deep = np.repeat([depth > 0 for *_, depth in parts], [end - begin for begin, end, _ in parts])
        late = deep & (since > step[1:])
        if steps is not None:
            since = np.where(since == NEVER, NEVER, np.searchsorted(step, since))
        found.append((parts, np.where(late, since, 0)))
        if len(found) == len(all_points):
            break  # no later trail
        inside = (unit >= 0).all(1) & (unit <= 1).all(1)
        visible = inside[segment] & inside[np.minimum(segment + 1, len(points) - 1)]
        if not visible.any():
            continue
        corner = cells[visible].min(0) - 1  # the piece of the grid that holds the trail and the cells around it
        size = np.minimum(cells[visible].max(0) + 2, CELLS + 2) - corner
        piece = slice(corner[0], corner[0] + size[0]), slice(corner[1], corner[1] + size[1])
        reached_at = np.full(size, NEVER)
        reached_at[tuple((cells[visible][::-1] - corner).T)] = step[
            segment[visible][::-1] + 1
        ]  # later assignments win: the earliest point per cell
        for grid in (reached_at, reached_at.T):  # include the neighbouring cells
            before = grid.copy()
            grid[1:] = np.minimum(grid[1:], before[:-1])
            grid[:-1] = np.minimum(grid[:-1], before[1:])
        taken[piece] += reached_at < NEVER
        first[piece] = np.minimum(first[piece], reached_at)
    return found


def _walk(unit: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells that a trail crosses: for each sample the segment and the cell."""
    moves = np.diff(unit, axis=0)
    count = np.maximum(np.ceil(2 * CELLS * np.abs(moves).max(1, initial=0.0)), 1).astype(np.int64)
    segment = np.repeat(np.arange(len(moves)), count)
    share = (np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / np.repeat(count, count)
    points = unit[segment] + share[:, None] * moves[segment]
    cells = np.clip(np.floor(np.clip(points, -0.01, 1.01) * CELLS) + 1, 0, CELLS + 1).astype(np.int64)
    return segment, cells


def merge_segments(depth: NDArray[np.int64], length: NDArray[np.float64]) -> Pieces:
    """Merge neighbouring segments of one depth into parts; overlaps that are too short become depth 0."""
    if not len(depth):
        return [(0, 0, 0)]
    for begin, end in _stretches(depth > 0):
        if length[begin:end].sum() < SHORTEST:
            depth[begin:end] = 0
        else:  # one depth per part, so that its dashes are continuous
            depth[begin:end] = int(np.median(depth[begin:end]))
    return [(begin, end, int(depth[begin])) for begin, end in _stretches(depth)]


def _stretches(values: NDArray[np.int64] | NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return runs of equal values as (first index, last index + 1); for flags only the True ones."""
    borders = np.concatenate([[0], np.flatnonzero(np.diff(values.astype(np.int64))) + 1, [len(values)]])
    found = [(int(a), int(b)) for a, b in pairwise(borders)]
    return [(a, b) for a, b in found if values.dtype != bool or values[a]]
