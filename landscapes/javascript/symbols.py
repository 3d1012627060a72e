"""Numbers that stand for values of a program: Python's arithmetic on them adds operations to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from landscapes.javascript.program import Program
from landscapes.javascript.rules import NotEmittedError

MAX_CONDITIONS = 32
"""Conditions in one way through a function: a loop that ends by a condition on a symbol would never end."""


class Symbol:
    """A number that only the program knows, such as a hyper-parameter or the number of a step.

    Args:
        number: number of the value in the program.
        branches: decides conditions, and holds the program.
        least: a bound that the number is known to reach.

    >>> branches = Branches(Program(["t", "beta"]))
    >>> t, beta = branches.symbol("t", least=1), branches.symbol("beta")
    >>> [made] = branches.explore(lambda: [1.0 if t == 1 else 1 - beta**t])
    >>> branches.program.instructions[made].operation
    'where'
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, number: int, branches: Branches, least: float = -float("inf")) -> None:
        self.number, self.branches, self.least = number, branches, least

    def _apply(self, operation: str, *operands: Any) -> Symbol:
        branches = self.branches
        return Symbol(branches.program.apply(operation, *map(branches.number, operands)), branches)

    def __float__(self) -> float:
        raise NotEmittedError(
            "a plain number is made of the step or of a hyper-parameter, as by float() or math; arithmetic and powers "
            "can be written"
        )

    def __add__(self, other: Any) -> Symbol:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Symbol:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Symbol:
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return self._apply("sub", other, self)

    def __mul__(self, other: Any) -> Symbol:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Symbol:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Symbol:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self._apply("div", other, self)

    def __floordiv__(self, other: Any) -> Symbol:
        return self._apply("floor", self._apply("div", self, other))

    def __mod__(self, other: Any) -> Symbol:
        return self._apply("remainder", self, other)

    def __neg__(self) -> Symbol:
        return self._apply("neg", self)

    def __abs__(self) -> Symbol:
        return self._apply("abs", self)

    def __pow__(self, other: Any) -> Any:
        if not isinstance(other, Symbol) and other in (0.0, 0.5, 1.0, 2.0):
            return {0.0: 1.0, 1.0: self}.get(other) or (self * self if other == 2.0 else self._apply("sqrt", self))
        return self._apply("power", self, other)

    def __rpow__(self, other: Any) -> Symbol:
        return self._apply("power", other, self)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, int | float) and other < self.least:
            return False
        return self._apply("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return self._apply("ne", self, other)

    def __lt__(self, other: Any) -> Symbol:
        return self._apply("lt", self, other)

    def __le__(self, other: Any) -> Symbol:
        return self._apply("le", self, other)

    def __gt__(self, other: Any) -> Symbol:
        return self._apply("gt", self, other)

    def __ge__(self, other: Any) -> Symbol:
        return self._apply("ge", self, other)

    def __bool__(self) -> bool:
        return self.branches.decide(self.number)


class Branches:
    """Runs a function once for each way through its conditions on symbols.

    Args:
        program: the program that the symbols belong to.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._decisions: list[bool] = []
        self._conditions: list[int] = []

    def symbol(self, name: str, least: float = -float("inf")) -> Symbol:
        """Return the symbol of an input, which is at least `least`."""
        return Symbol(self.program.number(name), self, least)

    def number(self, value: Any) -> int:
        """Return the number of a symbol or of a constant in the program."""
        return value.number if isinstance(value, Symbol) else self.program.constant(value)

    def decide(self, condition: int) -> bool:
        """Return which way to go now."""
        if condition in self.program.constants:
            return bool(self.program.constants[condition])
        if condition in self._conditions:
            return self._decisions[self._conditions.index(condition)]
        if len(self._conditions) == MAX_CONDITIONS:
            raise NotEmittedError("its coefficients have too many conditions")
        self._conditions.append(condition)
        if len(self._conditions) > len(self._decisions):
            self._decisions.append(True)
        return self._decisions[len(self._conditions) - 1]

    def explore(self, function: Callable[[], Sequence[Any]]) -> list[int]:
        """Return the numbers of the function's results, which choose by its conditions."""
        return self._from(function, [])

    def _from(self, function: Callable[[], Sequence[Any]], decided: list[bool]) -> list[int]:
        self._decisions, self._conditions = [*decided], []
        results = [self.number(one) for one in function()]
        if len(self._decisions) == len(decided):
            return results
        condition = self._conditions[len(decided)]
        left, right = self._from(function, [*decided, True]), self._from(function, [*decided, False])
        return [self.program.apply("where", condition, *pair) for pair in zip(left, right, strict=True)]
