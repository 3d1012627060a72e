"""Benchmark optimizers over many functions, starts and seeds: `compare`."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError, suggests_arguments
from landscapes.execution import Executor, count_workers, execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import NOT_RUN, Results
from landscapes.experiments.checks import check_count, check_dtype, check_memory
from landscapes.experiments.optimizer_specs import (
    Optimizers,
    OptimizerSpec,
    labels,
    parse_optimizers,
    unique_labels,
    with_tuned_lrs,
)
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.records import dtype_name, run_columns, warn_of_equal_seeds
from landscapes.experiments.search_space import Range
from landscapes.experiments.starts import Spread, starts_of
from landscapes.experiments.stored_lrs import GRID
from landscapes.experiments.sweep_settings import sweep_settings
from landscapes.experiments.target_hits import TargetHitTask, evaluation_cost, target_key
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.oracle import KINDS
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import CompareMeta
from landscapes.versions import versions

TOLERANCES = tuple(10.0**-k for k in range(1, 9))
"""The default tolerances, as shares of the initial gap."""


@dataclass(frozen=True, eq=False)
class _Problem:
    """A function to minimize.

    Attributes:
        label: its name in the record.
        function: the function, with its minimum.
        starts: shape (S, d).
        optimizers: the optimizers, at their learning rates.
        lr_grid: the learning rates that replace their own, shape (L,), or None.
        minimum_is: "known", "found" by a search, or "the lowest value seen" by any run.
    """

    label: str
    function: Function
    starts: NDArray[np.float64]
    optimizers: Sequence[Optimizer]
    lr_grid: NDArray[np.float64] | None
    minimum_is: str


@suggests_arguments
@in_usual_modes
def compare(
    functions: str | Function | Sequence[str | Function],
    optimizers: Optimizers,
    *,
    starts: int = 10,
    spread: Spread = "view",
    seeds: int = 1,
    steps: int | None = None,
    tolerances: Sequence[float] = TOLERANCES,
    tuned: bool = True,
    lr_grid: Sequence[float] | Range | None = None,
    seed: int = 0,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    compiled: bool | None = None,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    progress: loop.Progress | None = None,
) -> Record:
    """Run optimizers on many functions, starts and seeds, and record when each run reaches each of several tolerances.

    All optimizers have the same starts, noise and number of steps. A run reaches the tolerance τ at the first step from
    which f ≤ f* + τ (f(x₀) − f*) (Moré & Wild, 2009) holds until its last step. A run that leaves again, or fails, does
    not reach it. If the minimum f* is unknown, it is the lowest value of any run.
    Evaluations are counted by `target_hits.evaluation_cost`: values, gradients and Hessian-vector products count 1, a
    Hessian counts d.

    Args:
        functions: names of the catalogue, or functions; numbers of coordinates may differ.
        optimizers: names, optimizers, or a dict from labels to these.
        starts: how many starts: each function's own, and others from a Sobol sequence.
        spread: where these are drawn: in the "view", in the "domain", or within this many sides of the view around the
            start.
        seeds: how many times each start is run, with different random numbers for its optimizer and
            its noise, as in `noise(adam, sigma=0.5)`. A stochastic function draws the same noise for all runs.
        steps: how many steps a run may take; by default the largest of the functions' own numbers.
        tolerances: shares of the initial gap to reach, between 0 and 1; by default 1e-1 … 1e-8.
        tuned: whether an open learning rate is tuned for each function, from its own start (see
            `landscapes.experiments.stored_lrs`); else it is the optimizer's default. An optimizer is taken as it is.
        lr_grid: learning rates at which every optimizer is run, in place of its own: values, or a `Range` of `n`
            values (16 without `n`).
        seed: of all random numbers.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default if it pays.
        executor: runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution`.
        resume_dir: a folder for finished blocks, so that an interrupted comparison continues.
        progress: called with (runs done, runs in all).

    Returns:
        A record with the axes `function`, `optimizer`, `start` and `seed`. With `lr_grid` the axis `lr` follows
        `optimizer`, and `analysis.selection.at_best_lr` takes each optimizer at its best. `meta.tolerances` are the
        shares, descending. The columns `steps_to` and `evaluations_to` have one entry per tolerance, masked if it was
        not reached. Others are `status` ("converged" if the run ends at the last tolerance), `reached` (steps to it),
        `first_reached` (the first step there, even if the run leaves again), `evaluations` (of the whole run), `final`,
        `lowest` and evaluations by kind. Points are padded with NaN to the largest number of coordinates.
        `analysis.profiles` and `analysis.tables` take the record.

    Raises:
        InputError: for invalid arguments, before any work is done; and for a function that is unbounded below.

    >>> record = compare(["booth", "beale"], ["adam", "sgd"], starts=3, steps=100, tolerances=[0.1, 1e-3])
    >>> {name: len(axis) for name, axis in record.axes.items()}
    {'function': 2, 'optimizer': 2, 'start': 3, 'seed': 1}
    >>> record.grid("steps_to").shape
    (2, 2, 3, 1, 2)

    Each optimizer at its best learning rate on each function:

    >>> from landscapes.analysis.selection import at_best_lr
    >>> record = compare(["booth", "beale"], ["adam", "sgd"], lr_grid=Range(1e-3, 1.0, n=7), starts=4, steps=100)
    >>> {name: len(axis) for name, axis in record.axes.items()}
    {'function': 2, 'optimizer': 2, 'lr': 7, 'start': 4, 'seed': 1}
    >>> at_best_lr(record, 1e-2).grid("steps_to").shape
    (2, 2, 4, 1, 8)
    """
    objectives = [as_function(one) for one in _as_list(functions)]
    place = str(loop.check_device(device))
    check_dtype(dtype)
    shares = _check_tolerances(tolerances)
    starts, seeds = check_count("starts", starts), check_count("seeds", seeds)
    seed = check_count("seed", seed, 0)
    budget = check_count("steps", max(one.steps for one in objectives) if steps is None else steps)
    check_memory(
        8 * (budget + 1) * (max(one.dim for one in objectives) + 1),
        f"following one run over {budget + 1:,} steps",
        "lower steps",
    )
    specs = parse_optimizers(optimizers, "compare")
    for one in objectives:
        if one.minimum == -math.inf:
            raise InputError(f"{one.name} is unbounded below, so no tolerance is defined; leave it out")
        for spec in specs:
            spec.optimizer.check(one)
    lrs = None
    if lr_grid is not None:
        lrs = sweep_settings([spec.optimizer for spec in specs], {"lr": lr_grid}, "grid", None, seed).columns["lr"][1]
    points = [starts_of(one, None, starts, spread=spread, seed=seed) for one in objectives]
    found = [with_found_minima(checked(one)) for one in objectives]
    problems = [
        _Problem(
            label,
            now,
            at,
            _optimizers(specs, now, budget, tuned and lrs is None),
            lrs,
            "known" if math.isfinite(one.minimum) else "found",
        )
        for label, one, now, at in zip(_names(objectives), objectives, found, points, strict=True)
    ]
    terms = RunSettings(budget, np.empty(0), seed=seed, dtype=dtype_name(dtype), device=place, compiled=compiled)
    problems = [_with_lowest_seen(problem, seeds, terms, executor) for problem in problems]
    plan = Plan(
        [_task(problem, optimizer, seeds, terms, shares) for problem in problems for optimizer in problem.optimizers],
        workers=count_workers(executor, resume_dir),
    )
    results = execute(plan, executor=executor, resume_dir=resume_dir, progress=progress)
    untuned = [
        label
        for label, spec in zip(labels(specs), specs, strict=True)
        if lrs is None and (spec.lr_source == "default" or (spec.lr_open and not tuned))
    ]
    found_here = [label for label, spec in zip(labels(specs), specs, strict=True) if spec.lr_open and tuned]
    return _record(results, problems, specs, seeds, shares, untuned, found_here if lrs is None else [])


def _as_list(functions: Any) -> list[Any]:
    given = list(functions) if isinstance(functions, Sequence) and not isinstance(functions, str) else [functions]
    if not given:
        raise InputError('no functions to compare on; give at least one, such as ["beale", "rosenbrock"]')
    return given


def _names(functions: Sequence[Function]) -> list[str]:
    """One label a function, no two alike: its name, with its number of coordinates where two share it."""
    names = [one.name for one in functions]
    return unique_labels(
        [f"{one.name} (d = {one.dim})" if names.count(one.name) > 1 else one.name for one in functions]
    )


def _check_tolerances(tolerances: Any) -> tuple[float, ...]:
    try:
        shares = sorted({float(share) for share in tolerances}, reverse=True)
    except (TypeError, ValueError):
        shares = []
    if not shares or not all(0 < share < 1 for share in shares):
        raise InputError(
            f"tolerances must be shares of the initial gap between 0 and 1, as in [1e-1, 1e-4]; got {tolerances!r:.80}"
        )
    return tuple(shares)


def _optimizers(specs: Sequence[OptimizerSpec], function: Function, steps: int, tuned: bool) -> list[Optimizer]:
    if tuned:
        specs = with_tuned_lrs(specs, function, function.start, steps)
    return [spec.optimizer for spec in specs]


def _with_lowest_seen(problem: _Problem, seeds: int, terms: RunSettings, executor: Executor | None) -> _Problem:
    """Return the problem with a minimum; if unknown, the lowest value that any of its runs meets."""
    if math.isfinite(problem.function.minimum):
        return problem
    plan = Plan(
        [_task(problem, optimizer, seeds, terms, ()) for optimizer in problem.optimizers],
        workers=count_workers(executor, None),
    )
    lowest = execute(plan, executor=executor).all_runs().lowest
    minimum = float(np.min(lowest[np.isfinite(lowest)]))
    return replace(problem, function=replace(problem.function, minimum=minimum), minimum_is="the lowest value seen")


def _task(problem: _Problem, optimizer: Optimizer, seeds: int, terms: RunSettings, shares: tuple[float, ...]) -> Task:
    """Return all runs of one optimizer on one function: learning rates, then starts, then seeds, the last fastest."""
    function, starts, lrs = problem.function, problem.starts, problem.lr_grid
    lengths = (1 if lrs is None else len(lrs), len(starts), seeds)
    columns = [GridColumn.along(column, lengths, 1) for column in starts.T]
    numbers = {} if lrs is None else {"lr": GridColumn.along(lrs, lengths, 0)}
    streams = GridColumn(np.arange(len(starts) * seeds))
    here = replace(
        terms, box=roaming_box(function).numpy(), metrics=target_key(shares, function.minimum) if shares else ()
    )
    if not shares:
        return Task(function, optimizer, math.prod(lengths), columns, here, numbers, streams)
    return TargetHitTask(
        function,
        optimizer,
        math.prod(lengths),
        columns,
        here,
        numbers,
        streams,
        shares=shares,
        minimum=function.minimum,
    )


def _record(
    results: Results,
    problems: Sequence[_Problem],
    specs: Sequence[OptimizerSpec],
    seeds: int,
    shares: tuple[float, ...],
    untuned: list[str],
    tuned: list[str],
) -> Record:
    names, terms, lrs = labels(specs), results.plan.tasks[0].settings, problems[0].lr_grid
    widest = max(problem.function.dim for problem in problems)
    each = [
        _columns(results.task(i * len(names) + j), problem, names[j], optimizer, shares)
        for i, problem in enumerate(problems)
        for j, optimizer in enumerate(problem.optimizers)
    ]
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
            "start": list(range(len(problems[0].starts))),
            "seed": list(range(seeds)),
        },
        tolerances=list(shares),
        untuned=untuned,
        tuned=tuned,
        lr_grid=list(GRID) if tuned else [],
        target=None,
        steps=terms.steps,
        seed=terms.seed,
        complete=results.complete,
        device=terms.device,
        dtype=terms.dtype,
        versions=versions(),
    )
    warn_of_equal_seeds(value[:, -1], seeds)
    return Record(Trajectories(np.concatenate(x), value, np.array([0, terms.steps]), columns), None, meta)


def _columns(
    paths: BatchResult, problem: _Problem, label: str, optimizer: Optimizer, shares: tuple[float, ...]
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


def _function_meta(problem: _Problem) -> dict[str, Any]:
    """Return the metadata of a function."""
    function = problem.function
    return {
        "title": function.title,
        "dim": function.dim,
        "minimum": function.minimum,
        "minimum_is": problem.minimum_is,
        "starts": problem.starts.tolist(),
        "optimizers": [optimizer.spec for optimizer in problem.optimizers],
    }
