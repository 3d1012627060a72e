"""Moving artists of the landscape panel: a trail with its halo and its head.

They are ordinary matplotlib artists, so they draw into raster and vector files alike. What makes them
fast is that points are transformed to pixels once, and that each frame strokes whole paths.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache, cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray

from landscapes.render.overlap import Pieces
from landscapes.render.theme import Style, Theme

BANDS = (0.4, 0.15, 0.04)
"""Where a trail changes colour: ages as shares of the race; what is older than the first is oldest."""

LONG = 1000
"""From this many points on, a trail keeps one vertex each half pixel."""

THROUGH = 5.0
"""Length in points of the dashes of a trail on a way that others took before it."""

IDENTITY = IdentityTransform()

RGB = tuple[float, float, float]


class Moving:
    """What an artist is that follows the race."""

    def show(self, step: int) -> None:
        """Shows what was so after `step` steps."""
        raise NotImplementedError


def mix(color: RGB, other: RGB, share: float) -> RGB:
    """A colour on the way from one to another."""
    a, b, c = ((1 - share) * one + share * two for one, two in zip(color, other, strict=True))
    return a, b, c


class Route:
    """A path in pixels: transformed once a layout, thinned where it is finer than the picture."""

    def __init__(
        self, x: NDArray[np.float64] | NDArray[np.int64], y: NDArray[np.float64], step: NDArray[np.int64]
    ) -> None:
        self.data = np.column_stack([x, y])
        self.step = step
        self.count = len(step)
        self._key: bytes | None = None

    def show(self, step: int) -> None:
        self.count = int(np.searchsorted(self.step, step, side="right"))

    def update(self, artist: Artist) -> None:
        """Brings the pixels up to date with the layout of the artist's axes."""
        transform = artist.get_transform()
        key = transform.get_affine().get_matrix().tobytes()
        if key == self._key:
            return
        self._key = key
        with np.errstate(all="ignore"):
            self.pixels = transform.transform(self.data)
            moves = np.nan_to_num(np.hypot(*np.diff(self.pixels, axis=0).T), posinf=0.0)
        self.length = np.concatenate([[0.0], np.cumsum(moves)])
        if len(self.pixels) > LONG:
            self.kept = np.unique(np.concatenate([[0], np.flatnonzero(np.diff(np.floor(self.length * 2))) + 1]))
        else:
            self.kept = np.arange(len(self.pixels))
        self.thin = self.pixels[self.kept]

    def piece(self, begin: int, end: int) -> Path:
        """The path through points begin … end - 1, both ends exact; there must be two points at least."""
        if len(self.thin) == len(self.pixels):
            vertices = self.pixels[begin:end]
        else:
            first, last = np.searchsorted(self.kept, (begin + 1, end - 1))
            ends = self.pixels[begin : begin + 1], self.pixels[end - 1 : end]
            vertices = np.concatenate([ends[0], self.thin[first:last], ends[1]])
        path = Path(vertices, closed=False)
        path.should_simplify = len(vertices) > 128
        path.simplify_threshold = 1 / 9
        return path


class Trail(Line2D, Moving):
    """The way of one run so far: strong where it is young, quieter where it is old.

    Old pieces mix with the surface's colour instead of becoming transparent, so that joints do not show
    and a palette can hold each colour exactly.
    """

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
        self.route = Route(x, y, step)
        self.style = style
        self.theme = theme
        self._steps = step.tolist()
        self.span = max(self._steps[-1], 1)
        dress(self, style)
        self.parts: Pieces = [(0, max(len(step) - 1, 0), 0)]

    def show(self, step: int) -> None:
        self.route.show(step)

    @cached_property
    def colors(self) -> list[RGB]:
        """The trail's colours from its oldest part to its youngest; just its own where nothing fades."""
        if self.theme.fade == 0:
            return [self.style.color]
        shares = np.linspace(self.theme.fade, 0.0, len(BANDS) + 1)
        return [mix(self.style.color, self.theme.old, float(share)) for share in shares]

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.route.count < 2:
            return
        self.route.update(self)
        gc = stroke(self, renderer, self.get_linewidth())
        borders = [*self._band_ends(), self.route.count - 1]
        unit = 1 / pixels(renderer, 1.0)
        dashed = False
        for color, begin, until in zip(self.colors, [0, *borders], borders, strict=False):
            if until <= begin:
                continue
            gc.set_foreground((*color, 1.0), isRGBA=True)
            for first, last, depth in self.parts:
                first, last = max(first, begin), min(last, until)
                if last <= first:
                    continue
                dashes = self._dashes(depth)
                if dashes or dashed:
                    gc.set_dashes(unit * self.route.length[first] if dashes else 0, dashes or None)
                    gc.set_capstyle("butt" if dashes else "round")
                    dashed = bool(dashes)
                renderer.draw_path(gc, self.route.piece(first, last + 1), IDENTITY)
        gc.restore()
        self.stale = False

    def _band_ends(self) -> list[int]:
        """The last point of each band but the youngest."""
        last = self.route.count - 1
        now = self._steps[last]
        return [bisect_left(self._steps, now - age * self.span, 0, last) for age in BANDS[: len(self.colors) - 1]]

    def _dashes(self, depth: int) -> tuple[float, ...]:
        """Gaps through which the trails beneath show; else the style's own dashes."""
        if depth == 0:
            return tuple(self.get_linewidth() * dash for dash in self.style.dashes)
        return (THROUGH, THROUGH * min(depth, 4))


def dress(line: Line2D, style: Style) -> None:
    """Gives a line the dashes and marker that a legend of matplotlib's own should show."""
    if style.dashes:
        line.set_dashes(style.dashes)
        line.set_marker(style.marker)
        line.set_markersize(2.6 * line.get_linewidth())


class Halo(Artist, Moving):
    """What parts a trail from the surface: a wider stroke beneath all trails."""

    def __init__(self, trail: Trail, extra: float = 2.4) -> None:
        super().__init__()
        self.trail = trail
        self.extra = extra
        self.set_zorder(3.5)

    def show(self, step: int) -> None:
        self.trail.show(step)

    def draw(self, renderer: RendererBase) -> None:
        trail = self.trail
        if not (self.get_visible() and trail.get_visible()):
            return
        trail.route.update(trail)
        if trail.route.count < 2:
            return
        gc = stroke(self, renderer, trail.get_linewidth() + self.extra)
        gc.set_foreground(trail.theme.halo)
        renderer.draw_path(gc, trail.route.piece(0, trail.route.count), IDENTITY)
        gc.restore()


class Head(Artist, Moving):
    """Where a run is now: a disc; a cross where it was stopped; an arrow on the border where it left the view.

    Args:
        trail: the run's trail.
        stopped: the step at which the run was stopped, or None.
        size: diameter in points.
    """

    def __init__(self, trail: Trail, *, stopped: int | None = None, size: float = 8.5) -> None:
        super().__init__()
        self.trail = trail
        self.stopped = stopped
        self.size = size
        self.step = int(trail.route.step[-1])
        self.set_zorder(6)

    def _in_view(self, x: float, y: float) -> bool:
        """Whether a point in pixels lies on the axes; a run that was never there has no place to mark."""
        return self.axes is None or bool(self.axes.bbox.padded(0.5).contains(x, y))

    @property
    def rim(self) -> RGB:
        """The colour of the edge."""
        return to_rgb(self.trail.theme.rim)

    @staticmethod
    @cache
    def shape(marker: str) -> Path:
        """The outline of a marker, of size 1."""
        style = MarkerStyle(marker)
        return style.get_path().transformed(style.get_transform())

    def show(self, step: int) -> None:
        self.step = step
        self.trail.show(step)

    def draw(self, renderer: RendererBase) -> None:
        route = self.trail.route
        if not (self.get_visible() and self.trail.get_visible()) or route.count < 1:
            return
        route.update(self.trail)
        over = self.stopped is not None and self.step >= self.stopped
        left = _exit(route.pixels[: route.count], np.array(self.axes.bbox.extents)) if self.axes is not None else None
        scale = pixels(renderer, self.size)
        face = (*self.trail.style.color, 1.0)
        gc = stroke(self, renderer, 0.15 * self.size)
        gc.set_clip_rectangle(None)  # a head on the border is drawn whole
        gc.set_foreground(self.trail.theme.rim)
        if left is not None:
            (x, y), angle = left
            arrow = Affine2D().scale(scale * 1.1).rotate(angle).translate(x, y)
            renderer.draw_path(gc, ARROW, arrow, face)
        else:
            x, y = route.pixels[route.count - 1]
            if not self._in_view(x, y):
                gc.restore()
                return
            if not over:
                renderer.draw_path(
                    gc, self.shape(self.trail.style.marker), Affine2D().scale(scale).translate(x, y), face
                )
        if over:
            cross = Affine2D().scale(scale * 0.9).translate(x, y)
            for width, color in ((5.0, self.rim), (2.8, face)):
                gc.set_linewidth(width)
                gc.set_foreground(color)
                renderer.draw_path(gc, CROSS, cross)
        gc.restore()


class Start(Artist):
    """A ring where runs begin."""

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


ARROW = Path([(0.5, 0.0), (-0.5, 0.5), (-0.3, 0.0), (-0.5, -0.5), (0.5, 0.0)], closed=True)
CROSS = Path([(-0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5)], [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO])


def stroke(artist: Artist, renderer: RendererBase, width: float) -> GraphicsContextBase:
    """A graphics context for round strokes of `width` points, clipped as the artist is."""
    gc = renderer.new_gc()
    artist._set_gc_clip(gc)  # type: ignore[attr-defined]
    gc.set_linewidth(width)
    gc.set_capstyle("round")
    gc.set_joinstyle("round")
    gc.set_antialiased(True)
    return gc


def pixels(renderer: RendererBase, points: float) -> float:
    """A length in points as one in pixels."""
    return float(renderer.points_to_pixels(points))  # type: ignore[arg-type]


def _exit(way: NDArray[np.float64], extents: NDArray[np.float64]) -> tuple[tuple[float, float], float] | None:
    """Where the way last left the axes and its direction there; None while it is inside or was never."""
    low, high = extents[:2], extents[2:]
    if ((way[-1] >= low) & (way[-1] <= high)).all() or len(way) < 2:
        return None
    begin, move = way[:-1], np.diff(way, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (low - begin) / move, (high - begin) / move
    enters = np.nan_to_num(np.minimum(one, two), nan=-np.inf).max(1)
    leaves = np.nan_to_num(np.maximum(one, two), nan=np.inf).min(1)
    through = np.flatnonzero(np.maximum(enters, 0) <= np.minimum(leaves, 1))
    if not len(through):
        return None
    place = through[-1]
    x, y = begin[place] + min(leaves[place], 1.0) * move[place]
    return (float(x), float(y)), float(np.arctan2(move[place, 1], move[place, 0]))
