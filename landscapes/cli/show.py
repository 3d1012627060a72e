"""`landscapes show`: the facts of a function or an optimizer."""

from __future__ import annotations

import argparse
import inspect
import itertools
import re
import textwrap
from pathlib import Path

from landscapes.cli import console, drawing
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

SUMMARY = "show the facts of a function or an optimizer"

EXAMPLES = [
    ("landscapes show beale -o beale.pdf", "formula, minima, saddles and reference, and a fact sheet as PDF"),
    ("landscapes show rosenbrock --dim 10", "the start and minimum of the ten-dimensional function"),
    ("landscapes show adam", "update, hyper-parameters with defaults, and reference"),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes show`."""
    parser = add_command(commands, "show", "NAME", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("what to show")
    group.add_argument("name", metavar="NAME", help=f"{shared.FUNCTION_HELP}; or name of an optimizer")
    shared.add_dim(group)
    output = parser.add_argument_group("output")
    output.add_argument("-o", "--output", metavar="FILE", help="save a fact sheet of a function: {stills}")
    shared.add_appearance(parser, size="1200x760")


def run(options: argparse.Namespace) -> str:
    """Return the facts, and save the fact sheet if asked for."""
    output = None if options.output is None else _check_sheet(options)
    from landscapes.analysis.race_table import aligned
    from landscapes.cli import lookup
    from landscapes.objectives.facts import rows

    function, optimizer = lookup.find_named(options.name, options.dim)
    if function is None:
        if output is not None or options.dim is not None:
            raise InputError(f"{optimizer!r} is an optimizer: --output and --dim apply to functions only")
        return optimizer_facts(optimizer)
    text = f"{function.title}\n\n{aligned(rows(function))}"
    if optimizer:
        text += f"\n\n{optimizer_facts(optimizer)}"
    if output is None:
        return text
    from landscapes import render
    from landscapes.experiments._summarize import summarize
    from landscapes.render.figures._fact_sheet import PAGE

    with console.results_first(text):
        render.save(summarize(function), output, **{"theme": "light"} | drawing.appearance(options, PAGE, 0.0))
    return f"{text}\n\n{console.file_line(output)}"


def _check_sheet(options: argparse.Namespace) -> Path:
    """Return the path of the fact sheet, or raise `InputError` if it or its appearance is invalid."""
    from landscapes.render._save import check_output

    drawing.appearance(options)
    return check_output(options.output, "summary")


def optimizer_facts(name: str) -> str:
    """Return the summary, update, hyper-parameters with defaults, and reference of an optimizer.

    They are read from the docstring of its class, and from its fields.
    """
    from landscapes import optimizers
    from landscapes.cli.list import hyper_parameters

    cls, preset = optimizers.names()[name]
    text, meanings = _docstring(inspect.getdoc(cls) or "")
    rows = [("NAME", "DEFAULT", "MEANING")]
    for key, default in hyper_parameters(cls, preset).items():
        shown = f"{default} (tuned if omitted)" if key == cls.tunable else default
        rows.append((key, shown, meanings.get(key, "")))
    first, second = (max(len(row[i]) for row in rows) for i in (0, 1))
    table = console.columns(rows, (first, second, max(console.width() - first - second - 4, 20)))
    others = [other for other, (kind, _) in optimizers.names().items() if kind is cls and other != name]
    wrapper = issubclass(cls, optimizers.Wrapper)
    parts = [
        f"{name} ({'wrapper' if wrapper else 'optimizer'}, optimizers.{cls.__name__})",
        text,
        f"hyper-parameters:\n{textwrap.indent(table, '  ')}" if len(rows) > 1 else "hyper-parameters: none",
        f"reference: {'; '.join(_references(text)) or 'none'}",
        f"same class: {', '.join(others)}" if others else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _docstring(doc: str) -> tuple[str, dict[str, str]]:
    """Return a docstring's paragraphs before its sections, and what it says of each argument."""
    text, _, rest = re.sub(r"^>>>.*", "", doc, flags=re.MULTILINE | re.DOTALL).partition("\nArgs:\n")
    text = re.split(r"^(?:Raises|Attributes|Returns)\b.*", text, flags=re.MULTILINE)[0]
    meanings: dict[str, str] = {}
    section = itertools.takewhile(lambda line: not line or line.startswith("    "), rest.splitlines())
    for names, meaning in re.findall(r"^ {4}([\w, ]+): (.*(?:\n {5,}.*)*)", "\n".join(section), flags=re.MULTILINE):
        for name in names.split(","):
            plain = " ".join(meaning.split()).rstrip(".")
            meanings[name.strip()] = re.sub(r"; default [^;]*$", "", plain)  # a column of its own
    return text.strip(), meanings


def _references(text: str) -> list[str]:
    """Return the papers that a docstring cites: those of its "Source:" line, or parentheses with a year.

    >>> _references("Adam (Kingma & Ba, 2015), with AMSGrad (Reddi, Kale & Kumar, 2018) as an option.")
    ['Kingma & Ba, 2015', 'Reddi, Kale & Kumar, 2018']
    """
    source = re.search(r"^(?:Source|Reference)s?: (.*(?:\n.+)*)", text, flags=re.MULTILINE)
    if source is not None:
        return [" ".join(source[1].split()).rstrip(".")]
    cited = re.findall(r"\(([^()]*\b(?:1[6-9]|20)\d\d\b[^()]*)\)", text)
    return list(dict.fromkeys(" ".join(paper.split()) for paper in cited))
