"""The step counter: fixed-width digits that cost next to nothing to change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from landscapes.render.artists.animated import AnimatedArtist, Boxes, in_use


class Counter(Text, AnimatedArtist):
    """A text "step 120" whose number follows the race, right-aligned in a fixed-width font.

    On the Agg renderer the ten digits are drawn once a layout and pasted, which is some hundred times
    faster than laying out a new text each frame; elsewhere it is an ordinary text.
    """

    def __init__(self, x: float, y: float, last: int, **kwargs: Any) -> None:
        self.digits = len(str(last))
        super().__init__(x, y, self.words(last), family="monospace", **kwargs)
        self._key: tuple[Any, ...] | None = None

    def words(self, step: int) -> str:
        return f"step {step:>{self.digits}}"

    def set_step(self, step: int) -> None:
        self.set_text(self.words(step))

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        if not isinstance(renderer, RendererAgg):
            return None
        self._prepare(renderer)
        return np.array([self._box])

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible():
            return
        if not isinstance(renderer, RendererAgg):
            super().draw(renderer)
            return
        self._prepare(renderer)
        if in_use(self._box, renderer):
            text = self.get_text()
            pages = [self._pages["0"]] * (len(text) - self.digits) + [
                self._pages[digit] for digit in text[-self.digits :]
            ]
            places = [page[:, one:two] for page, (one, two) in zip(pages, pairwise(self._cuts), strict=True)]
            renderer.draw_image(renderer.new_gc(), self._left, self._bottom, np.concatenate(places, axis=1))
        self.stale = False

    def _prepare(self, renderer: RendererAgg) -> None:
        """Draws the text once a layout with each digit in every place, and finds where to cut the places apart."""
        key = (
            *(renderer.width, renderer.height, renderer.dpi),
            *(self.get_color(), self.get_fontsize(), self.get_position()),
        )
        if key == self._key:
            return
        self._key = key
        kept = self.get_text()
        word = kept[: -self.digits]
        page = RendererAgg(int(renderer.width), int(renderer.height), renderer.dpi)
        left, bottom, right, top = np.clip(self.get_window_extent(renderer).padded(4).extents, 0, None)
        rows = slice(int(max(renderer.height - top, 0)), int(renderer.height - bottom))
        cols = slice(int(left), int(right))
        pages = {}
        for digit in "0123456789":
            self.set_text(word + digit * self.digits)
            page.clear()
            super().draw(page)
            pages[digit] = np.asarray(page.buffer_rgba())[rows, cols].copy()
        self.set_text(kept)
        ink = np.any([page[..., 3] for page in pages.values()], axis=0)
        (top, bottom), (left, right) = (np.flatnonzero(ink.any(axis))[[0, -1]] + [0, 1] for axis in (1, 0))
        self._left, self._bottom = cols.start + int(left), int(renderer.height) - rows.start - int(bottom)
        self._box = (self._left, self._bottom, self._left + int(right - left), self._bottom + int(bottom - top))
        self._pages = {digit: page[top:bottom, left:right][::-1] for digit, page in pages.items()}  # Agg counts upwards
        self._pages[" "] = np.zeros_like(self._pages["0"])
        gaps = np.flatnonzero(~ink[:, left:right].any(0))
        ideal = np.arange(1, len(kept)) * (right - left) / len(kept)
        near = [gaps[np.argmin(abs(gaps - x))] if len(gaps) else x for x in ideal]
        cuts = [round(float(gap if abs(gap - x) <= 3 else x)) for gap, x in zip(near, ideal, strict=True)]
        self._cuts = [0, *cuts, int(right - left)]
