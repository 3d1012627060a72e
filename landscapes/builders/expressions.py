"""Formulas as trees: what they give on tensors, and how they look in TeX."""

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
    """A number; `tex` is how it is written where that is a letter, as π is."""

    value: float
    tex: str = ""


@dataclass(frozen=True)
class Coordinate:
    """The coordinate of an index, counted from 0."""

    index: int


@dataclass(frozen=True)
class Operation:
    """An operator or a function of `OPERATIONS` with what it acts on; `value` where all of that is numbers."""

    name: str
    parts: tuple[Node, ...]
    value: float | None = None


Node = Number | Coordinate | Operation


@dataclass(frozen=True)
class Kind:
    """An operation: its formula on tensors, how many arguments it takes (at least, at most), and its TeX.

    In `tex` each {} is an argument. `plain` operations take numbers beside tensors as they are.
    """

    apply: Callable[..., Tensor]
    least: int = 1
    most: float = 1
    tex: str = ""
    plain: bool = False


def product_power(base: Tensor, exponent: int) -> Tensor:
    """A whole power as products: a general power rounds differently in a batch.

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
    """Whole and half powers as products and roots, all others by `torch.pow`."""
    if isinstance(exponent, float) and isinstance(base, Tensor) and (2 * exponent).is_integer():
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
    """The square root, with a gradient of zero at zero, where the true one is infinite; NaN below."""
    return torch.where(x == 0, 0.0 * x, torch.where(x == 0, 1.0, x).sqrt())


def _folded(pairwise: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda *parts: functools.reduce(pairwise, parts)


def _named(name: str, apply: Callable[..., Tensor], least: int = 1, most: float = 1) -> Kind:
    inside = ", ".join(["{}"] * least)
    return Kind(apply, least, most, rf"\{name}\left({inside}\right)")


def _roman(name: str, apply: Callable[..., Tensor], least: int = 1) -> Kind:
    inside = ", ".join(["{}"] * least)
    return Kind(apply, least, least, rf"\mathrm{{{{{name}}}}}\left({inside}\right)")


OPERATIONS: dict[str, Kind] = {
    "+": Kind(lambda a, b: a + b, 2, 2, plain=True),
    "-": Kind(lambda a, b: a - b, 2, 2, plain=True),
    "*": Kind(lambda a, b: a * b, 2, 2, plain=True),
    "/": Kind(lambda a, b: a / b, 2, 2, r"\frac{{{}}}{{{}}}", plain=True),
    "**": Kind(power, 2, 2, plain=True),
    "negative": Kind(lambda a: -a, plain=True),
    "<": Kind(lambda a, b: a < b, 2, 2, "{} < {}", plain=True),
    "<=": Kind(lambda a, b: a <= b, 2, 2, r"{} \leq {}", plain=True),
    ">": Kind(lambda a, b: a > b, 2, 2, "{} > {}", plain=True),
    ">=": Kind(lambda a, b: a >= b, 2, 2, r"{} \geq {}", plain=True),
    "and": Kind(lambda a, b: a & b, 2, 2, r"{} \wedge {}"),
    "or": Kind(lambda a, b: a | b, 2, 2, r"{} \vee {}"),
    "sqrt": Kind(square_root, tex=r"\sqrt{{{}}}"),
    "abs": Kind(torch.abs, tex=r"\left|{}\right|"),
    "floor": Kind(torch.floor, tex=r"\left\lfloor {} \right\rfloor"),
    "ceil": Kind(torch.ceil, tex=r"\left\lceil {} \right\rceil"),
    **{name: _named(name, getattr(torch, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp")},
    "log": _named("log", torch.log),
    "log10": Kind(torch.log10, tex=r"\log_{{10}}\left({}\right)"),
    "log2": Kind(torch.log2, tex=r"\log_{{2}}\left({}\right)"),
    "asin": _named("arcsin", torch.asin),
    "acos": _named("arccos", torch.acos),
    "atan": _named("arctan", torch.atan),
    "atan2": _roman("atan2", torch.atan2, 2),
    "erf": _roman("erf", torch.erf),
    "sigmoid": _roman("sigmoid", torch.sigmoid),
    "sign": _roman("sign", torch.sign),
    "round": _roman("round", torch.round),
    "min": _named("min", _folded(torch.minimum), 2, math.inf),
    "max": _named("max", _folded(torch.maximum), 2, math.inf),
    "where": _roman("where", torch.where, 3),
}
"""Every operator and function of a formula."""

CONDITIONS = frozenset({"<", "<=", ">", ">=", "and", "or"})
"""Operations that give true or false."""

ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log", "fabs": "abs", "minimum": "min",
           "maximum": "max", "arctan2": "atan2", "ceiling": "ceil"}  # fmt: skip
"""Other names of functions in use."""


def operation(name: str, *parts: Node) -> Operation:
    """An operation, with its value where all its parts are numbers (NaN or infinite where it has none)."""
    if name in CONDITIONS or not all(constant(part) is not None for part in parts):
        return Operation(name, parts)
    there = torch.zeros((), dtype=torch.float64)
    return Operation(name, parts, float(_applied(name, parts, [there])))


def constant(node: Node) -> float | None:
    """The value of a node that has no coordinates in it."""
    return None if isinstance(node, Coordinate) else node.value


def coordinates(node: Node) -> set[int]:
    """The indices of the coordinates in a tree."""
    if isinstance(node, Operation):
        return set[int]().union(*map(coordinates, node.parts))
    return {node.index} if isinstance(node, Coordinate) else set()


def evaluate(node: Node, columns: Sequence[Tensor]) -> Value:
    """What a tree gives where coordinate i is `columns[i]`: a tensor of their shape, or a number for a constant."""
    if isinstance(node, Coordinate):
        return columns[node.index]
    if node.value is not None:
        return node.value
    assert isinstance(node, Operation)  # numbers have a value
    return _applied(node.name, node.parts, columns)


def _applied(name: str, parts: Sequence[Node], columns: Sequence[Tensor]) -> Tensor:
    kind = OPERATIONS[name]
    values = [evaluate(part, columns) for part in parts]
    if not kind.plain or all(isinstance(value, float) for value in values):
        like = columns[0]
        values = [torch.full_like(like, value) if isinstance(value, float) else value for value in values]
    if name == "**" and (exponent := constant(parts[1])) is not None:
        values[1] = exponent
    return kind.apply(*values)


# TeX: each node's text with how tightly it binds

GREEK = frozenset(
    ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
     "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega")
)  # fmt: skip

SUM, PRODUCT, POWER, ATOM = range(4)


def tex_name(name: str) -> str:
    """The name of a coordinate in TeX: x1, x_1 and x[1] with an index, Greek letters as such.

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
    """The tree in TeX, with these names of the coordinates, as matplotlib's mathtext reads it too.

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
    parts = [_tex(part, names) for part in node.parts]
    match node.name:
        case "+" | "-":
            (left, _), right = parts[0], _held(parts[1], PRODUCT)
            return f"{left} {node.name} {right}", SUM
        case "negative":
            return f"-{_held(parts[0], PRODUCT)}", SUM
        case "*":
            left, right = _held(parts[0], PRODUCT), _held(parts[1], PRODUCT)
            return f"{left}{_between(left, right)}{right}", PRODUCT
        case "/":
            return OPERATIONS["/"].tex.format(*(text for text, _ in parts)), PRODUCT
        case "**":
            return f"{_held(parts[0], ATOM)}^{{{parts[1][0]}}}", POWER
        case "min" | "max":
            return rf"\{node.name}\left({', '.join(text for text, _ in parts)}\right)", ATOM
        case name:
            bound = SUM if name in CONDITIONS else ATOM
            return OPERATIONS[name].tex.format(*(text for text, _ in parts)), bound


def _held(part: tuple[str, int], needed: int) -> str:
    text, bound = part
    return text if bound >= needed else rf"\left({text}\right)"


def _between(left: str, right: str) -> str:
    """What stands between factors: a dot before a digit, else a thin space."""
    unclear = right[0].isdigit() or (right.startswith(r"\frac") and left[-1].isdigit())
    return r" \cdot " if unclear else r" \, "


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
