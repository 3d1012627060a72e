"""Tables of the coefficients that depend on the step jointly with hyper-parameters that differ between runs.

Example: a sweep over 64 × 64 pairs of decays has 4,096 rows of hyper-parameters. Adam's first coefficient depends on
the step and β₁, the second on the step and β₂, so each has a table of 64 columns. A kernel gathers a row per step.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.arithmetic import NativePower, native_power
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.run_coefs import with_arrays

Columns = Mapping[str, NDArray[np.float64]]
"""Hyper-parameters per run, by name."""

MAX_ENTRIES = 2**20
"""Entries of a table beyond which it is computed for some runs and steps at a time, instead of once: 8 MiB."""


class JointTable:
    """Coefficients of each step and each distinct row of some hyper-parameters, rounded as for single runs.

    Args:
        optimizer: the optimizer, with plain numbers for all hyper-parameters.
        names: the hyper-parameters on which the coefficients depend jointly with the step.
        numbers: the coefficients, by their position in `FirstOrder.coef`.
        columns: hyper-parameters per run, at least those in `names`, shape (R,) each.
        steps: the number of steps.
        powers: a compiled `arithmetic.power`, or None.

    >>> from landscapes.optimizers import Adam
    >>> columns = {"beta1": np.array([0.9, 0.5, 0.9])}
    >>> table = JointTable(Adam(lr=1.0), ("beta1",), (0,), columns, steps=1000)
    >>> table.width, table.index(columns).tolist(), table.rows(0, 2)[0].round(3).tolist()
    (2, [1, 0, 1], [[2.0, 10.0], [1.333, 5.263]])
    """

    def __init__(
        self,
        optimizer: FirstOrder,
        names: tuple[str, ...],
        numbers: tuple[int, ...],
        columns: Columns,
        steps: int,
        powers: NativePower | None = None,
    ) -> None:
        self.optimizer, self.names, self.numbers, self.steps, self.powers = optimizer, names, numbers, steps, powers
        self.values = [np.unique(columns[name]) for name in names]
        self.codes = np.unique(self._codes(columns))
        self.is_whole = len(numbers) * steps * self.width <= MAX_ENTRIES

    @property
    def steps_at_once(self) -> int:
        """Return how many steps to compute at once."""
        return max(MAX_ENTRIES // (len(self.numbers) * self.width), 1)

    @property
    def width(self) -> int:
        """Return the number of distinct rows."""
        return len(self.codes)

    def of_block(self, columns: Columns) -> Self:
        """Return the table to use for some of the runs: itself, or a narrower one if it is too large to keep."""
        if self.is_whole:
            return self
        return type(self)(self.optimizer, self.names, self.numbers, columns, self.steps, self.powers)

    def index(self, columns: Columns) -> Tensor:
        """Return the column of the table that belongs to each run, shape (R,)."""
        return torch.from_numpy(np.searchsorted(self.codes, self._codes(columns)))

    def rows(self, begin: int, end: int) -> NDArray[np.float64]:
        """Return the coefficients of steps begin + 1 … end, shape (n, steps, width)."""
        if self.is_whole:
            return self._whole[:, begin:end]
        with native_power(self.powers):
            return _rows(self.optimizer, self.names, self.numbers, self._columns(), range(begin + 1, end + 1))

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        key = tuple(column.tobytes() for column in self._columns())
        with native_power(self.powers):
            return _whole(self.optimizer, self.names, self.numbers, key, self.steps)

    def _columns(self) -> list[NDArray[np.float64]]:
        """Return the distinct rows by hyper-parameter, shape (width,) each."""
        places = np.unravel_index(self.codes, [len(values) for values in self.values])
        return [values[i] for values, i in zip(self.values, places, strict=True)]

    def _codes(self, columns: Columns) -> NDArray[np.int64]:
        """Return one number per run; it is the same for runs with the same row of hyper-parameters."""
        places = [np.searchsorted(values, columns[name]) for name, values in zip(self.names, self.values, strict=True)]
        return np.ravel_multi_index(places, [len(values) for values in self.values])


@functools.lru_cache(maxsize=8)
def _whole(
    optimizer: FirstOrder, names: tuple[str, ...], numbers: tuple[int, ...], key: tuple[bytes, ...], steps: int
) -> NDArray[np.float64]:
    """Return the rows of all steps; the blocks of an experiment share them."""
    return _rows(optimizer, names, numbers, [np.frombuffer(column) for column in key], range(1, steps + 1))


def _rows(
    optimizer: FirstOrder, names: Sequence[str], numbers: Sequence[int], columns: Sequence[NDArray[Any]], steps: range
) -> NDArray[np.float64]:
    varied = with_arrays(optimizer, dict(zip(names, columns, strict=True)))
    rows = np.empty((len(numbers), len(steps), len(columns[0])))
    with np.errstate(all="ignore"):  # overflow gives infinity, as in Python and torch
        for i, t in enumerate(steps):
            coefs = varied.coef(t)
            rows[:, i] = [np.broadcast_to(np.asarray(coefs[j]), rows.shape[2:]) for j in numbers]
    return rows
