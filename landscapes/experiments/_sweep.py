"""Optimizers over a grid of hyper-parameters, or settings drawn from ranges: `sweep`."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.recording import RecordSteps, recorded_steps
from landscapes.engine.termination import Stop
from landscapes.errors import suggests_arguments, unknown
from landscapes.execution._execute import Executor, execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import Results
from landscapes.experiments.checks import check_count, check_dtype
from landscapes.experiments.optimizer_specs import Optimizers, OptimizerSpec, labels, parse_optimizers, with_tuned_lrs
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.records import dtype_name, facts, goal, outcome, whole
from landscapes.experiments.starts import NEAR, Spread, starts_of
from landscapes.experiments.tuning_trials import Design, Trials, Values, trials
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import SweepMeta


@suggests_arguments
def sweep(
    function: str | Function,
    optimizers: Optimizers,
    *,
    start: Sequence[float] | None = None,
    starts: int | Sequence[Sequence[float]] | None = None,
    spread: Spread = NEAR,
    seeds: int | None = None,
    steps: int | None = None,
    stop: Stop | None = None,
    record_steps: RecordSteps = "ends",
    metrics: Sequence[str] = (),
    target: float | None = None,
    design: Design = "grid",
    count: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    compiled: bool | None = None,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    progress: loop.Progress | None = None,
    **vary: Values,
) -> Record:
    """Runs optimizers with many settings, starts and seeds.

    Any hyper-parameter can be varied, by its name: `lr=[0.01, 0.1]` by values, `lr=Range(1e-4, 1.0)` by a range, of which
    a grid takes 16 values, evenly spaced on its scale, and `Range(1e-4, 1.0, n=256)` as many as are wanted;
    `momentum=0.9` sets it once for all. The record's axes are the hyper-parameters in the order in which they are given,
    after `optimizer` where there are several, and before `start` and `seed` where these vary. Drawn settings
    have one axis, `trial`, in their place. Each hyper-parameter is a column of the runs as well.

    Args:
        function: a name of the catalogue, or a landscape of one's own.
        optimizers: names, optimizers, or a dict from labels to these. What a name leaves open and is not varied, its learning rate,
            is found by a sweep of its own (see `landscapes.experiments.stored_lrs`).
        start: the start; by default the function's own.
        starts: start points, shape (S, d), or how many: the start and others near it.
        spread: where these are drawn: within so many sides of the view around the start, or in the "view" or "domain".
        seeds: how many times each is run, with random numbers of its own.
        steps: by default the function's own number.
        stop: when a run has arrived; by default all go on to the end.
        record_steps: which steps to record; by default the first and the last.
        metrics: what to record beside points and values; see `race`.
        target: the value to reach; by default what leaves 1e-4 of the gap between the first start and the minimum.
        design: "grid", every combination, or settings drawn from all ranges at once: "random", or "sobol", which covers them
            more evenly (Sobol, 1967).
        count: how many settings are drawn.
        seed: of all random numbers.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default where it pays.
        executor: who runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution._execute`.
        resume_dir: a folder to record_steps finished blocks in, so that a job that was killed goes on where it was.
        progress: called with (runs done, runs in all).
        **vary: hyper-parameters, by name.

    Returns:
        A record whose runs are a grid (`Record.axes`, `Record.grid`), with the columns `status`, `final`, `lowest`, `reached`
        (steps to the target), `stopped`, `reason`, what was evaluated, and each hyper-parameter. A job that was ended
        by Ctrl-C gives back what is done: `meta["complete"]` is False, and the status of other runs "not run".

    Raises:
        InputError: for anything above that cannot be used, before any work is done.

    >>> record = sweep("booth", "momentum", lr=[0.01, 0.1], momentum=[0.0, 0.5, 0.9], steps=50)
    >>> record.axes
    {'lr': [0.01, 0.1], 'momentum': [0.0, 0.5, 0.9]}
    >>> record.grid("status").tolist()
    [['max_steps', 'max_steps', 'max_steps'], ['converged', 'converged', 'max_steps']]
    """
    landscape = as_function(function)
    place = str(loop.check_device(device))
    check_dtype(dtype)
    budget, seed = check_count("steps", landscape.steps if steps is None else steps), check_count("seed", seed, 0)
    recorded_steps(record_steps, budget)
    entries = parse_optimizers(optimizers, "sweep")
    points = starts_of(landscape, start, starts, spread=spread, seed=seed)
    landscape = with_found_minima(checked(landscape, points[0].tolist()))
    tried, entries = _tried(entries, vary, design, count, seed)
    entries = with_tuned_lrs(entries, landscape, points[0].tolist(), budget)
    repeats = 1 if seeds is None else check_count("seeds", seeds)
    lengths = [*map(len, tried.axes.values()), len(points), repeats]
    terms = RunSettings(
        budget, roaming_box(landscape, points).numpy(), stop, record_steps, tuple(metrics),
        goal(landscape, float(landscape(points[0].tolist())), target), seed, dtype_name(dtype), place, compiled,
    )  # fmt: skip
    tasks = [_task(landscape, entry.optimizer, tried, points, lengths, terms) for entry in entries]
    results = execute(Plan(tasks), executor=executor, resume_dir=resume_dir, progress=progress)
    names = labels(entries)
    axes = {
        **({"optimizer": names} if len(names) > 1 else {}),
        **tried.axes,
        **({"start": list(range(len(points)))} if starts is not None else {}),
        **({"seed": list(range(repeats))} if seeds is not None else {}),
    }
    return _record(landscape, results, names, entries, tried, points, axes or {"optimizer": names})


def _tried(
    entries: Sequence[OptimizerSpec], vary: Mapping[str, Values], design: Design, count: int | None, seed: int
) -> tuple[Trials, list[OptimizerSpec]]:
    """The settings to try, and the contenders with those that are the same for all."""
    fixed = {name: value for name, value in vary.items() if isinstance(value, int | float | np.number)}
    for entry, name in itertools.product(entries, fixed):
        if name not in entry.optimizer.hyperparameters():
            raise unknown(f"hyper-parameter of {entry.optimizer.label}", name, entry.optimizer.hyperparameters())
    ready = []
    for entry in entries:
        left_open = entry.left_open and _tunable(entry.optimizer) not in vary
        ready.append(replace(entry, optimizer=entry.optimizer.with_hyperparameters(fixed), left_open=left_open))
    varied = {name: values for name, values in vary.items() if name not in fixed}
    return trials([entry.optimizer for entry in ready], varied, design, count, seed), ready


def _tunable(optimizer: Optimizer) -> str:
    """The hyper-parameter that is found by a sweep where it is left open, of what a wrapper holds, too."""
    return _tunable(optimizer.optimizer) if isinstance(optimizer, Wrapper) else optimizer.tunable


def _task(
    function: Function,
    optimizer: Optimizer,
    tried: Trials,
    points: NDArray[np.float64],
    lengths: Sequence[int],
    terms: RunSettings,
) -> Task:
    """All runs of one optimizer: settings, then starts, then seeds, the last running fastest."""
    at = len(lengths) - 2
    return Task(
        function, optimizer, math.prod(lengths),
        [GridColumn.along(column, lengths, at) for column in points.T],
        terms,
        {name: GridColumn.along(values, lengths, axis) for name, (axis, values) in tried.columns.items()},
        GridColumn(np.arange(math.prod(lengths[at:]))),
    )  # fmt: skip


def _record(
    function: Function,
    results: Results,
    names: Sequence[str],
    entries: Sequence[OptimizerSpec],
    tried: Trials,
    points: NDArray[np.float64],
    axes: Mapping[str, list[Any]],
) -> Record:
    plan, paths = results.plan, whole(results)
    size, terms = plan.tasks[0].size, plan.tasks[0].settings
    settings = {name: np.concatenate([task.numbers[name][0:size] for task in plan.tasks]) for name in tried.columns}
    runs = {
        "label": np.repeat(np.array(names), size),
        "lr": np.repeat([entry.optimizer.learning_rate for entry in entries], size),
        **settings,
        **outcome(paths, terms.target, function.minimum),
    }
    meta = SweepMeta(
        **facts(function, results),
        axes=dict(axes),
        scales=dict(tried.scales),
        optimizers={name: entry.optimizer.spec for name, entry in zip(names, entries, strict=True)},
        start=points[0].tolist(),
        starts=points.tolist(),
        target=terms.target,
    )
    surface = function.surface() if function.dim == 2 else None
    return Record(Trajectories(paths.x, paths.loss, paths.step, runs, paths.metrics), surface, meta)
