"""Convert sympy expressions to expression trees, without importing sympy."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from landscapes.builders.expressions import ALIASES, OPERATIONS, Coordinate, Node, Number, constant, operation
from landscapes.builders.parser import FUNCTIONS, NUMBERS
from landscapes.errors import InputError, unknown

RELATIONS = {"StrictLessThan": "<", "LessThan": "<=", "StrictGreaterThan": ">", "GreaterThan": ">="}
"""Names of comparisons in sympy."""

UNEVALUATED = ("Sum", "Product", "Integral", "Derivative", "Limit", "Subs")
"""Operations that sympy writes down without computing them."""


def is_symbolic(expression: object) -> bool:
    """Return whether an object looks like a sympy expression."""
    return all(hasattr(expression, name) for name in ("free_symbols", "args", "func", "is_number"))


def translate(expression: Any, names: Sequence[str] | None = None) -> tuple[Node, list[str]]:
    """Return the expression tree of a sympy expression and the names of its coordinates.

    Args:
        expression: the expression.
        names: symbols of the coordinates, in order; by default all symbols, sorted by name with x2 before x10.

    Raises:
        InputError: for symbols that are not among `names`, and for unsupported functions and numbers.
    """
    symbols = {str(symbol) for symbol in expression.free_symbols}
    names = sorted(symbols, key=_natural_order) if names is None else list(names)
    if extra := sorted(symbols - set(names)):
        raise InputError(
            f"the expression has the symbol {extra[0]!r}, which is not a coordinate; "
            f"the coordinates are {', '.join(names)}"
        )
    try:
        node = _node(expression, {name: index for index, name in enumerate(names)})
        constant(node)
    except RecursionError:
        raise InputError("the expression is nested too deeply; write it as a Python function") from None
    if not symbols or constant(node) is not None:
        raise InputError(f"the expression {expression} has no symbol; a formula needs a coordinate")
    return node, names


def _node(expression: Any, indices: Mapping[str, int]) -> Node:
    kind = expression.func.__name__
    if kind in UNEVALUATED:
        raise InputError(f"the expression contains an unevaluated {kind}; call its method .doit() first")
    if kind in ("Symbol", "Dummy"):
        return Coordinate(indices[str(expression)])
    if str(expression) in ("pi", "E"):
        return NUMBERS[str(expression).lower()]
    if kind == "Rational" or kind == "Half":
        return operation("/", Number(float(expression.p)), Number(float(expression.q)))
    if not expression.args:
        return _number(expression)
    if kind == "Piecewise":
        return _piecewise(expression, indices)
    if kind == "Add":
        return functools.reduce(_sum, [_node(term, indices) for term in expression.as_ordered_terms()])
    if kind == "Mul":
        return _product(expression.as_ordered_factors(), indices)
    parts = [_node(part, indices) for part in expression.args]
    if kind == "Pow":
        return _power(*parts)
    if kind in RELATIONS or kind in ("And", "Or"):
        return functools.reduce(functools.partial(operation, RELATIONS.get(kind, kind.lower())), parts)
    name = ALIASES.get(kind.lower(), kind.lower())
    if name not in FUNCTIONS or not OPERATIONS[name].min_args <= len(parts) <= OPERATIONS[name].max_args:
        raise unknown("sympy function", kind, FUNCTIONS)
    return operation(name, *parts)


def _number(expression: Any) -> Number:
    try:
        value = float(expression)
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    if not abs(value) < float("inf"):
        raise InputError(f"the expression contains {expression}, which is not a finite number")
    return Number(value)


def _piecewise(expression: Any, indices: Mapping[str, int]) -> Node:
    """Convert a Piecewise to nested where."""
    *cases, (last, otherwise) = expression.args
    if str(otherwise) != "True":
        raise InputError("the expression's Piecewise is undefined at some points; end it with (value, True)")
    return functools.reduce(
        lambda node, case: operation("where", _node(case[1], indices), _node(case[0], indices), node),
        reversed(cases),
        _node(last, indices),
    )


def _sum(left: Node, right: Node) -> Node:
    """Return a sum; negative terms are subtracted."""
    if not isinstance(right, Coordinate | Number) and right.name == "negative":
        return operation("-", left, right.operands[0])
    return operation("+", left, right)


def _product(factors: Sequence[Any], indices: Mapping[str, int]) -> Node:
    """Return a product, with negative powers as the denominator and the sign in front."""
    numerator: list[Node] = []
    denominator: list[Node] = []
    negative = False
    for factor in factors:
        node = _node(factor, indices)
        if (value := constant(node)) is not None and value < 0 and not negative:
            negative, node = True, _node(-factor, indices)
        if not isinstance(node, Coordinate | Number) and node.name == "/":
            numerator.append(node.operands[0])
            denominator.append(node.operands[1])
        else:
            numerator.append(node)
    numerator = [node for node in numerator if constant(node) != 1] or [Number(1.0)]
    times = functools.partial(operation, "*")
    made = functools.reduce(times, numerator)
    if denominator:
        made = operation("/", made, functools.reduce(times, denominator))
    return operation("negative", made) if negative else made


def _power(base: Node, exponent: Node) -> Node:
    """Return a power, as a square root or a fraction if it is one."""
    value = constant(exponent)
    if value == 0.5:
        return operation("sqrt", base)
    if value is not None and value < 0:
        return operation("/", Number(1.0), base if value == -1 else _power(base, Number(-value)))
    return operation("**", base, exponent)


def _natural_order(name: str) -> tuple[str, int]:
    """Return a sort key that puts x2 before x10."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)
