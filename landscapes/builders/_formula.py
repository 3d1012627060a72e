"""`formula`: functions from a line of text or a sympy expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscapes.builders.expressions import Node, coordinates, evaluate, latex
from landscapes.builders.parser import parse
from landscapes.builders.sympy import is_symbolic, translate
from landscapes.errors import InputError, suggests_arguments
from landscapes.objectives.decorators import Function, Interval, function

MAX_TITLE = 40
"""Characters of a formula that fit above a figure."""


@dataclass(frozen=True)
class Expression:
    """A parsed formula, callable with one tensor per coordinate."""

    node: Node
    text: str

    def __call__(self, *columns: Tensor) -> Tensor:
        values = evaluate(self.node, columns)
        assert isinstance(values, Tensor)  # the parser refuses formulas without coordinates
        if torch.is_grad_enabled() and columns[0].requires_grad and not values.requires_grad:
            values = values + 0 * columns[0]  # piecewise constant, such as where(x > 0, 1, 2): the gradient is zero
        return values


@suggests_arguments
def formula(
    expression: str | Any,
    domain: Interval | Sequence[Interval] = (-5.0, 5.0),
    *,
    variables: Sequence[str] | None = None,
    **facts: Any,
) -> Function:
    """Make a `Function` of a formula given as text, or of a sympy expression.

    The text may contain:

    - numbers, + - * / **, parentheses, pi and e;
    - the coordinates x, y, z, or x1, x2, …, or x[0], x[1], …;
    - sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, exp, log, log2, log10, sqrt, abs, sign, floor, ceil,
      round, min, max, erf, sigmoid, and `where(x > 0, a, b)`.

    It is parsed, never evaluated as Python. Integer powers are computed as products. The TeX formula is derived.

    Args:
        expression: the formula.
        domain: search box: one (low, high) for all coordinates, or one per coordinate.
        variables: names of the coordinates, in order; by default x, y, z or x1, x2, … For sympy, by default all
            symbols, sorted by name.
        facts: further facts, as for `landscapes.function`: start, view, minima, steps, scale, title, …

    Raises:
        InputError: for text that is not a formula, with a caret below the error; and for facts that contradict each
            other.

    >>> wavy = formula("x**2 + 3*sin(y)", domain=(-4, 4), start=(3, 1))
    >>> wavy([2.0, 0.0]), wavy.latex
    (tensor(4., dtype=torch.float64), 'x^{2} + 3 \\\\, \\\\sin\\\\left(y\\\\right)')
    >>> formula("a*b", variables=["a", "b"]).dim
    2
    """
    if variables is not None:
        variables = _check_names(variables)
    if is_symbolic(expression):
        node, names = translate(expression, variables)
    else:
        node, names = parse(expression, variables)
    text = " ".join(str(expression).split())
    box = _box(text, domain, max(coordinates(node)) + 1 if variables is None else len(names), names)
    known = {
        "name": text,
        "title": text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…",
        "latex": latex(node, names),
    }
    return function(*box, **{**known, **facts})(Expression(node, text))


def skipped_coordinates(expression: str) -> list[str]:
    """Return the coordinates that a formula skips: those before its last one that it does not contain.

    >>> skipped_coordinates("x**2 + z**2"), skipped_coordinates("x + y")
    (['y'], [])
    """
    node, names = parse(expression, None)
    used = coordinates(node)
    return [name for i, name in enumerate(names[: max(used) + 1]) if i not in used]


def _check_names(variables: Sequence[str]) -> list[str]:
    names = list(variables)
    if not names or len(set(names)) < len(names) or not all(isinstance(n, str) and n.isidentifier() for n in names):
        raise InputError(f"variables must be different names, as in ['a', 'b'], got {variables!r}")
    return names


def _box(text: str, domain: Any, dim: int, names: Sequence[str]) -> Sequence[Interval]:
    """Return one interval per coordinate."""
    try:
        given = list(domain)
        single = len(given) == 2 and all(isinstance(bound, int | float) for bound in given)
    except TypeError:
        raise InputError(f"domain must be (low, high), or one such pair per coordinate, got {domain!r}") from None
    if single:
        return [domain] * dim
    if len(given) < dim:
        raise InputError(
            f"the formula {text!r} has {dim} coordinates, up to {names[dim - 1]}, but the domain has {len(given)} "
            f"interval{'' if len(given) == 1 else 's'}; give one per coordinate"
        )
    return given
