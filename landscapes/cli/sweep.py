"""`landscapes sweep`: run optimizers with many settings."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from landscapes.cli import batch, console, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.objectives.decorators import Function
    from landscapes.record import Record

SUMMARY = "run optimizers with many settings"

EXAMPLES = [
    (
        "landscapes sweep rosenbrock -O momentum -O rmsprop -O adam --set lr=1e-5..1:60 -o sensitivity.png",
        "final loss against learning rate for three optimizers",
    ),
    (
        'landscapes sweep beale -O "clip(momentum, norm=1)" --set lr=1e-4..0.1:20 --set clip.norm=0.1..100:13 -o m.png',
        "a map over the learning rate and the norm at which gradients are clipped",
    ),
    (
        "landscapes sweep beale booth himmelblau -O sgd -O momentum -O adam --measure steps -o steps.png",
        "steps to the target of three optimizers on three functions",
    ),
    (
        "landscapes sweep beale -O momentum --set lr=1e-4..0.5:40 --set momentum=0..0.98:25 -o sweep.html",
        "a page: point at a setting to see its run, and where theory ends stability",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes sweep`."""
    parser = add_command(commands, "sweep", "FUNCTION... -O NAME --set NAME=V", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("function and optimizers")
    shared.add_function(group, several=True)
    shared.add_optimizers(group)
    shared.add_dim(group)
    group.add_argument(
        "--set",
        dest="settings",
        type=types.setting,
        action="append",
        default=[],
        metavar="NAME=V",
        help="values of a hyper-parameter, repeat for several: lr=0.01,0.1 (values), lr=1e-4..1:30 (30 values of a "
        "range), lr=0..1:30:linear (scale log, linear or decay), clip.norm=0.1..10:9 (of a wrapper), "
        "nesterov=false,true (flag)",
    )
    group.add_argument("--count", type=types.positive_int, metavar="N", help="number of settings of a random design")
    group.add_argument(
        "--design",
        default="grid",
        metavar="D",
        help="grid, or settings drawn from the ranges: random or sobol (default: grid)",
    )
    runs = parser.add_argument_group("runs")
    shared.add_repeats(runs, starts="1", spread="0.02")
    shared.add_start(runs)
    shared.add_steps(runs)
    runs.add_argument("--target", type=float, metavar="F", help=shared.TARGET_HELP)
    shared.add_figure_output(parser, ", or a page whose readers point at a setting and see its run: .html")
    look = shared.add_appearance(parser)
    shared.add_title(look)
    look.add_argument(
        "--measure",
        metavar="M",
        help="what the picture shows: gap, final, lowest, steps, gradients or success (default: gap)",
    )
    shared.add_execution(parser)


def run(options: argparse.Namespace) -> str:
    """Run the sweep, and return a table of the best settings."""
    batch.check_files(options)
    _check_measure(options)
    from landscapes.cli import lookup
    from landscapes.experiments._sweep import sweep

    functions = [lookup.find_function(name, options.dim) for name in options.function]
    if not options.optimizers:
        raise InputError("no optimizers given; for example: --optimizer adam")
    settings: dict[str, Any] = {}
    arguments = inspect.signature(sweep).parameters
    for name, parsed in options.settings:
        if name in settings:
            raise InputError(f"--set {name} is given twice; write --set {name}=A,B")
        if name in arguments:
            raise InputError(f"--set {name}: {name} is an option of the sweep, not a hyper-parameter")
        settings[name] = batch.values(name, parsed)
    page = options.output is not None and _is_page(options.output)
    if page:
        _check_page(functions, options)
    names = ("start", "starts", "spread", "seeds", "steps", "target", "design", "count", "seed", "device", "compiled")
    with batch.executor(options) as executor, console.progress_bar("sweeping", "run") as progress:
        record = sweep(
            functions if len(functions) > 1 else functions[0],
            lookup.find_optimizers(options.optimizers),
            **batch.given(options, *names),
            **settings,
            dtype=lookup.precision(options.dtype),
            executor=executor,
            resume_dir=options.resume_dir,
            progress=progress,
        )
    look: dict[str, Any] = {} if options.measure is None else {"measure": options.measure}
    if page and record.meta.complete:
        from landscapes.experiments._emit_sweep import emit_sweep

        look["live"] = emit_sweep(record, functions[0] if ":" in options.function[0] else None)
    return batch.report(record, options, _best(record), **look)


def _check_measure(options: argparse.Namespace) -> None:
    """Raise `InputError` for an unknown measure, and for one without a picture."""
    if options.measure is None:
        return
    if options.output is None:
        raise InputError(f"--measure is what a picture shows: save one, as in -o sweep.png --measure {options.measure}")
    from landscapes.render.plots.run_table import MEASURES

    if options.measure not in MEASURES:
        raise unknown("measure", options.measure, MEASURES)


def _is_page(path: str) -> bool:
    from landscapes.render.html._page import is_page

    return is_page(path)


def _check_page(functions: Sequence[Function], options: argparse.Namespace) -> None:
    """Raise `InputError` for a sweep that no page can repeat, as far as that is known before it."""
    from landscapes.cli import lookup
    from landscapes.experiments.optimizer_specs import parse_optimizers
    from landscapes.javascript import emit_function, emit_optimizer

    function = functions[0]
    wrong = {
        "the page of a sweep has one function; sweep each on its own, or save a picture, .png": len(functions) > 1,
        "--size does not apply to .html: the page fills its window": options.size is not None,
        f"the page of a sweep computes in float64, got --dtype {options.dtype}": options.dtype != "float64",
        f"the page of a sweep needs a grid, got --design {options.design}": options.design != "grid",
        "the page of a sweep needs --set, as in --set lr=1e-4..1:30; or save a picture": not options.settings,
        f"the page of a sweep needs a function of 2 coordinates; {function.name} has {function.dim}": function.dim != 2,
    }
    for name, values in options.settings:
        wrong[f"the page of a sweep varies numbers; {name} is not a number; save a picture, .png"] = any(
            isinstance(value, bool | str) for value in (values if isinstance(values, list) else [])
        )
    for words, is_wrong in wrong.items():
        if is_wrong:
            raise InputError(words)
    try:
        emit_function(function)
        for spec in parse_optimizers(lookup.find_optimizers(options.optimizers)):
            emit_optimizer(spec.optimizer, function.dim)
    except InputError as error:
        raise InputError(f"{error}; save the sweep as a picture, .png, which needs none") from None


def _best(record: Record) -> str:
    """Return a table of the best settings, and how many runs have each status."""
    from landscapes.analysis.race_table import place
    from landscapes.analysis.sweep_table import best_settings, status_counts

    meta = record.meta
    origin = "their own starts" if meta.get("functions") else place(meta.start)
    count = len(record.trajectories)
    heading = f"{meta.title}: {count} run{'s' * (count > 1)} of {meta.steps} step{'s' * (meta.steps > 1)} from {origin}"
    return f"{heading}\n\n{best_settings(record).columns()}\n\n{status_counts(record)}"
