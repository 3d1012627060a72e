"""`landscapes playground`: a page on which a reader races optimizers on functions of choice."""

from __future__ import annotations

import argparse
import time

from landscapes.cli import console, drawing, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

SUMMARY = "make a page on which readers race optimizers themselves"

EXAMPLES = [
    ("landscapes playground beale himmelblau", "two functions, six optimizers and seven more to add; writes play.html"),
    (
        'landscapes playground rosenbrock -O sgd -O "momentum(lr=0.001)" --more adam -o valley.html',
        "two optimizers race at first, with a tuned and a given rate; a reader can add Adam",
    ),
    (
        'landscapes playground --formula "x**2 + 3*sin(y)**2" -O adam --steps 100 --seed 1 -o waves.html',
        "a formula of your own; on every page, a reader can type another one",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes playground`."""
    parser = add_command(commands, "playground", "FUNCTION [FUNCTION ...]", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("functions and optimizers")
    group.add_argument("functions", nargs="*", metavar="FUNCTION", help=shared.FUNCTION_HELP)
    group.add_argument(
        "--formula",
        dest="formulas",
        action="append",
        default=[],
        metavar="F",
        help='another function as a formula on [-5, 5] × [-5, 5], as in "x**2 + 3*sin(y)"; repeat for several',
    )
    shared.add_optimizers(group, default="sgd, momentum, nesterov, adagrad, rmsprop and adam")
    group.add_argument(
        "--more",
        action="append",
        metavar="NAME",
        help="optimizer that a reader can add, repeat for several (default: seven others, or none after --optimizer)",
    )
    runs = parser.add_argument_group("runs")
    runs.add_argument(
        "--start", type=types.point, metavar="X,Y", help="start on all functions (default: each function's own)"
    )
    shared.add_steps(runs)
    shared.add_seed(runs)
    output = parser.add_argument_group("output")
    output.add_argument(
        "-o", "--output", default="play.html", metavar="FILE.html", help="the page (default: play.html)"
    )
    look = parser.add_argument_group("appearance")
    shared.add_texts(look)
    shared.add_theme(look, "auto")
    parser.set_defaults(size=None)


def run(options: argparse.Namespace) -> str:
    """Race the optimizers on each function, write the page, and return its name and what it holds."""
    from landscapes import render
    from landscapes.render.html._page import check_page

    output = check_page(options.output)
    look = drawing.appearance(options)  # raises for an unknown theme before torch is loaded

    from landscapes.builders._formula import formula
    from landscapes.cli import lookup
    from landscapes.experiments._playground import playground

    functions = [lookup.find_function(text) for text in options.functions]
    functions += [formula(text) for text in options.formulas]
    if not functions:
        raise InputError(
            "no function given: name one, as in landscapes playground beale, or use --formula 'x**2 + y**2'"
        )
    with console.progress_bar("racing", "function") as progress:
        made = playground(
            functions,
            lookup.find_optimizers(options.optimizers) if options.optimizers else None,
            more=lookup.find_optimizers(options.more) if options.more else None,
            start=options.start,
            steps=options.steps,
            seed=options.seed,
            progress=progress,
        )
    begin = time.perf_counter()
    render.save(made, output, **look)
    seconds = time.perf_counter() - begin
    listed = [f"functions: {', '.join(made.functions)}", f"optimizers: {', '.join(made.optimizers)}"]
    return "\n".join([*listed, f"{console.file_line(output)}, drawn in {seconds:.1f} s"])
