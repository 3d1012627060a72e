"""Heads on one point or on a star are moved apart, so that all of them and the star are visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes, in_use, pixels
from landscapes.render.artists.marks import NO_MARKS, Mark, Marked, rgba
from landscapes.render.artists.polyline import PixelPath
from landscapes.render.artists.trails import RGB, Trail
from landscapes.render.theme import Theme

MOST = 60
"""More heads are not moved apart: there is no room around a point."""

NEAR = 0.8
"""Heads closer than this many diameters begin to move apart."""

APART = 0.8
"""The distance between neighbours on the ring around a point, in diameters."""

RINGS = 0.5, 1.35
"""The smallest and the largest radius of the ring, in diameters."""

ALONG = 1.05
"""The distance between crosses at one place of the border, in diameters."""

STAR_RING = 1.25
"""The least radius of a ring around a star, in diameters."""

PUSH = 1.3
"""How strongly heads push others that still overlap them; more would make those that cross leap."""

LEADER = 0.6
"""Width of the lines to where runs are, in widths of trails."""

FOOT = 1.5
"""Diameter of the dots where runs are, in widths of trails."""

DOT = Path.unit_circle().transformed(Affine2D().scale(0.5))

Shifts = NDArray[np.float64]
"""How far each head is moved, in pixels, shape (R, 2)."""


class Fan:
    """Computes how far heads are moved apart. Each moves in a direction of its own, so that none jumps.

    The shifts at a step follow from the points at that step alone, and change continuously with them.

    Args:
        trails: the trails of the runs.
        stopped: the step at which each run failed, or None; crosses at one place of the border move apart along it.
        stars: points (k, 2) that rings should leave visible.
        size: diameter of the heads in points.
    """

    def __init__(
        self, trails: Sequence[Trail], stopped: Sequence[int | None], stars: NDArray[np.float64], size: float
    ) -> None:
        self.trails = trails
        self.size = size
        self.stars = stars
        self._stopped = np.array([np.inf if step is None else step for step in stopped])
        self._drawn = np.array([bool(np.isfinite(trail.polyline.data).all(1).any()) for trail in trails])
        self._known: dict[float, NDArray[np.float64]] = {}
        self._layout: tuple[object, ...] = (None,)
        self._asked: Sequence[float] = ()
        self._bounds: tuple[list[list[float]], list[bool]] | None = None
        self._border: Shifts | None = None
        self._row_of: float | None = None
        self._row: list[list[float]] = []

    def shifts(self, steps: Sequence[float], renderer: RendererBase) -> NDArray[np.float64]:
        """Return the shifts at some steps, shape (steps, R, 2)."""
        return self.places(steps, renderer)[..., 2:]

    def places(self, steps: Sequence[float], renderer: RendererBase) -> NDArray[np.float64]:
        """Return where each run is at some steps, and how far its head is moved, in pixels, shape (steps, R, 4)."""
        self._update(renderer)
        missing = [step for step in dict.fromkeys(steps) if step not in self._known]
        if missing:
            self._known.update(zip(missing, self._compute(np.array(missing, float), renderer), strict=True))
        if steps is not self._asked:  # as all heads ask in turn
            self._asked, self._answer = steps, np.stack([self._known[step] for step in steps])
            self._bounds = None
        return self._answer

    def bounds(self, steps: Sequence[float], renderer: RendererBase) -> tuple[list[list[float]], list[bool]]:
        """Return the bounds of each head's places at some steps, shape (R, 4), and whether it is moved differently."""
        places = self.places(steps, renderer)
        if self._bounds is None:
            shifts = places[..., 2:]
            drawn = places[..., :2] + shifts
            boxes = np.concatenate([drawn.min(0), drawn.max(0)], axis=1)
            self._bounds = boxes.tolist(), (shifts != shifts[:1]).any((0, 2)).tolist()
        return self._bounds

    def row(self, step: float, renderer: RendererBase) -> list[list[float]]:
        """Return `places` at one step, shape (R, 4)."""
        self._update(renderer)
        if step != self._row_of:
            self._row_of, self._row = step, self.places([step], renderer)[0].tolist()
        return self._row

    def _update(self, renderer: RendererBase) -> None:
        first = self.trails[0]
        first.polyline.update(first, renderer)  # all of them are on the same axes
        layout = first.polyline.pixels, pixels(renderer, self.size), first.axes
        if layout[0] is not self._layout[0] or layout[1:] != self._layout[1:]:
            for trail in self.trails:
                trail.polyline.update(trail, renderer)
            self._layout, self._known, self._asked, self._row_of = layout, {}, (), None
            self._border = None

    def _compute(self, steps: NDArray[np.float64], renderer: RendererBase) -> NDArray[np.float64]:
        size, axes = pixels(renderer, self.size), self.trails[0].axes
        at = np.stack([trail.polyline.at(steps) for trail in self.trails], 1)
        seen: NDArray[np.bool_] = np.asarray(np.isfinite(at).all(-1))
        if isinstance(axes, Axes):
            low, high = axes.bbox.get_points()
            seen &= ((at >= low) & (at <= high)).all(-1)
        stars = np.zeros((0, 2))
        if len(self.stars) and isinstance(axes, Axes):
            stars = axes.transData.transform(self.stars)
        shifts = shifts_apart(at, seen, self._drawn, stars, size)
        if (crossed := steps[:, None] >= self._stopped).any():
            if self._border is None:
                self._border = self._along_border(size)
            shifts += np.where(crossed[..., None], self._border, 0.0)
        return np.concatenate([at, shifts], axis=-1)

    def _along_border(self, size: float) -> Shifts:
        """Return how far crosses at one place of the border are moved along it; others are not."""
        shifts = np.zeros((len(self.trails), 2))
        axes = self.trails[0].axes
        if axes is None:
            return shifts
        low, high = axes.bbox.get_points()
        groups: list[tuple[NDArray[np.float64], list[int]]] = []
        for run in np.flatnonzero(np.isfinite(self._stopped)).tolist():
            place = last_exit(self.trails[run].polyline.pixels, low, high)
            if place is None:
                continue
            near = (runs for at, runs in groups if np.hypot(*(at - place)) < NEAR * size)
            if (group := next(near, None)) is None:
                groups.append((place, [run]))
            else:
                group.append(run)
        for place, runs in groups:
            along = int(
                min(abs(place - low)[0], abs(place - high)[0]) < 0.5
            )  # up and down on the left and on the right
            gap = min(ALONG * size, (high - low)[along] / len(runs))
            offsets = gap * (np.arange(len(runs)) - (len(runs) - 1) / 2)
            first, last = place[along] + offsets[[0, -1]]
            shifts[runs, along] = offsets + max(low[along] - first, 0.0) - max(last - high[along], 0.0)
        return shifts


class Leaders(Marked, Artist, AnimatedArtist):
    """Lines from heads that were moved apart to dots where their runs are, below stars. Heads report the changes.

    The outlines of all lines are below all lines, so that none is cut where they meet, and the dots above.
    """

    fractional = True
    clipped = False  # as heads

    def __init__(self, fan: Fan) -> None:
        super().__init__()
        self._look: tuple[list[tuple[float, RGB, Theme]], float] = [], 0.0
        self._marks = NO_MARKS
        self.fan = fan
        self.step: float = float(max(trail.polyline.step[-1] for trail in fan.trails))
        self.set_zorder(5.3)

    def set_step(self, step: float) -> None:
        self.step = step

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        return NO_BOXES

    def marks(self, renderer: RendererBase) -> list[Mark]:
        if not self.get_visible():
            return NO_MARKS
        shown, ends = [], []
        unit = pixels(renderer, 1.0)
        axes = self.fan.trails[0].axes
        everywhere = -np.inf, -np.inf, np.inf, np.inf
        west, south, east, north = np.array(everywhere if axes is None else axes.bbox.extents).tolist()
        for run, (x, y, dx, dy) in enumerate(self.fan.row(self.step, renderer)):
            trail = self.fan.trails[run]
            if (dx or dy) and west <= x <= east and south <= y <= north and trail.get_visible():
                reach = unit * trail.get_linewidth()
                left, right, bottom, top = min(x, x + dx), max(x, x + dx), min(y, y + dy), max(y, y + dy)
                if in_use((left - reach, bottom - reach, right + reach, top + reach), renderer):
                    shown.append(run)
                    ends += [(x, y), (x + dx, y + dy)]
        if not shown:
            return NO_MARKS
        trails = [self.fan.trails[run] for run in shown]
        look = [(trail.get_linewidth(), trail.color, trail.theme) for trail in trails]
        if (look, unit) != self._look:
            self._look = look, unit
            codes = np.array([Path.MOVETO, Path.LINETO] * len(shown), Path.code_type)
            width, _, theme = look[0]
            self._marks = [Mark(PixelPath(np.zeros((0, 2)), codes), 2.2 * LEADER * width, rgba(theme.halo))]
            for width, color, _ in look:
                self._marks.append(Mark(PixelPath(np.zeros((0, 2)), None), LEADER * width, (*color, 1.0)))
            for width, color, theme in look:
                size = FOOT * width * unit
                plain = size, 0.0, 0.0, size
                self._marks.append(Mark(DOT, 0.8 * LEADER * width, rgba(theme.halo), (*color, 1.0), plain))
        vertices = np.array(ends)
        self._marks[0].path.vertices = vertices
        for place, (line, dot) in enumerate(zip(self._marks[1:], self._marks[1 + len(shown) :], strict=False)):
            line.path.vertices = vertices[2 * place : 2 * place + 2]
            dot.x, dot.y = ends[2 * place]
        if isinstance(renderer, RendererAgg):
            return self._marks
        lines, dots = self._marks[: 1 + len(shown)], self._marks[1 + len(shown) :]
        return [*(replace(line, path=Path(line.path.vertices, line.path.codes)) for line in lines), *dots]


def exits(
    points: NDArray[np.float64], extents: NDArray[np.float64]
) -> tuple[list[int], NDArray[np.float64], list[float]]:
    """Return the segments that touch a box, where each leaves it or ends, and its direction."""
    low, high = extents[:2], extents[2:]
    begin, move = points[:-1], np.diff(points, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (low - begin) / move, (high - begin) / move
        enters = np.nan_to_num(np.minimum(one, two), nan=-np.inf).max(1)
        leaves = np.nan_to_num(np.maximum(one, two), nan=np.inf).min(1)
        touch = np.flatnonzero(np.maximum(enters, 0) <= np.minimum(leaves, 1))
        places = begin[touch] + np.minimum(leaves[touch], 1.0)[:, None] * move[touch]
    return touch.tolist(), places, np.arctan2(move[touch, 1], move[touch, 0]).tolist()


def last_exit(
    points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return where a trail last leaves a box; None if it ends inside or was never there."""
    if not len(points) or ((points[-1] >= low) & (points[-1] <= high)).all():
        return None
    _, places, _ = exits(points, np.concatenate([low, high]))
    return np.asarray(places[-1]) if len(places) else None


def shifts_apart(
    at: NDArray[np.float64],
    seen: NDArray[np.bool_],
    drawn: NDArray[np.bool_],
    stars: NDArray[np.float64],
    size: float,
) -> NDArray[np.float64]:
    """Return how far heads are moved apart in pixels, shape (steps, R, 2).

    Args:
        at: the heads in pixels, shape (steps, R, 2).
        seen: which heads are seen at a step, shape (steps, R); others are neither moved nor in the way.
        drawn: which runs are ever drawn, shape (R,).
        stars: stars in pixels that heads should leave visible, shape (k, 2).
        size: diameter of the heads in pixels.
    """
    count = int(drawn.sum())
    angles = np.pi / 2 + 2 * np.pi * (np.cumsum(drawn) - 1) / max(count, 1)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    ring = float(np.clip(APART / 2 / np.sin(np.pi / max(count, 2)), *RINGS))
    at = np.where(seen[..., None], at, 0.0)
    away = np.hypot(*np.moveaxis(at[:, :, None] - at[:, None], -1, 0)) / (NEAR * size)
    away[~(seen[:, :, None] & seen[:, None])] = np.inf
    away[:, np.arange(at.shape[1]), np.arange(at.shape[1])] = np.inf
    crowd = _eased(1 - away.min(-1, initial=np.inf))
    radius = np.full(crowd.shape, ring)
    if len(stars):
        near = np.hypot(*np.moveaxis(at[:, :, None] - stars, -1, 0)).min(-1) / (STAR_RING * size)
        covers = _eased(2 - 2 * near)
        radius += max(STAR_RING - ring, 0.0) * covers
        crowd = np.maximum(crowd, covers)  # one head alone would hide the star as well
    shifts = (size * radius * crowd)[..., None] * directions
    return np.asarray(shifts + _pushed(at + shifts, seen, NEAR * size))


def _pushed(at: NDArray[np.float64], seen: NDArray[np.bool_], reach: float) -> NDArray[np.float64]:
    """Return how far heads at (steps, R, 2) push one another in pixels.

    That is not at all where they coincide or are `reach` apart, and most between, so that heads that cross do not leap.
    """
    between = at[:, :, None] - at[:, None]
    share = np.hypot(between[..., 0], between[..., 1]) / reach
    weight = np.where(seen[:, :, None] & seen[:, None], PUSH * share * np.clip(1 - share, 0.0, 1.0), 0.0)
    return np.asarray(np.einsum("sijk,sij->sik", between, weight))


def _eased(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 0 up to 0, 1 from 1 on, and a smooth step between."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3 - 2 * share)
