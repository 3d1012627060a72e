"""The artist of a 3-D surface with the trajectories of a race; hidden parts are thin and faded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.record import Record, Surface
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, pixels, stroke
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.fan import MOST, shifts_apart
from landscapes.render.artists.heads import ARROW, CROSS, Head
from landscapes.render.artists.trails import AGE_BANDS, RGB, mix
from landscapes.render.light import Sun
from landscapes.render.plot3d.camera import TALL
from landscapes.render.plot3d.heightfield import DENSE, Projection
from landscapes.render.plot3d.shading import SIDEWAYS, wall_bands
from landscapes.render.plot3d.sprites import draw_sprite, glow, shadow
from landscapes.render.plot3d.surface_model import SurfaceModel, SurfaceRun, runs_on_surface
from landscapes.render.plots.contours import is_known
from landscapes.render.theme import Theme

Points = NDArray[np.float64]

Projected = tuple[Points, NDArray[np.bool_]]
"""Points of a run in pixels, shape (n, 2), and which of them are visible."""

FAINT = 0.55, 0.65
"""Opacity of hidden trails, and their width in line widths."""

VEIL = 0.25
"""Share of the background in the colours of other hidden marks."""

EDGE_ON = 1e-9
"""A side wall with a smaller visible share is edge-on and not drawn."""

HEAD = 3.7
"""Diameter of heads in line widths."""

UNMOVED = np.zeros(2)

HIDDEN_HEAD = 0.7
"""Size of a hidden head relative to a visible one."""

LIFT, LIFTED_HEAD = 0.9, 1.3
"""How high above the surface trails and heads are drawn, in line widths; their shadows lie on it."""

SHADOWS = ((3.4, 0.10), (2.3, 0.14), (1.3, 0.18))
"""Widths in line widths, and opacities of the strokes of a trail's soft shadow."""

THINNEST = 4.0
"""Thinner bands of a side wall are joined, in pixels."""

GLOW, BRIGHT = 3.0, 1.4
"""Diameter of the glow of a head in diameters of the head, and its opacity in the theme's."""


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
    fractional = True

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
            self.runs = runs_on_surface(record, self.model, look)
        self.span = int(self.steps[-1])
        self.step: float = self.span
        self._view_key: tuple[object, ...] = ()
        self.set_zorder(3)

    def set_step(self, step: float) -> None:
        self.step = step

    @cached_property
    def colors(self) -> list[RGB]:
        """Colours that a palette must keep exactly."""
        marks = [to_rgb(color) for color in (self.theme.rim, self.theme.star, self.theme.star_edge, self.theme.halo)]
        return [color for run in self.runs for color in self._trail_colors(run.style.color)] + marks

    def projection(self, renderer: RendererBase) -> Projection:
        """Return the projection of the surface to the renderer's pixels."""
        raise NotImplementedError

    def sun(self, view: Projection) -> Sun:
        """Return the sun for a view; here it moves with the camera."""
        away = np.degrees(np.arctan2(view.ahead[1], view.ahead[0]))
        return Sun(float(away) + 180 - SIDEWAYS)

    def antialiased(self) -> bool:
        """Return whether to render at twice the resolution in both directions, not only upwards."""
        return True

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        view = self.projection(renderer)
        self._update(view, renderer)
        self.draw_behind(renderer, view)
        gc = renderer.new_gc()
        renderer.draw_image(gc, self._left, self._bottom, self._image[::-1])
        gc.restore()
        self._walls(renderer, view)
        shown = int(np.searchsorted(self.steps, self.step, side="right")) - 1
        if shown < 0:
            self._minima(renderer)
        else:
            cut = [self._until_now(*drawn, shown) for drawn in zip(self.runs, self._projected, strict=True)]
            self._trails(renderer, cut, shown)
            self._minima(renderer)
            self._start(renderer)
            shifts = self._shifts(renderer, cut)
            for run, (points, visible), shift in zip(self.runs, cut, shifts, strict=True):
                self._head(renderer, run, points, visible, len(points) - 1, shift)
        self.stale = False

    def _until_now(self, run: SurfaceRun, projected: Projected, shown: int) -> Projected:
        """Return the points of a run up to the step, and of a fraction, part of the way to the next one."""
        points, visible = projected
        end, share = float(run.index[shown]), self.step - int(self.step)
        if share and shown + 1 < len(self.steps) and self.steps[shown + 1] == int(self.step) + 1:
            end += smootherstep(share) * float(run.index[shown + 1] - run.index[shown])
        last = int(end)
        points, visible = points[: last + 2].copy(), visible[: last + 2]
        if end == last:
            return points[: last + 1], visible[: last + 1]
        points[-1] = points[-2] + (end - last) * (points[-1] - points[-2])
        return points, visible

    def draw_behind(self, renderer: RendererBase, view: Projection) -> None:
        """Draw what stands behind the surface; nothing by default."""

    def draw_edge(self, renderer: RendererBase, view: Projection, axis: int) -> None:
        """Draw labels along the near edge parallel to an axis; nothing by default."""

    def _walls(self, renderer: RendererBase, view: Projection) -> None:
        """Draw the side walls that face the viewer, down to the floor, in bands of the colours of the levels."""
        gc = stroke(self, renderer, 0.6)
        for axis in (0, 1):
            ahead = float(view.ahead[1 - axis])
            if abs(ahead) < EDGE_ON:
                continue
            edge = np.full((193, 3), 0.0 if ahead > 0 else 1.0)
            edge[:, 2] = 0.0
            edge[:, axis] = np.linspace(0, 1, len(edge))
            inner = np.clip(edge[:, :2], 1e-4, 1 - 1e-4)
            height = np.nan_to_num(self.model.field.at(inner[:, 0], inner[:, 1]))
            outward = np.zeros(2)
            outward[1 - axis] = -np.sign(ahead)
            ground = view(edge)  # at height 0
            gc.set_linewidth(0.0)
            thin = THINNEST / max(view.up, 1e-9)
            for bottom, top, color in wall_bands(self.model.levels, self.theme, self._sun, outward, thin):
                outline = _band(ground, view.up, height, max(bottom - 0.3 * thin, self.floor), top)
                if outline is not None:
                    renderer.draw_path(gc, outline, IDENTITY, color)
            gc.set_linewidth(0.7)
            gc.set_foreground((*to_rgb(self.theme.line), 0.45), isRGBA=True)
            renderer.draw_path(gc, Path(ground + np.outer(view.up * height, [0.0, 1.0])), IDENTITY)
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
        self._sun = self.sun(view)
        side = max(np.hypot(*view.across), np.hypot(*view.along))
        self.model.paint(self._sun, renderer.get_image_magnification() * float(side))
        along, down = (2, 2) if self.antialiased() else (1, 2)
        finer = renderer.get_image_magnification() * np.array([along, down])
        moved = Projection(finer * (view.origin - low), finer * view.across, finer * view.along, finer[1] * view.up)
        columns, rows = (round(n * side) for n, side in zip(finer.tolist(), (width, height), strict=True))
        samples = None if self.antialiased() else int(DENSE * rows / down)
        self._rendered = self.model.field.render(moved, columns, rows, samples)
        self.model.lines.draw(self._rendered.rgba, self._rendered.heights, (along, down))
        self._image = _downsampled(self._rendered.rgba, down, along)
        self._projected = [(view(run.points), self._rendered.visible(run.points)) for run in self.runs]
        self._stars = view(self.model.minima), self._rendered.visible(self.model.minima)
        east, north, high = self._sun.direction.tolist()
        self._fall = -TALL / max(view.up, 1e-9) * (east * view.across + north * view.along) / high

    def _above(self, renderer: RendererBase, widths: float) -> tuple[Points, Points]:
        """Return where something above the surface is drawn, and its shadow, relative to the point below, in pixels."""
        high = pixels(renderer, widths * self.linewidth)
        return np.array([0.0, high]), high * self._fall

    def _trail_colors(self, color: RGB) -> list[RGB]:
        """Return the colours of a trail from its oldest to its newest part; one without fading and tapering."""
        ages = len(AGE_BANDS) + 1 if self.theme.fade or self.theme.taper else 1
        fade = np.linspace(self.theme.fade, 0.0, ages)
        return [mix(color, self.theme.faded, share) for share in map(float, fade)]

    def _bands(self, run: SurfaceRun, shown: int, end: int) -> list[tuple[RGB, float, int, int]]:
        """Return colour, width, and first and last point of the parts of a trail, from the oldest."""
        colors = self._trail_colors(run.style.color)
        widths = self.linewidth * (1 - np.linspace(self.theme.taper, 0.0, len(colors)))
        since = [self.step - age * self.span for age in AGE_BANDS[: len(colors) - 1]]
        ends = [int(run.index[np.searchsorted(self.steps[: shown + 1], step)]) for step in since if step <= self.step]
        begin, bands = 0, []
        for color, width, until in zip(colors, widths.tolist(), [*ends, end], strict=True):
            if until > begin:
                bands.append((color, width, begin, until))
                begin = until
        return bands

    def _trails(self, renderer: RendererBase, cut: Sequence[Projected], shown: int) -> None:
        """Draw all trails: hidden parts first, then shadows, outlines and visible parts."""
        gc = stroke(self, renderer, FAINT[1] * self.linewidth)
        up, fall = self._above(renderer, LIFT)
        lines = [(points, visible[:-1] & visible[1:]) for points, visible in cut]
        for run, (points, seen) in zip(self.runs, lines, strict=True):
            gc.set_foreground((*run.style.color, FAINT[0]), isRGBA=True)
            _draw_segments(renderer, gc, points, ~seen)
        ground = _joined_segments([(points + fall, seen) for points, seen in lines])
        for width, opacity in SHADOWS:
            gc.set_linewidth(width * self.linewidth)
            gc.set_foreground((0.0, 0.0, 0.0, opacity), isRGBA=True)
            if ground:  # of all trails at once, because shadows do not add up
                renderer.draw_path(gc, ground, IDENTITY)
        bands = [self._bands(run, shown, len(points) - 1) for run, (points, _) in zip(self.runs, lines, strict=True)]
        for halo in (True, False) if self.theme.halo_width else (False,):
            for (points, seen), parts in zip(lines, bands, strict=True):
                for color, width, begin, end in parts:
                    gc.set_linewidth(width + self.theme.halo_width * self.linewidth if halo else width)
                    gc.set_foreground(self.theme.halo if halo else color)
                    _draw_segments(renderer, gc, points[begin : end + 1] + up, seen[begin:end])
        gc.restore()

    def _start(self, renderer: RendererBase) -> None:
        """Draw a ring at each start point."""
        size = 2.9 * self.linewidth
        up, _ = self._above(renderer, LIFT)
        places = {
            tuple((points[0] + up).tolist()): visible[0]
            for points, visible in self._projected
            if np.isfinite(points[0]).all()
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

    def _shifts(self, renderer: RendererBase, cut: Sequence[Projected]) -> Points:
        """Return how far visible heads are moved apart, shape (R, 2), so that all of them and the star are seen."""
        if not 0 < len(cut) <= MOST:
            return np.zeros((len(cut), 2))
        running = [run.stopped is None or self.step < run.stopped for run in self.runs]
        seen = np.array([bool(visible[-1]) for _, visible in cut]) & running
        drawn = np.array([bool(np.isfinite(run.points).all(1).any()) for run in self.runs])
        up, _ = self._above(renderer, LIFTED_HEAD)
        at = np.array([points[-1] + up for points, _ in cut])
        stars = self._stars[0][np.isfinite(self._stars[0]).all(1)]
        size = pixels(renderer, HEAD * self.linewidth)
        return np.asarray(shifts_apart(at[None], seen[None], drawn, stars, size)[0])

    def _head(
        self,
        renderer: RendererBase,
        run: SurfaceRun,
        points: Points,
        visible: NDArray[np.bool_],
        now: int,
        shift: Points = UNMOVED,
    ) -> None:
        """Draw the head: a disc, a cross if the run failed, an arrow if it left the view; smaller when hidden."""
        finite = np.flatnonzero(np.isfinite(points[: now + 1]).all(1))
        if not len(finite):
            return
        last = int(finite[-1])
        seen = bool(visible[last])
        up, fall = self._above(renderer, LIFTED_HEAD if seen else 0.0)
        x, y = (points[last] + up + shift).tolist()
        color = (*self._faint_if_hidden(run.style.color, seen), 1.0)
        size = pixels(renderer, HEAD * self.linewidth) * (1.0 if seen else HIDDEN_HEAD)
        if seen:
            draw_sprite(renderer, shadow(round(1.7 * size)), *(points[last] + fall + shift).tolist())
            if self.theme.glow:
                draw_sprite(
                    renderer, glow(round(GLOW * size), run.style.color, min(BRIGHT * self.theme.glow, 1.0)), x, y
                )
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
            angle = float(np.arctan2(y - up[1] - before[1], x - before[0]))
            renderer.draw_path(gc, ARROW, Affine2D().scale(1.1 * size).rotate(angle).translate(x, y), color)
        else:
            disc = Affine2D().scale(size).translate(x, y)
            renderer.draw_path(gc, Head.shape(run.style.marker), disc, color)
        gc.restore()

    def _faint_if_hidden(self, color: RGB | str, visible: bool) -> RGB:
        """Return the colour, mixed with the background if it is hidden."""
        return to_rgb(color) if visible else mix(to_rgb(color), self.theme.faded, VEIL)


def _draw_segments(renderer: RendererBase, gc: GraphicsContextBase, points: Points, drawn: NDArray[np.bool_]) -> None:
    """Draw the selected segments of a polyline; segments with a non-finite end are skipped."""
    if path := _joined_segments([(points, drawn)]):
        renderer.draw_path(gc, path, IDENTITY)


def _joined_segments(lines: Sequence[tuple[Points, NDArray[np.bool_]]]) -> Path | None:
    """Return the selected segments of polylines as one path; segments with a non-finite end are skipped."""
    vertices, codes = [], []
    for points, drawn in lines:
        finite = np.asarray(np.isfinite(points).all(1))
        drawn = drawn & finite[:-1] & finite[1:]
        if drawn.any():
            needed = np.append(drawn, False) | np.append(False, drawn)
            vertices.append(points[needed])
            codes.append(np.where(np.append(False, drawn), Path.LINETO, Path.MOVETO).astype(Path.code_type)[needed])
    return Path(np.concatenate(vertices), np.concatenate(codes)) if vertices else None


def _band(ground: Points, up: float, height: Points, bottom: float, top: float) -> Path | None:
    """Return the outline of the part of a wall between two heights, or None if it does not reach the lower one.

    Args:
        ground: pixels at height 0 below the wall's upper edge, from left to right or back, shape (n, 2).
        up: pixels per unit of height.
        height: the heights of the edge, shape (n,).
        bottom, top: the heights.
    """
    if height.max() <= bottom or top <= bottom:
        return None
    if top <= height.min():
        ground, height = ground[[0, -1]], height[[0, -1]]
    outline = np.concatenate([ground, ground[::-1], ground[:1]])
    upper, lower = np.minimum(height, top), np.minimum(height, bottom)
    outline[:, 1] += up * np.concatenate([upper, lower[::-1], upper[:1]])
    return Path(outline, closed=True)


def _downsampled(rgba: NDArray[np.uint8], down: int, along: int) -> NDArray[np.uint8]:
    """Downsample an RGBA image by 1 or 2 in each direction."""
    packed = rgba.view(np.uint32)[..., 0]
    if down == 2:
        packed = _averaged(packed[0 : len(packed) // 2 * 2 : 2], packed[1::2])
    if along == 2:
        packed = _averaged(packed[:, 0 : packed.shape[1] // 2 * 2 : 2], packed[:, 1::2])
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def _averaged(one: NDArray[np.uint32], two: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the means of packed RGBA pixels; where their opacity differs, colours count by it."""
    different = one ^ two
    mean = one | two
    mean -= (different & np.uint32(0xFEFEFEFE)) >> np.uint32(1)  # of all four bytes at once
    edge = np.flatnonzero(different & np.frombuffer(bytes([0, 0, 0, 255]), np.uint32)[0])
    if len(edge):
        parts = np.stack([part.ravel()[edge].view(np.uint8).reshape(-1, 4) for part in (one, two)]).astype(float)
        weights = parts[..., 3:] / parts[..., 3:].sum(0)
        mixed = np.column_stack([(parts[..., :3] * weights).sum(0), parts[..., 3].mean(0)])
        mean.ravel()[edge] = np.rint(mixed).astype(np.uint8).view(np.uint32)[:, 0]
    return mean
