"""Tune learning rates for a fair race: one sweep for all optimizers, stored for the catalogue.

Every optimizer runs at one grid of learning rates, from the race's start and three starts close by, for the race's
number of steps. All runs are one batch. The best rate has the smallest effort (see `landscapes.experiments.criterion`):
the fewest steps until the loss stays at or below the target, on average over the starts. A run that does not reach the
target counts for more than all steps, the more the higher it ends, so that the lowest final losses decide if no run
reaches it. Without a target, the lowest mean final loss decides.

Such a rate may leap across the view. A calm rate is easier to follow by eye: the run neither fails, nor leaves the
view, nor moves further than `LEAP` in one step. Among these rates, the score is log10 of the gap to the minimum,
averaged over steps and starts. Of the rates whose score is within `TOLERANCE` of the best, the smallest is chosen.

`landscapes/experiments/tuned.json` holds both rates for the catalogue. `python benchmarks/tune.py` writes it and a
test checks it. For another function, start or number of steps the sweep runs when the race is called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.experiments import criterion
from landscapes.experiments.outcomes import race_target
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer

GRID = tuple(float(f"{10 ** (k / 6):.2g}") for k in range(-48, 16))
"""The grid of learning rates: six per decade, 1e-8 to 320, rounded to two digits."""

TOLERANCE = 0.05
"""Scores within this share of the best count as equal, for a calm rate."""

LEAP = 0.12
"""The longest step of a calm run, in sides of the view."""

PENALTY = 100.0
"""What leaving the view or a longer step adds to a score; a failed run adds ten times as much."""

FLOOR = 1e-8
"""Gaps below this share of the first one count as zero."""

SURFACE_POINTS = 65
"""Points per side of the surface from which the target of a function that is unbounded below is taken."""


def learning_rates(
    function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int, *, calm: bool = False
) -> list[float]:
    """Return a learning rate per optimizer: the stored one if this race was swept before, else from a sweep now.

    An optimizer without a learning rate gets NaN.
    """
    known = _known(function, start, steps, calm=calm)
    missing = [
        optimizer
        for optimizer in dict.fromkeys(optimizers)
        if lr_free_spec(optimizer) not in known and not math.isnan(optimizer.learning_rate)
    ]
    found = dict(zip(missing, sweep_lrs(function, missing, start, steps, calm=calm), strict=True)) if missing else {}
    return [found.get(optimizer, known.get(lr_free_spec(optimizer), math.nan)) for optimizer in optimizers]


def sweep_lrs(
    function: Function, optimizers: Sequence[Optimizer], start: Sequence[float], steps: int, *, calm: bool = False
) -> list[float]:
    """Return the learning rates that a sweep chooses, one batch for all optimizers."""
    if not optimizers:
        return []
    calm = calm or function.minimum == -math.inf
    sweep = LrSweep.of(function, optimizers, start, steps, record_all=calm)
    return sweep.calm() if calm else sweep.best()


@dataclass(frozen=True, eq=False)
class LrSweep:
    """The runs of N optimizers at the L learning rates of `GRID` from S starts.

    Attributes:
        function: the function.
        paths: the runs. Run (n·L + l)·S + s is optimizer n at rate l from start s.
        optimizers: N.
        steps: the number of steps.
        first: the loss at the first start.
        target: the loss to reach, or None.
    """

    function: Function
    paths: BatchResult
    optimizers: int
    steps: int
    first: float
    target: float | None

    @classmethod
    def of(
        cls,
        function: Function,
        optimizers: Sequence[Optimizer],
        start: Sequence[float],
        steps: int,
        *,
        record_all: bool = True,
    ) -> LrSweep:
        """Run the sweep; calm rates require all steps to be recorded."""
        first = float(function(start))
        unbounded = function.minimum == -math.inf and function.dim == 2
        target = race_target(function, first, function.surface(SURFACE_POINTS) if unbounded else None)
        settings = [optimizer.with_learning_rate(lr) for optimizer in optimizers for lr in GRID]
        paths = criterion.conditions(function, start, target).run(settings, steps, "all" if record_all else "ends")
        return cls(function, paths, len(optimizers), steps, first, target)

    def efforts(self) -> NDArray[np.float64]:
        """Return the effort of each optimizer (rows) at each learning rate (columns)."""
        settings = self.optimizers * len(GRID)
        found = criterion.setting_efforts(self.paths, self.function, self.target, self.first, self.steps, settings)
        return found.reshape(-1, len(GRID))

    def best(self) -> list[float]:
        """Return the best learning rate of each optimizer, the smallest of equal ones.

        For a function that is unbounded below it is the calm one: the fastest way out is the largest leap.
        """
        if self.function.minimum == -math.inf:
            return self.calm()
        final = criterion.final_losses(self.paths, self.optimizers * len(GRID)).reshape(-1, len(GRID))
        return [GRID[int(np.lexsort(keys)[0])] for keys in zip(final, self.efforts(), strict=True)]

    def calm_scores(self) -> NDArray[np.float64]:
        """Return the calm score of each optimizer (rows) at each learning rate (columns); lower is better."""
        function, paths = self.function, self.paths
        floor = function.minimum if np.isfinite(function.minimum) else float(np.min(paths.lowest))
        gap = np.clip((paths.loss - floor) / max(self.first - floor, 1e-300), FLOOR, 1e6)
        score = np.log10(gap).mean(1)
        low, high = np.array(function.view).T
        unit = (paths.x - low) / (high - low)
        leaps = np.linalg.norm(np.diff(unit, axis=1), axis=2).max(1) > LEAP
        leaves = ((unit < 0) | (unit > 1)).any((1, 2))
        fails = np.isin(paths.reason, ("bound", "non-finite", "error")) | (np.abs(unit - 0.5) > 1.5).any((1, 2))
        if function.minimum == -np.inf:  # leaving the view is the goal
            fails, leaves = paths.reason == "non-finite", np.zeros_like(leaves)
        settings = self.optimizers * len(GRID)
        watched = (leaps.astype(float) + leaves).reshape(settings, -1)[:, 0]  # only the race itself is drawn
        scores = criterion.by_setting(score + 10 * PENALTY * fails, settings) + PENALTY * watched
        return np.asarray(scores.reshape(-1, len(GRID)))

    def calm(self) -> list[float]:
        """Return the calm learning rate of each optimizer."""
        chosen = []
        for row in self.calm_scores():
            good = np.flatnonzero(row <= row.min() + TOLERANCE * abs(row.min()))
            chosen.append(GRID[int(good[0])])
        return chosen


def fingerprint(function: Function, start: Sequence[float], steps: int) -> list[Any]:
    """Return what a stored learning rate depends on besides the formula."""
    return [list(map(float, start)), int(steps), [list(interval) for interval in function.view]]


def lr_free_spec(optimizer: Optimizer) -> str:
    """Return the optimizer as text, with the learning rate 1."""
    return optimizer.with_learning_rate(1.0).spec


def stored_rates(name: str, *, calm: bool = False) -> dict[str, float]:
    """Return the stored rates of a function of the catalogue by lr-free spec; {} if there are none."""
    table = stored()
    rates: Mapping[str, Any] = table["functions"].get(name, {})
    return dict(zip(table["optimizers"], rates["calm" if calm else "best"], strict=True)) if rates else {}


def _known(function: Function, start: Sequence[float], steps: int, *, calm: bool) -> dict[str, float]:
    """Return the stored rates of this race by lr-free spec; {} for another formula of the same name."""
    entry = stored()["functions"].get(function.name, {})
    if entry.get("race") != fingerprint(function, start, steps):
        return {}
    same = math.isclose(entry["value"], float(function(start)), rel_tol=1e-9, abs_tol=1e-300)
    return stored_rates(function.name, calm=calm) if same else {}


@cache
def stored() -> dict[str, Any]:
    """Return the content of `tuned.json`: the optimizers, and the rates of each function in their order."""
    file = resources.files("landscapes.experiments") / "tuned.json"
    if not file.is_file():
        return {"optimizers": [], "functions": {}}
    table: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table
