"""Parse optimizers from text: "adam", "momentum", "adam(lr=0.05, beta1=0.8)"."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from landscapes.errors import InputError, unknown
from landscapes.optimizers._homes import HOMES, USUAL, load
from landscapes.optimizers.base import Optimizer, check_names, short
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.silence import ignored_warnings

WORDS = {"nan": math.nan, "inf": math.inf, "true": True, "false": False}
"""Names that a setting may have as a value; the optimizers themselves reject NaN."""


def names() -> dict[str, tuple[type[Optimizer], dict[str, Any]]]:
    """Return every name that text may use, with its class and its preset settings."""
    for name in HOMES:
        load(name)
    return _loaded_names()


def named(text: str) -> tuple[type[Optimizer], dict[str, Any]] | None:
    """Return the class and the preset settings that a name stands for, as `names` has them; None if it is unknown.

    Imports few classes besides: first the usual ones and a class that is called so, then all.

    >>> named("Momentum")
    (<class 'landscapes.optimizers.first_order.sgd.SGD'>, {'momentum': 0.9})
    """
    text = text.lower()
    for name in (*USUAL, *(name for name in HOMES if name.lower() == text)):
        load(name)
    return _loaded_names().get(text) or names().get(text)


def _loaded_names() -> dict[str, tuple[type[Optimizer], dict[str, Any]]]:
    """Return the names of the classes that are imported. A user's class takes precedence over one of this package."""
    table: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {}
    for cls in sorted(_subclasses(Optimizer), key=lambda cls: not cls.__module__.startswith("landscapes.")):
        table |= {name: (cls, {}) for name in cls.names}
        table |= {name: (cls, dict(settings)) for name, settings in cls.presets.items()}
    return dict(sorted(table.items()))


def parse(text: str, own: Mapping[str, Optimizer] | None = None) -> tuple[Optimizer, bool]:
    """Return the optimizer that a text describes, and whether the text omits its learning rate.

    A wrapper takes the wrapped optimizer as its first argument: "clip(adam(lr=0.05), norm=1)". The arguments
    of torch.optim are accepted: `betas=(0.9, 0.99)` is `beta1=0.9, beta2=0.99`.

    Args:
        text: `name` or `name(setting=value, ...)`. It is parsed, never evaluated.
        own: further optimizers by the name that stands for them in the text; none by default.

    Raises:
        InputError: for unknown names (with the nearest known ones), unknown settings, values out of range, and text of
            another form.

    >>> parse("adam(lr=0.05)")[0].lr
    0.05
    >>> parse("adam(betas=(0.8, 0.99))")[0].spec
    'adam(lr=0.001, beta1=0.8, beta2=0.99)'
    """
    return _optimizer(text, _call(text), own or {})


def _optimizer(text: str, node: ast.Call, own: Mapping[str, Optimizer]) -> tuple[Optimizer, bool]:
    """Return the optimizer that a call describes; the first argument of a wrapper is the wrapped optimizer."""
    written = cast(ast.Name, node.func).id
    if written in own:
        return own[written], False
    name = written.lower()
    found = named(name)
    if found is None:
        raise unknown("optimizer", written, names())
    cls, preset = found
    settings: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _malformed(text)
        if keyword.arg in settings:
            raise InputError(f"{short(text)} gives {keyword.arg} twice")
        settings[keyword.arg] = _literal(text, keyword.value)
    if not cls.accepts_extra_settings:
        settings = cls.translated(settings)
        check_names(cls, name, settings)
    if not issubclass(cls, Wrapper):
        if node.args:
            raise _malformed(text)
        return cls(**{**preset, **settings}), bool(cls.tunable) and cls.tunable not in settings
    if len(node.args) != 1 or "optimizer" in settings:
        raise InputError(f"{name} wraps one optimizer, its first argument, as in {name}(adam, ...)")
    inside, left_open = _optimizer(text, _as_call(text, node.args[0]), own)
    return cls(**{**preset, **settings, "optimizer": inside}), left_open


def _subclasses(cls: type[Optimizer]) -> Iterator[type[Optimizer]]:
    for child in cls.__subclasses__():
        if child.names:
            yield child
        yield from _subclasses(child)


def _call(text: str) -> ast.Call:
    """Return the text as a call `name(setting=value, ...)`."""
    if not isinstance(text, str):
        raise InputError(f"an optimizer must be text such as 'adam(lr=0.05)', got {short(text)}")
    try:
        with ignored_warnings():  # Python warns of some literals
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _malformed(text) from None
    return _as_call(text, tree)


def _as_call(text: str, node: ast.expr) -> ast.Call:
    """Return a name or call as a call; raise `InputError` for anything else."""
    call = node if isinstance(node, ast.Call) else ast.Call(func=node, args=[], keywords=[])
    if not isinstance(call.func, ast.Name):
        raise _malformed(text)
    return call


def _literal(text: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id.lower() in WORDS:
        return WORDS[node.id.lower()]
    try:
        return ast.literal_eval(node)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise _malformed(text) from None


def _malformed(text: str) -> InputError:
    return InputError(
        f"cannot parse the optimizer {short(text)}; write a name with its settings, "
        "as in adam or adam(lr=0.05, beta1=0.9)"
    )
