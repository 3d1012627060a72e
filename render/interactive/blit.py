"""A figure in a window: what stands still is kept as pictures, what changes is drawn anew on a copy of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

FRONT = 3.2
"""What lies higher than this on a panel changes: trails, curves, heads, and the stars between them."""

KEPT = 12
"""Looks of a layer that are remembered at most: what looks as it did a moment ago is not drawn again."""

_NEW = object()

Layer = tuple[Sequence[Artist], Callable[[], Hashable]]
"""What is drawn together, and what tells whether it looks as before."""


class BlitManager:
    """Draws a figure of which little changes from one time to the next.

    The figure stays an ordinary one, so whatever else draws or saves it gets all of it.

    Args:
        figure: what is drawn.
        panels: axes that stand still but for what lies in front; if the limits of the first one change, all is drawn anew,
            if those of others do, they are.
        layers: what changes now and then, one after another upon all that stands still; no two may overlap.
        lively: what else changes, each artist whole.
    """

    def __init__(
        self, figure: Figure, panels: Sequence[Axes], layers: Sequence[Layer] = (), lively: Sequence[Artist] = ()
    ) -> None:
        self.figure = figure
        self.panels = panels
        self.lively = list(lively)
        self.layers = [*(([ax], lambda ax=ax: limits(ax)) for ax in panels[1:]), *layers]
        self._key: Hashable = None
        self._picture: Any = None
        self._pieces: list[dict[Hashable, Any]] = []

    def forget(self) -> None:
        """Says that something else has changed, so that all is drawn anew."""
        self._key = None

    def paint(self) -> None:
        """Brings the window up to date; on a canvas that cannot keep pictures by drawing all of it, soon."""
        canvas: Any = self.figure.canvas  # of any backend
        if not (hasattr(canvas, "copy_from_bbox") and hasattr(canvas, "get_renderer")):  # as those of Cairo
            canvas.draw_idle()
            return
        changing = self._changing()
        with _left_out(changing):
            self._stand(canvas)
        for artist in changing:
            self.figure.draw_artist(artist)
        canvas.blit(self.figure.bbox)
        canvas.flush_events()

    def _stand(self, canvas: Any) -> None:
        """Puts all that stands still on the canvas: a picture of it, and upon it one of each layer, drawn where there is none."""
        key = canvas, *self.figure.bbox.size, *limits(self.panels[0])
        if key != self._key:
            with _left_out([artist for artists, _ in self.layers for artist in artists]):
                canvas.get_renderer().clear()
                self.figure.draw(canvas.get_renderer())
            self._picture = canvas.copy_from_bbox(self.figure.bbox)
            self._pieces = [{} for _ in self.layers]
            self._key = key
        canvas.restore_region(self._picture)
        for (artists, state), pieces in zip(self.layers, self._pieces, strict=True):
            now = state()
            piece = pieces.pop(now, _NEW)
            if piece is None or piece is _NEW:
                for artist in artists:
                    self.figure.draw_artist(artist)
            else:
                canvas.restore_region(piece)
            if piece is None:  # for the second time: what a slider that is dragged leaves behind is not kept
                boxes = [artist.get_tightbbox(canvas.get_renderer()) for artist in artists]
                piece = canvas.copy_from_bbox(Bbox.union([box for box in boxes if box is not None]).padded(2))
            pieces[now] = None if piece is _NEW else piece
            if len(pieces) > KEPT:
                pieces.pop(next(iter(pieces)))  # the one that was not asked for the longest

    def _changing(self) -> list[Artist]:
        """What is in front on each panel, in drawing order, and what else is lively."""
        fronts = [[child for child in ax.get_children() if child.get_zorder() > FRONT] for ax in self.panels]
        return [artist for front in fronts for artist in sorted(front, key=Artist.get_zorder)] + self.lively


def limits(ax: Axes) -> tuple[float, ...]:
    """What axes show, and where."""
    return (*ax.viewLim.extents, *ax.bbox.extents)


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
