"""Frames of a moving figure: what stands still is drawn once, what moves is drawn on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscapes.render.layout import moving
from landscapes.render.sinks.base import RGBA, Area, bounds


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
            figure.draw(self._renderer)
        self.rgba: RGBA = np.asarray(self._renderer.buffer_rgba())
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
        with self._prepared():
            for artist in self._drawn:
                artist.draw(self._renderer)
        return self.rgba

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """The figure at this resolution, with the redrawn artists left out of its own drawing."""
        before = self._figure.dpi
        flags = [artist.get_animated() for artist in self._drawn]
        if before != self._dpi:
            self._figure.dpi = self._dpi
        for artist in self._drawn:
            artist.set_animated(True)
        try:
            yield
        finally:
            for artist, flag in zip(self._drawn, flags, strict=True):
                artist.set_animated(flag)
            if before != self._dpi:
                self._figure.dpi = before


def _redrawn(figure: Figure, movers: set[int]) -> list[Artist]:
    """The moving artists and whatever stands in front of them, in drawing order."""
    chosen: list[Artist] = []
    for axes in sorted(figure.axes, key=Artist.get_zorder):
        children = sorted(axes.get_children(), key=Artist.get_zorder)
        heights = [child.get_zorder() for child in children if id(child) in movers]
        if heights:
            skip = {id(axes.patch), *(id(spine) for spine in axes.spines.values())}
            chosen += [child for child in children if child.get_zorder() >= min(heights) and id(child) not in skip]
    loose = [artist for artist in figure.get_children() if id(artist) in movers]
    return chosen + sorted(loose, key=Artist.get_zorder)
