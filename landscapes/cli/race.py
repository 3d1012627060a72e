"""`landscapes race`: race optimizers on a function and draw the result."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from landscapes.cli import console, drawing, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from landscapes.objectives.decorators import Function

SUMMARY = "race optimizers on a function and draw the result"

EXAMPLES = [
    ("landscapes race beale", "six optimizers with tuned learning rates on Beale's function; writes race.gif"),
    (
        'landscapes race rosenbrock -O adam -O "cosine(adam)" -O bfgs --inset --theme dark -o race.mp4',
        "Adam, Adam with a cosine schedule and BFGS in a curved valley; an inset magnifies the minimum",
    ),
    (
        "landscapes race himmelblau --start=-0.3,-0.9 --camera=-60,42,90 -o race.webm",
        "from the hill between four minima, on a 3-D surface that rotates by 90 degrees",
    ),
    (
        'landscapes race --formula "x**2 + 3*sin(y)**2 + x*y/4" --domain=-4,4 --start=3.5,3 -o race.html --live',
        "your own formula, as a page: scrub, zoom, drag the start, change the learning rates; all runs follow",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes race`."""
    parser = add_command(commands, "race", "FUNCTION", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("function and optimizers")
    group.add_argument("function", nargs="?", metavar="FUNCTION", help=shared.FUNCTION_HELP)
    shared.add_optimizers(group, default="sgd, momentum, nesterov, adagrad, rmsprop and adam")
    shared.add_dim(group)
    group.add_argument(
        "--domain",
        type=types.domain,
        metavar="X0,X1[,Y0,Y1]",
        help="domain of --formula; two numbers hold for every coordinate (default: -5,5)",
    )
    group.add_argument("--formula", metavar="F", help='formula in place of FUNCTION, as in "x**2 + 3*sin(y)"')
    runs = parser.add_argument_group("runs")
    shared.add_device(runs)
    shared.add_dtype(runs)
    runs.add_argument(
        "--metrics",
        type=types.names,
        metavar="NAMES",
        help="what to record besides points and losses, as in gradient_norm,lr (for --record)",
    )
    runs.add_argument(
        "--calm",
        action="store_true",
        help="tune omitted learning rates to ones that the eye can follow: no leaps, all runs in view",
    )
    runs.add_argument(
        "--start",
        dest="starts",
        type=types.point,
        action="append",
        metavar="X,Y",
        help="start of all runs, repeat to run every optimizer from several (default: the function's own)",
    )
    shared.add_steps(runs)
    output = shared.add_race_figure(parser)
    shared.add_record(output)


def run(options: argparse.Namespace) -> str:
    """Race the optimizers, draw the race, and return the table of results."""
    output = drawing.check_figure(options)  # loads matplotlib; torch is loaded after all checks of files
    if options.record is not None:
        from landscapes.record import check_target

        check_target(options.record)

    from landscapes.cli import lookup
    from landscapes.experiments._race import race

    function = _function(options)
    _check_plane(function, options)
    optimizers = lookup.find_optimizers(options.optimizers) if options.optimizers else None
    if options.live:
        _check_live(function, optimizers, options)
    drawing.check_step(options, function.steps if options.steps is None else options.steps)
    with console.progress_bar("racing", "step") as progress:
        record = race(
            function,
            optimizers,
            start=options.starts,
            steps=options.steps,
            device=options.device,
            dtype=lookup.precision(options.dtype),
            metrics=options.metrics or (),
            view=options.view,
            calm=options.calm,
            progress=progress,
        )
    options.view = None  # the record holds the surface of this view
    if options.record is not None:
        record.save(options.record)
    own = function if options.formula is not None or ":" in str(options.function) else None
    lines = drawing.draw(record, output, options, own)
    if options.record is not None:
        lines.append(console.file_line(options.record))
    return "\n".join(lines)


def _function(options: argparse.Namespace) -> Function:
    """Return the named function, or the one of the formula."""
    from landscapes.builders._formula import formula, skipped_coordinates
    from landscapes.cli import lookup

    if options.function is None and options.formula is None:
        raise InputError("no function given: name one, as in landscapes race beale, or use --formula 'x**2 + y**2'")
    if options.function is not None and options.formula is not None:
        raise InputError("give a function or --formula, not both")
    if options.formula is not None:
        if options.dim is not None:
            raise InputError("--dim does not apply to --formula: its variables are its coordinates")
        box = options.domain or ((-5.0, 5.0),)
        made = formula(options.formula, box[0] if len(box) == 1 else box)
        skipped = skipped_coordinates(options.formula)
        if skipped and len(box) == 1:
            raise InputError(
                f"the formula {options.formula!r} has {made.dim} coordinates, but {', '.join(skipped)} does not occur: "
                f"its coordinates are x, y, z or x1, x2, ... in this order; rename them, or add 0*{skipped[0]}"
            )
        return made
    if options.domain is not None:
        raise InputError("--domain applies to --formula only; --view sets the part of the plane to draw")
    return lookup.find_function(options.function, options.dim)


def _check_plane(function: Function, options: argparse.Namespace) -> None:
    """Raise `InputError` for options that need a function of two coordinates."""
    needs_plane = {
        "--view": options.view is not None,
        "--inset": options.inset,
        f"--labels {options.labels}": options.labels != "legend",
        "--norm-balls": options.norm_balls,
        "--3d": options.view3d,
        "--camera": options.camera is not None,
        "--live": options.live,
    }
    for option, used in needs_plane.items():
        if used and function.dim != 2:
            raise InputError(
                f"{option} needs a function of 2 coordinates; {function.name} has {function.dim}, so that only its "
                "loss curves are drawn"
            )


def _check_live(
    function: Function, optimizers: Sequence[str] | Mapping[str, str] | None, options: argparse.Namespace
) -> None:
    """Raise `InputError` for a race that no live page can repeat, as far as that is known before it."""
    from landscapes.experiments.optimizer_specs import parse_optimizers
    from landscapes.javascript import emit_function, emit_optimizer, unwrapped

    if len(options.starts or ()) > 1:
        raise InputError(f"--live takes one --start, got {len(options.starts)}")
    if options.dtype != "float64":
        raise InputError(f"--live computes in float64, got --dtype {options.dtype}")
    try:
        emit_function(function)
        for spec in parse_optimizers(optimizers) if optimizers else ():
            emit_optimizer(unwrapped(spec.optimizer).optimizer, function.dim)
    except InputError as error:
        raise InputError(f"{error}; a page that replays the race needs none: leave out --live") from None
