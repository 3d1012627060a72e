"""The artist of a 3-D surface; trajectories are drawn on it by `surface_trails`."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.record import Record, Surface
from landscapes.render.artists.animated import IDENTITY, stroke
from landscapes.render.light import Sun
from landscapes.render.plot3d.heightfield import DENSE, Projection, RenderedView
from landscapes.render.plot3d.resampling import halved
from landscapes.render.plot3d.shading import SIDEWAYS, wall_bands
from landscapes.render.plot3d.surface_model import SurfaceModel, SurfaceRun, runs_on_surface
from landscapes.render.theme import Theme

Points = NDArray[np.float64]

EDGE_ON = 1e-9
"""A side wall with a smaller visible share is edge-on and not drawn."""

THINNEST = 4.0
"""Thinner bands of a side wall are joined, in pixels."""


class SurfaceArtist(Artist):
    """A lit surface with its side walls. Subclasses define the projection.

    Args:
        surface: values on a grid.
        look: the theme.
        record: the race on it, or None for the surface alone.

    Attributes:
        floor: the height at which the side walls end.
        runs: the trajectories on the surface.
        view: the projection of the last drawing.
        rendered: what was rendered then; it knows what is hidden.
        number: how many times a surface was rendered.
    """

    floor = 0.0

    def __init__(self, surface: Surface, look: Theme, record: Record | None = None) -> None:
        super().__init__()
        self.theme = look
        self.model = SurfaceModel(surface, look)
        self.runs: list[SurfaceRun] = [] if record is None else runs_on_surface(record, self.model, look)
        self.view: Projection
        self.rendered: RenderedView
        self.number = 0
        self._view_key: tuple[object, ...] = ()
        self.set_zorder(3)

    def projection(self, renderer: RendererBase) -> Projection:
        """Return the projection of the surface to the renderer's pixels."""
        raise NotImplementedError

    def light_from(self, view: Projection) -> Sun:
        """Return the sun for a view; here it moves with the camera."""
        away = np.degrees(np.arctan2(view.ahead[1], view.ahead[0]))
        return Sun(float(away) + 180 - SIDEWAYS)

    def antialiased(self) -> bool:
        """Return whether to render at twice the resolution in both directions, not only upwards."""
        return True

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        self.update_view(renderer)
        self.draw_behind(renderer, self.view)
        gc = renderer.new_gc()
        renderer.draw_image(gc, self._left, self._bottom, self._image[::-1])
        gc.restore()
        self._walls(renderer, self.view)
        self.stale = False

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
            for bottom, top, color in wall_bands(self.model.levels, self.theme, self.sun, outward, thin):
                outline = _band(ground, view.up, height, max(bottom - 0.3 * thin, self.floor), top)
                if outline is not None:
                    renderer.draw_path(gc, outline, IDENTITY, color)
            gc.set_linewidth(0.7)
            gc.set_foreground((*to_rgb(self.theme.line), 0.45), isRGBA=True)
            renderer.draw_path(gc, Path(ground + np.outer(view.up * height, [0.0, 1.0])), IDENTITY)
            self.draw_edge(renderer, view, axis)
        gc.restore()

    def update_view(self, renderer: RendererBase) -> None:
        """Render the surface if the view has changed."""
        view = self.projection(renderer)
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
        self.sun = self.light_from(view)
        side = max(np.hypot(*view.across), np.hypot(*view.along))
        self.model.paint(self.sun, renderer.get_image_magnification() * float(side))
        along, down = (2, 2) if self.antialiased() else (1, 2)
        finer = renderer.get_image_magnification() * np.array([along, down])
        moved = Projection(finer * (view.origin - low), finer * view.across, finer * view.along, finer[1] * view.up)
        columns, rows = (round(n * side) for n, side in zip(finer.tolist(), (width, height), strict=True))
        samples = None if self.antialiased() else int(DENSE * rows / down)
        self.rendered = self.model.field.render(moved, columns, rows, samples)
        self.model.lines.draw(self.rendered.rgba, self.rendered.heights, (along, down))
        self._image = halved(self.rendered.rgba, down, along)
        self.view = view
        self.number += 1


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
