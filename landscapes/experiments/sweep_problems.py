"""The problems of a sweep, its runs as tasks, and its record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.execution.plan import GridColumn, RunSettings, Task
from landscapes.execution.results import Results
from landscapes.experiments.optimizer_specs import OptimizerSpec, labels
from landscapes.experiments.records import all_results, common_meta, run_columns, warn_of_equal_seeds
from landscapes.experiments.sweep_settings import Settings
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import SweepMeta
from landscapes.versions import versions

MOST_NAMED = 3
"""A title names so many functions."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A function of a sweep.

    Attributes:
        label: its name in the record.
        function: the function.
        starts: shape (S, d).
        optimizers: of each optimizer and each combination of flags, in this order, at their learning rates.
        terms: the settings that its runs share.
    """

    label: str
    function: Function
    starts: NDArray[np.float64]
    optimizers: Sequence[Optimizer]
    terms: RunSettings


def tasks(problem: Problem, settings: Settings, repeats: int) -> list[Task]:
    """Return the runs of each optimizer: settings, then starts, then seeds, the last running fastest."""
    numbers = [len(settings.axes[name]) for name in settings.axes if name not in settings.choices]
    lengths = [*numbers, len(problem.starts), repeats]
    at = len(lengths) - 2
    return [
        Task(
            problem.function,
            optimizer,
            math.prod(lengths),
            [GridColumn.along(column, lengths, at) for column in problem.starts.T],
            problem.terms,
            {name: GridColumn.along(values, lengths, axis) for name, (axis, values) in settings.columns.items()},
            GridColumn(np.arange(math.prod(lengths[at:]))),
            GridColumn(np.arange(repeats)),
        )
        for optimizer in problem.optimizers
    ]


def sweep_record(
    results: Results,
    problems: Sequence[Problem],
    specs: Sequence[OptimizerSpec],
    settings: Settings,
    axes: Mapping[str, list[Any]],
    repeats: int,
) -> Record:
    """Return the record of a sweep. `specs` are the optimizers as they were given, without flags."""
    paths, names, terms = all_results(results), labels(specs), problems[0].terms
    warn_of_equal_seeds(paths.loss[:, -1], repeats)
    plan, several = results.plan, len(problems) > 1
    size = plan.tasks[0].size
    each = len(problems[0].optimizers) * size
    combinations = settings.combinations
    targets = np.repeat([math.nan if one.terms.target is None else one.terms.target for one in problems], each)
    minima = np.repeat([one.function.minimum for one in problems], each)
    runs = {
        "label": np.tile(np.repeat(np.array(names), len(combinations) * size), len(problems)),
        **({"function": np.repeat([one.label for one in problems], each)} if several else {}),
        "lr": np.repeat([task.optimizer.learning_rate for task in plan.tasks], size),
        **{
            name: np.tile(np.repeat([one[name] for one in combinations], size), len(problems) * len(names))
            for name in settings.choices
        },
        **{
            name: np.concatenate([task.hyperparameters[name][0:size] for task in plan.tasks])
            for name in settings.columns
        },
        **run_columns(paths, targets, minima),
        **({"target": targets, "minimum": minima} if several else {}),
    }
    meta = SweepMeta(
        **(_shared_meta(results, problems) if several else common_meta(problems[0].function, results)),
        axes=dict(axes),
        scales={**dict.fromkeys(settings.choices, "categorical"), **settings.scales},
        optimizers={name: spec.optimizer.spec for name, spec in zip(names, specs, strict=True)},
        start=[] if several else problems[0].starts[0].tolist(),
        starts=[] if several else problems[0].starts.tolist(),
        target=None if several else terms.target,
    )
    if terms.stop is not None:
        meta = meta.replace(stop={name: given for name, given in asdict(terms.stop).items() if given is not None})
    alone = problems[0].function
    surface = alone.surface() if alone.dim == 2 and not several else None
    return Record(Trajectories(paths.x, paths.loss, paths.step, runs, paths.metrics), surface, meta)


def _shared_meta(results: Results, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the metadata of a sweep over several functions."""
    terms = problems[0].terms
    titles = [one.function.title for one in problems]
    return {
        "function": ", ".join(one.label for one in problems),
        "title": ", ".join(titles) if len(titles) <= MOST_NAMED else f"{len(titles)} functions",
        "functions": {
            one.label: {
                "title": one.function.title,
                "dim": one.function.dim,
                "minimum": one.function.minimum,
                "starts": one.starts.tolist(),
                "target": one.terms.target,
            }
            for one in problems
        },
        "steps": terms.steps,
        "seed": terms.seed,
        "complete": results.complete,
        "device": terms.device,
        "dtype": terms.dtype,
        "versions": versions(),
    }
