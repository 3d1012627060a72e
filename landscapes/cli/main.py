"""The program `landscapes`: commands, signals, warnings and errors.

Exit codes: 0 success, 1 system failure (such as a full disk), 2 invalid input, 130 Ctrl-C, 143 terminated.
Invalid input is refused before any work, in one line. An output file is complete or absent.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from landscapes.cli import basins, compare, console, explore, gallery, race, replay, show, sweep, tune
from landscapes.cli import list as list_command
from landscapes.cli.parser import HelpFormatter, Parser, epilog, join_negative_values
from landscapes.errors import InputError, unknown

COMMANDS: Mapping[str, ModuleType] = {
    "race": race,
    "replay": replay,
    "explore": explore,
    "sweep": sweep,
    "basins": basins,
    "compare": compare,
    "tune": tune,
    "list": list_command,
    "show": show,
    "gallery": gallery,
}

RENAMED_COMMANDS: Mapping[str, str] = {"portray": "show", "sheet": "show", "facts": "show"}
"""Earlier and other names of commands, each with its present name."""

EXAMPLES = [
    ("landscapes race beale", "six optimizers on Beale's function; writes race.gif"),
    ("landscapes list functions --tag valley --dim 10", "functions with a valley, of ten coordinates"),
    ("landscapes show beale", "formula, minima, saddles, domain and reference of a function"),
    ("landscapes sweep beale -O momentum -O adam --set lr=1e-4..1:40 -o lr.png", "final loss against learning rate"),
]


class Terminated(BaseException):
    """SIGTERM, raised where the program works, so that it cleans up as for Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        with _raise_on_sigterm(), _warnings_as_notes():
            return _print(_run(sys.argv[1:] if argv is None else argv))
    except InputError as error:
        return _fail(2, f"error: {str(error).removesuffix(error.place)}", error.place)
    except console.EndedEarly as ended:
        _print(ended.text)
        return _fail(130, "interrupted; finished runs are kept")
    except KeyboardInterrupt:
        return _fail(130, "interrupted; no unfinished file is left behind")
    except Terminated:
        return _fail(143, "terminated; no unfinished file is left behind")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(1, f"error: {place}{error.strerror or error}")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line. Raises `InputError` for one that is invalid."""
    words = join_negative_values(argv)
    parser, commands = _parsers()
    first = words[0] if words else ""
    if first.startswith("-"):
        parser.check_options(words[:1])
    elif first not in commands:
        if first in RENAMED_COMMANDS:
            raise InputError(f"unknown command {first!r}. Did you mean {RENAMED_COMMANDS[first]}?")
        raise unknown("command", first, commands)
    else:
        commands[first].check_options(words[1:])
    options, unexpected = parser.parse_known_args(words)
    if unexpected:
        raise InputError(f"unexpected argument {' '.join(unexpected)}; see landscapes {first} --help")
    return options


def _run(argv: Sequence[str]) -> str:
    """Run a command and return its report."""
    if not argv:
        return _parsers()[0].format_help().rstrip("\n")
    try:
        options = parse(argv)
    except SystemExit:  # raised by --help and --version after printing
        return ""
    return str(COMMANDS[options.command].run(options))


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
        print(f"landscapes: note: {_one_line(message)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = note
        yield


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


def _print(text: str) -> int:
    """Print to stdout and return the exit code; a closed pipe, as in `| head`, is not an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ≤ or – shows ?
    try:
        print(text, end="\n" if text else "", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes stdout at exit
        if not isinstance(error, BrokenPipeError):
            raise
        return 128 + getattr(signal, "SIGPIPE", 13)
    return 0


def _fail(code: int, message: str, place: str = "") -> int:
    """Print one line on stderr, and below it the place in a text that the message is about."""
    print(f"landscapes: {_one_line(message)}", *[place] * bool(place), sep="\n", file=sys.stderr)
    return code


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
