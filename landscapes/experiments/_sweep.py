"""Run optimizers over a grid of hyper-parameters, or over draws from ranges: `sweep`."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import RecordSteps, count_recorded
from landscapes.engine.termination import Stop
from landscapes.errors import suggests_arguments, unknown
from landscapes.execution import Executor, count_workers, execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import Results
from landscapes.experiments.checks import check_count, check_dtype, check_metrics, check_stop
from landscapes.experiments.optimizer_specs import Optimizers, OptimizerSpec, labels, parse_optimizers, with_tuned_lrs
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.records import (
    all_results,
    common_meta,
    dtype_name,
    resolve_target,
    run_columns,
    warn_of_equal_seeds,
)
from landscapes.experiments.starts import NEAR, Spread, starts_of
from landscapes.experiments.sweep_settings import Design, Settings, Values, sweep_settings
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.optimizers.torch_arguments import canonical_names
from landscapes.optimizers.wrappers.base import Wrapper
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import SweepMeta


@suggests_arguments
@in_usual_modes
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
    """Run optimizers with many settings, starts and seeds.

    Any hyper-parameter can be varied by its name: `lr=[0.01, 0.1]` by values, `lr=Range(1e-4, 1.0, n=256)` by a range,
    evenly on its scale (16 values without `n`). `momentum=0.9` sets it for all runs. The axes of the record are the
    hyper-parameters in the given order, after `optimizer` if there are several, before `start` and `seed` if these
    vary. Drawn settings have one axis, `trial`. Each hyper-parameter is a column of runs as well.

    Args:
        function: a name of the catalogue, or a function of your own.
        optimizers: names, optimizers, or a dict from labels to these. A learning rate that is neither given nor varied
            is tuned (see `landscapes.experiments.stored_lrs`).
        start: the start, d numbers; by default the function's own.
        starts: the start points, shape (S, d), or how many: the start and others near it.
        spread: where these are drawn: within this many sides of the view around the start (0.02 by default), in the
            "view" or in the "domain".
        seeds: how many times each is run, with different random numbers for its optimizer and
            its noise, as in `noise(adam, sigma=0.5)`. On a stochastic function the runs of one seed see the same
            mini-batches, from every start and with every optimizer, and those of another seed see others.
        steps: how many steps; by default the function's own number.
        stop: when a run has converged; by default runs use all steps.
        record_steps: the steps to record; by default the first and the last.
        metrics: what to record besides points and losses; see `race`.
        target: the loss to reach; by default 1e-4 of the gap between the first start and the minimum remains.
        design: "grid" for every combination, or joint draws from all ranges: "random", or "sobol", which covers them
            more evenly (Sobol, 1967). Draws need ranges without `n`.
        count: how many settings are drawn.
        seed: of all random numbers.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default if it pays.
        executor: runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution`.
        resume_dir: a folder for finished blocks, so that an interrupted sweep continues.
        progress: called with (runs done, runs in all).
        **vary: hyper-parameters, by name.

    Returns:
        A record whose runs form a grid (`Record.axes`, `Record.grid`), with the columns `status`, `final`, `lowest`,
        `reached` (the first step from which the loss stays at or below the target), `first_reached` (the first step
        there), `stopped`, `reason`, evaluations, and each hyper-parameter. After Ctrl-C the
        record has what is done: `meta.complete` is False, and other runs have the status "not run".

    Raises:
        InputError: for invalid arguments, before any work is done.

    >>> record = sweep("booth", "momentum", lr=[0.01, 0.1], momentum=[0.0, 0.5, 0.9], steps=50)
    >>> record.axes
    {'lr': [0.01, 0.1], 'momentum': [0.0, 0.5, 0.9]}
    >>> record.grid("status").tolist()
    [['max_steps', 'max_steps', 'max_steps'], ['converged', 'converged', 'max_steps']]
    """
    objective = as_function(function)
    place = str(loop.check_device(device))
    check_dtype(dtype)
    stop, metrics = check_stop(stop), check_metrics(metrics)
    budget, seed = check_count("steps", objective.steps if steps is None else steps), check_count("seed", seed, 0)
    count_recorded(record_steps, budget)  # an invalid choice is refused before the tuning
    specs = parse_optimizers(optimizers, "sweep")
    points = starts_of(objective, start, starts, spread=spread, seed=seed)
    objective = with_found_minima(checked(objective, points[0].tolist()))
    settings, specs = _settings(specs, vary, design, count, seed)
    specs = with_tuned_lrs(specs, objective, points[0].tolist(), budget)
    repeats = 1 if seeds is None else check_count("seeds", seeds)
    lengths = [*map(len, settings.axes.values()), len(points), repeats]
    terms = RunSettings(
        budget,
        roaming_box(objective).numpy(),
        stop,
        record_steps,
        metrics,
        resolve_target(objective, float(objective(points[0].tolist())), target),
        seed,
        dtype_name(dtype),
        place,
        compiled,
    )
    tasks = [_task(objective, spec.optimizer, settings, points, lengths, terms) for spec in specs]
    results = execute(
        Plan(tasks, workers=count_workers(executor, resume_dir)),
        executor=executor,
        resume_dir=resume_dir,
        progress=progress,
    )
    names = labels(specs)
    paths = all_results(results)
    warn_of_equal_seeds(paths.loss[:, -1], repeats)
    axes = {
        **({"optimizer": names} if len(names) > 1 else {}),
        **settings.axes,
        **({"start": list(range(len(points)))} if starts is not None else {}),
        **({"seed": list(range(repeats))} if seeds is not None else {}),
    }
    return _record(objective, results, paths, names, specs, settings, points, axes or {"optimizer": names})


def _settings(
    specs: Sequence[OptimizerSpec], vary: Mapping[str, Values], design: Design, count: int | None, seed: int
) -> tuple[Settings, list[OptimizerSpec]]:
    """Return the settings to run, and the optimizers with the hyper-parameters that are the same for all runs."""
    vary = canonical_names(vary)
    fixed = {name: value for name, value in vary.items() if isinstance(value, int | float | np.number)}
    for spec, name in itertools.product(specs, fixed):
        if name not in spec.optimizer.hyperparameters():
            raise unknown(f"hyper-parameter of {spec.optimizer.label}", name, spec.optimizer.hyperparameters())
    ready = []
    for spec in specs:
        lr_open = spec.lr_open and _tunable(spec.optimizer) not in vary
        ready.append(replace(spec, optimizer=spec.optimizer.with_hyperparameters(fixed), lr_open=lr_open))
    varied = {name: values for name, values in vary.items() if name not in fixed}
    return sweep_settings([spec.optimizer for spec in ready], varied, design, count, seed), ready


def _tunable(optimizer: Optimizer) -> str:
    """The hyper-parameter that is found by a sweep where it is left open, of what a wrapper holds, too."""
    return _tunable(optimizer.optimizer) if isinstance(optimizer, Wrapper) else optimizer.tunable


def _task(
    function: Function,
    optimizer: Optimizer,
    settings: Settings,
    points: NDArray[np.float64],
    lengths: Sequence[int],
    terms: RunSettings,
) -> Task:
    """Return all runs of one optimizer: settings, then starts, then seeds, the last running fastest."""
    at = len(lengths) - 2
    return Task(
        function,
        optimizer,
        math.prod(lengths),
        [GridColumn.along(column, lengths, at) for column in points.T],
        terms,
        {name: GridColumn.along(values, lengths, axis) for name, (axis, values) in settings.columns.items()},
        GridColumn(np.arange(math.prod(lengths[at:]))),
        GridColumn(np.arange(lengths[-1])),
    )


def _record(
    function: Function,
    results: Results,
    paths: BatchResult,
    names: Sequence[str],
    specs: Sequence[OptimizerSpec],
    settings: Settings,
    points: NDArray[np.float64],
    axes: Mapping[str, list[Any]],
) -> Record:
    plan = results.plan
    size, terms = plan.tasks[0].size, plan.tasks[0].settings
    tried = {
        name: np.concatenate([task.hyperparameters[name][0:size] for task in plan.tasks]) for name in settings.columns
    }
    runs = {
        "label": np.repeat(np.array(names), size),
        "lr": np.repeat([spec.optimizer.learning_rate for spec in specs], size),
        **tried,
        **run_columns(paths, terms.target, function.minimum),
    }
    meta = SweepMeta(
        **common_meta(function, results),
        axes=dict(axes),
        scales=dict(settings.scales),
        optimizers={name: spec.optimizer.spec for name, spec in zip(names, specs, strict=True)},
        start=points[0].tolist(),
        starts=points.tolist(),
        target=terms.target,
    )
    if terms.stop is not None:
        meta = meta.replace(stop={name: given for name, given in asdict(terms.stop).items() if given is not None})
    surface = function.surface() if function.dim == 2 else None
    return Record(Trajectories(paths.x, paths.loss, paths.step, runs, paths.metrics), surface, meta)
