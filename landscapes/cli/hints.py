"""Hints for words that a command does not know: former names, options of other commands, names of functions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from landscapes.errors import InputError, nearest_names, unknown

RENAMED_COMMANDS: Mapping[str, str] = {"portray": "show", "sheet": "show", "facts": "show", "help": "--help"}
"""Earlier and other names of commands, each with its present name."""

RENAMED_OPTIONS: Mapping[str, str] = {
    "--with": "--optimizer",
    "--on": "--function",
    "--out": "--resume-dir",
    "--save": "--record",
    "--vary": "--set",
    "--rates": "--lr-grid",
    "--by": "--cost",
    "--within": "--tol",
    "--target": "--tolerance",
    "--targets": "--tolerances",
    "--aside": "--3d",
    "--observe": "--metrics",
    "--jobs": "--processes",
}
"""Earlier and other names of options, each with its present name."""

FUNCTION_OPTIONS = ("--function", "--on", "-f")
"""How a function is named where it is an option."""

SETTINGS = (
    "alpha", "amsgrad", "beta", "beta1", "beta2", "betas", "dampening", "eps", "learning-rate", "lr", "momentum",
    "nesterov", "rho", "weight-decay",
)  # fmt: skip
"""Hyper-parameters of optimizers, which are no options."""


def unknown_command(name: str, commands: Mapping[str, object]) -> InputError:
    """Return the error for an unknown command; it says what to do with the name of a function or an optimizer."""
    if name in RENAMED_COMMANDS:
        return InputError(f"unknown command {name!r}. Did you mean {RENAMED_COMMANDS[name]}?")
    if not nearest_names(name, commands):
        from landscapes.cli import lookup  # loads torch

        if ":" in name or lookup.is_function(name):
            return InputError(
                f"{name!r} is a function, not a command; try: landscapes race {name}, or: landscapes show {name}"
            )
        if lookup.is_optimizer(name):
            return InputError(
                f"{name!r} is an optimizer, not a command; try: landscapes race beale -O {name}, or: "
                f"landscapes show {name.partition('(')[0]}"
            )
    return unknown("command", name, commands)


def unknown_option(name: str, parser: argparse.ArgumentParser, others: Mapping[str, argparse.ArgumentParser]) -> str:
    """Return what to write in place of an option that a command does not have.

    Args:
        name: the option.
        parser: the parser of the command.
        others: the parsers of all commands, by name.
    """
    known = long_options(parser)
    renamed = RENAMED_OPTIONS.get(name, name)
    if renamed in known:
        return f"did you mean {renamed}?"
    for near in known:
        if name.startswith("--") and near.startswith(name):  # an abbreviation
            return f"did you mean {near}?"
    if name in FUNCTION_OPTIONS and any(action.dest.startswith("function") for action in parser._actions):
        return f"name the function without an option: {parser.prog} beale"
    setting = name.lstrip("-")
    if setting in SETTINGS:
        key = "lr" if setting == "learning-rate" else setting.replace("-", "_")
        values = f" for one value, --set {key}=A,B for several" if "--set" in known else ""
        return f'a hyper-parameter belongs to its optimizer, as in -O "adam({key}=...)"{values}'
    owners = [command for command, other in others.items() if renamed in long_options(other)]
    if owners:
        verb = "is an option" if renamed == name else f"is {renamed}, an option"
        return f"{name} {verb} of landscapes {', '.join(owners)}"
    nearest = nearest_names(name, known)
    return f"did you mean {nearest[0]}?" if nearest else f"see {parser.prog} --help"


def long_options(parser: argparse.ArgumentParser) -> list[str]:
    """Return the options of a parser that begin with two dashes."""
    return [option for option in parser._option_string_actions if option.startswith("--")]
