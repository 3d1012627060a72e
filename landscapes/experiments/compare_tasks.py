"""The problems of a comparison, and the runs of each optimizer on them as tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from landscapes.execution.plan import GridColumn, RunSettings, Task
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.studies import Tuning
from landscapes.experiments.target_hits import TargetHitTask, target_key
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Problem:
    """A function to minimize.

    Attributes:
        label: its name in the record.
        function: the function, with its minimum.
        starts: shape (S, d), which judge.
        optimizers: the optimizers, at their learning rates.
        lr_grid: the learning rates that replace their own, shape (L,), or None.
        minimum_is: "known", "found" by a search, or "the lowest value seen" by any run.
        own_starts: the starts of the studies, shape (studies · T, d); none without studies.
        trials: the settings of each optimizer's trials: name → values, shape (studies, trials).
    """

    label: str
    function: Function
    starts: Floats
    optimizers: Sequence[Optimizer]
    lr_grid: Floats | None
    minimum_is: str
    own_starts: Floats = field(default_factory=lambda: np.empty((0, 0)))
    trials: Sequence[Mapping[str, Floats]] = ()


def task(problem: Problem, optimizer: Optimizer, seeds: int, terms: RunSettings, shares: tuple[float, ...]) -> Task:
    """Return all runs of one optimizer on one function: learning rates, then starts, then seeds, the last fastest."""
    starts, lrs = problem.starts, problem.lr_grid
    lengths = (1 if lrs is None else len(lrs), len(starts), seeds)
    columns = [GridColumn.along(column, lengths, 1) for column in starts.T]
    numbers = {} if lrs is None else {"lr": GridColumn.along(lrs, lengths, 0)}
    streams = GridColumn(np.arange(len(starts) * seeds))
    return _task(problem.function, optimizer, math.prod(lengths), columns, terms, numbers, streams, shares)


def trial_task(
    problem: Problem, place: int, tuning: Tuning, seeds: int, terms: RunSettings, shares: tuple[float, ...]
) -> Task:
    """Return all trials of the optimizer at `place`: trials, then studies, then starts of the study, then seeds."""
    studies, own = tuning.studies, tuning.starts
    size = tuning.trials * studies * own * seeds
    columns = [GridColumn(column, seeds) for column in problem.own_starts.T]
    numbers = {name: GridColumn(values.T.ravel(), own * seeds) for name, values in problem.trials[place].items()}
    judged = studies * len(problem.starts) * seeds  # so that no judged run has the noise of a trial
    streams = GridColumn(judged + np.arange(studies * own * seeds))
    return _task(problem.function, problem.optimizers[place], size, columns, terms, numbers, streams, shares)


def judged_task(
    problem: Problem,
    place: int,
    best: Mapping[str, Floats],
    studies: int,
    seeds: int,
    terms: RunSettings,
    shares: tuple[float, ...],
) -> Task:
    """Return the judged runs of the optimizer at `place`: studies, then starts, then seeds, each with its own noise.

    `best` has the chosen settings: name → value of each study.
    """
    lengths = (studies, len(problem.starts), seeds)
    columns = [GridColumn.along(column, lengths, 1) for column in problem.starts.T]
    numbers = {name: GridColumn.along(values, lengths, 0) for name, values in best.items()}
    streams = GridColumn(np.arange(math.prod(lengths)))
    optimizer = problem.optimizers[place]
    return _task(problem.function, optimizer, math.prod(lengths), columns, terms, numbers, streams, shares)


def _task(
    function: Function,
    optimizer: Optimizer,
    size: int,
    starts: Sequence[GridColumn],
    terms: RunSettings,
    numbers: Mapping[str, GridColumn],
    streams: GridColumn,
    shares: tuple[float, ...],
) -> Task:
    """Return a task that finds target hits; without shares, one that finds ends."""
    key = target_key(shares, function.minimum) if shares else ()
    here = replace(terms, box=roaming_box(function).numpy(), metrics=key)
    if not shares:
        return Task(function, optimizer, size, starts, here, numbers, streams, sample_streams=streams)
    given = (function, optimizer, size, starts, here, numbers, streams, streams)
    return TargetHitTask(*given, shares=shares, minimum=function.minimum)
