"""The reference of the command line, from its parsers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from landscapes.cli import main
from landscapes.cli.parser import Parser
from landscapes_docs.pages import Site, table


def write(site: Site) -> None:
    """Write one page for all commands."""
    site.page("reference/generated/cli.md", _page())


def _page() -> Iterator[str]:
    _, commands = main._parsers()
    yield from ["# Command line", ""]
    yield "Generated from the parsers; `landscapes COMMAND --help` prints the same."
    doc = (main.__doc__ or "").split("\n\n", 1)[1]
    yield from ["", doc, ""]
    for name, parser in commands.items():
        yield from [f"## landscapes {name}", "", parser.description or "", "", "```text", parser.format_usage().strip()]
        yield from ["```", ""]
        for group in parser._action_groups:
            actions = [action for action in group._group_actions if action.help is not argparse.SUPPRESS]
            actions = [action for action in actions if "--help" not in action.option_strings]
            if actions:
                yield from [f"**{(group.title or 'options').capitalize()}**", ""]
                yield from table(["option", "meaning"], [_row(parser, action) for action in actions])
        if parser.epilog:
            yield from ["```sh", *_examples(parser.epilog.replace("%%", "%")), "```", ""]


def _row(parser: Parser, action: argparse.Action) -> tuple[str, str]:
    formatter = parser._get_formatter()
    name = formatter._format_action_invocation(action)
    text = formatter._expand_help(action) if action.help else ""
    return f"`{name}`", re.sub(r"([\\*_\[\]<>$~])", r"\\\1", text)


def _examples(epilog: str) -> Iterator[str]:
    """Yield the example commands of a help page, each with its meaning as a comment above it."""
    lines = epilog.splitlines()[1:]
    for command, meaning in zip(lines[::2], lines[1::2], strict=False):
        yield from [f"# {meaning.strip()}", command.strip()]
