"""Find the best hyper-parameters of each optimizer, under one budget for all: `tune`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis.tuning import FAILED_EFFORT
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments import criterion
from landscapes.experiments.checks import check_count, check_start
from landscapes.experiments.following import FollowedSettings
from landscapes.experiments.halving import Scores, Trial, halve
from landscapes.experiments.optimizer_specs import Optimizers, parse_optimizers, unique_labels, with_varied
from landscapes.experiments.outcomes import statuses, target_loss
from landscapes.experiments.records import warn_of_equal_seeds
from landscapes.experiments.search_space import Range
from landscapes.experiments.starts import sobol
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.experiments.varied import (
    Vary,
    canonical_vary,
    check_vary,
    ranges_to_vary,
    rejection_of,
    without_rejected,
)
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import TuneMeta
from landscapes.versions import versions

Progress = Callable[[int, int], None]

HALVING = 3
"""A rung keeps one candidate in this many, and runs it this many times longer."""

RUNGS = 3
ROUNDS = 2
NARROWER, WIDER = 0.4, 1.5
"""The second round multiplies the width of a range by these: narrower around an inner choice, wider at an edge."""

MOST_DRAWS = 16
"""How many settings are drawn per candidate at most, where an optimizer rejects combinations."""

EDGE = 0.05
"""A choice within this share of the range's end lies at its edge."""


@suggests_arguments
@in_usual_modes
def tune(
    function: str | Function,
    optimizers: Optimizers,
    *,
    vary: Vary = "all",
    start: Sequence[float] | None = None,
    starts: int = 4,
    seeds: int = 1,
    steps: int | None = None,
    target: float | None = None,
    candidates: int = 81,
    seed: int = 0,
    progress: Progress | None = None,
) -> Record:
    """Find the best hyper-parameters of every optimizer, under one budget for all.

    There are two rounds of successive halving (Jamieson & Talwalkar, 2016). `candidates` settings of each optimizer,
    drawn from one scrambled Sobol sequence, run for a ninth of the steps. The best third of them runs for a third of
    the steps, and the best third of those for all. The second round searches around the best setting: a narrower
    range if it lies inside, a wider one if it lies at an edge. Every rung is one batch. All optimizers get the same
    number of candidates and steps. The runs of the last rung are followed for four times the steps, so that a setting
    which leaves the target after the last step does not win.

    The score of a setting is its effort, averaged over starts and seeds. The effort of a run is the step from which its
    loss stays at or below the target until the end, as a share of all steps. It is 1 plus a term that grows with the
    remaining gap if the target is not reached, and 3 if the run fails. Ties go to the lowest mean final loss. `race`
    and `compare` tune learning rates by the same criterion (see `landscapes.experiments.criterion`).

    Args:
        function: a name of the catalogue, or a function of your own.
        optimizers: names, optimizers, or a dict from labels to these. Flags are kept, and wrappers with them.
        vary: the hyper-parameters to vary: "all", names such as ["lr", "beta1"] (each optimizer varies those that it
            has), or a dict from names to (low, high) or `Range` without `n`. "all" means every numeric one, such as
            lr, beta1 and eps of Adam. Of a class of your own these are its numeric arguments with defaults. Flags,
            and numbers of which the optimizer accepts no other value, are not varied. A wrapper's own number is varied
            if it is named, as in ["lr", "clip.norm"] of "clip(adam, norm=1)", within a factor of 100 around its value.
        start: the start, d numbers; by default the function's own.
        starts: how many starts: the given one, and others within 0.02 sides of the view.
        seeds: how many times each start is run, with different random numbers for its optimizer and
            its noise, as in `noise(adam, sigma=0.5)`, and other mini-batches of a stochastic function.
        steps: of the longest rung; by default the function's own number.
        target: the loss to reach; by default 1e-4 of the gap between start and minimum remains.
        candidates: settings of each optimizer in the first rung of a round, >= 9.
        seed: of candidates, starts and noise.
        progress: called with (rungs done, rungs in all).

    Returns:
        A record with one run per trial. Its columns are `label`, `optimizer`, `round`, `rung`, `steps`, `effort`,
        `evaluations` (of all its starts and seeds), `chosen`, and one per hyper-parameter (NaN if the optimizer lacks
        it). Points, losses, `status` and `reached` are those from the first start.
        `record.best` is a dict from labels to the best optimizers, `render.table(record)` the table of them, and
        `landscapes.TuneResult.of(record)` a typed view.

    Raises:
        InputError: for invalid arguments, before any work is done.

    >>> record = tune("booth", ["sgd", "adam"], steps=60, candidates=9, starts=1)
    >>> sorted(record.best)
    ['Adam', 'SGD']
    >>> record.meta.effort["SGD"] < 1
    True
    """
    given = as_function(function)
    specs = parse_optimizers(optimizers, "tune")
    base = [spec.optimizer for spec in specs]
    vary = canonical_vary(vary)
    check_vary(base, vary)
    spaces = [without_rejected(optimizer, ranges_to_vary(optimizer, vary), vary) for optimizer in base]
    named = [with_varied(spec, ranges) for spec, ranges in zip(specs, spaces, strict=True)]
    labels = unique_labels([spec.optimizer.label if spec.label is None else spec.label for spec in named])
    starts, seeds = check_count("starts", starts), check_count("seeds", seeds)
    candidates = check_count("candidates", candidates, HALVING ** (RUNGS - 1))
    longest = check_count("steps", given.steps if steps is None else steps)
    point = np.array(check_start(given, given.start if start is None else start))
    objective = checked(given, point.tolist())
    target = _check_target(objective, point, target)
    conditions = criterion.conditions(objective, point.tolist(), target, starts, seeds, seed)
    first = float(objective(point.tolist()))
    plan = [
        (max(1, candidates // HALVING**rung), max(1, longest // HALVING ** (RUNGS - 1 - rung))) for rung in range(RUNGS)
    ]
    results: list[BatchResult] = []

    def score(optimizers: Sequence[Optimizer], steps: int) -> Scores:
        result = conditions.run(optimizers, steps)
        results.append(result)
        if progress is not None:
            progress(len(results), RUNGS * ROUNDS)
        count = len(optimizers)
        spent = np.asarray(sum(result.evaluations.values())).reshape(count, -1).sum(1)
        efforts = criterion.setting_efforts(result, objective, target, first, steps, count)
        if steps == longest:
            followed = FollowedSettings(conditions, optimizers, result, first, steps)
            followed.follow(efforts < FAILED_EFFORT)
            efforts, spent = np.maximum(efforts, followed.effort), spent + followed.evaluations
        return Scores(efforts, criterion.final_losses(result, count), spent)

    trials: list[Trial] = []
    for round in range(ROUNDS):
        centres = base if round == 0 else [trials[_best(trials, i)].optimizer for i in range(len(base))]
        if round > 0:
            spaces = [_refocused(ranges, optimizer) for ranges, optimizer in zip(spaces, centres, strict=True)]
        drawn = [
            _candidates(optimizer, ranges, candidates, seed + round)
            for optimizer, ranges in zip(centres, spaces, strict=True)
        ]
        trials += halve(drawn, plan, score, round)
    warn_of_equal_seeds(np.concatenate([result.loss[:, -1] for result in results]), seeds)
    chosen = [_best(trials, i) for i in range(len(base))]
    best = {label: trials[i].optimizer for label, i in zip(labels, chosen, strict=True)}
    names = list(dict.fromkeys(name for trial in trials for name in trial.optimizer.hyperparameters()))
    names += [name for name in dict.fromkeys(itertools.chain(*spaces)) if name not in names]  # of wrappers
    meta = TuneMeta(
        function=objective.name,
        title=objective.title,
        latex=objective.latex,
        domain=[list(side) for side in objective.domain],
        view=[list(side) for side in objective.view],
        start=point.tolist(),
        steps=longest,
        seed=seed,
        minimum=objective.minimum,
        target=target,
        versions=versions(),
        optimizers={label: optimizer.spec for label, optimizer in best.items()},
        effort={label: trials[i].score for label, i in zip(labels, chosen, strict=True)},
        edges={
            label: _edges(ranges, trials[i].optimizer) for label, ranges, i in zip(labels, spaces, chosen, strict=True)
        },
        spent={label: sum(trial.evaluations for trial in trials if trial.index == i) for i, label in enumerate(labels)},
        hyperparameters=names,
        varied={label: list(ranges) for label, ranges in zip(labels, spaces, strict=True)},
    )
    trajectories = _trajectories(trials, labels, chosen, names, results, target, objective.minimum, longest)
    surface = objective.surface() if objective.dim == 2 else None
    return Record(trajectories, surface, meta, _best=best)


def _trajectories(
    trials: Sequence[Trial],
    labels: Sequence[str],
    chosen: Sequence[int],
    names: Sequence[str],
    results: Sequence[BatchResult],
    target: float,
    minimum: float,
    longest: int,
) -> Trajectories:
    """Return the trials as runs. Results are in their order; points and losses are those from the first start."""
    first = slice(None, None, sum(len(result.loss) for result in results) // len(trials))
    x, loss, reason, reached = (
        np.concatenate([getattr(result, name)[first] for result in results])
        for name in ("x", "loss", "reason", "reached")
    )
    values = [trial.optimizer.numeric_settings() for trial in trials]
    runs: dict[str, NDArray[Any]] = {
        "label": np.array([labels[trial.index] for trial in trials]),
        "optimizer": np.array([trial.optimizer.spec for trial in trials]),
        **{name: np.array([getattr(trial, name) for trial in trials]) for name in ("round", "rung", "steps")},
        "effort": np.array([trial.score for trial in trials]),
        "evaluations": np.array([trial.evaluations for trial in trials]),
        "chosen": np.isin(np.arange(len(trials)), chosen),
        "status": statuses(loss[:, -1], reason, target, minimum),
        "reached": reached,
        **{name: np.array([of.get(name, math.nan) for of in values]) for name in names},
    }
    return Trajectories(x, loss, np.array([0, longest]), runs)


def _check_target(function: Function, start: NDArray[np.float64], target: float | None) -> float:
    """Return the loss to reach. Raises `InputError` for a target that is not below the loss at the start."""
    first = float(function(start.tolist()))
    if target is not None:
        number = isinstance(target, int | float) and not isinstance(target, bool)
        if not number or not math.isfinite(target) or target >= first:
            raise InputError(f"target must be below the loss at the start, {first:.6g}; got {target!r}")
        return float(target)
    if math.isfinite(function.minimum):
        return target_loss(first, function.minimum)
    raise InputError(f"the minimum of {function.name} is unknown; give the loss to reach, target=…")


def _candidates(optimizer: Optimizer, ranges: Mapping[str, Range], count: int, seed: int) -> list[Optimizer]:
    """Return `count` settings: the optimizer itself first, then others spread over the ranges.

    Settings that the optimizer rejects are replaced by later ones of the same sequence. Raises `InputError` if it
    rejects most of them.
    """
    if not ranges:
        return [optimizer] * count
    found, error = [optimizer], None
    for shares in sobol(len(ranges), MOST_DRAWS * count, seed).tolist()[1:]:
        if len(found) == count:
            return found
        values = {name: ends.at(share) for (name, ends), share in zip(ranges.items(), shares, strict=True)}
        rejection = rejection_of(optimizer, values)
        error = rejection or error
        if rejection is None:
            found.append(optimizer.with_hyperparameters(values))
    if len(found) < count:
        raise InputError(
            f"{optimizer.label} accepts only {len(found) - 1} of {MOST_DRAWS * count - 1} settings of "
            f"{', '.join(ranges)} ({error}); give narrower ranges, such as vary={{'lr': (1e-3, 1)}}"
        )
    return found


def _best(trials: Sequence[Trial], index: int) -> int:
    """Return the place of an optimizer's best trial among those that ran for all steps."""
    longest = [i for i, trial in enumerate(trials) if trial.index == index and trial.rung == RUNGS - 1]
    return min(longest, key=lambda i: (trials[i].score, trials[i].final))


def _refocused(ranges: Mapping[str, Range], optimizer: Optimizer) -> dict[str, Range]:
    """Return the ranges of the second round, around the best setting; a limit that it does not set keeps its range."""
    values = optimizer.numeric_settings()
    return {
        name: ends
        if math.isnan(values[name])
        else ends.around(values[name], WIDER if _at_edge(ends, values[name]) else NARROWER)
        for name, ends in ranges.items()
    }


def _at_edge(ends: Range, value: float) -> bool:
    return not math.isnan(value) and not EDGE < ends.share(value) < 1 - EDGE


def _edges(ranges: Mapping[str, Range], optimizer: Optimizer) -> dict[str, str]:
    """Return the hyper-parameters at an edge: "limit" if their range cannot widen, else "edge"."""
    values = optimizer.numeric_settings()
    return {
        name: "limit" if ends.nearer_end_is_limit(values[name]) else "edge"
        for name, ends in ranges.items()
        if _at_edge(ends, values[name])
    }
