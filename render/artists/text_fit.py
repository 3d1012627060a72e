"""Measure, shorten and wrap texts and formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import combinations, pairwise

from matplotlib import rcParams
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

CUT = "…"
"""The sign for the rest of a text."""

FONTS = [name for name in rcParams if name.startswith(("font.", "mathtext.", "text."))]
"""The settings of matplotlib that the size of a text depends on."""


def text_renderer(dpi: float) -> RendererAgg:
    """Return the renderer that measures texts at a resolution; cached, because it caches sizes."""
    return _ruler(dpi, tuple(str(rcParams[name]) for name in FONTS))


@lru_cache(8)
def _ruler(dpi: float, fonts: tuple[str, ...]) -> RendererAgg:
    return RendererAgg(1, 1, dpi)


@cache
def text_width(text: str, size: float, weight: str = "normal", family: str | None = None) -> float:
    """Return the width of a text in points."""
    if not text:
        return 0.0
    font = FontProperties(family=family, size=size, weight=weight)
    return float(text_renderer(72.0).get_text_width_height_descent(text, font, ismath=False)[0])


def shorten(text: str, width: float, size: float, weight: str = "normal", tail: float = 0.0) -> str:
    """Shorten a text to a width in points, keeping a share of its end.

    >>> shorten("short", 100, 9), shorten("a name that goes on", 60, 9)
    ('short', 'a name th…')
    >>> shorten("Adam · cosine · clip 1", 60, 9, tail=0.4)
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


def fit_text(text: str, width: float, size: float, least: float, weight: str = "normal") -> tuple[str, float]:
    """Return a text and its font size: smaller, down to the least, if it is too wide, then shortened."""
    while text_width(text, size, weight) > width and size > least:
        size -= 0.5
    return shorten(text, width, size, weight), size


def wrap(text: str, width: float, size: float, most: int, weight: str = "normal") -> list[str]:
    """Wrap a text to a width in points and a number of lines; the last one is shortened.

    >>> wrap("one two three", 40, 9, 3), wrap("one two three", 40, 9, 1)
    (['one two', 'three'], ['one t…'])
    """
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        count = len(words)
        while count > 1 and text_width(" ".join(words[:count]), size, weight) > width:
            count -= 1
        lines.append(shorten(" ".join(words[:count]), width, size, weight))
        words = words[count:]
    return [*lines, shorten(" ".join(words), width, size, weight)] if words else lines


MOST_LINES = 3
"""The largest number of lines of a formula."""

FINE = 0.75
"""A font size, relative to the wanted one, that is large enough."""

LEADING = 0.35
"""The gap between two lines, in font sizes."""

TOKENS = re.compile(r"\\(?:left|right)(?![a-zA-Z])\s*(?:\\[a-zA-Z]+|\\?.)|\\[a-zA-Z]+|\\.|.", re.DOTALL)
"""The tokens of a formula; a delimiter belongs to its \\left or \\right."""

OPENING, CLOSING, BARS = ("\\left", "{", "(", "["), ("\\right", "}", ")", "]"), ("|", "\\|", "\\Vert")


@cache
def formula_size(latex: str) -> tuple[float, float]:
    """Return width and height of a formula in font sizes."""
    parsed = MathTextParser("path").parse(f"${latex}$", dpi=72)
    unit = 10.0  # points of the parser's font
    return parsed.width / unit, (parsed.height + parsed.depth) / unit


def fit_formula(latex: str, width: float, height: float, size: float) -> tuple[list[str], float]:
    """Return a formula in lines, and the font size, at most `size`, at which they fit a box in points.

    >>> fit_formula("x^2 + y^2", 200, 40, 14)
    (['x^2 + y^2'], 14.0)
    >>> fit_formula(r"x^2 + y^2 + x^4 + |y + 1| + \\frac{x + y}{2}", 90, 60, 14)
    (['x^2 + y^2 + x^4', '+ |y + 1| + \\\\frac{x + y}{2}'], 12.5)
    """
    places = list(_breaks(latex))
    best: tuple[list[str], float] = ([latex], 0.0)
    for count in range(min(MOST_LINES, len(places) + 1)):
        lines = _cut(latex, min(combinations(places, count), key=lambda cut: _widest(latex, places, cut)))
        fit = min(width / max(formula_size(line)[0] for line in lines), height / formula_height(lines))
        fit = min(math.floor(2 * fit) / 2, float(size)) if fit > 4 else fit
        if fit > best[1]:
            best = lines, fit
        if best[1] >= FINE * size:
            break
    return best


def formula_height(lines: list[str]) -> float:
    """Return the height of lines in font sizes."""
    return sum(formula_size(line)[1] for line in lines) + LEADING * (len(lines) - 1)


def _breaks(latex: str) -> Iterator[int]:
    """Yield where a line may begin: outside brackets, before a sign or after a comma."""
    depth, within = 0, False
    for token in TOKENS.finditer(latex):
        word, place = token[0], token.start()
        if not (depth or within) and place:
            if re.match(r" [+-] ", latex[place:]):
                yield place + 1
            elif latex.startswith(", ", place):
                yield place + 2
        depth += word.startswith(OPENING) - word.startswith(CLOSING)
        within ^= word in BARS


def _widest(latex: str, places: list[int], cut: tuple[int, ...]) -> float:
    """Estimate the width of the widest line; measuring whole lines is slow."""
    edges = [0, *cut, len(latex)]
    parts = [(a, formula_size(latex[a:b].strip() or r"\,")[0]) for a, b in pairwise([0, *places, len(latex)])]
    return max(sum(width for place, width in parts if a <= place < b) for a, b in pairwise(edges))


def _cut(latex: str, places: tuple[int, ...]) -> list[str]:
    """Return the lines that begin at some places."""
    edges = [0, *places, len(latex)]
    return [re.sub(r"^(\s|\\q?quad)+", "", latex[a:b]).rstrip() for a, b in pairwise(edges)]
