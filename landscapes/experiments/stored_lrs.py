"""Tune learning rates for a fair race: one sweep for all optimizers, stored for the catalogue.

Every optimizer runs at one grid of learning rates, from the race's start and three starts close by, for the race's
number of steps. All runs are one batch. The score of a rate is log10 of the gap to the minimum, averaged over steps
and starts, so that an early and lasting descent counts more than a lucky last point.

A race is watched. Rates with which a run fails, leaves the view or moves further than `LEAP` in one step rank last. Of
the rates whose score is within `TOLERANCE` of the best, the smallest is chosen, since it gives the calmest trajectory.

`landscapes/experiments/tuned.json` holds the results for the catalogue. `python benchmarks/tune.py` writes it and a
test checks it. For another function, start or number of steps the sweep runs when the race is called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.experiments.halving import Conditions, halve
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer

GRID = tuple(float(f"{10 ** (k / 6):.2g}") for k in range(-48, 16))
"""The grid of learning rates: six per decade, 1e-8 to 320, rounded to two digits."""

TOLERANCE = 0.05
"""Scores within this share of the best count as equal."""

LEAP = 0.12
"""The longest step that can be followed by eye, in sides of the view."""

PENALTY = 100.0
"""What leaving the view or a longer step adds to a score; a failed run adds ten times as much."""

FLOOR = 1e-8
"""Gaps below this share of the first one count as zero."""

SHIFTS = ((0.0, 0.0), (0.01, 0.004), (-0.004, 0.01), (-0.006, -0.008))
"""The starts, as offsets from the given one in sides of the view."""


def learning_rates(
    function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int
) -> list[float]:
    """Return a learning rate per optimizer: the stored one if this race was swept before, else from a sweep now.

    An optimizer without a learning rate gets NaN.
    """
    known = _known(function, start, steps)
    missing = [
        optimizer
        for optimizer in dict.fromkeys(optimizers)
        if lr_free_spec(optimizer) not in known and not math.isnan(optimizer.learning_rate)
    ]
    found = dict(zip(missing, sweep_lrs(function, missing, start, steps), strict=True)) if missing else {}
    return [found.get(optimizer, known.get(lr_free_spec(optimizer), math.nan)) for optimizer in optimizers]


def sweep_lrs(function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int) -> list[float]:
    """Return the learning rates that a sweep chooses, one batch for all optimizers."""
    if not optimizers:
        return []
    scores = score_lrs(function, optimizers, start, steps)
    chosen = []
    for row in scores:
        good = np.flatnonzero(row <= row.min() + TOLERANCE * abs(row.min()))
        chosen.append(GRID[int(good[0])])
    return chosen


def score_lrs(
    function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int
) -> NDArray[np.float64]:
    """Return the score of each optimizer (rows) at each learning rate of `GRID` (columns); lower is better."""
    view = torch.tensor(function.view, dtype=torch.float64)
    side = view[:, 1] - view[:, 0]
    shifts = torch.tensor([[shift[i % 2] for i in range(function.dim)] for shift in SHIFTS], dtype=torch.float64)
    conditions = Conditions(
        function,
        starts=torch.tensor(start, dtype=torch.float64) + shifts * side,
        streams=torch.zeros(len(SHIFTS), dtype=torch.int64),
        box=torch.stack([view[:, 0] - side, view[:, 1] + side], 1),
    )

    def score(tried: Sequence[Optimizer], steps: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        paths = conditions.run(tried, steps, record_steps="all")
        return _scores(function, paths), paths.n_gradients.reshape(len(tried), -1).sum(1)

    trials = halve(
        [[optimizer.with_learning_rate(lr) for lr in GRID] for optimizer in optimizers], [(len(GRID), steps)], score
    )
    return np.array([trial.score for trial in trials]).reshape(len(optimizers), len(GRID))


def _scores(function: Function, paths: BatchResult) -> NDArray[np.float64]:
    """Return the score of each optimizer. Run r·S + s is optimizer r from start s."""
    floor, first = _floor(function, paths.loss)
    gap = np.clip((paths.loss - floor) / max(first - floor, 1e-300), FLOOR, 1e6)
    score = np.log10(gap).mean(1)
    low, high = np.array(function.view).T
    unit = (paths.x - low) / (high - low)
    leaps = np.linalg.norm(np.diff(unit, axis=1), axis=2).max(1) > LEAP
    fails, leaves = np.isin(paths.reason, ("bound", "non-finite")), ((unit < 0) | (unit > 1)).any((1, 2))
    if function.minimum == -np.inf:  # leaving the view is the goal
        fails, leaves = paths.reason == "non-finite", np.zeros_like(leaves)
    watched = (leaps.astype(float) + leaves).reshape(-1, len(SHIFTS))[:, 0]  # only the race itself is drawn
    return np.asarray((score + 10 * PENALTY * fails).reshape(-1, len(SHIFTS)).mean(1) + PENALTY * watched)


def fingerprint(function: Function, start: Sequence[float], steps: int) -> list[Any]:
    """Return what a stored learning rate depends on besides the formula."""
    return [list(map(float, start)), int(steps), [list(interval) for interval in function.view]]


def lr_free_spec(optimizer: Optimizer) -> str:
    """Return the optimizer as text, with the learning rate 1."""
    return optimizer.with_learning_rate(1.0).spec


def _known(function: Function, start: Sequence[float], steps: int) -> dict[str, float]:
    """Return the stored rates of this race by lr-free spec; {} for another formula of the same name."""
    stored = _stored().get(function.name, {})
    if stored.get("race") != fingerprint(function, start, steps):
        return {}
    same = math.isclose(stored["value"], float(function(start)), rel_tol=1e-9, abs_tol=1e-300)
    return dict(stored["rates"]) if same else {}


def _floor(function: Function, values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the loss from which gaps are measured, and the loss at the start."""
    first = float(values[0, 0])
    if np.isfinite(function.minimum):
        return function.minimum, first
    seen = values[np.isfinite(values)]
    return float(seen.min()), first


@cache
def _stored() -> dict[str, Any]:
    file = resources.files("landscapes.experiments") / "tuned.json"
    stored: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return stored
