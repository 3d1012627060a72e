"""Formulas from text: parsed by Python's grammar, never evaluated. What cannot be read is pointed at."""

from __future__ import annotations

import ast
import functools
import itertools
import math
import re
import warnings
from collections.abc import Mapping, Sequence

from landscapes.builders.expressions import (
    ALIASES,
    CONDITIONS,
    OPERATIONS,
    Coordinate,
    Node,
    Number,
    constant,
    operation,
)
from landscapes.errors import InputError, unknown

FUNCTIONS = sorted(name for name in OPERATIONS if name.isidentifier() and name not in (*CONDITIONS, "negative"))
"""Names of functions."""

LETTERS = ("x", "y", "z")
"""Names of coordinates; beyond three they are numbered."""

NUMBERS = {"pi": Number(math.pi, r"\pi"), "π": Number(math.pi, r"\pi"), "e": Number(math.e, "e")}
"""Names that stand for numbers."""

DEEPEST = 200
"""How many operations may lie within one another."""

LONGEST = 10_000
"""How many characters a formula may have."""

HIGHEST = 100
"""The highest power."""

WIDEST = 72
"""How much of a formula an error shows, in characters."""

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.And: "and", ast.Or: "or",
}  # fmt: skip

_REFUSED: dict[type[ast.AST], str] = {
    ast.BitXor: "^ is not a power here; write x**2",
    ast.FloorDiv: "// is no operation here; write floor(x / y)",
    ast.Mod: "% is no operation here; write x - y * floor(x / y)",
    ast.Attribute: "a dot reaches into objects, and there are none here; write sin(x) for np.sin(x)",
    ast.Compare: "a comparison stands only in where(x > 0, a, b)",
    ast.BoolOp: "and, or stand only in where(x > 0 and y > 0, a, b)",
    ast.IfExp: "if is not understood here; write where(x > 0, a, b)",
    ast.Tuple: "a comma stands only between the arguments of a function; a decimal point is a dot",
}
"""What is good Python and no formula, with what to write instead."""


def read(text: str, names: Sequence[str] | None = None) -> tuple[Node, list[str]]:
    """The tree of a formula, and the names of its coordinates.

    Args:
        text: the formula: numbers, + - * / **, parentheses, pi and e, coordinates and functions of `OPERATIONS`.
        names: the names of the coordinates; by default x, y, z, or x1, x2, …, or x[0], x[1], …

    Raises:
        InputError: for whatever is no formula; its message ends with the formula and a caret below the place.

    >>> read("x**2 + y")[1]
    ['x', 'y']
    >>> read("sn(x)")
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: cannot read the formula at character 1: unknown function 'sn'. Did you mean sin or sinh or sign?
      sn(x)
      ^^
    """
    if not isinstance(text, str):
        raise InputError(f"a formula is text, as in 'x**2 + 3*sin(y)', not {type(text).__name__}")
    if not text.strip():
        raise InputError("the formula is empty; write one, as in 'x**2 + 3*sin(y)'")
    if len(text) > LONGEST:
        raise InputError(f"the formula has {len(text)} characters, more than {LONGEST}; write it as a Python function")
    return _Reader(text, names).read()


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, names: Sequence[str] | None) -> None:
        self.text = re.sub(r"\s", " ", text).strip()
        self.names = names

    def read(self) -> tuple[Node, list[str]]:
        tree = self._tree()
        names = self._coordinates(tree) if self.names is None else list(self.names)
        node = self._node(tree, {name: index for index, name in enumerate(names)}, 0)
        if constant(node) is not None:
            raise self._error("a formula needs a coordinate: x, y, z or x1, x2, …", tree)
        return node, names

    def _tree(self) -> ast.expr:
        try:
            with warnings.catch_warnings(action="ignore"):  # Python's remarks on odd literals
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            begin = error.offset - 1 if error.offset else len(self.text)
            if begin == 0 and self.text[-1] in "+-*/,":  # Python means the end and says the beginning
                begin = len(self.text)
            end = max((error.end_offset or 0) - 1, begin + 1)
            raise self._error(_explained(error, self.text[begin:]), begin, end) from None
        except (ValueError, RecursionError, MemoryError):
            raise InputError("cannot read the formula: it holds characters or a nesting beyond any use") from None

    def _coordinates(self, tree: ast.expr) -> list[str]:
        """The names of the coordinates, by the style in which the formula names them."""
        used: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript):
                used.setdefault("x[0]", node)
            elif isinstance(node, ast.Name):
                used.setdefault(node.id, node)
        numbered = {name: int(name[1:]) for name in used if re.fullmatch(r"x[1-9]\d{0,3}", name)}
        letters = [name for name in used if name in LETTERS]
        if "x[0]" in used:
            indices = [_index(node) for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
            return [f"x[{index}]" for index in range(max(indices) + 1)]
        if numbered and letters:
            raise self._error("coordinates are x, y, z or x1, x2, …, not both", used[letters[0]])
        if numbered:
            return [f"x{index + 1}" for index in range(max(numbered.values()))]
        return list(LETTERS[: max((LETTERS.index(name) + 1 for name in letters), default=1)])

    def _node(self, tree: ast.expr, places: Mapping[str, int], depth: int, *, condition: bool = False) -> Node:
        """The tree of ours for one of Python's; a `condition` is what where() asks first."""
        if depth > DEEPEST:
            raise InputError(
                f"cannot read the formula: more than {DEEPEST} operations lie within one another; "
                "write it as a Python function"
            )
        if condition:
            return self._condition(tree, places, depth)
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(value, tree)
            case ast.Name(id=name):
                return self._name(name, places, tree)
            case ast.Subscript(value=ast.Name(id="x")) if f"x[{_index(tree)}]" in places:
                return Coordinate(places[f"x[{_index(tree)}]"])
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._node(inner, places, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._operation("negative", [self._node(inner, places, depth + 1)], tree)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                parts = [self._node(side, places, depth + 1) for side in (left, right)]
                return self._operation(_OPERATORS[type(sign)], parts, tree)
            case ast.Call():
                return self._call(tree, places, depth)
        if isinstance(tree, ast.BinOp):
            raise self._error(
                _REFUSED.get(type(tree.op), "this is no operation here; write + - * / **"), *self._sign(tree)
            )
        raise self._error(
            _REFUSED.get(type(tree), "this is no part of a formula; write numbers, coordinates and functions"), tree
        )

    def _condition(self, tree: ast.expr, places: Mapping[str, int], depth: int) -> Node:
        match tree:
            case ast.BoolOp(op=sign, values=values):
                parts = [self._node(part, places, depth + 1, condition=True) for part in values]
                return functools.reduce(functools.partial(operation, _OPERATORS[type(sign)]), parts)
            case ast.Compare(left=left, ops=signs, comparators=others) if all(type(s) in _OPERATORS for s in signs):
                sides = [self._node(side, places, depth + 1) for side in (left, *others)]
                pairs = [
                    operation(_OPERATORS[type(sign)], *pair)
                    for sign, pair in zip(signs, itertools.pairwise(sides), strict=True)
                ]
                return functools.reduce(functools.partial(operation, "and"), pairs)
        raise self._error("where asks a comparison first: where(x > 0, a, b), with <, <=, >, >=, and, or", tree)

    def _call(self, tree: ast.Call, places: Mapping[str, int], depth: int) -> Node:
        if not isinstance(tree.func, ast.Name):
            dotted = isinstance(tree.func, ast.Attribute)
            raise self._error(_REFUSED[ast.Attribute] if dotted else "write * for a product: 2*(x + 1)", tree.func)
        given = tree.func.id
        name = ALIASES.get(given, given)
        if given in places or given in NUMBERS:
            raise self._error(f"{given} is no function; write * for a product: {given}*(…)", tree.func)
        if name not in FUNCTIONS:
            raise self._error(str(unknown("function", given, FUNCTIONS)), tree.func)
        if tree.keywords:
            raise self._error(f"{given} takes values alone, without names", tree.keywords[0].value)
        kind = OPERATIONS[name]
        if not kind.least <= len(tree.args) <= kind.most:
            needed = (
                "one argument"
                if kind.most == 1
                else f"{kind.least} arguments{'' if kind.most == kind.least else ' or more'}"
            )
            raise self._error(f"{given} takes {needed}, not {len(tree.args)}", tree)
        parts = [
            self._node(part, places, depth + 1, condition=name == "where" and place == 0)
            for place, part in enumerate(tree.args)
        ]
        return self._operation(name, parts, tree)

    def _name(self, name: str, places: Mapping[str, int], tree: ast.expr) -> Node:
        if name in places:
            return Coordinate(places[name])
        if name in NUMBERS:
            return NUMBERS[name]
        if ALIASES.get(name, name) in FUNCTIONS:
            raise self._error(f"{name} is a function; write what it is of: {name}(x)", tree)
        raise self._error(str(unknown("name", name, [*places, *NUMBERS, *FUNCTIONS])), tree)

    def _number(self, value: float, tree: ast.expr) -> Number:
        try:
            if math.isfinite(value):
                return Number(float(value))
        except OverflowError:
            pass
        raise self._error("this number is larger than any that can be computed with, 1.8e308", tree)

    def _operation(self, name: str, parts: Sequence[Node], tree: ast.expr) -> Node:
        made = operation(name, *parts)
        if made.value is not None and not math.isfinite(made.value):
            raise self._error(f"this is {made.value}, no finite number", tree)
        if name == "**" and made.value is None and abs(constant(parts[1]) or 0) > HIGHEST:
            raise self._error(f"powers go up to {HIGHEST}", tree.right if isinstance(tree, ast.BinOp) else tree)
        return made

    def _sign(self, tree: ast.BinOp) -> tuple[int, int]:
        """Where the sign between two operands begins and ends."""
        between = self._part(tree.left.end_col_offset, tree.right.col_offset)
        begin = len(self._part(0, tree.left.end_col_offset)) + len(between) - len(between.lstrip(" )"))
        return begin, begin + len(between.strip(" ()"))

    def _part(self, begin: int | None, end: int | None) -> str:
        """The text between two places of Python's, which are counted in bytes."""
        return self.text.encode()[begin:end].decode()

    def _error(self, message: str, begin: ast.expr | int, end: int = 0) -> InputError:
        """The error with a caret below its place."""
        if isinstance(begin, ast.expr):
            begin, end = (len(self._part(0, offset)) for offset in (begin.col_offset, begin.end_col_offset))
        begin = min(begin, len(self.text))
        first = max(0, min(begin - WIDEST // 3, len(self.text) - WIDEST))
        shown = self.text[first : first + WIDEST]
        carets = "^" * max(1, min(end, first + len(shown)) - begin)
        return InputError(
            f"cannot read the formula at character {begin + 1}: {message}",
            place=f"  {shown}\n  {' ' * (begin - first)}{carets}",
        )


def _index(tree: ast.Subscript) -> int:
    """The index of x[0], x[1], …; -1 where it is none."""
    index = tree.slice.value if isinstance(tree.slice, ast.Constant) else None
    return index if type(index) is int and 0 <= index < LONGEST else -1


def _explained(error: SyntaxError, rest: str) -> str:
    """What Python's parser says, in our words where ours help more."""
    reason = str(error.msg)
    if "decimal literal" in reason or "perhaps you forgot a comma" in reason:
        return "something is missing here; write * for a product: 2*x"
    if "invalid character" in reason:
        hint = {"²": "x**2", "³": "x**3", "·": "*", "×": "*", "−": "-", "÷": "/"}.get(rest[:1])
        return f"{rest[:1]!r} is not understood" + (f"; write {hint}" if hint else "")
    if reason == "invalid syntax":
        if not rest:
            return "something is missing at the end"
        hint = "; write * for a product" if rest[0].isalnum() or rest[0] == "(" else ""
        return f"{rest.split(' ')[0]!r} does not fit here{hint}"
    return reason
