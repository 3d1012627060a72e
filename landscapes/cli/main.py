"""The program `landscapes`: commands, signals, warnings and errors.

Exit codes: 0 success, 1 system failure (such as a full disk), 2 invalid input, 130 Ctrl-C, 143 terminated.
`diagnose` also returns 1 if a run is not healthy.
Invalid input is refused before any work, in one line. An output file is complete or absent.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any, NoReturn

from landscapes.cli import (
    basins,
    compare,
    console,
    diagnose,
    explore,
    gallery,
    hints,
    plane,
    playground,
    prescribe,
    race,
    replay,
    show,
    sweep,
    train_race,
    tune,
)
from landscapes.cli import list as list_command
from landscapes.cli.parser import HelpFormatter, Parser, epilog, join_negative_values
from landscapes.errors import InputError, Terminated, ended_by

COMMANDS: Mapping[str, ModuleType] = {
    "race": race,
    "replay": replay,
    "explore": explore,
    "playground": playground,
    "sweep": sweep,
    "basins": basins,
    "compare": compare,
    "tune": tune,
    "plane": plane,
    "train-race": train_race,
    "diagnose": diagnose,
    "prescribe": prescribe,
    "list": list_command,
    "show": show,
    "gallery": gallery,
}

EXAMPLES = [
    ("landscapes race beale", "six optimizers on Beale's function; writes race.gif"),
    ("landscapes list functions --tag valley --dim 10", "functions with a valley, of ten coordinates"),
    ("landscapes show beale", "formula, minima, saddles, domain and reference of a function"),
    ("landscapes sweep beale -O momentum -O adam --set lr=1e-4..1:40 -o lr.png", "final loss against learning rate"),
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        with _raise_on_sigterm(), _warnings_as_notes():
            report = _run(sys.argv[1:] if argv is None else argv)
            return console.write(report) or report.code
    except console.AfterResultsError as failed:
        console.write(failed.text)
        error = failed.error
    except BaseException as other:
        error = other
    return _explain(error)


def _explain(error: BaseException) -> int:
    """Print what an error means to the user, and return the exit code. Raises a fault of this package again."""
    match error:
        case InputError():
            return _fail(2, f"error: {str(error).removesuffix(error.place)}", error.place)
        case console.EndedEarly():
            console.write(error.text)
            return _fail(130, "interrupted; finished runs are kept")
        case KeyboardInterrupt():
            return _fail(130, "interrupted; no unfinished file is left behind")
        case Terminated():
            return _fail(143, "terminated; no unfinished file is left behind")
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return _fail(1, f"error: {place}{error.strerror or error}")
        case Exception():
            raise error
        case _:  # sys.exit in a user's function, which is not the end of this program
            return _fail(2, f"error: {ended_by(error)}")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line. Raises `InputError` for one that is invalid."""
    words = join_negative_values(argv)
    parser, commands = _parsers()
    first = words[0] if words else ""
    if first.startswith("-"):
        parser.check_options(words[:1], {})
    elif first not in commands:
        raise hints.unknown_command(first, commands)
    else:
        commands[first].check_options(words[1:], commands)
    options, unexpected = parser.parse_known_args(words)
    if unexpected:
        raise InputError(f"unexpected argument {' '.join(unexpected)}; see landscapes {first} --help")
    return options


def _run(argv: Sequence[str]) -> console.Report:
    """Run a command and return its report."""
    if not argv:
        return console.Report(_parsers()[0].format_help().rstrip("\n"))
    try:
        options = parse(argv)
    except SystemExit:  # raised by --help and --version after printing
        return console.Report("")
    with _usable_backend(options.command), redirect_stdout(sys.stderr):  # stdout has the report alone
        report = COMMANDS[options.command].run(options)
        return report if isinstance(report, console.Report) else console.Report(str(report))


def _parsers() -> tuple[Parser, Mapping[str, Parser]]:
    """Return the parser of the program, and those of its commands by name."""
    from landscapes import __version__

    parser = Parser(
        prog="landscapes",
        usage="landscapes COMMAND [arguments]",
        description="Race optimizers on test functions and draw the result.",
        epilog=f"{epilog(EXAMPLES)}\n\nOptions and examples of a command: landscapes COMMAND --help",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True, prog="landscapes", metavar="")
    for module in COMMANDS.values():
        module.add(commands)
    return parser, commands.choices


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Print each warning of the library as one line."""

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        console.note(f"landscapes: note: {console.one_line(message)}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = note
        yield


@contextmanager
def _usable_backend(command: str) -> Iterator[None]:
    """Ignore MPLBACKEND within the block, which a notebook may have set for its children.

    Only `explore` opens a window; pictures are drawn without a backend.
    """
    given = os.environ.get("MPLBACKEND")
    if given is None or command == "explore" or "matplotlib" in sys.modules:
        yield
        return
    os.environ["MPLBACKEND"] = "agg"
    try:
        yield
    finally:
        os.environ["MPLBACKEND"] = given


@contextmanager
def _raise_on_sigterm() -> Iterator[None]:
    """Raise `Terminated` on SIGTERM within the block; only a main thread can handle signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fail(code: int, message: str, place: str = "") -> int:
    """Print one line on stderr, and below it the place in a text that the message is about; return the code."""
    console.note("\n".join([f"landscapes: {console.one_line(message)}", *[place] * bool(place)]))
    return code
