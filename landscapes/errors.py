"""Errors that a person can act on: what was given, what is allowed, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input. The message names what was given, what is allowed and what to do.

    It is a `ValueError`, so code that does not know this package can catch it too.

    Attributes:
        place: lines below the message that point into a text that was given; mostly empty.
    """

    def __init__(self, message: object = "", *, place: str = "") -> None:
        super().__init__(f"{message}\n{place}" if place else message)
        self.place = place


def unknown(kind: str, given: str, known: Iterable[str]) -> InputError:
    """An `InputError` for a name that is not known, with the nearest names offered.

    >>> raise unknown("function", "beal", ["beale", "booth"])
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: unknown function 'beal'. Did you mean beale?
    >>> print(unknown("theme", "zzz", ["light", "dark"]))
    unknown theme 'zzz'. Known: dark, light
    """
    known = sorted(known)
    by_lower = {name.lower(): name for name in known}
    near = [by_lower[name] for name in difflib.get_close_matches(given.lower(), by_lower, n=3, cutoff=0.65)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}"
    return InputError(f"unknown {kind} {given!r}. {hint}")
