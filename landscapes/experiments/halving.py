"""Run successive halving: many optimizers for a few steps, the best of them for more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import RecordSteps
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Conditions:
    """The conditions that all optimizers share.

    Attributes:
        function: the function.
        starts: start points, shape (S, d).
        streams: the stream of random numbers of each start, shape (S,).
        box: the region outside which runs count as diverged, shape (d, 2).
        target: the loss to reach, or None.
        seed: of all random numbers.
    """

    function: Function
    starts: torch.Tensor
    streams: torch.Tensor
    box: torch.Tensor
    target: float | None = None
    seed: int = 0

    def run(self, optimizers: Sequence[Optimizer], steps: int, record_steps: RecordSteps = "ends") -> BatchResult:
        """Run every optimizer from every start: run r·S + s is optimizer r from start s."""
        count = len(self.starts)
        runs = [optimizer for optimizer in optimizers for _ in range(count)]
        starts = self.starts.repeat(len(optimizers), 1).T.contiguous()
        return loop.run(
            self.function,
            runs,
            starts,
            steps,
            box=self.box,
            record_steps=record_steps,
            target=self.target,
            streams=self.streams.repeat(len(optimizers)),
            seed=self.seed,
        )


Score = Callable[[Sequence[Optimizer], int], tuple[NDArray[np.float64], NDArray[np.int64]]]
"""Runs optimizers for some steps. Returns the score of each, lower is better, and its number of evaluations."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One setting of one optimizer, run for some steps.

    Attributes:
        index: which of the tuned optimizers it belongs to.
        optimizer: the optimizer with this setting.
        round, rung: when it was run.
        steps: for how many steps.
        score: its score; lower is better.
        evaluations: how often it evaluated the function in all.
    """

    index: int
    optimizer: Optimizer
    round: int
    rung: int
    steps: int
    score: float
    evaluations: int


def halve(
    candidates: Sequence[Sequence[Optimizer]], plan: Sequence[tuple[int, int]], score: Score, round: int = 0
) -> list[Trial]:
    """Return the trials of successive halving (Jamieson & Talwalkar, 2016), in the order in which they ran.

    Args:
        candidates: the settings of each optimizer.
        plan: (how many settings of each optimizer run, for how many steps), one pair per rung. Each rung takes the
            best of the one before. The rungs of all optimizers are one batch.
        score: runs and scores them.
        round: a number that the trials bear.
    """
    trials: list[Trial] = []
    left = [list(optimizers) for optimizers in candidates]
    for rung, (count, steps) in enumerate(plan):
        left = [optimizers[:count] for optimizers in left]
        batch = [optimizer for optimizers in left for optimizer in optimizers]
        scores, evaluations = score(batch, steps)
        begin = 0
        for index, optimizers in enumerate(left):
            end = begin + len(optimizers)
            own = scores[begin:end]
            trials += [
                Trial(index, optimizer, round, rung, steps, float(value), int(spent))
                for optimizer, value, spent in zip(optimizers, own, evaluations[begin:end], strict=True)
            ]
            left[index] = [optimizers[i] for i in np.argsort(own, kind="stable")]
            begin = end
    return trials
