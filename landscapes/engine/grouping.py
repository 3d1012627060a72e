"""Which runs go together: those of one optimizer that differ in numbers alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.batch import Batch
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.run_coefs import RunCoefs

Numbers = Mapping[str, NDArray[np.float64]]

FEW = 256
"""Below so many runs a group, stepping all groups together beats stepping each fast."""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs of one optimizer: which of the job's they are, and the numbers in which they differ, shape (r,) each."""

    runs: NDArray[np.int64]
    optimizer: FirstOrder
    numbers: Numbers

    def scalars(self, own: NDArray[np.int64], like: Tensor) -> RunCoefs:
        """The step scalars of some of its runs, by their number in the group."""
        return RunCoefs(self.optimizer, {name: column[own] for name, column in self.numbers.items()}, like)


def grouped(optimizers: Sequence[Optimizer] | Batch) -> list[Group] | None:
    """Large groups of plain first-order optimizers; None where the runs are others, or make small groups.

    Raises `InputError` for numbers that the optimizer does not take.
    """
    if isinstance(optimizers, Batch):
        return list(_groups(optimizers)) if _is_plain(optimizers.optimizer, optimizers.numbers) else None
    kinds: dict[Hashable, list[int]] = {}
    for index, optimizer in enumerate(optimizers):
        kinds.setdefault(optimizer.batch_key, []).append(index)
    if len(optimizers) < FEW * len(kinds) or not all(
        _is_plain(optimizers[members[0]], {}) for members in kinds.values()
    ):
        return None
    return [_group([optimizers[i] for i in members], np.array(members)) for members in kinds.values()]


def _is_plain(optimizer: Optimizer, numbers: Numbers) -> bool:
    """Whether the optimizer is `init`, `coef` and `update` alone, and the numbers are of its own and shape nothing."""
    if not isinstance(optimizer, FirstOrder) or not optimizer.needs_gradient:
        return False
    plain = vars(FirstOrder)["stepper"].__func__ is type(optimizer).stepper.__func__  # type: ignore[attr-defined]
    own = {field.name for field in dataclasses.fields(optimizer) if not field.metadata.get("structural")}
    return plain and set(numbers) <= own


def _group(optimizers: list[Optimizer], runs: NDArray[np.int64]) -> Group:
    first = optimizers[0]
    assert isinstance(first, FirstOrder)
    numbers = {}
    for field in dataclasses.fields(first):
        value = getattr(first, field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            column = np.array([getattr(optimizer, field.name) for optimizer in optimizers], dtype=np.float64)
            if (column != value).any():
                numbers[field.name] = column
    return Group(runs, first, numbers)


def _groups(batch: Batch) -> Iterator[Group]:
    """The runs of a batch, parted by which of their numbers are zero: an optimizer leaves out terms with those."""
    assert isinstance(batch.optimizer, FirstOrder)
    _check(batch)
    zero = np.zeros(batch.size, dtype=np.int64)
    for place, column in enumerate(batch.numbers.values()):
        zero |= (column == 0).astype(np.int64) << place
    for pattern in np.unique(zero).tolist():
        runs = np.flatnonzero(zero == pattern)
        gone = [name for place, name in enumerate(batch.numbers) if pattern >> place & 1]
        optimizer = batch.optimizer.with_hyperparameters(
            {name: column[runs[0]] for name, column in batch.numbers.items()}
        )
        rest = {name: column[runs] for name, column in batch.numbers.items() if name not in gone}
        yield Group(runs, optimizer, rest)


def _check(batch: Batch) -> None:
    """An `InputError` for a number that the optimizer does not take: the ends of each range tell, unless numbers depend on one another."""
    if type(batch.optimizer).__post_init__ is not Optimizer.__post_init__:
        rows = np.unique(np.stack(list(batch.numbers.values()), 1), axis=0) if batch.numbers else np.empty((0, 0))
        for row in rows.tolist():
            batch.optimizer.with_hyperparameters(dict(zip(batch.numbers, row, strict=True)))
        return
    for name, column in batch.numbers.items():
        for value in {float(column.min()), float(column.max())}:  # NaN if there is any
            batch.optimizer.with_hyperparameters({name: value})
