"""One number per run that behaves as a Python float, so that third-party code computes for all runs at once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.arithmetic import power

SELECTED_RUNS = "landscapes: runs that a copy keeps"
"""Key in a memo of `copy.deepcopy`; its value is an index array of the runs that the copy keeps."""


class RunsDisagreeError(Exception):
    """A question has different answers for different runs, so the runs must be split.

    Attributes:
        labels: answer of each run as an integer, shape (R,); runs with equal labels agree.
        boolean: whether the answers are true or false, so that there are at most two parts.
    """

    def __init__(self, labels: NDArray[np.int64], boolean: bool) -> None:
        super().__init__("the runs disagree")
        self.labels, self.boolean = labels, boolean


def common_value(values: NDArray[Any]) -> Any:
    """Return the value that all runs share as a Python number; raise `RunsDisagreeError` if they differ."""
    first = values[0]
    if not ((values == first) | ((values != values) & (first != first))).all():
        raise RunsDisagreeError(np.unique(values, return_inverse=True)[1].reshape(-1), values.dtype == np.bool_)
    return first.item()


class PerRunArithmetic:
    """A float64 number for each of R runs; rounds as Python floats do.

    An operation with a single answer for a float (a comparison, `float`, a function of `math`) returns that answer if
    the runs agree, and raises `RunsDisagreeError` if they do not.
    """

    __slots__ = ("values",)

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def tensor(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return the numbers as a tensor (R,)."""
        tensor = torch.from_numpy(self.values)
        same = dtype is torch.float64 and device.type == "cpu"
        return tensor if same else tensor.to(device=device, dtype=dtype)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return type(self)(self.values[memo[SELECTED_RUNS]] if SELECTED_RUNS in memo else self.values.copy())

    def __float__(self) -> float:
        return float(common_value(self.values))

    def __int__(self) -> int:
        return int(common_value(self.values))

    def __bool__(self) -> bool:
        return bool(common_value(self.values != 0))

    def __neg__(self) -> Self:
        return type(self)(-self.values)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return type(self)(np.abs(self.values))

    def __pow__(self, other: Any) -> Any:
        return self._apply(other, _power)

    def __rpow__(self, other: Any) -> Any:
        return self._apply(other, lambda a, b: _power(b, a))

    __hash__ = object.__hash__

    def _apply(self, other: Any, function: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, PerRunArithmetic):
            other = other.values
        elif isinstance(other, float | int | np.number):
            other = float(other)
        else:
            return NotImplemented  # a tensor handles it through __torch_function__
        return type(self)(function(self.values, other))


def _power(base: Any, exponent: Any) -> Any:
    return np.asarray(power(base, exponent), dtype=np.float64)


def _divide(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Raise as Python does on division by zero; if only some runs divide by zero, the runs disagree."""

    def divide(a: Any, b: Any) -> Any:
        zero = b == 0
        if zero if isinstance(b, float) else zero.any() and common_value(zero):
            raise ZeroDivisionError("float division by zero")
        return function(a, b)

    return divide


Binary = Callable[[PerRunArithmetic, Any], Any]


def _arithmetic(function: Callable[[Any, Any], Any]) -> tuple[Binary, Binary]:
    def left(self: PerRunArithmetic, other: Any) -> Any:
        return self._apply(other, function)

    def right(self: PerRunArithmetic, other: Any) -> Any:
        return self._apply(other, lambda a, b: function(b, a))

    return left, right


def _comparison(function: Callable[[Any, Any], Any]) -> Binary:
    def compare(self: PerRunArithmetic, other: Any) -> Any:
        answer = self._apply(other, function)
        return answer if answer is NotImplemented else bool(answer)

    return compare


for _name, _function in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": _divide(operator.truediv),
    "floordiv": _divide(np.floor_divide),
    "mod": _divide(np.mod),
}.items():
    _left, _right = _arithmetic(_function)
    setattr(PerRunArithmetic, f"__{_name}__", _left)
    setattr(PerRunArithmetic, f"__r{_name}__", _right)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(PerRunArithmetic, f"__{_name}__", _comparison(getattr(operator, _name)))
