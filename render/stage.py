"""A figure in a window: what stands still is kept as a picture, what changes is drawn anew on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FRONT = 3.2
"""What lies higher than this on a panel changes: trails, curves, heads, and the stars between them."""


class Stage:
    """Draws a figure of which little changes from one time to the next.

    The figure stays an ordinary one, so whatever else draws or saves it gets all of it.

    Args:
        figure: what is drawn.
        panels: axes that stand still but for what lies in front; if their limits change, all is drawn anew.
        lively: what else changes, each artist whole.
    """

    def __init__(self, figure: Figure, panels: Sequence[Axes], lively: Sequence[Artist] = ()) -> None:
        self.figure = figure
        self.panels = panels
        self.lively = list(lively)
        self._key: tuple[Any, ...] = ()
        self._picture: Any = None

    def forget(self) -> None:
        """Says that something else has changed, so that all is drawn anew."""
        self._key = ()

    def paint(self) -> None:
        """Brings the window up to date; on a canvas that cannot keep pictures by drawing all of it, soon."""
        canvas: Any = self.figure.canvas  # of any backend
        if not (hasattr(canvas, "copy_from_bbox") and hasattr(canvas, "get_renderer")):  # as those of Cairo
            canvas.draw_idle()
            return
        changing = self._changing()
        limits = [edge for ax in self.panels for edge in (*ax.viewLim.extents, *ax.bbox.extents)]
        key = canvas, *self.figure.bbox.size, *limits
        if key != self._key:
            with _left_out(changing):
                canvas.get_renderer().clear()
                self.figure.draw(canvas.get_renderer())
            self._picture = canvas.copy_from_bbox(self.figure.bbox)
            self._key = key
        canvas.restore_region(self._picture)
        for artist in changing:
            self.figure.draw_artist(artist)
        canvas.blit(self.figure.bbox)
        canvas.flush_events()

    def _changing(self) -> list[Artist]:
        """What is in front on each panel, in drawing order, and what else is lively."""
        fronts = [[child for child in ax.get_children() if child.get_zorder() > FRONT] for ax in self.panels]
        return [artist for front in fronts for artist in sorted(front, key=Artist.get_zorder)] + self.lively


@contextmanager
def _left_out(artists: Sequence[Artist]) -> Iterator[None]:
    """Some artists left out of their figure's drawing."""
    for artist in artists:
        artist.set_animated(True)
    try:
        yield
    finally:
        for artist in artists:
            artist.set_animated(False)
