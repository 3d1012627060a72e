"""`landscapes explore`: an interactive window with a race."""

from __future__ import annotations

import argparse
import os

from landscapes.cli import drawing
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

SUMMARY = "open an interactive window with a race"

EXAMPLES = [
    ("landscapes explore beale", "six optimizers on Beale's function; drag the start with the mouse"),
    (
        'landscapes explore ackley rastrigin -O "momentum(lr=0.01)" -O adam -O cma_es --theme dark',
        "two multimodal functions to switch between, with three optimizers",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes explore`."""
    parser = add_command(commands, "explore", "FUNCTION...", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("functions and optimizers")
    group.add_argument(
        "functions", nargs="+", metavar="FUNCTION", help=f"{shared.FUNCTION_HELP}; several to switch between"
    )
    shared.add_optimizers(group, default="sgd, momentum, nesterov, adagrad, rmsprop and adam")
    shared.add_steps(parser.add_argument_group("runs"))
    shared.add_theme(parser.add_argument_group("appearance"), files=False)


def run(options: argparse.Namespace) -> str:
    """Open the window, and return the table of the last race when it is closed."""
    _check_backend()
    from landscapes.render.interactive.window import check_window

    drawing.check_theme(options)
    check_window()  # before torch is loaded

    from landscapes.analysis.race_table import table
    from landscapes.cli import lookup
    from landscapes.experiments._explore import explore

    functions = [lookup.find_function(name) for name in options.functions]
    optimizers = lookup.find_optimizers(options.optimizers) if options.optimizers else None
    record = explore(functions, optimizers, steps=options.steps, theme=options.theme or "light").record
    return f"{drawing.heading(record)}\n\n{table(record)}"


def _check_backend() -> None:
    """Raise `InputError` if the environment names a backend that matplotlib does not have, which it refuses to load."""
    name = os.environ.get("MPLBACKEND")
    try:
        import matplotlib  # noqa: F401
    except ValueError as error:
        if name is None:
            raise
        raise InputError(
            f"MPLBACKEND={name} is not a backend that matplotlib has here; unset it, or name one that opens a window, "
            "such as qtagg, tkagg or webagg"
        ) from error
