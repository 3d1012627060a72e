"""Follow settings beyond the last step of an experiment: does a run that has reached the target stay there?

Descent with a learning rate above 2/λ, with the largest curvature λ at the minimum, may come near the minimum, stay for
a while and leave it again, because such a rate is stable only elsewhere. The same holds for other optimizers with other
limits. No formula covers them all, so the runs go on for `HORIZON` times the steps. Efforts only grow by that (see
`landscapes.experiments.criterion`), so that it is enough to follow the settings that rank first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.experiments import criterion
from landscapes.experiments.halving import Conditions
from landscapes.experiments.phases import RunsInTurn
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.optimizers.wrappers.scheduled import Scheduled

HORIZON = 4
"""For how many times the steps settings are followed."""


class FollowedSettings:
    """N settings, some of which are followed.

    A setting with a learning-rate schedule is not: its schedule belongs to the number of steps.

    Args:
        conditions: the conditions of the runs.
        settings: N optimizers.
        paths: their runs of so many steps, by `conditions.run`.
        first: the loss at the start.
        steps: the number of steps.
        runs: reports the steps taken.

    Attributes:
        effort: the effort of each followed setting, never below the one within the steps, shape (N,); 0 of others.
        leaves: whether a run left the target that it had reached, or failed, after the steps, shape (N,).
        evaluations: how often each evaluated the function to be followed, shape (N,).
        done: which were followed, shape (N,).
    """

    def __init__(
        self,
        conditions: Conditions,
        settings: Sequence[Optimizer],
        paths: BatchResult,
        first: float,
        steps: int,
        runs: RunsInTurn | None = None,
    ) -> None:
        self.runs = RunsInTurn(None, 0) if runs is None else runs
        self.conditions, self.settings, self.paths, self.first, self.steps = conditions, settings, paths, first, steps
        count = len(settings)
        self.effort = np.zeros(count)
        self.leaves = np.zeros(count, bool)
        self.evaluations = np.zeros(count, np.int64)
        self.done = np.array([is_scheduled(setting) for setting in settings])

    def follow(self, wanted: NDArray[np.bool_]) -> None:
        """Follow these settings, a mask of shape (N,), as far as they have not been followed yet."""
        new = np.flatnonzero(wanted & ~self.done)
        if not len(new):
            return
        of, starts = self.conditions, len(self.conditions.starts)
        before = _take(self.paths, (new[:, None] * starts + np.arange(starts)).ravel())
        longer = HORIZON * self.steps
        beyond = of.run([self.settings[i] for i in new.tolist()], longer, [self.steps], self.runs.part(longer))
        self.effort[new] = criterion.setting_efforts(
            before, of.function, of.target, self.first, self.steps, len(new), beyond
        )
        self.leaves[new] = criterion.leaves(before, beyond, self.steps).reshape(len(new), starts).any(1)
        self.evaluations[new] = np.asarray(sum(beyond.evaluations.values())).reshape(len(new), starts).sum(1)
        self.done[new] = True


def _take(paths: BatchResult, rows: NDArray[np.int64]) -> BatchResult:
    """Return some of the runs, without metrics and errors."""
    names = ("x", "loss", "stopped", "reason", "reached", "first_reached", "lowest")
    return replace(
        paths,
        **{name: getattr(paths, name)[rows] for name in names},
        evaluations={kind: counts[rows] for kind, counts in paths.evaluations.items()},
        metrics={},
        errors={},
    )


def is_scheduled(optimizer: Optimizer) -> bool:
    """Return whether a wrapper of the optimizer is a learning-rate schedule."""
    while isinstance(optimizer, Wrapper):
        if isinstance(optimizer, Scheduled):
            return True
        optimizer = optimizer.optimizer
    return False
