"""A height field seen from aside, pixel by pixel: no mesh and no buffer of depths.

Under an upright parallel projection each column of pixels is a line over the map. Its heights are sampled from
front to back; a pixel shows the first sample whose running maximum reaches it. The running maximum also says what hides
behind a hill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

SIDE = 1536
"""Samples a side of the tables that pixels look up."""

SINK = np.float32(-1e9)
"""The height of holes, and of what lies outside the map: nothing is hidden by it."""

DENSE = 1.1
"""Samples a column, in pixels of its height."""

TOLERANCE = 2.5
"""How many pixels a point may lie behind what is in front of it and still count as seen."""


@dataclass(frozen=True, eq=False)
class Projection:
    """An upright parallel projection of the unit square and heights onto pixels, counted from the lower left.

    A point (x, y) of the unit square at height z goes to the pixel `origin + x·across + y·along + z·(0, up)`.

    Attributes:
        origin, across, along: shape (2,) each, in pixels.
        up: pixels a unit of height.
    """

    origin: Points
    across: Points
    along: Points
    up: float

    def __call__(self, points: Points) -> Points:
        """The pixels (…, 2) of points (…, 3)."""
        x, y, z = points[..., :1], points[..., 1:2], points[..., 2:]
        return np.asarray(self.origin + x * self.across + y * self.along + z * np.array([0.0, self.up]))

    @property
    def ahead(self) -> Points:
        """The direction in the unit square, of length 1, that leads away from the eye."""
        a, b = float(self.across[0]), float(self.along[0])
        away = np.array([-b, a]) / np.hypot(a, b)
        return np.asarray(away if away @ [self.across[1], self.along[1]] >= 0 else -away)


class HeightField:
    """Heights over the unit square with a colour each, to be looked at from anywhere above.

    Args:
        height: shape (ny, nx), y upwards; NaN where there is a hole.
        colors: of the pieces of the square, shape (my, mx, 3), uint8.

    Attributes:
        holes: whether there are any.
    """

    def __init__(self, height: Points, colors: NDArray[np.uint8]) -> None:
        self.height = np.asarray(height, np.float64)
        table = np.full((SIDE + 2, SIDE + 2), SINK, np.float32)  # a border that shows nothing
        table[1:-1, 1:-1] = np.nan_to_num(resized(self.height, SIDE), nan=float(SINK))
        self._heights = table.ravel()
        self.holes = bool(np.isnan(self.height).any())
        shown = np.zeros((SIDE + 2, SIDE + 2, 4), np.uint8)
        rows, cols = (np.arange(SIDE) * n // SIDE for n in colors.shape[:2])
        shown[1:-1, 1:-1, :3] = colors[np.ix_(rows, cols)]
        shown[1:-1, 1:-1, 3] = 255
        self._colors = shown.view(np.uint32).ravel()

    def at(self, x: Points, y: Points) -> Points:
        """The heights at points of the unit square, as drawn; NaN outside of it and in holes."""
        inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        here = self._heights.take(_place(_cell(np.where(inside, x, 0)), _cell(np.where(inside, y, 0))))
        return np.where(inside & (here > SINK / 2), here, np.nan).astype(np.float64)

    def seen(self, view: Projection, width: int, height: int) -> Sight:
        """What a window of so many pixels shows."""
        return Sight(self, view, width, height)


class Sight:
    """A height field as a window shows it.

    Attributes:
        rgba: the picture, shape (height, width, 4), from its top row down; transparent where there is no surface.
    """

    def __init__(self, field: HeightField, view: Projection, width: int, height: int) -> None:
        self.view = view
        self.width, self.height = width, height
        f4 = np.float32
        ahead = view.ahead
        sideways = np.array([view.across[0], view.along[0]])
        unit = sideways / (sideways @ sideways)
        begin = (np.arange(width) + 0.5 - view.origin[0])[:, None] * unit  # where each column's line starts, at depth 0
        corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)]) @ ahead
        self._nearest = float(corners.min())
        count = max(int(DENSE * height), 2)
        depth = np.linspace(corners.min(), corners.max(), count)
        self._spacing = float(depth[1] - depth[0])
        lift = float(ahead @ [view.across[1], view.along[1]])
        base = begin @ np.array([view.across[1], view.along[1]]) + view.origin[1]
        x0, y0 = (_cell(begin[:, i]).astype(f4) for i in (0, 1))
        dx, dy = (f4(SIDE * part) for part in ahead)
        steps = depth.astype(f4)[:, None]
        level = field._heights.take(_place(x0 + steps * dx, y0 + steps * dy))
        level *= f4(view.up)
        level += (depth * lift).astype(f4)[:, None]
        level += base.astype(f4)
        hole = level < SINK / 2 if field.holes else None
        np.maximum.accumulate(level, 0, out=level)
        self._level = level  # how high in the window all is covered, front to back: (count, width)
        columns = np.arange(width, dtype=np.int32)
        rows = np.clip(level + f4(0.5), 0, height).astype(np.int32)
        rows *= width
        rows += columns
        first = np.bincount(rows.ravel(), minlength=(height + 1) * width).reshape(height + 1, width)[:height]
        first = first.astype(np.int32)
        np.cumsum(first, 0, out=first)  # the first sample that covers each pixel
        bare = first >= count
        np.minimum(first, count - 1, out=first)
        here = first * width
        here += columns
        flat = level.ravel()
        above = flat.take(here)
        here -= width
        below = flat.take(np.maximum(here, 0, out=here))
        middle = np.arange(height, dtype=f4)[:, None] + f4(0.5)
        edge = below < SINK / 2 if hole is None else hole.ravel().take(here)
        share = middle - below
        share /= above - below + f4(1e-6)
        share[edge] = 1
        bare |= edge & (above - middle > 1 + abs(lift) * self._spacing)  # beneath a near edge
        share += first
        share -= 1
        share *= f4(self._spacing)
        share += f4(self._nearest)
        picture = field._colors.take(_place(x0 + share * dx, y0 + share * dy))
        picture[bare] = 0
        self.rgba: NDArray[np.uint8] = np.ascontiguousarray(picture[::-1]).view(np.uint8).reshape(height, width, 4)
        self._soften(level[-1])

    def _soften(self, top: NDArray[np.float32]) -> None:
        """Lets the pixel that the skyline cuts show as much of the surface as it holds."""
        row = np.floor(top - 0.5).astype(int) + 1  # the first one whose middle is not covered
        columns = np.flatnonzero((row > 0) & (row < self.height) & (top > SINK / 2))
        row = row[columns]
        share = np.clip(top[columns] - (row - 0.5), 0, 1)
        beneath = self.rgba[self.height - row, columns]
        self.rgba[self.height - 1 - row, columns] = beneath
        self.rgba[self.height - 1 - row, columns, 3] = (share * beneath[:, 3]).astype(np.uint8)

    def shows(self, points: Points) -> NDArray[np.bool_]:
        """Which of points (n, 3) on the surface are in front of everything else in the window."""
        pixel = self.view(points)
        sound = np.asarray(np.isfinite(pixel).all(1))
        pixel = np.where(sound[:, None], pixel, 0)
        column = np.clip(pixel[:, 0].astype(int), 0, self.width - 1)
        depth = np.nan_to_num(points[:, :2]) @ self.view.ahead
        sample = np.clip(((depth - self._nearest) / self._spacing).astype(int) - 2, 0, len(self._level) - 1)
        return np.asarray(sound & (pixel[:, 1] >= self._level[sample, column] - TOLERANCE))


def _cell(share: Points) -> Points:
    """Where shares of the square's side lie in a table with a border."""
    return share * SIDE + 1


def _place(x: Any, y: Any) -> NDArray[np.int32]:
    """The numbers of the cells of a table that hold points; those outside belong to its border."""
    place: NDArray[np.int32] = np.clip(y, 0, SIDE + 1).astype(np.int32)
    place *= SIDE + 2
    place += np.clip(x, 0, SIDE + 1).astype(np.int32)
    return place


def resized(values: Points, side: int) -> Points:
    """Values on a grid of another size, linear in between."""
    for axis in (0, 1):
        n = values.shape[axis]
        at = np.clip((np.arange(side) + 0.5) / side * (n - 1), 0, n - 1)
        low = np.minimum(at.astype(int), max(n - 2, 0))
        share = (at - low)[:, None] if axis == 0 else (at - low)[None, :]
        after = np.minimum(low + 1, n - 1)
        values = values.take(low, axis) * (1 - share) + values.take(after, axis) * share
    return values
