"""Rules from text: "adam", "momentum", "adam(lr=0.05, beta1=0.8)". Parsed, never evaluated."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import Any

from landscapes.errors import InputError, unknown
from landscapes.rules.base import Rule


def names() -> dict[str, tuple[type[Rule], dict[str, Any]]]:
    """Every name a string may use, with its class and the settings it stands for."""
    table: dict[str, tuple[type[Rule], dict[str, Any]]] = {}
    for cls in _subclasses(Rule):
        table |= {name: (cls, {}) for name in cls.names}
        table |= {name: (cls, dict(settings)) for name, settings in cls.presets.items()}
    return dict(sorted(table.items()))


def parse(text: str) -> tuple[Rule, bool]:
    """The rule a text names, and whether the text leaves its learning rate open.

    Raises `InputError` for unknown names (the nearest are offered), for settings that the rule does not
    have or that are out of range, and for anything that is not `name(setting=number, ...)`.

    >>> parse("adam(lr=0.05)")[0].lr
    0.05
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise _malformed(text) from None
    call = tree if isinstance(tree, ast.Call) else ast.Call(func=tree, args=[], keywords=[])
    if not isinstance(call.func, ast.Name) or call.args:
        raise _malformed(text)
    known = names()
    name = call.func.id.lower()
    if name not in known:
        raise unknown("optimizer", call.func.id, known)
    cls, settings = known[name]
    given = {_keyword(text, keyword): _literal(text, keyword.value) for keyword in call.keywords}
    if len(given) < len(call.keywords):
        raise InputError(f"{text!r} gives a setting twice")
    fields = [field.name for field in dataclasses.fields(cls) if field.init]
    for setting in given:
        if setting not in fields:
            raise unknown(f"setting of {name}", setting, fields)
    return cls(**{**settings, **given}), cls.tunable not in given


def _subclasses(cls: type[Rule]) -> Iterator[type[Rule]]:
    for child in cls.__subclasses__():
        if child.names:
            yield child
        yield from _subclasses(child)


def _keyword(text: str, keyword: ast.keyword) -> str:
    if keyword.arg is None:
        raise _malformed(text)
    return keyword.arg


def _literal(text: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id.lower() in ("nan", "inf"):
        return float(node.id)  # read, so that the rule itself can say what it takes
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise _malformed(text) from None


def _malformed(text: str) -> InputError:
    return InputError(
        f"cannot read the optimizer {text!r}: write a name with its settings, as in adam or adam(lr=0.05, beta1=0.9)"
    )
