"""Numbers of a page as compact text, and the surface as such numbers, coloured by the page's script.

Integers are zigzag-encoded, split into byte planes, deflated, and written in base64.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Record, Surface
from landscapes.render.plots.color_levels import color_levels
from landscapes.render.plots.contours import is_known
from landscapes.render.plots.level_lines import MOST_LINES

UNKNOWN = 9999
"""Exponent that marks NaN and infinity; see `four_digits`."""

MAX_POINTS = 257
"""Maximum grid points per side; finer surfaces are resampled."""

PARTS = 256
"""Heights are rounded to this many parts of a colour band."""

Grid = NDArray[np.float64]


@dataclass
class IntegerBlock:
    """Arrays of integers that are encoded as one text."""

    parts: list[NDArray[np.int64]] = field(default_factory=list)

    def append(self, values: NDArray[np.int64]) -> int:
        """Append integers with absolute values below 2³⁰, and return their number."""
        self.parts.append(values.ravel())
        return values.size

    @property
    def text(self) -> str:
        """All integers in order: sign as the last bit, bytes of equal weight together, deflated, in base64.

        >>> block = IntegerBlock()
        >>> block.append(np.array([1, -1, 300]))
        3
        >>> list(zlib.decompress(base64.b64decode(block.text)))
        [2, 1, 88, 0, 0, 2, 0, 0, 0, 0, 0, 0]
        """
        whole = np.concatenate([np.zeros(0, np.int64), *self.parts])
        signed = ((whole << 1) ^ (whole >> 63)).astype("<u4")
        planes = signed.view(np.uint8).reshape(-1, 4).T
        return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def differences(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first number, then the difference of each to the previous one.

    >>> differences(np.array([5, 7, 4])).tolist()
    [5, 2, -3]
    """
    return np.diff(values, prepend=0)


def four_digits(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Round numbers to four digits. Return integers, and the powers of ten to multiply them by.

    >>> [part.tolist() for part in four_digits(np.array([0.0123456, -2.5, 0.0, np.inf]))]
    [[1235, -2500, 0, 0], [-5, -3, -3, 9999]]
    """
    parts = [f"{value:.3e}".split("e") if np.isfinite(value) else ["0", str(UNKNOWN + 3)] for value in values.tolist()]
    whole = [(int(front.replace(".", "")), int(power) - 3) for front, power in parts]
    front, power = np.array(whole, np.int64).reshape(-1, 2).T
    return front, power


def surface_data(record: Record, block: IntegerBlock, *, computed: bool = False) -> dict[str, Any]:
    """Return the facts of the surface, and append its heights to the block.

    With `computed`, a page that has the function computes the heights, if they follow from values and levels alone.

    Heights are measured in colour bands: 3.25 is a quarter of the way from the third level to the next. So the script
    needs no levels, can use any theme, and finds level lines at integer heights.
    """
    surface = record.surface
    assert surface is not None
    heights, holes, bands = _heights(surface)
    rows, columns = heights.shape
    box = np.array([surface.x[[0, -1]], surface.y[[0, -1]]])
    minima = (surface.minima - box[:, 0]) / (box[:, 1] - box[:, 0])
    scaled = np.rint(PARTS * heights).astype(np.int64)
    rough = np.diff(np.diff(scaled, axis=0, prepend=0), axis=1, prepend=0)
    levels = _level_facts(surface) if computed and not holes.any() else None
    return {
        "box": [float(side) for side in box.ravel()],
        "columns": columns,
        "rows": rows,
        "parts": PARTS,
        "bands": bands,
        "stride": _stride(heights),
        "levels": levels,
        "heights": 0 if levels else block.append(rough),
        "holes": block.append(holes.astype(np.int64)) if holes.any() else 0,
        "minima": [[round(float(part), 6) for part in point] for point in minima if np.isfinite(point).all()],
        "known": is_known(record),
    }


def _level_facts(surface: Surface) -> dict[str, Any] | None:
    """Return how a page turns values into heights in bands; None if its heights would be others."""
    shape = color_levels(surface)
    if len(surface.x) > MAX_POINTS or len(surface.y) > MAX_POINTS or not np.isfinite(surface.values).all():
        return None
    height = surface.values
    if shape.zero is not None and shape.offset is not None:
        height = np.log10(np.maximum(height - shape.zero, 0.0) + shape.offset)
    bands = np.arange(len(shape.levels))
    apart = np.interp(height, shape.levels, bands) - np.interp(np.ma.getdata(shape.height), shape.levels, bands)
    if not np.abs(apart).max() < 1 / PARTS:
        return None
    return {"zero": shape.zero, "offset": shape.offset, "borders": shape.levels.tolist()}


def _heights(surface: Surface) -> tuple[Grid, NDArray[np.bool_], int]:
    """Return heights in bands on an even grid, a mask of holes, and the number of bands."""
    shape = color_levels(surface)
    bands = len(shape.levels) - 1
    known = np.ma.filled(shape.height, np.nan)
    counted = np.interp(known, shape.levels, np.arange(bands + 1))
    even = _on_even_grid(_on_even_grid(counted, surface.x).T, surface.y).T
    holes = ~np.isfinite(even)
    return _fill_holes(even, holes), holes, bands


def _fill_holes(heights: Grid, holes: NDArray[np.bool_]) -> Grid:
    """Fill holes smoothly, so that interpolation next to them does not oscillate."""
    places = np.arange(heights.shape[1])
    rows = [
        np.interp(places, places[~hole], row[~hole]) for row, hole in zip(heights, holes, strict=True) if not hole.all()
    ]
    whole = np.flatnonzero(~holes.all(1))
    if not rows:
        return np.zeros_like(heights)
    near = np.abs(np.arange(len(heights))[:, None] - whole).argmin(1)
    return np.asarray(np.array(rows)[near])


def _on_even_grid(values: Grid, axis: Grid) -> Grid:
    """Resample values (n, len(axis)) to an even grid of at most `MAX_POINTS` points, unless it is even already."""
    count = min(len(axis), MAX_POINTS)
    places = np.linspace(axis[0], axis[-1], count)
    if count == len(axis) and np.allclose(places, axis, rtol=0, atol=1e-3 * (axis[-1] - axis[0]) / count):
        return values
    return np.stack([np.interp(places, axis, row) for row in values])


def _stride(heights: Grid) -> int:
    """Return the spacing of drawn level lines that limits their total length to `MOST_LINES` plot sides.

    The total length of all level lines is the integral of the slope (coarea formula).
    """
    along = [np.gradient(heights, axis=axis) * (count - 1) for axis, count in enumerate(heights.shape)]
    return max(int(np.ceil(float(np.hypot(*along).mean()) / MOST_LINES)), 1)
