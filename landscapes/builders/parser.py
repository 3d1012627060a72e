"""Parse formulas with Python's grammar, without evaluating them; errors mark their place in the text."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Mapping, Sequence

from landscapes.builders.expressions import (
    ALIASES,
    CONDITIONS,
    OPERATIONS,
    Coordinate,
    Node,
    Number,
    balanced,
    constant,
    operation,
)
from landscapes.errors import InputError, unknown
from landscapes.silence import ignored_warnings

FUNCTIONS = sorted(name for name in OPERATIONS if name.isidentifier() and name not in (*CONDITIONS, "negative"))
"""Names of functions that a formula may contain."""

LETTERS = ("x", "y", "z")
"""Names of up to three coordinates; more are numbered."""

NUMBERS = {"pi": Number(math.pi, r"\pi"), "π": Number(math.pi, r"\pi"), "e": Number(math.e, "e")}
"""Named constants."""

MAX_DEPTH = 200
"""Maximal nesting of operations."""

MAX_LENGTH = 10_000
"""Maximal number of characters."""

MAX_POWER = 100
"""Largest absolute value of a constant exponent."""

EXCERPT = 72
"""Characters of a formula that an error shows."""

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.And: "and", ast.Or: "or",
}  # fmt: skip

_REFUSED: dict[type[ast.AST], str] = {
    ast.BitXor: "^ is not a power here; write x**2",
    ast.FloorDiv: "// is not supported; write floor(x / y)",
    ast.Mod: "% is not supported; write x - y * floor(x / y)",
    ast.Attribute: "attributes are not supported; write sin(x) for np.sin(x)",
    ast.Compare: "a comparison is allowed only as the condition of where(x > 0, a, b)",
    ast.BoolOp: "and, or are allowed only in the condition of where(x > 0 and y > 0, a, b)",
    ast.IfExp: "if is not supported; write where(x > 0, a, b)",
    ast.Tuple: "a comma may only separate the arguments of a function; the decimal separator is a dot",
}
"""Python syntax that formulas do not support, and what to write instead."""


def parse(text: str, names: Sequence[str] | None = None) -> tuple[Node, list[str]]:
    """Return the expression tree of a formula and the names of its coordinates.

    Args:
        text: the formula: numbers, + - * / **, parentheses, pi and e, coordinates and functions of `OPERATIONS`.
        names: names of the coordinates; by default x, y, z, or x1, x2, …, or x[0], x[1], …

    Raises:
        InputError: for text that is not a formula; the message ends with the formula and a caret below the error.

    >>> parse("x**2 + y")[1]
    ['x', 'y']
    >>> parse("flor(x)")
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: cannot read the formula at character 1: unknown function 'flor'. Did you mean floor?
      flor(x)
      ^^^^
    """
    if not isinstance(text, str):
        raise InputError(f"a formula must be text, as in 'x**2 + 3*sin(y)', got {type(text).__name__}")
    if not text.strip():
        raise InputError("the formula is empty; write one, as in 'x**2 + 3*sin(y)'")
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"the formula has {len(text)} characters, more than {MAX_LENGTH}; write it as a Python function"
        )
    return _Parser(text, names).parse()


class _Parser:
    """Converts the syntax tree of one text."""

    def __init__(self, text: str, names: Sequence[str] | None) -> None:
        self.text = re.sub(r"\s", " ", text).strip()
        self.names = names

    def parse(self) -> tuple[Node, list[str]]:
        tree = self._tree()
        names = self._coordinates(tree) if self.names is None else list(self.names)
        node = self._node(tree, {name: index for index, name in enumerate(names)}, 0)
        if constant(node) is not None:
            raise self._error("a formula needs a coordinate: x, y, z or x1, x2, …", tree)
        return node, names

    def _tree(self) -> ast.expr:
        try:
            with ignored_warnings():  # Python warns of literals such as 2if
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            begin = error.offset - 1 if error.offset else len(self.text)
            if begin == 0 and self.text[-1] in "+-*/,":  # Python reports the beginning where the end is incomplete
                begin = len(self.text)
            end = max((error.end_offset or 0) - 1, begin + 1)
            raise self._error(_explained(error, self.text[begin:]), begin, end) from None
        except (ValueError, RecursionError, MemoryError):
            raise InputError(
                "cannot read the formula: it contains unsupported characters or is nested too deeply"
            ) from None

    def _coordinates(self, tree: ast.expr) -> list[str]:
        """Return the names of the coordinates, in the style that the formula uses."""
        used: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript):
                used.setdefault("x[0]", node)
            elif isinstance(node, ast.Name):
                used.setdefault(node.id, node)
        numbered = {name: int(name[1:]) for name in used if re.fullmatch(r"x[1-9]\d{0,3}", name)}
        letters = [name for name in used if name in LETTERS]
        if "x[0]" in used:
            used_indices = [_index(node) for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
            return [f"x[{index}]" for index in range(max(used_indices) + 1)]
        if numbered and letters:
            raise self._error("coordinates are x, y, z or x1, x2, …, not both", used[letters[0]])
        if numbered:
            return [f"x{index + 1}" for index in range(max(numbered.values()))]
        return list(LETTERS[: max((LETTERS.index(name) + 1 for name in letters), default=1)])

    def _node(self, tree: ast.expr, indices: Mapping[str, int], depth: int, *, condition: bool = False) -> Node:
        """Convert a tree of Python's; a `condition` is the first argument of where()."""
        if depth > MAX_DEPTH:
            raise InputError(
                f"cannot read the formula: more than {MAX_DEPTH} operations are nested; write it as a Python function"
            )
        if condition:
            return self._condition(tree, indices, depth)
        match tree:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(value, tree)
            case ast.Name(id=name):
                return self._name(name, indices, tree)
            case ast.Subscript(value=ast.Name(id="x")) if f"x[{_index(tree)}]" in indices:
                return Coordinate(indices[f"x[{_index(tree)}]"])
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._node(inner, indices, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._operation("negative", [self._node(inner, indices, depth + 1)], tree)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                parts = [self._node(side, indices, depth + 1) for side in (left, right)]
                return self._operation(_OPERATORS[type(sign)], parts, tree)
            case ast.Call():
                return self._call(tree, indices, depth)
        if isinstance(tree, ast.BinOp):
            raise self._error(
                _REFUSED.get(type(tree.op), "this operation is not supported; write + - * / **"), *self._sign(tree)
            )
        raise self._error(
            _REFUSED.get(type(tree), "this is not supported in a formula; write numbers, coordinates and functions"),
            tree,
        )

    def _condition(self, tree: ast.expr, indices: Mapping[str, int], depth: int) -> Node:
        match tree:
            case ast.BoolOp(op=sign, values=values):
                parts = [self._node(part, indices, depth + 1, condition=True) for part in values]
                return balanced(_OPERATORS[type(sign)], parts)
            case ast.Compare(left=left, ops=signs, comparators=others) if all(type(s) in _OPERATORS for s in signs):
                sides = [self._node(side, indices, depth + 1) for side in (left, *others)]
                pairs = [
                    operation(_OPERATORS[type(sign)], *pair)
                    for sign, pair in zip(signs, itertools.pairwise(sides), strict=True)
                ]
                return balanced("and", pairs)
        raise self._error(
            "the first argument of where must be a comparison: where(x > 0, a, b), with <, <=, >, >=, and, or", tree
        )

    def _call(self, tree: ast.Call, indices: Mapping[str, int], depth: int) -> Node:
        if not isinstance(tree.func, ast.Name):
            dotted = isinstance(tree.func, ast.Attribute)
            raise self._error(_REFUSED[ast.Attribute] if dotted else "write * for a product: 2*(x + 1)", tree.func)
        given = tree.func.id
        name = ALIASES.get(given, given)
        if given in indices or given in NUMBERS:
            raise self._error(f"{given} is not a function; write * for a product: {given}*(…)", tree.func)
        if name not in FUNCTIONS:
            raise self._error(str(unknown("function", given, FUNCTIONS)), tree.func)
        if tree.keywords:
            raise self._error(f"{given} takes positional arguments only", tree.keywords[0].value)
        spec = OPERATIONS[name]
        if not spec.min_args <= len(tree.args) <= spec.max_args:
            needed = (
                "one argument"
                if spec.max_args == 1
                else f"{spec.min_args} arguments{'' if spec.max_args == spec.min_args else ' or more'}"
            )
            raise self._error(f"{given} takes {needed}, got {len(tree.args)}", tree)
        parts = [
            self._node(part, indices, depth + 1, condition=name == "where" and i == 0)
            for i, part in enumerate(tree.args)
        ]
        return self._operation(name, parts, tree)

    def _name(self, name: str, indices: Mapping[str, int], tree: ast.expr) -> Node:
        if name in indices:
            return Coordinate(indices[name])
        if name in NUMBERS:
            return NUMBERS[name]
        if ALIASES.get(name, name) in FUNCTIONS:
            raise self._error(f"{name} is a function and needs an argument: {name}(x)", tree)
        raise self._error(str(unknown("name", name, [*indices, *NUMBERS, *FUNCTIONS])), tree)

    def _number(self, value: float, tree: ast.expr) -> Number:
        try:
            if math.isfinite(value):
                return Number(float(value))
        except OverflowError:
            pass
        raise self._error("this number exceeds the largest floating-point number, 1.8e308", tree)

    def _operation(self, name: str, parts: Sequence[Node], tree: ast.expr) -> Node:
        made = operation(name, *parts)
        if made.value is not None and not math.isfinite(made.value):
            raise self._error(f"this is {made.value}, not a finite number", tree)
        if name == "**" and made.value is None and abs(constant(parts[1]) or 0) > MAX_POWER:
            raise self._error(
                f"exponents must be at most {MAX_POWER} in absolute value",
                tree.right if isinstance(tree, ast.BinOp) else tree,
            )
        return made

    def _sign(self, tree: ast.BinOp) -> tuple[int, int]:
        """Return where the sign between two operands begins and ends."""
        between = self._part(tree.left.end_col_offset, tree.right.col_offset)
        begin = len(self._part(0, tree.left.end_col_offset)) + len(between) - len(between.lstrip(" )"))
        return begin, begin + len(between.strip(" ()"))

    def _part(self, begin: int | None, end: int | None) -> str:
        """Return the text between two offsets of Python's parser, which counts bytes."""
        return self.text.encode()[begin:end].decode()

    def _error(self, message: str, begin: ast.expr | int, end: int = 0) -> InputError:
        """Return an error with carets below its place."""
        if isinstance(begin, ast.expr):
            begin, end = (len(self._part(0, offset)) for offset in (begin.col_offset, begin.end_col_offset))
        begin = min(begin, len(self.text))
        first = max(0, min(begin - EXCERPT // 3, len(self.text) - EXCERPT))
        excerpt = self.text[first : first + EXCERPT]
        carets = "^" * max(1, min(end, first + len(excerpt)) - begin)
        return InputError(
            f"cannot read the formula at character {begin + 1}: {message}",
            place=f"  {excerpt}\n  {' ' * (begin - first)}{carets}",
        )


def _index(tree: ast.Subscript) -> int:
    """Return the index of x[0], x[1], …; -1 for an invalid one."""
    index = tree.slice.value if isinstance(tree.slice, ast.Constant) else None
    return index if type(index) is int and 0 <= index < MAX_LENGTH else -1


def _explained(error: SyntaxError, rest: str) -> str:
    """Return the message of Python's parser, or a more helpful one."""
    reason = str(error.msg)
    if "decimal literal" in reason or "perhaps you forgot a comma" in reason:
        return "an operator is missing here; write * for a product: 2*x"
    if "invalid character" in reason:
        hint = {"²": "x**2", "³": "x**3", "·": "*", "×": "*", "−": "-", "÷": "/"}.get(rest[:1])
        return f"{rest[:1]!r} is not supported" + (f"; write {hint}" if hint else "")
    if "line continuation" in reason:
        return "LaTeX is not read; write sqrt(x), x/y, x**2 and the names of functions without \\"
    if reason == "invalid syntax":
        if not rest:
            return "the formula is incomplete"
        hint = "; write * for a product" if rest[0].isalnum() or rest[0] == "(" else ""
        return f"{rest.split(' ')[0]!r} is not expected here{hint}"
    return reason
