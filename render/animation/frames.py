"""Frames of an animated figure: static artists are cached, and only dirty regions are redrawn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.transforms import Bbox

from landscapes.render.animation.regions import any_differs, changing_in, merged_boxes
from landscapes.render.artists.animated import (
    AnimatedArtist,
    Canvas,
    animated_artists,
    in_use,
    interval_of,
    interval_steps,
    known_step,
    paste,
)
from landscapes.render.artists.marks import joined
from landscapes.render.artists.text_fit import text_renderer
from landscapes.render.writers.base import RGBA, Area, Pixels, as_uint32, bounding_box

AT_ONCE = 10
"""The least number of frames for which regions are computed together; an interval of steps may have fewer."""

NO_PIXELS: Pixels = np.zeros(0, np.intp)

MARGIN = 8.0
"""How far heads may extend beyond their axes, in points."""


class Layer(Protocol):
    """An object with a `draw` method."""

    def draw(self, renderer: Any) -> None: ...


class Frames:
    """Draws a figure at any step.

    Static artists in front of an animated one are cached as images and pasted after it, so that the drawing order is
    matplotlib's. A race is divided into intervals of steps: within one, and between neighbours, only the regions
    reported by `dirty_boxes` change, and only those are redrawn.

    Args:
        figure: the figure to draw.
        dpi: resolution; by default the figure's.
        steps: the steps that will be shown, ascending, if known. Other steps can be shown as well.

    Attributes:
        rgba: the current frame, shape (height, width, 4); updated in place.
        animated: the artists that follow the race.
    """

    def __init__(self, figure: Figure, dpi: float | None = None, steps: Iterable[float] | None = None) -> None:
        self._figure = figure
        self._dpi = figure.dpi if dpi is None else dpi
        self.animated = animated_artists(figure)
        self._span = max((artist.span for artist in self.animated), default=0)
        self._steps = range(self._span + 1) if steps is None else sorted(set(steps))
        animated_ids = {id(artist) for artist in self.animated}
        redrawn = _redrawn(figure, animated_ids)
        with self._at_this_dpi():
            width, height = figure.bbox.size  # not rounded, because matplotlib 3.9 rounds places of texts from them
            self._canvas = Canvas(width, height, self._dpi)
            self._page: RGBA = np.asarray(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]
            self._page[...] = 255  # a figure without a background is drawn on white
            with _excluded(redrawn):
                figure.draw(self._canvas)
            page = RendererAgg(width, height, self._dpi)
            layers = [layer for artist in redrawn for layer in _split(artist, animated_ids, page)]
        self._steady = list(takewhile(lambda layer: getattr(layer, "steady", False), layers))
        self._moving = layers[len(self._steady) :]
        self._joined: list[Layer] = []  # known once lines have pixels
        self._joined_steady: list[Layer] = []
        self._background = self._page.copy()
        self._ground = self._background.copy() if self._steady else self._background
        self._ground_of: list[int] = []
        self._spans = {layer.span for layer in self._steady if isinstance(layer, AnimatedArtist)}
        self.rgba: RGBA = np.zeros_like(self._background)
        self._fresh, self._shown = (as_uint32(page).reshape(page.shape[:2]) for page in (self._page, self.rgba))
        self._step: float = -1
        self._covered_steps: set[float] = set()
        self._continuous = False

    def advance(self, step: float) -> tuple[RGBA, Pixels]:
        """Draw a step. Return the frame and the pixels that differ from the previous call of `advance`."""
        changed = self._update(step)
        if not self._continuous:
            changed = np.arange(self.rgba.shape[0] * self.rgba.shape[1])
        self._continuous = True
        return self.rgba, changed

    def show(self, step: float) -> RGBA:
        """Draw a step into `rgba` and return it."""
        self._update(step)
        self._continuous = False
        return self.rgba

    def _update(self, step: float) -> Pixels:
        """Update `rgba` to a step and return the changed pixels."""
        before = self._step
        with self._at_this_dpi():
            self._select_regions(step)
            for artist in self.animated:
                artist.set_step(known_step(artist, step))
            changing = [place for place, own in enumerate(self._alone) if own is None or any_differs(own, before, step)]
            self._draw_ground(step, changing)
            if self._canvas.windows is not None:
                self._canvas.sides = [self._sides[place] for place in changing]
            self._joined = self._joined or joined(self._moving)
            for layer in self._joined:
                layer.draw(self._canvas)
        return self._show_changes([self._regions[place] for place in changing])

    def _show_changes(self, regions: list[Area]) -> Pixels:
        """Copy what was drawn in some regions to `rgba` and return the changed pixels."""
        fresh, shown = self._fresh, self._shown
        width = self.rgba.shape[1]
        changed = [NO_PIXELS]
        for rows, cols in regions:  # regions overlap, and a pixel is reported once
            pixels = np.flatnonzero(fresh[rows, cols] != shown[rows, cols])
            wide = cols.stop - cols.start
            pixels += pixels // wide * (width - wide) + (rows.start * width + cols.start)
            shown.reshape(-1)[pixels] = fresh.reshape(-1)[pixels]
            changed.append(pixels)
        return np.concatenate(changed)

    def _draw_ground(self, step: float, changing: list[int]) -> None:
        """Draw what is below all moving layers: the background, and layers that are steady within an interval.

        Within an interval, that is done in the regions that change.
        """
        now = [interval_of(step, span) for span in self._spans]
        if now == self._ground_of:
            for place in changing:
                area = self._regions[place]
                self._page[area] = self._ground[area]
            return
        if self._canvas.windows is not None:
            self._canvas.sides = self._sides
        for area in self._regions:
            self._page[area] = self._background[area]
        self._joined_steady = self._joined_steady or joined(self._steady)
        for layer in self._joined_steady:
            layer.draw(self._canvas)
        for area in self._regions:
            self._ground[area] = self._page[area]
        self._ground_of = now

    def _select_regions(self, step: float) -> None:
        """Select the regions to redraw: what changes within the step's interval and since the previous step.

        Regions are kept while they suffice. After a jump, a frame is redrawn as a whole.
        """
        number, before = interval_of(step, self._span), interval_of(self._step, self._span)
        if step not in self._covered_steps:
            steps = None
            self._covered_steps = {self._step, step}
            if self._step >= 0 and number - before in (0, 1):
                self._covered_steps.update(self._stretch(step, number))
                steps = sorted(self._covered_steps)
            self._redraw_between(steps)
        self._step = step

    def _stretch(self, step: float, number: int) -> Sequence[float]:
        """Return the steps that will be shown until the end of an interval, or of later ones with `AT_ONCE` frames."""
        first = bisect_left(self._steps, step)
        behind = bisect_left(self._steps, interval_steps(number, self._span)[1] + 1)
        least = min(first + AT_ONCE, len(self._steps))
        if behind < least:
            last = interval_of(self._steps[least - 1], self._span)
            behind = bisect_left(self._steps, interval_steps(last, self._span)[1] + 1)
        return self._steps[first:behind]

    def _redraw_between(self, steps: list[float] | None) -> None:
        """Redraw what differs between these steps; everything for None, or if an artist cannot say."""
        height, width = self.rgba.shape[:2]
        self._regions, self._canvas.windows, self._canvas.sides = [(slice(0, height), slice(0, width))], None, None
        self._alone: list[list[AnimatedArtist] | None] = [None]
        if steps is None:
            return
        boxes = []
        owners: list[AnimatedArtist] = []
        for artist in self.animated:
            known = steps if artist.fractional else [int(step) for step in steps]
            dirty = artist.dirty_boxes(known, self._canvas)  # type: ignore[arg-type]
            if dirty is None:
                return
            boxes.append(dirty)
            owners += [artist] * len(dirty)
        found = merged_boxes(np.concatenate(boxes), width, height)
        self._canvas.windows = np.array(found, float).reshape(-1, 4)
        self._sides = self._canvas.windows.tolist()
        self._alone = [changing_in(box, np.concatenate(boxes), owners) for box in self._sides]
        self._regions = [(slice(height - box[3], height - box[1]), slice(box[0], box[2])) for box in found]

    @contextmanager
    def _at_this_dpi(self) -> Iterator[None]:
        """Set the figure to this resolution temporarily."""
        before = self._figure.dpi
        if before == self._dpi:
            yield
            return
        self._figure.dpi = self._dpi
        try:
            yield
        finally:
            self._figure.dpi = before


class CachedImage:
    """An image of static artists, pasted at its original position."""

    def __init__(self, page: RGBA) -> None:
        height, width = page.shape[:2]
        rows, cols = bounding_box(np.flatnonzero(page[..., 3]), width)
        self._left, self._bottom = cols.start, height - rows.stop
        self._box = (cols.start, height - rows.stop, cols.stop, height - rows.start)
        self._image = page[rows, cols][::-1].copy()  # Agg counts rows upwards

    def draw(self, renderer: RendererAgg) -> None:
        if in_use(self._box, renderer):
            paste(renderer, self._left, self._bottom, self._image)


def _split(artist: Artist, animated_ids: set[int], page: RendererAgg) -> Iterator[Layer]:
    """Split an artist into animated parts and cached images of static parts, in drawing order."""
    if id(artist) in animated_ids:
        yield artist
        return
    page.clear()
    artist.draw(page)
    if not _is_animated(artist, animated_ids):
        drawn = np.asarray(page.buffer_rgba())
        if drawn[..., 3].any():
            yield CachedImage(drawn)
    elif isinstance(artist, Axes) and type(artist).draw is Axes.draw:
        for part in _parts(artist):
            yield from _split(part, animated_ids, page)
    else:
        yield artist


def _parts(axes: Axes) -> list[Artist]:
    """Return the children that axes draw, back to front."""
    framed = axes.axison and axes.get_frame_on()
    hidden: list[Artist] = [axes.patch] if framed else [axes.patch, *axes.spines.values()]
    hidden += [] if axes.axison else [axes.xaxis, axes.yaxis]
    children = sorted((child for child in axes.get_children() if child not in hidden), key=Artist.get_zorder)
    return [axes.patch, *children] if framed else children


def _is_animated(artist: Artist, animated_ids: set[int]) -> bool:
    """Return whether an artist is animated or contains an animated artist."""
    return any(id(part) in animated_ids for part in artist.findobj())


@contextmanager
def _excluded(artists: Sequence[Artist]) -> Iterator[None]:
    """Exclude artists from their figure's own drawing temporarily.

    Images become invisible, because matplotlib 3.9 draws those that are animated, too.
    """
    images = [artist for artist in artists if isinstance(artist, AxesImage) and artist.get_visible()]
    flags = [artist.get_animated() for artist in artists]
    for artist in artists:
        artist.set_animated(True)
    for image in images:
        image.set_visible(False)
    try:
        yield
    finally:
        for artist, flag in zip(artists, flags, strict=True):
            artist.set_animated(flag)
        for image in images:
            image.set_visible(True)


def _redrawn(figure: Figure, animated_ids: set[int]) -> list[Artist]:
    """Return the animated artists and everything in front of them, in drawing order."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # overlaps are known after the layout
    chosen: list[Artist] = []
    dirty: list[Bbox] = []
    measure = text_renderer(figure.dpi)
    for layer in _layers(figure):
        place = layer.get_tightbbox(measure) if dirty else None
        if place and any(place.overlaps(other) for other in dirty):
            parts = [layer]
        elif isinstance(layer, Axes):
            parts = _from_first_animated(layer, animated_ids)
        else:
            parts = [layer] if id(layer) in animated_ids else []
        if parts:
            dirty.append(_extent(layer, measure))
            chosen += parts
    return chosen


def _layers(page: Figure | SubFigure) -> Iterator[Artist]:
    """Yield what a figure draws, back to front: axes, texts, legends."""
    for child in sorted(page.get_children(), key=Artist.get_zorder):
        if isinstance(child, SubFigure):
            yield from _layers(child)
        elif child is not page.patch and child.get_visible():
            yield child


def _from_first_animated(axes: Axes, animated_ids: set[int]) -> list[Artist]:
    """Return the children of axes from the first animated one to the front."""
    children = sorted((child for child in axes.get_children() if child is not axes.patch), key=Artist.get_zorder)
    first = next((place for place, child in enumerate(children) if _is_animated(child, animated_ids)), len(children))
    return children[first:]


def _extent(layer: Artist, measure: RendererAgg) -> Bbox:
    """Return the extent of a layer in pixels; heads at the border of axes extend beyond it."""
    if isinstance(layer, Axes):
        return Bbox(layer.get_window_extent().padded(MARGIN * measure.dpi / 72).get_points())
    return layer.get_tightbbox(measure) or Bbox.null()
