"""Read a large CSV log in blocks of rows: only the columns that a diagnosis needs, as numbers."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from landscapes.diagnosis._log import Array
from landscapes.errors import InputError

LARGE = 2**22
"""Files of at least so many bytes are read in blocks."""

ROWS = 100_000
"""The rows of a block."""


class Numbers(NamedTuple):
    """A column as numbers: the values (T,), NaN where there is no entry, and which rows have one (T,)."""

    values: Array
    there: NDArray[np.bool_]


Parse: TypeAlias = Callable[[str, Sequence[Any], int], Numbers]
"""From the name of a column, its cells and the number of its first row to numbers."""


def read_columns(
    path: Path, names: Sequence[str], wanted: Sequence[str], delimiter: str, parse: Parse
) -> Mapping[str, Numbers]:
    """Return the columns `wanted` of a CSV file with the header `names`.

    Blocks of plain numbers are read by numpy; a block with gaps or text is parsed cell by cell. Rows that are too
    short lack entries, as in small files.

    Raises:
        InputError: for a file that is not text, or without rows.
    """
    places = [names.index(name) for name in wanted]
    blocks: list[list[Numbers]] = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            file.readline()
            blocks.extend(_blocks(file, places, wanted, delimiter, parse))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path} is not text; a log is CSV, JSON lines or trainer_state.json") from None
    if not blocks:
        raise InputError(f"{path} has a header, but no rows")
    columns = zip(*blocks, strict=True)
    return {
        name: Numbers(*(np.concatenate(parts) for parts in zip(*column, strict=True)))
        for name, column in zip(wanted, columns, strict=True)
    }


def _blocks(
    file: TextIO, places: Sequence[int], wanted: Sequence[str], delimiter: str, parse: Parse
) -> Iterator[list[Numbers]]:
    """Yield the wanted columns of each block. From the first quote on, rows may span lines, and csv splits them."""
    first = 0
    while lines := list(itertools.islice(file, ROWS)):
        if any('"' in line for line in lines):
            reader = csv.reader(itertools.chain(lines, file), delimiter=delimiter)
            while rows := list(itertools.islice(reader, ROWS)):
                yield _parsed(rows, places, wanted, parse, first)
                first += len(rows)
            return
        lines = [line for line in lines if line != "\n"]
        numbers = _plain(lines, places, delimiter) if lines else np.zeros((0, len(places)))
        if numbers is None:
            rows = [line.rstrip("\n").split(delimiter) for line in lines]
            yield _parsed(rows, places, wanted, parse, first)
        elif len(numbers):
            everywhere = np.ones(len(numbers), dtype=bool)
            yield [Numbers(column.copy(), everywhere) for column in numbers.T]
        first += len(lines)


def _plain(lines: Sequence[str], places: Sequence[int], delimiter: str) -> Array | None:
    """Return the cells (rows, columns) as numbers; None if one of them is no number of numpy."""
    try:
        return np.loadtxt(lines, delimiter=delimiter, usecols=places, ndmin=2, comments=None)
    except ValueError:
        return None


def _parsed(
    rows: Sequence[Sequence[str]], places: Sequence[int], wanted: Sequence[str], parse: Parse, first: int
) -> list[Numbers]:
    filled = [row for row in rows if row]
    return [
        parse(name, [row[place] if place < len(row) else "" for row in filled], first)
        for name, place in zip(wanted, places, strict=True)
    ]
