"""Terminal output: progress bars, columns of text and sizes of files."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PIPE_WIDTH = 100
"""Width of columns where stdout is not a terminal, in characters."""

WIDTHS = (60, 160)
"""Narrowest and widest columns, in characters."""


SIGNS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {
    0x7F: "␡",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
}
"""Visible signs for control characters, which would be commands to a terminal, and for changes of direction."""


class Report(str):
    """A text to print, with the exit code that goes with it."""

    __slots__ = ("code",)

    code: int

    def __new__(cls, text: str, code: int = 0) -> Report:
        report = super().__new__(cls, text)
        report.code = code
        return report


class AfterResultsError(Exception):
    """An error after results, which are printed all the same.

    Attributes:
        text: the results.
        error: the error.
    """

    def __init__(self, text: str, error: BaseException) -> None:
        super().__init__()
        self.text = text
        self.error = error


@contextmanager
def results_first(*lines: str) -> Iterator[None]:
    """Print results although the block, which draws them, fails."""
    try:
        yield
    except Exception as error:
        raise AfterResultsError("\n".join(lines), error) from None


class EndedEarly(KeyboardInterrupt):
    """Ctrl-C during an experiment whose finished runs are kept.

    Attributes:
        text: what to print.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def visible(text: str) -> str:
    """Return a text with visible signs in place of control characters, except line ends and tabs.

    >>> visible("red: \x1b[31m")
    'red: ␛[31m'
    """
    return text.translate(SIGNS)


def one_line(message: object) -> str:
    """Return a message as one line."""
    return " ".join(str(message).split())


def note(text: str) -> None:
    """Print a text to stderr; nothing if the program has no stderr, as under pythonw."""
    if sys.stderr is not None:
        print(visible(text), file=sys.stderr)


def write(text: str) -> int:
    """Print a report to stdout and return the exit code; a closed pipe, as in `| head`, is not an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ≤ or – shows ?
    try:
        print(visible(text), end="\n" if text else "", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes stdout at exit
        if not isinstance(error, BrokenPipeError):
            raise
        return 128 + getattr(signal, "SIGPIPE", 13)
    return 0


@contextmanager
def progress_bar(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs, and yield its callback (done, total).

    The bar shows units per second and the time left. It is silent unless stderr is a terminal. Before the work itself,
    such as while learning rates are tuned, it shows steps under another title (see `landscapes.experiments.phases`).
    """
    if sys.stderr is None:  # as under pythonw
        yield lambda done, total: None
        return
    from tqdm import tqdm

    with tqdm(desc=title, unit=unit, leave=False, disable=None, file=sys.stderr, unit_scale=unit == "run") as bar:
        yield _Bar(bar, title, unit)


class _Bar:
    """The callback of a progress bar."""

    def __init__(self, bar: Any, title: str, unit: str) -> None:
        self.bar, self.title, self.unit = bar, title, unit

    def __call__(self, done: int, total: int) -> None:
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def phase(self, words: str) -> None:
        """Show steps under another title; "" for the usual title and unit."""
        if self.bar.disable:
            return
        self.bar.reset()
        self.bar.unit, self.bar.unit_scale = ("step", False) if words else (self.unit, self.unit == "run")
        self.bar.set_description(words or self.title)


def file_line(*paths: str | Path) -> str:
    """Return the name and size of a file; of several, the first and last name, their number and their size.

    Raises:
        FileNotFoundError: if a file does not exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "race.gif"
    ...     _ = path.write_bytes(bytes(25_000))
    ...     file_line(path).removeprefix(f"{folder}/")
    'race.gif  25 kB'
    """
    size = sum(Path(path).stat().st_size for path in paths)
    name = str(paths[0]) if len(paths) == 1 else f"{paths[0]} … {paths[-1]}  {len(paths)} files"
    return f"{name}  {f'{size / 1e6:.1f} MB' if size >= 1e6 else f'{size / 1e3:.0f} kB'}"


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
