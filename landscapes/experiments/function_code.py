"""The Python expression of a function, for lines of code that repeat a race."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landscapes.builders._formula import Expression
from landscapes.builders.parser import parse
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives.decorators import Function
from landscapes.objectives.provenance import importable, recorded


@dataclass(frozen=True)
class Code:
    """An expression of Python, and the imports that it needs, one per line."""

    expression: str
    imports: tuple[str, ...] = ()


def code_of(function: str | Function) -> Code | None:
    """Return the expression of a function: a name, a formula, a transform or an import; None if it has none.

    >>> from landscapes import formula, functions
    >>> code_of(functions.get("beale")).expression
    '"beale"'
    >>> code_of(formula("x**2 + y**2", domain=(-3, 3)))
    Code(expression='formula("x**2 + y**2", [(-3.0, 3.0), (-3.0, 3.0)])', imports=('from landscapes import formula',))
    >>> code_of(functions.get("booth").shifted((1, 2))).expression
    'shifted("booth", (1, 2))'
    """
    if isinstance(function, str):
        return Code(json.dumps(function))
    try:
        known = get(function.name, function.dim)
    except InputError:
        known = None
    if known is not None and known.formula is function.formula:
        return Code(
            json.dumps(function.name) if function.dim == 2 else f"get({json.dumps(function.name)}, {function.dim})"
        )
    if isinstance(function.formula, Expression):
        return _formula_code(function, function.formula)
    if (call := recorded(function)) is not None:
        return _call_code(call.make.__name__, call.make.__module__, [*call.args], call.kwargs)
    if (place := importable(function)) is not None:
        module, name = place
        return Code(name, (f"from {module} import {name}",))
    return None


def _formula_code(function: Function, expression: Expression) -> Code | None:
    """Return the call of `formula`; None if the names of its coordinates are not those of the text."""
    try:
        same = parse(expression.text)[0] == expression.node
    except InputError:
        same = False
    box = ", ".join(f"({low!r}, {high!r})" for low, high in function.domain)
    text = f"formula({json.dumps(expression.text, ensure_ascii=False)}, [{box}])"
    return Code(text, ("from landscapes import formula",)) if same else None


def _call_code(name: str, module: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Code | None:
    """Return the call of a transform; None if an argument is neither plain nor a function with code."""
    if not module.startswith("landscapes.transforms"):
        return None
    imports, texts = [f"from landscapes.transforms import {name}"], []
    for key, value in [*((None, one) for one in args), *kwargs.items()]:
        part = code_of(value) if isinstance(value, Function) else _plain(value)
        if part is None:
            return None
        imports += part.imports
        texts.append(part.expression if key is None else f"{key}={part.expression}")
    return Code(f"{name}({', '.join(texts)})", tuple(dict.fromkeys(imports)))


def _plain(value: Any) -> Code | None:
    """Return the text of numbers, texts and sequences of them."""
    if isinstance(value, str):
        return Code(json.dumps(value))
    plain = value is None or isinstance(value, bool | int | float)
    return Code(repr(value)) if plain or (isinstance(value, list | tuple) and all(map(_plain, value))) else None
