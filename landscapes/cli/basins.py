"""`landscapes basins`: map the basins of attraction of an optimizer."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from landscapes.cli import batch, console, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.record import Record

SUMMARY = "map the basins of attraction of an optimizer"

EXAMPLES = [
    (
        'landscapes basins himmelblau -O "sgd(lr=0.01)" --resolution 512 -o basins.png',
        "gradient descent on a function with four minima, 262144 starts",
    ),
    (
        'landscapes basins himmelblau -O "momentum(lr=0.01)" --theme dark -o momentum.png',
        "the same with momentum, whose basins interleave",
    ),
    (
        "landscapes basins six_hump_camel -O newton --box=-2,2,-1,1 --record newton.npz",
        "Newton's method in a smaller box, saved as a record",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes basins`."""
    parser = add_command(commands, "basins", "FUNCTION -O NAME", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("function and optimizer")
    shared.add_function(group)
    group.add_argument(
        "-O", "--optimizer", metavar="NAME", help='the optimizer, as in "adam(lr=0.05)"; its lr is tuned if omitted'
    )
    runs = parser.add_argument_group("runs")
    runs.add_argument(
        "--box",
        type=types.map_box,
        default="view",
        metavar="B",
        help="part of the plane to map: view, domain or X0,X1,Y0,Y1 (default: view)",
    )
    runs.add_argument(
        "--resolution",
        type=types.resolution,
        default=(256, 256),
        metavar="N",
        help="starts per side, or NXxNY (default: 256)",
    )
    shared.add_steps(runs)
    runs.add_argument(
        "--tol",
        type=types.positive_float,
        metavar="D",
        help="distance to a minimum that counts as reached (default: 0.001 of the box's shorter side)",
    )
    shared.add_figure_output(parser)
    shared.add_title(shared.add_appearance(parser))
    shared.add_execution(parser)


def run(options: argparse.Namespace) -> str:
    """Map the basins, and return a table with the share of each minimum."""
    batch.check_files(options)
    from landscapes.cli import lookup
    from landscapes.experiments._basins import basins

    if options.optimizer is None:
        raise InputError("no optimizer given; for example: --optimizer adam")
    optimizers = lookup.find_optimizers([options.optimizer])
    (optimizer,) = optimizers.values() if isinstance(optimizers, dict) else optimizers
    settings = batch.given(options, "resolution", "box", "steps", "tol", "seed", "device", "compiled")
    with batch.executor(options) as executor, console.progress_bar("mapping", "run") as progress:
        record = basins(
            lookup.find_function(options.function),
            optimizer,
            **settings,
            dtype=lookup.precision(options.dtype),
            executor=executor,
            resume_dir=options.resume_dir,
            progress=progress,
        )
    return batch.report(record, options, _shares(record))


def _shares(record: Record) -> str:
    """Return a table of the minima by share of starts, largest first."""
    import numpy as np

    from landscapes.analysis.race_table import aligned, place
    from landscapes.record import filled, status_words

    runs, meta = record.trajectories.runs, record.meta
    basin, arrived = filled(runs["basin"]), filled(runs["arrived"])
    count = len(record.trajectories)
    rows = [("minimum", "value", "kind", "share", "median steps")]
    sizes = np.bincount(basin[basin >= 0], minlength=len(meta["minima"]))
    for number in np.argsort(-sizes, kind="stable").tolist():
        steps = arrived[(basin == number) & (arrived >= 0)]
        rows.append(
            (
                place(meta["minima"][number], 4),
                f"{meta['minima_values'][number]:.4g}",
                meta["minima_are"][number],
                f"{100 * sizes[number] / count:.1f} %",
                f"{np.median(steps):.0f}" if len(steps) else "–",
            )
        )
    statuses, counts = np.unique(runs["status"][basin < 0], return_counts=True)
    shares = zip(statuses.tolist(), counts.tolist(), strict=True)
    others = ", ".join(f"{status_words(status)} {100 * number / count:.1f} %" for status, number in shares)
    ny, nx = (len(axis) for axis in record.axes.values())
    heading = f"{meta.title}, {meta['label']}: {nx} × {ny} starts, {meta.steps} steps"
    return f"{heading}\n\n{aligned(rows)}\n\nat no minimum: {others or 'none'}"
