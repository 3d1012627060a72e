"""Terminal output: progress bars, columns of text and sizes of files."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PIPE_WIDTH = 100
"""Width of columns where stdout is not a terminal, in characters."""

WIDTHS = (60, 160)
"""Narrowest and widest columns, in characters."""


class EndedEarly(KeyboardInterrupt):
    """Ctrl-C during an experiment whose finished runs are kept.

    Attributes:
        text: what to print.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


@contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs, and yield its callback (done, total).

    The bar shows units per second and the time left. It is silent unless stderr is a terminal.
    """
    from tqdm import tqdm

    with tqdm(desc=title, unit=unit, leave=False, disable=None, file=sys.stderr, unit_scale=unit == "run") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def file_line(path: str | Path) -> str:
    """Return a file's name and its size.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "race.gif"
    ...     _ = path.write_bytes(bytes(25_000))
    ...     file_line(path).removeprefix(f"{folder}/")
    'race.gif  25 kB'
    """
    size = Path(path).stat().st_size
    return f"{path}  {f'{size / 1e6:.1f} MB' if size >= 1e6 else f'{size / 1e3:.0f} kB'}"


def width() -> int:
    """Return the number of characters per line: the terminal's, or `PIPE_WIDTH` without a terminal.

    The environment variable COLUMNS takes precedence, as everywhere in Python.
    """
    narrowest, widest = WIDTHS
    return min(max(shutil.get_terminal_size((PIPE_WIDTH, 24)).columns, narrowest), widest)


def columns(rows: Sequence[Sequence[str]], widths: Sequence[int], shortened: int | None = None) -> str:
    """Return rows as columns of the given widths, two spaces apart; text wraps within its column.

    A first cell that is wider than its column has a line of its own. The cells of the column `shortened` end in "…"
    where they would have more lines than the last column.

    >>> print(columns([("adam", "a first-order method"), ("rosenbrock", "a curved valley")], (6, 12)))
    adam    a
            first-order
            method
    rosenbrock
            a curved
            valley
    """
    lines: list[str] = []
    for first, *others in rows:
        fits = len(first) <= widths[0]
        if not fits:
            lines.append(first)
        cells = [[first if fits else ""]]
        cells += [
            textwrap.wrap(cell, size, break_on_hyphens=False) or [""]
            for cell, size in zip(others, widths[1:], strict=True)
        ]
        if shortened is not None and len(cells[shortened]) > len(cells[-1]):
            cells[shortened] = textwrap.wrap(
                others[shortened - 1],
                widths[shortened],
                break_on_hyphens=False,
                max_lines=len(cells[-1]),
                placeholder=" …",
            )
        for line in range(max(map(len, cells))):
            parts = [cell[line] if line < len(cell) else "" for cell in cells]
            lines.append("  ".join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip())
    return "\n".join(lines)
