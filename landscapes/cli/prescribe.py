"""`landscapes prescribe`: try what usually helps a failing run, one change at a time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from landscapes.cli import console, drawing, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

SUMMARY = "try what usually helps a failing run, one change at a time"

EXAMPLES = [
    (
        'landscapes prescribe booth -O "sgd(lr=0.2)" --seeds 5',
        "a table: which change cures how many of 5 seeds, at which cost",
    ),
    (
        'landscapes prescribe beale -O "sgd(lr=0.5)" --changes "lower lr,clipping" -o cure.png',
        "two changes of your choice, as a picture too; a record, race.npz, names function and optimizer itself",
    ),
    ("landscapes prescribe train.py:train --json", "your training function, train(change, seed) -> losses"),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes prescribe`."""
    parser = add_command(commands, "prescribe", "WHAT", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("failing run")
    group.add_argument(
        "what", metavar="WHAT", help="record (.npz), function, or training function as path/to/file.py:train"
    )
    group.add_argument("-O", "--optimizer", metavar="NAME", help='the failing optimizer, as in "adam(lr=1.0)"')
    group.add_argument("--run", metavar="LABEL", help="run of a record, by label or index (default: the first failure)")
    trials = parser.add_argument_group("trials")
    trials.add_argument(
        "--changes",
        type=types.names,
        metavar="NAMES",
        help="changes, by commas (default: all); reset clears the optimizer's momentum and averages now and then",
    )
    trials.add_argument(
        "--seeds", type=types.positive_int, metavar="N", help="seeds (default: 20; 5 for a training function)"
    )
    shared.add_start(trials)
    trials.add_argument(
        "--spread",
        type=types.spread,
        metavar="S",
        help="where further starts are drawn: view, domain, or a box around the start of S times the view's sides "
        "(default: 0.02)",
    )
    shared.add_steps(trials)
    trials.add_argument(
        "--target", type=float, metavar="F", help="the loss that counts as cured (default: the verdict decides)"
    )
    shared.add_seed(trials)
    output = parser.add_argument_group("output")
    output.add_argument("-o", "--output", metavar="FILE", help="save a figure: {stills}")
    output.add_argument("--json", action="store_true", help="print JSON")
    shared.add_appearance(parser)


def run(options: argparse.Namespace) -> str:
    """Try the changes, and return the table."""
    target = None if options.output is None else Path(options.output)
    if target is not None:
        from landscapes.render._save import check_output

        check_output(target, "prescription")
        drawing.appearance(options)
    from landscapes.experiments._prescribe import prescribe

    names = ("changes", "seeds", "start", "spread", "steps", "target")
    given = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    what, optimizer, chosen = _what(options)
    with console.progress_bar("trying", "step") as progress:
        found = prescribe(what, optimizer, run=chosen, seed=options.seed, progress=progress, **given)
    text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) if options.json else str(found)
    if target is not None:
        from landscapes.render import save

        with console.results_first(text):
            save(found, target, **drawing.appearance(options))
        text += "" if options.json else f"\n\n{console.file_line(target)}"
    return text


def _what(options: argparse.Namespace) -> tuple[Any, str | None, str | int | None]:
    """Return what is to be cured: a record, a function or a training function; the optimizer; and the run."""
    from landscapes.cli import lookup

    chosen: Any = options.run
    if options.what.lower().endswith(".npz"):
        from landscapes.record import Record, labels_of

        record = Record.load(options.what)
        if chosen is not None and chosen.isdecimal() and chosen not in labels_of(record):
            chosen = int(chosen)
        return record, options.optimizer, chosen
    if chosen is not None:
        raise InputError("--run chooses a run of a record; name a file .npz")
    if ":" in options.what:
        from landscapes.importing import load_object
        from landscapes.objectives.decorators import Function

        found = load_object(options.what)
        if not isinstance(found, Function):
            return found, options.optimizer, None
    if options.optimizer is None:
        raise InputError(f'name the failing optimizer: landscapes prescribe {options.what} -O "adam(lr=1.0)"')
    return lookup.find_function(options.what), options.optimizer, None
