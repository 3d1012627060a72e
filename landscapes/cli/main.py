"""The command line: `landscapes race`, `replay`, `explore`, `tune`, `sweep`, `basins`, `compare`, `list` and `show`.

Exit codes: 0 done, 1 the system failed (a full disk), 2 bad input, 130 Ctrl-C, 143 terminated.
What cannot be used is refused before any work, in one line, and a file is whole or not there.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from landscapes.cli import console, running
from landscapes.cli.arguments import parse
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.objectives.decorators import Function
    from landscapes.record import Record
    from landscapes.render import Camera


class Terminated(BaseException):
    """SIGTERM, raised where the work is, so that it cleans up as for Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    try:
        with _terminable(), _notes():
            return _print(_run(sys.argv[1:] if argv is None else argv))
    except InputError as error:
        return _fail(2, f"error: {str(error).removesuffix(error.place)}", error.place)
    except console.EndedEarly as ended:
        _print(ended.text)
        return _fail(130, "interrupted; what was done is kept")
    except KeyboardInterrupt:
        return _fail(130, "interrupted; no unfinished file is left behind")
    except Terminated:
        return _fail(143, "terminated; no unfinished file is left behind")
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(1, f"error: {place}{error.strerror or error}")


def _run(argv: Sequence[str]) -> str:
    """Does what is asked and returns what to say about it."""
    if not argv:
        raise InputError("say what to do, for example: landscapes race beale; landscapes --help tells more")
    if not argv[0].startswith("-") and argv[0] not in COMMANDS:
        raise unknown("command", argv[0], COMMANDS)
    try:
        options = parse(argv)
    except SystemExit:  # --help and --version have said all
        return ""
    return COMMANDS[options.command](options)


def _race(options: argparse.Namespace) -> str:
    output = _checked_look(options)  # matplotlib; torch waits until files, folders and the look are in order
    if options.save is not None:
        from landscapes.record import check_target as check_record

        check_record(options.save)

    from landscapes.cli import locate
    from landscapes.experiments._race import race

    function = _landscape(options)
    _check_plane(function, options)
    optimizers = locate.find_optimizers(options.optimizers) if options.optimizers else None
    _check_step(options, function.steps if options.steps is None else options.steps)
    with console.bar("racing", "step") as progress:
        record = race(
            function, optimizers, start=options.start, steps=options.steps, device=options.device, view=options.view,
            progress=progress,
        )  # fmt: skip
    options.view = None  # that is what was recorded
    if options.save is not None:
        record.save(options.save)
    lines = _draw(record, output, options)
    if options.save is not None:
        lines.append(f"{options.save}  {console.size(Path(options.save))}")
    return "\n".join(lines)


def _landscape(options: argparse.Namespace) -> Function:
    """The landscape that is named, or the one of a formula."""
    from landscapes.builders._formula import formula
    from landscapes.cli import locate

    if (options.function is None) == (options.formula is None):
        raise InputError("name a function or give a formula, one of both: race beale, or race --formula 'x**2 + y**2'")
    if options.formula is not None:
        if options.dim is not None:
            raise InputError("--dim goes with a function of the list; a formula has the coordinates that it names")
        box = options.domain or ((-5.0, 5.0),)
        return formula(options.formula, box[0] if len(box) == 1 else box)
    if options.domain is not None:
        raise InputError("--domain goes with --formula; a function has its own, and --view says what to show")
    function = locate.find_function(options.function)
    return function if options.dim is None else function.with_dim(options.dim)


def _check_plane(function: Function, options: argparse.Namespace) -> None:
    """Refuses what needs a map where there is none."""
    asked = {
        "--view": options.view is not None,
        "--inset": options.inset,
        "--labels direct": options.labels == "direct",
        "--aside": options.aside,
        "--camera": options.camera is not None,
    }
    for option, given in asked.items():
        if given and function.dim != 2:
            raise InputError(
                f"{option} is for a landscape of two coordinates; of {function.name} with {function.dim} "
                "the losses are drawn alone"
            )


def _replay(options: argparse.Namespace) -> str:
    from landscapes.record import Record

    output = _checked_look(options)
    record = Record.load(options.record)
    if record.meta.get("experiment", "race") != "race":
        return _drawn_chart(record, options)
    _check_step(options, int(record.trajectories.step[-1]))
    return "\n".join(_draw(record, output, options))


def _drawn_chart(record: Record, options: argparse.Namespace) -> str:
    """Draws what a job of many runs left behind."""
    from landscapes import render
    from landscapes.render.figures.size import from_pixels

    look = {} if options.theme is None else {"theme": options.theme}
    if options.size is not None:
        look |= from_pixels(options.size)
    path = render.save(record, options.output, **look)
    return f"{render.caption(record)}\n{path}  {console.size(path)}"


def _checked_look(options: argparse.Namespace) -> Path:
    """The file to write, once it and all that says how the picture looks can be used."""
    from landscapes.render._save import check_output
    from landscapes.render.figures.race import LABELS
    from landscapes.render.figures.size import from_pixels
    from landscapes.render.html._page import is_page
    from landscapes.render.writers.timeline import timeline

    output = check_output(
        options.output, step=options.step, inset=options.inset, labels=options.labels, view3d=_view3d(options)
    )
    _check_theme(options)
    if options.labels not in LABELS:
        raise unknown("kind of labels", options.labels, LABELS)
    if options.size is not None:
        from_pixels(options.size)
        if is_page(output):
            raise InputError("--size is for pictures and films; a page is as large as its window")
    timeline(1, seconds=options.seconds, fps=options.fps)
    return output


def _view3d(options: argparse.Namespace) -> bool | Camera:
    """Whether the landscape is seen from aside, or by which camera."""
    return bool(options.aside) if options.camera is None else options.camera


def _check_step(options: argparse.Namespace, last: int) -> None:
    if options.step is not None and options.step > last:
        raise InputError(f"--step must be from 0 to {last}, the last step of the race, not {options.step}")


def _draw(record: Record, output: Path, options: argparse.Namespace) -> list[str]:
    """Draws the race, and returns what there is to say about it."""
    from landscapes import render
    from landscapes.analysis.race_table import place, table
    from landscapes.render.figures.size import from_pixels

    look: dict[str, Any] = {
        name: getattr(options, name) for name in ("theme", "seconds", "fps", "step", "view", "inset", "labels")
    }
    if options.size is not None:
        look |= from_pixels(options.size)
    look["view3d"] = _view3d(options)
    with console.bar("drawing", "frame") as progress:
        begin = time.perf_counter()
        render.save(record, output, **look, progress=progress)
        spent = time.perf_counter() - begin
    return [
        f"{record.meta['title']}: {record.meta['steps']} steps from {place(record.meta['start'])}",
        f"\n{table(record)}\n",
        render.caption(record),
        f"{output}  {console.size(output)}, drawn in {spent:.1f} s",
    ]


def _explore(options: argparse.Namespace) -> str:
    from landscapes.render.interactive.window import check_window

    _check_theme(options)
    check_window()  # before torch is loaded

    from landscapes.analysis.race_table import place, table
    from landscapes.cli import locate
    from landscapes.experiments._explore import explore

    functions = [locate.find_function(name) for name in options.functions]
    optimizers = locate.find_optimizers(options.optimizers) if options.optimizers else None
    record = explore(functions, optimizers, steps=options.steps, theme=options.theme or "light").record
    return f"{record.meta['title']}: {record.meta['steps']} steps from {place(record.meta['start'])}\n\n{table(record)}"


def _tune(options: argparse.Namespace) -> str:
    from landscapes.analysis import tuning
    from landscapes.analysis.tuning import Tuning
    from landscapes.cli import locate
    from landscapes.experiments._race import DEFAULT_OPTIMIZERS
    from landscapes.experiments._tune import tune

    function = locate.find_function(options.function)
    optimizers = locate.find_optimizers(options.optimizers) if options.optimizers else DEFAULT_OPTIMIZERS
    asked = {name: getattr(options, name) for name in ("vary", "start", "steps", "starts", "seeds", "target", "seed")}
    with console.bar("tuning", "rung") as progress:
        record = tune(function, optimizers, **asked, progress=progress)
    return f"{tuning.caption(record)}\n\n{Tuning.of(record).table()}"


def _list(options: argparse.Namespace) -> str:
    from landscapes.cli.listing import everything, some
    from landscapes.functions import search

    if options.tags is None and options.dim is None and not options.any_dim:
        return everything()
    return some(search(options.tags or (), dim=options.dim, any_dim=options.any_dim))


def _show(options: argparse.Namespace) -> str:
    output = None if options.output is None else _checked_page(options)
    from landscapes.analysis.race_table import aligned
    from landscapes.cli import locate
    from landscapes.objectives.facts import rows

    function = locate.find_function(options.function)
    if options.dim is not None:
        function = function.with_dim(options.dim)
    told = f"{function.title}\n\n{aligned(rows(function))}"
    if output is None:
        return told
    from landscapes import render
    from landscapes.experiments._summarize import summarize
    from landscapes.render.figures._fact_sheet import PAGE
    from landscapes.render.figures.size import from_pixels

    size = {} if options.size is None else from_pixels(options.size, PAGE, 0.0)
    render.save(summarize(function), output, theme=options.theme or "light", **size)
    return f"{told}\n\n{output}  {console.size(output)}"


def _checked_page(options: argparse.Namespace) -> Path:
    """The file of a fact sheet, once it and how it looks can be used."""
    from landscapes.render._save import check_output
    from landscapes.render.figures.size import from_pixels

    _check_theme(options)
    if options.size is not None:
        from_pixels(options.size)
    return check_output(options.output, "summary")


def _check_theme(options: argparse.Namespace) -> None:
    from landscapes import render

    if options.theme is not None and options.theme not in render.THEMES:
        raise unknown("theme", options.theme, render.THEMES)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], str]] = {
    "race": _race,
    "replay": _replay,
    "explore": _explore,
    "tune": _tune,
    "sweep": running.sweep,
    "basins": running.basins,
    "compare": running.compare,
    "list": _list,
    "show": _show,
}


@contextmanager
def _notes() -> Iterator[None]:
    """Turns the library's warnings into one line each."""

    def note(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"landscapes: note: {_one_line(message)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = note
        yield


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM be caught within, where signals can be caught at all."""
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
    """Prints to stdout and returns the exit code; a reader that has gone, as in `| head`, is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ≤ or – shows a ?
    try:
        print(text, end="\n" if text else "", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's own flush complains
        if not isinstance(error, BrokenPipeError):
            raise
        return 128 + getattr(signal, "SIGPIPE", 13)
    return 0


def _fail(code: int, message: str, place: str = "") -> int:
    """Says on stderr what went wrong, in one line; below it what points into a text that was given."""
    print(f"landscapes: {_one_line(message)}", *[place] * bool(place), sep="\n", file=sys.stderr)
    return code


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
