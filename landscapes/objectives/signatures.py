"""How a formula takes its coordinates: `f(x, y, ...)` or `f(x)` with x of shape (..., d)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import torch

from landscapes.errors import InputError


def takes_vector(name: str, formula: Callable[..., Any], dim: int, *, any_dim: bool) -> bool:
    """Return whether a formula takes one vector of d coordinates instead of d arguments.

    `*args` counts as d arguments. A formula for several numbers of coordinates (`any_dim`) always takes a vector.

    Raises:
        InputError: for a formula with another number of arguments, or whose signature is unknown.
    """
    positional, required, variadic = _arguments(name, formula)
    if required == 1 and not variadic and (dim > 1 or any_dim):
        return True
    if any_dim:
        raise InputError(
            f"function {name!r} has a variable number of coordinates; write it as f(x) with x of shape (..., d)"
        )
    if required > dim or (positional < dim and not variadic):
        raise InputError(
            f"function {name!r} has {dim} intervals as bounds, but its formula takes {positional} arguments; "
            f"write it with one argument per coordinate, or as f(x) with x of shape (..., {dim})"
        )
    return False


def _arguments(name: str, formula: Callable[..., Any]) -> tuple[int, int, bool]:
    """Return how many positional arguments a formula has, how many are required, and whether it takes `*args`."""
    if type(formula) is FunctionType and not vars(formula):  # quick: a stochastic function has a new one per step
        code = formula.__code__
        required = code.co_argcount - len(formula.__defaults__ or ())
        return code.co_argcount, required, bool(code.co_flags & inspect.CO_VARARGS)
    try:
        # the signature of a module's __call__ is (*args, **kwargs)
        signature = inspect.signature(formula.forward if isinstance(formula, torch.nn.Module) else formula)
    except (TypeError, ValueError):
        raise InputError(
            f"function {name!r}: the arguments of {formula!r} are unknown; wrap it: def {name}(x, y): ..."
        ) from None
    kinds = inspect.Parameter
    parameters = signature.parameters.values()
    positional = [p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is kinds.empty for p in positional)
    return len(positional), required, any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
