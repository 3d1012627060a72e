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
        sample_streams: the stream of samples of each start on a stochastic function, shape (S,); None: one for all.
    """

    function: Function
    starts: torch.Tensor
    streams: torch.Tensor
    box: torch.Tensor
    target: float | None = None
    seed: int = 0
    sample_streams: torch.Tensor | None = None

    def run(
        self,
        optimizers: Sequence[Optimizer],
        steps: int,
        record_steps: RecordSteps = "ends",
        progress: loop.Progress | None = None,
    ) -> BatchResult:
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
            progress=progress,
            sample_streams=None if self.sample_streams is None else self.sample_streams.repeat(len(optimizers)),
        )


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of some optimizers.

    Attributes:
        score: of each optimizer; lower is better.
        final: its mean final loss, which decides between equal scores.
        evaluations: how often it evaluated the function in all.
    """

    score: NDArray[np.float64]
    final: NDArray[np.float64]
    evaluations: NDArray[np.int64]


Score = Callable[[Sequence[Optimizer], int], Scores]
"""Runs optimizers for some steps and returns their scores."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One setting of one optimizer, run for some steps.

    Attributes:
        index: which of the tuned optimizers it belongs to.
        optimizer: the optimizer with this setting.
        round, rung: when it was run.
        steps: for how many steps.
        score: its score; lower is better.
        final: its mean final loss, which decides between equal scores.
        evaluations: how often it evaluated the function in all.
    """

    index: int
    optimizer: Optimizer
    round: int
    rung: int
    steps: int
    score: float
    final: float
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
        found = score(batch, steps)
        begin = 0
        for index, optimizers in enumerate(left):
            end = begin + len(optimizers)
            rows = zip(optimizers, *(part[begin:end].tolist() for part in vars(found).values()), strict=True)
            trials += [Trial(index, optimizer, round, rung, steps, *values) for optimizer, *values in rows]
            order = np.lexsort((found.final[begin:end], found.score[begin:end]))
            left[index] = [optimizers[i] for i in order]
            begin = end
    return trials
