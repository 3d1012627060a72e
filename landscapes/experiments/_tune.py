"""The best hyper-parameters of each optimizer, under one budget for all: `tune`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.analysis.race_table import aligned
from landscapes.errors import InputError, unknown
from landscapes.experiments.checks import check_count, check_start
from landscapes.experiments.halving import Conditions, Trial, halve
from landscapes.experiments.optimizer_specs import Optimizers, parse_optimizers, unique
from landscapes.experiments.outcomes import ROAM, target_between
from landscapes.experiments.search_space import Range, search_space
from landscapes.experiments.starts import NEAR, sobol
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer

Vary = Literal["all"] | Sequence[str] | Mapping[str, Range | tuple[float, float]]
Progress = Callable[[int, int], None]

HALVING = 3
"""One candidate in so many goes on to the next rung, which is so many times longer."""

RUNGS = 3
ROUNDS = 2
NARROWER, WIDER = 0.4, 1.5
"""What the second round does with a range: narrower around a choice that lies inside, wider around one at its edge."""

EDGE = 0.05
"""A choice within this share of its range's end lies at its edge."""

FAILED = 3.0
"""The effort of a run that failed: three times the budget."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """What `tune` found, and all that it tried.

    Attributes:
        best: the best optimizer of each contender, by label.
        effort: its effort in the last rung (see `tune`), by label.
        edges: by label, the hyper-parameters whose choice still lies at the edge of where it was looked for: "edge", or
            "limit" where no value beyond it is allowed.
        trials: every optimizer tried, in order.
        spent: evaluations of the function that each contender used, by label.
        target: the value that was to be reached.
        steps: how many steps the last rung had.
    """

    best: Mapping[str, Optimizer]
    effort: Mapping[str, float]
    edges: Mapping[str, Mapping[str, str]]
    trials: Sequence[Trial]
    spent: Mapping[str, int]
    target: float
    steps: int

    def columns(self) -> dict[str, NDArray[Any]]:
        """The sweep for drawing: one row a trial, one column a fact; hyper-parameters that an optimizer lacks are NaN."""
        labels, names = (
            list(self.best),
            list(dict.fromkeys(n for trial in self.trials for n in trial.optimizer.hyperparameters())),
        )
        facts = {
            "label": np.array([labels[trial.contender] for trial in self.trials]),
            **{name: np.array([getattr(trial, name) for trial in self.trials]) for name in ("round", "rung", "steps")},
            "effort": np.array([trial.score for trial in self.trials]),
            "evaluations": np.array([trial.evaluations for trial in self.trials]),
        }
        values = [trial.optimizer.hyperparameters() for trial in self.trials]
        return facts | {name: np.array([of.get(name, math.nan) for of in values]) for name in names}

    def table(self) -> str:
        """The contenders, best first: what was chosen, and at what effort."""
        rows = [("optimizer", "effort", "evaluations", "chosen", "at the edge")]
        for label in sorted(self.best, key=lambda name: self.effort[name]):
            edge = ", ".join(f"{name} ({kind})" for name, kind in self.edges[label].items()) or "–"
            rows.append((label, f"{self.effort[label]:.3f}", str(self.spent[label]), self.best[label].spec, edge))
        return aligned(rows)


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
) -> Tuning:
    """Looks for the best hyper-parameters of every optimizer, all of them at once and under one budget.

    Two rounds of successive halving (Jamieson & Talwalkar, 2016): `candidates` settings of each optimizer,
    spread by a scrambled Sobol sequence and the same for all, run for a ninth of the steps; the best third
    of them for a third, and the best third of those for all. The second round looks again around the
    best: closer where a choice lies inside its range, further out where it lies at the edge. Every rung is one
    batch, and every optimizer gets as many candidates and steps as any other.

    A setting is scored by its effort: the step at which the target is first reached, as a share of all steps; for a run
    that does not reach it 1 and a part that grows with the gap left; 3 for one that fails. It is averaged over starts and seeds.

    Args:
        function: a name of the catalogue, or a landscape of one's own.
        optimizers: names, optimizers, or a dict from labels to these; what an optimizer has beside its numbers (flags, what is
            wrapped around it) stays.
        vary: which hyper-parameters: "all", names such as ["lr", "beta1"] (of which each optimizer varies those it has),
            or a dict from names to ranges, (low, high) or `Range`.
        start: the start; by default the function's own.
        starts: how many starts: the given one, and others close by.
        seeds: how many times each start is run, with noise of its own.
        steps: of the longest rung; by default the function's own number.
        target: the value to reach; by default what leaves 1e-4 of the gap between start and minimum.
        candidates: settings of each optimizer in the first rung of a round, at least 9.
        seed: of candidates, starts and noise.
        progress: called with (rungs done, rungs in all).

    Raises:
        InputError: for anything above that cannot be used, before any work is done.

    >>> found = tune("booth", ["sgd", "adam"], steps=60, candidates=9, starts=1)
    >>> sorted(found.best)
    ['Adam', 'SGD']
    >>> found.effort["SGD"] < 1
    True
    """
    landscape = as_function(function)
    entries = parse_optimizers(optimizers, "tune")
    base = [entry.optimizer for entry in entries]
    labels = unique([entry.optimizer.label if entry.label is None else entry.label for entry in entries])
    _check_varied(base, vary)
    spaces = [_space(optimizer, vary) for optimizer in base]
    starts, seeds = check_count("starts", starts), check_count("seeds", seeds)
    candidates = check_count("candidates", candidates, HALVING ** (RUNGS - 1))
    longest = check_count("steps", landscape.steps if steps is None else steps)
    point = np.array(check_start(landscape, landscape.start if start is None else start))
    landscape = checked(landscape, point.tolist())
    goal = _target(landscape, point, target)
    conditions = _conditions(landscape, point, starts, seeds, goal, seed)
    first = float(landscape(point.tolist()))
    plan = [
        (max(1, candidates // HALVING**rung), max(1, longest // HALVING ** (RUNGS - 1 - rung))) for rung in range(RUNGS)
    ]
    done = 0

    def score(optimizers: Sequence[Optimizer], steps: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        nonlocal done
        paths = conditions.run(optimizers, steps)
        asked = sum(paths.evaluations.values())
        done += 1
        if progress is not None:
            progress(done, RUNGS * ROUNDS)
        return _effort(paths.reached, paths.loss[:, -1], paths.reason, goal, first, steps).reshape(
            len(optimizers), -1
        ).mean(1), np.asarray(asked).reshape(len(optimizers), -1).sum(1)

    trials: list[Trial] = []
    for round in range(ROUNDS):
        centres = base if round == 0 else [_best(trials, i).optimizer for i in range(len(base))]
        if round > 0:
            spaces = [_refocused(ranges, optimizer) for ranges, optimizer in zip(spaces, centres, strict=True)]
        drawn = [
            _candidates(optimizer, ranges, candidates, seed + round)
            for optimizer, ranges in zip(centres, spaces, strict=True)
        ]
        trials += halve(drawn, plan, score, round)
    chosen = [_best(trials, i) for i in range(len(base))]
    return Tuning(
        best={label: trial.optimizer for label, trial in zip(labels, chosen, strict=True)},
        effort={label: trial.score for label, trial in zip(labels, chosen, strict=True)},
        edges={
            label: _edges(ranges, trial.optimizer) for label, ranges, trial in zip(labels, spaces, chosen, strict=True)
        },
        trials=trials,
        spent={
            label: sum(trial.evaluations for trial in trials if trial.contender == i) for i, label in enumerate(labels)
        },
        target=goal,
        steps=longest,
    )


def _check_varied(optimizers: Sequence[Optimizer], vary: Vary) -> None:
    """Raises `InputError` for a hyper-parameter that no contender has."""
    if isinstance(vary, str):
        return
    known = dict.fromkeys(name for optimizer in optimizers for name in search_space(optimizer))
    for name in vary:
        if not isinstance(name, str):
            raise InputError(f"vary: a hyper-parameter is named by text, not by {name!r}")
        if name not in known:
            raise unknown("hyper-parameter", name, known)


def _space(optimizer: Optimizer, vary: Vary) -> dict[str, Range]:
    """The ranges of what is varied of an optimizer."""
    known = search_space(optimizer)
    if vary == "all":
        return known
    if isinstance(vary, Mapping):
        given: dict[str, Range] = {}
        for name, ends in vary.items():
            near = known.get(name)
            if isinstance(ends, Range):
                if ends.n is not None:
                    raise InputError(f"vary: tune searches the whole range of {name}; leave n out")
                given[name] = ends
            elif isinstance(ends, Sequence) and len(ends) == 2:
                scale = near.scale if near is not None else "log"
                given[name] = Range(
                    float(ends[0]), float(ends[1]), scale if scale != "log" or ends[0] > 0 else "linear"
                )
            else:
                raise InputError(f"vary: a range is (low, high) or a Range, not {ends!r}")
        return {name: ends for name, ends in given.items() if name in known}
    if isinstance(vary, str):
        raise InputError(f'vary is "all", names such as ["lr", "beta1"], or a dict from names to ranges; not {vary!r}')
    return {name: ends for name, ends in known.items() if name in vary}


def _target(function: Function, start: NDArray[np.float64], target: float | None) -> float:
    first = float(function(start.tolist()))
    if target is not None:
        if (
            isinstance(target, bool)
            or not isinstance(target, int | float)
            or not math.isfinite(target)
            or target >= first
        ):
            raise InputError(f"target is a value below the start's, {first:.6g}; not {target!r}")
        return float(target)
    if math.isfinite(function.minimum):
        return target_between(first, function.minimum)
    raise InputError(f"the minimum of {function.name} is not known: say which value is to be reached, target=…")


def _conditions(
    function: Function, start: NDArray[np.float64], starts: int, seeds: int, target: float, seed: int
) -> Conditions:
    """The starts, each as often as there are seeds, and the box that runs may roam."""
    view = torch.tensor(function.view, dtype=torch.float64)
    side = view[:, 1] - view[:, 0]
    shifts = sobol(function.dim, starts, seed) * 2 - 1
    shifts[0] = 0.0
    points = torch.from_numpy(start) + NEAR * shifts * side
    return Conditions(
        function,
        starts=points.repeat_interleave(seeds, 0),
        streams=torch.arange(starts * seeds),
        box=torch.stack([view[:, 0] - ROAM * side, view[:, 1] + ROAM * side], 1),
        target=target,
        seed=seed,
    )


def _effort(
    reached: NDArray[np.int64],
    value: NDArray[np.float64],
    reason: NDArray[np.str_],
    target: float,
    first: float,
    steps: int,
) -> NDArray[np.float64]:
    """Steps to the target as a share of all; beyond 1 what is left of the gap, in decades of 8."""
    gap = np.maximum(value - target, 0.0) / max(first - target, 1e-300)
    left = 1 + np.clip((np.log10(np.maximum(gap, 1e-300)) + 8) / 8, 0.0, 1.9)
    failed = np.isin(reason, ("bound", "non-finite"))
    return np.select([reached >= 0, failed], [reached / steps, np.full(len(left), FAILED)], left)


def _candidates(optimizer: Optimizer, ranges: Mapping[str, Range], count: int, seed: int) -> list[Optimizer]:
    """The optimizer itself, and so many others less one, spread over the ranges."""
    if not ranges:
        return [optimizer] * count
    spread = sobol(len(ranges), count, seed).tolist()
    found = [optimizer]
    for shares in spread[1:]:
        values = {name: ends.at(share) for (name, ends), share in zip(ranges.items(), shares, strict=True)}
        try:
            found.append(optimizer.with_hyperparameters(values))
        except InputError:  # settings that do not go together; the optimizer knows
            found.append(optimizer)
    return found


def _best(trials: Sequence[Trial], contender: int) -> Trial:
    """The best of a contender's trials that ran for all steps."""
    longest = [trial for trial in trials if trial.contender == contender and trial.rung == RUNGS - 1]
    return min(longest, key=lambda trial: trial.score)


def _refocused(ranges: Mapping[str, Range], optimizer: Optimizer) -> dict[str, Range]:
    values = optimizer.hyperparameters()
    return {
        name: ends.around(values[name], WIDER if _at_edge(ends, values[name]) else NARROWER)
        for name, ends in ranges.items()
    }


def _at_edge(ends: Range, value: float) -> bool:
    return not EDGE < ends.share(value) < 1 - EDGE


def _edges(ranges: Mapping[str, Range], optimizer: Optimizer) -> dict[str, str]:
    values = optimizer.hyperparameters()
    return {
        name: "limit" if ends.nearer_end_is_limit(values[name]) else "edge"
        for name, ends in ranges.items()
        if _at_edge(ends, values[name])
    }
