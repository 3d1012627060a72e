"""Errors that a user can act on: what was given, what is allowed, what to do next."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import os
import sys
import sysconfig
import traceback
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

C = TypeVar("C", bound=Callable[..., Any])

MANY = 50
"""More names of functions, optimizers or objects of a module than this are not listed in an error."""

RENAMED: Mapping[str, str] = {
    "observe": "metrics",
    "keep": "record_steps",
    "out": "resume_dir",
    "within": "tol",
    "rates": "lr_grid",
    "lr": "lr_grid",
    "targets": "tolerances",
    "target": "tolerance",
    "by": "cost",
    "aside": "view3d",
    "width": "linewidth",
    "size": "figsize",
    "num": "n",
    "against": "x",
    "gradient": "gtol",
    "value": "ftol",
    "distance": "xtol",
    "azimuth": "azim",
    "elevation": "elev",
    "turn": "rotate",
}
"""Former names of arguments, and their names today."""

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "race": {
        "dim": "functions.get(name, dim=...) as the function",
        "lr": 'a learning rate per optimizer, as in "adam(lr=0.1)"',
    },
    "loss_curves": {"x": "history(record, metric, x=...)", "against": "history(record, metric, x=...)"},
}
"""By function: arguments that it does not have, and what has them."""


class InputError(ValueError):
    """Invalid input. The message says what was given, what is allowed and what to do, in one line.

    It is a `ValueError`, so that code that does not know this package can catch it. Objects that users give may be
    written in many lines; these are joined.

    Attributes:
        place: lines below the message that point into a given text; "" in most cases.
    """

    def __init__(self, message: object = "", *, place: str = "") -> None:
        line = " ".join(part.strip() for part in str(message).splitlines())
        super().__init__(f"{line}\n{place}" if place else line)
        self.place = place


def ended_by(error: BaseException) -> str:
    """Return where a user's code ended the program, as by `sys.exit(0)` within a function.

    >>> try:
    ...     raise SystemExit(0)
    ... except SystemExit as error:
    ...     print(ended_by(error).partition(" in ")[0])
    sys.exit(0) was called
    """
    what = f"{type(error).__name__} was raised"
    if isinstance(error, SystemExit):
        what = f"sys.exit({error.code!r}) was called"
    inside = (str(Path(__file__).parent), sysconfig.get_path("stdlib"))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(inside)]
    return f"{what} in {frames[-1].filename}, line {frames[-1].lineno}" if frames else what


class Terminated(BaseException):
    """SIGTERM, raised where the program works, so that it cleans up as for Ctrl-C."""


def unknown(kind: str, given: object, known: Iterable[str]) -> InputError:
    """Return an `InputError` for an unknown name that offers the nearest known names.

    >>> raise unknown("function", "beal", ["beale", "booth"])
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: unknown function 'beal'. Did you mean beale?
    >>> print(unknown("theme", "zzz", ["light", "dark"]))
    unknown theme 'zzz'. Known: dark, light

    Of the many functions and optimizers, it shows a few:

    >>> print(unknown("function", "qq", [f"{kind}_{number}" for kind in "abc" for number in range(100)]))
    unknown function 'qq'. Known: a_0, a_1, a_10, … (300 names; landscapes list prints them)
    >>> print(unknown("object of numpy", "zz", [f"a_{number}" for number in range(100)]))
    unknown object of numpy 'zz'. Known: a_0, a_1, a_10, … (100 names)
    """
    known = sorted(known)
    close = nearest_names(given, known, 3) if isinstance(given, str) else []
    if close:
        hint = f"Did you mean {' or '.join(close)}?"
    elif len(known) > MANY and ("function" in kind or "optimizer" in kind):
        hint = f"Known: {', '.join(known[:3])}, … ({len(known)} names; landscapes list prints them)"
    elif len(known) > MANY and kind.startswith("object of"):  # of a module
        hint = f"Known: {', '.join(known[:3])}, … ({len(known)} names)"
    else:
        hint = f"Known: {', '.join(known)}"
    return InputError(f"unknown {kind} {given!r}. {hint}")


def warn(message: str) -> None:
    """Issue a `UserWarning` that points to the innermost caller outside this package."""
    inside = (f"{Path(__file__).parent}{os.sep}", contextlib.__file__)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(inside):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)


def nearest_names(given: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the known names that are most like a given one, ignoring case; at most `count`.

    >>> nearest_names("Metric", ["steps", "metrics"])
    ['metrics']
    """
    by_lower = {name.lower(): name for name in known}
    return [by_lower[name] for name in difflib.get_close_matches(given.lower(), by_lower, n=count, cutoff=0.65)]


def no_attribute(
    module: str, name: str, known: Iterable[str], former: Mapping[str, str] | None = None, *, hint: str = ""
) -> AttributeError:
    """Return the `AttributeError` of a module for an unknown name: it offers the present name, or the nearest one.

    Args:
        module: name of the module.
        name: the unknown name.
        known: public names of the module.
        former: former names, and what to write today.
        hint: what to do if no name is near.

    >>> print(no_attribute("landscapes", "sweeep", ["race", "sweep"]))
    module 'landscapes' has no attribute 'sweeep'. Did you mean 'sweep'?
    """
    near = (former or {}).get(name) or next(iter(nearest_names(name, known)), "")
    question = f". Did you mean {near!r}?" if near else f"; {hint}" if hint and not name.startswith("_") else ""
    return AttributeError(f"module {module!r} has no attribute {name!r}{question}", name=name)


def suggests_arguments(target: C) -> C:
    """Decorate a function or class so that an unknown keyword argument raises a `TypeError` that names the nearest one.

    A function that takes any keyword refuses only the former names of its arguments. Signature, docstring and
    types are unchanged.

    >>> @suggests_arguments
    ... def race(function, *, metrics=()):
    ...     return metrics
    >>> race("booth", observe=["lr"])
    Traceback (most recent call last):
    ...
    TypeError: race() has no argument 'observe'; did you mean 'metrics'?
    """
    if isinstance(target, type):
        target.__init__ = _checked(target.__init__, target.__name__, 1)  # type: ignore[misc]
        return target
    return cast(C, _checked(target, target.__name__))


def _checked(function: Callable[..., Any], title: str, skipped: int = 0) -> Callable[..., Any]:
    """Return a function that checks the names of its arguments; `skipped` ones have no name for callers."""
    parameters = inspect.signature(function).parameters
    known = [name for name, one in parameters.items() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())

    def refuse(given: Iterable[str]) -> None:
        for name in given:
            if name in known:
                continue
            near = [RENAMED[name]] if RENAMED.get(name) in known else [] if takes_any else nearest_names(name, known)
            if name in (elsewhere := ELSEWHERE.get(title, {})):
                raise TypeError(f"{title}() has no argument {name!r}; use {elsewhere[name]}")
            if near:
                raise TypeError(f"{title}() has no argument {name!r}; did you mean {near[0]!r}?")
            if not takes_any:
                raise TypeError(f"{title}() has no argument {name!r}; it takes {', '.join(known[skipped:])}")

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            refuse(kwargs)
        return function(*args, **kwargs)

    # with the globals of the function's own module, so that doctest finds its examples there
    globals_of = getattr(function, "__globals__", call.__globals__)
    wrapper = types.FunctionType(call.__code__, globals_of, function.__name__, None, call.__closure__)
    return functools.update_wrapper(wrapper, function)
