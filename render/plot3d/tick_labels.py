"""Tick labels of 3-D views: where they stand, their words, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.artists.animated import pixels
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.plot3d.shading import scaled_heights
from landscapes.render.theme import Theme

LABEL_SIZE = 9.0
"""Font size of tick labels in points."""

APART = 0.16
"""Least distance of labelled heights."""

SUPERSCRIPTS = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")

DIGITS = 8
"""Most decimals of a tick label."""

MOST_PLAIN = 1e4
"""Numbers as large as this, and as small as its reciprocal, are written with powers of ten."""

MINUS = "\N{MINUS SIGN}"


class TickLabels:
    """Tick labels that never touch. On pixels, each is drawn once and then copied, because texts are slow.

    Args:
        axes: the axes that contain them.
        look: the theme.
    """

    def __init__(self, axes: Axes, look: Theme) -> None:
        self._axes = axes
        self._look = look
        self._texts: dict[str, Text] = {}
        self._sizes: dict[tuple[str, str, float], Bbox] = {}
        self._pictures: dict[tuple[str, str, float], tuple[NDArray[np.uint8], int, int]] = {}
        self._taken: list[Bbox] = []

    def clear(self) -> None:
        """Begin a new frame."""
        self._taken = []

    def box(self, renderer: RendererBase, word: str, place: Sequence[float], ha: str = "center") -> Bbox:
        """Return the extent of a label in pixels; its middle, or its right end, is at a place."""
        extent = self._size(word, ha, renderer)
        return Bbox.from_bounds(place[0] + extent.x0, place[1] + extent.y0, extent.width, extent.height)

    def write(
        self, renderer: RendererBase, word: str, place: Sequence[float], ha: str = "center", alpha: float = 1.0
    ) -> None:
        """Write a label, unless it would touch another one of this frame."""
        box = self.box(renderer, word, place, ha)
        if any(box.overlaps(other) for other in self._taken):
            return
        self._taken.append(box)
        if isinstance(renderer, RendererAgg):
            picture, left, bottom = self._picture(word, ha, renderer)
            if alpha < 1:
                picture = picture.copy()
                picture[..., 3] = np.rint(alpha * picture[..., 3])
            x, y = round(place[0]) + left, round(place[1]) + bottom
            renderer.draw_image(renderer.new_gc(), x, y, picture)
        else:
            text = self._text(word)
            text.set(position=(place[0], place[1]), horizontalalignment=ha, alpha=alpha)
            text.draw(renderer)

    def _text(self, word: str) -> Text:
        if word not in self._texts:
            size, color = LABEL_SIZE * self._look.text_scale, self._look.foreground
            text = Text(0, 0, word, color=color, fontsize=size, va="center", parse_math=False)
            figure = root_figure(self._axes)
            assert figure is not None
            text.set_figure(figure)
            self._texts[word] = text
        return self._texts[word]

    def _size(self, word: str, ha: str, renderer: RendererBase) -> Bbox:
        """Return the extent of a label at the origin."""
        key = word, ha, pixels(renderer, 1.0)
        if key not in self._sizes:
            self._sizes[key] = self._measured(word, ha, renderer)
        return self._sizes[key]

    def _measured(self, word: str, ha: str, renderer: RendererBase) -> Bbox:
        text = self._text(word)
        text.set(position=(0.0, 0.0), horizontalalignment=ha, alpha=1.0)
        extent = text.get_window_extent(renderer)
        return Bbox.from_extents(*extent.extents)

    def _picture(self, word: str, ha: str, renderer: RendererAgg) -> tuple[NDArray[np.uint8], int, int]:
        """Return a label as an image, and its lower left corner for a place at the origin."""
        key = word, ha, renderer.dpi
        if key not in self._pictures:
            left, bottom, right, top = self._size(word, ha, renderer).padded(3).extents
            x, y = -int(np.floor(left)), -int(np.floor(bottom))
            page = RendererAgg(int(np.ceil(right)) + x, int(np.ceil(top)) + y, renderer.dpi)
            text = self._text(word)
            text.set(position=(x, y), horizontalalignment=ha, alpha=1.0)  # other labels with this word share it
            text.draw(page)
            self._pictures[key] = np.asarray(page.buffer_rgba())[::-1].copy(), -x, -y
        return self._pictures[key]


def tick_words(ticks: NDArray[np.float64], look: Theme) -> list[str]:
    """Return ticks at equal distances in as few decimals as they need.

    >>> from landscapes.render.theme import THEMES
    >>> tick_words(np.array([-2.5, 0.0, 2.5]), THEMES["light"])
    ['−2.5', '0.0', '2.5']
    """
    apart = float(np.diff(ticks).min(initial=1.0))
    exact = (n for n in range(DIGITS) if (np.abs(np.round(ticks, n) - ticks) < 1e-3 * apart).all())
    digits = next(exact, DIGITS)
    if len(ticks) and max(float(np.abs(ticks).max()), 1 / apart) >= MOST_PLAIN:
        return [height_word(tick, look) for tick in ticks.tolist()]
    return [look.number(f"{tick + 0.0:.{digits}f}".replace("-", MINUS)) for tick in ticks.tolist()]


def height_word(value: float, look: Theme) -> str:
    """Return a value in four digits; very large and very small ones as a product with a power of ten.

    >>> from landscapes.render.theme import THEMES
    >>> [height_word(value, THEMES["light"]) for value in (0.01, 250.0, 1e5, -2.5e-7, -0.0)]
    ['0.01', '250', '10⁵', '−2.5·10⁻⁷', '0']
    """
    text = f"{value:z.4g}"
    if not 1 / MOST_PLAIN <= abs(value) < MOST_PLAIN and value:
        factor, _, power = f"{value:.3e}".partition("e")
        factor = factor.rstrip("0").rstrip(".")
        power = str(int(power)).translate(SUPERSCRIPTS)
        text = {"1": "10", "-1": "-10"}.get(factor, f"{factor}·10") + power
    return look.number(text.replace("-", MINUS))


def height_ticks(surface: Surface) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the heights of tick marks, shape (k,), and the values of the function there.

    On a log scale, values are round numbers about a power of ten above the minimum. The highest is chosen first, then
    the next one that is far enough below it: heights near the minimum are compressed, see `scaled_heights`.
    """
    height = scaled_heights(surface)[0].ravel()
    value = surface.values.ravel()
    finite = np.isfinite(height) & np.isfinite(value)
    value, first = np.unique(value[finite], return_index=True)
    height = height[finite][first]
    if len(value) < 2:
        return height, value
    if surface.scale == "log":
        floor = min(surface.minimum, float(value[0])) if np.isfinite(surface.minimum) else float(value[0])
        marks = _round_above(floor, value)
    else:
        marks = np.asarray(MaxNLocator(6).tick_values(float(value[0]), float(value[-1])))
    marks = marks[(marks >= value[0]) & (marks <= value[-1])]
    places = np.interp(marks, value, height)
    kept: list[int] = []
    for mark in reversed(range(len(marks))):
        if not kept or places[kept[-1]] - places[mark] > APART:
            kept.append(mark)
    return places[kept[::-1]], marks[kept[::-1]]


def _round_above(floor: float, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one round number for each power of ten above a floor: 0.3, 1.1, 10 and 100 for a floor of 0.23."""
    gaps = value - floor
    low, high = float(gaps[gaps > 0].min(initial=gaps[-1])), float(gaps[-1])
    if not 0 < low <= high < np.inf:
        return np.zeros(0)
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.floor(np.log10(high)) + 1)
    powers = powers[(powers > 0) & (powers >= 1e-12 * abs(floor))]
    return np.unique(powers * np.ceil(floor / powers + 0.5))
