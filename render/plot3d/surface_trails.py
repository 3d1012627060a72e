"""The trajectories of a race on a 3-D surface: trails above soft shadows, heads and stars; hidden parts are faint."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.record import Record
from landscapes.render.artists.animated import (
    NO_BOXES,
    AnimatedArtist,
    Boxes,
    bounds_of,
    in_use,
    pixels,
    stroke,
    windows,
)
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.fan import MOST, shifts_apart
from landscapes.render.artists.heads import ARROW, CROSS, Head
from landscapes.render.artists.trails import AGE_BANDS, RGB, mix
from landscapes.render.plot3d.camera import TALL
from landscapes.render.plot3d.segments import ProjectedRun, Segments, draw_segments
from landscapes.render.plot3d.sprites import draw_sprite, glow, shadow
from landscapes.render.plot3d.surface_artist import SurfaceArtist
from landscapes.render.plot3d.surface_model import SurfaceRun
from landscapes.render.plots.contours import is_known, open_star

Points = NDArray[np.float64]

FAINT = 0.55, 0.65
"""Opacity of hidden trails, and their width in line widths."""

VEIL = 0.25
"""Share of the background in the colours of other hidden marks."""

HEAD = 3.7
"""Diameter of heads in line widths."""

UNMOVED = np.zeros(2)

HIDDEN_HEAD = 0.7
"""Size of a hidden head relative to a visible one."""

LIFT, LIFTED_HEAD = 0.9, 1.3
"""How high above the surface trails and heads are drawn, in line widths; their shadows lie on it."""

SHADOWS = ((3.4, 0.10), (2.3, 0.14), (1.3, 0.18))
"""Widths in line widths, and opacities of the strokes of a trail's soft shadow."""

GLOW, BRIGHT = 3.0, 1.4
"""Diameter of the glow of a head in diameters of the head, and its opacity in the theme's."""

Band = tuple[RGB, float, int, int]
"""Colour, width, and first and last point of a part of a trail."""


class SurfaceTrails(Artist, AnimatedArtist):
    """The trajectories of a race on a surface, up to a step, and the minima.

    Args:
        surface: the artist of the surface, which is on the same axes.
        record: the race, or None for the minima alone.
        linewidth: width of the trails in points.
    """

    fractional = True

    def __init__(self, surface: SurfaceArtist, record: Record | None = None, linewidth: float = 2.3) -> None:
        super().__init__()
        self.surface = surface
        self.theme = surface.theme
        self.runs = surface.runs
        self.linewidth = linewidth
        self.known = record is None or is_known(record)
        self.steps: NDArray[np.int64] = np.zeros(1, np.int64) if record is None else record.trajectories.step
        self.span = int(self.steps[-1])
        self.step: float = self.span
        self._drawn_for: tuple[int, int] = (0, 0)
        self.set_zorder(surface.get_zorder() + 0.1)

    def set_step(self, step: float) -> None:
        self.step = step

    @cached_property
    def colors(self) -> list[RGB]:
        """Colours that a palette must keep exactly."""
        marks = [to_rgb(color) for color in (self.theme.rim, self.theme.star, self.theme.star_edge, self.theme.halo)]
        return [color for run in self.runs for color in self._trail_colors(run.style.color)] + marks

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        self._project(renderer)
        shown = self._shown(self.step)
        if shown < 0:
            self._minima(renderer)
            return
        cut = [run.until(self._end(run.run, self.step)) for run in self._projected]
        self._trails(renderer, cut, shown)
        self._minima(renderer)
        self._start(renderer)
        shifts = self._shifts(renderer, [self.step])[0]
        for one, shift in zip(cut, shifts, strict=True):
            self._head(renderer, one, shift)
        self.stale = False

    def dirty_boxes(self, steps: Sequence[float], renderer: RendererBase) -> Boxes | None:
        if isinstance(self.surface, AnimatedArtist) or steps[0] < self.steps[0]:
            return None
        self._project(renderer)
        first, last = steps[0], steps[-1]
        reach, boxes = self._reach(renderer), [NO_BOXES]
        ages = AGE_BANDS[: len(self._trail_colors((0.0, 0.0, 0.0))) - 1]
        for one in self._projected:
            begin, end = self._end(one.run, first), self._end(one.run, last)
            boxes.append(bounds_of(one.points[max(int(begin) - 1, 0) : int(np.ceil(end)) + 1], reach))
            for age in ages:
                old, new = (self._since(one.run, step - age * self.span) for step in (first, last))
                if old < new:
                    boxes.append(bounds_of(one.points[max(old - 1, 0) : new + 2], reach))
        return np.concatenate([*boxes, *self._head_boxes(steps, renderer)])

    def _head_boxes(self, steps: Sequence[float], renderer: RendererBase) -> list[Boxes]:
        """Return where heads may differ between any two of these steps."""
        moved = self._shifts(renderer, steps)
        up, fall = self._above(renderer, LIFTED_HEAD)
        size = pixels(renderer, HEAD * self.linewidth)
        reach = 2 + GLOW / 2 * size + max(np.hypot(*up), np.hypot(*fall))
        boxes = []
        for number, one in enumerate(self._projected):
            places, seen = one.heads([self._end(one.run, step) for step in steps])
            at = np.column_stack([places + moved[:, number], seen])
            stopped = one.run.stopped
            ends = stopped is not None and steps[0] < stopped <= steps[-1]
            if ends or (at[1:] != at[:1]).any():
                finite = at[np.isfinite(at).all(1), :2]
                if len(finite):
                    boxes.append(np.concatenate([finite.min(0) - reach, finite.max(0) + reach])[None])
        return boxes

    # where things are

    def _shown(self, step: float) -> int:
        """Return the number of the last recorded step up to a step; -1 if it is before all of them."""
        return int(np.searchsorted(self.steps, step, side="right")) - 1

    def _end(self, run: SurfaceRun, step: float) -> float:
        """Return the point at which a run is at a step; of a fraction, part of the way to the next step."""
        shown = max(self._shown(step), 0)
        end, share = float(run.index[shown]), step - int(step)
        if share and shown + 1 < len(self.steps) and self.steps[shown + 1] == int(step) + 1:
            end += smootherstep(share) * float(run.index[shown + 1] - run.index[shown])
        return end

    def _since(self, run: SurfaceRun, step: float) -> int:
        """Return the point of a run at the first recorded step from a step on, at most the last one."""
        return int(run.index[min(int(np.searchsorted(self.steps, step)), len(self.steps) - 1)])

    def _project(self, renderer: RendererBase) -> None:
        """Update the projected trajectories if the view has changed."""
        surface = self.surface
        surface.update_view(renderer)
        needed = id(surface), surface.number
        if needed == self._drawn_for:
            return
        self._drawn_for = needed
        view, rendered, model = surface.view, surface.rendered, surface.model
        self._projected = [ProjectedRun(run, view(run.points), rendered.visible(run.points)) for run in self.runs]
        self._stars = view(model.minima), rendered.visible(model.minima)
        east, north, high = surface.sun.direction.tolist()
        self._fall = -TALL / max(view.up, 1e-9) * (east * view.across + north * view.along) / high

    def _above(self, renderer: RendererBase, widths: float) -> tuple[Points, Points]:
        """Return where something above the surface is drawn, and its shadow, relative to the point below, in pixels."""
        high = pixels(renderer, widths * self.linewidth)
        return np.array([0.0, high]), high * self._fall

    def _reach(self, renderer: RendererBase) -> float:
        """Return how far the strokes of a trail reach from its points on the surface, in pixels."""
        widest = max(SHADOWS[0][0], 1 + self.theme.halo_width) * self.linewidth
        up, fall = self._above(renderer, LIFT)
        return 2 + pixels(renderer, widest) / 2 + float(max(np.hypot(*up), np.hypot(*fall)))

    def _shifts(self, renderer: RendererBase, steps: Sequence[float]) -> Points:
        """Return how far visible heads are moved apart, shape (steps, R, 2), so that all and the star are seen."""
        if not 0 < len(self.runs) <= MOST:
            return np.zeros((len(steps), len(self.runs), 2))
        ends = [one.heads([self._end(one.run, step) for step in steps]) for one in self._projected]
        at, seen = (np.stack(column, 1) for column in zip(*ends, strict=True))
        running = np.array([np.inf if run.stopped is None else run.stopped for run in self.runs])
        drawn = np.array([one.ever for one in self._projected])
        up, _ = self._above(renderer, LIFTED_HEAD)
        stars = self._stars[0][np.isfinite(self._stars[0]).all(1)]
        size = pixels(renderer, HEAD * self.linewidth)
        return shifts_apart(at + up, seen & (np.array(steps)[:, None] < running), drawn, stars, size)

    # drawing

    def _trail_colors(self, color: RGB) -> list[RGB]:
        """Return the colours of a trail from its oldest to its newest part; one without fading and tapering."""
        ages = len(AGE_BANDS) + 1 if self.theme.fade or self.theme.taper else 1
        fade = np.linspace(self.theme.fade, 0.0, ages)
        return [mix(color, self.theme.faded, share) for share in map(float, fade)]

    def _bands(self, run: SurfaceRun, shown: int, end: int) -> list[Band]:
        """Return the parts of a trail, from the oldest."""
        colors = self._trail_colors(run.style.color)
        widths = self.linewidth * (1 - np.linspace(self.theme.taper, 0.0, len(colors)))
        ends = [self._since(run, self.step - age * self.span) for age in AGE_BANDS[: len(colors) - 1]]
        begin, bands = 0, []
        for color, width, until in zip(colors, widths.tolist(), [*(min(one, end) for one in ends), end], strict=True):
            if until > begin:
                bands.append((color, width, begin, until))
                begin = until
        return bands

    def _trails(self, renderer: RendererBase, cut: Sequence[ProjectedRun], shown: int) -> None:
        """Draw all trails: hidden parts first, then shadows, outlines and visible parts."""
        gc = stroke(self, renderer, FAINT[1] * self.linewidth)
        up, fall = self._above(renderer, LIFT)
        bands = [self._bands(one.run, shown, len(one.points) - 1) for one in cut]
        margin, boxes = self._reach(renderer), windows(renderer)
        lines = [
            Segments.of(one, [begin for *_, begin, _ in parts], boxes, margin)
            for one, parts in zip(cut, bands, strict=True)
        ]
        for one, line in zip(cut, lines, strict=True):
            gc.set_foreground((*one.run.style.color, FAINT[0]), isRGBA=True)
            draw_segments(renderer, gc, [(line.points, line.hidden)])
        ground = [(line.points + fall, line.seen) for line in lines]
        for width, opacity in SHADOWS:
            gc.set_linewidth(width * self.linewidth)
            gc.set_foreground((0.0, 0.0, 0.0, opacity), isRGBA=True)
            draw_segments(renderer, gc, ground)  # of all trails at once, because shadows do not add up
        for halo in (True, False) if self.theme.halo_width else (False,):
            for line, parts in zip(lines, bands, strict=True):
                if line.seen.any():
                    self._strokes(renderer, gc, line, parts, up, halo)
        gc.restore()

    def _strokes(
        self,
        renderer: RendererBase,
        gc: GraphicsContextBase,
        line: Segments,
        parts: Sequence[Band],
        up: Points,
        halo: bool,
    ) -> None:
        """Draw the visible parts of a trail, or their outline."""
        lifted = line.points + up
        for color, width, begin, end in parts:
            gc.set_linewidth(width + self.theme.halo_width * self.linewidth if halo else width)
            gc.set_foreground(self.theme.halo if halo else (*color, 1.0), isRGBA=not halo)
            here = line.between(begin, end)
            draw_segments(renderer, gc, [(lifted[here.start : here.stop + 1], line.seen[here])])

    def _start(self, renderer: RendererBase) -> None:
        """Draw a ring at each start point."""
        size = 2.9 * self.linewidth
        up, _ = self._above(renderer, LIFT)
        places = {
            tuple((one.points[0] + up).tolist()): bool(one.visible[0])
            for one in self._projected
            if np.isfinite(one.points[0]).all()
        }
        for place, visible in places.items():
            gc = stroke(self, renderer, 0.26 * size)
            gc.set_foreground(self._faint_if_hidden(self.theme.foreground, visible))
            ring = Affine2D().scale(pixels(renderer, size)).translate(*place)
            renderer.draw_path(gc, Head.shape("o"), ring, (*to_rgb(self.theme.halo), 1.0))
            gc.restore()

    def _minima(self, renderer: RendererBase) -> None:
        """Draw a star at each minimum in view, an open one if a search found it."""
        edge, casing = open_star(self.theme)
        edges = ((self.theme.star_edge, 0.4),) if self.known else ((casing, 1.4), (edge, 0.6))
        for place, visible in zip(*self._stars, strict=True):
            if np.isfinite(place).all():
                star = Affine2D().scale(pixels(renderer, 6.4 * self.linewidth)).translate(*place.tolist())
                fill = (*self._faint_if_hidden(self.theme.star, visible), 1.0) if self.known else None
                for edge, width in edges:
                    gc = stroke(self, renderer, width * self.linewidth)
                    gc.set_foreground(self._faint_if_hidden(edge, visible))
                    renderer.draw_path(gc, Head.shape("*"), star, fill)
                    gc.restore()

    def _head(self, renderer: RendererBase, one: ProjectedRun, shift: Points = UNMOVED) -> None:
        """Draw the head: a disc, a cross if the run failed, an arrow if it left the view; smaller when hidden."""
        run, points = one.run, one.points
        finite = np.flatnonzero(one.finite)
        if not len(finite):
            return
        last = int(finite[-1])
        seen = bool(one.visible[last])
        up, fall = self._above(renderer, LIFTED_HEAD if seen else 0.0)
        x, y = (points[last] + up + shift).tolist()
        color = (*self._faint_if_hidden(run.style.color, seen), 1.0)
        size = pixels(renderer, HEAD * self.linewidth) * (1.0 if seen else HIDDEN_HEAD)
        far = 2 + GLOW / 2 * size + float(np.hypot(*fall))
        if not in_use((x - far, y - far, x + far, y + far), renderer):
            return
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
        elif last < len(points) - 1:
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
