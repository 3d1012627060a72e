"""Read the log of a training: CSV, JSON lines, `trainer_state.json` of Hugging Face, event files of TensorBoard."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from landscapes.diagnosis._large_csv import LARGE, Numbers, read_columns
from landscapes.diagnosis._log import Array
from landscapes.diagnosis._tensorboard import is_event_file, scalars
from landscapes.errors import InputError, unknown

NAMES: Mapping[str, str] = {
    "step": r"(global_|_|train_?|trainer/global_)?(steps?|iterations?|iters?|batch(es)?|updates?|epochs?)",
    "loss": r"(?!.*(val|eval|test|dev)).*loss.*",
    "gradient_norm": r".*(grad(ient)?s?[_ /.-]*(2\.)?(l2[_ -]*)?norm|norm[_ /.-]*(of[_ ])?grad).*",
    "step_length": r".*(step_length|update_norm).*",
    "lr": r"(.*[/_. -])?(lr|learning[_ -]?rate)([-/_. ].*)?",
}
"""Quantity → pattern of the names of its column, ignoring case."""

PREFERRED: Mapping[str, Sequence[str]] = {
    "step": ("step", "global_step", "_step", "trainer/global_step", "steps", "iteration", "iter", "batch", "epoch"),
    "loss": ("loss", "train_loss", "train/loss", "training_loss", "loss/train", "train_loss_step", "loss_step"),
    "gradient_norm": ("grad_norm", "gradient_norm", "train/grad_norm"),
    "step_length": ("step_length",),
    "lr": ("lr", "learning_rate", "train/learning_rate"),
}
"""Names that are taken before others that match."""

LONGEST_HEADER = 2**17
"""Bytes of the first line of a CSV file that is read in blocks."""

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
"""The suffixes of logs in a folder."""

MISSING = ("", "none", "null", "n/a")
"""Cells without an entry. "nan" is an entry: the loss was NaN."""

DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*")
"""A number as spreadsheets of many countries write it, in columns separated by semicolons."""


@dataclass(frozen=True, eq=False)
class LogFile:
    """A training log.

    Attributes:
        path: the file.
        columns: quantity → name of its column; quantities without a column are absent. "step" may be absent.
        series: "step" (T,), ascending, "loss" (T,), and the other quantities (T,) that have columns.
        notes: what was left out or assumed, in sentences.
        label: the name of the run, if the file holds several; else "".
    """

    path: Path
    columns: Mapping[str, str]
    series: Mapping[str, Array]
    notes: tuple[str, ...]
    label: str = ""


def load_log(path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None) -> LogFile:
    """Read a training log.

    Rows without a loss (of validation, say) are left out. Where the step goes back, the run was resumed: the rows that
    it repeats replace the earlier ones. Rows in no order, or newest first, are sorted by their step.

    Cells are separated by commas, semicolons, tabs or blanks. Lines above the header that begin with # are comments;
    without another header, the last of them names the columns, as `numpy.savetxt` writes it. One column of numbers
    alone is the loss.

    Args:
        path: a file of CSV, TSV or JSON lines, a `trainer_state.json`, or an event file of TensorBoard. A folder or an
            export of several runs is read by `load_logs`.
        columns: quantity ("step", "loss", "gradient_norm", "step_length", "lr") → column; others are guessed.

    Returns:
        The series, and which columns they come from.

    Raises:
        InputError: for a file that is no log, that has no column of losses, or a column that is not there.
        OSError: for a file that cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.csv"
    ...     _ = path.write_text("epoch,train_loss,val_loss\\n0,1.0,1.1\\n1,0.5,0.7\\n")
    ...     log = load_log(path)
    >>> log.columns, log.series["loss"].tolist()
    ({'step': 'epoch', 'loss': 'train_loss'}, [1.0, 0.5])
    """
    found = load_logs(path, columns=columns)
    if len(found) > 1:
        names = ", ".join(log.label or log.path.name for log in found)
        raise InputError(f"{path} holds {len(found)} runs, {names:.200}: read them with load_logs")
    return found[0]


def load_logs(path: str | os.PathLike[str], *, columns: Mapping[str, str] | None = None) -> list[LogFile]:
    """Read the logs of several runs: of a folder with its subfolders, or of one file.

    A CSV export of W&B has a column "run - loss" per run. The event files of one folder are one run.

    Args:
        path: a folder, or a file as in `load_log`.
        columns: as in `load_log`.

    Returns:
        One log per run; files of a folder that are no logs are left out (`read_logs` names them).

    Raises:
        InputError: as `load_log`, and for a folder without logs.
        OSError: for a file that cannot be read.
    """
    return read_logs(path, columns)[0]


def read_logs(
    path: str | os.PathLike[str], columns: Mapping[str, str] | None = None
) -> tuple[list[LogFile], list[str]]:
    """Return what `load_logs` does, and why other files of a folder are no logs, a sentence each."""
    path, given = Path(path), dict(columns or {})
    if not path.is_dir():
        return _logs_of_file(path, given), []
    found, skipped = [], []
    events: dict[Path, list[Path]] = {}
    for file in sorted(path.rglob("*")):
        if is_event_file(file):
            events.setdefault(file.parent, []).append(file)
        elif file.suffix.lower() in SUFFIXES and file.is_file():
            try:
                found += _logs_of_file(file, given)
            except InputError as error:
                skipped.append(str(error))
    for folder, files in events.items():
        try:
            found.append(_log(folder, scalars(files), given))
        except InputError as error:
            skipped.append(str(error))
    if not found:
        why = f"; {len(skipped)} other files, such as: {skipped[0]}" if skipped else ""
        raise InputError(f"{path} has no logs: CSV, JSON lines, trainer_state.json or event files of TensorBoard{why}")
    return sorted(found, key=lambda log: (str(log.path), log.label)), skipped


def _logs_of_file(path: Path, given: dict[str, str]) -> list[LogFile]:
    if is_event_file(path):
        return [_log(path, scalars([path]), given)]
    large = _large_table(path, given)
    if large is not None:
        return [_log(path, large, given)]
    table, broken = _table(path)
    runs = {} if given else _runs_of_wandb(table)
    found = [replace(_log(path, part, given), label=name) for name, part in runs.items()]
    found = found or [_log(path, table, given)]
    if not broken:
        return found
    note = f"{broken} line{'s' * (broken > 1)} left out that {'are' if broken > 1 else 'is'} no JSON, or cut off"
    return [replace(log, notes=(note, *log.notes)) for log in found]


def _large_table(path: Path, given: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the columns that a diagnosis needs of a large CSV file with one run; None if it is something else."""
    if path.stat().st_size < LARGE:
        return None
    with path.open("rb") as file:
        head = file.readline(LONGEST_HEADER).removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"{", b"[") or not head.endswith(b"\n") or head.count(b'"') % 2:
        return None
    try:
        header = head.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    delimiter = _delimiter(header)
    names = _names(header, delimiter)
    if names is None or any(" - " in name for name in names):  # the latter may be an export of W&B
        return None
    wanted = [*_choose(path, names, given).values()]

    def parse(name: str, cells: Sequence[Any], first: int) -> Numbers:
        if delimiter == ";":
            cells = [cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells]
        return _floats(path, name, cells, first)

    return {**dict.fromkeys(names), **read_columns(path, names, wanted, delimiter, parse)}


def _table(path: Path) -> tuple[dict[str, list[Any]], int]:
    """Return the columns of a text file, and how many of its lines should be JSON and are not."""
    data = path.read_bytes()
    try:  # PowerShell writes UTF-16
        text = data.decode("utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
        text = re.sub("\r\n?", "\n", text)
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or "\0" in text:
        what = "is empty" if not data.strip() else "is not text"
        raise InputError(f"{path} {what}; a log is CSV, JSON lines or trainer_state.json")
    is_json = text.lstrip()[0] in "{["
    text = text if is_json else _without_comments(text)
    table, broken = _json(text) if is_json else (_csv(text), 0)
    if table is None:
        raise InputError(f"{path} {_fault('' if is_json else text)}")
    return table, broken


def _without_comments(text: str) -> str:
    """Return a table without the lines above its header that begin with #; the last of them may be the header.

    >>> _without_comments("# made by me\\nstep,loss\\n0,1\\n"), _without_comments("# step loss\\n0 1\\n")
    ('step,loss\\n0,1\\n', 'step loss\\n0 1\\n')
    """
    lines = text.lstrip("\n").splitlines(keepends=True)
    rows = list(itertools.dropwhile(lambda line: line.startswith("#"), lines))
    if len(rows) == len(lines):
        return text
    if rows and not any(map(_is_number, _split(rows[0]))):
        return "".join(rows)
    return "".join([lines[len(lines) - len(rows) - 1].lstrip("# \t"), *rows])


def _split(line: str) -> list[str]:
    return line.split(_delimiter(line)) if _delimiter(line) != " " else line.split()


def _fault(text: str) -> str:
    """Say why a text is no table."""
    header = text.strip().partition("\n")[0]
    cells = [cell.strip() for cell in _split(header)]
    if cells and all(map(_is_number, cells)):
        return "begins with numbers: write the names of its columns into its first line, as in step,loss"
    if twice := [name for name in dict.fromkeys(cells) if cells.count(name) > 1]:
        return f"has more than one column {twice[0]!r}: rename them"
    if "\n" not in text.strip() and _names(header, _delimiter(header)):
        return "has a header, but no rows"
    return "is neither CSV with a header, nor JSON lines, nor trainer_state.json"


def _runs_of_wandb(table: Mapping[str, list[Any]]) -> dict[str, dict[str, list[Any]]]:
    """Return the columns of each run of an export of W&B; {} if the table is none.

    >>> table = {"Step": [0, 1], "a - loss": [3, 2], "a - loss__MIN": [3, 2], "b - loss": [5, 4]}
    >>> {name: list(part) for name, part in _runs_of_wandb(table).items()}
    {'a': ['Step', 'loss'], 'b': ['Step', 'loss']}
    """
    common = {name: column for name, column in table.items() if " - " not in name}
    runs: dict[str, dict[str, list[Any]]] = {}
    for name, column in table.items():
        run, dash, metric = name.rpartition(" - ")
        if dash and not metric.endswith(("__MIN", "__MAX", "_step")):
            runs.setdefault(run, dict(common))[metric] = column
    pattern = re.compile(NAMES["loss"], re.IGNORECASE)
    return {run: part for run, part in runs.items() if any(map(pattern.fullmatch, part))}


def _json(text: str) -> tuple[dict[str, list[Any]] | None, int]:
    """Return the columns of JSON lines, a list of objects, a trainer's state, or lists by name (history of Keras).

    The number is that of lines that are no JSON: cut off, or of another program.
    """
    broken = 0
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict) and whole and all(isinstance(column, list) for column in whole.values()):
        lengths = {len(column) for column in whole.values()}
        if len(lengths) == 1 and "log_history" not in whole:
            return whole, 0
    if isinstance(whole, dict):
        whole = whole.get("log_history", [whole])
    rows: list[Any] = whole if isinstance(whole, list) else []
    if not rows:
        for line in text.splitlines():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                broken += bool(line.strip())
    rows = [row for row in rows if isinstance(row, dict)]
    names = dict.fromkeys(name for row in rows for name in row)
    return {str(name): [row.get(name) for row in rows] for name in names} or None, broken


def _csv(text: str) -> dict[str, list[Any]] | None:
    """Return the columns of a table with a header; a row that is too short lacks entries.

    Between semicolons, a comma is a decimal point.
    """
    header, _, rest = text.lstrip("\n").partition("\n")
    delimiter = _delimiter(header)
    if delimiter == " " and len(rest.partition("\n")[0].split()) == len(header.split()):
        text = re.sub(r"(?m)^ +| +$", "", re.sub(" {2,}", " ", text))
    elif delimiter == " ":  # one column, with a name of several words
        delimiter = ","
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:  # a cell of more than 131,072 characters
        return None
    if all(len(row) == 1 and _is_number(row[0]) for row in rows if row):  # numbers alone are losses
        rows.insert(0, ["loss"])
    names = _header(rows.pop(0))
    if names is None:
        return None
    cells = [row if len(row) == len(names) else [*row, *[""] * len(names)][: len(names)] for row in rows if row]
    if delimiter == ";":
        cells = [[cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell for cell in row] for row in cells]
    return dict(zip(names, map(list, zip(*cells, strict=True)), strict=True)) if cells else None


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count) if any(mark in header for mark in ',;\t"') else " "


def _names(header: str, delimiter: str) -> list[str] | None:
    """Return the names of the columns in the line of a header; None if it is none."""
    try:
        return _header(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error:
        return None


def _header(cells: Sequence[str]) -> list[str] | None:
    names = [name.strip() for name in cells]
    return None if len(names) != len(set(names)) or all(map(_is_number, names)) else names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _log(path: Path, table: Mapping[str, list[Any]], given: dict[str, str]) -> LogFile:
    columns = _choose(path, table, given)
    notes = []
    parsed = {quantity: _floats(path, name, table[name]) for quantity, name in columns.items()}
    there = parsed["loss"][1]
    if not there.any():
        raise InputError(f"column {columns['loss']!r} of {path} is empty")
    rows = np.flatnonzero(there)
    if len(rows) < len(there):
        notes.append(f"{_rows(len(there) - len(rows))} without a loss left out")
    steps = parsed["step"][0][rows] if "step" in parsed else np.full(1, np.nan)
    if np.isfinite(steps).all() and (steps == np.round(steps)).all():
        if 4 * np.count_nonzero(np.diff(steps) < 0) > len(steps):  # no run is resumed that often
            order = np.argsort(steps, kind="stable")
            rows, steps = rows[order], steps[order]
            notes.append("rows in no order of their steps, or newest first: sorted")
        kept = _latest(steps)
        if len(kept) < len(rows):
            notes.append(f"the step goes back: {_rows(len(rows) - len(kept))} repeated later left out")
        rows = rows[kept]
    else:
        columns.pop("step", None)
        parsed["step"] = Numbers(np.arange(len(there), dtype=float), there)
        notes.append("no column of whole steps: rows are counted")
    series = {quantity: values[rows] for quantity, (values, _) in parsed.items()}
    return LogFile(path, columns, series, tuple(notes))


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count > 1)}"


def _choose(path: Path, names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each quantity, given or guessed by its name."""
    names = list(names)
    columns: dict[str, str] = {}
    for quantity, pattern in NAMES.items():
        if quantity in given:
            if given[quantity] not in names:
                raise unknown(f"column of {path.name}", given[quantity], names)
            columns[quantity] = given[quantity]
            continue
        matching = [name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)]
        rank = [*PREFERRED[quantity]]
        matching.sort(key=lambda name: rank.index(name.lower()) if name.lower() in rank else len(rank))
        if matching:
            columns[quantity] = matching[0]
    if "loss" not in columns:
        raise InputError(
            f"{path} has no column of losses; name it: --column loss=NAME, or columns={{'loss': NAME}}. "
            f"Columns: {', '.join(names):.200}"
        )
    return columns


def _floats(path: Path, name: str, cells: Iterable[Any], first: int = 0) -> Numbers:
    """Return a column as numbers, and which of its cells have an entry; row `first` is the first of them."""
    if isinstance(cells, Numbers):
        return cells
    cells = list(cells)
    if None not in cells:
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            values = np.array(cells, dtype=float)
            if values.ndim == 1:
                return Numbers(values, np.ones(len(cells), dtype=bool))
    there = np.array([cell is not None and str(cell).strip().lower() not in MISSING for cell in cells], dtype=bool)
    values = np.full(len(cells), np.nan)
    for place in np.flatnonzero(there):
        try:
            values[place] = float(cells[place])
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                f"{path}: {name!r} has no number in row {first + place + 1}: {cells[place]!r:.40}"
            ) from None
    return Numbers(values, there)


def _latest(step: Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the places that ascend: of rows with the same step, and where it goes back, the later ones count.

    >>> _latest(np.array([0.0, 1.0, 2.0, 1.0, 2.0, 3.0])).tolist()
    [0, 3, 4, 5]
    """
    lowest_after = np.minimum.accumulate(step[::-1])[::-1]
    later = np.append(lowest_after[1:], np.inf)
    return np.flatnonzero(step < later)
