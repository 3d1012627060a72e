"""Tables of what jobs found: as text, Markdown, LaTeX and CSV. Numpy only."""

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


@dataclass(frozen=True)
class Cell:
    """A number in a table.

    Attributes:
        value: the number; infinite or NaN is shown as a dash.
        low, high: its interval, NaN where it has none.
        percent: whether it is a share, shown in percent.
        places: digits behind the point.
        best: whether it is the best of those it is compared with.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    percent: bool = False
    places: int = 0
    best: bool = False

    @property
    def text(self) -> str:
        """The number with its interval, as a person reads it.

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
        caption: what it shows, in a sentence.
        header: the names of the columns.
        rows: a name or a `Cell` a column.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]

    def render(self, kind: str = "text") -> str:
        """The table as "text", "markdown", "latex" or "csv". Raises `InputError` for another kind."""
        if kind not in KINDS:
            raise unknown("kind of table", kind, KINDS)
        return KINDS[kind](self)

    def text(self) -> str:
        """Aligned columns below the caption."""
        return f"{self.caption}\n\n{aligned([tuple(self.header), *self._words()])}"

    def markdown(self) -> str:
        """A table of GitHub's Markdown, numbers to the right, the best in bold."""
        rows = [
            [f"**{cell.text}**" if isinstance(cell, Cell) and cell.best else _markdown(_word(cell)) for cell in row]
            for row in self.rows
        ]
        optimizer = ["---" if isinstance(cell, str) else "---:" for cell in self._example()]
        lines = [[_markdown(name) for name in self.header], optimizer, *rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{_markdown(self.caption)}"

    def latex(self) -> str:
        """A table in the style of booktabs (`\\usepackage{booktabs}`), the best in bold."""
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
        """Comma-separated values with all digits; an interval has two columns of its own."""
        widths = [any(isinstance(row[i], Cell) and not math.isnan(row[i].low) for row in self.rows)  # type: ignore[union-attr]
                  for i in range(len(self.header))]  # fmt: skip
        header = [
            name
            for column, wide in zip(self.header, widths, strict=True)
            for name in ((column, f"{column} low", f"{column} high") if wide else (column,))
        ]
        rows = [
            [part for cell, wide in zip(row, widths, strict=True) for part in _parts(cell, wide)] for row in self.rows
        ]
        return written([header, *rows])

    def _words(self) -> list[tuple[str, ...]]:
        return [tuple(map(_word, row)) for row in self.rows]

    def _example(self) -> Sequence[str | Cell]:
        """A row that tells names from numbers."""
        return self.rows[0] if self.rows else [""] * len(self.header)


KINDS: Mapping[str, Callable[[Table], str]] = {
    "text": Table.text,
    "markdown": Table.markdown,
    "latex": Table.latex,
    "csv": Table.csv,
}
"""How a table can be written, by name."""


@suggests_arguments
def standings(
    record: Record, target: float | None = None, *, cost: str = "evaluations", draws: int = 1000, seed: int = 0
) -> Table:
    """The optimizers of a comparison, best first: who reaches the target, how often, at what cost.

    With 95 % bootstrap intervals over functions (over all runs where there is but one function): how many of the runs reach the
    target; the mean rank by cost, where all that do not reach it come last together; how often an optimizer beats another one.
    And the median cost of the runs that reach it.

    Args:
        record: a comparison.
        target: one of its shares of the first gap; by default the last.
        cost: what is counted, "evaluations" or "steps".
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        InputError: for another record, or a target that is none of the comparison's.
    """
    found = costs(record, cost)
    scores = found.at(target)
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
    share = found.targets[-1] if target is None else target
    return Table(
        f"Reaching {share:g} of the first gap on {_counted(len(set(found.functions.tolist())), 'function')}, "
        f"{_counted(len(scores), 'run')} each, within {record.meta['steps']} steps; brackets hold 95 % of bootstrap draws.",
        ("optimizer", "reached", "mean rank", "wins", f"median {cost}"),
        [rows[i] for i in order],
    )


@suggests_arguments
def running_times(record: Record, target: float | None = None, *, cost: str = "evaluations") -> Table:
    """A row a function, a column an optimizer: the expected running time to the target (Hansen et al., 2021).

    Raises `InputError` as `standings` does.
    """
    found = costs(record, cost)
    times = found.running_times(target)
    share = found.targets[-1] if target is None else target
    rows = [
        [name, *_cells(profiles.Estimate(row, *[np.full(len(row), np.nan)] * 2))]
        for name, row in zip(dict.fromkeys(found.functions.tolist()), times, strict=True)
    ]
    caption = f"Expected {cost} to reach {share:g} of the first gap, where runs that fail are started anew."
    return Table(caption, ("function", *found.optimizers), rows)


def runs_csv(record: Record) -> str:
    """All runs of a record as comma-separated values: a row a run, with where it stands on each axis and its columns.

    A column with one entry a target has one column for each.
    """
    axes, runs = record.axes, record.trajectories.runs
    count = len(record.trajectories)
    places: Any = np.indices(tuple(map(len, axes.values()))).reshape(len(axes), count) if axes else ()
    columns: dict[str, Iterable[Any]] = {
        name: [values[i] for i in place.tolist()] for (name, values), place in zip(axes.items(), places, strict=True)
    }
    for name, values in runs.items():
        if values.ndim == 1:
            columns.setdefault(name, values.tolist())
        else:
            ends = record.meta.get("tolerances", range(values.shape[1]))
            columns |= {f"{name} {end:g}": values[:, i].tolist() for i, end in enumerate(ends)}
    return written([list(columns), *zip(*columns.values(), strict=True)])


def written(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as comma-separated values, quoted where they must be (RFC 4180, but for line ends); NaN is an empty entry."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["" if isinstance(part, float) and math.isnan(part) else part for part in row] for row in rows])
    return text.getvalue()


def save_csv(text: str, path: str | os.PathLike[str]) -> Path:
    """Writes comma-separated values; the file is whole or not there. Raises `InputError` where it cannot be made."""
    target = check_csv(path)
    with files.replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def check_csv(path: str | os.PathLike[str]) -> Path:
    """The path as a `Path`, once it is sure that a table can be written there; else an `InputError`."""
    if Path(path).suffix != ".csv":
        raise InputError(f"a table is saved as .csv, not as {Path(path).name!r}")
    return files.check_target(path)


def _wins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each optimizer beats the others on each problem, shape (P, S): a share, ties half."""
    others = max(scores.shape[1] - 1, 1)
    lower = (scores[:, :, None] < scores[:, None, :]).sum(2)
    equal = (scores[:, :, None] == scores[:, None, :]).sum(2) - 1
    return np.asarray((lower + 0.5 * equal) / others)


def _cells(found: profiles.Estimate, *, percent: bool = False, places: int = 0, highest: bool = False) -> list[Cell]:
    """A column of cells; the lowest finite one is the best, or the highest."""
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
