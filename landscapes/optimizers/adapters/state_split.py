"""Cutting an optimizer object by runs, and putting the parts together again."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from types import MethodType
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.adapters.batched_tensor import Runs, plain
from landscapes.optimizers.adapters.per_run_number import PICKED, Column

Thing = TypeVar("Thing")


class ApartError(Exception):
    """Parts that have become too different to be put together."""


def copied(thing: Thing, runs: NDArray[np.int64] | None = None, memo: dict[Any, Any] | None = None) -> Thing:
    """A copy of an optimizer for some of its runs, by default all: nothing in it is shared with the original.

    `copy.deepcopy` alone would forget what an `Optimizer` does not pickle.
    """
    if memo is None:
        memo = {} if runs is None else {PICKED: runs}
    twin = object.__new__(type(thing))
    memo[id(thing)] = twin
    for value in vars(thing).values():
        if isinstance(value, torch.optim.Optimizer) and id(value) not in memo:
            copied(value, runs, memo)
    vars(twin).update(deepcopy(vars(thing), memo))
    return twin


class Joint:
    """Puts equal parts together: tensors and columns side by side, all else once, as it is the same in each.

    Args:
        sizes: how many runs each part has.
        order: where each of the runs, part after part, comes from in the whole.
    """

    def __init__(self, sizes: Sequence[int], order: NDArray[np.int64]) -> None:
        self.sizes, self.order = sizes, order
        self.done: dict[tuple[int, ...], Any] = {}

    def __call__(self, parts: Sequence[Any]) -> Any:
        """The whole; raises `ApartError` where the parts differ in more than numbers."""
        key = tuple(map(id, parts))
        if key not in self.done:
            self.done[key] = self._joined(parts, key)
        return self.done[key]

    def _joined(self, parts: Sequence[Any], key: tuple[int, ...]) -> Any:
        first = parts[0]
        if isinstance(first, Tensor):
            return self._tensors(parts)
        if isinstance(first, Column) or type(first) is float:
            return self._numbers(parts)
        if any(type(part) is not type(first) for part in parts):
            raise ApartError
        if isinstance(first, torch.optim.Optimizer | Kept):
            twin = object.__new__(type(first))
            self.done[key] = twin
            vars(twin).update(self([vars(part) for part in parts]))
            return twin
        if isinstance(first, MethodType):
            return MethodType(first.__func__, self([part.__self__ for part in parts]))
        if isinstance(first, dict):
            return self._dicts(parts)
        if isinstance(first, tuple | list) or hasattr(first, "appendleft"):
            return self._lists(parts)
        if all(part is first or bool(part == first) for part in parts):
            return first
        raise ApartError

    def _tensors(self, parts: Sequence[Any]) -> Tensor:
        first = parts[0]
        if not all(
            isinstance(part, Tensor) and part.shape == first.shape and part.dtype == first.dtype for part in parts
        ):
            raise ApartError
        if all(type(part) is not Runs and torch.equal(part, first) for part in parts):
            return cast(Tensor, first)
        rows = [
            plain(part).detach() if type(part) is Runs else part.unsqueeze(-1).expand(*part.shape, size)
            for part, size in zip(parts, self.sizes, strict=True)
        ]
        whole = torch.cat(rows, -1)[..., torch.from_numpy(self.order).to(first.device)]
        return whole.as_subclass(Runs).requires_grad_(first.requires_grad)

    def _numbers(self, parts: Sequence[Any]) -> Any:
        if not all(isinstance(part, Column) or type(part) is float for part in parts):
            raise ApartError
        if all(type(part) is float and part == parts[0] for part in parts):
            return parts[0]
        values = [p.values if isinstance(p, Column) else np.full(n, p) for p, n in zip(parts, self.sizes, strict=True)]
        return Column(np.concatenate(values)[self.order])

    def _dicts(self, parts: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
        keys = list(zip(*parts, strict=False))
        if any(len(part) != len(keys) for part in parts):
            raise ApartError
        whole = copy(parts[0])
        whole.clear()
        for names in keys:
            whole[self(names)] = self([part[name] for part, name in zip(parts, names, strict=True)])
        return whole

    def _lists(self, parts: Sequence[Any]) -> Any:
        if any(len(part) != len(parts[0]) for part in parts):
            raise ApartError
        items = [self(entry) for entry in zip(*parts, strict=True)]
        if not hasattr(parts[0], "clear"):
            return type(parts[0])(items)
        whole = copy(parts[0])  # a deque keeps its length limit
        whole.clear()
        whole.extend(items)
        return whole


class Kept:
    """What a part is made of."""

    def __init__(self, torch_optimizer: torch.optim.Optimizer, parameter: Tensor) -> None:
        self.torch_optimizer, self.parameter = torch_optimizer, parameter
