"""Expression trees of formulas: evaluation on tensors, and TeX."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Value = Tensor | float


@dataclass(frozen=True)
class Number:
    """A number; `tex` is its symbol, such as π, if it has one."""

    value: float
    tex: str = ""


@dataclass(frozen=True)
class Coordinate:
    """The coordinate with this index, counted from 0."""

    index: int


@dataclass(frozen=True)
class Operation:
    """An operator or function of `OPERATIONS` and its operands; `value` if all operands are constant."""

    name: str
    operands: tuple[Node, ...]
    value: float | None = None


Node = Number | Coordinate | Operation


@dataclass(frozen=True)
class OperationSpec:
    """How an operation is computed and typeset.

    Attributes:
        apply: the operation on tensors.
        min_args, max_args: number of arguments.
        tex: TeX template; each {} is an argument.
        takes_numbers: whether Python numbers may stand next to tensors, or must become tensors first.
    """

    apply: Callable[..., Tensor]
    min_args: int = 1
    max_args: float = 1
    tex: str = ""
    takes_numbers: bool = False


LARGEST_PRODUCT = 2.0**53
"""The largest exponent that is taken by products; only constants have exponents above 100."""


def product_power(base: Tensor, exponent: int) -> Tensor:
    """Return an integer power by products; `torch.pow` rounds differently at the end of a batch.

    >>> product_power(torch.tensor(3.0), -2)
    tensor(0.1111)
    """
    if exponent < 0:
        return 1 / product_power(base, -exponent)
    if exponent <= 1:
        return base if exponent else torch.ones_like(base)
    half = product_power(base, exponent // 2)
    return half * half * base if exponent % 2 else half * half


def power(base: Value, exponent: Value) -> Tensor:
    """Return a power: integer and half-integer exponents by products and roots, others by `torch.pow`."""
    if isinstance(exponent, float) and isinstance(base, Tensor) and (2 * exponent).is_integer():
        if abs(exponent) > LARGEST_PRODUCT:
            return base.pow(exponent)
        if exponent.is_integer():
            return product_power(base, int(exponent))
        root = (
            product_power(base, math.trunc(abs(exponent))) * square_root(base)
            if abs(exponent) > 1
            else square_root(base)
        )
        return root if exponent > 0 else 1 / root
    if isinstance(base, Tensor):
        return base.pow(exponent)
    return torch.pow(base, torch.as_tensor(exponent, dtype=torch.float64) if isinstance(exponent, float) else exponent)


def square_root(x: Tensor) -> Tensor:
    """Return the square root with gradient zero at zero, where the true one is infinite; NaN for negative numbers."""
    return torch.where(x == 0, 0.0 * x, torch.where(x == 0, 1.0, x).sqrt())


def _reduction(pairwise: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda *operands: functools.reduce(pairwise, operands)


def _operator_name(name: str, apply: Callable[..., Tensor], min_args: int = 1, max_args: float = 1) -> OperationSpec:
    """Return a function with a TeX command of its own, such as \\sin."""
    inside = ", ".join(["{}"] * min_args)
    return OperationSpec(apply, min_args, max_args, rf"\{name}\left({inside}\right)")


def _roman_name(name: str, apply: Callable[..., Tensor], count: int = 1) -> OperationSpec:
    """Return a function whose name is set in roman letters."""
    inside = ", ".join(["{}"] * count)
    return OperationSpec(apply, count, count, rf"\mathrm{{{{{name}}}}}\left({inside}\right)")


OPERATIONS: dict[str, OperationSpec] = {
    "+": OperationSpec(lambda a, b: a + b, 2, 2, takes_numbers=True),
    "-": OperationSpec(lambda a, b: a - b, 2, 2, takes_numbers=True),
    "*": OperationSpec(lambda a, b: a * b, 2, 2, takes_numbers=True),
    "/": OperationSpec(lambda a, b: a / b, 2, 2, r"\frac{{{}}}{{{}}}", takes_numbers=True),
    "**": OperationSpec(power, 2, 2, takes_numbers=True),
    "negative": OperationSpec(lambda a: -a, takes_numbers=True),
    "<": OperationSpec(lambda a, b: a < b, 2, 2, "{} < {}", takes_numbers=True),
    "<=": OperationSpec(lambda a, b: a <= b, 2, 2, r"{} \leq {}", takes_numbers=True),
    ">": OperationSpec(lambda a, b: a > b, 2, 2, "{} > {}", takes_numbers=True),
    ">=": OperationSpec(lambda a, b: a >= b, 2, 2, r"{} \geq {}", takes_numbers=True),
    "and": OperationSpec(lambda a, b: a & b, 2, 2, r"{} \wedge {}"),
    "or": OperationSpec(lambda a, b: a | b, 2, 2, r"{} \vee {}"),
    "sqrt": OperationSpec(square_root, tex=r"\sqrt{{{}}}"),
    "abs": OperationSpec(torch.abs, tex=r"\left|{}\right|"),
    "floor": OperationSpec(torch.floor, tex=r"\left\lfloor {} \right\rfloor"),
    "ceil": OperationSpec(torch.ceil, tex=r"\left\lceil {} \right\rceil"),
    **{
        name: _operator_name(name, getattr(torch, name))
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")
    },
    "log": _operator_name("log", torch.log),
    "log10": OperationSpec(torch.log10, tex=r"\log_{{10}}\left({}\right)"),
    "log2": OperationSpec(torch.log2, tex=r"\log_{{2}}\left({}\right)"),
    "asin": _operator_name("arcsin", torch.asin),
    "acos": _operator_name("arccos", torch.acos),
    "atan": _operator_name("arctan", torch.atan),
    "atan2": _roman_name("atan2", torch.atan2, 2),
    "erf": _roman_name("erf", torch.erf),
    "sigmoid": _roman_name("sigmoid", torch.sigmoid),
    "sign": _roman_name("sign", torch.sign),
    "round": _roman_name("round", torch.round),
    "min": _operator_name("min", _reduction(torch.minimum), 2, math.inf),
    "max": _operator_name("max", _reduction(torch.maximum), 2, math.inf),
    "where": _roman_name("where", torch.where, 3),
}
"""All operators and functions that a formula may contain."""

CONDITIONS = frozenset({"<", "<=", ">", ">=", "and", "or"})
"""Operations with a truth value."""

ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log", "fabs": "abs", "minimum": "min",
           "maximum": "max", "arctan2": "atan2", "ceiling": "ceil"}  # fmt: skip
"""Other accepted names of functions."""


def operation(name: str, *operands: Node) -> Operation:
    """Return an operation; its value is computed if all operands are constant, and may be NaN or infinite."""
    if name in CONDITIONS or not all(constant(operand) is not None for operand in operands):
        return Operation(name, operands)
    scalar = torch.zeros((), dtype=torch.float64)
    return Operation(name, operands, float(_apply(name, operands, [scalar])))


def balanced(name: str, operands: Sequence[Node]) -> Node:
    """Return an associative operation on any number of operands as a balanced tree, which recursion can evaluate.

    >>> balanced("and", [Coordinate(0)])
    Coordinate(index=0)
    """
    nodes = list(operands)
    while len(nodes) > 1:
        pairs = [operation(name, *nodes[i : i + 2]) for i in range(0, len(nodes) - 1, 2)]
        nodes = [*pairs, *nodes[2 * len(pairs) :]]
    return nodes[0]


def constant(node: Node) -> float | None:
    """Return the value of a node without coordinates; None for others."""
    return None if isinstance(node, Coordinate) else node.value


def coordinates(node: Node) -> set[int]:
    """Return the indices of the coordinates in a tree."""
    if isinstance(node, Operation):
        return set[int]().union(*map(coordinates, node.operands))
    return {node.index} if isinstance(node, Coordinate) else set()


def evaluate(node: Node, columns: Sequence[Tensor]) -> Value:
    """Return the value of a tree with coordinate i equal to `columns[i]`: a tensor, or a number for a constant."""
    if isinstance(node, Coordinate):
        return columns[node.index]
    if node.value is not None:
        return node.value
    assert isinstance(node, Operation)  # numbers have a value
    return _apply(node.name, node.operands, columns)


def _apply(name: str, operands: Sequence[Node], columns: Sequence[Tensor]) -> Tensor:
    spec = OPERATIONS[name]
    values = [evaluate(operand, columns) for operand in operands]
    if not spec.takes_numbers or all(isinstance(value, float) for value in values):
        like = columns[0]
        values = [torch.full_like(like, value) if isinstance(value, float) else value for value in values]
    if name == "**" and (exponent := constant(operands[1])) is not None:
        values[1] = exponent
    return spec.apply(*values)


# TeX: the text of each node and its precedence

GREEK = frozenset(
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
     "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega")
)  # fmt: skip

SUM, PRODUCT, POWER, ATOM = range(4)


def tex_name(name: str) -> str:
    """Return the name of a coordinate in TeX: x1, x_1 and x[1] with an index, Greek letters as symbols.

    >>> tex_name("x12"), tex_name("x[0]"), tex_name("alpha"), tex_name("width")
    ('x_{12}', 'x_{0}', '\\\\alpha', '\\\\mathrm{width}')
    """
    match = re.fullmatch(r"([^\W\d_]+)[_\[]?(\d*)\]?", name)
    if match is None:
        return rf"\mathrm{{{name.replace('_', ' ')}}}"
    stem, index = match[1], f"_{{{match[2]}}}" if match[2] else ""
    if stem in GREEK:
        return rf"\{stem}{index}"
    return (stem if len(stem) == 1 else rf"\mathrm{{{stem}}}") + index


def latex(node: Node, names: Sequence[str]) -> str:
    """Return the tree in TeX that matplotlib's mathtext supports, with these names of the coordinates.

    >>> square = operation("**", Coordinate(0), Number(2.0))
    >>> latex(operation("/", operation("sin", square), Number(2.0)), ["x"])
    '\\\\frac{\\\\sin\\\\left(x^{2}\\\\right)}{2}'
    """
    return _tex(node, [tex_name(name) for name in names])[0]


def _tex(node: Node, names: Sequence[str]) -> tuple[str, int]:
    if isinstance(node, Coordinate):
        return names[node.index], ATOM
    if isinstance(node, Number):
        return _number(node)
    parts = [_tex(operand, names) for operand in node.operands]
    match node.name:
        case "+" | "-":
            (left, _), right = parts[0], _parenthesized(parts[1], PRODUCT)
            return f"{left} {node.name} {right}", SUM
        case "negative":
            return f"-{_parenthesized(parts[0], PRODUCT)}", SUM
        case "*":
            left, right = _parenthesized(parts[0], PRODUCT), _parenthesized(parts[1], PRODUCT)
            return f"{left}{_separator(left, right)}{right}", PRODUCT
        case "/":
            return OPERATIONS["/"].tex.format(*(text for text, _ in parts)), PRODUCT
        case "**":
            return f"{_parenthesized(parts[0], ATOM)}^{{{parts[1][0]}}}", POWER
        case "min" | "max":
            return rf"\{node.name}\left({', '.join(text for text, _ in parts)}\right)", ATOM
        case name:
            precedence = SUM if name in CONDITIONS else ATOM
            return OPERATIONS[name].tex.format(*(text for text, _ in parts)), precedence


def _parenthesized(part: tuple[str, int], needed: int) -> str:
    """Return the text, in parentheses if its precedence is below the needed one."""
    text, precedence = part
    return text if precedence >= needed else rf"\left({text}\right)"


def _separator(left: str, right: str) -> str:
    """Return the separator of two factors: a dot before a digit, else a thin space."""
    ambiguous = right[0].isdigit() or (right.startswith(r"\frac") and left[-1].isdigit())
    return r" \cdot " if ambiguous else r" \, "


def _number(number: Number) -> tuple[str, int]:
    if number.tex:
        return number.tex, ATOM
    text = f"{abs(number.value):.15g}"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        text = rf"10^{{{int(exponent)}}}" if mantissa == "1" else rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    if number.value < 0:
        return f"-{text}", SUM
    return text, PRODUCT if exponent else ATOM
