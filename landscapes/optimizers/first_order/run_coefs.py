"""Step coefficients of very many runs of one optimizer, without one object per run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.first_order.base import Coefs, FirstOrder

Columns = Mapping[str, NDArray[np.float64]]
Kind = TypeVar("Kind", bound=FirstOrder)


class RunCoefs:
    """The coefficients that the update of R runs takes at each step.

    A coefficient is a number if all runs agree, else a tensor (R,).

    Args:
        optimizer: the optimizer; its hyper-parameters hold for all runs, except for those in `numbers`.
        numbers: hyper-parameters that differ between runs, shape (R,) each.
        like: tensor with the dtype and device to compute with.

    Attributes:
        optimizer: the optimizer for `update`, with tensors (R,) for the hyper-parameters that differ.
        distinct: the optimizer for `coef`, with numpy columns (n,) of the n distinct rows of `numbers`.
    """

    def __init__(self, optimizer: FirstOrder, numbers: Columns, like: Tensor) -> None:
        self.plain, self.numbers, self.like = optimizer, numbers, like
        first, self.index = _distinct_rows(list(numbers.values()))
        self.optimizer = with_arrays(optimizer, {name: self._tensor(column) for name, column in numbers.items()})
        self.distinct = with_arrays(optimizer, {name: column[first] for name, column in numbers.items()})
        self.cache: dict[int, tuple[NDArray[np.float64], Tensor]] = {}

    def at_steps(self, steps: Iterable[int]) -> list[Coefs]:
        """Return the coefficients of some steps t = 1, 2, …"""
        with np.errstate(all="ignore"):  # overflow gives infinity, as in Python and torch
            return [tuple(self._per_run(i, coef) for i, coef in enumerate(self.distinct.coef(t))) for t in steps]

    def at_mixed_steps(self, steps: NDArray[np.int64], index: NDArray[np.int64]) -> Coefs:
        """Return the coefficients of runs at different steps.

        Args:
            steps: the distinct steps, ascending, shape (n,).
            index: position of each run's step in `steps`, shape (R,).
        """
        rows: list[Sequence[Any]] = []
        for i, step in enumerate(steps.tolist()):
            optimizer = self.distinct
            if self.numbers:
                optimizer = with_arrays(self.plain, {name: column[index == i] for name, column in self.numbers.items()})
            with np.errstate(all="ignore"):
                rows.append(cast(Sequence[Any], optimizer.coef(step)))
        if not self.numbers:
            return tuple(self._tensor(np.array(coefs)[index]) for coefs in zip(*rows, strict=True))
        order = np.argsort(index, kind="stable")
        sizes = np.bincount(index, minlength=len(steps))
        columns = []
        for coefs in zip(*rows, strict=True):
            column = np.empty(len(index))
            parts = zip(coefs, sizes, strict=True)
            column[order] = np.concatenate([np.broadcast_to(np.asarray(coef), (size,)) for coef, size in parts])
            columns.append(self._tensor(column))
        return tuple(columns)

    def expand_to_runs(self, coef: Any) -> NDArray[np.float64]:
        """Expand a coefficient of the distinct rows, shape (n,), to all runs, shape (R,)."""
        column: NDArray[np.float64] = coef if self.index is None else coef[self.index]
        return column

    def _per_run(self, number: int, coef: Any) -> float | Tensor:
        """Return a coefficient as the update takes it; one that does not change with t is moved to the device once."""
        if not isinstance(coef, np.ndarray):
            return cast(float, coef)
        if number not in self.cache or not np.array_equal(self.cache[number][0], coef):
            self.cache[number] = coef, self._tensor(self.expand_to_runs(coef))
        return self.cache[number][1]

    def _tensor(self, column: NDArray[np.float64]) -> Tensor:
        return torch.as_tensor(column, dtype=self.like.dtype, device=self.like.device)


def with_arrays(optimizer: Kind, values: Mapping[str, Any]) -> Kind:
    """Return the optimizer with columns or tensors for some hyper-parameters, bypassing its checks."""
    batch = object.__new__(type(optimizer))
    batch.__dict__.update({name: value for name, value in vars(optimizer).items() if not name.startswith("_known")})
    batch.__dict__.update(values)
    return batch


def _distinct_rows(columns: Sequence[NDArray[np.float64]]) -> tuple[Any, NDArray[np.int64] | None]:
    """Return where each distinct row first occurs, and the index of each run's row.

    If deduplication saves little, return all rows and None.
    """
    if not columns:
        return slice(None), None
    every = max(len(columns[0]) // 128, 1)
    if len(set(zip(*(column[::every].tolist() for column in columns), strict=True))) > 64:  # probably most are distinct
        return slice(None), None
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, index = np.unique(column, return_inverse=True)
        code = np.unique(code * len(values) + index.reshape(-1), return_inverse=True)[1].reshape(-1)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    return (slice(None), None) if 2 * len(first) > len(code) else (first, index.reshape(-1))
