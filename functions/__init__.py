"""The catalogue of test functions: every `Function` defined in a module of this package belongs to it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from landscapes.errors import InputError, no_attribute, unknown
from landscapes.objectives.decorators import Function
from landscapes.objectives.dimensions import MAX_DIM
from landscapes.objectives.tags import SYNONYMS, TAGS


@cache
def catalogue() -> dict[str, Function]:
    """Return all functions by canonical name, in alphabetical order."""
    found: dict[str, Function] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for item in vars(module).values():
            if isinstance(item, Function) and found.setdefault(item.name, item) is not item:
                raise InputError(f"two functions of the catalogue are named {item.name!r}; one is in {info.name}.py")
    return dict(sorted(found.items()))


def get(name: str, dim: int | None = None) -> Function:
    """Return the function with this name or alias; case, spaces, hyphens and underscores do not matter.

    Args:
        name: name or alias of a function of the catalogue.
        dim: number of coordinates; by default the function's usual number, mostly 2.

    Raises:
        InputError: for an unknown name (the message lists the nearest ones), and for a `dim` that the function
            does not support.

    >>> get("three-hump camel").name
    'three_hump_camel'
    >>> get("rosenbrock", dim=5).start
    (-1.2, 1.0, -1.2, 1.0, -1.2)
    """
    try:
        found = _names()[_plain(name)]
    except KeyError:
        raise unknown(
            "function", name, [*catalogue(), *(a for item in catalogue().values() for a in item.aliases)]
        ) from None
    return found if dim is None else found.with_dim(dim)


def as_function(function: str | Function) -> Function:
    """Return the function itself, or the catalogue's function with this name or alias.

    Raises:
        InputError: for an unknown name, and for anything that is neither a name nor a `Function`, such as a
            formula without bounds.

    >>> as_function("camel3").name
    'three_hump_camel'
    """
    if isinstance(function, Function):
        return function
    if isinstance(function, str):
        return get(function)
    if callable(function):
        raise InputError(
            f"{function!r} has no bounds; decorate it: @function((-3, 3), (-3, 3)), one (low, high) per coordinate"
        )
    raise InputError(
        "a function must be a name of the catalogue or made with @landscapes.function((-3, 3), (-3, 3)), "
        f"got {function!r}"
    )


@cache
def _names() -> dict[str, Function]:
    """Map every name and alias, reduced to letters and digits, to its function."""
    return {_plain(known): item for item in catalogue().values() for known in (*item.aliases, item.name)}


def search(tags: str | Sequence[str] = (), *, dim: int | None = None, any_dim: bool = False) -> list[Function]:
    """Return the functions that have all the given tags, sorted by name.

    Args:
        tags: one tag of `landscapes.objectives.tags`, or several. Case does not matter; common synonyms are
            accepted, such as "ravine" for "valley".
        dim: keep functions that support this number of coordinates, and return them with it. By default each
            function has its usual number.
        any_dim: keep only functions that are defined for more than one number of coordinates.

    Raises:
        InputError: for an unknown tag (the message lists the nearest ones), and for `dim` below 1.

    >>> "rosenbrock" in [item.name for item in search(["valley", "curved", "least squares"], dim=4)]
    True
    """
    if dim is not None and (isinstance(dim, bool) or not isinstance(dim, int) or dim < 1):
        raise InputError(f"dim must be an integer >= 1, got {dim!r}")
    if dim is not None and dim > MAX_DIM:
        return []
    wanted = {_tag(tag) for tag in ([tags] if isinstance(tags, str) else tags)}
    found = [item for item in catalogue().values() if item.family or not any_dim]
    if dim is not None:  # before the tags, which may depend on the dimension
        fit = (item for item in found if dim == item.dim or (item.family is not None and dim in item.family.dims))
        found = [item.with_dim(dim) for item in fit]
    return [item for item in found if wanted <= set(item.tags)]


def _tag(given: str) -> str:
    """Return the tag in the spelling of the vocabulary, or the tag that a synonym stands for."""
    tag = str(given).strip().lower()
    tag = SYNONYMS.get(tag, tag)
    if tag not in TAGS:
        raise unknown("tag", str(given), TAGS)
    return tag


def _plain(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return "".join(character for character in name.lower() if character.isalnum())


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Say how to get a function of the catalogue. Does not search it: the import system asks for modules here."""
        raise no_attribute(
            __name__,
            name,
            ["as_function", "catalogue", "get", "search"],
            hint=f"get a function by functions.get({name!r})",
        )
