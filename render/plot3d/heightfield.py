"""Rendering of a height field pixel by pixel, without a mesh or a depth buffer.

Under an upright parallel projection, each column of pixels is a line over the map. Its heights are sampled from
front to back, and a pixel shows the first sample whose running maximum reaches it. The running maximum also
determines which points are hidden behind the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.render.plot3d.resampling import resized

Points = NDArray[np.float64]

SIDE = 1536
"""Cells per side of the table of heights."""

SINK = np.float32(-1e9)
"""Height of holes and of the area outside the map; it hides nothing."""

DENSE = 1.1
"""Samples per column and per pixel of its height."""

INSIDE = 1e-4
"""How far before a border of the map its height is read."""

TOLERANCE = 2.5
"""A point counts as visible up to this many pixels below the surface in front of it."""


@dataclass(frozen=True, eq=False)
class Projection:
    """An upright parallel projection of the unit square with heights to pixels, with the origin at the lower left.

    The point (x, y) of the unit square at height z is drawn at the pixel `origin + x·across + y·along + z·(0, up)`.

    Attributes:
        origin, across, along: shape (2,) each, in pixels.
        up: pixels per unit of height.
    """

    origin: Points
    across: Points
    along: Points
    up: float

    def __call__(self, points: Points) -> Points:
        """Project points (…, 3) to pixels (…, 2)."""
        x, y, z = points[..., :1], points[..., 1:2], points[..., 2:]
        return np.asarray(self.origin + x * self.across + y * self.along + z * np.array([0.0, self.up]))

    @property
    def ahead(self) -> Points:
        """Unit vector in the unit square that points away from the viewer."""
        a, b = float(self.across[0]), float(self.along[0])
        away = np.array([-b, a]) / np.hypot(a, b)
        return np.asarray(away if away @ [self.across[1], self.along[1]] >= 0 else -away)


class HeightField:
    """Heights over the unit square, to be rendered from any direction above.

    Args:
        height: heights, shape (ny, nx), first row at y = 0; NaN marks holes.
        colors: colours of equal cells of the square, shape (n, n, 3), uint8; see `paint`.
        side: cells per side of the table of heights.

    Attributes:
        cells: the heights in the middle of the cells, shape (side, side); NaN in holes.
        holes: whether any height is NaN.
    """

    def __init__(self, height: Points, colors: NDArray[np.uint8] | None = None, side: int = SIDE) -> None:
        height = np.asarray(height, np.float64)
        self.side = side
        self.cells = np.clip(resized(height, side), *_range(height))
        self.holes = bool(np.isnan(self.cells).any())
        table = np.full((side + 2, side + 2), SINK, np.float32)  # with a transparent border
        table[1:-1, 1:-1] = np.nan_to_num(self.cells, nan=float(SINK))
        self._heights = table.ravel()
        self._colors = np.zeros(9, np.uint32)
        self._color_side = 1
        if colors is not None:
            self.paint(colors)

    def paint(self, colors: NDArray[np.uint8]) -> None:
        """Set the colours of equal cells of the square, shape (n, n, 3), uint8."""
        self._color_side = len(colors)
        shown = np.zeros((len(colors) + 2, len(colors) + 2, 4), np.uint8)
        shown[1:-1, 1:-1, :3] = colors
        shown[1:-1, 1:-1, 3] = 255
        self._colors = shown.view(np.uint32).ravel()

    def at(self, x: Points, y: Points) -> Points:
        """Return the drawn heights at points of the unit square; NaN outside the square and in holes."""
        inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        col, row = (np.where(inside, share, 0) * self.side + 1 for share in (x, y))
        here = self._heights.take(_table_index(col, row, self.side))
        return np.where(inside & (here > SINK / 2), here, np.nan).astype(np.float64)

    def render(self, view: Projection, width: int, height: int, samples: int | None = None) -> RenderedView:
        """Render the height field into a window of width × height pixels.

        Args:
            view: the projection to the window.
            width, height: the size of the window.
            samples: heights per column of pixels; by default a few more than it has pixels.
        """
        return RenderedView(self, view, width, height, samples)


class RenderedView:
    """A rendered height field, with visibility tests for points on it.

    Attributes:
        rgba: the image, shape (height, width, 4), top row first; transparent where there is no surface.
        heights: the height of the surface at each pixel, shape (height, width); any number where there is no surface.
    """

    def __init__(
        self, field: HeightField, view: Projection, width: int, height: int, samples: int | None = None
    ) -> None:
        self.view = view
        self.width, self.height = width, height
        f4 = np.float32
        ahead = view.ahead
        sideways = np.array([view.across[0], view.along[0]])
        unit = sideways / (sideways @ sideways)
        begin = (np.arange(width) + 0.5 - view.origin[0])[:, None] * unit  # start of each column's line, at depth 0
        corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)]) @ ahead
        self._nearest = float(corners.min())
        count = max(int(DENSE * height), 2) if samples is None else samples
        depth = np.linspace(corners.min(), corners.max(), count)
        self._spacing = float(depth[1] - depth[0])
        lift = float(ahead @ [view.across[1], view.along[1]])
        base = begin @ np.array([view.across[1], view.along[1]]) + view.origin[1]

        def cells(depth: NDArray[np.float32], side: int) -> NDArray[np.int32]:
            """Return the cells of a table at these depths of all columns."""
            (x0, y0), (dx, dy) = (begin.T * side + 1).astype(f4), (ahead * side).astype(f4)
            return _table_index(x0 + depth * dx, y0 + depth * dy, side)

        with np.errstate(divide="ignore", invalid="ignore"):
            first_side, second_side = -begin / ahead, (1 - begin) / ahead
        before = np.where(ahead == 0, -np.inf, np.minimum(first_side, second_side)).max(1) + INSIDE
        behind = np.where(ahead == 0, np.inf, np.maximum(first_side, second_side)).min(1) - INSIDE

        def level_at(depth: Points) -> NDArray[np.float32]:
            """Return the covered height where each column enters or leaves the map."""
            height = field._heights.take(cells(depth.astype(f4), field.side), mode="clip")
            return np.asarray(height * view.up + depth * lift + base, f4)

        depths = depth.astype(f4)[:, None]
        level = np.empty((count + 1, width), f4)
        level[:count] = field._heights.take(cells(depths, field.side), mode="clip")
        level[:count] *= f4(view.up)
        level[:count] += depths * f4(lift)
        level[:count] += base.astype(f4)
        level[count] = level_at(behind)  # otherwise the skyline would be ragged
        hole = level < SINK / 2 if field.holes else None
        np.maximum.accumulate(level, 0, out=level)
        self._level = level  # covered height by sample, front to back: (count + 1, width)
        columns = np.arange(width, dtype=np.int32)
        rows = np.clip(level + f4(0.5), 0, height).astype(np.int32)
        rows *= width
        rows += columns
        first = np.bincount(rows.ravel(), minlength=(height + 1) * width).reshape(height + 1, width)[:height]
        first = first.astype(np.int32)
        np.cumsum(first, 0, out=first)  # the first sample that covers each pixel
        empty = first > count
        np.minimum(first, count, out=first)
        here = first * width
        here += columns
        flat = level.ravel()
        above = flat.take(here, mode="clip")
        here -= width
        below = flat.take(np.maximum(here, 0, out=here), mode="clip")
        middle = np.arange(height, dtype=f4)[:, None] + f4(0.5)
        edge = below < SINK / 2 if hole is None else hole.ravel().take(here, mode="clip")
        share = middle - below
        share /= above - below + f4(1e-6)
        share[edge] = 1
        empty |= edge & (above - middle > 1 + abs(lift) * self._spacing)  # below the near edge of a hole
        empty |= middle < level_at(before)
        share += first
        share -= 1
        share *= f4(self._spacing)
        share += f4(self._nearest)
        at = np.flatnonzero(first == count)
        share.ravel()[at] = behind.astype(f4)[at % width]
        shown = middle - base.astype(f4)
        shown -= share * f4(lift)
        shown /= f4(view.up)
        self.heights: NDArray[np.float32] = shown[::-1]
        picture = field._colors.take(cells(share, field._color_side), mode="clip")
        picture[empty] = 0
        self.rgba: NDArray[np.uint8] = np.ascontiguousarray(picture[::-1]).view(np.uint8).reshape(height, width, 4)
        self._soften(level[-1])

    def _soften(self, top: NDArray[np.float32]) -> None:
        """Antialias the skyline: set the alpha of its pixels to the covered share."""
        row = np.floor(top - 0.5).astype(int) + 1  # the first row whose centre is not covered
        columns = np.flatnonzero((row > 0) & (row < self.height) & (top > SINK / 2))
        row = row[columns]
        share = np.clip(top[columns] - (row - 0.5), 0, 1)
        below = self.rgba[self.height - row, columns]
        self.rgba[self.height - 1 - row, columns] = below
        self.rgba[self.height - 1 - row, columns, 3] = (share * below[:, 3]).astype(np.uint8)

    def visible(self, points: Points) -> NDArray[np.bool_]:
        """Return which points (n, 3) on the surface are not hidden by other parts of it."""
        pixel = self.view(points)
        finite = np.asarray(np.isfinite(pixel).all(1))
        pixel = np.where(finite[:, None], pixel, 0)
        column = np.clip(pixel[:, 0].astype(int), 0, self.width - 1)
        depth = np.nan_to_num(points[:, :2]) @ self.view.ahead
        sample = np.clip(((depth - self._nearest) / self._spacing).astype(int) - 2, 0, len(self._level) - 1)
        return np.asarray(finite & (pixel[:, 1] >= self._level[sample, column] - TOLERANCE))


def _table_index(x: Any, y: Any, side: int) -> NDArray[np.int32]:
    """Return flat indices of the table cells that contain points; points outside fall into the border.

    The arrays of coordinates are overwritten.
    """
    place: NDArray[np.int32] = np.clip(y, 0, side + 1, out=y).astype(np.int32)
    place *= side + 2
    place += np.clip(x, 0, side + 1, out=x).astype(np.int32)
    return place


def _range(height: Points) -> tuple[float, float]:
    """Return the lowest and the highest finite height."""
    known = height[np.isfinite(height)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
