"""The step scalars of very many runs of one optimizer, without an object a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.first_order.base import Coefs, FirstOrder

Numbers = Mapping[str, NDArray[np.float64]]
Kind = TypeVar("Kind", bound=FirstOrder)


class Scalars:
    """What the update of R runs is given at each step; a number where all runs agree, else a tensor (R,).

    Args:
        optimizer: the optimizer; what is not in `numbers` is the same for all runs.
        numbers: hyper-parameters that differ from run to run, shape (R,) each.
        like: a tensor of the precision and on the device to compute with.

    Attributes:
        optimizer: the optimizer as its update sees it, with tensors for the numbers that differ.
        distinct: the optimizer as `coef` sees it, with numpy columns of the distinct rows of the numbers, shape (n,).
    """

    def __init__(self, optimizer: FirstOrder, numbers: Numbers, like: Tensor) -> None:
        self.plain, self.numbers, self.like = optimizer, numbers, like
        first, self.index = _distinct(list(numbers.values()))
        self.optimizer = varied(optimizer, {name: self._tensor(column) for name, column in numbers.items()})
        self.distinct = varied(optimizer, {name: column[first] for name, column in numbers.items()})
        self.known: dict[int, tuple[NDArray[np.float64], Tensor]] = {}

    def at(self, steps: Iterable[int]) -> list[Coefs]:
        """The scalars of some steps t = 1, 2, …"""
        with np.errstate(all="ignore"):  # what overflows is infinite, as in Python and torch
            return [tuple(self._a_run(i, scalar) for i, scalar in enumerate(self.distinct.coef(t))) for t in steps]

    def at_each(self, steps: NDArray[np.int64], index: NDArray[np.int64]) -> Coefs:
        """The scalars of the step that each run is at: `steps`, ascending, shape (n,), and which of them, shape (R,)."""
        told: list[Sequence[Any]] = []
        for i, step in enumerate(steps.tolist()):
            optimizer = self.distinct
            if self.numbers:
                optimizer = varied(self.plain, {name: column[index == i] for name, column in self.numbers.items()})
            with np.errstate(all="ignore"):
                told.append(cast(Sequence[Any], optimizer.coef(step)))
        if not self.numbers:
            return tuple(self._tensor(np.array(scalars)[index]) for scalars in zip(*told, strict=True))
        order = np.argsort(index, kind="stable")
        sizes = np.bincount(index, minlength=len(steps))
        columns = []
        for scalars in zip(*told, strict=True):
            column = np.empty(len(index))
            parts = zip(scalars, sizes, strict=True)
            column[order] = np.concatenate([np.broadcast_to(np.asarray(scalar), (size,)) for scalar, size in parts])
            columns.append(self._tensor(column))
        return tuple(columns)

    def spread(self, scalar: Any) -> NDArray[np.float64]:
        """A scalar of the distinct rows, shape (n,), as one of the runs, shape (R,)."""
        column: NDArray[np.float64] = scalar if self.index is None else scalar[self.index]
        return column

    def _a_run(self, number: int, scalar: Any) -> float | Tensor:
        """A scalar as the update takes it; one that does not change with t is moved there once."""
        if not isinstance(scalar, np.ndarray):
            return cast(float, scalar)
        if number not in self.known or not np.array_equal(self.known[number][0], scalar):
            self.known[number] = scalar, self._tensor(self.spread(scalar))
        return self.known[number][1]

    def _tensor(self, column: NDArray[np.float64]) -> Tensor:
        return torch.as_tensor(column, dtype=self.like.dtype, device=self.like.device)


def varied(optimizer: Kind, numbers: Mapping[str, Any]) -> Kind:
    """The optimizer with columns or tensors for some of its numbers, which it would refuse from anybody else."""
    batch = object.__new__(type(optimizer))
    batch.__dict__.update({name: value for name, value in vars(optimizer).items() if not name.startswith("_known")})
    batch.__dict__.update(numbers)
    return batch


def _distinct(columns: Sequence[NDArray[np.float64]]) -> tuple[Any, NDArray[np.int64] | None]:
    """Where each distinct row of the columns is first met, and which of them each run has; all of them, and None, where that saves little."""
    if not columns:
        return slice(None), None
    every = max(len(columns[0]) // 128, 1)
    if len(np.unique(np.stack([column[::every] for column in columns], 1), axis=0)) > 64:  # most are distinct, surely
        return slice(None), None
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        code = np.unique(code * len(values) + place.reshape(-1), return_inverse=True)[1].reshape(-1)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return (slice(None), None) if 2 * len(first) > len(code) else (first, index.reshape(-1))
