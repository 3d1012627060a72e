"""A batch of runs of one optimizer, and the result of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Batch:
    """R runs of one optimizer with hyper-parameters per run.

    Attributes:
        optimizer: the optimizer; what is not in `hyperparameters` is the same for all runs.
        size: R, the number of runs.
        hyperparameters: hyper-parameters that differ between runs, by name, shape (R,) each.

    Raises `InputError` for a column of another shape.

    >>> from landscapes import optimizers
    >>> batch = Batch(optimizers.Adam(), 3, {"lr": np.array([0.1, 0.2, 0.1])})
    >>> [optimizer.spec for optimizer in batch.optimizers()]
    ['adam(lr=0.1)', 'adam(lr=0.2)', 'adam(lr=0.1)']
    """

    optimizer: Optimizer
    size: int
    hyperparameters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, column in self.hyperparameters.items():
            if column.shape != (self.size,):
                raise InputError(f"{name} must have shape ({self.size},), one number per run, got {column.shape}")

    def __len__(self) -> int:
        return self.size

    def optimizers(self) -> list[Optimizer]:
        """Return one optimizer per run; runs with equal hyper-parameters share one object."""
        if not self.hyperparameters:
            return [self.optimizer] * self.size
        rows, inverse = np.unique(np.stack(list(self.hyperparameters.values()), 1), axis=0, return_inverse=True)
        distinct = [
            self.optimizer.with_hyperparameters(dict(zip(self.hyperparameters, row, strict=True)))
            for row in rows.tolist()
        ]
        return [distinct[i] for i in inverse.reshape(-1).tolist()]


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The trajectories of R runs with T recorded steps each, as numpy arrays on the host.

    Attributes:
        x: points, shape (R, T, d). A run that has ended stays at its last valid point.
        loss: function values, shape (R, T).
        step: the recorded steps, shape (T,).
        stopped: the step at which a run ended, shape (R,); -1 for a run that took all steps. For a failed run it is
            the step whose point was rejected.
        reason: why a run ended, shape (R,): a key of `termination.REASON_CODES`, or "" for a run that took all steps.
        reached: the first step from which the loss stays at or below the target until the run ends, shape (R,); -1 if
            there was none, or if the run failed.
        first_reached: the first step at or below the target, shape (R,); -1 if there was none.
        lowest: the lowest value of each run, shape (R,).
        evaluations: evaluations per run, shape (R,) each: `n_values`, `n_gradients`, `n_hvps`, `n_hessians`.
        errors: the error that the optimizer of a run has raised, by the index of the run.
        metrics: further recorded quantities, by name, shape (R, T) or (R, T, d); NaN if an optimizer lacks one.
    """

    x: NDArray[np.float64]
    loss: NDArray[np.float64]
    step: NDArray[np.int64]
    stopped: NDArray[np.int64]
    reason: NDArray[np.str_]
    reached: NDArray[np.int64]
    first_reached: NDArray[np.int64]
    lowest: NDArray[np.float64]
    evaluations: Mapping[str, NDArray[np.int64]]
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)

    @property
    def n_gradients(self) -> NDArray[np.int64]:
        """Return the gradient evaluations per run, shape (R,)."""
        return self.evaluations["n_gradients"]
