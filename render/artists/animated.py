"""What follows the race: artists that show any step, and say where a few steps change their look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

IDENTITY = IdentityTransform()

SPELLS = 32
"""A race has so many spells; within one, a figure changes around heads and counters only."""

Boxes = NDArray[np.float64]
"""Rectangles (n, 4) in pixels: left, bottom, right, top."""

NOWHERE: Boxes = np.zeros((0, 4))

FORMULAS = RendererAgg(1, 1, 72.0).mathtext_parser
"""One for all canvases, for it remembers what it has read."""


class AnimatedArtist:
    """What an artist is that follows the race.

    Attributes:
        span: the race's last step, 0 where the artist does not know it.
    """

    span: int = 0

    def show(self, step: int) -> None:
        """Shows what was so after `step` steps."""
        raise NotImplementedError

    def stir(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        """Where the artist may look different at any two of some steps, which ascend; None for anywhere."""
        return None


class Canvas(RendererAgg):
    """A renderer of which only some windows will be looked at.

    What cannot be seen through them need not be drawn; what is drawn must look as it does without them.

    Attributes:
        windows: where it will be looked at; None for everywhere.
        context: for round strokes; making one takes longer than many a stroke.
    """

    windows: Boxes | None = None

    def __init__(self, width: int, height: int, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self.context = _round(self)
        self.mathtext_parser = FORMULAS


def windows(renderer: RendererBase) -> Boxes | None:
    """Where a renderer's picture will be looked at; None for everywhere."""
    return renderer.windows if isinstance(renderer, Canvas) else None


def seen(box: tuple[float, float, float, float], renderer: RendererBase) -> bool:
    """Whether something within a box may be seen."""
    boxes = windows(renderer)
    if boxes is None:
        return True
    left, bottom, right, top = box
    return any(left <= b[2] and right >= b[0] and bottom <= b[3] and top >= b[1] for b in boxes.tolist())


def around(points: NDArray[np.float64], margin: float) -> Boxes:
    """The box around points (n, 2) with a margin, those that are not finite left out; none where all are one."""
    sound = points[np.isfinite(points).all(1)]
    low, high = sound.min(0, initial=np.inf), sound.max(0, initial=-np.inf)
    return np.concatenate([low - margin, high + margin])[None] if (low < high).any() else NOWHERE


def spell(step: int, span: int) -> int:
    """The number of the spell that a step of a race of `span` steps belongs to."""
    return step * SPELLS // max(span, 1)


def spell_steps(number: int, span: int) -> tuple[int, int]:
    """The first and the last step of a spell.

    >>> [spell_steps(number, 300) for number in (0, 1, 32)]
    [(0, 9), (10, 18), (300, 309)]
    """
    first, behind = (-(-number * max(span, 1) // SPELLS) for number in (number, number + 1))
    return first, behind - 1


def moving(page: Artist) -> list[AnimatedArtist]:
    """The artists on a figure or on axes that follow the race."""
    return [artist for artist in page.findobj() if isinstance(artist, AnimatedArtist)]


def show(page: Artist, step: int) -> None:
    """Shows every moving artist of a figure or of axes at a step."""
    for artist in moving(page):
        artist.show(step)


def stroke(artist: Artist, renderer: RendererBase, width: float) -> GraphicsContextBase:
    """A graphics context for round strokes of `width` points, clipped as the artist is; on a canvas one for all."""
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
    """A length in points as one in pixels."""
    return float(renderer.points_to_pixels(points))  # type: ignore[arg-type]
