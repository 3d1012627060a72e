"""Split an optimizer object by runs, and merge the parts again."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from types import MethodType
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.adapters.batched_tensor import BatchedTensor, PerRunNumber, unwrap_tensor
from landscapes.optimizers.adapters.per_run_arithmetic import SELECTED_RUNS

Object = TypeVar("Object")


class CannotMergeError(Exception):
    """The parts differ in more than numbers."""


class OptimizerState:
    """A torch optimizer with its parameter."""

    def __init__(self, torch_optimizer: torch.optim.Optimizer, parameter: Tensor) -> None:
        self.torch_optimizer, self.parameter = torch_optimizer, parameter


def split(part: Object, runs: NDArray[np.int64] | None = None, memo: dict[Any, Any] | None = None) -> Object:
    """Return a deep copy of an optimizer that keeps some of its runs, by default all.

    `copy.deepcopy` alone would drop the attributes that an `Optimizer` does not pickle.
    """
    if memo is None:
        memo = {} if runs is None else {SELECTED_RUNS: runs}
    twin = object.__new__(type(part))
    memo[id(part)] = twin
    for value in vars(part).values():
        if isinstance(value, torch.optim.Optimizer) and id(value) not in memo:
            split(value, runs, memo)
    vars(twin).update(deepcopy(vars(part), memo))
    return twin


def merge(parts: Sequence[OptimizerState], sizes: Sequence[int], order: NDArray[np.int64]) -> OptimizerState:
    """Merge parts: concatenate tensors and numbers over the runs, and keep one copy of everything else.

    Args:
        parts: the parts.
        sizes: number of runs of each part.
        order: index of each merged run in the concatenation of the parts, shape (R,).

    Raises:
        CannotMergeError: if the parts differ in more than numbers.
    """
    return cast(OptimizerState, _Merger(sizes, order).merge(parts))


class _Merger:
    """Merge nested objects; an object that occurs twice is merged once."""

    def __init__(self, sizes: Sequence[int], order: NDArray[np.int64]) -> None:
        self.sizes, self.order = sizes, order
        self.done: dict[tuple[int, ...], Any] = {}

    def merge(self, parts: Sequence[Any]) -> Any:
        key = tuple(map(id, parts))
        if key not in self.done:
            self.done[key] = self._merged(parts, key)
        return self.done[key]

    def _merged(self, parts: Sequence[Any], key: tuple[int, ...]) -> Any:
        first = parts[0]
        if isinstance(first, Tensor):
            return self._tensors(parts)
        if isinstance(first, PerRunNumber) or type(first) is float:
            return self._numbers(parts)
        if any(type(part) is not type(first) for part in parts):
            raise CannotMergeError
        if isinstance(first, torch.optim.Optimizer | OptimizerState):
            twin = object.__new__(type(first))
            self.done[key] = twin
            vars(twin).update(self.merge([vars(part) for part in parts]))
            return twin
        if isinstance(first, MethodType):
            return MethodType(first.__func__, self.merge([part.__self__ for part in parts]))
        if isinstance(first, dict):
            return self._dicts(parts)
        if isinstance(first, tuple | list) or hasattr(first, "appendleft"):
            return self._lists(parts)
        if all(part is first or bool(part == first) for part in parts):
            return first
        raise CannotMergeError

    def _tensors(self, parts: Sequence[Any]) -> Tensor:
        first = parts[0]
        if not all(
            isinstance(part, Tensor) and part.shape == first.shape and part.dtype == first.dtype for part in parts
        ):
            raise CannotMergeError
        if all(type(part) is not BatchedTensor and torch.equal(part, first) for part in parts):
            return cast(Tensor, first)
        rows = [
            unwrap_tensor(part).detach()
            if type(part) is BatchedTensor
            else part.unsqueeze(-1).expand(*part.shape, size)
            for part, size in zip(parts, self.sizes, strict=True)
        ]
        merged = torch.cat(rows, -1)[..., torch.from_numpy(self.order).to(first.device)]
        return merged.as_subclass(BatchedTensor).requires_grad_(first.requires_grad)

    def _numbers(self, parts: Sequence[Any]) -> Any:
        if not all(isinstance(part, PerRunNumber) or type(part) is float for part in parts):
            raise CannotMergeError
        if all(type(part) is float and part == parts[0] for part in parts):
            return parts[0]
        values = [
            part.values if isinstance(part, PerRunNumber) else np.full(size, part)
            for part, size in zip(parts, self.sizes, strict=True)
        ]
        return PerRunNumber(np.concatenate(values)[self.order])

    def _dicts(self, parts: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
        keys = list(zip(*parts, strict=False))
        if any(len(part) != len(keys) for part in parts):
            raise CannotMergeError
        merged = copy(parts[0])
        merged.clear()
        for names in keys:
            merged[self.merge(names)] = self.merge([part[name] for part, name in zip(parts, names, strict=True)])
        return merged

    def _lists(self, parts: Sequence[Any]) -> Any:
        if any(len(part) != len(parts[0]) for part in parts):
            raise CannotMergeError
        items = [self.merge(entry) for entry in zip(*parts, strict=True)]
        if not hasattr(parts[0], "clear"):
            return type(parts[0])(items)
        merged = copy(parts[0])  # a deque keeps its maximum length
        merged.clear()
        merged.extend(items)
        return merged
