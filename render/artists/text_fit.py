"""Words that fit: how wide a text is, and what of it there is room for."""

from __future__ import annotations

from functools import cache, lru_cache

from matplotlib import rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

CUT = "…"
"""What stands for the rest of a text."""

FONTS = [name for name in rcParams if name.startswith(("font.", "mathtext.", "text."))]
"""The settings of matplotlib that the size of a text depends on."""


def ruler(dpi: float) -> RendererAgg:
    """What texts are measured with at a resolution: one for all, for it remembers what it has measured."""
    return _ruler(dpi, tuple(str(rcParams[name]) for name in FONTS))


@lru_cache(8)
def _ruler(dpi: float, fonts: tuple[str, ...]) -> RendererAgg:
    return RendererAgg(1, 1, dpi)


@cache
def text_width(text: str, size: float, weight: str = "normal", family: str | None = None) -> float:
    """How wide a text is, in points."""
    if not text:
        return 0.0
    font = FontProperties(family=family, size=size, weight=weight)
    return float(ruler(72.0).get_text_width_height_descent(text, font, ismath=False)[0])


def shortened(text: str, width: float, size: float, weight: str = "normal", tail: float = 0.0) -> str:
    """As much of a text as fits a width in points, a share of it from the text's end.

    >>> shortened("short", 100, 9), shortened("a name that goes on", 60, 9)
    ('short', 'a name th…')
    >>> shortened("Adam · cosine · clip 1", 60, 9, tail=0.4)
    'Adam ·…ip 1'
    """
    if text_width(text, size, weight) <= width:
        return text

    def cut(count: int) -> str:
        behind = round(tail * count)
        return text[: count - behind].rstrip() + CUT + (text[-behind:].lstrip() if behind else "")

    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(cut(middle), size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return cut(low)


def fitted(text: str, width: float, size: float, least: float, weight: str = "normal") -> tuple[str, float]:
    """A text and its size in points: smaller, down to the least, where it is too wide, and then shortened."""
    while text_width(text, size, weight) > width and size > least:
        size -= 0.5
    return shortened(text, width, size, weight), size


def wrapped(text: str, width: float, size: float, most: int, weight: str = "normal") -> list[str]:
    """A text in lines that fit a width in points, at most so many; the last is shortened where it does not end.

    >>> wrapped("one two three", 40, 9, 3), wrapped("one two three", 40, 9, 1)
    (['one two', 'three'], ['one t…'])
    """
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        count = len(words)
        while count > 1 and text_width(" ".join(words[:count]), size, weight) > width:
            count -= 1
        lines.append(shortened(" ".join(words[:count]), width, size, weight))
        words = words[count:]
    return [*lines, shortened(" ".join(words), width, size, weight)] if words else lines
