"""Optimizers from text: "adam", "momentum", "adam(lr=0.05, beta1=0.8)". Parsed, never evaluated."""

from __future__ import annotations

import ast
import dataclasses
import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, cast

from landscapes.errors import InputError, unknown
from landscapes.optimizers.base import PAIRS, Optimizer, check_names, short
from landscapes.optimizers.wrappers.base import Wrapper

WORDS = {"nan": math.nan, "inf": math.inf, "true": True, "false": False}
"""Words that a setting may be; an optimizer says itself that it takes no NaN."""


def names() -> dict[str, tuple[type[Optimizer], dict[str, Any]]]:
    """Every name a string may use, with its class and the settings it stands for."""
    table: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {}
    for cls in _subclasses(Optimizer):
        table |= {name: (cls, {}) for name in cls.names}
        table |= {name: (cls, dict(settings)) for name, settings in cls.presets.items()}
    return dict(sorted(table.items()))


def parse(text: str, own: Mapping[str, Optimizer] | None = None) -> tuple[Optimizer, bool]:
    """The optimizer a text names, and whether the text leaves its learning rate open.

    Wrappers are written around an optimizer: "clip(adam(lr=0.05), norm=1)". Optimizers of one's `own`, by the words that stand
    for them, may be wrapped too.

    torch.optim's pairs are understood: `betas=(0.9, 0.99)` is `beta1=0.9, beta2=0.99`.

    Raises `InputError` for unknown names (the nearest are offered), for settings that the optimizer does not
    have or that are out of range, and for anything that is not `name(setting=number, ...)`.

    >>> parse("adam(lr=0.05)")[0].lr
    0.05
    >>> parse("adam(betas=(0.8, 0.99))")[0].spec
    'adam(lr=0.001, beta1=0.8, beta2=0.99)'
    """
    return _optimizer(text, _call(text), own or {})


def _optimizer(text: str, node: ast.Call, own: Mapping[str, Optimizer]) -> tuple[Optimizer, bool]:
    """The optimizer a call names; a wrapper's first argument is the optimizer it is put around."""
    known = names()
    given_name = cast(ast.Name, node.func).id
    if given_name in own:
        return own[given_name], False
    name = given_name.lower()
    if name not in known:
        raise unknown("optimizer", given_name, known)
    cls, preset = known[name]
    settings: dict[str, Any] = {}
    for keyword in node.keywords:
        for setting, value in _settings(cls, text, keyword):
            if setting in settings:
                raise InputError(f"{short(text)} gives {setting} twice")
            settings[setting] = value
    if not cls.accepts_extra_settings:
        check_names(cls, name, settings)
    if not issubclass(cls, Wrapper):
        if node.args:
            raise _malformed(text)
        return cls(**{**preset, **settings}), bool(cls.tunable) and cls.tunable not in settings
    if len(node.args) != 1 or "optimizer" in settings:
        raise InputError(f"{name} is put around one optimizer, which stands first: {name}(adam, ...)")
    inside, left_open = _optimizer(text, _as_call(text, node.args[0]), own)
    return cls(**{**preset, **settings, "optimizer": inside}), left_open


def _subclasses(cls: type[Optimizer]) -> Iterator[type[Optimizer]]:
    for child in cls.__subclasses__():
        if child.names:
            yield child
        yield from _subclasses(child)


def _call(text: str) -> ast.Call:
    """The text as a call `name(setting=value, ...)`."""
    if not isinstance(text, str):
        raise InputError(f"an optimizer is named by text, as in 'adam(lr=0.05)', not by {short(text)}")
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's remarks on odd literals
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _malformed(text) from None
    return _as_call(text, tree)


def _as_call(text: str, node: ast.expr) -> ast.Call:
    """A name or a call as a call; nothing else names an optimizer."""
    call = node if isinstance(node, ast.Call) else ast.Call(func=node, args=[], keywords=[])
    if not isinstance(call.func, ast.Name):
        raise _malformed(text)
    return call


def _settings(cls: type[Optimizer], text: str, keyword: ast.keyword) -> Iterator[tuple[str, Any]]:
    """The settings one keyword gives: two where it is one of torch.optim's pairs."""
    name = keyword.arg
    if name is None:
        raise _malformed(text)
    value = _literal(text, keyword.value)
    fields = [field.name for field in dataclasses.fields(cls)]
    if name in fields or not set(PAIRS.get(name, (name,))) <= set(fields):
        yield name, value
        return
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise InputError(f"{cls.__name__}: {name} is a pair of numbers, as in {name}=(…, …), not {short(value)}")
    yield from zip(PAIRS[name], value, strict=True)


def _literal(text: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id.lower() in WORDS:
        return WORDS[node.id.lower()]
    try:
        return ast.literal_eval(node)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        raise _malformed(text) from None


def _malformed(text: str) -> InputError:
    return InputError(
        f"cannot read the optimizer {short(text)}: write a name with its settings, "
        "as in adam or adam(lr=0.05, beta1=0.9)"
    )
