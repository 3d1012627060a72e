"""Frames of a moving figure: what stands still is drawn once, what moves is drawn on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from landscapes.render.moving import moving
from landscapes.render.sinks.base import RGBA, Area, bounds

MARGIN = 8.0
"""How far heads may stick out of their axes, in points."""


class Frames:
    """The pictures of a figure at any step, through one live buffer.

    Every artist that stands in front of a moving one is drawn again with it, so that any artist may be
    on the figure and the order is matplotlib's own.

    Attributes:
        rgba: the current frame, shape (height, width, 4); changed in place by `show`.
    """

    def __init__(self, figure: Figure, dpi: float | None = None) -> None:
        self._figure = figure
        self._dpi = figure.dpi if dpi is None else dpi
        self._moving = moving(figure)
        self._drawn = _redrawn(figure, {id(artist) for artist in self._moving})
        with self._prepared():
            width, height = (int(side) for side in figure.bbox.size)
            self._renderer: Any = RendererAgg(width, height, self._dpi)
            self.rgba: RGBA = np.asarray(self._renderer.buffer_rgba())
            self.rgba[...] = 255  # a figure without a background stands on white
            figure.draw(self._renderer)
        self._still = self.rgba.copy()
        self._before: NDArray[np.uint32] | None = None

    def advance(self, step: int) -> tuple[RGBA, Area | None]:
        """Draws the frame of a step, and tells where it differs from the one that `advance` drew before."""
        colors: NDArray[np.uint32] = self.show(step).view(np.uint32)[..., 0]
        if self._before is None:
            self._before = colors.copy()
            return self.rgba, (slice(0, colors.shape[0]), slice(0, colors.shape[1]))
        area = bounds(colors != self._before)
        if area is not None:
            self._before[area] = colors[area]
        return self.rgba, area

    def show(self, step: int) -> RGBA:
        """Draws the frame of a step into `rgba`, and returns it."""
        np.copyto(self.rgba, self._still)
        for mover in self._moving:
            mover.show(step)
        with self._at_this_dpi():
            for artist in self._drawn:
                artist.draw(self._renderer)
        return self.rgba

    @contextmanager
    def _at_this_dpi(self) -> Iterator[None]:
        """The figure at this resolution."""
        before = self._figure.dpi
        if before == self._dpi:
            yield
            return
        self._figure.dpi = self._dpi
        try:
            yield
        finally:
            self._figure.dpi = before

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """The figure at this resolution, with the redrawn artists left out of its own drawing."""
        flags = [artist.get_animated() for artist in self._drawn]
        for artist in self._drawn:
            artist.set_animated(True)
        try:
            with self._at_this_dpi():
                yield
        finally:
            for artist, flag in zip(self._drawn, flags, strict=True):
                artist.set_animated(flag)


def _redrawn(figure: Figure, movers: set[int]) -> list[Artist]:
    """The moving artists and whatever stands in front of them, in drawing order."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # what overlaps is known once all is in its place
    chosen: list[Artist] = []
    stirred: list[Bbox] = []
    for layer in _layers(figure):
        extent = layer.get_tightbbox() or Bbox.null()
        if any(extent.overlaps(other) for other in stirred):
            parts = [layer]
        elif isinstance(layer, Axes):
            parts = _front(layer, movers)
        else:
            parts = [layer] if id(layer) in movers else []
        if parts:
            stirred.append(extent if parts == [layer] else _reach(layer, figure.dpi))
            chosen += parts
    return chosen


def _layers(page: Figure | SubFigure) -> Iterator[Artist]:
    """What a figure draws, from back to front: axes, texts, legends."""
    for child in sorted(page.get_children(), key=Artist.get_zorder):
        if isinstance(child, SubFigure):
            yield from _layers(child)
        elif child is not page.patch and child.get_visible():
            yield child


def _front(axes: Axes, movers: set[int]) -> list[Artist]:
    """The children of axes from the first one that moves, or holds something that does, to the foremost."""
    children = sorted((child for child in axes.get_children() if child is not axes.patch), key=Artist.get_zorder)
    moving = [any(id(part) in movers for part in child.findobj()) for child in children]
    return children[moving.index(True) :] if any(moving) else []


def _reach(artist: Artist, dpi: float) -> Bbox:
    """Where something may move, in pixels: heads on the border of axes stick out."""
    return Bbox(artist.get_window_extent().padded(MARGIN * dpi / 72).get_points())
