"""The catalogue: every module of this folder is searched for landscapes, so defining one adds it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache

from landscapes.errors import InputError, unknown
from landscapes.objectives.objective import Function
from landscapes.objectives.vocabulary import SYNONYMS, TAGS


@cache
def catalogue() -> dict[str, Function]:
    """All landscapes by canonical name, in alphabetical order."""
    found: dict[str, Function] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for item in vars(module).values():
            if isinstance(item, Function) and found.setdefault(item.name, item) is not item:
                raise InputError(f"two landscapes of the catalogue are called {item.name!r}; one is in {info.name}")
    return dict(sorted(found.items()))


def get(name: str, dim: int | None = None) -> Function:
    """The landscape of a name or alias; case, spaces, hyphens and underscores do not matter.

    Args:
        name: of the catalogue.
        dim: the number of coordinates; by default two, or what comes nearest.

    Raises:
        InputError: for an unknown name, with the nearest ones offered, and for a number of coordinates that the
            landscape cannot have.

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


@cache
def _names() -> dict[str, Function]:
    """Every name and alias without what does not matter."""
    return {_plain(known): item for item in catalogue().values() for known in (*item.aliases, item.name)}


def search(tags: str | Sequence[str] = (), *, dim: int | None = None, any_dim: bool = False) -> list[Function]:
    """The landscapes that have all of some tags, by name.

    Args:
        tags: a tag of `landscapes.objectives.vocabulary`, or several; case does not matter, and "ravine" is a valley too.
        dim: the number of coordinates that they have or can have; they are returned with so many. By default
            each has its usual number.
        any_dim: whether to leave out those with one number of coordinates only.

    Raises:
        InputError: for an unknown tag, with the nearest ones offered, and for a number of coordinates below 1.

    >>> "rosenbrock" in [item.name for item in search(["valley", "curved", "least squares"], dim=4)]
    True
    """
    if dim is not None and (isinstance(dim, bool) or not isinstance(dim, int) or dim < 1):
        raise InputError(f"a number of coordinates is a whole number, at least 1, not {dim!r}")
    wanted = {_tag(tag) for tag in ([tags] if isinstance(tags, str) else tags)}
    found = [item for item in catalogue().values() if wanted <= set(item.tags) and (item.family or not any_dim)]
    if dim is None:
        return found
    fit = (item for item in found if dim == item.dim or (item.family is not None and dim in item.family.dims))
    return [item.with_dim(dim) for item in fit]


def _tag(given: str) -> str:
    """The tag as the vocabulary writes it."""
    tag = str(given).strip().lower()
    tag = SYNONYMS.get(tag, tag)
    if tag not in TAGS:
        raise unknown("tag", str(given), TAGS)
    return tag


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
