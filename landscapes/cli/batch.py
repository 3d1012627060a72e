"""What `landscapes sweep`, `basins` and `compare` share: checks of files, processes, ranges and the report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from landscapes.cli import console, drawing, types
from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.experiments.search_space import Range
    from landscapes.experiments.varied import Vary
    from landscapes.record import Record


def check_files(options: argparse.Namespace) -> None:
    """Raise `InputError` for a file that cannot be written, before any work."""
    from landscapes.analysis.tables import check_csv
    from landscapes.record import check_target

    if options.record is not None:
        check_target(options.record)
    if options.csv is not None:
        check_csv(options.csv)
    if options.output is not None:
        from landscapes.render._save import check_output

        check_output(options.output, options.command)
        drawing.appearance(options)


def given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return the options that were given, by name; the experiment has defaults for the others."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def values(
    name: str, parsed: list[float] | list[bool | str] | types.Interval
) -> list[float] | list[bool | str] | Range:
    """Return values as they are, and an interval as a range on the hyper-parameter's usual scale."""
    from landscapes.experiments.search_space import COMMON, Range

    if not isinstance(parsed, types.Interval):
        return parsed
    usual = COMMON[name].scale if name in COMMON else "log"
    if (usual == "log" and parsed.low <= 0) or (usual == "decay" and parsed.high >= 1):
        usual = "linear"
    return Range(parsed.low, parsed.high, parsed.scale or usual, n=parsed.n)  # type: ignore[arg-type]


def vary(parsed: Sequence[Sequence[tuple[str, types.Interval | None]]]) -> Vary:
    """Return the hyper-parameters that `--vary` names, one list per option, with their ranges if they have them."""
    from landscapes.experiments.search_space import Range

    named = [one for part in parsed for one in part]
    ranges = dict(named)
    if len(ranges) < len(named):
        raise InputError("--vary names a hyper-parameter twice; give it once")
    if list(ranges) == ["all"]:
        return "all"
    found = {name: values(name, ends) for name, ends in ranges.items() if ends is not None}
    if found and len(found) < len(ranges):
        raise InputError("--vary: give a range to every hyper-parameter or to none, as in --vary lr=1e-4..1")
    return {name: ends for name, ends in found.items() if isinstance(ends, Range)} or list(ranges)


@contextmanager
def executor(options: argparse.Namespace, imports: str | None = None) -> Iterator[Any]:
    """Yield a pool of worker processes, or None for one process.

    Args:
        options: the options of the command.
        imports: an object of the user, `module:object` or `file.py:object`, whose module the workers import.
    """
    if options.processes is None:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(options.processes, get_context("spawn"), _begin_worker, (imports,)) as pool:
        yield pool


def _begin_worker(imports: str | None) -> None:
    """Send what a user's function prints in a worker to stderr: stdout has the report alone. Import its module."""
    sys.stdout = sys.stderr
    if imports is not None:
        from landscapes.importing import load_object

        load_object(imports)  # pickles look up a file's module by its path, which no import statement finds


def report(record: Record, options: argparse.Namespace, text: str, **look: Any) -> str:
    """Save the files that were asked for, and return the text with one line per file.

    `look` are further options of `render.save`.

    Raises `EndedEarly` for an experiment that Ctrl-C ended, after saving its finished runs.
    """
    from landscapes.analysis.tables import runs_csv, save_csv

    lines = [text] if text else []
    if options.record is not None:
        record.save(options.record)
        lines.append(console.file_line(options.record))
    if options.csv is not None:
        save_csv(runs_csv(record), options.csv)
        lines.append(console.file_line(options.csv))
    if record.meta.complete:
        if options.output is not None:
            with console.results_first(*lines):
                lines.append(draw(record, options, **look))
        return "\n".join(lines)
    missing = int((record.trajectories.runs["status"] == "not run").sum())
    lines.append(f"{len(record.trajectories) - missing} of {len(record.trajectories)} runs are done")
    raise console.EndedEarly("\n".join(lines))


def draw(record: Record, options: argparse.Namespace, **look: Any) -> str:
    """Draw the figure of an experiment other than a race, and return the line of its file."""
    from landscapes import render

    return console.file_line(render.save(record, options.output, **drawing.appearance(options), **look))
