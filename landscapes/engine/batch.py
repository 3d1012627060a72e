"""Runs of one optimizer that differ in its numbers: what a job of very many runs is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Batch:
    """R runs of one optimizer.

    Attributes:
        optimizer: the optimizer; what is not in `numbers` is the same for all runs.
        size: R, how many runs there are.
        numbers: hyper-parameters that differ from run to run, by name, shape (R,) each.

    Raises `InputError` where a column does not have one entry a run.

    >>> from landscapes import optimizers
    >>> batch = Batch(optimizers.Adam(), 3, {"lr": np.array([0.1, 0.2, 0.1])})
    >>> [optimizer.spec for optimizer in batch.optimizers()]
    ['adam(lr=0.1)', 'adam(lr=0.2)', 'adam(lr=0.1)']
    """

    optimizer: Optimizer
    size: int
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.numbers.items():
            if column.shape != (self.size,):
                raise InputError(f"{name} has shape {column.shape} for {self.size} runs; it takes one number a run")

    def __len__(self) -> int:
        return self.size

    def optimizers(self) -> list[Optimizer]:
        """One optimizer a run; runs of the same numbers share one object."""
        if not self.numbers:
            return [self.optimizer] * self.size
        rows, place = np.unique(np.stack(list(self.numbers.values()), 1), axis=0, return_inverse=True)
        distinct = [
            self.optimizer.with_hyperparameters(dict(zip(self.numbers, row, strict=True))) for row in rows.tolist()
        ]
        return [distinct[i] for i in place.reshape(-1).tolist()]
