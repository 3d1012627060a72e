"""Build the record of a comparison from its results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.execution.results import NOT_RUN, Results
from landscapes.experiments.compare_tasks import Problem
from landscapes.experiments.optimizer_specs import OptimizerSpec, labels
from landscapes.experiments.records import run_columns, warn_of_equal_seeds
from landscapes.experiments.search_space import Range
from landscapes.experiments.stored_lrs import GRID
from landscapes.experiments.studies import Choice, Tuning
from landscapes.experiments.target_hits import evaluation_cost
from landscapes.optimizers import Optimizer
from landscapes.oracle import KINDS
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import CompareMeta
from landscapes.versions import versions

Choices = Sequence[Sequence[Choice]]
"""What the studies chose, by function and optimizer."""


def compare_record(
    results: Results,
    problems: Sequence[Problem],
    specs: Sequence[OptimizerSpec],
    seeds: int,
    shares: tuple[float, ...],
    *,
    untuned: list[str],
    tuned: list[str],
    tuning: Tuning | None = None,
    ranges: Sequence[Mapping[str, Range]] = (),
    choices: Choices = (),
    chosen_for: float | None = None,
    complete: bool = True,
) -> Record:
    """Return the record of a comparison; of one with studies, also what they searched and chose."""
    names, terms, lrs = labels(specs), results.plan.tasks[0].settings, problems[0].lr_grid
    widest = max(problem.function.dim for problem in problems)
    searched = list(dict.fromkeys(name for one in ranges for name in one))
    each = []
    for i, problem in enumerate(problems):
        for j, optimizer in enumerate(problem.optimizers):
            part = _columns(results.task(i * len(names) + j), problem, names[j], optimizer, shares)
            each.append({**part, **_chosen(choices[i][j], optimizer, searched, len(part["lr"]))} if choices else part)
    x = [np.pad(part["x"], ((0, 0), (0, 0), (0, widest - part["x"].shape[2])), constant_values=np.nan) for part in each]
    value = np.concatenate([part["loss"] for part in each])
    columns = {name: np.concatenate([part[name] for part in each]) for name in each[0] if name not in ("x", "loss")}
    meta = CompareMeta(
        functions={problem.label: _function_meta(problem) for problem in problems},
        optimizers={name: spec.optimizer.spec for name, spec in zip(names, specs, strict=True)},
        axes={
            "function": [problem.label for problem in problems],
            "optimizer": names,
            **({} if lrs is None else {"lr": lrs.tolist()}),
            **({} if tuning is None else {"study": list(range(tuning.studies))}),
            "start": list(range(len(problems[0].starts))),
            "seed": list(range(seeds)),
        },
        tolerances=list(shares),
        untuned=untuned,
        tuned=tuned,
        lr_grid=list(GRID) if tuned else [],
        chosen_for=chosen_for,
        tuning={} if tuning is None else _tuning_meta(tuning, problems, names, ranges, choices),
        target=None,
        steps=terms.steps,
        seed=terms.seed,
        complete=complete and results.complete,
        device=terms.device,
        dtype=terms.dtype,
        versions=versions(),
    )
    warn_of_equal_seeds(value[:, -1], seeds)
    return Record(Trajectories(np.concatenate(x), value, np.array([0, terms.steps]), columns), None, meta)


def _columns(
    paths: BatchResult, problem: Problem, label: str, optimizer: Optimizer, shares: tuple[float, ...]
) -> Mapping[str, NDArray[Any]]:
    """Return points, losses and columns of the runs of one optimizer on one function."""
    count, function = len(paths.loss), problem.function
    lrs = np.array([optimizer.learning_rate]) if problem.lr_grid is None else problem.lr_grid
    never = np.full((count, len(shares)), np.nan)  # if no block of it was run
    to = {name: np.nan_to_num(paths.metrics.get(name, never), nan=-1) for name in ("steps_to", "evaluations_to")}
    first = paths.loss[:, 0]
    hardest = function.minimum + shares[-1] * np.maximum(first - function.minimum, 0.0)
    spent = np.stack([paths.evaluations[kind] for kind in KINDS], -1).astype(np.float64)
    return {
        "x": paths.x,
        "loss": paths.loss,
        "label": np.repeat([label], count),
        "function": np.repeat([problem.label], count),
        "lr": np.repeat(lrs, count // len(lrs)),
        **run_columns(paths, hardest, function.minimum),
        "evaluations": np.where(paths.reason == NOT_RUN, -1, evaluation_cost(spent, function.dim)).astype(np.int64),
        "steps_to": to["steps_to"].astype(np.int64),
        "evaluations_to": to["evaluations_to"].astype(np.int64),
    }


def _chosen(choice: Choice, optimizer: Optimizer, searched: Sequence[str], count: int) -> dict[str, NDArray[Any]]:
    """Return the columns of the chosen settings: the trial of each run, and the hyper-parameters that were searched."""
    each = count // len(choice.chosen)
    own, best = optimizer.numeric_settings(), choice.best()
    usual = {name: np.full(len(choice.chosen), own.get(name, math.nan)) for name in searched}
    values = {name: np.repeat(column, each) for name, column in {**usual, **best}.items()}
    return {"trial": np.repeat(choice.chosen, each), **values}


def _function_meta(problem: Problem) -> dict[str, Any]:
    """Return the metadata of a function."""
    function = problem.function
    return {
        "title": function.title,
        "dim": function.dim,
        "minimum": function.minimum,
        "minimum_is": problem.minimum_is,
        "family": function_family(problem),
        "tags": sorted(function.tags),
        "starts": problem.starts.tolist(),
        "optimizers": [optimizer.spec for optimizer in problem.optimizers],
    }


def function_family(problem: Problem) -> str:
    """Return the family of a function: the module of the catalogue that defines it, "" for a function of one's own.

    Functions of one module share a shape; see `landscapes.functions`.
    """
    module = str(getattr(problem.function.formula, "__module__", ""))
    package, _, name = module.rpartition(".")
    return name if package == "landscapes.functions" else ""


def _tuning_meta(
    tuning: Tuning,
    problems: Sequence[Problem],
    names: Sequence[str],
    ranges: Sequence[Mapping[str, Range]],
    choices: Choices,
) -> dict[str, Any]:
    """Return what the studies searched and found, as plain data."""
    return {
        "trials": tuning.trials,
        "studies": tuning.studies,
        "starts": tuning.starts,
        "design": tuning.design,
        "searched": {
            name: {key: [ends.low, ends.high, ends.scale] for key, ends in own.items()}
            for name, own in zip(names, ranges, strict=True)
        },
        "found": {
            problem.label: {name: choice.meta() for name, choice in zip(names, row, strict=True)}
            for problem, row in zip(problems, choices, strict=True)
        },
    }
