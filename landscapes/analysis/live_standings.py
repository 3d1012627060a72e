"""The standings of a race at every step, one row per optimizer. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscapes.record import FAILED, Record, optimizer_labels, steps_or_inf

Numbers = NDArray[np.int64]

MARGIN = 0.25
"""How far mean places must differ before two rows change place, in places: rows with one loss do not flicker."""

SAMPLES = 40
"""The largest number of steps at which a mean place is measured."""


@dataclass(frozen=True, eq=False)
class LiveStandings:
    """The standings of a race with R optimizers and T recorded steps.

    A run that reaches the target and stays there ranks before all that have not, the earlier the better. Others rank by
    their present loss, failed ones last. So the standings of the last step are `Record.order`. Of an optimizer that
    runs from several starts, more arrivals rank first, and then the lower median loss.

    Attributes:
        steps: the recorded steps, shape (T,).
        names: the optimizers.
        runs: the number of runs of each, shape (R,).
        loss: the median loss of the runs of each, infinite where they failed, shape (T, R).
        final: the median of their final losses, by which optimizers rank whose runs have all failed, shape (R,).
        origin: the minimum from which gaps are measured, NaN if losses are shown.
        reached: the step from which each run stays at its target, infinite if it does not, per optimizer, ascending.
        failed: the step at which each run failed, infinite if it did not, per optimizer, ascending.
    """

    steps: Numbers
    names: tuple[str, ...]
    runs: Numbers
    loss: NDArray[np.float64]
    final: NDArray[np.float64]
    origin: float
    reached: tuple[NDArray[np.float64], ...]
    failed: tuple[NDArray[np.float64], ...]

    def index(self, step: float) -> int:
        """Return the place of the last recorded step up to `step`."""
        return max(int(np.searchsorted(self.steps, step, side="right")) - 1, 0)

    def arrived(self, step: float) -> Numbers:
        """Return the number of runs of each optimizer that have reached the target for good, shape (R,)."""
        return np.array([int(np.searchsorted(ends, step, side="right")) for ends in self.reached])

    def ended(self, step: float) -> Numbers:
        """Return the number of failed runs of each optimizer, shape (R,)."""
        return np.array([int(np.searchsorted(ends, step, side="right")) for ends in self.failed])

    def keys(self, step: float) -> NDArray[np.float64]:
        """Return what decides the places, shape (R, 4): failed, minus arrivals, step of the last one, loss."""
        arrived, failed = self.arrived(step), self.ended(step) == self.runs
        since = [ends[count - 1] if count else np.inf for ends, count in zip(self.reached, arrived, strict=True)]
        loss = np.where(failed, self.final, self.loss[self.index(step)])
        return np.column_stack([failed, -arrived, since, loss]).astype(np.float64)

    def order(self, step: float) -> Numbers:
        """Return the optimizers from best to worst, shape (R,); equal ones in the record's order."""
        return np.lexsort(self.keys(step).T[::-1]).astype(np.int64)

    def values(self, step: float) -> NDArray[np.float64]:
        """Return the present gap of each optimizer, or its loss, shape (R,)."""
        loss = self.loss[self.index(step)]
        return np.asarray(loss - self.origin if np.isfinite(self.origin) else loss)

    def steady_orders(self, at: Sequence[int], exact: Sequence[int] = ()) -> Numbers:
        """Return orders at ascending steps that change only where the standings do so for a while, shape (n, R).

        Two rows change place if their mean places between the neighbouring steps differ by more than a quarter. At the
        first step, the last one, and the steps in `exact`, the order is that of the step itself.
        """
        true, found = {0, len(at) - 1, *(at.index(step) for step in exact if step in at)}, [self.order(at[0])]
        for k in range(1, len(at)):
            if k in true:
                found.append(self.order(at[k]))
                continue
            low, high = (at[k - 1] + at[k]) / 2, (at[k] + at[k + 1]) / 2
            seen = np.unique(np.linspace(np.ceil(low), np.floor(high), SAMPLES).round())
            mean = np.mean([np.argsort(self.order(step)) for step in seen], axis=0)
            found.append(_steady(found[-1], mean))
        return np.array(found)


def live_standings(record: Record) -> LiveStandings:
    """Return the standings of a race at every step.

    >>> from landscapes import race
    >>> live = live_standings(race("booth", ["sgd(lr=0.01)", "adam(lr=0.5)"], steps=60))
    >>> [[live.names[row] for row in live.order(step)] for step in (5, 60)]
    [['SGD', 'Adam'], ['Adam', 'SGD']]
    """
    runs, trajectories = record.trajectories.runs, record.trajectories
    names, last = optimizer_labels(record), float(trajectories.step[-1])
    reached = steps_or_inf(runs["reached"])
    stopped = np.minimum(steps_or_inf(runs["stopped"]), last)
    failed = np.where(np.isin(runs["status"], FAILED), stopped, np.inf)
    losses = np.where(np.isnan(trajectories.loss), np.inf, trajectories.loss)
    present = np.where(trajectories.step >= failed[:, None], np.inf, losses)
    if "name" not in runs:
        groups = [[run] for run in range(len(names))]
    else:
        groups = [[run for run, own in enumerate(names) if own == name] for name in dict.fromkeys(names)]
    return LiveStandings(
        steps=np.asarray(trajectories.step, np.int64),
        names=tuple(names[group[0]] for group in groups),
        runs=np.array([len(group) for group in groups]),
        loss=np.stack([np.median(present[group], axis=0) for group in groups], axis=1),
        final=np.array([np.median(losses[group, -1]) for group in groups]),
        origin=record.gap_origin,
        reached=tuple(np.sort(reached[group]) for group in groups),
        failed=tuple(np.sort(failed[group]) for group in groups),
    )


def _steady(order: Numbers, mean: NDArray[np.float64]) -> Numbers:
    """Return an order in which neighbours change place while their mean places differ by more than the margin.

    >>> _steady(np.array([0, 1, 2]), np.array([0.5, 0.4, 0.1])).tolist()
    [2, 0, 1]
    """
    rows = order.tolist()
    for _ in rows:
        for place in range(len(rows) - 1, 0, -1):
            if mean[rows[place]] < mean[rows[place - 1]] - MARGIN:
                rows[place - 1], rows[place] = rows[place], rows[place - 1]
    return np.array(rows, np.int64)
