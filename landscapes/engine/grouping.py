"""Group runs of one first-order optimizer that differ only in hyper-parameters, for the fast path."""

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

ArraysByName = Mapping[str, NDArray[np.float64]]
"""Hyper-parameters per run, by name."""

MIN_GROUP_SIZE = 256
"""Below this mean number of runs per group, stepping all groups together is faster than the fast path."""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs of one optimizer.

    Attributes:
        runs: their indices among all runs, shape (r,).
        optimizer: the optimizer.
        hyperparameters: the hyper-parameters in which the runs differ, shape (r,) each.
    """

    runs: NDArray[np.int64]
    optimizer: FirstOrder
    hyperparameters: ArraysByName

    def run_coefs(self, members: NDArray[np.int64], like: Tensor) -> RunCoefs:
        """Return the coefficients of some runs, given by their indices in the group."""
        return RunCoefs(self.optimizer, {name: column[members] for name, column in self.hyperparameters.items()}, like)


def group_runs(optimizers: Sequence[Optimizer] | Batch) -> list[Group] | None:
    """Return large groups of plain first-order optimizers; None if an optimizer is not plain or groups are small.

    Raises `InputError` for hyper-parameters that the optimizer rejects.
    """
    if isinstance(optimizers, Batch):
        return list(_split_batch(optimizers)) if _is_plain(optimizers.optimizer, optimizers.hyperparameters) else None
    if not _is_plain(optimizers[0], {}):
        return None  # before the keys of very many
    by_key: dict[Hashable, list[int]] = {}
    for index, optimizer in enumerate(optimizers):
        by_key.setdefault(optimizer.batch_key, []).append(index)
    if len(optimizers) < MIN_GROUP_SIZE * len(by_key):
        return None
    if not all(_is_plain(optimizers[members[0]], {}) for members in by_key.values()):
        return None
    return [_group([optimizers[i] for i in members], np.array(members)) for members in by_key.values()]


def _is_plain(optimizer: Optimizer, hyperparameters: ArraysByName) -> bool:
    """Return whether an optimizer is just `init`, `coef` and `update`, and the hyper-parameters change no structure.

    One with parameter groups is not, because its coordinates differ.
    """
    if not isinstance(optimizer, FirstOrder) or not optimizer.needs_gradient:
        return False
    own = {field.name for field in dataclasses.fields(optimizer) if not field.metadata.get("structural")}
    return optimizer.has_plain_stepper() and not optimizer.groups and set(hyperparameters) <= own


def _group(optimizers: list[Optimizer], runs: NDArray[np.int64]) -> Group:
    """Return the group of optimizers of one kind; their hyper-parameters are the fields that differ."""
    first = optimizers[0]
    assert isinstance(first, FirstOrder)
    hyperparameters = {}
    for field in dataclasses.fields(first):
        value = getattr(first, field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            column = np.array([getattr(optimizer, field.name) for optimizer in optimizers], dtype=np.float64)
            if (column != value).any():
                hyperparameters[field.name] = column
    return Group(runs, first, hyperparameters)


def _split_batch(batch: Batch) -> Iterator[Group]:
    """Split a batch by which hyper-parameters are zero, because an optimizer omits terms with zero coefficients."""
    assert isinstance(batch.optimizer, FirstOrder)
    _check_hyperparameters(batch)
    if all(column.all() for column in batch.hyperparameters.values()):  # the usual case
        optimizer = batch.optimizer.with_hyperparameters(
            {name: column[0] for name, column in batch.hyperparameters.items()}
        )
        yield Group(np.arange(batch.size), optimizer, batch.hyperparameters)
        return
    pattern_of = np.zeros(batch.size, dtype=np.int64)
    for bit, column in enumerate(batch.hyperparameters.values()):
        pattern_of |= (column == 0).astype(np.int64) << bit
    for pattern in np.flatnonzero(np.bincount(pattern_of)).tolist():
        runs = np.flatnonzero(pattern_of == pattern)
        zero = [name for bit, name in enumerate(batch.hyperparameters) if pattern >> bit & 1]
        optimizer = batch.optimizer.with_hyperparameters(
            {name: column[runs[0]] for name, column in batch.hyperparameters.items()}
        )
        hyperparameters = {name: column[runs] for name, column in batch.hyperparameters.items() if name not in zero}
        yield Group(runs, optimizer, hyperparameters)


def _check_hyperparameters(batch: Batch) -> None:
    """Raise `InputError` for hyper-parameters that the optimizer rejects.

    The two ends of each range suffice, unless the optimizer checks hyper-parameters against each other.
    """
    if type(batch.optimizer).__post_init__ not in (Optimizer.__post_init__, FirstOrder.__post_init__):
        rows = (
            np.unique(np.stack(list(batch.hyperparameters.values()), 1), axis=0)
            if batch.hyperparameters
            else np.empty((0, 0))
        )
        for row in rows.tolist():
            batch.optimizer.with_hyperparameters(dict(zip(batch.hyperparameters, row, strict=True)))
        return
    for name, column in batch.hyperparameters.items():
        for value in {float(column.min()), float(column.max())}:  # NaN if there is any
            batch.optimizer.with_hyperparameters({name: value})
