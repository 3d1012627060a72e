"""The coefficients of a compiled kernel: what is a table, what is a column of runs, and what is gathered per call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.fast.joint_tables import JointTable
from landscapes.engine.fast.kernels import CHUNK_STEPS
from landscapes.engine.grouping import Group
from landscapes.optimizers.first_order.base import Coefs
from landscapes.optimizers.first_order.coef_table import CoefTable
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays

Wanted = Mapping[int, tuple[bool, bool]]
"""Whether a kernel reads a coefficient of the kind "each step", and its inverse, by the number of the coefficient."""


class KernelCoefs:
    """The inputs of a compiled kernel that depend on hyper-parameters.

    Args:
        table: the coefficients of the steps.
        group: the runs.
        steps: the number of steps.
        dtype: the dtype to compute with.
        wanted: which coefficients of the kind "each step", and which inverses, the kernel reads.
    """

    def __init__(self, table: CoefTable, group: Group, steps: int, dtype: torch.dtype, wanted: Wanted) -> None:
        self.table, self.steps, self.dtype, self.wanted = table, steps, dtype, wanted
        self.plain = with_arrays(group.optimizer, dict.fromkeys(group.hyperparameters, 0.5))
        self.factors, self.inverse = (
            torch.as_tensor(part, dtype=dtype).split(CHUNK_STEPS)  # type: ignore[no-untyped-call]
            for part in (table.factors, _inverse(table.factors))
        )
        self.joint = [
            JointTable(self.plain, names, numbers, group.hyperparameters, steps)
            for names, numbers in _numbers_by_joint(table).items()
        ]
        self.whole: dict[JointTable, list[Tensor]] = {
            table: self._parts(table, 0, steps) for table in self.joint if table.is_whole
        }
        self.prepared: RunCoefs | None = None
        self.own_columns: list[Tensor] = []
        self.own_tables: list[tuple[JointTable, Tensor]] = []

    def columns(self, run_coefs: RunCoefs) -> list[Tensor]:
        """Return the hyper-parameters that differ between runs, and the runs' factors of the coefficients."""
        self._prepare(run_coefs)
        return self.own_columns

    def matrices(self, run_coefs: RunCoefs, t: int) -> list[Tensor]:
        """Return the wanted coefficients of the kind "each step", and their inverses, of steps t + 1 … t + 8.

        Their shapes are (8, R). They are in the order of the joint names, not of the coefficients.
        """
        self._prepare(run_coefs)
        found: list[Tensor] = []
        for table, index in self.own_tables:
            if table.is_whole:
                parts = [part[t : t + CHUNK_STEPS] for part in self.whole[table]]
            else:
                parts = self._parts(table, t, t + CHUNK_STEPS)
            found += [torch.gather(part, 1, index) for part in parts]
        return found

    def _parts(self, table: JointTable, begin: int, end: int) -> list[Tensor]:
        """Return the wanted coefficients and inverses of a table, for steps begin + 1 … end, shape (steps, width)."""
        return [
            torch.as_tensor(part, dtype=self.dtype)
            for j, rows in zip(table.numbers, table.rows(begin, end), strict=True)
            for part, is_wanted in zip((rows, _inverse(rows)), self.wanted[j], strict=True)
            if is_wanted
        ]

    def _prepare(self, run_coefs: RunCoefs) -> None:
        if self.prepared is run_coefs:
            return
        self.prepared = run_coefs
        numbers = [getattr(run_coefs.optimizer, name) for name in run_coefs.numbers]
        factors = [
            torch.as_tensor(factor, dtype=self.dtype)
            for j in range(len(self.table.kinds))
            if (factor := self._factor(run_coefs, j)) is not None
        ]
        self.own_columns = [*numbers, *factors]
        tables = [table.of_block(run_coefs.numbers) for table in self.joint]
        self.own_tables = [(table, table.index(run_coefs.numbers).expand(CHUNK_STEPS, -1)) for table in tables]

    def _factor(self, run_coefs: RunCoefs, j: int) -> NDArray[np.float64] | None:
        """Return the runs' factor of a coefficient, shape (R,); None if it has none."""
        kind = self.table.kinds[j]
        with np.errstate(all="ignore"):
            if kind in ("column", "scaled"):
                return run_coefs.expand_to_runs(run_coefs.distinct.coef(self.steps)[j])
            if kind == "each step" and (names := self.table.splits[j].scaling):
                scaled: Any = with_arrays(self.plain, {name: run_coefs.numbers[name] for name in names})
                factor: NDArray[np.float64] = scaled.coef(self.steps)[j] / self.plain.coef(self.steps)[j]
                return factor
        return None


def coefs_in_kernel(
    table: CoefTable, factors: Tensor, columns: Sequence[Tensor], matrices: Sequence[Tensor], k: int
) -> Coefs:
    """Return the coefficients of the k-th step of a call, as the optimizer's update takes them.

    Args:
        table: the coefficients of the steps.
        factors: the rows of the table for this call, shape (8, n).
        columns: the runs' factors, (R,) each.
        matrices: pairs of a coefficient and its inverse, as `KernelCoefs.matrices` returns if all are wanted.
        k: 0 to 7.
    """
    coefs: list[float | Tensor] = []
    column = iter(columns)
    order = joint_numbers(table)
    for j, kind in enumerate(table.kinds):
        if kind == "constant":
            coefs.append(table.constants[j])
        elif kind == "table":
            coefs.append(factors[k, j])
        elif kind == "each step":
            entry = matrices[2 * order.index(j)][k]
            coefs.append(entry * next(column) if table.splits[j].scaling else entry)
        else:
            coefs.append(next(column) if kind == "column" else factors[k, j] * next(column))
    return tuple(coefs)


def count_columns(table: CoefTable) -> int:
    """Return how many columns of factors a kernel takes."""
    return sum(kind in ("column", "scaled") for kind in table.kinds) + sum(
        bool(split.scaling) for split in table.splits.values()
    )


def joint_numbers(table: CoefTable) -> list[int]:
    """Return the coefficients of the kind "each step", in the order of `KernelCoefs.matrices`."""
    return [j for numbers in _numbers_by_joint(table).values() for j in numbers]


def _numbers_by_joint(table: CoefTable) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the coefficients of the kind "each step" by the names on which they depend jointly with the step."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    for j, split in table.splits.items():
        found[split.joint] = (*found.get(split.joint, ()), j)
    return found


def _inverse(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):  # division by zero becomes multiplication by infinity
        inverse: NDArray[np.float64] = 1 / factors
    return inverse
