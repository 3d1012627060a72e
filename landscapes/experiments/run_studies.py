"""Run the studies of a comparison: all trials, the choice of the best of each study, and the runs that judge it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from landscapes.analysis.costs import find_tolerance
from landscapes.engine import loop
from landscapes.errors import InputError
from landscapes.execution import Executor, check_memory, count_workers, execute
from landscapes.execution.plan import Plan, RunSettings
from landscapes.execution.results import MemoryStore, Results
from landscapes.execution.results_dir import Shard
from landscapes.experiments.compare_record import compare_record
from landscapes.experiments.compare_tasks import Problem, judged_task, trial_task
from landscapes.experiments.optimizer_specs import OptimizerSpec
from landscapes.experiments.studies import Choice, Searched, Tuning
from landscapes.experiments.target_hits import evaluation_cost
from landscapes.oracle import KINDS
from landscapes.record import Record


def trial_settings(problem: Problem, tuning: Tuning, ranges: Searched, seed: int) -> list[dict[str, Any]]:
    """Return the settings of each optimizer's trials on a function."""
    return [
        tuning.settings(optimizer, own, problem.function, seed) if own else {}
        for optimizer, own in zip(problem.optimizers, ranges, strict=True)
    ]


def check_trials_fit(
    problems: Sequence[Problem],
    tuning: Tuning,
    ranges: Searched,
    seeds: int,
    terms: RunSettings,
    shares: tuple[float, ...],
) -> None:
    """Raise `InputError` if the results of all trials will not fit into memory; drawing millions takes minutes."""
    empty = [replace(problem, trials=[{} for _ in ranges]) for problem in problems]
    places = [(problem, j) for problem in empty for j, own in enumerate(ranges) if own]
    check_memory(Plan([trial_task(problem, j, tuning, seeds, terms, shares) for problem, j in places]))


def run_studies(
    problems: Sequence[Problem],
    specs: Sequence[OptimizerSpec],
    tuning: Tuning,
    ranges: Searched,
    seeds: int,
    terms: RunSettings,
    shares: tuple[float, ...],
    untuned: list[str],
    tuned: list[str],
    executor: Executor | None,
    resume_dir: str | os.PathLike[str] | None,
    progress: loop.Progress | None,
) -> Record:
    """Run the trials, choose the best of each study, and judge it."""
    workers = count_workers(executor, resume_dir)
    places = [(i, j) for i, problem in enumerate(problems) for j, own in enumerate(problem.trials) if own]
    trials = Plan([trial_task(problems[i], j, tuning, seeds, terms, shares) for i, j in places], workers=workers)
    judged = sum(len(problem.starts) * len(problem.optimizers) for problem in problems) * tuning.studies * seeds
    total, before = trials.runs + judged, 0

    def report(done: int, _: int) -> None:
        if progress is not None:
            progress(before + done, total)

    def run(plan: Plan, name: str) -> Results:
        return execute(plan, executor=executor, resume_dir=_inside(resume_dir, name), progress=report)

    tried = run(trials, "trials")
    chosen_for = shares[find_tolerance(list(shares), tuning.tolerance)]
    choices = [[Choice.nothing(tuning.studies) for _ in specs] for _ in problems]
    for k, (i, j) in enumerate(places):
        choices[i][j] = _choice(tried, k, problems[i], j, tuning, terms.steps, shares.index(chosen_for) + 1)
    plan = Plan(
        [
            judged_task(problem, j, choice.best(), tuning.studies, seeds, terms, shares)
            for problem, row in zip(problems, choices, strict=True)
            for j, choice in enumerate(row)
        ],
        workers=workers,
    )
    before = trials.runs
    done = tried.complete
    results = run(plan, "judged") if done else Results(plan, MemoryStore(plan))
    return compare_record(
        results,
        problems,
        specs,
        seeds,
        shares,
        untuned=untuned,
        tuned=tuned,
        tuning=tuning,
        ranges=ranges,
        choices=choices,
        chosen_for=chosen_for,
        complete=done,
    )


def _choice(
    tried: Results, number: int, problem: Problem, place: int, tuning: Tuning, budget: int, tolerances: int
) -> Choice:
    """Return what the studies of the optimizer at `place` chose on a function, from the results of its trials."""
    paths = tried.task(number)
    runs = len(paths.loss)
    to = paths.metrics.get("steps_to", np.full((runs, tolerances), np.nan))[:, :tolerances]
    steps = np.where(np.isnan(to), np.inf, to).reshape(tuning.trials, tuning.studies, -1, tolerances)
    final = paths.loss[:, -1].reshape(steps.shape[:3])
    spent = evaluation_cost(np.stack([paths.evaluations[kind] for kind in KINDS], -1), problem.function.dim)
    return Choice.of(problem.trials[place], steps.swapaxes(0, 1), final.swapaxes(0, 1), int(spent.sum()), budget)


def _inside(resume_dir: str | os.PathLike[str] | None, name: str) -> str | os.PathLike[str] | None:
    """Return the results directory of one part of a comparison with studies; the folder around it is created."""
    if resume_dir is None:
        return None
    try:
        os.makedirs(resume_dir, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write results to {os.fspath(resume_dir)!r}: {error.strerror or error}; choose a writable directory"
        ) from None
    path = os.path.join(resume_dir, name)
    return replace(resume_dir, path=path) if isinstance(resume_dir, Shard) else path
