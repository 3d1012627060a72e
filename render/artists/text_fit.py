"""Clean, measure, shorten and wrap texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from matplotlib import rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.cbook import is_math_text
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from landscapes.render.mathtext import UNDRAWABLE, is_formula

Families = str | tuple[str, ...] | None
"""Font families; by default those of matplotlib's settings."""

CUT = "…"
"""The sign for the rest of a text."""

WORD = re.compile(r" ?(?:[\u3040-\u30ff\u3400-\u9fff]|[^ \u3040-\u30ff\u3400-\u9fff]+)[\u3001\u3002\uff01-\uff1f]*")
"""What stays on one line: a word, or one letter of Chinese or Japanese, with the punctuation after it."""

MOST = 300
"""The largest number of characters of a text in a picture; a title of a megabyte would take minutes to draw."""

FONTS = [name for name in rcParams if name.startswith(("font.", "mathtext.", "text."))]
"""The settings of matplotlib that the size of a text depends on."""

MATHTEXT_PARSER = RendererAgg(1, 1, 72.0).mathtext_parser
"""Shared by the renderers that measure and draw, because it caches parsed text."""


def clean_text(text: object, math: bool = True, most: int = MOST) -> str:
    r"""Return a text from outside as every format can draw it; all labels and titles pass through here.

    Spaces and line breaks become one space, control characters and lone surrogates the replacement character. The rest
    of a long text becomes an ellipsis.

    Args:
        text: what a user or a file has given.
        math: whether it will be parsed for mathtext; then dollar signs are escaped unless they enclose a formula that
            matplotlib can draw.
        most: the largest number of characters.

    >>> clean_text("two\nlines"), clean_text("$x^2$"), clean_text(r"$\frac{$"), clean_text("a\0b")
    ('two lines', '$x^2$', '\\$\\frac{\\$', 'a�b')
    """
    words = str(text)[: 4 * most]
    words = UNDRAWABLE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\s+", " ", words).strip())
    if len(words) > most or len(str(text)) > 4 * most:
        words = words[: most - 1].rstrip() + CUT
    return words.replace("$", r"\$") if math and not is_formula(words) else words


def text_renderer(dpi: float) -> RendererAgg:
    """Return the renderer that measures texts at a resolution; cached, because it caches sizes."""
    return _renderer(dpi, _fonts())


def _fonts() -> tuple[str, ...]:
    return tuple(str(rcParams[name]) for name in FONTS)


@lru_cache(8)
def _renderer(dpi: float, fonts: tuple[str, ...]) -> RendererAgg:
    renderer = RendererAgg(1, 1, dpi)
    renderer.mathtext_parser = MATHTEXT_PARSER
    return renderer


@dataclass(frozen=True)
class Ruler:
    """Measures texts in points as they are drawn at a resolution.

    Pixels round the widths of letters by up to 15 % either way; vector files do not. A width is the larger of the two,
    so that a text that fits fits in every format.
    """

    dpi: float

    def width(
        self, text: str, size: float, weight: str = "normal", family: Families = None, math: bool = False
    ) -> float:
        """Return the width of a text; with `math`, of one that has been cleaned for mathtext."""
        if not text:
            return 0.0
        return _width(text, size, weight, family, math and is_math_text(text), self.dpi, _fonts())

    def shorten(self, text: str, width: float, size: float, weight: str = "normal", tail: float = 0.0) -> str:
        """Shorten a text to a width, keeping a share of its end; "" if not even one letter fits.

        >>> ruler = Ruler(100.0)
        >>> ruler.shorten("short", 100, 9), ruler.shorten("a name that goes on", 60, 9), ruler.shorten("name", 5, 9)
        ('short', 'a name th…', '')
        >>> ruler.shorten("Adam · cosine · clip 1", 60, 9, tail=0.4)
        'Adam ·…ip 1'
        """
        if self.width(text, size, weight) <= width:
            return text

        def cut(count: int) -> str:
            behind = round(tail * count)
            return text[: count - behind].rstrip() + CUT + (text[-behind:].lstrip() if behind else "")

        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(cut(middle), size, weight) <= width:
                low = middle
            else:
                high = middle - 1
        return cut(low) if low else ""

    def fit(self, text: str, width: float, size: float, least: float, weight: str = "normal") -> tuple[str, float]:
        """Return a text and its font size: smaller, down to the least, if it is too wide, then shortened."""
        size = self._shrunk(text, width, size, least, weight)
        return self.shorten(text, width, size, weight), size

    def fit_title(
        self, text: object, width: float, size: float, least: float, weight: str = "normal"
    ) -> tuple[str, float]:
        """Return a text from outside as matplotlib takes it, and its font size, fitted to a width.

        A formula that does not fit is cut as it was typed.
        """
        words = clean_text(text)
        small = self._shrunk(words, width, size, least, weight, math=True)
        if is_math_text(words) and self.width(words, small, weight, math=True) <= width:
            return words, small
        words, small = self.fit(clean_text(text, math=False), width, size, least, weight)
        return words.replace("$", r"\$"), small

    def _shrunk(self, text: str, width: float, size: float, least: float, weight: str, math: bool = False) -> float:
        while self.width(text, size, weight, math=math) > width and size > least:
            size = max(size - 0.5, least)
        return size

    def wrap(self, text: str, width: float, size: float, most: int, weight: str = "normal") -> list[str]:
        """Wrap a text to a width and a number of lines; the last one is shortened.

        >>> ruler = Ruler(100.0)
        >>> ruler.wrap("one two three", 43, 9, 3), ruler.wrap("one two three", 43, 9, 1)
        (['one two', 'three'], ['one tw…'])
        """
        lines: list[str] = []
        words = WORD.findall(" ".join(text.split()))
        while words and len(lines) < most - 1:
            count = len(words)
            while count > 1 and self.width("".join(words[:count]).strip(), size, weight) > width:
                count -= 1
            lines.append(self.shorten("".join(words[:count]).strip(), width, size, weight))
            words = words[count:]
        return [*lines, self.shorten("".join(words).strip(), width, size, weight)] if words else lines


@lru_cache(65536)
def _width(
    text: str, size: float, weight: str, family: Families, math: bool, dpi: float, fonts: tuple[str, ...]
) -> float:
    font = FontProperties(family=list(family) if isinstance(family, tuple) else family, size=size, weight=weight)
    drawn = text_renderer(dpi).get_text_width_height_descent(text, font, ismath=math)[0] * 72 / dpi
    exact = text_to_path.get_text_width_height_descent(text, font, ismath=math)[0]
    return float(max(drawn, exact))
