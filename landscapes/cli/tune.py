"""`landscapes tune`: find the best hyper-parameters of optimizers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from landscapes.cli import batch, console, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command

SUMMARY = "find the best hyper-parameters of each optimizer"

EXAMPLES = [
    ("landscapes tune beale -O momentum -O rmsprop -O adam", "all hyper-parameters of three optimizers"),
    (
        'landscapes tune rosenbrock -O adam -O "cosine(adam)" --vary lr,beta1 --starts 8',
        "learning rate and beta1, with and without a cosine schedule, averaged over eight starts",
    ),
    (
        'landscapes tune beale -O "clip(momentum, norm=1)" --vary lr=1e-4..1,clip.norm=0.1..100',
        "a learning rate together with the norm at which gradients are clipped",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes tune`."""
    parser = add_command(commands, "tune", "FUNCTION", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("function and optimizers")
    shared.add_function(group)
    shared.add_optimizers(group, default="sgd, momentum, nesterov, adagrad, rmsprop and adam")
    group.add_argument(
        "--vary",
        type=types.search_ranges,
        action="append",
        metavar="NAMES",
        help="hyper-parameters to tune, as in lr,beta1 or with ranges, as in lr=1e-4..1,momentum=0..0.99:decay; "
        "clip.norm is a wrapper's own (default: all of the optimizer's)",
    )
    runs = parser.add_argument_group("runs")
    shared.add_seed(runs)
    runs.add_argument(
        "--seeds",
        type=types.positive_int,
        default=1,
        metavar="N",
        help='runs per start, each with noise of its own, as in -O "noise(adam, sigma=0.5)" (default: 1)',
    )
    shared.add_start(runs)
    runs.add_argument(
        "--starts",
        type=types.positive_int,
        default=4,
        metavar="N",
        help="number of starts: the function's own and others near it (default: 4)",
    )
    shared.add_steps(runs)
    runs.add_argument("--target", type=float, metavar="F", help=shared.TARGET_HELP)


def run(options: argparse.Namespace) -> str:
    """Tune the optimizers, and return a table of the best settings."""
    from landscapes.analysis import tuning
    from landscapes.cli import lookup
    from landscapes.experiments._race import DEFAULT_OPTIMIZERS
    from landscapes.experiments._tune import tune

    function = lookup.find_function(options.function)
    optimizers = lookup.find_optimizers(options.optimizers) if options.optimizers else DEFAULT_OPTIMIZERS
    names = ("start", "steps", "starts", "seeds", "target", "seed")
    settings = {name: getattr(options, name) for name in names}
    if options.vary is not None:
        settings["vary"] = batch.vary(options.vary)
    with console.progress_bar("tuning", "rung") as progress:
        record = tune(function, optimizers, **settings, progress=progress)
    text = f"{tuning.caption(record)}\n\n{tuning.TuneResult.of(record).table()}"
    return "\n\n".join([text, *_same(tuning.rows(record))])


def _same(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one sentence for each group of optimizers with one result: they differ in what was tuned."""
    labels: dict[str, list[str]] = {}
    for label, _, _, _, chosen, *_ in rows[1:]:
        labels.setdefault(chosen, []).append(label)
    return [
        f"{', '.join(group[:-1])} and {group[-1]} have one result: they are one optimizer, and differ only in values "
        "that are tuned here; --vary lr keeps these."
        for group in labels.values()
        if len(group) > 1
    ]
