"""`landscapes train-race`: race optimizers on the training of a network, and draw the race in one plane."""

from __future__ import annotations

import argparse
import re
from typing import Any

from landscapes.cli import console, drawing, jobs, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

SUMMARY = "race optimizers on the training of your network and draw the race in one plane"

EXAMPLES = [
    ("landscapes train-race train.py:job -O adam -O sgd -o race.gif", "job() returns (model, loss, data)"),
    (
        "landscapes train-race train.py:job -O \"adam(lr=0.003, schedule='cosine')\" -O muon --metrics accuracy",
        "with given and tuned learning rates, and the accuracy recorded",
    ),
    ("landscapes train-race train.py:job -O adam -O ours=train.py:make -o race.png", "with your own optimizer"),
]

LABELLED = re.compile(r"(?P<label>[^=(]+)=(?P<text>.+)", re.DOTALL)
"""An optimizer with a label."""


def add(commands: Commands) -> None:
    """Add the parser of `landscapes train-race`."""
    parser = add_command(commands, "train-race", "JOB", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("network and optimizers")
    jobs.add_job(group, "JOB", "train_race")
    group.add_argument(
        "-O",
        "--optimizer",
        dest="optimizers",
        action="append",
        metavar="NAME",
        help='class of torch.optim or muon, repeat for several: adam, "sgd(lr=0.1, momentum=0.9, clip=1.0)", '
        '"label=adam(lr=0.01)", or module:function that makes one from a list of weights; a learning rate is tuned if '
        "omitted (default: sgd, momentum, adam)",
    )
    runs = parser.add_argument_group("runs")
    runs.add_argument("--steps", type=types.positive_int, default=300, metavar="N", help="steps (default: 300)")
    runs.add_argument(
        "--seeds",
        type=types.positive_int,
        default=1,
        metavar="N",
        help="runs per optimizer; runs are trained together where that changes no number of theirs (default: 1)",
    )
    runs.add_argument(
        "--batch-size", type=types.positive_int, default=64, metavar="N", help="rows per step of tensors (default: 64)"
    )
    runs.add_argument("--metrics", metavar="NAME", choices=["accuracy"], help="accuracy, for classifiers")
    runs.add_argument(
        "--directions", default="pca", metavar="D", help="plane: pca of all runs, or random (default: pca)"
    )
    runs.add_argument(
        "--resolution", type=types.positive_int, default=51, metavar="N", help="points per side (default: 51)"
    )
    output = shared.add_race_figure(parser)
    shared.add_record(output)


def run(options: argparse.Namespace) -> str:
    """Train by all optimizers, draw the race, and return the table of results."""
    output = drawing.check_figure(options)
    if options.live:
        raise InputError("--live repeats races on functions; the training of a network is too large for a page")
    if options.directions not in ("pca", "random"):
        raise InputError(f"--directions must be pca or random, got {options.directions!r}")
    if options.record is not None:
        from landscapes.record import check_target

        check_target(options.record)
    drawing.check_step(options, options.steps)

    from landscapes.networks._train_race import train_race
    from landscapes.networks.training_optimizers import as_optimizers

    job = jobs.load_job(options.job, "train_race")
    chosen = [_optimizer(text) for text in options.optimizers or ["sgd", "momentum", "adam"]]
    optimizers: Any = [what for _, what in chosen]
    if any(label is not None for label, _ in chosen):
        optimizers = {label or as_optimizers([what], None, "constant")[0].label: what for label, what in chosen}
        if len(optimizers) < len(chosen):
            raise InputError(f"labels must differ, got {', '.join(str(label) for label, _ in chosen if label)}")
    given: dict[str, Any] = {
        "steps": options.steps, "seeds": options.seeds, "batch_size": options.batch_size, "view": options.view,
        "directions": options.directions, "resolution": options.resolution,
    }  # fmt: skip
    if options.metrics is not None:
        given["metrics"] = options.metrics
    with console.progress_bar("training", "run") as progress:
        record = train_race(**{**given, "optimizers": optimizers, "progress": progress, **job})
    options.view = None  # the record holds the surface of this view
    if options.record is not None:
        record.save(options.record)
    lines = drawing.draw(record, output, options)
    if options.record is not None:
        lines.append(console.file_line(options.record))
    return "\n".join(lines)


def _optimizer(text: str) -> tuple[str | None, Any]:
    """Return the label of an optimizer, None if none is given, and the optimizer."""
    from landscapes.importing import load_object

    found = LABELLED.fullmatch(text)
    label, what = (found["label"].strip(), found["text"]) if found else (None, text)
    return label, load_object(what) if ":" in what.partition("(")[0] else what
