"""Run optimizers over a grid of hyper-parameters, or over draws from ranges: `sweep`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from landscapes.engine import loop
from landscapes.engine.recording import RecordSteps, count_recorded
from landscapes.engine.termination import Stop
from landscapes.errors import InputError, suggests_arguments
from landscapes.execution import Executor, count_workers, execute
from landscapes.execution.plan import Plan, RunSettings
from landscapes.experiments.checks import check_count, check_dtype, check_metrics, check_stop
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
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.records import dtype_name, resolve_target
from landscapes.experiments.starts import NEAR, Spread, starts_of
from landscapes.experiments.sweep_problems import Problem, sweep_record, tasks
from landscapes.experiments.sweep_settings import Design, Settings, Values, sweep_settings, unknown_setting
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.optimizers.torch_arguments import canonical_names
from landscapes.optimizers.wrappers.base import unwrap
from landscapes.record import Record


@suggests_arguments
@in_usual_modes
def sweep(
    function: str | Function | Sequence[str | Function],
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
    evenly on its scale (16 values without `n`). `momentum=0.9` sets it for all runs. So can a wrapper's own number,
    `**{"clip.norm": [0.1, 1.0]}` of "clip(sgd, norm=1)", and flags and names: `nesterov=[False, True]`. Of two clips,
    "clip.norm" is the outer one's and "clip2.norm" the inner one's.
    The axes of the record are flags and names, and then numbers, in the given order, after `function` and `optimizer`
    if there are several, before `start` and `seed` if these vary. Drawn settings have one axis, `trial`. Each setting
    is a column of runs as well.

    Args:
        function: a name of the catalogue, or a function of your own; or several, each from its own start.
        optimizers: names, optimizers, or a dict from labels to these. A learning rate that is neither given nor varied
            is tuned (see `landscapes.experiments.stored_lrs`), for each function and combination of flags.
        start: the start, d numbers; by default the function's own.
        starts: the start points, shape (S, d), or how many: the start and others near it.
        spread: where these are drawn: within this many sides of the view around the start (0.02 by default), in the
            "view" or in the "domain".
        seeds: how many times each is run, with different random numbers for its optimizer and
            its noise, as in `noise(adam, sigma=0.5)`. On a stochastic function the runs of one seed see the same
            mini-batches, from every start and with every optimizer, and those of another seed see others.
        steps: how many steps; by default the function's own number, the largest of several.
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
        compiled: whether steps are compiled; by default if it pays. If True, and they cannot be, a warning says why.
        executor: runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution`.
        resume_dir: a folder for finished blocks, so that an interrupted sweep continues.
        progress: called with (runs done, runs in all); its method `phase` as in `race`, while learning rates are tuned.
        **vary: settings, by name: numbers, ranges, flags, names, or lists of these.

    Returns:
        A record whose runs form a grid (`Record.axes`, `Record.grid`), with the columns `status`, `final`, `lowest`,
        `reached` (the first step from which the loss stays at or below the target), `first_reached` (the first step
        there), `stopped`, `reason`, evaluations, and each hyper-parameter; of several functions
        also `function`, and its `target` and `minimum`. After Ctrl-C the record has what is done:
        `meta.complete` is False, and other runs have the status "not run".

    Raises:
        InputError: for invalid arguments, before any work is done.

    >>> record = sweep("booth", "momentum", lr=[0.01, 0.1], momentum=[0.0, 0.5, 0.9], steps=50)
    >>> record.axes
    {'lr': [0.01, 0.1], 'momentum': [0.0, 0.5, 0.9]}
    >>> record.grid("status").tolist()
    [['max_steps', 'max_steps', 'max_steps'], ['converged', 'converged', 'max_steps']]

    >>> record = sweep(["booth", "beale"], "momentum", lr=0.01, nesterov=[False, True], steps=300)
    >>> record.axes, record.grid("reached").tolist()
    ({'function': ['booth', 'beale'], 'nesterov': [False, True]}, [[81, 58], [90, 120]])
    """
    given = _functions(function)
    place = str(loop.check_device(device))
    check_dtype(dtype)
    stop, metrics = check_stop(stop), check_metrics(metrics)
    budget = check_count("steps", max(one.steps for one in given) if steps is None else steps)
    seed = check_count("seed", seed, 0)
    count_recorded(record_steps, budget)  # an invalid choice is refused before the tuning
    specs = parse_optimizers(optimizers, "sweep")
    if len(given) > 1 and start is not None:
        raise InputError("start is that of one function; several functions start at their own, and starts=N at others")
    points = [starts_of(one, start, starts, spread=spread, seed=seed) for one in given]
    objectives = [with_found_minima(checked(one, here[0].tolist())) for one, here in zip(given, points, strict=True)]
    settings, ready = _settings(specs, vary, design, count, seed)
    repeats = 1 if seeds is None else check_count("seeds", seeds)
    flagged = [
        replace(spec, optimizer=spec.optimizer.with_hyperparameters(setting))
        for spec in ready
        for setting in settings.combinations
    ]
    problems = [
        Problem(
            label,
            one,
            here,
            [spec.optimizer for spec in with_tuned_lrs(flagged, one, here[0].tolist(), budget, progress=progress)],
            RunSettings(
                budget,
                roaming_box(one).numpy(),
                stop,
                record_steps,
                metrics,
                resolve_target(one, float(one(here[0].tolist())), target),
                seed,
                dtype_name(dtype),
                place,
                compiled,
            ),
        )
        for label, one, here in zip(function_labels(objectives), objectives, points, strict=True)
    ]
    results = execute(
        Plan(
            [task for problem in problems for task in tasks(problem, settings, repeats)],
            workers=count_workers(executor, resume_dir),
        ),
        executor=executor,
        resume_dir=resume_dir,
        progress=progress,
    )
    names = labels(ready)
    axes = {
        **({"function": [problem.label for problem in problems]} if len(problems) > 1 else {}),
        **({"optimizer": names} if len(names) > 1 else {}),
        **settings.axes,
        **({"start": list(range(len(points[0])))} if starts is not None else {}),
        **({"seed": list(range(repeats))} if seeds is not None else {}),
    }
    return sweep_record(results, problems, ready, settings, axes or {"optimizer": names}, repeats)


def _functions(given: Any) -> list[Function]:
    """Return the functions, at least one."""
    listed = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    if not listed:
        raise InputError('no functions to sweep on; give at least one, such as "beale"')
    found = [as_function(one) for one in listed]
    check_different(found, "sweep")
    return found


def _settings(
    specs: Sequence[OptimizerSpec], vary: Mapping[str, Values], design: Design, count: int | None, seed: int
) -> tuple[Settings, list[OptimizerSpec]]:
    """Return the settings to run, and the optimizers with the settings that are the same for all runs."""
    vary = canonical_names(vary)
    choices = {name for spec in specs for name in spec.optimizer.choice_settings()}
    fixed = {
        name: value
        for name, value in vary.items()
        if isinstance(value, bool | int | float | np.number) or (isinstance(value, str) and name in choices)
    }
    for spec, name in itertools.product(specs, fixed):
        if name not in {**spec.optimizer.numeric_settings(), **spec.optimizer.choice_settings()}:
            raise unknown_setting(spec.optimizer, name)
    ready = []
    for spec in specs:
        lr_open = spec.lr_open and unwrap(spec.optimizer).tunable not in vary
        ready.append(replace(spec, optimizer=spec.optimizer.with_hyperparameters(fixed), lr_open=lr_open))
    varied = {name: values for name, values in vary.items() if name not in fixed}
    check_different_settings(ready, [list(varied)] * len(ready))
    ready = [with_varied(spec, varied) for spec in ready]
    return sweep_settings([spec.optimizer for spec in ready], varied, design, count, seed), ready
