"""Pictures of a race, for `landscapes race` and `landscapes replay`, and the checks before any work."""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscapes.cli import console
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.objectives.decorators import Function
    from landscapes.record import Record
    from landscapes.render import Camera


def check_figure(options: argparse.Namespace) -> Path:
    """Return the output path of a race, or raise `InputError` if it or its appearance is invalid."""
    from landscapes.render._save import check_output
    from landscapes.render.figures.race import LABELS
    from landscapes.render.html._page import is_page

    output = check_output(
        options.output,
        step=options.step,
        inset=options.inset,
        labels=options.labels,
        view3d=view3d(options),
        seconds=options.seconds,
        fps=options.fps,
        pace=options.pace,
        live=options.live,
        standings=options.standings,
        norm_balls=options.norm_balls,
        pause=dict(options.pause or ()) or None,
    )
    appearance(options)
    if options.labels not in LABELS:
        raise unknown("kind of labels", options.labels, LABELS)
    if is_page(output) and options.size is not None:
        raise InputError("--size does not apply to .html: the page fills its window")
    return output


def check_theme(options: argparse.Namespace) -> None:
    """Raise `InputError` for an unknown theme, or one that the file cannot have."""
    from landscapes.render._save import check_themes

    if options.theme is not None:
        check_themes(options.theme, getattr(options, "output", None))


def appearance(options: argparse.Namespace, *pixels_per_inch: Any) -> dict[str, Any]:
    """Return the theme, size, title and texts that were given, as `render.save` takes them.

    Args:
        options: the options of a command.
        pixels_per_inch: further arguments of `from_pixels`.

    Raises:
        InputError: for an unknown theme, or a size out of range.
    """
    from landscapes.render.figures.size import from_pixels
    from landscapes.render.html._page import is_page
    from landscapes.render.theme import as_theme

    check_theme(options)
    names = ("theme", "title", "text_scale", "lang", "words")
    look = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    theme = as_theme("light", look.get("text_scale"), look.get("words"), lang=look.get("lang"))
    if (output := getattr(options, "output", None)) is not None and not is_page(output):
        _ = theme.families  # raises if there is no font, before anything is computed
    return look if options.size is None else look | from_pixels(options.size, *pixels_per_inch)


def check_step(options: argparse.Namespace, last: int) -> None:
    """Raise `InputError` if the step to draw, or that of a pause, lies beyond the last one."""
    if options.step is not None and options.step > last:
        raise InputError(f"--step must be from 0 to {last}, the last step of the race, got {options.step}")
    for step, _ in options.pause or ():
        if step > last:
            raise InputError(f"--pause must be at a step from 0 to {last}, the last step of the race, got {step}")


def view3d(options: argparse.Namespace) -> bool | Camera:
    """Return whether to draw a 3-D surface, or the camera to draw it with."""
    return bool(options.view3d) if options.camera is None else options.camera


def draw(record: Record, output: Path, options: argparse.Namespace, function: Function | None = None) -> list[str]:
    """Draw the race, and return a heading, the table of results, a caption and the file.

    Args:
        record: the race.
        output: the file.
        options: the options of the command.
        function: the function that was raced, for a live page; by default the one that the record names.
    """
    from landscapes import render
    from landscapes.analysis.race_table import table

    names = ("seconds", "fps", "pace", "step", "view", "inset", "labels", "standings", "norm_balls")
    look = appearance(options) | {name: getattr(options, name) for name in names} | {"view3d": view3d(options)}
    look["pause"] = dict(options.pause or ()) or None
    results = [heading(record), f"\n{table(record)}\n"]
    older = _states(output)
    saved = options.command == "replay"  # nothing was computed, so nothing can be lost
    with (
        nullcontext() if saved else console.results_first(*results),
        console.progress_bar("drawing", "frame") as progress,
    ):
        begin = time.perf_counter()
        if options.live:
            from landscapes.experiments._emit_race import emit_race

            look["live"] = emit_race(record, function)
        render.save(record, output, **look, progress=progress)
        seconds = time.perf_counter() - begin
    written = [path for path, state in _states(output).items() if older.get(path) != state] or [output]
    file = f"{console.file_line(*written)}, drawn in {seconds:.1f} s"
    return [*results, render.caption(record), file]


def _states(output: Path) -> dict[Path, tuple[int, int]]:
    """Return the frames that exist of a numbered output, each with what changes when it is written again."""
    from landscapes.render.writers.numbered import is_numbered, numbered_files

    files = ((path, path.stat()) for path in numbered_files(output)) if is_numbered(output) else ()
    return {path: (state.st_ino, state.st_mtime_ns) for path, state in files}


def heading(record: Record) -> str:
    """Return the title, the number of steps and the starts of a race."""
    from landscapes.analysis.race_table import listed, place
    from landscapes.record import by_start

    starts = listed([place(part.meta.start) for part in by_start(record)])
    return f"{record.meta.title}: {record.meta.steps} steps from {starts}"
