"""What `landscapes plane` and `train-race` share: a function of the user that returns a network, its loss, its data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from landscapes.errors import InputError

NEEDED = ("model", "loss", "data")


def add_job(group: argparse._ArgumentGroup, metavar: str, function: str) -> None:
    """Add the argument that names the user's function, whose dictionary may have all arguments of `function`."""
    group.add_argument(
        metavar.lower(),
        metavar=metavar,
        help="module:function or file.py:function; it takes no arguments and returns (model, loss, data), or a "
        f"dictionary of the arguments of landscapes.{function}",
    )


def load_job(text: str, function: str) -> dict[str, Any]:
    """Return the arguments of `function` that a function of the user returns.

    Raises:
        InputError: for what is no function without arguments, and for other results.
    """
    from landscapes.importing import kind_of, load_object

    job = load_object(text)
    if not callable(job):
        raise InputError(f"{text} must be a function without arguments, got {kind_of(job)}")
    try:
        made = job()
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise InputError(f"{text} must be a function without arguments: {error}") from error
    if isinstance(made, tuple | list) and len(made) == 3:
        return dict(zip(NEEDED, made, strict=True))
    if not isinstance(made, Mapping):
        raise InputError(
            f"{text} must return (model, loss, data), or a dictionary of the arguments of landscapes.{function}; got "
            f"{kind_of(made)}"
        )
    missing = [name for name in NEEDED if name not in made]
    if missing:
        raise InputError(f"the dictionary of {text} lacks {', '.join(map(repr, missing))}")
    return dict(made)
