"""Many optimizers tried from many starts as one batch, and fewer of them tried longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.recording import RecordSteps
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer


@dataclass(frozen=True, eq=False)
class Conditions:
    """Under which every optimizer is tried alike.

    Attributes:
        function: the landscape.
        starts: start points, shape (S, d).
        streams: which noise each start meets, shape (S,).
        box: the region that runs may roam, shape (d, 2).
        target: the value to reach, or None.
        seed: of all random numbers.
    """

    function: Function
    starts: torch.Tensor
    streams: torch.Tensor
    box: torch.Tensor
    target: float | None = None
    seed: int = 0

    def run(self, optimizers: Sequence[Optimizer], steps: int, record_steps: RecordSteps = "ends") -> loop.BatchResult:
        """Every optimizer from every start: run r·S + s is optimizer r from start s."""
        count = len(self.starts)
        field = [optimizer for optimizer in optimizers for _ in range(count)]
        starts = self.starts.repeat(len(optimizers), 1).T.contiguous()
        return loop.run(
            self.function, field, starts, steps, box=self.box, record_steps=record_steps, target=self.target,
            streams=self.streams.repeat(len(optimizers)), seed=self.seed,
        )  # fmt: skip


Score = Callable[[Sequence[Optimizer], int], tuple[NDArray[np.float64], NDArray[np.int64]]]
"""Tries optimizers for so many steps: the score of each, lower being better, and how many evaluations it used."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One optimizer tried.

    Attributes:
        contender: whose it is.
        optimizer: the optimizer.
        round, rung: when it was tried.
        steps: for how long.
        score: how it did; lower is better.
        evaluations: how often the function was evaluated in all.
    """

    contender: int
    optimizer: Optimizer
    round: int
    rung: int
    steps: int
    score: float
    evaluations: int


def halve(
    candidates: Sequence[Sequence[Optimizer]], plan: Sequence[tuple[int, int]], score: Score, round: int = 0
) -> list[Trial]:
    """Successive halving (Jamieson & Talwalkar, 2016): all candidates for a few steps, the best of them for more.

    Args:
        candidates: the optimizers of each contender.
        plan: a rung a pair: how many of a contender's candidates run, and for how many steps. Each rung takes
            the best of the one before; the rungs of all contenders are one batch.
        score: what tries them.
        round: a number to mark the trials with.
    """
    trials: list[Trial] = []
    left = [list(optimizers) for optimizers in candidates]
    for rung, (count, steps) in enumerate(plan):
        left = [optimizers[:count] for optimizers in left]
        field = [optimizer for optimizers in left for optimizer in optimizers]
        scores, evaluations = score(field, steps)
        begin = 0
        for contender, optimizers in enumerate(left):
            end = begin + len(optimizers)
            mine = scores[begin:end]
            trials += [
                Trial(contender, optimizer, round, rung, steps, float(value), int(cost))
                for optimizer, value, cost in zip(optimizers, mine, evaluations[begin:end], strict=True)
            ]
            left[contender] = [optimizers[i] for i in np.argsort(mine, kind="stable")]
            begin = end
    return trials
