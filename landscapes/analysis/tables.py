"""Write tables of experiments as text, Markdown, LaTeX and CSV. Numpy only."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes import files
from landscapes.analysis import profiles
from landscapes.analysis.costs import costs
from landscapes.analysis.race_table import aligned
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.record._export import run_columns


@dataclass(frozen=True)
class Cell:
    """A number in a table.

    Attributes:
        value: the number; infinity and NaN are shown as a dash.
        low, high: the bounds of its interval, NaN if it has none.
        percent: whether it is a share, shown in percent.
        places: digits after the decimal point.
        best: whether it is the best of its column, or of its row in `running_times`.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    percent: bool = False
    places: int = 0
    best: bool = False

    @property
    def text(self) -> str:
        """The number with its interval, as it is printed.

        >>> Cell(0.5, 0.25, 0.75, percent=True).text, Cell(1234.5).text, Cell(math.inf).text
        ('50 % [25, 75]', '1234', '–')
        """
        if not math.isfinite(self.value):
            return "–"
        shown = f"{self._digits(self.value)} %" if self.percent else self._digits(self.value)
        return shown if math.isnan(self.low) else f"{shown} [{self._digits(self.low)}, {self._digits(self.high)}]"

    def _digits(self, value: float) -> str:
        return f"{100 * value if self.percent else value:.{self.places}f}"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of names and numbers.

    Attributes:
        caption: one sentence on what it shows.
        header: the names of the columns.
        rows: one name or `Cell` per column.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]

    def render(self, kind: str = "text") -> str:
        """Return the table as "text", "markdown", "latex" or "csv". Raises `InputError` for another kind."""
        if kind not in KINDS:
            raise unknown("kind of table", kind, KINDS)
        return KINDS[kind](self)

    def text(self) -> str:
        """Return aligned columns below the caption."""
        return f"{self.caption}\n\n{aligned([tuple(self.header), *self._words()])}"

    def markdown(self) -> str:
        """Return a table in GitHub's Markdown, numbers aligned to the right, the best in bold."""
        rows = [
            [f"**{cell.text}**" if isinstance(cell, Cell) and cell.best else _markdown(_word(cell)) for cell in row]
            for row in self.rows
        ]
        rule = ["---" if isinstance(cell, str) else "---:" for cell in self._example()]
        lines = [[_markdown(name) for name in self.header], rule, *rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{_markdown(self.caption)}"

    def latex(self) -> str:
        """Return a table in the style of booktabs (`\\usepackage{booktabs}`), the best in bold."""
        columns = "".join("l" if isinstance(cell, str) else "r" for cell in self._example())
        rows = [
            " & ".join(
                rf"\textbf{{{_latex(cell.text)}}}" if isinstance(cell, Cell) and cell.best else _latex(_word(cell))
                for cell in row
            )
            for row in self.rows
        ]
        lines = [
            r"\begin{table}",
            r"  \centering",
            rf"  \caption{{{_latex(self.caption)}}}",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"    \toprule",
            "    " + " & ".join(map(_latex, self.header)) + r" \\",
            r"    \midrule",
            *(f"    {row} " + r"\\" for row in rows),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
        ]
        return "\n".join(lines)

    def csv(self) -> str:
        """Return comma-separated values with all digits. An interval has two more columns."""
        widths = [
            any(isinstance(row[i], Cell) and not math.isnan(row[i].low) for row in self.rows)  # type: ignore[union-attr]
            for i in range(len(self.header))
        ]
        header = [
            name
            for column, wide in zip(self.header, widths, strict=True)
            for name in ((column, f"{column} low", f"{column} high") if wide else (column,))
        ]
        rows = [
            [part for cell, wide in zip(row, widths, strict=True) for part in _parts(cell, wide)] for row in self.rows
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
    "csv": Table.csv,
}
"""The formats of a table, by name."""


@suggests_arguments
def standings(
    record: Record, tolerance: float | None = None, *, cost: str = "evaluations", draws: int = 1000, seed: int = 0
) -> Table:
    """Return the table of optimizers of a comparison, best first.

    Its columns are the share of runs that reach the tolerance; the mean rank by cost, where runs that do not reach it
    share the last rank; the share of wins against the other optimizers; and the median cost of runs that reach it. The
    first three have 95 % bootstrap intervals over functions, or over runs if there is only one function.

    Args:
        record: a comparison.
        tolerance: one of its tolerances; by default the last.
        cost: what is counted, "evaluations" or "steps".
        draws: number of bootstrap draws.
        seed: of the bootstrap.

    Raises:
        InputError: for another record, or a tolerance that the comparison does not have.
    """
    found = costs(record, cost)
    scores = found.at(tolerance)
    groups = found.functions if len(set(found.functions.tolist())) > 1 else None
    reached = np.isfinite(scores)
    place = profiles.mean_ranks(scores, groups, draws=draws, seed=seed)
    solved = profiles.bootstrap(profiles.means(reached, groups), draws=draws, seed=seed)
    wins = profiles.bootstrap(profiles.means(_wins(scores), groups), draws=draws, seed=seed)
    middle = [
        float(np.median(column[one])) if one.any() else math.inf
        for column, one in zip(scores.T, reached.T, strict=True)
    ]
    cells = [
        _cells(solved, percent=True, highest=True),
        _cells(place, places=2),
        _cells(wins, percent=True, highest=True),
        _cells(profiles.Estimate(np.array(middle), *[np.full(len(middle), np.nan)] * 2)),
    ]
    rows = [[name, *(column[i] for column in cells)] for i, name in enumerate(found.optimizers)]
    order = np.lexsort((np.array(middle), place.value))
    share = found.tolerances[-1] if tolerance is None else tolerance
    return Table(
        f"Reaching {share:g} of the initial gap on {_counted(len(set(found.functions.tolist())), 'function')}, "
        f"{_counted(len(scores), 'run')} each, within {record.meta.steps} steps; "
        "brackets hold 95 % of bootstrap draws.",
        ("optimizer", "reached", "mean rank", "wins", f"median {cost}"),
        [rows[i] for i in order],
    )


@suggests_arguments
def running_times(record: Record, tolerance: float | None = None, *, cost: str = "evaluations") -> Table:
    """Return expected running times (Hansen et al., 2021): one row per function, one column per optimizer.

    Arguments and errors are those of `standings`.
    """
    found = costs(record, cost)
    times = found.running_times(tolerance)
    share = found.tolerances[-1] if tolerance is None else tolerance
    rows = [
        [name, *_cells(profiles.Estimate(row, *[np.full(len(row), np.nan)] * 2))]
        for name, row in zip(dict.fromkeys(found.functions.tolist()), times, strict=True)
    ]
    caption = f"Expected {cost} to reach {share:g} of the initial gap; failed runs restart."
    return Table(caption, ("function", *found.optimizers), rows)


def runs_csv(record: Record) -> str:
    """Return all runs of a record as comma-separated values: one row per run, with its axes and columns.

    A column with one entry per tolerance becomes one column for each. Missing entries are empty.
    """
    columns = {name: values.tolist() for name, values in run_columns(record).items()}
    return csv_text([list(columns), *zip(*columns.values(), strict=True)])


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as comma-separated values, quoted as in RFC 4180, with line feeds; NaN and None are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["" if isinstance(part, float) and math.isnan(part) else part for part in row] for row in rows])
    return text.getvalue()


def save_csv(text: str, path: str | os.PathLike[str]) -> Path:
    """Write comma-separated values atomically. Raises `InputError` if the file cannot be made."""
    target = check_csv(path)
    with files.replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def check_csv(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`. Raises `InputError` if a table cannot be written there."""
    if Path(path).suffix != ".csv":
        raise InputError(f"a table is saved as .csv, got {Path(path).name!r}")
    return files.check_target(path)


def _wins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of others that each optimizer beats on each problem, shape (P, S); a tie counts half."""
    others = max(scores.shape[1] - 1, 1)
    lower = (scores[:, :, None] < scores[:, None, :]).sum(2)
    equal = (scores[:, :, None] == scores[:, None, :]).sum(2) - 1
    return np.asarray((lower + 0.5 * equal) / others)


def _cells(found: profiles.Estimate, *, percent: bool = False, places: int = 0, highest: bool = False) -> list[Cell]:
    """Return a column of cells. The lowest finite one is the best, or the highest."""
    finite = found.value[np.isfinite(found.value)]
    best = (finite.max() if highest else finite.min()) if len(finite) else math.nan
    return [
        Cell(float(value), float(low), float(high), percent, places, bool(value == best))
        for value, low, high in zip(*found, strict=True)
    ]


def _word(cell: str | Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _parts(cell: str | Cell, wide: bool) -> list[Any]:
    if isinstance(cell, str):
        return [cell]
    value = cell.value if math.isfinite(cell.value) else math.nan
    return [value, cell.low, cell.high] if wide else [value]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _markdown(text: str) -> str:
    return text.replace("|", r"\|")


def _latex(text: str) -> str:
    special = {
        "\\": r"\textbackslash{}",
        "–": "--",
        "·": r"$\cdot$",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
    special |= {sign: f"\\{sign}" for sign in "%&_#${}"}
    return "".join(special.get(sign, sign) for sign in text)
