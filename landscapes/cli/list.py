"""`landscapes list`: the functions, optimizers, wrappers and themes."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from landscapes.cli import console
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.objectives.decorators import Function
    from landscapes.optimizers import Optimizer

SUMMARY = "list functions, optimizers and themes"

EXAMPLES = [
    ("landscapes list", "everything"),
    ("landscapes list functions --tag valley --tag curved --dim 10", "functions with both tags, of ten coordinates"),
    ("landscapes list optimizers", "optimizers and wrappers, with their hyper-parameters"),
]

SECTIONS = ("functions", "optimizers", "themes")

NAME_WIDTH = 20
"""Width of the column of names, in characters; the few longer names have a line of their own."""


def add(commands: Commands) -> None:
    """Add the parser of `landscapes list`."""
    parser = add_command(commands, "list", "[functions|optimizers|themes]", SUMMARY, EXAMPLES)
    parser.add_argument_group("section").add_argument(
        "section", nargs="?", metavar="SECTION", help="functions, optimizers or themes (default: all of them)"
    )
    group = parser.add_argument_group("filters of functions")
    group.add_argument("--any-dim", action="store_true", help="functions with a choice of the number of coordinates")
    shared.add_dim(group)
    group.add_argument(
        "--tag", dest="tags", action="append", metavar="T", help="functions with this tag, repeat for several"
    )


def run(options: argparse.Namespace) -> str:
    """Return the list."""
    if options.section is not None and options.section not in SECTIONS:
        raise unknown("section", options.section, SECTIONS)
    filtered = options.tags is not None or options.dim is not None or options.any_dim
    if filtered and options.section not in (None, "functions"):
        raise InputError(f"--tag, --dim and --any-dim select functions, not {options.section}")
    if filtered:
        from landscapes.functions import search

        return function_table(search(options.tags or (), dim=options.dim, any_dim=options.any_dim))
    sections = {"functions": _functions, "optimizers": _optimizers, "themes": _themes}
    chosen = SECTIONS if options.section is None else (options.section,)
    return "\n\n".join(sections[name]() for name in chosen)


def function_table(functions: Sequence[Function]) -> str:
    """Return functions with their number of coordinates, tags and description in columns, and their number."""
    if not functions:
        return "no function matches"
    rows = [("NAME", "DIM", "TAGS", "DESCRIPTION")]
    for function in functions:
        tags = ", ".join(tag for tag in function.tags if tag != "any dimension")
        rows.append((function.name, _dims(function), tags, function.description))
    dims = max(len(row[1]) for row in rows)
    free = console.width() - NAME_WIDTH - dims - 3 * 2
    tags_width = free // 3
    text = console.columns(rows, (NAME_WIDTH, dims, tags_width, free - tags_width), shortened=2)
    count = f"{len(functions)} function{'' if len(functions) == 1 else 's'}"
    return f"{text}\n\n{count} (details: landscapes show NAME)"


def _functions() -> str:
    from landscapes import functions

    return f"functions:\n{function_table(list(functions.catalogue().values()))}"


def _optimizers() -> str:
    from landscapes import optimizers

    names = optimizers.names()
    found: dict[str, list[str]] = {}  # the first name of each optimizer, with all its names
    for name in names:
        first = next((other for other in found if names[other] == names[name]), name)
        found.setdefault(first, []).append(name)
    wrappers = [name for name in found if issubclass(names[name][0], optimizers.Wrapper)]
    sections = {
        "optimizers (details: landscapes show NAME)": [name for name in found if name not in wrappers],
        "wrappers, around an optimizer as in clip(adam, norm=1)": wrappers,
    }
    free = console.width() - NAME_WIDTH - 2 * 2
    widths = NAME_WIDTH, free // 2, free - free // 2
    header = ("NAME", "DESCRIPTION", "HYPER-PARAMETERS BESIDE LR")
    return "\n\n".join(
        f"{title}:\n{console.columns([header, *(_optimizer_row(*found[name]) for name in members)], widths)}"
        for title, members in sections.items()
    )


def _themes() -> str:
    from landscapes.render.theme import THEMES

    return "\n".join(["themes:", *THEMES])


def _optimizer_row(name: str, *others: str) -> tuple[str, str, str]:
    """Return the name, the first line of the docstring with other names, and the defaults of an optimizer."""
    from landscapes import optimizers

    cls, preset = optimizers.names()[name]
    defaults = hyper_parameters(cls, preset)
    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    if others:
        summary += f" Also: {', '.join(others)}."
    return name, summary, ", ".join(f"{key}={value}" for key, value in defaults.items() if key != cls.tunable)


def hyper_parameters(cls: type[Optimizer], preset: dict[str, object]) -> dict[str, str]:
    """Return the hyper-parameters of an optimizer with their defaults as text; "…" for one without a default."""
    from landscapes.optimizers.wrappers.base import MISSING

    found = {}
    for field in dataclasses.fields(cls):
        value = preset.get(field.name, field.default)
        if field.init and field.name != "optimizer" and field.default not in ("", ()):
            found[field.name] = "…" if value is MISSING else f"{value:g}" if isinstance(value, float) else str(value)
    return found


def _dims(function: Function) -> str:
    """Return the numbers of coordinates of a function in a few characters: 2, any, ≥2, 2–40 or 4, 6, …"""
    if function.family is None:
        return str(function.dim)
    dims = function.family.dims
    if dims.multiple > 1:
        first = dims.smallest(1)
        return f"{first},{dims.smallest(first + 1)},…"
    if dims.most is not None:
        return f"{dims.least}–{dims.most}"
    return "any" if dims.least == 1 else f"≥{dims.least}"
