"""Measure and break formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise

from matplotlib.mathtext import MathTextParser

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
