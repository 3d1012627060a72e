"""Projected trajectories: their pixels, which segments are visible, and how they are stroked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY, Boxes
from landscapes.render.artists.polyline import PixelPath
from landscapes.render.artists.thinning import spaced
from landscapes.render.plot3d.surface_model import SurfaceRun

Points = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ProjectedRun:
    """A trajectory in pixels.

    Attributes:
        run: the trajectory on the surface.
        points: its points in pixels, shape (n, 2).
        visible: which of them are not hidden by the surface, shape (n,).
    """

    run: SurfaceRun
    points: Points
    visible: Flags

    @cached_property
    def finite(self) -> Flags:
        """Which points are finite, shape (n,)."""
        return np.asarray(np.isfinite(self.points).all(1))

    @cached_property
    def needed(self) -> Flags:
        """Which points a picture needs, shape (n,): a few per pixel, and where visibility changes."""
        with np.errstate(invalid="ignore"):
            moves = np.nan_to_num(np.hypot(*np.diff(self.points, axis=0).T))
        needed = spaced(np.concatenate([[0.0], np.cumsum(moves)])) | ~self.finite
        changes = self.visible[1:] != self.visible[:-1]
        needed[1:] |= changes
        needed[:-1] |= changes
        return needed

    @cached_property
    def ever(self) -> bool:
        """Whether any point is finite."""
        return bool(self.finite.any())

    def until(self, end: float) -> ProjectedRun:
        """Return the part up to a point, or to a fraction of the way from one to the next."""
        last = int(end)
        count = last + 1 + (end > last)
        points, finite = self.points[:count], self.finite[:count]
        if end > last:
            points, finite = points.copy(), finite.copy()
            points[-1] = points[-2] + (end - last) * (points[-1] - points[-2])
            finite[-1] &= finite[-2]
        part = ProjectedRun(self.run, points, self.visible[:count])
        part.__dict__.update(needed=self.needed[:count], finite=finite)  # instead of computing them anew
        return part

    def heads(self, ends: Sequence[float]) -> tuple[Points, Flags]:
        """Return where the head is at some points, with fractions between them, and whether it is visible there.

        Where the run is not finite, the head is at its last finite point; NaN if there is none.
        """
        at = np.array(ends)
        first, second = np.floor(at).astype(int), np.ceil(at).astype(int)
        places = self.points[first] + (at - first)[:, None] * (self.points[second] - self.points[first])
        seen = self.visible[second]
        for row in np.flatnonzero(~np.isfinite(places).all(1)).tolist():
            known = np.flatnonzero(self.finite[: second[row] + 1])
            places[row] = self.points[known[-1]] if len(known) else np.nan
        return places, seen


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of a trajectory that a picture needs.

    Attributes:
        points: their ends in pixels, shape (m, 2).
        numbers: the numbers of these points in the trajectory, shape (m,), ascending.
        seen, hidden: which of the m - 1 segments are drawn as visible ones and as hidden ones.
    """

    points: Points
    numbers: NDArray[np.int64]
    seen: Flags
    hidden: Flags

    @classmethod
    def of(cls, one: ProjectedRun, exact: Iterable[int], boxes: Boxes | None, margin: float) -> Segments:
        """Return the segments of a trajectory.

        Args:
            one: the trajectory.
            exact: points to keep, besides both ends.
            boxes: the regions in use; segments that are far from all of them are not drawn. None for the whole page.
            margin: how far strokes reach from the points.
        """
        needed = one.needed.copy()
        needed[[0, -1, *exact]] = True
        numbers = np.flatnonzero(needed)
        points = one.points[numbers]
        finite, visible = one.finite[numbers], one.visible[numbers]
        drawn = finite[:-1] & finite[1:] & _near(points, boxes, margin)
        seen = visible[:-1] & visible[1:]
        return cls(points, numbers, drawn & seen, drawn & ~seen)

    def between(self, begin: int, end: int) -> slice:
        """Return the segments between two points of the trajectory."""
        first, last = np.searchsorted(self.numbers, (begin, end)).tolist()
        return slice(first, last)


def _near(points: Points, boxes: Boxes | None, margin: float) -> Flags:
    """Return which segments of a polyline come near one of the boxes; all of them for None."""
    if boxes is None:
        return np.ones(len(points) - 1, bool)
    near = np.zeros(len(points) - 1, bool)
    with np.errstate(invalid="ignore"):
        low, high = np.minimum(points[:-1], points[1:]), np.maximum(points[:-1], points[1:])
        for left, bottom, right, top in (boxes + margin * np.array([-1, -1, 1, 1])).tolist():
            near |= ((low <= [right, top]) & (high >= [left, bottom])).all(1)
    return near


def draw_segments(renderer: RendererBase, gc: GraphicsContextBase, lines: Sequence[tuple[Points, Flags]]) -> None:
    """Draw the chosen segments of polylines (n, 2) as one path; nothing if there are none."""
    vertices, codes = [], []
    for points, drawn in lines:
        if drawn.all() and len(drawn):
            vertices.append(points)
            codes.append(np.full(len(points), Path.LINETO, Path.code_type))
            codes[-1][0] = Path.MOVETO
        elif drawn.any():
            needed = np.append(drawn, False) | np.append(False, drawn)
            vertices.append(points[needed])
            codes.append(np.where(np.append(False, drawn), Path.LINETO, Path.MOVETO).astype(Path.code_type)[needed])
    if vertices:
        path: Any
        if isinstance(renderer, RendererAgg):  # pixels must not depend on distant vertices, as simplifying does
            path = PixelPath(np.concatenate(vertices), np.concatenate(codes))
        else:
            path = Path(np.concatenate(vertices), np.concatenate(codes))
        renderer.draw_path(gc, path, IDENTITY)
