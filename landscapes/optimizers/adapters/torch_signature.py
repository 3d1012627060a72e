"""Check settings against the signature of a torch optimizer class, with errors that say what to do."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import torch

from landscapes.errors import InputError, unknown
from landscapes.optimizers.base import short

NAMED = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


WRAPPED = ("optimizer", "base_optimizer", "inner_optimizer")
"""Names of the first argument of a class that wraps another optimizer object."""


@cache
def parameters_of(function: Any) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function or class by name."""
    return inspect.signature(function).parameters


def float_defaults(cls: Any) -> dict[str, Any]:
    """Return the arguments of a class whose defaults are floats or tuples of floats.

    An integer counts as a float where the annotation says so.
    """
    found = {}
    for name, argument in parameters_of(cls).items():
        default = argument.default
        if isinstance(default, int) and not isinstance(default, bool) and _is_float(argument.annotation):
            default = float(default)
        numbers = default if isinstance(default, tuple) and default else (default,)
        if all(isinstance(number, float) for number in numbers):
            found[name] = default
    return found


def _is_float(annotation: Any) -> bool:
    return "float" in (annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation)))


def check_shape(shape: Any, kind: str = "Torch") -> tuple[int, ...]:
    """Return a parameter's shape as a tuple; raise `InputError` if it is not a sequence of positive integers."""
    try:
        sizes = tuple(shape)
    except TypeError:
        sizes = (None,)
    if not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in sizes):
        raise InputError(f"{kind}: shape must be integers >= 1 such as (rows, columns), got {short(shape)}")
    return sizes


def check_signature(cls: type[torch.optim.Optimizer], hyper: Mapping[str, Any], wraps_optimizer: bool) -> None:
    """Raise `InputError` for unknown and missing settings, and for classes that a race cannot step.

    Args:
        cls: the class.
        hyper: keyword arguments for it.
        wraps_optimizer: whether one of the arguments is a `Torch`.
    """
    every = list(parameters_of(cast(Any, cls)).values())
    accepts_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in every)
    named = [parameter for parameter in every if parameter.kind in NAMED]
    if not named:
        return
    first, known = named[0], {parameter.name: parameter for parameter in named}
    wraps = first.name in WRAPPED
    if wraps and not wraps_optimizer:
        raise InputError(
            f"{cls.__name__} wraps another optimizer; pass it as a Torch, "
            f"as in optimizers.Torch({cls.__name__}, {first.name}=optimizers.Torch(torch.optim.Adam, lr=0.1))"
        )
    if first.name == "model":
        raise InputError(f"{cls.__name__} takes a network, not parameters; a race has no network")
    if not wraps:
        del known[first.name]
    for name in hyper:
        if name not in known and not accepts_any:
            raise unknown(f"setting of {cls.__name__}", name, known)
    missing = [name for name, parameter in known.items() if parameter.default is parameter.empty and name not in hyper]
    if missing:
        raise InputError(
            f"{cls.__name__} requires {' and '.join(missing)}; pass {'it' if len(missing) == 1 else 'them'}, "
            f"as in optimizers.Torch({cls.__name__}, {', '.join(f'{name}=...' for name in missing)})"
        )
    step = list(parameters_of(cls.step).values())[1:]
    extra = [parameter.name for parameter in step if parameter.default is parameter.empty and parameter.kind in NAMED]
    extra = [name for i, name in enumerate(extra) if not (i == 0 and "closure" in name)]
    if extra:
        raise InputError(
            f"{cls.__name__}.step requires {' and '.join(extra)}, which a race does not provide; "
            "race a subclass whose step(self, closure=None) provides them itself"
        )
