"""The coefficients of a compiled kernel: what is a table, what is a column of runs, and what is gathered per step."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.fast.joint_tables import JointTable
from landscapes.engine.grouping import Group
from landscapes.optimizers.arithmetic import NativePower
from landscapes.optimizers.first_order.base import Coefs
from landscapes.optimizers.first_order.coef_table import CoefTable
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays


@dataclass(frozen=True)
class CoefInputs:
    """Which coefficients a compiled kernel reads.

    Attributes:
        entries: those with one entry per step: the number of the coefficient, and whether its inverse is read.
        columns: positions in `KernelCoefs.all_columns`.
        joint: those of the kind "each step", as `entries`.
    """

    entries: Sequence[tuple[int, bool]]
    columns: Sequence[int]
    joint: Sequence[tuple[int, bool]]


class KernelCoefs:
    """The inputs of a compiled kernel that depend on hyper-parameters.

    Args:
        table: the coefficients of the steps.
        group: the runs.
        steps: the number of steps.
        dtype: the dtype to compute with.
        inputs: what the kernel reads.
        powers: a compiled `arithmetic.power`, or None.
    """

    def __init__(
        self,
        table: CoefTable,
        group: Group,
        steps: int,
        dtype: torch.dtype,
        inputs: CoefInputs,
        powers: NativePower | None = None,
    ) -> None:
        self.table, self.steps, self.dtype, self.inputs = table, steps, dtype, inputs
        self.plain = with_arrays(group.optimizer, dict.fromkeys(group.hyperparameters, 0.5))
        self.entries = _entries(table, tuple(inputs.entries), dtype)
        self.joint = [
            JointTable(self.plain, names, numbers, group.hyperparameters, steps, powers)
            for names, numbers in numbers_by_joint(table).items()
        ]
        self.whole = {table: self._parts(table, 0, steps) for table in self.joint if table.is_whole}
        self.prepared: RunCoefs | None = None
        self.own_columns = torch.empty(0)
        self.own_tables: list[tuple[JointTable, Tensor]] = []

    @property
    def longest(self) -> int:
        """Return for how many steps at once a table of the kind "each step" may be computed."""
        return min((table.steps_at_once for table in self._tables() if not table.is_whole), default=self.steps)

    def columns(self, run_coefs: RunCoefs) -> Tensor:
        """Return the hyper-parameters that differ between runs, and the runs' factors of the coefficients, (n, R)."""
        self._prepare(run_coefs)
        return self.own_columns

    def matrices(self, run_coefs: RunCoefs, begin: int, end: int) -> list[tuple[Tensor, Tensor]]:
        """Return a table of each coefficient of the kind "each step", and the column that belongs to each run.

        A table has the shape (end - begin, width), for steps begin + 1 … end. The order is that of `inputs`.
        """
        self._prepare(run_coefs)
        found: dict[tuple[int, bool], tuple[Tensor, Tensor]] = {}
        for table, index in self.own_tables:
            parts = self.whole.get(table)
            if parts is None:
                parts, first = self._parts(table, begin, end), begin
            else:
                first = 0
            found |= {of: (part[begin - first : end - first], index) for of, part in parts.items()}
        return [found[of] for of in self.inputs.joint]

    def _tables(self) -> Sequence[JointTable]:
        return [table for table, _ in self.own_tables] or self.joint

    def _parts(self, table: JointTable, begin: int, end: int) -> dict[tuple[int, bool], Tensor]:
        """Return the coefficients of a table that are read, for steps begin + 1 … end, shape (steps, width)."""
        return {
            (j, inverse): torch.as_tensor(_inverse(rows) if inverse else rows, dtype=self.dtype)
            for j, rows in zip(table.numbers, table.rows(begin, end), strict=True)
            for inverse in (False, True)
            if (j, inverse) in self.inputs.joint
        }

    def _prepare(self, run_coefs: RunCoefs) -> None:
        if self.prepared is run_coefs:
            return
        self.prepared = run_coefs
        columns = self.all_columns(run_coefs)
        chosen = [torch.as_tensor(columns[i], dtype=self.dtype) for i in self.inputs.columns]
        self.own_columns = torch.stack(chosen) if chosen else torch.empty(0, dtype=self.dtype)
        tables = [table.of_block(run_coefs.numbers) for table in self.joint]
        place = torch.int64 if self.dtype == torch.float64 else torch.int32
        self.own_tables = [(table, table.index(run_coefs.numbers).to(place)) for table in tables]

    def all_columns(self, run_coefs: RunCoefs) -> list[Any]:
        """Return the hyper-parameters that differ, and then the factors of coefficients that have one, (R,) each."""
        numbers = [getattr(run_coefs.optimizer, name) for name in run_coefs.numbers]
        with np.errstate(all="ignore"):
            last = run_coefs.distinct.coef(self.steps)
            factors = [self._factor(run_coefs, j, last[j]) for j in range(len(self.table.kinds))]
        return [*numbers, *(factor for factor in factors if factor is not None)]

    def _factor(self, run_coefs: RunCoefs, j: int, last: Any) -> NDArray[np.float64] | None:
        """Return the runs' factor of a coefficient, shape (R,); None if it has none. `last` is its value at the end."""
        kind = self.table.kinds[j]
        if kind in ("column", "scaled"):
            return run_coefs.expand_to_runs(last)
        if kind == "each step" and (names := self.table.splits[j].scaling):
            scaled: Any = with_arrays(self.plain, {name: run_coefs.numbers[name] for name in names})
            factor: NDArray[np.float64] = scaled.coef(self.steps)[j] / self.plain.coef(self.steps)[j]
            return factor
        return None


def coefs_in_kernel(
    table: CoefTable, entries: Mapping[int, Tensor], columns: Sequence[Tensor], joint: Mapping[int, Tensor]
) -> Coefs:
    """Return the coefficients of a step, as the optimizer's update takes them.

    Args:
        table: the coefficients of the steps.
        entries: those of the kinds "table" and "scaled" at this step, 0-dimensional, by their numbers.
        columns: the runs' factors, (R,) each.
        joint: those of the kind "each step", (R,) each, by their numbers.
    """
    coefs: list[float | Tensor] = []
    column = iter(columns)
    for j, kind in enumerate(table.kinds):
        if kind == "constant":
            coefs.append(table.constants[j])
        elif kind == "table":
            coefs.append(entries[j])
        elif kind == "each step":
            coefs.append(joint[j] * next(column) if table.splits[j].scaling else joint[j])
        else:
            coefs.append(next(column) if kind == "column" else entries[j] * next(column))
    return tuple(coefs)


def count_columns(table: CoefTable) -> int:
    """Return how many columns of factors a kernel takes."""
    return sum(kind in ("column", "scaled") for kind in table.kinds) + sum(
        bool(split.scaling) for split in table.splits.values()
    )


def numbers_by_joint(table: CoefTable) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the coefficients of the kind "each step" by the names on which they depend jointly with the step."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    for j, split in table.splits.items():
        found[split.joint] = (*found.get(split.joint, ()), j)
    return found


@functools.lru_cache(maxsize=64)
def _entries(table: CoefTable, chosen: tuple[tuple[int, bool], ...], dtype: torch.dtype) -> Tensor:
    """Return the coefficients that have one entry per step, shape (steps, n); they are only read."""
    factors = [_inverse(table.factors[:, j]) if inverse else table.factors[:, j] for j, inverse in chosen]
    return torch.as_tensor(np.stack(factors, 1) if factors else np.empty((len(table.factors), 0)), dtype=dtype)


def _inverse(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):  # division by zero becomes multiplication by infinity
        inverse: NDArray[np.float64] = 1 / factors
    return inverse
