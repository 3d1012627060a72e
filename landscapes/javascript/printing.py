"""The text of a program: one arrow function of JavaScript."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Protocol

from landscapes.javascript.operations import CALL, CHOICE, NEGATIVE, OPERATIONS
from landscapes.javascript.program import Program

MAX_INLINE = 300
"""Characters up to which a value that is used once is written where it is used."""

LETTERS = "abcdefghijklmnoqruvwz"
"""First letters of the names of values; p, s, t, x and y are left to inputs."""


class Emitted(Protocol):
    """What has a text, and calls functions of the library."""

    @property
    def source(self) -> str:
        """The text."""

    @property
    def helpers(self) -> frozenset[str]:
        """The functions of `library` that it calls."""


@dataclass(frozen=True)
class Script:
    """A function of JavaScript.

    Attributes:
        source: the text of an arrow function, such as "(x,y)=>[x*x+y*y,2*x,2*y]".
        helpers: the functions of `library` that it calls.
    """

    source: str
    helpers: frozenset[str] = frozenset()


def printed(program: Program, outputs: Sequence[int], *, unwrapped: bool = False) -> Script:
    """Return a program as an arrow function of its inputs that returns the array of the outputs.

    Args:
        program: the program.
        outputs: the numbers of the values that it returns.
        unwrapped: whether to return the only output itself, not in an array.
    """
    needed = program.needed(outputs)
    uses = Counter(operand for number in needed for operand in program.instructions[number].operands)
    uses.update(outputs)
    texts = {number: (literal(value), _binding(value)) for number, value in program.constants.items()}
    texts.update((number, (name, CALL)) for number, name in program.inputs.items())
    names, statements, helpers = _names(set(program.inputs.values())), [], set()
    for number in needed:
        name, operands = program.instructions[number]
        operation = OPERATIONS[name]
        parts = [
            text if binding >= weakest else f"({text})"
            for (text, binding), weakest in zip((texts[one] for one in operands), operation.operands, strict=True)
        ]
        text, binding = operation.text.format(*parts), operation.binding
        helpers.add(operation.helper)
        if number in outputs and program.is_truth(number):
            text, binding = f"+({text})", NEGATIVE
        if uses[number] > 1 or len(text) > MAX_INLINE:
            statements.append(f"{(short := next(names))}={text}")
            text, binding = short, CALL
        texts[number] = text, binding
    results = [text if binding >= CHOICE else f"({text})" for text, binding in (texts[one] for one in outputs)]
    result = results[0] if unwrapped else f"[{','.join(results)}]"
    body = f"{{const {','.join(statements)};return {result}}}" if statements else result
    return Script(f"({','.join(program.inputs.values())})=>{body}", frozenset(helpers - {""}))


def library(scripts: Iterable[Emitted]) -> str:
    """Return the helpers that some scripts call, as statements to put before them; "" if they call none.

    >>> library([Script("x=>sign(x)", frozenset({"sign"}))])
    'const sign = x => (x > 0) - (x < 0);'
    """
    wanted: set[str] = set().union(*(script.helpers for script in scripts))
    known = _helpers()
    for name, text in reversed(known.items()):
        if name in wanted:
            wanted.update(other for other in known if re.search(rf"\b{other}\(", text))
    return "\n".join(text for name, text in known.items() if name in wanted)


@cache
def _helpers() -> dict[str, str]:
    """Return the text of each helper by name, in the order of library.js, without comments and indentation."""
    text = files("landscapes.javascript").joinpath("library.js").read_text(encoding="utf-8")
    text = re.sub(r"^//.*\n|^ +", "", text, flags=re.MULTILINE)
    return {part.split()[1]: part.replace("\n", " ") for part in text.strip().split("\n\n")}


def literal(value: float) -> str:
    """Return a number as JavaScript reads it back, bit for bit.

    >>> [literal(value) for value in (2.0, -0.5, 1e-7, 1e22, math.inf)]
    ['2', '-.5', '1e-7', '1e22', 'Infinity']
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value).removesuffix(".0")
    text = re.sub(r"e([+-])0*(\d)", lambda match: "e" + match[1].strip("+") + match[2], text)
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _binding(value: float) -> int:
    return NEGATIVE if math.copysign(1.0, value) < 0 else CALL


def _names(taken: set[str]) -> Iterator[str]:
    """Return short names in turn: a, b, …, z, a1, b1, …"""
    for round_ in count():
        for letter in LETTERS:
            name = f"{letter}{round_ or ''}"
            if name not in taken:
                yield name
