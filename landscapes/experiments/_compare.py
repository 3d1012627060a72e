"""Benchmark optimizers over many functions, starts and seeds: `compare`."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from landscapes.analysis.costs import find_tolerance
from landscapes.engine import loop
from landscapes.errors import InputError, suggests_arguments
from landscapes.execution import Executor, count_workers, execute
from landscapes.execution.plan import Plan, RunSettings, Task
from landscapes.experiments.checks import check_count, check_dtype, check_memory
from landscapes.experiments.compare_record import compare_record
from landscapes.experiments.compare_tasks import Problem, task, trial_task
from landscapes.experiments.optimizer_specs import (
    Optimizers,
    OptimizerSpec,
    check_different,
    check_different_settings,
    function_labels,
    labels,
    parse_optimizers,
    with_tuned_lrs,
    with_varied,
)
from landscapes.experiments.records import dtype_name
from landscapes.experiments.run_studies import check_trials_fit, run_studies, trial_settings
from landscapes.experiments.search_space import Range
from landscapes.experiments.starts import Spread, starts_of
from landscapes.experiments.studies import Searched, Tuning
from landscapes.experiments.sweep_settings import sweep_settings
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record

TOLERANCES = tuple(10.0**-k for k in range(1, 9))
"""The default tolerances, as shares of the initial gap."""


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
    tuning: Tuning | None = None,
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
            its noise, as in `noise(adam, sigma=0.5)`. On a stochastic function every start and seed has mini-batches
            of its own, the same ones for all optimizers.
        steps: how many steps a run may take; by default the largest of the functions' own numbers.
        tolerances: shares of the initial gap to reach, between 0 and 1; by default 1e-1 … 1e-8.
        tuned: whether an open learning rate is tuned for each function, from its own start (see
            `landscapes.experiments.stored_lrs`); else it is the optimizer's default. An optimizer is taken as it is.
        lr_grid: learning rates at which every optimizer is run, in place of its own: values, or a `Range` of `n`
            values (16 without `n`).
        tuning: a search of hyper-parameters that is repeated, as in `Tuning(trials=5, studies=5)`: in each study, the
            best of the trials on starts of its own is judged on `starts`. It replaces given and tuned values.
        seed: of all random numbers.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default if it pays. If True, and they cannot be, a warning says why.
        executor: runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution`.
        resume_dir: a folder for finished blocks, so that an interrupted comparison continues. With `tuning` it has two
            results directories, "trials" and "judged".
        progress: called with (runs done, runs in all); its method `phase` as in `race`, while learning rates are tuned.

    Returns:
        A record with the axes `function`, `optimizer`, `start` and `seed`. With `lr_grid` the axis `lr` follows
        `optimizer`, and `analysis.selection.at_best_lr` takes each optimizer at its best. With `tuning` the axis
        `study` follows `optimizer`, the column `trial` holds the chosen trial (-1 if there was nothing to search), and
        `meta.tuning` all trials with their scores. `meta.tolerances` are the shares, descending. The columns
        `steps_to` and `evaluations_to` have one entry per tolerance, masked if it was not reached. Others are `status`
        ("converged" if the run ends at the last tolerance), `reached` (steps to it), `first_reached` (the first step
        there, even if the run leaves again), `evaluations` (of the whole run), `final`, `lowest` and evaluations by
        kind. Points are padded with NaN to the largest number of coordinates.
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

    The best of 3 trials, in each of 2 studies:

    >>> from landscapes import Tuning
    >>> record = compare("booth", ["adam", "sgd"], tuning=Tuning(trials=3, studies=2), starts=4, steps=100)
    >>> {name: len(axis) for name, axis in record.axes.items()}
    {'function': 1, 'optimizer': 2, 'study': 2, 'start': 4, 'seed': 1}
    """
    objectives = [as_function(one) for one in _as_list(functions)]
    check_different(objectives, "compare")
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
    ranges = _searched(tuning, specs, lr_grid, shares, len(objectives), starts, seeds * budget)
    grid = ["lr"] if lrs is not None else []
    check_different_settings(specs, [[*own, *grid] for own in ranges])
    specs = [with_varied(spec, [*own, *grid]) for spec, own in zip(specs, ranges, strict=True)]
    drawn = starts + (tuning.studies * tuning.starts if tuning is not None else 0)
    points = [starts_of(one, None, drawn, spread=spread, seed=seed) for one in objectives]
    found = [with_found_minima(checked(one)) for one in objectives]
    problems = [
        Problem(
            label,
            now,
            at[:starts],
            _optimizers(specs, now, budget, tuned and lrs is None, ranges, progress),
            lrs,
            "known" if math.isfinite(one.minimum) else "found",
            at[starts:],
        )
        for label, one, now, at in zip(function_labels(objectives), objectives, found, points, strict=True)
    ]
    terms = RunSettings(budget, np.empty(0), seed=seed, dtype=dtype_name(dtype), device=place, compiled=compiled)
    if tuning is not None:
        if resume_dir is None:
            check_trials_fit(problems, tuning, ranges, seeds, terms, shares)
        problems = [replace(problem, trials=trial_settings(problem, tuning, ranges, seed)) for problem in problems]
    problems = [_with_lowest_seen(problem, tuning, seeds, terms, executor) for problem in problems]
    searched = {label for label, own in zip(labels(specs), ranges, strict=True) if "lr" in own}
    untuned = [
        label
        for label, spec in zip(labels(specs), specs, strict=True)
        if lrs is None and label not in searched and (spec.lr_source == "default" or (spec.lr_open and not tuned))
    ]
    found_here = [
        label
        for label, spec in zip(labels(specs), specs, strict=True)
        if lrs is None and label not in searched and spec.lr_open and tuned
    ]
    if tuning is not None:
        return run_studies(
            problems, specs, tuning, ranges, seeds, terms, shares, untuned, found_here, executor, resume_dir, progress
        )
    plan = Plan(
        [task(problem, optimizer, seeds, terms, shares) for problem in problems for optimizer in problem.optimizers],
        workers=count_workers(executor, resume_dir),
    )
    results = execute(plan, executor=executor, resume_dir=resume_dir, progress=progress)
    return compare_record(results, problems, specs, seeds, shares, untuned=untuned, tuned=found_here)


def _searched(
    tuning: Tuning | None,
    specs: Sequence[OptimizerSpec],
    lr_grid: Sequence[float] | Range | None,
    shares: tuple[float, ...],
    functions: int,
    judged: int,
    steps: int,
) -> Searched:
    """Return the ranges that the studies search, {} of each optimizer without studies.

    `judged` are the starts that judge, `steps` the steps of a run from one start with all
    its seeds. Raises `InputError` for studies that the budget does not pay for, and for whatever `Tuning` refuses.
    """
    if tuning is None:
        return [{} for _ in specs]
    if not isinstance(tuning, Tuning):
        raise InputError(f"tuning must be a Tuning, as in Tuning(trials=5, studies=5), got {tuning!r:.80}")
    if lr_grid is not None:
        raise InputError("give either lr_grid or tuning: tuning searches the learning rates that lr_grid would list")
    if tuning.tolerance is not None:
        find_tolerance(list(shares), tuning.tolerance)
    ranges = tuning.ranges([spec.optimizer for spec in specs])
    if not any(ranges):
        raise InputError(
            "tuning: none of these optimizers has a hyper-parameter to search; leave out tuning, or name others in vary"
        )
    tuned = sum(map(bool, ranges)) * tuning.trials * tuning.starts
    tuning.check_budget(functions * len(specs) * judged, functions * tuned, steps)
    return ranges


def _as_list(functions: Any) -> list[Any]:
    given = list(functions) if isinstance(functions, Sequence) and not isinstance(functions, str) else [functions]
    if not given:
        raise InputError('no functions to compare on; give at least one, such as ["beale", "rosenbrock"]')
    return given


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


def _optimizers(
    specs: Sequence[OptimizerSpec],
    function: Function,
    steps: int,
    tuned: bool,
    ranges: Searched,
    progress: loop.Progress | None,
) -> list[Optimizer]:
    """Return the optimizers at their learning rates; those that studies search have their own for now."""
    if tuned:
        specs = [
            replace(spec, lr_open=spec.lr_open and "lr" not in own) for spec, own in zip(specs, ranges, strict=True)
        ]
        specs = with_tuned_lrs(specs, function, function.start, steps, progress=progress)
    return [spec.optimizer for spec in specs]


def _with_lowest_seen(
    problem: Problem, tuning: Tuning | None, seeds: int, terms: RunSettings, executor: Executor | None
) -> Problem:
    """Return the problem with a minimum; if unknown, the lowest value that any of its runs meets.

    With studies these are the trials; an optimizer with nothing to search runs from all judged starts.
    """
    if math.isfinite(problem.function.minimum):
        return problem
    tasks: list[Task] = []
    for i, optimizer in enumerate(problem.optimizers):
        if tuning is not None and problem.trials[i]:
            tasks.append(trial_task(problem, i, tuning, seeds, terms, ()))
        else:
            tasks.append(task(problem, optimizer, seeds, terms, ()))
    lowest = execute(Plan(tasks, workers=count_workers(executor, None)), executor=executor).all_runs().lowest
    minimum = float(np.min(lowest[np.isfinite(lowest)]))
    return replace(problem, function=replace(problem.function, minimum=minimum), minimum_is="the lowest value seen")
