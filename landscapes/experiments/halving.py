"""Many rules tried from many starts as one batch, and fewer of them tried longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.recording import Keep
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Rule


@dataclass(frozen=True, eq=False)
class Conditions:
    """Under which every rule is tried alike.

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

    def run(self, rules: Sequence[Rule], steps: int, keep: Keep = "ends") -> loop.Paths:
        """Every rule from every start: run r·S + s is rule r from start s."""
        count = len(self.starts)
        field = [rule for rule in rules for _ in range(count)]
        starts = self.starts.repeat(len(rules), 1).T.contiguous()
        return loop.run(
            self.function, field, starts, steps, box=self.box, keep=keep, target=self.target,
            streams=self.streams.repeat(len(rules)), seed=self.seed,
        )  # fmt: skip


Score = Callable[[Sequence[Rule], int], tuple[NDArray[np.float64], NDArray[np.int64]]]
"""Tries rules for so many steps: the score of each, lower being better, and how many evaluations it used."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One rule tried.

    Attributes:
        contender: whose it is.
        rule: the rule.
        round, rung: when it was tried.
        steps: for how long.
        score: how it did; lower is better.
        evaluations: how often the function was evaluated in all.
    """

    contender: int
    rule: Rule
    round: int
    rung: int
    steps: int
    score: float
    evaluations: int


def halve(
    candidates: Sequence[Sequence[Rule]], plan: Sequence[tuple[int, int]], score: Score, round: int = 0
) -> list[Trial]:
    """Successive halving (Jamieson & Talwalkar, 2016): all candidates for a few steps, the best of them for more.

    Args:
        candidates: the rules of each contender.
        plan: a rung a pair: how many of a contender's candidates run, and for how many steps. Each rung takes
            the best of the one before; the rungs of all contenders are one batch.
        score: what tries them.
        round: a number to mark the trials with.
    """
    trials: list[Trial] = []
    left = [list(rules) for rules in candidates]
    for rung, (count, steps) in enumerate(plan):
        left = [rules[:count] for rules in left]
        field = [rule for rules in left for rule in rules]
        scores, evaluations = score(field, steps)
        begin = 0
        for contender, rules in enumerate(left):
            end = begin + len(rules)
            mine = scores[begin:end]
            trials += [
                Trial(contender, rule, round, rung, steps, float(value), int(cost))
                for rule, value, cost in zip(rules, mine, evaluations[begin:end], strict=True)
            ]
            left[contender] = [rules[i] for i in np.argsort(mine, kind="stable")]
            begin = end
    return trials
