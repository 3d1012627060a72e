"""The operations on numbers that a program consists of: their JavaScript, and what torch computes for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

CALL, UNARY, PRODUCT, SUM, RELATION, EQUALITY, AND, OR, CHOICE = 20, 14, 12, 11, 9, 8, 4, 3, 2
"""How strongly the operators of JavaScript bind: a weaker operand of a stronger operator needs parentheses."""

NEGATIVE = SUM - 1
"""The binding of a leading minus: in parentheses within sums and products, so that `a--b` is never written."""


@dataclass(frozen=True)
class Operation:
    """An operation on numbers.

    Attributes:
        text: its JavaScript; {0}, {1}, … are the operands.
        binding: how strongly the text binds.
        operands: the weakest binding of each operand that needs no parentheses.
        evaluate: the same operation on tensors of float64.
        helper: name of the function of the library that the text calls, or "".
    """

    text: str
    binding: int
    operands: tuple[int, ...]
    evaluate: Callable[..., Tensor]
    helper: str = ""


def _infix(symbol: str, binding: int, evaluate: Callable[..., Tensor]) -> Operation:
    return Operation(f"{{0}}{symbol}{{1}}", binding, (binding, binding + 1), evaluate)


def _call(name: str, count: int, evaluate: Callable[..., Tensor]) -> Operation:
    text = f"{name}({','.join(f'{{{i}}}' for i in range(count))})"
    return Operation(text, CALL, (CHOICE,) * count, evaluate, "" if name.startswith("Math.") else name)


def _double(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a function of tensors that may also get truth values, as JavaScript's operators may."""
    return lambda *given: function(*(one.double() for one in given))


def _truth(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *given: function(*(one.bool() for one in given))


def _fused(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return torch.addcmul(c, a, b)  # rounds once on the CPU


MATH = (
    "abs", "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "expm1", "log1p", "log2", "log10", "floor", "ceil", "trunc",
)  # fmt: skip
"""Functions of one number that `Math` has under torch's name."""

OPERATIONS: Mapping[str, Operation] = {
    **{name: _call(f"Math.{name}", 1, _double(getattr(torch, name))) for name in MATH},
    "add": _infix("+", SUM, _double(torch.add)),
    "sub": _infix("-", SUM, _double(torch.sub)),
    "mul": _infix("*", PRODUCT, _double(torch.mul)),
    "div": _infix("/", PRODUCT, _double(torch.div)),
    "fmod": _infix("%", PRODUCT, _double(torch.fmod)),
    "neg": Operation("-{0}", NEGATIVE, (PRODUCT,), _double(torch.neg)),
    "pow": _call("Math.pow", 2, _double(torch.pow)),
    "atan2": _call("Math.atan2", 2, _double(torch.atan2)),
    "hypot": _call("Math.hypot", 2, _double(torch.hypot)),
    "maximum": _call("Math.max", 2, _double(torch.maximum)),
    "minimum": _call("Math.min", 2, _double(torch.minimum)),
    "fma": _call("fma", 3, _double(_fused)),
    "power": _call("power", 2, _double(torch.pow)),
    "sign": _call("sign", 1, _double(torch.sign)),
    "round": _call("round", 1, _double(torch.round)),
    "remainder": _call("remainder", 2, _double(torch.remainder)),
    "erf": _call("erf", 1, _double(torch.erf)),
    "lt": _infix("<", RELATION, _double(torch.lt)),
    "le": _infix("<=", RELATION, _double(torch.le)),
    "gt": _infix(">", RELATION, _double(torch.gt)),
    "ge": _infix(">=", RELATION, _double(torch.ge)),
    "eq": _infix("==", EQUALITY, _double(torch.eq)),
    "ne": _infix("!=", EQUALITY, _double(torch.ne)),
    "and": _infix("&&", AND, _truth(torch.logical_and)),
    "or": _infix("||", OR, _truth(torch.logical_or)),
    "not": Operation("!{0}", UNARY, (UNARY,), _truth(torch.logical_not)),
    "where": Operation(
        "{0}?{1}:{2}", CHOICE, (OR, CHOICE, CHOICE), lambda c, a, b: torch.where(c.bool(), a.double(), b.double())
    ),
}

TRUTH = {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"}
"""Operations that give true or false."""

COMMUTATIVE = {"add", "mul", "maximum", "minimum", "eq", "ne"}
