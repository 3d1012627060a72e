"""A program: operations on single numbers, each written once, from inputs to outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from landscapes.javascript.operations import COMMUTATIVE, OPERATIONS, TRUTH

MAX_OPERATIONS = 6_000
"""Operations beyond which a program is refused: its text would exceed 100 kB, and engines would not compile it."""


class TooLongError(Exception):
    """A program would have more than `MAX_OPERATIONS` operations."""


class Instruction(NamedTuple):
    """An operation and the numbers of its operands; a constant or an input has an empty operation and no operands."""

    operation: str
    operands: tuple[int, ...]


class Program:
    """A list of operations, without repetitions.

    Each value has a number. Number 0 is the constant 0, so that torch itself can fill tensors of numbers with zeros.

    Args:
        inputs: the names of the inputs.

    Attributes:
        instructions: what computes each value.
        constants: the values that are known, by number.
        inputs: the names of the inputs, by number.

    >>> program = Program(["x"])
    >>> x = program.number("x")
    >>> program.apply("add", x, program.apply("mul", x, program.constant(1.0)))
    3
    >>> program.instructions[3]
    Instruction(operation='add', operands=(1, 1))
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self.instructions: list[Instruction] = []
        self.constants: dict[int, float] = {}
        self.inputs: dict[int, str] = {}
        self._known: dict[object, int] = {}
        self.constant(0.0)
        for name in inputs:
            self.inputs[self._append(Instruction("", ()))] = name

    def number(self, name: str) -> int:
        """Return the number of an input."""
        return next(number for number, known in self.inputs.items() if known == name)

    def constant(self, value: float) -> int:
        """Return the number of a constant; 0 and -0 differ."""
        value = float(value)
        key = "NaN" if math.isnan(value) else (value, math.copysign(1.0, value))
        if key not in self._known:
            self._known[key] = self._append(Instruction("", ()))
            self.constants[self._known[key]] = value
        return self._known[key]

    def apply(self, operation: str, *operands: int) -> int:
        """Return the number of an operation's result: an earlier one if it is the same."""
        if all(operand in self.constants for operand in operands):
            values = [torch.tensor(self.constants[operand], dtype=torch.float64) for operand in operands]
            return self.constant(float(OPERATIONS[operation].evaluate(*values)))
        simple = self._simplified(operation, operands)
        if isinstance(simple, int):
            return simple
        key = Instruction(simple.operation, tuple(sorted(simple.operands))) if operation in COMMUTATIVE else simple
        if key not in self._known:
            self._known[key] = self._append(simple)
        return self._known[key]

    def _simplified(self, operation: str, operands: tuple[int, ...]) -> int | Instruction:
        """Return an operation with the same bits that takes less text, or the operand that it equals.

        x + 0 becomes x, which differs for x = -0 alone.
        """
        constants = [self.constants.get(operand) for operand in operands]
        if operation in ("add", "mul"):
            neutral = 0.0 if operation == "add" else 1.0
            for this, other in ((0, 1), (1, 0)):
                if constants[this] == neutral:
                    return operands[other]
            if operation == "mul" and -1.0 in constants:
                return self.apply("neg", operands[1 - constants.index(-1.0)])
        if operation == "where":
            left, right = operands[1:]
            if constants[0] is not None:
                return left if constants[0] else right
            if left == right:
                return left
        if operation in ("sub", "div") and constants[1] == (0.0 if operation == "sub" else 1.0):
            return operands[0]
        if operation in ("add", "sub"):
            opposite, last = "sub" if operation == "add" else "add", operands[1]
            if self.instructions[last].operation == "neg":
                return self.apply(opposite, operands[0], self.instructions[last].operands[0])
            if constants[1] is not None and constants[1] < 0:
                return self.apply(opposite, operands[0], self.constant(-constants[1]))
        if operation == "add" and self.instructions[operands[0]].operation == "neg":
            return self.apply("sub", operands[1], self.instructions[operands[0]].operands[0])
        if operation == "neg" and self.instructions[operands[0]].operation == "neg":
            return self.instructions[operands[0]].operands[0]
        return Instruction(operation, operands)

    def _append(self, instruction: Instruction) -> int:
        if len(self.instructions) > MAX_OPERATIONS + len(self.constants):
            raise TooLongError
        self.instructions.append(instruction)
        return len(self.instructions) - 1

    def is_truth(self, number: int) -> bool:
        """Return whether a value is true or false in JavaScript."""
        return self.instructions[number].operation in TRUTH

    def needed(self, outputs: Sequence[int]) -> list[int]:
        """Return the numbers of the operations on which the outputs depend, in order."""
        needed = set(outputs)
        for number in range(len(self.instructions) - 1, -1, -1):
            if number in needed:
                needed.update(self.instructions[number].operands)
        return [number for number in sorted(needed) if self.instructions[number].operation]

    def evaluate(self, outputs: Sequence[int], inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the outputs as torch computes them, for inputs of shape (R,) and float64."""
        like = inputs[0]
        values = {number: torch.full_like(like, value) for number, value in self.constants.items()}
        values.update(zip(self.inputs, inputs, strict=True))
        for number in self.needed(outputs):
            operation, operands = self.instructions[number]
            values[number] = OPERATIONS[operation].evaluate(*(values[operand] for operand in operands))
        return [values[number].to(like) for number in outputs]
