"""The surface beneath a page's race, as numbers that its script colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Record, Surface
from landscapes.render.html.pool import Pool
from landscapes.render.plots.contours import MOST_LINES, is_known
from landscapes.render.plots.levels import relief

FINEST = 257
"""Points a side of the grid; finer surfaces are read at so many."""

PARTS = 256
"""Heights are rounded to so many parts of a band of colour."""

Grid = NDArray[np.float64]


def ground(record: Record, pool: Pool) -> dict[str, Any]:
    """What a page's map needs; its heights go to the pool.

    A height is told in bands of colour: 3.25 lies a quarter of the way from the third border to the next. So the
    script needs no levels, colours by any theme, and finds each level line where a height is whole.
    """
    surface = record.surface
    assert surface is not None
    heights, holes, bands = _heights(surface)
    rows, columns = heights.shape
    box = np.array([surface.x[[0, -1]], surface.y[[0, -1]]])
    minima = (surface.minima - box[:, 0]) / (box[:, 1] - box[:, 0])
    whole = np.rint(PARTS * heights).astype(np.int64)
    rough = np.diff(np.diff(whole, axis=0, prepend=0), axis=1, prepend=0)
    return {
        "box": [float(side) for side in box.ravel()],
        "columns": columns,
        "rows": rows,
        "parts": PARTS,
        "bands": bands,
        "stride": _stride(heights),
        "heights": pool.put(rough),
        "holes": pool.put(holes.astype(np.int64)) if holes.any() else 0,
        "minima": [[round(float(part), 6) for part in point] for point in minima if np.isfinite(point).all()],
        "known": is_known(record),
    }


def _heights(surface: Surface) -> tuple[Grid, NDArray[np.bool_], int]:
    """The heights in bands, on an even grid, where there are none, and how many bands there are."""
    shape = relief(surface)
    bands = len(shape.levels) - 1
    known = np.ma.filled(shape.height, np.nan)
    counted = np.interp(known, shape.levels, np.arange(bands + 1))
    even = _even(_even(counted, surface.x).T, surface.y).T
    holes = ~np.isfinite(even)
    return _filled(even, holes), holes, bands


def _filled(heights: Grid, holes: NDArray[np.bool_]) -> Grid:
    """Heights with something smooth in the holes, so that what is drawn beside them does not swing."""
    places = np.arange(heights.shape[1])
    rows = [
        np.interp(places, places[~hole], row[~hole]) for row, hole in zip(heights, holes, strict=True) if not hole.all()
    ]
    whole = np.flatnonzero(~holes.all(1))
    if not rows:
        return np.zeros_like(heights)
    near = np.abs(np.arange(len(heights))[:, None] - whole).argmin(1)
    return np.asarray(np.array(rows)[near])


def _even(values: Grid, axis: Grid) -> Grid:
    """Values (n, len(axis)) on an even grid of no more points than `FINEST`; the same ones where they are on one."""
    count = min(len(axis), FINEST)
    places = np.linspace(axis[0], axis[-1], count)
    if count == len(axis) and np.allclose(places, axis, rtol=0, atol=1e-3 * (axis[-1] - axis[0]) / count):
        return values
    return np.stack([np.interp(places, axis, row) for row in values])


def _stride(heights: Grid) -> int:
    """Every how many levels have a line, so that no more than `MOST_LINES` sides of it are drawn.

    The length of all level lines is the integral of the slope (the coarea formula).
    """
    along = [np.gradient(heights, axis=axis) * (count - 1) for axis, count in enumerate(heights.shape)]
    return max(int(np.ceil(float(np.hypot(*along).mean()) / MOST_LINES)), 1)
