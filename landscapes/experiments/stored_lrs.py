"""Learning rates for a fair race: found by one sweep, stored for the catalogue.

Every optimizer gets the same treatment: its learning rate runs over one grid, from the race's start and
three starts close by, for the race's number of steps; all of it is one batch. A rate's score is the gap
to the minimum on a log scale, averaged over steps and starts, so that an early and lasting descent counts
and a lucky last point does not. A race is there to be watched, so rates with which a run fails, or the race
itself leaves the view or leaps further than `LEAP` in one step, come after all others. Of the rates whose score is within
`TOLERANCE` of the best, the smallest is taken: the calmest path that is as good.

`landscapes/experiments/tuned.json` holds the outcome for the catalogue (`python benchmarks/tune.py` writes it, a test
holds it); for another function, start or number of steps the sweep runs when the race is called.
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
"""Learning rates tried: six a decade, 1e-8 to 320, rounded to two digits."""

TOLERANCE = 0.05
"""Scores that miss the best by less than this share of it count as equal."""

LEAP = 0.12
"""The longest step that the eye can follow, in sides of the view."""

UNWATCHABLE = 100.0
"""What failing, leaving the view or leaping adds to a score."""

FLOOR = 1e-8
"""Gaps below this share of the first one count as arrived."""

SHIFTS = ((0.0, 0.0), (0.01, 0.004), (-0.004, 0.01), (-0.006, -0.008))
"""Starts tried, as shares of the view's sides from the given one."""


def learning_rates(
    function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int
) -> list[float]:
    """A learning rate for each optimizer: the stored one where this very race was swept before, else swept now.

    An optimizer that has none gets NaN.
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
    """The sweep itself, one batch for all optimizers."""
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
    """The score of each optimizer (rows) at each learning rate of `GRID` (columns); lower is better."""
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
        return _watchable(function, paths), paths.n_gradients.reshape(len(tried), -1).sum(1)

    trials = halve(
        [[optimizer.with_learning_rate(lr) for lr in GRID] for optimizer in optimizers], [(len(GRID), steps)], score
    )
    return np.array([trial.score for trial in trials]).reshape(len(optimizers), len(GRID))


def _watchable(function: Function, paths: BatchResult) -> NDArray[np.float64]:
    """How well each optimizer does, and before that, whether it can be watched; `paths` has a run an optimizer and shift."""
    floor, first = _floor(function, paths.loss)
    gap = np.clip((paths.loss - floor) / max(first - floor, 1e-300), FLOOR, 1e6)
    score = np.log10(gap).mean(1)
    low, high = np.array(function.view).T
    unit = (paths.x - low) / (high - low)
    leaps = np.linalg.norm(np.diff(unit, axis=1), axis=2).max(1) > LEAP
    fails, leaves = np.isin(paths.reason, ("bound", "non-finite")), ((unit < 0) | (unit > 1)).any((1, 2))
    if function.minimum == -np.inf:  # leaving is what the race is about
        fails, leaves = paths.reason == "non-finite", np.zeros_like(leaves)
    watched = (leaps.astype(float) + leaves).reshape(-1, len(SHIFTS))[:, 0]  # only the race itself is seen
    return np.asarray((score + 10 * UNWATCHABLE * fails).reshape(-1, len(SHIFTS)).mean(1) + UNWATCHABLE * watched)


def fingerprint(function: Function, start: Sequence[float], steps: int) -> list[Any]:
    """What a stored rate depends on besides the formula."""
    return [list(map(float, start)), int(steps), [list(interval) for interval in function.view]]


def lr_free_spec(optimizer: Optimizer) -> str:
    """The optimizer as text without its learning rate."""
    return optimizer.with_learning_rate(1.0).spec


def _known(function: Function, start: Sequence[float], steps: int) -> dict[str, float]:
    """The stored rates of this very race, by rate-free spec; none for another formula of the same name."""
    stored = _stored().get(function.name, {})
    if stored.get("race") != fingerprint(function, start, steps):
        return {}
    same = math.isclose(stored["value"], float(function(start)), rel_tol=1e-9, abs_tol=1e-300)
    return dict(stored["rates"]) if same else {}


def _floor(function: Function, values: NDArray[np.float64]) -> tuple[float, float]:
    """What gaps are measured from, and the value at the start."""
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
