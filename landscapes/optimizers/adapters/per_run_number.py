"""One number a run that passes for a Python float, so that foreign code computes with all runs' settings at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.arithmetic import power

PICKED = "landscapes: which runs a copy is for"
"""In a memo of `copy.deepcopy`: an index array, the runs that the copy keeps."""


class DividedError(Exception):
    """Code asked what has one answer, and the runs give several; they must go on apart.

    Attributes:
        labels: which runs agree, shape (R,): equal numbers, equal answers.
        narrow: whether the answer was a yes or a no, so that there are two parts at most.
    """

    def __init__(self, labels: NDArray[np.int64], narrow: bool) -> None:
        super().__init__("the runs do not agree")
        self.labels, self.narrow = labels, narrow


def agreed(values: NDArray[Any]) -> Any:
    """The value that all runs have, as a Python number; `DividedError` where they differ."""
    first = values[0]
    if not ((values == first) | ((values != values) & (first != first))).all():
        raise DividedError(np.unique(values, return_inverse=True)[1].reshape(-1), values.dtype == np.bool_)
    return first.item()


class Column:
    """A number for each of R runs, float64; rounds as Python's floats do.

    Whatever has one answer for a float (a comparison, `float`, a function of `math`) has one here where the runs
    agree, and raises `DividedError` where they do not.
    """

    __slots__ = ("values",)

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        from landscapes.optimizers.adapters.batched_tensor import applied

        return applied(function, args, kwargs or {})

    def tensor(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The numbers as a tensor (R,)."""
        tensor = torch.from_numpy(self.values)
        same = dtype is torch.float64 and device.type == "cpu"
        return tensor if same else tensor.to(device=device, dtype=dtype)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Column:
        return Column(self.values[memo[PICKED]] if PICKED in memo else self.values.copy())

    def __float__(self) -> float:
        return float(agreed(self.values))

    def __int__(self) -> int:
        return int(agreed(self.values))

    def __bool__(self) -> bool:
        return bool(agreed(self.values != 0))

    def __neg__(self) -> Column:
        return Column(-self.values)

    def __pos__(self) -> Column:
        return self

    def __abs__(self) -> Column:
        return Column(np.abs(self.values))

    def __pow__(self, other: Any) -> Any:
        return self._with(other, power_of)

    def __rpow__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: power_of(b, a))

    __hash__ = object.__hash__

    def _with(self, other: Any, function: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, Column):
            other = other.values
        elif isinstance(other, float | int | np.number):
            other = float(other)
        else:
            return NotImplemented  # a tensor does it by way of __torch_function__
        return Column(function(self.values, other))


def power_of(base: Any, exponent: Any) -> Any:
    return np.asarray(power(base, exponent), dtype=np.float64)


def _divide(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Division that fails where Python's does: where it does for some runs only, these go apart."""

    def divide(a: Any, b: Any) -> Any:
        empty = b == 0
        if empty if isinstance(b, float) else empty.any() and agreed(empty):
            raise ZeroDivisionError("float division by zero")
        return function(a, b)

    return divide


Binary = Callable[[Column, Any], Any]


def _arithmetic(function: Callable[[Any, Any], Any]) -> tuple[Binary, Binary]:
    def left(self: Column, other: Any) -> Any:
        return self._with(other, function)

    def right(self: Column, other: Any) -> Any:
        return self._with(other, lambda a, b: function(b, a))

    return left, right


def _comparison(function: Callable[[Any, Any], Any]) -> Binary:
    def compare(self: Column, other: Any) -> Any:
        answer = self._with(other, function)
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
    setattr(Column, f"__{_name}__", _left)
    setattr(Column, f"__r{_name}__", _right)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Column, f"__{_name}__", _comparison(getattr(operator, _name)))
