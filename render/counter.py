"""The step counter: fixed-width digits that cost next to nothing to change."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.render.moving import Moving


class Counter(Text, Moving):
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

    def show(self, step: int) -> None:
        self.set_text(self.words(step))

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible():
            return
        if not isinstance(renderer, RendererAgg):
            super().draw(renderer)
            return
        text = self.get_text()
        key = (
            renderer.width,
            renderer.height,
            renderer.dpi,
            self.get_color(),
            self.get_fontsize(),
            self.get_position(),
        )
        if key != self._key:
            self._prepare(renderer, text)
            self._key = key
        gc = renderer.new_gc()
        word = len(text) - self.digits
        parts = [("0", 0, word), *((text[place], place, place + 1) for place in range(word, len(text)))]
        for character, first, last in parts:
            if character != " ":
                begin, end = self._cuts[first], self._cuts[last]
                image = self._pages[character]
                renderer.draw_image(gc, self._left + begin, self._bottom, np.ascontiguousarray(image[:, begin:end]))
        gc.restore()
        self.stale = False

    def _prepare(self, renderer: RendererAgg, text: str) -> None:
        """Draws the text once with each digit in every place, and finds where to cut the places apart."""
        word = text[: -self.digits]
        pages = {digit: self._raster(renderer, word + digit * self.digits) for digit in "0123456789"}
        ink = np.any([page[..., 3] for page in pages.values()], axis=0)
        rows, cols = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
        self._left, self._bottom = left, int(renderer.height) - bottom
        self._pages = {
            digit: page[top:bottom, left:right][::-1] for digit, page in pages.items()
        }  # Agg counts rows upwards
        gaps = np.flatnonzero(~ink[:, left:right].any(0))
        ideal = np.arange(1, len(text)) * (right - left) / len(text)
        near = [gaps[np.argmin(abs(gaps - x))] if len(gaps) else x for x in ideal]
        cuts = [round(float(gap if abs(gap - x) <= 3 else x)) for gap, x in zip(near, ideal, strict=True)]
        self._cuts = [0, *cuts, right - left]

    def _raster(self, renderer: RendererAgg, text: str) -> NDArray[np.uint8]:
        """The pixels of a text on a transparent page of the same size."""
        page = RendererAgg(int(renderer.width), int(renderer.height), renderer.dpi)
        kept = self.get_text()
        self.set_text(text)
        super().draw(page)
        self.set_text(kept)
        return np.asarray(page.buffer_rgba()).copy()
