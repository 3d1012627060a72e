"""Find when runs reach each of several targets, and at what cost, inside a block: no trajectory leaves it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.engine.loop import Progress
from landscapes.execution.plan import Block, Task
from landscapes.experiments.outcomes import FAILED_REASONS
from landscapes.optimizers import FirstOrder, Optimizer
from landscapes.oracle import KINDS


@dataclass(frozen=True, eq=False)
class TargetHitBlock(Block):
    """A block that returns when each run reaches its targets, in place of its trajectory.

    Attributes:
        shares: the targets, as shares of the gap between the first loss and the minimum, length K.
        minimum: the minimum of the function.
    """

    shares: tuple[float, ...] = ()
    minimum: float = math.nan

    def run(self, progress: Progress | None = None) -> BatchResult:
        """Return the ends of the runs, with the metrics `steps_to` and `evaluations_to`: (R, K), NaN for never.

        `reached` and `first_reached` are those of the last target.
        """
        metrics = () if one_gradient_per_step(self.batch.optimizer) else ("evaluations",)
        terms = replace(self.settings, record_steps="all", metrics=metrics)
        plain = Block(self.function, self.batch, self.starts, self.streams, terms, self.sample_streams)
        paths = plain.run(progress)
        first = paths.loss[:, 0]
        targets = self.minimum + np.maximum(first - self.minimum, 0.0)[:, None] * np.array(self.shares)
        first_steps, steps = arrival_steps(paths.loss, targets)
        steps[np.isin(paths.reason, FAILED_REASONS)] = -1
        spent = paths.step[None, :] if not metrics else evaluation_cost(paths.metrics["evaluations"], self.function.dim)
        runs = np.arange(len(first))[:, None] if metrics else 0
        evaluations = np.where(steps < 0, np.nan, np.asarray(spent, dtype=np.float64)[runs, steps])
        return replace(
            paths,
            x=paths.x[:, [0, -1]],
            loss=paths.loss[:, [0, -1]],
            step=paths.step[[0, -1]],
            reached=steps[:, -1],
            first_reached=first_steps[:, -1],
            metrics={"steps_to": np.where(steps < 0, np.nan, steps), "evaluations_to": evaluations},
        )


@dataclass(frozen=True, eq=False)
class TargetHitTask(Task):
    """A task of `TargetHitBlock`s."""

    shares: tuple[float, ...] = ()
    minimum: float = math.nan

    @property
    def result_bytes(self) -> int:
        return 8 * (2 * (self.function.dim + 1) + 2 * len(self.shares)) + 100

    def metric_shapes(self, runs: int) -> dict[str, tuple[int, int]]:
        return dict.fromkeys(("steps_to", "evaluations_to"), (runs, len(self.shares)))

    def block(self, begin: int, end: int) -> TargetHitBlock:
        plain = super().block(begin, end)
        parts = (plain.function, plain.batch, plain.starts, plain.streams, plain.settings, plain.sample_streams)
        return TargetHitBlock(*parts, self.shares, self.minimum)

    def default_block_size(self) -> int:
        path = (
            8
            * (self.settings.steps + 1)
            * (self.function.dim + 1 + (0 if one_gradient_per_step(self.optimizer) else len(KINDS)))
        )
        most = min(super().default_block_size(), ROOM // path)
        return 1 << max(most, 1).bit_length() - 1


ROOM = 2**27
"""How many bytes the trajectories within a block may take."""


def one_gradient_per_step(optimizer: Optimizer) -> bool:
    """Return whether an optimizer evaluates one gradient per step and nothing else."""
    return isinstance(optimizer, FirstOrder)


def arrival_steps(
    losses: NDArray[np.float64], targets: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first step at or below each target, and the first from which the loss stays there until the end.

    Args:
        losses: shape (R, T), all steps.
        targets: shape (R, K).

    Returns:
        Two arrays of shape (R, K); -1 for never.

    >>> arrival_steps(np.array([[9.0, 4.0, 5.0, 1.0]]), np.array([[4.5, 2.0, 0.0]]))
    (array([[ 1,  3, -1]]), array([[ 3,  3, -1]]))
    """
    losses = np.where(np.isnan(losses), np.inf, losses)
    lowest_so_far = np.minimum.accumulate(losses, axis=1)
    highest_from_here = np.maximum.accumulate(losses[:, ::-1], axis=1)[:, ::-1]
    first, stays = (
        np.stack([(curve > target[:, None]).sum(1) for target in targets.T], 1)
        for curve in (lowest_so_far, highest_from_here)
    )
    return np.where(first < losses.shape[1], first, -1), np.where(stays < losses.shape[1], stays, -1)


def evaluation_cost(counts: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """Return the number of evaluations: values, gradients and Hessian-vector products count 1, a Hessian counts d.

    Args:
        counts: evaluations of each kind, shape (..., 4), in the order of `oracle.KINDS`.
        dim: d, the number of coordinates.

    >>> float(evaluation_cost(np.array([1.0, 2.0, 3.0, 4.0]), dim=10))
    46.0
    """
    return np.asarray(counts @ np.array([1.0, 1.0, 1.0, dim]))


def target_key(shares: Sequence[float], minimum: float) -> tuple[str, ...]:
    """Return the targets as text, for the fingerprint of the task."""
    return (f"minimum {minimum!r}", *(f"gap {share!r}" for share in shares))
