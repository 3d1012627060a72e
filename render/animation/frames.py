"""Frames of a moving figure: what stands still is drawn once, what moves is drawn on a copy of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.transforms import Bbox

from landscapes.render.artists.animated import Boxes, Canvas, moving, seen, spell, spell_steps
from landscapes.render.artists.text_fit import ruler
from landscapes.render.writers.base import RGBA, Pixels, bounding_box

Box = tuple[int, int, int, int]
"""A rectangle of pixels: left, bottom, right, top."""

SLACK = 5000
"""So many pixels are drawn as fast as a window is opened."""

NO_PIXELS: Pixels = np.zeros(0, np.intp)

MARGIN = 8.0
"""How far heads may stick out of their axes, in points."""


class Layer(Protocol):
    """Anything that draws itself."""

    def draw(self, renderer: Any) -> None: ...


class Frames:
    """The pictures of a figure at any step.

    What stands in front of a moving artist is kept as a picture and pasted after it, so that any artist
    may be on the figure and the order is matplotlib's own. A race has spells: within one, and from one to
    the next, only what lies in some windows changes, and only that is drawn anew.

    Args:
        figure: what is drawn.
        dpi: by default the figure's.
        steps: those that will be shown, ascending, as far as that is known; others can be shown as well.

    Attributes:
        rgba: the current frame, shape (height, width, 4); changed in place.
        moving: the artists that follow the race.
    """

    def __init__(self, figure: Figure, dpi: float | None = None, steps: Iterable[int] | None = None) -> None:
        self._figure = figure
        self._dpi = figure.dpi if dpi is None else dpi
        self.moving = moving(figure)
        self._span = max((mover.span for mover in self.moving), default=0)
        self._steps = range(self._span + 1) if steps is None else sorted(set(steps))
        movers = {id(artist) for artist in self.moving}
        redrawn = _redrawn(figure, movers)
        with self._at_this_dpi(), _left_out(redrawn):
            width, height = (int(side) for side in figure.bbox.size)
            self._canvas = Canvas(width, height, self._dpi)
            self._drawn: RGBA = np.asarray(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]
            self._drawn[...] = 255  # a figure without a background stands on white
            figure.draw(self._canvas)
            page = RendererAgg(width, height, self._dpi)
            self._layers = [layer for artist in redrawn for layer in _layered(artist, movers, page)]
        self._still = self._drawn.copy()
        self.rgba: RGBA = np.zeros_like(self._still)
        self._step = -1
        self._among: set[int] = set()
        self._passing = False
        self._followed = False

    def advance(self, step: int) -> tuple[RGBA, Pixels]:
        """Draws the frame of a step, and tells which pixels differ from the one that `advance` drew before."""
        changed = self._paint(step)
        if not self._followed:
            changed = np.arange(self.rgba.shape[0] * self.rgba.shape[1])
        self._followed = True
        return self.rgba, changed

    def show(self, step: int) -> RGBA:
        """Draws the frame of a step into `rgba`, and returns it."""
        self._paint(step)
        self._followed = False
        return self.rgba

    def _paint(self, step: int) -> Pixels:
        """Brings `rgba` to a step, and tells which pixels that changed."""
        with self._at_this_dpi():
            self._look(step)
            for area in self._areas:
                self._drawn[area] = self._still[area]
            for mover in self.moving:
                mover.show(step)
            for layer in self._layers:
                layer.draw(self._canvas)
        fresh, shown = (picture.view(np.uint32)[..., 0] for picture in (self._drawn, self.rgba))
        changed = [NO_PIXELS]
        for area in self._areas:
            differs = fresh[area] != shown[area]
            rows, cols = np.divmod(np.flatnonzero(differs), differs.shape[1])
            changed.append((rows + area[0].start) * self.rgba.shape[1] + cols + area[1].start)
            shown[area] = fresh[area]
        return np.concatenate(changed)

    def _look(self, step: int) -> None:
        """Opens the windows that a step needs: on what stirs in its spell and on the way there from the one before.

        They stay open for as long as they serve. Where the way needs them all, those of the spell come after it.
        """
        number, before = spell(step, self._span), spell(self._step, self._span)
        arrived = number == before and step != self._step
        if step not in self._among or (self._passing and arrived):
            first, last = spell_steps(number, self._span)
            here = self._steps[bisect_left(self._steps, first) : bisect_right(self._steps, last)]
            self._among = {self._step, step, *here}
            self._open(sorted(self._among) if self._step >= 0 and number - before in (0, 1) else None)
            self._passing = not arrived and self._canvas.windows is None
        self._step = step

    def _open(self, steps: list[int] | None) -> None:
        """Opens windows on what differs between steps; on everything for None, and where that cannot be said."""
        height, width = self.rgba.shape[:2]
        self._areas, self._canvas.windows = [(slice(0, height), slice(0, width))], None
        if steps is None:
            return
        boxes = []
        for mover in self.moving:
            stirred = mover.stir(steps, self._canvas)
            if stirred is None:
                return
            boxes.append(stirred)
        found = _windows(np.concatenate(boxes), width, height)
        self._canvas.windows = np.array(found, float).reshape(-1, 4)
        self._areas = [(slice(height - box[3], height - box[1]), slice(box[0], box[2])) for box in found]

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


class Sticker:
    """A picture of what stands still, to paste where it was."""

    def __init__(self, page: RGBA) -> None:
        height, width = page.shape[:2]
        rows, cols = bounding_box(np.flatnonzero(page[..., 3]), width)
        self._left, self._bottom = cols.start, height - rows.stop
        self._box = (cols.start, height - rows.stop, cols.stop, height - rows.start)
        self._image = page[rows, cols][::-1].copy()  # Agg counts rows upwards

    def draw(self, renderer: RendererAgg) -> None:
        if seen(self._box, renderer):
            renderer.draw_image(renderer.new_gc(), self._left, self._bottom, self._image)


def _windows(boxes: Boxes, width: int, height: int) -> list[Box]:
    """Few boxes of whole pixels on a page that hold all boxes, ones near each other joined."""
    low, high = np.floor(boxes[:, :2]).clip(0, [width, height]), np.ceil(boxes[:, 2:]).clip(0, [width, height])
    found: list[Box] = []
    for left, bottom, right, top in np.hstack([low, high])[(low < high).all(1)].astype(int).tolist():
        one = left, bottom, right, top
        place = 0
        while place < len(found):
            two = found[place]
            both = min(one[0], two[0]), min(one[1], two[1]), max(one[2], two[2]), max(one[3], two[3])
            if _size(both) <= _size(one) + _size(two) + SLACK:
                one, place = both, 0
                found.remove(two)
            else:
                place += 1
        found.append(one)
    return found


def _size(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _layered(artist: Artist, movers: set[int], page: RendererAgg) -> Iterator[Layer]:
    """An artist as it is drawn each frame: what stands still of it as pictures, in drawing order."""
    if id(artist) in movers:
        yield artist
        return
    page.clear()
    artist.draw(page)
    if not _moves(artist, movers):
        drawn = np.asarray(page.buffer_rgba())
        if drawn[..., 3].any():
            yield Sticker(drawn)
    elif isinstance(artist, Axes) and type(artist).draw is Axes.draw:
        for part in _parts(artist):
            yield from _layered(part, movers, page)
    else:
        yield artist


def _parts(axes: Axes) -> list[Artist]:
    """What axes draw, from back to front."""
    framed = axes.axison and axes.get_frame_on()
    hidden: list[Artist] = [axes.patch] if framed else [axes.patch, *axes.spines.values()]
    hidden += [] if axes.axison else [axes.xaxis, axes.yaxis]
    children = sorted((child for child in axes.get_children() if child not in hidden), key=Artist.get_zorder)
    return [axes.patch, *children] if framed else children


def _moves(artist: Artist, movers: set[int]) -> bool:
    """Whether an artist moves, or holds something that does."""
    return any(id(part) in movers for part in artist.findobj())


@contextmanager
def _left_out(artists: Sequence[Artist]) -> Iterator[None]:
    """Some artists left out of their figure's own drawing."""
    flags = [artist.get_animated() for artist in artists]
    for artist in artists:
        artist.set_animated(True)
    try:
        yield
    finally:
        for artist, flag in zip(artists, flags, strict=True):
            artist.set_animated(flag)


def _redrawn(figure: Figure, movers: set[int]) -> list[Artist]:
    """The moving artists and whatever stands in front of them, in drawing order."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # what overlaps is known once all is in its place
    chosen: list[Artist] = []
    stirred: list[Bbox] = []
    measure = ruler(figure.dpi)
    for layer in _layers(figure):
        place = layer.get_tightbbox(measure) if stirred else None
        if place and any(place.overlaps(other) for other in stirred):
            parts = [layer]
        elif isinstance(layer, Axes):
            parts = _front(layer, movers)
        else:
            parts = [layer] if id(layer) in movers else []
        if parts:
            stirred.append(_reach(layer, measure))
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
    first = next((place for place, child in enumerate(children) if _moves(child, movers)), len(children))
    return children[first:]


def _reach(layer: Artist, measure: RendererAgg) -> Bbox:
    """Where a layer may be seen, in pixels: heads on the border of axes stick out."""
    if isinstance(layer, Axes):
        return Bbox(layer.get_window_extent().padded(MARGIN * measure.dpi / 72).get_points())
    return layer.get_tightbbox(measure) or Bbox.null()
