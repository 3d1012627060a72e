"""Marks: paths with their colours. Agg draws those of neighbouring artists in one call, faster than one by one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import is_
from typing import Any

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY, Canvas, stroke
from landscapes.render.artists.polyline import PixelPath

Color = tuple[float, float, float, float]
"""Red, green, blue and opacity."""

NOT_FILLED: Color = (0.0, 0.0, 0.0, 0.0)

SOLID = [(0, None)]
"""The dashes of all marks."""

UNIT, UNMOVED, NO_COLORS = np.eye(3), np.zeros((0, 2)), np.zeros((0, 4))


@dataclass(slots=True, eq=False)
class Mark:
    """A path with its place, width and colours.

    Attributes:
        path: the path; in pixels, unless it has a matrix.
        width: width of the line in points; 0 for none.
        color: colour of the line.
        face: colour of the inside; None for none.
        matrix: how the path is scaled and turned before it is moved to x, y: a, b, c, d of `Affine2D.from_values`.
        x, y: the place of a path with a matrix, in pixels.
    """

    path: PixelPath | Path
    width: float
    color: Color
    face: Color | None = None
    matrix: tuple[float, float, float, float] | None = None
    x: float = 0.0
    y: float = 0.0


NO_MARKS: list[Mark] = []


class Marked:
    """Mixin of artists that consist of marks.

    Attributes:
        clipped: whether the artist's clip box applies.
        snap: whether lines are moved to whole pixels; None if Agg decides.
    """

    clipped = True
    snap: bool | None = None

    def marks(self, renderer: RendererBase) -> list[Mark]:
        """Return the marks, back to front: the same list as before if only places and vertices have changed."""
        raise NotImplementedError

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self: Any, renderer: RendererBase) -> None:
        """Draw the marks one by one."""
        if shown := self.marks(renderer):
            gc = stroke(self, renderer, 0.0)
            if not self.clipped:
                gc.set_clip_rectangle(None)
            if isinstance(renderer, RendererAgg):
                gc.set_snap(self.snap)
            for mark in shown:
                gc.set_linewidth(mark.width)
                gc.set_foreground(mark.color, isRGBA=True)
                place: Transform = IDENTITY
                if mark.matrix is not None:
                    a, b, c, d = mark.matrix
                    place = Affine2D.from_values(a, b, c, d, mark.x, mark.y)
                renderer.draw_path(gc, mark.path, place, mark.face)
            gc.set_snap(None)
            gc.restore()
        self.stale = False


class Batch:
    """Neighbouring artists that are drawn in one call; pixels are those of one call per mark."""

    def __init__(self, artists: Sequence[Any]) -> None:
        self._artists = artists
        self._snap: bool | None = artists[0].snap
        self._lists: list[list[Mark]] = []
        self._marks: list[Mark] = []

    def draw(self, canvas: Canvas) -> None:
        """Draw the artists."""
        lists = [artist.marks(canvas) for artist in self._artists]
        if len(lists) != len(self._lists) or not all(map(is_, lists, self._lists)):
            self._collect(lists)
        if not self._marks:
            return
        first = self._artists[0]
        gc = stroke(first, canvas, 0.0)
        if not first.clipped:
            gc.set_clip_rectangle(None)
        gc.set_snap(self._snap)
        if len(self._places):
            self._places[:, :2, 2] = [(mark.x, mark.y) for mark in self._marks]
        canvas.draw_path_collection(
            gc, UNIT, self._paths, self._places, UNMOVED, UNIT, self._faces, self._colors, self._widths, SOLID,  # type: ignore[arg-type]
            np.ones(1, bool), [None], "screen",  # type: ignore[arg-type, list-item]
        )  # fmt: skip
        gc.set_snap(None)

    def _collect(self, lists: list[list[Mark]]) -> None:
        """Collect what all marks have in arrays."""
        self._lists = lists
        self._marks = marks = [mark for own in lists for mark in own]
        self._paths = [mark.path for mark in marks]
        self._widths = np.array([mark.width for mark in marks], float)
        self._colors = np.array([mark.color for mark in marks], float).reshape(-1, 4)
        filled = any(mark.face is not None for mark in marks)
        self._faces = np.array([mark.face or NOT_FILLED for mark in marks], float) if filled else NO_COLORS
        placed = [mark for mark in marks if mark.matrix is not None]
        self._places: NDArray[np.float64] = np.repeat(UNIT[None], len(marks) if placed else 0, axis=0)
        if placed:
            self._places[:, :2, :2] = [((m[0], m[2]), (m[1], m[3])) for m in (mark.matrix or PLAIN for mark in marks)]


PLAIN = 1.0, 0.0, 0.0, 1.0
"""The matrix of paths in pixels."""


def joined(layers: Sequence[Any]) -> list[Any]:
    """Return the layers with runs of neighbours that can be drawn together as batches."""
    found: list[Any] = []
    runs: list[tuple[Hashable, list[Any]]] = []
    for layer in layers:
        key = _kind(layer)
        if key is not None and runs and runs[-1][0] == key:
            runs[-1][1].append(layer)
        else:
            runs.append((key, [layer]))
    for key, own in runs:
        found.append(own[0] if key is None else Batch(own))
    return found


def _kind(layer: Any) -> Hashable | None:
    """Return what the layers of a batch have in common; None for a layer that draws itself."""
    if not isinstance(layer, Marked) or type(layer).draw is not Marked.draw or not isinstance(layer, Artist):
        return None
    if layer.get_clip_path() is not None or layer.get_agg_filter() is not None:
        return None
    box = layer.get_clip_box() if layer.clipped and layer.get_clip_on() else None
    return layer.clipped, layer.snap, None if box is None else tuple(np.array(box.extents).tolist())


@cache
def rgba(color: Any) -> Color:
    """Return a colour as numbers."""
    return to_rgba(color)
