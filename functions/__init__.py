"""The catalogue: every module of this folder is searched for landscapes, so defining one adds it."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from landscapes.errors import unknown
from landscapes.objective import Function


@cache
def catalogue() -> dict[str, Function]:
    """All landscapes by canonical name, in alphabetical order."""
    found: dict[str, Function] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found |= {item.name: item for item in vars(module).values() if isinstance(item, Function)}
    return dict(sorted(found.items()))


def get(name: str) -> Function:
    """The landscape of a name or alias; case, spaces, hyphens and underscores do not matter.

    Raises `InputError` for an unknown name, with the nearest ones offered.

    >>> get("three-hump camel").name
    'three_hump_camel'
    """
    names = {_plain(known): item for item in catalogue().values() for known in (*item.aliases, item.name)}
    try:
        return names[_plain(name)]
    except KeyError:
        raise unknown(
            "function", name, [*catalogue(), *(a for item in catalogue().values() for a in item.aliases)]
        ) from None


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
