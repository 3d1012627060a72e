"""The trajectory of a run and its halo."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType
from numpy.typing import NDArray

from landscapes.render.artists.animated import (
    NO_BOXES,
    AnimatedArtist,
    Boxes,
    bounds_of,
    interval_of,
    interval_steps,
    pixels,
    windows,
)
from landscapes.render.artists.bands import BandMarks
from landscapes.render.artists.marks import NO_MARKS, Mark, Marked, rgba
from landscapes.render.artists.overlap import Pieces
from landscapes.render.artists.polyline import Numbers, Points, Polyline, Strokes, StrokeVertices, closed, dashed, solid
from landscapes.render.theme import Style, Theme

RGB = tuple[float, float, float]

AGE_BANDS = (0.4, 0.15, 0.04)
"""Ages at which a trail changes colour, as shares of the race."""

GAP_LENGTH = 5.0
"""Length in points of the dashes of a trail that overlaps earlier ones."""


LAYER = 1e-3
"""Distance of trails in drawing order."""

OLDER, YOUNGEST = slice(-1), slice(-1, None)
"""Age bands of a trail."""

NO_STROKES: StrokeVertices = (np.zeros(0), np.zeros(0, bool))


def mix(color: RGB, other: RGB, share: float) -> RGB:
    """Mix two colours."""
    a, b, c = ((1 - share) * one + share * two for one, two in zip(color, other, strict=True))
    return a, b, c


class Trail(Marked, Line2D, AnimatedArtist):
    """The trajectory of one run so far; older parts fade.

    Old parts mix with the surface's colour instead of becoming transparent, so that joints do not show and a palette
    can hold each colour exactly. Where the trail overlaps earlier ones it has gaps that show them, once they have
    passed.

    Attributes:
        parts: its parts with the number of trails beneath; see `landscapes.render.artists.overlap`.
        since: for each segment the point at which the gaps open, 0 for always.
    """

    fractional = True

    def __init__(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        step: NDArray[np.int64],
        *,
        style: Style,
        theme: Theme,
        width: float = 2.3,
        label: str = "",
    ) -> None:
        super().__init__(
            x, y, color=style.color, linewidth=width, label=label, solid_capstyle="round", solid_joinstyle="round"
        )
        self.set_zorder(4)
        self.polyline = Polyline(x, y, step)
        self.style = style
        self.theme = theme
        self.span = max(int(step[-1]), 1)
        set_legend_style(self, style)
        self.parts: Pieces = [(0, max(len(step) - 1, 0), 0)]
        self.since: Numbers = np.zeros(max(len(step) - 1, 0), np.int64)
        self._drawn_for: tuple[object, ...] = ()
        self._began_at, self._open = -1, -1
        self._edges_for = -1
        self._bands_for: float | None = None
        self._marks = BandMarks()

    def set_step(self, step: int) -> None:
        self.polyline.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        first, last = steps[0], steps[-1]
        before, now = self._began(first), self._began(last)
        self.polyline.update(self, renderer)
        moved = self.moved(first, last)
        if before != now:
            moved += self._opened(before, now, pixels(renderer, 1.0))
        reach = 1 + pixels(renderer, self.get_linewidth())
        return np.concatenate([bounds_of(points, reach) for points in moved])

    def moved(self, first: float, last: float) -> list[Points]:
        """Return the pixels of the parts that are new or change colour and width between two steps."""
        aged = self.aged(first, last) if len(self.colors) > 1 else []
        return [self.polyline.between(first, last), *aged]

    def aged(self, first: float, last: float) -> list[Points]:
        """Return the pixels of the parts that come into another age band between two steps."""
        edges = zip(self._edges(self._began(first)), self._edges(self._began(last)), strict=True)
        return [self.polyline.pixels[max(one - 1, 0) : two + 2] for one, two in edges if one < two]

    def set_color(self, color: ColorType) -> None:
        """Set the colour of the trail and its head."""
        super().set_color(color)
        self.__dict__.pop("colors", None)
        self.__dict__.pop("color", None)

    @cached_property
    def color(self) -> RGB:
        """The colour of the youngest part."""
        return to_rgb(self.get_color())

    @cached_property
    def colors(self) -> list[RGB]:
        """The colours from the oldest part to the youngest; one colour without fading and tapering."""
        if self.theme.fade == 0 and self.theme.taper == 0:
            return [self.color]
        shares = np.linspace(self.theme.fade, 0.0, len(AGE_BANDS) + 1)
        return [mix(self.color, self.theme.faded, float(share)) for share in shares]

    def widths(self) -> list[float]:
        """Return the widths from the oldest part to the youngest, in points."""
        return [self.get_linewidth() * share for share in self._tapers]

    @cached_property
    def _tapers(self) -> list[float]:
        taper = self.theme.taper if len(self.colors) > 1 else 0.0
        return [1 - taper * share for share in np.linspace(1.0, 0.0, len(self.colors)).tolist()]

    @property
    def snap(self) -> bool:  # type: ignore[override]
        """Whether Agg moves the lines to whole pixels."""
        self.polyline.update(self)
        return self.polyline.upright

    def marks(self, renderer: RendererBase) -> list[Mark]:
        line = self.polyline
        if not self.get_visible() or line.count < 2:
            return NO_MARKS
        line.update(self, renderer)
        width = self.get_linewidth()
        unit = pixels(renderer, 1.0)
        ink = self._ink(unit).near(windows(renderer), 1 + unit * width)
        ends = self.bands()
        if self._marks.outdated(ink, ends, width, self.colors):
            colors = self.colors
            own = ends[-len(colors) :]
            parts = zip([0, *own[:-1]], own, self.widths(), colors, strict=True)
            self._marks.renew(renderer, [(a, b, wide, (*color, 1.0)) for a, b, wide, color in parts], ends[-1])
        return self._marks.marks(line.end)

    def _began(self, step: float) -> int:
        """Return the first step of the phase of a step."""
        return interval_steps(interval_of(step, self.span), self.span)[0]

    def bands(self) -> list[int]:
        """Return the last point of each age band, from the oldest; they move once per phase."""
        shown = self.polyline.shown
        if shown != self._bands_for:
            last = self.polyline.count - 1
            self._bands = [*(min(edge, last) for edge in self._edges(self._began(shown))), last]
            self._bands_for = shown
        return self._bands

    def _edges(self, began: int) -> tuple[int, ...]:
        """Return the points at which the age bands of a phase end, without the last one's."""
        if self._edges_for != began:
            self._edges_for = began
            self._found_edges = tuple(self.polyline.since(began - age * self.span) for age in AGE_BANDS)
        return self._found_edges

    def _opened(self, before: int, now: int, unit: float) -> list[Points]:
        """Return the pixels of the gaps that open between two phases."""
        self._lay(unit)
        first, last = (max(self.polyline.reached(step) - 1, 0) for step in (before, now))
        after = np.flatnonzero((self._opening > first) & (self._opening <= last))
        gaps = zip(self._strokes[0][after - 1], self._strokes[0][after], strict=True)
        return [self.polyline.pixels[int(one) : int(np.ceil(two)) + 1] for one, two in gaps]

    def _ink(self, unit: float) -> Strokes:
        """Return the strokes of the whole trail in this phase; `unit` is a point in pixels."""
        self._lay(unit)
        began = self._began(self.polyline.shown) if self._later else 0
        if began != self._began_at:
            self._began_at = began
            count = bisect_right(self._later, self.polyline.reached(began) - 1)
            if count != self._open:
                self._open = count
                shut = self._opening > (self._later[count - 1] if count else 0)
                self._inked = Strokes(self.polyline, *closed(self.polyline, *self._strokes, shut))
        return self._inked

    def _lay(self, unit: float) -> None:
        """Compute the strokes of the whole trail, and when each of its gaps opens."""
        needed = self.polyline.pixels, self.parts, self.since, self.get_linewidth()
        if len(self._drawn_for) != len(needed) or any(a is not b for a, b in zip(needed, self._drawn_for, strict=True)):
            own = tuple(self.get_linewidth() * dash for dash in self.style.dashes)
            self._strokes: StrokeVertices = layout_strokes(self.polyline, self.parts, own, unit, self.get_linewidth())
            self._opening = self._opens(*self._strokes)
            self._later = np.sort(self._opening[self._opening > 0]).tolist()
            self._began_at, self._open, self._drawn_for = -1, -1, needed

    def _opens(self, points: Points, continuing: NDArray[np.bool_]) -> Numbers:
        """Return for each vertex the point at which the gap before it opens; 0 for always or no gap."""
        opens = np.zeros(len(points), np.int64)
        for after in (np.flatnonzero(~continuing[1:] & (points[:-1] < points[1:])) + 1).tolist():
            opens[after] = self.since[int(points[after - 1]) : int(np.ceil(points[after]))].max()
        return opens


def layout_strokes(route: Polyline, parts: Pieces, own: Sequence[float], unit: float, width: float) -> StrokeVertices:
    """Return the strokes of a polyline: with gaps that show the trails beneath, else with its own dashes.

    Args:
        route: the polyline, with pixels.
        parts: its parts with the number of trails beneath.
        own: dashes and gaps in points; empty for a solid stroke.
        unit: the length of a point in pixels.
        width: line width in points.
    """
    made: list[StrokeVertices] = []
    for first, last, depth in parts:
        dashes = [unit * dash for dash in ((GAP_LENGTH, GAP_LENGTH * min(depth, 4)) if depth else own)]
        if dashes:
            made += dashed(route, first, last, dashes, unit * width)
        else:
            made.append(solid(route, first, last))
    points, continuing = (np.concatenate(column) for column in zip(*made, strict=True))
    if len(points) and points[-1] < parts[-1][1]:  # the last gap needs an end
        points, continuing = np.append(points, parts[-1][1]), np.append(continuing, False)
    return points, continuing


def set_legend_style(line: Line2D, style: Style) -> None:
    """Set the dashes and marker that a matplotlib legend shows."""
    if style.dashes:
        line.set_dashes(style.dashes)
        line.set_marker(style.marker)
        line.set_markersize(2.6 * line.get_linewidth())


class Halo(Marked, Artist, AnimatedArtist):
    """The outline that separates a trail from the surface, or from the trails that it crosses.

    Args:
        trail: the trail.
        extra: additional width in points.
        crossing: whether to outline only the parts of the trail that do not follow earlier ones, just below it and
            above those; by default, the trail is outlined below all trails.
        ages: which of the trail's age bands to outline. All but the youngest one are steady, so that they are redrawn
            once per interval of steps.
    """

    fractional = True

    def __init__(self, trail: Trail, extra: float = 2.4, *, crossing: bool = False, ages: slice = slice(None)) -> None:
        super().__init__()
        self.trail = trail
        self.extra = extra
        self.crossing = crossing
        self.ages = ages
        self.steady = ages == OLDER
        self.span = trail.span
        self.set_zorder(trail.get_zorder() - LAYER / 2 if crossing else 3.5 - LAYER * self.steady)
        self._laid: tuple[object, ...] = ()
        self._marks = BandMarks()

    def set_step(self, step: int) -> None:
        self.trail.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        self.trail.polyline.update(self.trail, renderer)
        reach = 1 + pixels(renderer, self.trail.get_linewidth() + self.extra)
        moved = self.trail.aged(steps[0], steps[-1])
        if not self.steady:
            moved.append(self.trail.polyline.between(steps[0], steps[-1]))
        return np.concatenate([NO_BOXES, *(bounds_of(points, reach) for points in moved)])

    @property
    def snap(self) -> bool:  # type: ignore[override]
        """Whether Agg moves the lines to whole pixels."""
        return self.trail.snap

    def marks(self, renderer: RendererBase) -> list[Mark]:
        trail = self.trail
        line = trail.polyline
        if not (self.get_visible() and trail.get_visible()) or line.count < 2:
            return NO_MARKS
        line.update(trail, renderer)
        unit, wide = pixels(renderer, 1.0), trail.get_linewidth() + self.extra
        ink = self._ink().near(windows(renderer), 1 + unit * wide)
        if self._marks.outdated(ink, trail.bands(), trail.get_linewidth(), trail.colors, trail.theme, self.extra):
            color = rgba(trail.theme.halo)
            parts = [(begin, until, width + self.extra, color) for begin, until, width in self._pieces()[self.ages]]
            self._marks.renew(renderer, parts, trail.bands()[-1])
        return self._marks.marks(line.end)

    def _pieces(self) -> list[tuple[int, int, float]]:
        """Return the first and the last point and the width of the trail in each age band, from the oldest."""
        widths, ends = self.trail.widths(), self.trail.bands()
        if len(widths) == 1:
            widths, ends = 2 * widths, ends[-2:]
        return list(zip([0, *ends[:-1]], ends, widths, strict=True))

    def _ink(self) -> Strokes:
        """Return the strokes of the outline."""
        route = self.trail.polyline
        if not self.crossing:
            return route.whole
        needed = route.pixels, self.trail.parts
        if len(self._laid) != 2 or any(a is not b for a, b in zip(needed, self._laid, strict=True)):
            own = [solid(route, first, last) for first, last, depth in self.trail.parts if not depth and last > first]
            points, continuing = (np.concatenate(column) for column in zip(NO_STROKES, *own, strict=True))
            self._strokes, self._laid = Strokes(route, points, continuing), needed
        return self._strokes


def halos(trail: Trail, extra: float, *, crossing: bool = False) -> list[Halo]:
    """Return the outline of a trail in two parts below all trails, and one above earlier trails if it crosses them."""
    below = [Halo(trail, extra, ages=ages) for ages in (OLDER, YOUNGEST)]
    return [*below, Halo(trail, extra, crossing=True)] if crossing else below
