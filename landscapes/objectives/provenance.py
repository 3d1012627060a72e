"""Where a landscape comes from, so that another process can make it again instead of being sent its code.

What a module defines is known by its place there, and what a transform makes by the call. Everything else is sent as it is.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
F = TypeVar("F")

CALL = "__made_by__"
"""The attribute of a formula that tells of the call that made it."""


@dataclass(frozen=True, eq=False)
class Call:
    """A call that makes a landscape, and what it made."""

    make: Callable[..., Any]
    arguments: tuple[Any, ...]
    settings: Mapping[str, Any]
    made: Any


def recorded_call(make: Callable[P, F]) -> Callable[P, F]:
    """For what makes a landscape of others at the top level of a module: the call is kept, to be made again elsewhere."""

    @functools.wraps(make)
    def kept(*arguments: P.args, **settings: P.kwargs) -> F:
        made: Any = make(*arguments, **settings)
        if _call(made) is None:
            object.__setattr__(made.formula, CALL, Call(kept, arguments, settings, made))  # frozen or not
        return made  # type: ignore[no-any-return]

    return kept


def reduced(function: Any) -> tuple[Any, ...]:
    """A landscape as pickle asks for it (`object.__reduce__`): the call that makes it, and what was changed since."""
    call = _call(function)
    if call is None:
        return copyreg.__newobj__, (type(function),), vars(function)  # type: ignore[attr-defined]
    made = call.made if call.made.dim == function.dim else call.made.with_dim(function.dim)
    names = [field.name for field in fields(function) if field.name != "family"]
    changed = {name: getattr(function, name) for name in names if _differ(getattr(function, name), getattr(made, name))}
    return _again, (call.make, call.arguments, dict(call.settings), function.dim, changed)


def _call(function: Any) -> Call | None:
    """What makes a function of the same formula."""
    known = getattr(function.formula, CALL, None)
    if known is not None:
        return known  # type: ignore[no-any-return]
    formula = function.formula
    while isinstance(formula, functools.partial):
        formula = formula.func
    home = str(getattr(formula, "__module__", ""))
    for name, item in list(vars(sys.modules.get(home, object)).items()):
        if type(item) is type(function) and item.formula is function.formula:
            return Call(_defined, (home, name), {}, item)
    return None


def _defined(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _again(
    make: Callable[..., Any], arguments: tuple[Any, ...], settings: dict[str, Any], dim: int, changed: dict[str, Any]
) -> Any:
    made = make(*arguments, **settings)
    made = made if made.dim == dim else made.with_dim(dim)
    return replace(made, **changed) if changed else made


def _differ(one: object, other: object) -> bool:
    return one is not other and one != other
