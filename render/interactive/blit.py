"""Blitting for a window: static artists are cached as images; only changing artists are redrawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

FOREGROUND_ZORDER = 3.2
"""Artists of a panel above this zorder change: trails, curves, heads, and the stars between them."""

MAX_IMAGES = 12
"""Maximum number of cached images per layer."""

_NEW = object()

Layer = tuple[Sequence[Artist], Callable[[], Hashable]]
"""Artists drawn together, and a function whose value identifies their appearance."""


class BlitManager:
    """Redraws the changing parts of a figure.

    The figure remains an ordinary one: other code can draw and save it as usual.

    Args:
        figure: the figure to draw.
        panels: axes whose foreground changes. New limits of the first one redraw everything; new limits of another
            redraw that one.
        layers: artists that change occasionally, drawn in order above the static ones; layers must not overlap.
        volatile: artists that are redrawn every time.
    """

    def __init__(
        self, figure: Figure, panels: Sequence[Axes], layers: Sequence[Layer] = (), volatile: Sequence[Artist] = ()
    ) -> None:
        self.figure = figure
        self.panels = panels
        self.volatile = list(volatile)
        self.layers = [*(([ax], lambda ax=ax: limits(ax)) for ax in panels[1:]), *layers]
        self._key: Hashable = None
        self._background: Any = None
        self._images: list[dict[Hashable, Any]] = []

    def invalidate(self) -> None:
        """Discard the cached images, so that everything is redrawn."""
        self._key = None

    def paint(self) -> None:
        """Update the window. A canvas without blitting is redrawn completely when idle."""
        canvas: Any = self.figure.canvas  # of any backend
        if not (hasattr(canvas, "copy_from_bbox") and hasattr(canvas, "get_renderer")):  # for example Cairo
            canvas.draw_idle()
            return
        changing = self._changing()
        with _excluded(changing):
            self._restore_static(canvas)
        for artist in changing:
            self.figure.draw_artist(artist)
        canvas.blit(self.figure.bbox)
        canvas.flush_events()

    def _restore_static(self, canvas: Any) -> None:
        """Restore the static background and the layers from cached images, drawing those that are missing."""
        key = canvas, *self.figure.bbox.size, *limits(self.panels[0])
        if key != self._key:
            with _excluded([artist for artists, _ in self.layers for artist in artists]):
                canvas.get_renderer().clear()
                self.figure.draw(canvas.get_renderer())
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self._images = [{} for _ in self.layers]
            self._key = key
        canvas.restore_region(self._background)
        for (artists, state), images in zip(self.layers, self._images, strict=True):
            now = state()
            image = images.pop(now, _NEW)
            if image is None or image is _NEW:
                for artist in artists:
                    self.figure.draw_artist(artist)
            else:
                canvas.restore_region(image)
            if image is None:  # seen twice: positions passed while dragging a slider are not cached
                boxes = [artist.get_tightbbox(canvas.get_renderer()) for artist in artists]
                image = canvas.copy_from_bbox(Bbox.union([box for box in boxes if box is not None]).padded(2))
            images[now] = None if image is _NEW else image
            if len(images) > MAX_IMAGES:
                images.pop(next(iter(images)))  # the least recently used one

    def _changing(self) -> list[Artist]:
        """Return the foreground of each panel in drawing order, and the volatile artists."""
        foregrounds = [
            [child for child in ax.get_children() if child.get_zorder() > FOREGROUND_ZORDER] for ax in self.panels
        ]
        return [
            artist for foreground in foregrounds for artist in sorted(foreground, key=Artist.get_zorder)
        ] + self.volatile


def limits(ax: Axes) -> tuple[float, ...]:
    """Return the data limits and the position of axes."""
    return (*ax.viewLim.extents, *ax.bbox.extents)


@contextmanager
def _excluded(artists: Sequence[Artist]) -> Iterator[None]:
    """Exclude artists from their figure's drawing temporarily."""
    for artist in artists:
        artist.set_animated(True)
    try:
        yield
    finally:
        for artist in artists:
            artist.set_animated(False)
