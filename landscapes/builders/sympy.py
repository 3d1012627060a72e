"""Formulas from sympy: its expressions are walked as they stand, and sympy itself is never imported."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from landscapes.builders.expressions import ALIASES, OPERATIONS, Coordinate, Node, Number, constant, operation
from landscapes.builders.parser import FUNCTIONS, NUMBERS
from landscapes.errors import InputError, unknown

RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">="}
"""Sympy's names of comparisons."""


def is_symbolic(expression: object) -> bool:
    """Whether this is an expression of sympy's."""
    return all(hasattr(expression, name) for name in ("free_symbols", "args", "func", "is_number"))


def translate(expression: Any, names: Sequence[str] | None = None) -> tuple[Node, list[str]]:
    """The tree of a sympy expression, and the names of its coordinates.

    Args:
        expression: the expression.
        names: the symbols that are the coordinates, in order; by default all symbols, sorted by name with x2
            before x10.

    Raises:
        InputError: for symbols that are not among `names`, and for what a formula does not have.
    """
    symbols = {str(symbol) for symbol in expression.free_symbols}
    names = sorted(symbols, key=_natural) if names is None else list(names)
    if extra := sorted(symbols - set(names)):
        raise InputError(
            f"the expression has the symbol {extra[0]!r}, which is no coordinate; they are {', '.join(names)}"
        )
    node = _node(expression, {name: index for index, name in enumerate(names)})
    if not symbols or constant(node) is not None:
        raise InputError(f"the expression {expression} has no symbol; a formula needs a coordinate")
    return node, names


def _node(expression: Any, places: Mapping[str, int]) -> Node:
    kind = expression.func.__name__
    if kind in ("Symbol", "Dummy"):
        return Coordinate(places[str(expression)])
    if str(expression) in ("pi", "E"):
        return NUMBERS[str(expression).lower()]
    if kind == "Rational" or kind == "Half":
        return operation("/", Number(float(expression.p)), Number(float(expression.q)))
    if not expression.args:
        return _number(expression)
    if kind == "Piecewise":
        return _cases(expression, places)
    if kind == "Add":
        return functools.reduce(_sum, [_node(term, places) for term in expression.as_ordered_terms()])
    if kind == "Mul":
        return _product(expression.as_ordered_factors(), places)
    parts = [_node(part, places) for part in expression.args]
    if kind == "Pow":
        return _power(*parts)
    if kind in RELATIONS or kind in ("And", "Or"):
        return functools.reduce(functools.partial(operation, RELATIONS.get(kind, kind.lower())), parts)
    name = ALIASES.get(kind.lower(), kind.lower())
    if name not in FUNCTIONS or not OPERATIONS[name].least <= len(parts) <= OPERATIONS[name].most:
        raise unknown("function of sympy in the expression", kind, FUNCTIONS)
    return operation(name, *parts)


def _number(expression: Any) -> Number:
    try:
        value = float(expression)
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if not abs(value) < float("inf"):
        raise InputError(f"the expression holds {expression}, which is no finite number")
    return Number(value)


def _cases(expression: Any, places: Mapping[str, int]) -> Node:
    """Sympy's Piecewise as where within where."""
    *cases, (last, otherwise) = expression.args
    if str(otherwise) != "True":
        raise InputError("the expression's Piecewise says nothing of some points; end it with (value, True)")
    return functools.reduce(
        lambda node, case: operation("where", _node(case[1], places), _node(case[0], places), node),
        reversed(cases),
        _node(last, places),
    )


def _sum(left: Node, right: Node) -> Node:
    """Terms with a minus are taken away, as one writes them."""
    if not isinstance(right, Coordinate | Number) and right.name == "negative":
        return operation("-", left, right.parts[0])
    return operation("+", left, right)


def _product(factors: Sequence[Any], places: Mapping[str, int]) -> Node:
    """A product, with what is below the line as a division and a minus in front."""
    above: list[Node] = []
    below: list[Node] = []
    minus = False
    for factor in factors:
        node = _node(factor, places)
        if (value := constant(node)) is not None and value < 0 and not minus:
            minus, node = True, _node(-factor, places)
        if not isinstance(node, Coordinate | Number) and node.name == "/":
            above.append(node.parts[0])
            below.append(node.parts[1])
        else:
            above.append(node)
    above = [node for node in above if constant(node) != 1] or [Number(1.0)]
    times = functools.partial(operation, "*")
    made = functools.reduce(times, above)
    if below:
        made = operation("/", made, functools.reduce(times, below))
    return operation("negative", made) if minus else made


def _power(base: Node, exponent: Node) -> Node:
    """A power, as a root or below a line where it is one."""
    value = constant(exponent)
    if value == 0.5:
        return operation("sqrt", base)
    if value is not None and value < 0:
        return operation("/", Number(1.0), base if value == -1 else _power(base, Number(-value)))
    return operation("**", base, exponent)


def _natural(name: str) -> tuple[str, int]:
    """Sorts x2 before x10."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)
