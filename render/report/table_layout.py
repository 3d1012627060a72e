"""Fit a table into the width of a page: smaller letters, wrapped cells, or fewer columns at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from landscapes.render.artists.text_fit import Ruler

LARGEST, LEAST = 8.5, 6.5
"""The font sizes of tables, in points."""

LETTERS = (60, 40, 30, 22, 16, 12)
"""After how many letters cells are wrapped, widest first."""

MEASURED = 400
"""The number of rows that are measured; the letters of others are counted."""

Lines = list[str]


@dataclass(frozen=True)
class Layout:
    """A table, or some of its columns, as it is printed.

    Attributes:
        columns: which columns.
        size: the font size in points.
        gap: the space between columns in points.
        widths: their widths in points.
        rows: the lines of each cell; the header is the first row.
    """

    columns: Sequence[int]
    size: float
    gap: float
    widths: Sequence[float]
    rows: Sequence[Sequence[Lines]]

    @property
    def width(self) -> float:
        """The width of all columns."""
        return sum(self.widths) + self.gap * (len(self.widths) - 1)

    def height(self, row: int) -> float:
        """Return the height of a row in points."""
        lines = max(map(len, self.rows[row]))
        return self.size * (1.5 + (1.2 * (lines - 1) + 0.3 if lines > 1 else 0.0))


def layouts(words: Sequence[Sequence[str]], ruler: Ruler, width: float) -> list[Layout]:
    """Return a table in as few pieces as fit the width; each begins with the first column.

    Cells are wrapped between words, as little as possible. One cell that is wider than the page stays as it is.

    >>> (made,) = layouts([["function", "Adam"], ["Beale", "0.01, 0.02"]], Ruler(72), 480)
    >>> made.size, made.rows[1]
    (8.5, [['Beale'], ['0.01, 0.02']])
    >>> wide = [["function", *"abcdefgh"], ["Beale", *["0.0012345 [0.0012345, 0.0012345]"] * 8]]
    >>> [made.columns for made in layouts(wide, Ruler(72), 200)]
    [[0, 1, 2, 3], [0, 4, 5, 6], [0, 7, 8]]
    """
    for letters in LETTERS:
        made = _layout(words, range(len(words[0])), letters, ruler, width)
        if made.width <= width:
            return [made]
    pieces = []
    left = list(range(1, len(words[0])))
    while left:
        for count in range(len(left), 0, -1):
            made = _layout(words, [0, *left[:count]], LETTERS[-1], ruler, width)
            if made.width <= width or count == 1:
                break
        pieces.append(made)
        left = left[count:]
    return pieces


def _layout(words: Sequence[Sequence[str]], columns: Sequence[int], letters: int, ruler: Ruler, width: float) -> Layout:
    """Return columns with cells wrapped after so many letters, at the largest size that fits, else at the least."""
    rows = [[_wrapped(row[i], letters) for i in columns] for row in words]
    units = [_width(lines, ruler) for lines in map(list, zip(*rows, strict=True))]
    for size, gap in _sizes():
        made = Layout(list(columns), size, gap, [size * unit for unit in units], rows)
        if made.width <= width:
            break
    return made


def _sizes() -> Iterator[tuple[float, float]]:
    for step in range(int((LARGEST - LEAST) / 0.25) + 1):
        yield LARGEST - 0.25 * step, max(10.0 - 0.5 * step, 6.0)


def _wrapped(text: str, letters: int) -> Lines:
    return textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False) or [""]


def _width(cells: Sequence[Lines], ruler: Ruler) -> float:
    """Return the width of a column for a font size of 1 point."""
    longest = sorted({line for lines in cells for line in lines}, key=len)[-MEASURED:]
    return max(ruler.width(line, 10, "bold") for line in longest) / 10
