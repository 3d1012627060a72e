"""The current points of runs and how they ended: discs, ticks, crosses and arrows; rings at their starts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes, in_use, pixels, stroke
from landscapes.render.artists.fan import Fan, exits
from landscapes.render.artists.marks import NO_MARKS, Mark, Marked, rgba
from landscapes.render.artists.trails import RGB, Trail
from landscapes.render.light import luminance
from landscapes.render.theme import Theme

ARROW = Path([(0.55, 0.0), (-0.6, 0.6), (-0.35, 0.0), (-0.6, -0.6), (0.55, 0.0)], closed=True)
CROSS = Path([(-0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5)], [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO])
TICK = Path([(-0.2, 0.02), (-0.05, -0.15), (0.22, 0.18)])
"""The mark of a run that has reached the target."""

GLOW = 0.78
"""The radius of the glow, in diameters of the head."""


class Head(Marked, Artist, AnimatedArtist):
    """The current point of a run: a disc, a cross where it was stopped, an arrow where it left the view.

    Args:
        trail: the trail of the run.
        stopped: the step at which the run was stopped, or None.
        reached: the step at which the run reached the target for good, or None; from then on it has a tick.
        size: diameter in points.

    Attributes:
        fan: moves heads on one point apart, with the number of this run among them; None leaves it where it is.
    """

    fractional = True
    clipped = False  # a head on the border is whole

    def __init__(
        self, trail: Trail, *, stopped: int | None = None, reached: int | None = None, size: float = 8.5
    ) -> None:
        super().__init__()
        self.trail = trail
        self.stopped = stopped
        self.reached = reached
        self.fan: tuple[Fan, int] | None = None
        self.size = size
        self.step = int(trail.polyline.step[-1])
        self._exits_for: tuple[object, ...] = ()
        self._look: tuple[object, ...] = ()
        self._marks = NO_MARKS
        self.set_zorder(6)

    def _in_view(self, x: float, y: float, margin: float) -> bool:
        """Return whether a point in pixels lies on the axes."""
        if self.axes is None:
            return True
        left, bottom, right, top = self.axes.bbox.extents
        return bool(left - margin <= x <= right + margin and bottom - margin <= y <= top + margin)

    @staticmethod
    @cache
    def shape(marker: str) -> Path:
        """Return the outline of a marker, of size 1."""
        style = MarkerStyle(marker)
        return style.get_path().transformed(style.get_transform())

    def set_step(self, step: int) -> None:
        self.step = step
        self.trail.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        first, last = steps[0], steps[-1]
        route = self.trail.polyline
        route.update(self.trail, renderer)
        points = route.between(first, last)
        changes = any(step is not None and first < step <= last for step in (self.stopped, self.reached))
        reach = self._reach(renderer)
        bounds = None
        if self.fan is not None:
            fan, run = self.fan
            boxes, differs = fan.bounds(steps, renderer)
            bounds, changes = boxes[run], changes or differs[run]
        if not len(points) and not changes:
            return NO_BOXES
        if len(points):
            (left, bottom), (right, top) = points.min(0).tolist(), points.max(0).tolist()
            if left == right and bottom == top and not changes:
                return NO_BOXES
            if self._in_view(left, bottom, 0.0) and self._in_view(right, top, 0.0):  # there are no arrows
                if bounds is not None:
                    left, bottom = min(left, bounds[0]), min(bottom, bounds[1])
                    right, top = max(right, bounds[2]), max(top, bounds[3])
                return np.array([[left - reach, bottom - reach, right + reach, top + reach]])
        moved = points[:0]
        if self.fan is not None:
            places = self.fan[0].places(steps, renderer)[:, self.fan[1]]
            shift = places[:, 2:]
            moved = (places[:, :2] + shift)[shift.any(1)]
        at, places, _ = self._exits()
        if self.fan is not None and self.stopped is not None and last >= self.stopped:  # moved along the border
            reach = reach + float(np.abs(self.fan[0].places(steps, renderer)[:, self.fan[1], 2:]).max())
        passed = slice(
            max(bisect_right(at, route.reached(first) - 2) - 1, 0), bisect_right(at, route.reached(last) - 1)
        )
        drawn = np.concatenate([points, places[passed], moved])
        if self.axes is not None:
            low, high = self.axes.bbox.get_points()
            drawn = drawn[((drawn >= low - 0.5) & (drawn <= high + 0.5)).all(1)]
        if not len(drawn):
            return NO_BOXES
        return np.concatenate([drawn.min(0) - reach, drawn.max(0) + reach])[None]

    def marks(self, renderer: RendererBase) -> list[Mark]:
        route = self.trail.polyline
        if not (self.get_visible() and self.trail.get_visible()) or route.count < 1:
            return NO_MARKS
        route.update(self.trail, renderer)
        over = self.stopped is not None and self.step >= self.stopped
        dx = dy = 0.0
        if self.fan is None:
            x, y = route.tip.tolist()
        else:
            fan, run = self.fan
            x, y, dx, dy = fan.row(self.step, renderer)[run]
        left = None
        if not self._in_view(x, y, 0.0):
            left = self._exit(x, y)
            if left is None and not self._in_view(x, y, 0.5):
                return NO_MARKS
        if left is not None:
            x, y = left[0]
        x, y = x + dx, y + dy
        reach = self._reach(renderer)
        if not in_use((x - reach, y - reach, x + reach, y + reach), renderer):
            return NO_MARKS
        arrived = self.reached is not None and self.step >= self.reached
        look = (
            pixels(renderer, self.size), self.trail.color, self.trail.theme, self.trail.style.marker,
            over, arrived, None if left is None else left[1],
        )  # fmt: skip
        if look != self._look:
            self._look, self._marks = look, self._made(*look)
        for mark in self._marks:
            mark.x, mark.y = x, y
        return self._marks

    def _reach(self, renderer: RendererBase) -> float:
        """Return how far a head reaches from its point in pixels."""
        return pixels(renderer, 0.9 * self.size + 3)

    def _made(
        self, scale: float, color: RGB, theme: Theme, marker: str, over: bool, arrived: bool, turned: float | None
    ) -> list[Mark]:
        """Return the arrow or the disc, its glow below, the tick of a run that has arrived, or a cross."""
        face, rim, width = (*color, 1.0), rgba(theme.rim), 0.15 * self.size
        made = []
        plain = scale, 0.0, 0.0, scale
        if turned is not None:
            made.append(Mark(ARROW, 0.1 * self.size, rim, face, _arrow(1.2 * scale, turned)))
        elif not over:
            if theme.glow:
                size = 2 * GLOW * scale
                made.append(Mark(self.shape("o"), 0.0, rim, (*color, theme.glow), (size, 0.0, 0.0, size)))
            made.append(Mark(self.shape(marker), width, rim, face, plain))
            if arrived:
                made.append(Mark(TICK, width, rgba(_opposite(color)), None, plain))
        if over:
            cross = 0.9 * scale, 0.0, 0.0, 0.9 * scale
            made += [Mark(CROSS, 5.0, rim, None, cross), Mark(CROSS, 2.8, face, None, cross)]
        return made

    def _exit(self, x: float, y: float) -> tuple[tuple[float, float], float] | None:
        """Return where and in which direction the run last left the axes; None while it is inside or was never."""
        if self.axes is None:
            return None
        left, bottom, right, top = self.axes.bbox.extents
        if left <= x <= right and bottom <= y <= top:
            return None
        at, places, angles = self._exits()
        last = bisect_right(at, self.trail.polyline.count - 2) - 1
        return None if last < 0 else (tuple(places[last].tolist()), angles[last])

    def _exits(self) -> tuple[list[int], NDArray[np.float64], list[float]]:
        """Return the segments that touch the axes, where each leaves them or ends, and its direction."""
        box = (0.0,) * 4 if self.axes is None else tuple(np.array(self.axes.bbox.extents).tolist())
        needed = self.trail.polyline.pixels, *box
        if len(self._exits_for) != len(needed) or self._exits_for[0] is not needed[0] or self._exits_for[1:] != box:
            self._found = exits(self.trail.polyline.pixels, np.array(box))
            self._exits_for = needed
        return self._found


class Start(Artist):
    """A ring at a start point."""

    def __init__(self, point: tuple[float, float], theme: Theme, size: float = 6.5) -> None:
        super().__init__()
        self.point = point
        self.theme = theme
        self.size = size
        self.set_zorder(5)

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        x, y = self.axes.transData.transform(self.point)
        gc = stroke(self, renderer, 0.26 * self.size)
        gc.set_foreground(self.theme.foreground)
        ring = Affine2D().scale(pixels(renderer, self.size)).translate(x, y)
        renderer.draw_path(gc, Head.shape("o"), ring, (*to_rgb(self.theme.halo), 1.0))
        gc.restore()


@cache
def _opposite(color: RGB) -> str:
    """Return black or white, whichever stands out on a colour."""
    return "#000000" if luminance(np.array(color)) > 0.18 else "#ffffff"


def _arrow(scale: float, turned: float) -> tuple[float, float, float, float]:
    """Return the matrix of an arrow in a direction."""
    (a, c), (b, d) = Affine2D().scale(scale).rotate(turned).get_matrix()[:2, :2].tolist()
    return a, b, c, d
