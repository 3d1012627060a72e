"""Pickle functions by how they were made, so that other processes repeat the call instead of receiving code.

A function that a module defines is pickled by its name there, and the result of a transform by the call. Other
functions are pickled by value.
"""

from __future__ import annotations

import copyreg
import functools
import importlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
F = TypeVar("F")

CALL = "__made_by__"
"""The attribute of a formula that holds the call that made it."""


@dataclass(frozen=True, eq=False)
class Call:
    """A call that makes a function, and its result."""

    make: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    made: Any


def recorded_call(make: Callable[P, F]) -> Callable[P, F]:
    """Decorate a module-level function that makes functions of others: the result is pickled as this call."""

    @functools.wraps(make)
    def recording(*args: P.args, **kwargs: P.kwargs) -> F:
        made: Any = make(*args, **kwargs)
        if _call(made) is None:
            object.__setattr__(made.formula, CALL, Call(recording, args, kwargs, made))  # formulas may be frozen
        return made  # type: ignore[no-any-return]

    return recording


def reduce_function(function: Any) -> tuple[Any, ...]:
    """Return what `object.__reduce__` must: the call that makes the function, and the facts changed since."""
    call = _call(function)
    if call is None:
        return copyreg.__newobj__, (type(function),), vars(function)  # type: ignore[attr-defined]
    made = call.made if call.made.dim == function.dim else call.made.with_dim(function.dim)
    names = [field.name for field in fields(function) if field.name != "family"]
    changed = {name: getattr(function, name) for name in names if _differ(getattr(function, name), getattr(made, name))}
    return _repeat, (call.make, call.args, dict(call.kwargs), function.dim, changed)


def recorded(function: Any) -> Call | None:
    """Return the recorded call that made a function, if no fact was changed since; else None."""
    call = getattr(function.formula, CALL, None)
    names = [field.name for field in fields(function) if field.name != "family"]
    same = call is not None and not any(_differ(getattr(function, name), getattr(call.made, name)) for name in names)
    return call if same else None


def importable(function: Any) -> tuple[str, str] | None:
    """Return the module and the name by which a function can be imported, None if it has none."""
    call = _call(function)
    if call is None or call.make is not _from_module or call.made is not function:
        return None
    module, name = call.args
    return None if module == "__main__" or os.sep in module else (module, name)


def _call(function: Any) -> Call | None:
    """Return the call that makes a function with the same formula, or None."""
    known = getattr(function.formula, CALL, None)
    if known is not None:
        return known  # type: ignore[no-any-return]
    formula = function.formula
    while isinstance(formula, functools.partial):
        formula = formula.func
    module = str(getattr(formula, "__module__", ""))
    for name, item in list(vars(sys.modules.get(module, object)).items()):
        if type(item) is type(function) and item.formula is function.formula:
            return Call(_from_module, (module, name), {}, item)
    return None


def _from_module(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _repeat(
    make: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], dim: int, changed: dict[str, Any]
) -> Any:
    made = make(*args, **kwargs)
    made = made if made.dim == dim else made.with_dim(dim)
    return replace(made, **changed) if changed else made


def _differ(one: object, other: object) -> bool:
    return one is not other and one != other
