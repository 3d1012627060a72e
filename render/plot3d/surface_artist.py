"""The surface of a race with its runs on it, seen from aside; what goes behind a hill is faint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.record import FAILED, Record, Surface, step_or_none
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, pixels, stroke
from landscapes.render.artists.heads import ARROW, CROSS, Head
from landscapes.render.artists.trails import BANDS, RGB, mix
from landscapes.render.plot3d.heightfield import HeightField, Projection, resized
from landscapes.render.plot3d.shading import FINE, heights, painted
from landscapes.render.theme import Style, Theme, styles

Points = NDArray[np.float64]

FAINT = 0.68
"""How far what is hidden mixes with the fill."""

EDGE_ON = 1e-9
"""A side that is seen at less than this is a line."""

STRIDE = 0.01
"""The longest straight piece of a trail, in sides of the map: longer ones would cut through hills."""


class Hillside:
    """A surface ready to be looked at: its heights, its colours, and where its points stand on it.

    Attributes:
        field: the heights and colours.
        top: the greatest height.
        levels: heights of the levels.
    """

    def __init__(self, surface: Surface, look: Theme) -> None:
        height, self.levels = heights(surface)
        self.field = HeightField(height, painted(_stretched(height), self.levels, look))
        self.top = float(np.nanmax(height)) if np.isfinite(height).any() else 1.0
        self.low = np.array([surface.x[0], surface.y[0]])
        self.side = np.array([surface.x[-1], surface.y[-1]]) - self.low
        self.minima = self.standing(surface.minima.reshape(-1, 2))

    def standing(self, points: Points) -> Points:
        """Points (n, 2) of the landscape on the surface: (n, 3), NaN heights where they are out of view."""
        unit = (points - self.low) / self.side
        return np.column_stack([unit, self.field.at(unit[:, 0], unit[:, 1])])


@dataclass(frozen=True, eq=False)
class Run:
    """A run on the surface.

    Attributes:
        way: its points and others in between, shape (n, 3).
        upto: where in `way` each kept step is.
        style: how it is drawn.
        stopped: the step at which it failed, or None.
    """

    way: Points
    upto: NDArray[np.int64]
    style: Style
    stopped: int | None


class Hill(Artist, AnimatedArtist):
    """A surface and the runs on it, up to a step.

    Args:
        surface: the landscape.
        look: the theme.
        record: the race, or None for the surface alone.
        width: of the trails, in points.

    Attributes:
        floor: the height down to which the sides reach.
    """

    floor = 0.0

    def __init__(self, surface: Surface, look: Theme, record: Record | None = None, width: float = 2.3) -> None:
        super().__init__()
        self.theme = look
        self.side = Hillside(surface, look)
        self.width = width
        self.runs: list[Run] = []
        self.steps: NDArray[np.int64] = np.zeros(1, np.int64)
        if record is not None:
            self.steps = record.trajectories.step
            self.runs = _runs(record, self.side, look)
        self.span = self.step = int(self.steps[-1])
        self._seen_for: tuple[object, ...] = ()
        self.set_zorder(3)

    def show(self, step: int) -> None:
        self.step = step

    @cached_property
    def colors(self) -> list[RGB]:
        """The colours that carry meaning."""
        marks = [to_rgb(color) for color in (self.theme.rim, self.theme.star, self.theme.star_edge, self.theme.halo)]
        return [color for run in self.runs for color in self._shades(run.style.color)] + marks

    def projection(self, renderer: RendererBase) -> Projection:
        """Where the surface's points are in the renderer's pixels."""
        raise NotImplementedError

    def smooth(self) -> bool:
        """Whether to take more time for smoother edges."""
        return True

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        view = self.projection(renderer)
        self._look(view, renderer)
        gc = renderer.new_gc()
        renderer.draw_image(gc, self._left, self._bottom, self._image[::-1])
        gc.restore()
        self._walls(renderer, view)
        shown = int(np.searchsorted(self.steps, self.step, side="right")) - 1
        self._minima(renderer)
        if shown >= 0:
            self._trails(renderer, shown)
            self._start(renderer)
            for run, (way, sight) in zip(self.runs, self._ways, strict=True):
                self._head(renderer, run, way, sight, int(run.upto[shown]))
        self.stale = False

    def along(self, renderer: RendererBase, view: Projection, axis: int) -> None:
        """Draws what stands along the near edge that runs in the direction of an axis."""

    def _walls(self, renderer: RendererBase, view: Projection) -> None:
        """The sides that face the eye, from the surface down to the floor."""
        gc = stroke(self, renderer, 0.6)
        gc.set_foreground(self.theme.line)
        for axis in (0, 1):
            ahead = float(view.ahead[1 - axis])
            if abs(ahead) < EDGE_ON:
                continue
            edge = np.full((129, 3), 0.0 if ahead > 0 else 1.0)
            edge[:, axis] = np.linspace(0, 1, len(edge))
            inner = np.clip(edge[:, :2], 1e-4, 1 - 1e-4)
            edge[:, 2] = np.nan_to_num(self.side.field.at(inner[:, 0], inner[:, 1]))
            foot = edge[[-1, 0]]
            foot[:, 2] = self.floor
            dark = mix(to_rgb(self.theme.fill[0]), to_rgb(self.theme.foreground), 0.2 if axis else 0.1)
            outline = Path(view(np.concatenate([edge, foot, edge[:1]])), closed=True)
            renderer.draw_path(gc, outline, IDENTITY, (*dark, 1.0))
            self.along(renderer, view, axis)
        gc.restore()

    def _look(self, view: Projection, renderer: RendererBase) -> None:
        """Brings the picture and the ways in pixels up to date."""
        key = tuple(map(float, (*view.origin, *view.across, *view.along, view.up)))
        needed = (*key, type(renderer), renderer.get_image_magnification())
        if needed == self._seen_for:
            return
        self._seen_for = needed
        corners = view(np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, self.side.top)], float))
        page = np.array(renderer.get_canvas_width_height()) if self.smooth() else corners.max(0)
        low = np.floor(np.maximum(corners.min(0), 0)).astype(int) - 1
        width, height = np.maximum(np.ceil(np.minimum(corners.max(0), page + 1)).astype(int) + 2 - low, 1).tolist()
        self._left, self._bottom = low.tolist()
        finer = renderer.get_image_magnification() * (2 if self.smooth() else 1)
        moved = Projection(finer * (view.origin - low), finer * view.across, finer * view.along, finer * view.up)
        self._sight = self.side.field.seen(moved, round(finer * width), round(finer * height))
        self._image = _halved(self._sight.rgba) if self.smooth() else self._sight.rgba
        self._ways = [(view(run.way), self._sight.shows(run.way)) for run in self.runs]
        self._stars = view(self.side.minima), self._sight.shows(self.side.minima)

    def _shades(self, color: RGB) -> list[RGB]:
        """A trail's colours: hidden, then from its oldest part to its youngest."""
        fade = np.linspace(self.theme.fade, 0.0, len(BANDS) + 1) if self.theme.fade else [0.0]
        return [mix(color, self.theme.old, share) for share in (FAINT, *map(float, fade))]

    def _trails(self, renderer: RendererBase, shown: int) -> None:
        """All trails: hidden parts, then halos, then what is seen."""
        gc = stroke(self, renderer, 0.6 * self.width)
        drawn = [
            (run, way, sight, int(run.upto[shown]) + 1) for run, (way, sight) in zip(self.runs, self._ways, strict=True)
        ]
        for run, way, sight, end in drawn:
            gc.set_foreground(self._shades(run.style.color)[0])
            _strokes(renderer, gc, way[:end], ~(sight[: end - 1] & sight[1:end]))
        if self.theme.halo_width:
            gc.set_linewidth((1 + self.theme.halo_width) * self.width)
            gc.set_foreground(self.theme.halo)
            for _, way, sight, end in drawn:
                _strokes(renderer, gc, way[:end], sight[: end - 1] & sight[1:end])
        gc.set_linewidth(self.width)
        for run, way, sight, end in drawn:
            shades = self._shades(run.style.color)[1:]
            since = [self.step - age * self.span for age in BANDS[: len(shades) - 1]]
            ends = [
                int(run.upto[np.searchsorted(self.steps[: shown + 1], step)]) for step in since if step <= self.step
            ]
            begin = 0
            for color, until in zip(shades, [*ends, end - 1], strict=True):
                if until > begin:
                    gc.set_foreground(color)
                    piece = slice(begin, until + 1)
                    _strokes(renderer, gc, way[piece], sight[piece][:-1] & sight[piece][1:])
                    begin = until
        gc.restore()

    def _start(self, renderer: RendererBase) -> None:
        """Rings where runs begin."""
        size = 2.9 * self.width
        places = {tuple(way[0].tolist()): sight[0] for way, sight in self._ways if np.isfinite(way[0]).all()}
        for place, sight in places.items():
            gc = stroke(self, renderer, 0.26 * size)
            gc.set_foreground(self._hiding(self.theme.foreground, sight))
            ring = Affine2D().scale(pixels(renderer, size)).translate(*place)
            renderer.draw_path(gc, Head.shape("o"), ring, (*to_rgb(self.theme.halo), 1.0))
            gc.restore()

    def _minima(self, renderer: RendererBase) -> None:
        """A star on each minimum in view."""
        for place, sight in zip(*self._stars, strict=True):
            if np.isfinite(place).all():
                gc = stroke(self, renderer, 0.4 * self.width)
                gc.set_foreground(self._hiding(self.theme.star_edge, sight))
                star = Affine2D().scale(pixels(renderer, 6.4 * self.width)).translate(*place.tolist())
                renderer.draw_path(gc, Head.shape("*"), star, (*self._hiding(self.theme.star, sight), 1.0))
                gc.restore()

    def _head(self, renderer: RendererBase, run: Run, way: Points, sight: NDArray[np.bool_], now: int) -> None:
        """A disc where the run is, a cross where it failed, an arrow where it left the view; small behind a hill."""
        sound = np.flatnonzero(np.isfinite(way[: now + 1]).all(1))
        if not len(sound):
            return
        last = int(sound[-1])
        x, y = way[last].tolist()
        color = (*self._hiding(run.style.color, bool(sight[last])), 1.0)
        size = pixels(renderer, 3.7 * self.width) * (1.0 if sight[last] else 0.7)
        gc = stroke(self, renderer, 0.55 * self.width)
        gc.set_foreground(self.theme.rim)
        if run.stopped is not None and self.step >= run.stopped:
            cross = Affine2D().scale(0.9 * size).translate(x, y)
            for thick, ink in ((2.2, self.theme.rim), (1.2, color)):
                gc.set_linewidth(thick * self.width)
                gc.set_foreground(ink)
                renderer.draw_path(gc, CROSS, cross)
        elif last < now:
            before = way[int(sound[-2])] if len(sound) > 1 else way[last]
            angle = float(np.arctan2(y - before[1], x - before[0]))
            renderer.draw_path(gc, ARROW, Affine2D().scale(1.1 * size).rotate(angle).translate(x, y), color)
        else:
            disc = Affine2D().scale(size).translate(x, y)
            renderer.draw_path(gc, Head.shape(run.style.marker), disc, color)
        gc.restore()

    def _hiding(self, color: RGB | str, sight: bool) -> RGB:
        """A colour as it is where it is seen, or faint."""
        return to_rgb(color) if sight else mix(to_rgb(color), self.theme.old, FAINT)


def _runs(record: Record, side: Hillside, look: Theme) -> list[Run]:
    runs = record.trajectories.runs
    made = []
    for place, style in enumerate(styles([str(label) for label in runs["label"]], look)):
        x = record.trajectories.x[place]
        with np.errstate(invalid="ignore", over="ignore"):
            reach = np.abs(np.diff(x, axis=0) / side.side).max(1)
        pieces = np.clip(np.nan_to_num(np.ceil(reach / STRIDE), nan=1, posinf=1), 1, 2 / STRIDE).astype(np.int64)
        upto = np.concatenate([[0], np.cumsum(pieces)])
        at = np.arange(upto[-1] + 1)
        dense = np.column_stack([np.interp(at, upto, x[:, axis]) for axis in (0, 1)])
        failed = str(runs["status"][place]) in FAILED
        made.append(Run(side.standing(dense), upto, style, step_or_none(runs["stopped"], place) if failed else None))
    return made


def _strokes(renderer: RendererBase, gc: object, way: Points, drawn: NDArray[np.bool_]) -> None:
    """Strokes the moves of a way that are to be drawn; a move from or to what is not finite never is."""
    sound = np.asarray(np.isfinite(way).all(1))
    drawn = drawn & sound[:-1] & sound[1:]
    if not drawn.any():
        return
    needed = np.append(drawn, False) | np.append(False, drawn)
    codes = np.where(np.append(False, drawn), Path.LINETO, Path.MOVETO).astype(Path.code_type)
    path = Path(way[needed], codes[needed])
    renderer.draw_path(gc, path, IDENTITY)  # type: ignore[arg-type]


def _stretched(height: Points) -> Points:
    """Heights on the grid of the colours."""
    return resized(height, FINE)


def _halved(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture of half the size: four pixels make one."""
    height, width = rgba.shape[0] // 2 * 2, rgba.shape[1] // 2 * 2
    parts = rgba[:height, :width].reshape(height // 2, 2, width // 2, 2, 4).astype(np.float32)
    alpha = parts[..., 3:]
    color = (parts[..., :3] * alpha).sum((1, 3)) / np.maximum(alpha.sum((1, 3)), 1)
    return np.concatenate([color, alpha.mean((1, 3))], -1).round().astype(np.uint8)
