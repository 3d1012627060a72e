"""`landscapes gallery`: pictures of optimizers on functions for a documentation site, redrawn where they changed."""

from __future__ import annotations

import argparse
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from landscapes.cli import console, drawing, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.record import Record

SUMMARY = "draw pictures for a documentation site, and redraw only what changed"

EXAMPLES = [
    (
        "landscapes gallery -f beale -f rosenbrock -O sgd -O adam -o races",
        "one GIF per function in races/, and races/index.md with captions",
    ),
    (
        "landscapes gallery -f rastrigin -f rosenbrock -O adam -O lion -O yogi --each --format png -o each",
        "one still per function and optimizer, as in the README of an optimizer library",
    ),
    (
        "landscapes gallery -f himmelblau -O adam -O momentum --theme light --theme dark --format svg -o both",
        "two files per picture; index.md shows the one that fits the reader's color scheme",
    ),
]

INDEX = "index.md"
"""The name of the page that shows all pictures."""


class Picture(NamedTuple):
    """A picture to draw: the heading it stands under, its record, and a file name per theme."""

    heading: str
    record: Record
    files: dict[str, str]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes gallery`."""
    parser = add_command(commands, "gallery", "-f NAME -O NAME -o FOLDER", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("functions and optimizers")
    shared.add_functions(group)
    shared.add_optimizers(group)
    shared.add_dim(group)
    group.add_argument("--each", action="store_true", help="one picture per optimizer, instead of all in one race")
    runs = parser.add_argument_group("runs")
    shared.add_device(runs)
    shared.add_steps(runs)
    output = parser.add_argument_group("output")
    output.add_argument("-o", "--output", metavar="FOLDER", help="folder of the pictures; made if it does not exist")
    output.add_argument(
        "--format",
        default="gif",
        metavar="F",
        help="format of the pictures: a suffix of landscapes race (default: gif)",
    )
    output.add_argument("--redraw", action="store_true", help="draw all pictures, also those that did not change")
    look = parser.add_argument_group("appearance")
    look.add_argument("--fps", type=types.positive_int, default=25, metavar="N", help="frames per second (default: 25)")
    look.add_argument("--inset", action="store_true", help="magnify the minimum in an inset")
    look.add_argument(
        "--seconds",
        type=types.positive_float,
        metavar="S",
        help="length of an animation in seconds, with pauses at both ends (default: 10)",
    )
    look.add_argument(
        "--size", type=types.image_size, metavar="WxH", help="width and height in pixels (default: 960x540)"
    )
    shared.add_texts(look)
    look.add_argument(
        "--theme",
        dest="themes",
        action="append",
        metavar="T",
        help="light, dark, ember, print, slides, minimal, or auto: an .svg or .html that follows the system's dark "
        "mode; repeat for one file per theme (default: light)",
    )


def run(options: argparse.Namespace) -> str:
    """Race, draw what changed, write the index, and return one line per picture."""
    looks = _check(options)
    from landscapes import render
    from landscapes.cli.picture_cache import PictureCache, picture_key

    pictures = list(_pictures(options, list(looks)))
    _check_names(pictures)
    folder = Path(options.output)
    cache = PictureCache(folder)
    lines, drawn = [], 0
    with console.progress_bar("drawing", "picture") as progress:
        todo = [(picture, theme, name) for picture in pictures for theme, name in picture.files.items()]
        for done, (picture, theme, name) in enumerate(todo):
            key = picture_key(picture.record, {**looks[theme], "theme": theme, "file": name})
            current = cache.is_current(name, key) and not options.redraw
            if not current:
                render.save(picture.record, folder / name, **looks[theme])
                cache.add(name, key)
                drawn += 1
            lines.append(f"{console.file_line(folder / name)}  {'unchanged' if current else 'drawn'}")
            progress(done + 1, len(todo))
    _write(folder / INDEX, _index(pictures))
    count = f"{len(todo)} picture{'s' * (len(todo) != 1)}"
    return "\n".join([*lines, f"{folder / INDEX}  {count}, {drawn} drawn, {len(todo) - drawn} unchanged"])


def _check(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return the options of `render.save` by theme, or raise `InputError` before any work."""
    from landscapes.render._save import check_output

    if not options.functions:
        raise InputError("no functions given; for example: --function beale")
    if not options.optimizers:
        raise InputError("no optimizers given; for example: --optimizer adam")
    if options.output is None:
        raise InputError("no folder given; for example: --output races")
    if Path(options.output).exists() and not Path(options.output).is_dir():
        raise InputError(f"{options.output!r} is a file; --output of a gallery is a folder")
    suffix = options.format.removeprefix(".")
    check_output(f"picture.{suffix}", inset=options.inset, seconds=options.seconds, fps=options.fps)
    looks: dict[str, dict[str, Any]] = {}
    for theme in options.themes or ["light"]:
        look = drawing.appearance(
            argparse.Namespace(**{**vars(options), "theme": theme, "output": f"picture.{suffix}"})
        )
        looks[theme] = look | {"seconds": options.seconds, "fps": options.fps, "inset": options.inset}
    return looks


def _pictures(options: argparse.Namespace, themes: list[str]) -> Iterator[Picture]:
    """Race all optimizers on each function in one batch, and yield the pictures."""
    from landscapes.cli import lookup
    from landscapes.experiments._race import race

    functions = [lookup.find_function(name, options.dim) for name in options.functions]
    optimizers = lookup.find_optimizers(options.optimizers)
    suffix = options.format.removeprefix(".")
    with console.progress_bar("racing", "function") as progress:
        for done, function in enumerate(functions):
            record = race(function, optimizers, steps=options.steps, device=options.device)
            progress(done + 1, len(functions))
            labels = [str(label) for label in record.trajectories.runs["label"]]
            for label in labels if options.each else [None]:
                stem = _slug(function.name if label is None else f"{function.name}-{label}")
                ends = {theme: f"-{theme}" if len(themes) > 1 else "" for theme in themes}
                yield Picture(
                    record.meta.title,
                    record if label is None else record.sel(label=label),
                    {theme: f"{stem}{end}.{suffix}" for theme, end in ends.items()},
                )


def _check_names(pictures: list[Picture]) -> None:
    """Raise `InputError` if two pictures would have the same file name."""
    names = [name for picture in pictures for name in picture.files.values()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"two pictures would be named {twice!r}; give each function once, and labels that differ")


def _slug(text: str) -> str:
    """Return a text as part of a file name.

    >>> _slug("rosenbrock-Adam (lr 0.1)")
    'rosenbrock-adam-lr-0.1'
    """
    return re.sub(r"[^\w.]+", "-", text.lower()).strip("-.") or "picture"


def _index(pictures: list[Picture]) -> str:
    """Return a Markdown page with the pictures and their captions, by function."""
    from landscapes import render
    from landscapes.analysis.race_table import listed

    lines, heading = [], None
    for picture in pictures:
        if picture.heading != heading:
            heading = picture.heading
            lines.append(f"## {heading}\n")
        labels = listed([str(label) for label in picture.record.trajectories.runs["label"]])
        short = html.escape(f"{labels} on {heading}")  # the caption follows, and need not be read out twice
        lines.append(f"{_tag(picture.files, short)}\n\n{render.caption(picture.record)}\n")
    return "\n".join(lines)


def _tag(files: dict[str, str], text: str) -> str:
    """Return the HTML of a picture; the file for dark mode is shown where the reader's system is in dark mode."""
    if any(name.endswith((".mp4", ".webm", ".mov")) for name in files.values()):
        return "\n".join(
            f'<video src="{name}" aria-label="{text}" controls loop muted></video>' for name in files.values()
        )
    if any(name.endswith(".html") for name in files.values()):
        return "\n".join(f'<a href="{name}">{name}</a>' for name in files.values())
    light = next((name for theme, name in files.items() if theme != "dark"), next(iter(files.values())))
    image = f'<img src="{light}" alt="{text}">'
    if "dark" not in files or len(files) == 1:
        return image
    return f'<picture><source media="(prefers-color-scheme: dark)" srcset="{files["dark"]}">{image}</picture>'


def _write(path: Path, text: str) -> None:
    from landscapes.files import replacing

    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
