"""The catalogue: every module of this folder is searched for landscapes, so defining one adds it."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from landscapes.errors import InputError, unknown
from landscapes.objective import Function


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
    names = {_plain(known): item for item in catalogue().values() for known in (*item.aliases, item.name)}
    try:
        found = names[_plain(name)]
    except KeyError:
        raise unknown(
            "function", name, [*catalogue(), *(a for item in catalogue().values() for a in item.aliases)]
        ) from None
    return found if dim is None else found.with_dim(dim)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
