"""Texts as images: drawn once per layout and pasted, about a hundred times faster than a new text layout per frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY
from landscapes.render.artists.older_matplotlib import root_figure

Image = NDArray[np.uint8]
"""Pixels (height, width, 4), the lowest row first, as Agg takes them."""

ASCENT, DESCENT = 1.05, 0.35
"""How far letters reach above and below their baseline, in font sizes."""


@dataclass(frozen=True)
class Lettering:
    """How a text looks: its font and colour. `unit` is the length of a point in pixels."""

    size: float
    color: Any
    families: tuple[str, ...]
    weight: str = "normal"
    alpha: float = 1.0

    def text(self, owner: Artist, words: str, x: float, y: float, align: str = "left") -> Text:
        """Return a text of matplotlib at a place in pixels, its baseline at y."""
        made = Text(
            x, y, words, fontsize=self.size, color=self.color, alpha=self.alpha, fontfamily=list(self.families),
            fontweight=self.weight, ha=align, va="baseline", parse_math=False,
        )  # fmt: skip
        page = root_figure(owner)
        assert page is not None
        made.set_figure(page)
        made.set_transform(IDENTITY)
        return made


def sprite(wide: float, low: int, high: int, dpi: float, draw: Callable[[RendererAgg, int], None]) -> Image:
    """Return what a function draws on an empty page around y = 0: it receives the renderer and the height of y = 0.

    Args:
        wide: width of the page in pixels.
        low, high: how far the page reaches below and above y = 0, in pixels.
        dpi: resolution.
        draw: the function.
    """
    page = RendererAgg(max(int(np.ceil(wide)), 1), low + high, dpi)
    draw(page, low)
    return np.ascontiguousarray(np.asarray(page.buffer_rgba())[::-1])  # Agg counts rows upwards


def text_width(renderer: RendererAgg, text: Text) -> float:
    """Return how far a text reaches in pixels."""
    measured = renderer.get_text_width_height_descent(text.get_text(), text.get_fontproperties(), False)
    return float(measured[0])


class Numerals:
    """Pastes numbers from images of single letters; digits are equally wide.

    Args:
        owner: the artist that draws the numbers.
        lettering: their look.
        renderer: the renderer, whose resolution the letters have.

    Attributes:
        below: how far the images reach below their baseline, in pixels.
    """

    def __init__(self, owner: Artist, lettering: Lettering, renderer: RendererAgg) -> None:
        self._owner = owner
        self._look = lettering
        self._renderer = renderer
        size = lettering.size * renderer.dpi / 72
        self.below, self._above = int(np.ceil(DESCENT * size)), int(np.ceil(ASCENT * size))
        self._letters: dict[str, Image] = {}
        self._digit = max(self._advance(digit) for digit in "0123456789")

    @property
    def widest(self) -> int:
        """The width of the widest letter so far, in pixels."""
        return max((image.shape[1] for image in self._letters.values()), default=0)

    def image(self, words: str) -> Image:
        """Return the image of a number."""
        return np.concatenate([self._letter(letter) for letter in words], axis=1)

    def _advance(self, letter: str) -> int:
        """Return the width of a letter in whole pixels."""
        return max(round(text_width(self._renderer, self._look.text(self._owner, letter * 20, 0, 0)) / 20), 1)

    def _letter(self, letter: str) -> Image:
        if letter not in self._letters:
            wide = self._digit if letter.isdigit() else self._advance(letter)

            def draw(page: RendererAgg, y: int) -> None:
                self._look.text(self._owner, letter, 0, y).draw(page)

            self._letters[letter] = sprite(wide, self.below, self._above, float(self._renderer.dpi), draw)
        return self._letters[letter]
