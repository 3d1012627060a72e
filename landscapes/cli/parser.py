"""The argument parser of a command: its help page, and one-line errors with suggestions."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, TypeAlias

from landscapes.cli import hints
from landscapes.errors import InputError

Examples: TypeAlias = Sequence[tuple[str, str]]
"""Command lines, each with what it does."""

NEGATIVE = ("--start", "--view", "--domain", "--box", "--camera")
"""Options whose value may begin with a minus sign."""

WIDEST = 100
"""Characters per line of a help page, at most."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes `-o, --output FILE` instead of `-o FILE, --output FILE`, and keeps examples as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=min(shutil.get_terminal_size().columns, WIDEST) - 2)

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):  # commands only, without a line for the argument itself
            return "".join(super(HelpFormatter, self)._format_action(command) for command in action._get_subactions())
        return super()._format_action(action)

    def _get_help_string(self, action: argparse.Action) -> str:
        """Return the help of an option; the formats in it are those that can be written."""
        text = action.help or ""
        if "{stills}" not in text:
            return text
        from landscapes.render.figures.stills import STILLS  # loads matplotlib, for help pages only
        from landscapes.render.writers import WRITERS

        animations = ", ".join([*WRITERS, "frames-%%04d.png"])
        return text.replace("{animations}", animations).replace("{stills}", ", ".join(STILLS))

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        names = ", ".join(action.option_strings)
        if action.nargs == 0:
            return names
        return f"{names} {self._format_args(action, self._get_default_metavar_for_optional(action))}"


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InputError` with one line instead of printing its usage."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{_plain(message)}; see {self.prog} --help")

    def check_options(self, words: Iterable[str], others: Mapping[str, Parser]) -> None:
        """Raise `InputError` for the first option that the command does not have, with a hint.

        Args:
            words: the arguments of the command.
            others: the parsers of all commands, by name.
        """
        known = self._option_string_actions
        for word in words:
            if word == "--":
                return
            name = word.partition("=")[0]
            is_long, is_short = re.fullmatch(r"--\w.*", name), re.fullmatch(r"-[A-Za-z]+", name)
            if (is_long and name not in known) or (is_short and name[:2] not in known):
                raise InputError(f"unknown option {name}; {hints.unknown_option(name, self, others)}")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_command(commands: Commands, name: str, arguments: str, summary: str, examples: Examples) -> Parser:
    """Add a command and return its parser.

    Args:
        commands: the commands of the program.
        name: name of the command.
        arguments: its positional and required arguments, as the usage shows them.
        summary: what it does, in one line.
        examples: examples below its help.
    """
    return commands.add_parser(
        name,
        help=summary,
        usage=f"landscapes {name} {arguments} [options]",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog(examples),
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )


def epilog(examples: Examples) -> str:
    """Return the examples as they stand below a help page.

    >>> print(epilog([("landscapes race beale", "six optimizers on Beale's function")]))
    examples:
      landscapes race beale
          six optimizers on Beale's function
    """
    return "\n".join(["examples:", *(f"  {line}\n      {meaning}" for line, meaning in examples)]).replace("%", "%%")


def join_negative_values(argv: Sequence[str]) -> list[str]:
    """Join an option and a value that begins with a minus sign, which argparse would take for an option.

    >>> join_negative_values(["race", "beale", "--start", "-1,2"])
    ['race', 'beale', '--start=-1,2']
    >>> join_negative_values(["race", "--formula", "-x*y"])
    ['race', '--formula=-x*y']
    """
    words = list(argv)
    for place in range(len(words) - 1, 0, -1):
        number = words[place - 1] in NEGATIVE and re.match(r"-[\d.in]", words[place])
        formula = words[place - 1] == "--formula" and re.match(r"-[^-]", words[place])
        if number or formula:
            words[place - 1 : place + 1] = [f"{words[place - 1]}={words[place]}"]
    return words


def _plain(message: str) -> str:
    """Return a message of argparse in the words of this package."""
    option = re.match(r"argument (?:\S+/)?(?P<name>\S+): (?P<rest>.*)", message, re.DOTALL)
    if option is not None:
        name, rest = option["name"], option["rest"]
        if rest.startswith("expected"):
            return f"{name} needs a value; write {name}=VALUE if the value begins with a minus sign"
        return f"{name} {rest}" if rest.startswith("must ") else f"{name}: {rest}"
    return message.replace("the following arguments are required:", "missing argument:")
