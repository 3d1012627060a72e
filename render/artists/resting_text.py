"""Texts that rarely change: laid out by matplotlib only where something is redrawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text

from landscapes.render.artists.animated import AnimatedArtist, Canvas, in_use, pixels
from landscapes.render.artists.sprites import Image

Sides = tuple[float, float, float, float]
"""Left, bottom, right and top in pixels."""


class RestingText(Text, AnimatedArtist):
    """A text in front of what moves. Laying it out takes longer than drawing a frame."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._boxes: dict[tuple[Any, ...], Sides] = {}
        self._drawn: dict[tuple[Any, ...], tuple[Image, Image]] = {}

    def draw(self, renderer: RendererBase) -> None:
        if not isinstance(renderer, Canvas):
            super().draw(renderer)
        elif self.get_visible() and in_use(box := self.box(renderer), renderer):
            self._draw_again(renderer, box)

    def _draw_again(self, renderer: Canvas, box: Sides) -> None:
        """Draw the text; on the pixels on which it was drawn before, which change rarely, paste what came of it."""
        page: Image = np.asarray(renderer.buffer_rgba())  # type: ignore[no-untyped-call]
        left, bottom, right, top = (max(round(side), 0) for side in box)
        place = page[max(len(page) - top, 0) : max(len(page) - bottom, 0), left:right]  # the highest row first
        key = (self.get_text(), self.get_color(), self.get_alpha(), *box)
        before, after = self._drawn.get(key, (place[:0], place))
        if np.array_equal(place, before):
            place[...] = after
            return
        before = place.copy()
        super().draw(renderer)
        self._drawn[key] = before, place.copy()

    def box(self, renderer: RendererBase) -> Sides:
        """Return the box of the present text with a margin; measured once, because frames ask for it."""
        unit = pixels(renderer, 1.0)
        key = (self.get_text(), self.get_fontsize(), unit, *self.get_transform().transform(self.get_position()))
        if key not in self._boxes:
            shown = self.get_visible()
            self.set_visible(True)  # a hidden text has no extent
            left, bottom, right, top = map(float, self.get_window_extent(renderer).padded(2 * max(unit, 1.0)).extents)
            self.set_visible(shown)
            self._boxes[key] = left, bottom, right, top
        return self._boxes[key]
