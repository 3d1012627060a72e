"""A report as pages of a PDF, drawn by matplotlib."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from landscapes.analysis.table_formats import Cell, Table
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.report.content import Part, Report
from landscapes.render.report.table_layout import Layout, layouts
from landscapes.render.theme import VECTOR, Theme

PAGE = (8.27, 11.69)
"""A4, in inches."""

MARGIN = 54.0
"""In points."""

WIDE, HIGH = 72 * PAGE[0], 72 * PAGE[1]
BODY, SMALL, HEAD, TITLE = 9.5, 7.5, 13.0, 19.0
"""Font sizes in points."""

TEXTS = ("axes.labelsize", "axes.titlesize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize")

BULLET = "•"


def write(report: Report, look: Theme, path: Path) -> None:
    """Write the report as a PDF without dates."""
    with look.context(), mpl.rc_context(VECTOR | {"pdf.compression": 9}):
        facts = {"Title": report.title, "CreationDate": None, "ModDate": None}
        from matplotlib.backends.backend_pdf import PdfPages  # fontTools, which it loads, takes long to import

        data = io.BytesIO()  # matplotlib's writer hides a full disk behind an error of its own
        with PdfPages(data, metadata=facts) as pages:
            for page in _Pages(report, look).made():
                pages.savefig(page)
        path.write_bytes(data.getvalue())


class _Pages:
    """Pages that are filled from top to bottom."""

    def __init__(self, report: Report, look: Theme) -> None:
        self.report, self.look = report, look
        self.ruler = Ruler(72)
        self.pages: list[Figure] = []
        self.y = 0.0

    def made(self) -> Sequence[Figure]:
        report = self.report
        self.new_page()
        self.write(report.title, TITLE, "bold", after=8)
        self.write(report.question, 11, after=10)
        for line in report.answer:
            self.write(line, BODY, after=5, indent=12)
        for part in report.parts:
            self.part(part)
        self.heading("What was run")
        for name, value in report.facts:
            self.write(f"{name}: {value}", SMALL, after=2)
        for number, page in enumerate(self.pages, 1):
            page.text(
                0.5, 28 / HIGH, f"{number} / {len(self.pages)}", ha="center", fontsize=SMALL, color=self.look.muted
            )
        return self.pages

    def new_page(self) -> None:
        page = Figure(figsize=PAGE, dpi=72, facecolor=self.look.background, layout="constrained")
        self.pages.append(page)
        self.y = HIGH - MARGIN

    def need(self, height: float) -> None:
        """Begin a new page if less than `height` points are left on this one."""
        if self.y - height < MARGIN:
            self.new_page()

    def heading(self, text: str) -> None:
        self.need(90)
        self.y -= 14
        self.write(text, HEAD, "bold", after=5)

    def write(
        self, text: str, size: float, weight: str = "normal", after: float = 4, indent: float = 0, bullet: bool = False
    ) -> None:
        """Write a paragraph, wrapped; with a bullet, as an entry of a list."""
        indent += 12 * bullet
        lines = self.wrapped(clean_text(text, math=False, most=10_000), size, weight, WIDE - 2 * MARGIN - indent)
        for i, line in enumerate(lines):
            self.need(1.35 * size)
            self.y -= 1.35 * size
            for x, words in [(MARGIN + indent, line), (MARGIN, BULLET)][: 1 + (bullet and i == 0)]:
                self.pages[-1].text(
                    x / WIDE,
                    self.y / HIGH,
                    words,
                    fontsize=size,
                    fontweight=weight,
                    color=self.look.foreground,
                    parse_math=False,
                )
        self.y -= after

    def wrapped(self, text: str, size: float, weight: str, width: float) -> list[str]:
        letters = max(int(width / (0.5 * size)), 20)
        while letters > 20:
            lines = textwrap.wrap(text, letters)
            if all(self.ruler.width(line, size, weight) <= width for line in lines):
                return lines
            letters -= 2
        return textwrap.wrap(text, letters)

    def part(self, part: Part) -> None:
        text = 1.35 * BODY * sum(len(line) // 80 + 2 for line in part.text)
        picture = self.size(part)[1] if part.draw is not None else 120
        self.need(40 + text + picture)  # a heading stays with its picture, or with the head of its table
        self.heading(part.title)
        for line in part.text:
            self.write(line, BODY, bullet=part.is_list)
        if part.draw is not None:
            self.picture(part)
        for _, table in part.tables:
            self.table(table)

    def size(self, part: Part) -> tuple[float, float]:
        """Return the width and height of a picture in points."""
        wide = min(72 * part.size[0], WIDE - 2 * MARGIN)
        return wide, wide * part.size[1] / part.size[0]

    def picture(self, part: Part) -> None:
        """Draw a picture as wide as the text, in a figure of its own size that is placed on the page."""
        assert part.draw is not None
        wide, high = self.size(part)
        self.need(high + 6)
        self.y -= high + 4
        ratios = {
            "height_ratios": [HIGH - self.y - high, high, self.y],
            "width_ratios": [MARGIN, wide, WIDE - MARGIN - wide],
        }
        cells = self.pages[-1].add_gridspec(3, 3, wspace=0, hspace=0, **ratios)
        made = self.pages[-1].add_subfigure(cells[1, 1])
        shrunk = max(self.look.text_scale * wide / (72 * part.size[0]), 0.6)
        small: dict[Any, Any] = {"font.size": 10 * shrunk, **dict.fromkeys(TEXTS, 9 * shrunk)}
        with mpl.rc_context(small):
            part.draw(made, self.look | {"text_scale": shrunk})

    def table(self, table: Table) -> None:
        """Draw a table with rules, its numbers to the right; on further pages a long one has its header again.

        The columns of a table that is too wide follow one another.
        """
        words = [[clean_text(name, math=False) for name in table.header]]
        words += [
            [clean_text(one.text if isinstance(one, Cell) else one, math=False) for one in row] for row in table.rows
        ]
        numeric = [any(isinstance(row[i], Cell) for row in table.rows) for i in range(len(table.header))]
        best = [[isinstance(cell, Cell) and cell.best for cell in row] for row in table.rows]
        pieces = layouts(words, self.ruler, WIDE - 2 * MARGIN)
        for number, piece in enumerate(pieces, 1):
            which = f" Columns, part {number} of {len(pieces)}." if len(pieces) > 1 else ""
            self.need(40 + 5 * piece.height(0))
            self.write(table.caption + which, SMALL, after=2)
            self.columns(piece, [numeric[i] for i in piece.columns], [[row[i] for i in piece.columns] for row in best])
        if table.note:
            self.write(table.note, SMALL - 0.5)

    def columns(self, piece: Layout, numeric: Sequence[bool], best: Sequence[Sequence[bool]]) -> None:
        """Draw columns of a table; `numeric` ones to the right, the `best` cells of each row in bold."""
        ends = [sum(piece.widths[:i]) + i * piece.gap for i in range(len(piece.widths))]
        places = [MARGIN + end + wide * right for end, wide, right in zip(ends, piece.widths, numeric, strict=True)]

        def draw(number: int, bold: Sequence[bool]) -> None:
            for lines, x, right, heavy in zip(piece.rows[number], places, numeric, bold, strict=True):
                for i, text in enumerate(lines):
                    self.pages[-1].text(
                        x / WIDE,
                        (self.y - piece.size * (1.5 + 1.2 * i)) / HIGH,
                        text,
                        ha="right" if right else "left",
                        fontsize=piece.size,
                        fontweight="bold" if heavy else "normal",
                        color=self.look.foreground,
                        parse_math=False,
                    )
            self.y -= piece.height(number)

        def head() -> None:
            self.rule(piece.width, 1.0)
            draw(0, [True] * len(numeric))
            self.rule(piece.width, 0.5)

        head()
        for number, bold in enumerate(best, 1):
            if self.y - piece.height(number) < MARGIN:
                self.new_page()
                head()
            draw(number, bold)
        self.rule(piece.width, 1.0)
        self.y -= 4

    def rule(self, width: float, thickness: float) -> None:
        self.y -= 4
        ends = MARGIN / WIDE, (MARGIN + width) / WIDE
        line = Line2D(ends, [self.y / HIGH] * 2, color=self.look.foreground, linewidth=thickness)
        self.pages[-1].add_artist(line)
