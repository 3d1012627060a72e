"""The artist of a 3-D surface with the trajectories of a race; hidden parts are drawn faint."""

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

from landscapes.record import FAILED, Record, Surface, optimizer_labels, step_or_none
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, pixels, stroke
from landscapes.render.artists.heads import ARROW, CROSS, Head
from landscapes.render.artists.trails import AGE_BANDS, RGB, mix
from landscapes.render.plot3d.heightfield import HeightField, Projection, resized
from landscapes.render.plot3d.shading import FINE, paint, scaled_heights
from landscapes.render.plots.contours import is_known
from landscapes.render.theme import Style, Theme, styles

Points = NDArray[np.float64]

FAINT = 0.68
"""Share of the old-trail colour in the colour of hidden parts."""

EDGE_ON = 1e-9
"""A side wall with a smaller visible share is edge-on and not drawn."""

HIDDEN_HEAD = 0.7
"""Size of a hidden head relative to a visible one."""

STRIDE = 0.01
"""Longest straight piece of a trail, as a share of the map's side; longer ones would cut through the surface."""


class SurfaceModel:
    """The geometry and colours of a surface.

    Attributes:
        field: heights and colours over the unit square.
        top: the greatest height.
        levels: heights of the levels, shape (levels,).
        low, side: lower corner and side lengths of the view, shape (2,) each.
        minima: minima on the surface, shape (k, 3).
    """

    def __init__(self, surface: Surface, look: Theme) -> None:
        height, self.levels = scaled_heights(surface)
        self.field = HeightField(height, paint(_at_color_grid(height), self.levels, look))
        self.top = float(np.nanmax(height)) if np.isfinite(height).any() else 1.0
        self.low = np.array([surface.x[0], surface.y[0]])
        self.side = np.array([surface.x[-1], surface.y[-1]]) - self.low
        self.minima = self.on_surface(surface.minima.reshape(-1, 2))

    def on_surface(self, points: Points) -> Points:
        """Return points (n, 2) of the domain as points (n, 3) on the surface; heights out of view are NaN."""
        unit = (points - self.low) / self.side
        return np.column_stack([unit, self.field.at(unit[:, 0], unit[:, 1])])


@dataclass(frozen=True, eq=False)
class SurfaceRun:
    """A trajectory on the surface.

    Attributes:
        points: the recorded points and interpolated ones between them, shape (n, 3).
        index: the position of each recorded step in `points`, shape (T,).
        style: colour and marker.
        stopped: the step at which the run failed, or None.
    """

    points: Points
    index: NDArray[np.int64]
    style: Style
    stopped: int | None


class SurfaceArtist(Artist, AnimatedArtist):
    """A surface and the trajectories on it, up to a step. Subclasses define the projection.

    Args:
        surface: values on a grid.
        look: the theme.
        record: the race, or None for the surface alone.
        linewidth: width of the trails in points.

    Attributes:
        floor: the height at which the side walls end.
    """

    floor = 0.0

    def __init__(self, surface: Surface, look: Theme, record: Record | None = None, linewidth: float = 2.3) -> None:
        super().__init__()
        self.theme = look
        self.model = SurfaceModel(surface, look)
        self.linewidth = linewidth
        self.known = record is None or is_known(record)
        self.runs: list[SurfaceRun] = []
        self.steps: NDArray[np.int64] = np.zeros(1, np.int64)
        if record is not None:
            self.steps = record.trajectories.step
            self.runs = _runs(record, self.model, look)
        self.span = self.step = int(self.steps[-1])
        self._view_key: tuple[object, ...] = ()
        self.set_zorder(3)

    def set_step(self, step: int) -> None:
        self.step = step

    @cached_property
    def colors(self) -> list[RGB]:
        """Colours that a palette must keep exactly."""
        marks = [to_rgb(color) for color in (self.theme.rim, self.theme.star, self.theme.star_edge, self.theme.halo)]
        return [color for run in self.runs for color in self._trail_colors(run.style.color)] + marks

    def projection(self, renderer: RendererBase) -> Projection:
        """Return the projection of the surface to the renderer's pixels."""
        raise NotImplementedError

    def antialiased(self) -> bool:
        """Return whether to render at twice the resolution for smoother edges."""
        return True

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        view = self.projection(renderer)
        self._update(view, renderer)
        gc = renderer.new_gc()
        renderer.draw_image(gc, self._left, self._bottom, self._image[::-1])
        gc.restore()
        self._walls(renderer, view)
        shown = int(np.searchsorted(self.steps, self.step, side="right")) - 1
        self._minima(renderer)
        if shown >= 0:
            self._trails(renderer, shown)
            self._start(renderer)
            for run, (points, visible) in zip(self.runs, self._projected, strict=True):
                self._head(renderer, run, points, visible, int(run.index[shown]))
        self.stale = False

    def draw_edge(self, renderer: RendererBase, view: Projection, axis: int) -> None:
        """Draw labels along the near edge parallel to an axis; nothing by default."""

    def _walls(self, renderer: RendererBase, view: Projection) -> None:
        """Draw the side walls that face the viewer, from the surface down to the floor."""
        gc = stroke(self, renderer, 0.6)
        gc.set_foreground(self.theme.line)
        for axis in (0, 1):
            ahead = float(view.ahead[1 - axis])
            if abs(ahead) < EDGE_ON:
                continue
            edge = np.full((129, 3), 0.0 if ahead > 0 else 1.0)
            edge[:, axis] = np.linspace(0, 1, len(edge))
            inner = np.clip(edge[:, :2], 1e-4, 1 - 1e-4)
            edge[:, 2] = np.nan_to_num(self.model.field.at(inner[:, 0], inner[:, 1]))
            base = edge[[-1, 0]]
            base[:, 2] = self.floor
            dark = mix(to_rgb(self.theme.fill[0]), to_rgb(self.theme.foreground), 0.2 if axis else 0.1)
            outline = Path(view(np.concatenate([edge, base, edge[:1]])), closed=True)
            renderer.draw_path(gc, outline, IDENTITY, (*dark, 1.0))
            self.draw_edge(renderer, view, axis)
        gc.restore()

    def _update(self, view: Projection, renderer: RendererBase) -> None:
        """Update the rendered image and the projected trajectories if the view has changed."""
        key = tuple(map(float, (*view.origin, *view.across, *view.along, view.up)))
        needed = (*key, type(renderer), renderer.get_image_magnification())
        if needed == self._view_key:
            return
        self._view_key = needed
        corners = view(np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, self.model.top)], float))
        page = np.array(renderer.get_canvas_width_height()) if self.antialiased() else corners.max(0)
        low = np.floor(np.maximum(corners.min(0), 0)).astype(int) - 1
        width, height = np.maximum(np.ceil(np.minimum(corners.max(0), page + 1)).astype(int) + 2 - low, 1).tolist()
        self._left, self._bottom = low.tolist()
        finer = renderer.get_image_magnification() * (2 if self.antialiased() else 1)
        moved = Projection(finer * (view.origin - low), finer * view.across, finer * view.along, finer * view.up)
        self._rendered = self.model.field.render(moved, round(finer * width), round(finer * height))
        self._image = _downsampled(self._rendered.rgba) if self.antialiased() else self._rendered.rgba
        self._projected = [(view(run.points), self._rendered.visible(run.points)) for run in self.runs]
        self._stars = view(self.model.minima), self._rendered.visible(self.model.minima)

    def _trail_colors(self, color: RGB) -> list[RGB]:
        """Return the colours of a trail: hidden, then from its oldest to its newest part."""
        fade = np.linspace(self.theme.fade, 0.0, len(AGE_BANDS) + 1) if self.theme.fade else [0.0]
        return [mix(color, self.theme.faded, share) for share in (FAINT, *map(float, fade))]

    def _trails(self, renderer: RendererBase, shown: int) -> None:
        """Draw all trails: hidden parts first, then halos, then visible parts."""
        gc = stroke(self, renderer, 0.6 * self.linewidth)
        drawn = [
            (run, points, visible, int(run.index[shown]) + 1)
            for run, (points, visible) in zip(self.runs, self._projected, strict=True)
        ]
        for run, points, visible, end in drawn:
            gc.set_foreground(self._trail_colors(run.style.color)[0])
            _draw_segments(renderer, gc, points[:end], ~(visible[: end - 1] & visible[1:end]))
        if self.theme.halo_width:
            gc.set_linewidth((1 + self.theme.halo_width) * self.linewidth)
            gc.set_foreground(self.theme.halo)
            for _, points, visible, end in drawn:
                _draw_segments(renderer, gc, points[:end], visible[: end - 1] & visible[1:end])
        gc.set_linewidth(self.linewidth)
        for run, points, visible, end in drawn:
            colors = self._trail_colors(run.style.color)[1:]
            since = [self.step - age * self.span for age in AGE_BANDS[: len(colors) - 1]]
            ends = [
                int(run.index[np.searchsorted(self.steps[: shown + 1], step)]) for step in since if step <= self.step
            ]
            begin = 0
            for color, until in zip(colors, [*ends, end - 1], strict=True):
                if until > begin:
                    gc.set_foreground(color)
                    piece = slice(begin, until + 1)
                    _draw_segments(renderer, gc, points[piece], visible[piece][:-1] & visible[piece][1:])
                    begin = until
        gc.restore()

    def _start(self, renderer: RendererBase) -> None:
        """Draw a ring at each start point."""
        size = 2.9 * self.linewidth
        places = {
            tuple(points[0].tolist()): visible[0] for points, visible in self._projected if np.isfinite(points[0]).all()
        }
        for place, visible in places.items():
            gc = stroke(self, renderer, 0.26 * size)
            gc.set_foreground(self._faint_if_hidden(self.theme.foreground, visible))
            ring = Affine2D().scale(pixels(renderer, size)).translate(*place)
            renderer.draw_path(gc, Head.shape("o"), ring, (*to_rgb(self.theme.halo), 1.0))
            gc.restore()

    def _minima(self, renderer: RendererBase) -> None:
        """Draw a star at each minimum in view, an open one if a search found it."""
        edge, width = (self.theme.star_edge, 0.4) if self.known else (self.theme.foreground, 0.6)
        for place, visible in zip(*self._stars, strict=True):
            if np.isfinite(place).all():
                gc = stroke(self, renderer, width * self.linewidth)
                gc.set_foreground(self._faint_if_hidden(edge, visible))
                star = Affine2D().scale(pixels(renderer, 6.4 * self.linewidth)).translate(*place.tolist())
                fill = (*self._faint_if_hidden(self.theme.star, visible), 1.0) if self.known else None
                renderer.draw_path(gc, Head.shape("*"), star, fill)
                gc.restore()

    def _head(
        self, renderer: RendererBase, run: SurfaceRun, points: Points, visible: NDArray[np.bool_], now: int
    ) -> None:
        """Draw the head: a disc, a cross if the run failed, an arrow if it left the view; smaller when hidden."""
        finite = np.flatnonzero(np.isfinite(points[: now + 1]).all(1))
        if not len(finite):
            return
        last = int(finite[-1])
        x, y = points[last].tolist()
        color = (*self._faint_if_hidden(run.style.color, bool(visible[last])), 1.0)
        size = pixels(renderer, 3.7 * self.linewidth) * (1.0 if visible[last] else HIDDEN_HEAD)
        gc = stroke(self, renderer, 0.55 * self.linewidth)
        gc.set_foreground(self.theme.rim)
        if run.stopped is not None and self.step >= run.stopped:
            cross = Affine2D().scale(0.9 * size).translate(x, y)
            for thick, ink in ((2.2, self.theme.rim), (1.2, color)):
                gc.set_linewidth(thick * self.linewidth)
                gc.set_foreground(ink)
                renderer.draw_path(gc, CROSS, cross)
        elif last < now:
            before = points[int(finite[-2])] if len(finite) > 1 else points[last]
            angle = float(np.arctan2(y - before[1], x - before[0]))
            renderer.draw_path(gc, ARROW, Affine2D().scale(1.1 * size).rotate(angle).translate(x, y), color)
        else:
            disc = Affine2D().scale(size).translate(x, y)
            renderer.draw_path(gc, Head.shape(run.style.marker), disc, color)
        gc.restore()

    def _faint_if_hidden(self, color: RGB | str, visible: bool) -> RGB:
        """Return the colour, mixed with the background if it is hidden."""
        return to_rgb(color) if visible else mix(to_rgb(color), self.theme.faded, FAINT)


def _runs(record: Record, model: SurfaceModel, look: Theme) -> list[SurfaceRun]:
    runs = record.trajectories.runs
    made = []
    for place, style in enumerate(styles(optimizer_labels(record), look)):
        x = record.trajectories.x[place]
        with np.errstate(invalid="ignore", over="ignore"):
            reach = np.abs(np.diff(x, axis=0) / model.side).max(1)
        pieces = np.clip(np.nan_to_num(np.ceil(reach / STRIDE), nan=1, posinf=1), 1, 2 / STRIDE).astype(np.int64)
        index = np.concatenate([[0], np.cumsum(pieces)])
        at = np.arange(index[-1] + 1)
        dense = np.column_stack([np.interp(at, index, x[:, axis]) for axis in (0, 1)])
        failed = str(runs["status"][place]) in FAILED
        made.append(
            SurfaceRun(model.on_surface(dense), index, style, step_or_none(runs["stopped"], place) if failed else None)
        )
    return made


def _draw_segments(renderer: RendererBase, gc: object, points: Points, drawn: NDArray[np.bool_]) -> None:
    """Draw the selected segments of a polyline; segments with a non-finite end are skipped."""
    finite = np.asarray(np.isfinite(points).all(1))
    drawn = drawn & finite[:-1] & finite[1:]
    if not drawn.any():
        return
    needed = np.append(drawn, False) | np.append(False, drawn)
    codes = np.where(np.append(False, drawn), Path.LINETO, Path.MOVETO).astype(Path.code_type)
    path = Path(points[needed], codes[needed])
    renderer.draw_path(gc, path, IDENTITY)  # type: ignore[arg-type]


def _at_color_grid(height: Points) -> Points:
    """Resample heights to the grid of the colours."""
    return resized(height, FINE)


def _downsampled(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Downsample an RGBA image by two, weighting colours by alpha."""
    height, width = rgba.shape[0] // 2 * 2, rgba.shape[1] // 2 * 2
    parts = rgba[:height, :width].reshape(height // 2, 2, width // 2, 2, 4).astype(np.float32)
    alpha = parts[..., 3:]
    color = (parts[..., :3] * alpha).sum((1, 3)) / np.maximum(alpha.sum((1, 3)), 1)
    return np.concatenate([color, alpha.mean((1, 3))], -1).round().astype(np.uint8)
