"""The base class of animated artists, and the renderer that draws only dirty regions."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from landscapes.render.artists.text_fit import MATHTEXT_PARSER

IDENTITY = IdentityTransform()

INTERVALS = 32
"""A race is divided into this many intervals of steps, for which dirty regions are computed at once."""

Boxes = NDArray[np.float64]
"""Rectangles in pixels, shape (n, 4): left, bottom, right, top."""

NO_BOXES: Boxes = np.zeros((0, 4))


class AnimatedArtist:
    """Mixin of artists that show the race at a step.

    Attributes:
        span: the last step of the race, or 0 if unknown.
        fractional: whether `set_step` takes steps with fractions, on the way to the next step; others get whole ones.
        steady: whether it changes only from one interval of steps to the next.
    """

    span: int = 0
    fractional: bool = False
    steady: bool = False

    def set_step(self, step: int) -> None:
        """Show the state after `step` steps."""
        raise NotImplementedError

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        """Return where the artist may differ between any two of these ascending steps; None for anywhere."""
        return None

    def differs(self, one: float, two: float) -> bool:
        """Return whether the artist may differ between two steps."""
        return True


class Canvas(RendererAgg):
    """An Agg renderer of which only some regions are used.

    Artists may skip what lies outside them; what they draw must not depend on the regions.

    Attributes:
        windows: the regions in use, or None for the whole page.
        sides: those in use in this frame, as numbers.
        context: a shared graphics context for round strokes, because creating one is slower than a stroke.
    """

    windows: Boxes | None = None
    sides: list[list[float]] | None = None

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self.context = _round(self)
        self.mathtext_parser = MATHTEXT_PARSER


def windows(renderer: RendererBase) -> Boxes | None:
    """Return the regions of the renderer that are in use; None for the whole page."""
    return renderer.windows if isinstance(renderer, Canvas) else None


def in_use(box: tuple[float, float, float, float], renderer: RendererBase) -> bool:
    """Return whether a box overlaps a region in use."""
    sides = renderer.sides if isinstance(renderer, Canvas) else None
    if sides is None:
        return True
    left, bottom, right, top = box
    for low_x, low_y, high_x, high_y in sides:  # a loop, because it is called per head and frame
        if left <= high_x and right >= low_x and bottom <= high_y and top >= low_y:
            return True
    return False


def bounds_of(points: NDArray[np.float64], margin: float) -> Boxes:
    """Return the bounding box of the finite points (n, 2) with a margin; no box if they coincide."""
    if not len(points):
        return NO_BOXES
    (left, bottom), (right, top) = points.min(0).tolist(), points.max(0).tolist()
    if not isfinite(left + bottom + right + top):
        finite = points[np.isfinite(points).all(1)]
        return bounds_of(finite, margin) if len(finite) < len(points) else NO_BOXES
    if left == right and bottom == top:
        return NO_BOXES
    return np.array([[left - margin, bottom - margin, right + margin, top + margin]])


def interval_of(step: float, span: int) -> int:
    """Return the index of the interval that contains a step of a race with `span` steps."""
    return int(step) * INTERVALS // max(span, 1)


def interval_steps(number: int, span: int) -> tuple[int, int]:
    """Return the first and the last step of an interval.

    >>> [interval_steps(number, 300) for number in (0, 1, 32)]
    [(0, 9), (10, 18), (300, 309)]
    """
    first, behind = (-(-number * max(span, 1) // INTERVALS) for number in (number, number + 1))
    return first, behind - 1


def animated_artists(page: Artist) -> list[AnimatedArtist]:
    """Return the animated artists of a figure or of axes, in the order of `findobj`, which takes long to list ticks."""
    below = [child for child in page.get_children() if not isinstance(child, Axis)]
    found = [artist for child in below for artist in animated_artists(child)]
    return [*found, page] if isinstance(page, AnimatedArtist) else found


def set_step(page: Artist, step: float) -> None:
    """Set every animated artist of a figure or of axes to a step."""
    for artist in animated_artists(page):
        artist.set_step(known_step(artist, step))


def known_step(artist: AnimatedArtist, step: float) -> Any:
    """Return a step as an artist takes it: with its fraction, or whole."""
    return step if artist.fractional else int(step)


def paste(renderer: RendererBase, left: float, bottom: float, image: NDArray[np.uint8]) -> None:
    """Draw an image (height, width, 4), the lowest row first, at whole pixels."""
    gc = renderer.context if isinstance(renderer, Canvas) else renderer.new_gc()
    gc.set_clip_rectangle(None)
    gc.set_clip_path(None)
    renderer.draw_image(gc, left, bottom, image)


def stroke(artist: Artist, renderer: RendererBase, width: float) -> GraphicsContextBase:
    """Return a graphics context for round strokes of `width` points with the artist's clipping."""
    gc = renderer.context if isinstance(renderer, Canvas) else _round(renderer)
    gc.set_clip_rectangle(None)
    gc.set_dashes(0, None)
    artist._set_gc_clip(gc)  # type: ignore[attr-defined]
    gc.set_linewidth(width)
    return gc


def _round(renderer: RendererBase) -> GraphicsContextBase:
    gc = renderer.new_gc()
    gc.set_capstyle("round")
    gc.set_joinstyle("round")
    gc.set_antialiased(True)
    return gc


def pixels(renderer: RendererBase, points: float) -> float:
    """Convert a length in points to pixels."""
    return float(renderer.points_to_pixels(points))  # type: ignore[arg-type]
