"""`landscapes replay`: draw a saved record without running it again. Does not load torch."""

from __future__ import annotations

import argparse

from landscapes.cli import batch, drawing
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command

SUMMARY = "draw a saved record without running it again"

EXAMPLES = [
    ("landscapes replay race.npz -o race.html", "an interactive page: scrub, zoom, toggle runs"),
    ("landscapes replay race.npz -o race.mp4 --theme dark --size 1280x720", "a dark video for slides"),
    ("landscapes replay race.npz -o figure.pdf --theme print --step 20", "step 20 for a paper"),
    ("landscapes replay race.npz -o orbit.gif --camera=-60,42,90", "a 3-D surface that rotates by 90 degrees"),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes replay`."""
    parser = add_command(commands, "replay", "FILE.npz", SUMMARY, EXAMPLES)
    parser.add_argument_group("record").add_argument(
        "record",
        metavar="FILE.npz",
        help="record saved by --record or Record.save: of a race, a sweep, basins or a comparison",
    )
    shared.add_race_figure(parser)


def run(options: argparse.Namespace) -> str:
    """Draw the record, and return its table and the file."""
    from landscapes.record import Record

    output = drawing.check_figure(options)
    record = Record.load(options.record)
    if record.meta.experiment != "race":
        from landscapes import render

        return f"{render.caption(record)}\n{batch.draw(record, options)}"
    drawing.check_step(options, int(record.trajectories.step[-1]))
    return "\n".join(drawing.draw(record, output, options))
