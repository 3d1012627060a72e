"""Write tables as aligned text, Markdown, LaTeX and CSV, with every cell escaped. Standard library only."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscapes.analysis.race_table import aligned
from landscapes.errors import InputError, unknown


@dataclass(frozen=True)
class Cell:
    """A number in a table.

    Attributes:
        value: the number; infinity and NaN are shown as a dash, or as "> above".
        low, high: the bounds of its interval, NaN if it has none.
        percent: whether it is a share, shown in percent.
        places: digits after the decimal point.
        best: whether it is the best of its column, or of its row in `running_times`.
        rate: the success rate, shown after a finite number; NaN if there is none.
        above: a bound that the number exceeds if it is infinite: a median that is not reached; NaN if there is none.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    percent: bool = False
    places: int = 0
    best: bool = False
    above: float = math.nan
    rate: float = math.nan

    @property
    def text(self) -> str:
        """The number with its interval, as it is printed.

        >>> Cell(0.5, 0.25, 0.75, percent=True).text, Cell(1234.5).text, Cell(math.inf).text
        ('50 % [25, 75]', '1234', '–')
        >>> Cell(math.inf, above=200).text, Cell(120.0, rate=0.75).text
        ('> 200', '120 (75 %)')
        """
        if not math.isfinite(self.value):
            return "–" if math.isnan(self.above) else f"> {self._digits(self.above)}"
        return " ".join(filter(None, [self.number, self.bounds]))

    @property
    def number(self) -> str:
        """The finite number alone."""
        return f"{self._digits(self.value)} %" if self.percent else self._digits(self.value)

    @property
    def bounds(self) -> str:
        """What follows a finite number: its interval and its success rate."""
        interval = "" if math.isnan(self.low) else f"[{self._digits(self.low)}, {self._digits(self.high)}]"
        rate = "" if math.isnan(self.rate) else f"({100 * self.rate:.0f} %)"
        return " ".join(filter(None, [interval, rate]))

    def _digits(self, value: float) -> str:
        text = f"{100 * value if self.percent else value:.{self.places}f}"
        return text.removeprefix("-") if float(text) == 0 else text  # no -0


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of names and numbers.

    Attributes:
        caption: one sentence on what it shows.
        header: the names of the columns.
        rows: one name or `Cell` per column.
        note: what the columns mean and what restricts them, below the table; not part of CSV.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    note: str = ""

    def render(self, kind: str = "text") -> str:
        """Return the table in one of the formats `KINDS`. Raises `InputError` for another kind."""
        if kind not in KINDS:
            raise unknown("kind of table", kind, KINDS)
        return KINDS[kind](self)

    def text(self) -> str:
        """Return aligned columns below the caption."""
        return "\n\n".join(filter(None, [one_line(self.caption), self.columns(), one_line(self.note)]))

    def columns(self) -> str:
        """Return aligned columns alone."""
        return aligned([tuple(map(one_line, row)) for row in [tuple(self.header), *self._words()]])

    def markdown(self) -> str:
        """Return a table in GitHub's Markdown, numbers aligned to the right, the best in bold."""
        rows = [
            [f"**{cell.text}**" if isinstance(cell, Cell) and cell.best else _markdown(_word(cell)) for cell in row]
            for row in self.rows
        ]
        rule = ["---" if isinstance(cell, str) else "---:" for cell in self._example()]
        lines = [[_markdown(name) for name in self.header], rule, *rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return "\n\n".join(filter(None, [table, _markdown(self.caption), _markdown(self.note)]))

    def latex(self, environment: str = "table") -> str:
        """Return a table in the style of booktabs, the best in bold, intervals small, scaled down to the line's width.

        It needs `\\usepackage{booktabs, graphicx}`. In a document of two columns, `table*` spans both.
        """
        columns = "".join("l" if isinstance(cell, str) else "r" for cell in self._example())
        rows = [" & ".join(map(_latex_cell, row)) for row in self.rows]
        lines = [
            rf"\begin{{{environment}}}  % \usepackage{{booktabs, graphicx}}",
            r"  \centering",
            rf"  \caption{{{_latex(self.caption)}}}",
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            f"    {_guarded(' & '.join(map(_latex, self.header)))} " + r"\\",
            r"    \midrule",
            *(f"    {_guarded(row)} " + r"\\" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}}",
            *([rf"  \par\smallskip\raggedright\footnotesize {_latex(self.note)}"] if self.note else []),
            rf"\end{{{environment}}}",
        ]
        return "\n".join(lines)

    def wide_latex(self) -> str:
        """Return `latex` in the environment `table*`, which spans both columns of a document."""
        return self.latex("table*")

    def select(self, columns: Sequence[str]) -> Table:
        """Return a table of these columns, in this order. Raises `InputError` for an unknown name."""
        if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
            raise InputError(f"columns must be names, as in [{self.header[0]!r}], got {columns!r:.80}")
        for name in columns:
            if name not in self.header:
                raise unknown("column", name, self.header)
        places = [list(self.header).index(name) for name in columns]
        rows = [[row[i] for i in places] for row in self.rows]
        return Table(self.caption, [self.header[i] for i in places], rows, self.note)

    def csv(self) -> str:
        """Return comma-separated values with all digits. An interval has two more columns, a success rate one."""
        wider = [
            [
                name
                for name, attribute in (("low", "low"), ("high", "low"), ("success rate", "rate"))
                if any(isinstance(row[i], Cell) and not math.isnan(getattr(row[i], attribute)) for row in self.rows)
            ]
            for i in range(len(self.header))
        ]
        header = [
            name
            for column, more in zip(self.header, wider, strict=True)
            for name in (column, *(f"{column} {part}" for part in more))
        ]
        rows = [
            [part for cell, more in zip(row, wider, strict=True) for part in _parts(cell, more)] for row in self.rows
        ]
        return csv_text([header, *rows])

    def _words(self) -> list[tuple[str, ...]]:
        return [tuple(map(_word, row)) for row in self.rows]

    def _example(self) -> Sequence[str | Cell]:
        """Return a row that shows which columns are names and which are numbers."""
        return self.rows[0] if self.rows else [""] * len(self.header)


KINDS: Mapping[str, Callable[[Table], str]] = {
    "text": Table.text,
    "markdown": Table.markdown,
    "latex": Table.latex,
    "latex-wide": Table.wide_latex,
    "csv": Table.csv,
}
"""The formats of a table, by name."""


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as comma-separated values, quoted as in RFC 4180, with line feeds; NaN and None are empty.

    Text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[_csv_cell(part) for part in row] for row in rows])
    return text.getvalue()


def _word(cell: str | Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _parts(cell: str | Cell, more: Sequence[str]) -> list[Any]:
    """Return a cell as entries of CSV: its value, and those of its parts that the column has."""
    if isinstance(cell, str):
        return [cell]
    value = cell.value if math.isfinite(cell.value) else math.nan
    parts = {"low": cell.low, "high": cell.high, "success rate": cell.rate}
    return [value, *(parts[name] for name in more)]


def _csv_cell(cell: Any) -> Any:
    """Return a cell for a spreadsheet, which runs text that begins as a formula does: such text gets an apostrophe."""
    if isinstance(cell, float):
        return "" if math.isnan(cell) else cell
    if not isinstance(cell, str):
        return cell
    text = one_line(cell)
    return f"'{text}" if re.match("[=+@-]", text) and not re.fullmatch(NUMBER, text) else text


NUMBER = r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?"


def one_line(text: str) -> str:
    """Return text on one line: line breaks and tabs become spaces, other control characters visible signs.

    >>> one_line("a\\nb\\x1b[0m")
    'a b␛[0m'
    """
    spaced = re.sub(r"[\t\n\v\f\r\x85\u2028\u2029]+", " ", text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", _visible, spaced)


def _visible(sign: re.Match[str]) -> str:
    """Return the picture of a control character: ␛ for the escape character."""
    code = ord(sign[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def _markdown(text: str) -> str:
    return re.sub(r"([\\|*`])", r"\\\1", one_line(text)).replace("&", "&amp;").replace("<", "&lt;")


GREEK = (
    *("alpha", "beta", "gamma", "delta", "varepsilon", "eta", "theta", "kappa", "lambda"),
    *("mu", "nu", "pi", "rho", "sigma", "tau", "varphi", "omega"),
)

LATEX = {
    "\\": r"\textbackslash{}",
    "–": "--",
    "−": "$-$",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "…": r"\ldots{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "ϵ": r"$\epsilon$",
    "Δ": r"$\Delta$",
    "Σ": r"$\Sigma$",
    "∇": r"$\nabla$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "→": r"$\to$",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "°": r"$^\circ$",
    "⁻": "$^-$",
    **dict(zip("αβγδεηθκλμνπρστφω", (rf"$\{name}$" for name in GREEK), strict=True)),
    **{sign: f"$_{digit}$" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{sign: f"$^{digit}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
} | {sign: f"\\{sign}" for sign in "%&_#${}"}
"""What TeX needs in place of signs that are special to it or missing from its fonts."""


def _latex(text: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in one_line(text))


def _guarded(row: str) -> str:
    """Return a row that TeX does not read as an option of the command before it, which takes `[` and `*`.

    >>> _guarded("[a] & 1"), _guarded("a & 1")
    ('{}[a] & 1', 'a & 1')
    """
    return f"{{}}{row}" if row.startswith(("[", "*")) else row


def _latex_cell(cell: str | Cell) -> str:
    if isinstance(cell, str):
        return _latex(cell)
    if not math.isfinite(cell.value):
        return _latex(cell.text)
    number = rf"\textbf{{{_latex(cell.number)}}}" if cell.best else _latex(cell.number)
    return rf"{number} {{\scriptsize {_latex(cell.bounds)}}}" if cell.bounds else number
