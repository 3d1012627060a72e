"""Tune learning rates for a fair race: one sweep for all optimizers, stored for the catalogue.

Every optimizer runs at one grid of learning rates, from the race's start and three starts close by, for the race's
number of steps. All runs are one batch. The best rate has the smallest effort (see `landscapes.experiments.criterion`):
the fewest steps until the loss stays at or below the target, on average over the starts. A run that does not reach the
target counts for more than all steps, the more the higher it ends, so that the lowest final losses decide if no run
reaches it. Without a target, the lowest mean final loss decides. The rates that rank first are followed for four times
the steps. One with which a run leaves the target again, or fails, ranks behind (`landscapes.experiments.following`).

Such a rate may leap across the view. A calm rate is easier to follow by eye: the run neither fails, nor leaves the
view, nor moves further than `LEAP` in one step. Among these rates, the score is log10 of the gap to the minimum,
averaged over steps and starts. Of the rates whose score is within `TOLERANCE` of the best, the smallest is chosen that
holds for four times the steps.

`landscapes/experiments/tuned.json` holds both rates for the catalogue. `python benchmarks/tune.py` writes it and a
test checks it. For another function, start or number of steps the sweep runs when the race is called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis.tuning import FAILED_EFFORT
from landscapes.engine.batch import BatchResult
from landscapes.engine.loop import Progress
from landscapes.experiments import criterion
from landscapes.experiments.following import HORIZON, FollowedSettings
from landscapes.experiments.halving import Conditions
from landscapes.experiments.outcomes import race_target
from landscapes.experiments.phases import RunsInTurn, phase
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

AT_ONCE = 8
"""How many learning rates of an optimizer are followed at once."""

FLOOR = 1e-8
"""Gaps below this share of the first one count as zero."""

SURFACE_POINTS = 65
"""Points per side of the surface from which the target of a function that is unbounded below is taken."""


def learning_rates(
    function: Function,
    optimizers: Sequence[Optimizer],
    start: Sequence[float],
    steps: int,
    *,
    calm: bool = False,
    progress: Progress | None = None,
) -> list[float]:
    """Return a learning rate per optimizer: the stored one if this race was swept before, else from a sweep now.

    An optimizer without a learning rate gets NaN. The sweep is a phase of `progress`, see `phases.phase`.
    """
    known = _known(function, start, steps, calm=calm)
    missing = [
        optimizer
        for optimizer in dict.fromkeys(optimizers)
        if lr_free_spec(optimizer) not in known and not math.isnan(optimizer.learning_rate)
    ]
    found: dict[Optimizer, float] = {}
    if missing:
        with phase(progress, f"tuning learning rates on {function.name}") as report:
            swept = sweep_lrs(function, missing, start, steps, calm=calm, progress=report)
        found = dict(zip(missing, swept, strict=True))
    return [found.get(optimizer, known.get(lr_free_spec(optimizer), math.nan)) for optimizer in optimizers]


def sweep_lrs(
    function: Function,
    optimizers: Sequence[Optimizer],
    start: Sequence[float],
    steps: int,
    *,
    calm: bool = False,
    progress: Progress | None = None,
) -> list[float]:
    """Return the learning rates that a sweep chooses, one batch for all optimizers.

    `progress` is called with (steps done, steps in all); these grow if more settings have to be followed.
    """
    if not optimizers:
        return []
    calm = calm or function.minimum == -math.inf
    sweep = LrSweep.of(function, optimizers, start, steps, record_all=calm, progress=progress)
    return sweep.calm() if calm else sweep.best()


@dataclass(frozen=True, eq=False)
class LrSweep:
    """The runs of N optimizers at the L learning rates of `GRID` from S starts.

    Attributes:
        conditions: the function, the starts and the target.
        settings: the N·L optimizers; the rates of each are side by side.
        paths: their runs. Run (n·L + l)·S + s is optimizer n at rate l from start s.
        steps: the number of steps.
        first: the loss at the first start.
        runs: reports the steps taken.
    """

    conditions: Conditions
    settings: Sequence[Optimizer]
    paths: BatchResult
    steps: int
    first: float
    runs: RunsInTurn

    @classmethod
    def of(
        cls,
        function: Function,
        optimizers: Sequence[Optimizer],
        start: Sequence[float],
        steps: int,
        *,
        record_all: bool = True,
        progress: Progress | None = None,
    ) -> LrSweep:
        """Run the sweep; calm rates require all steps to be recorded."""
        first = float(function(start))
        unbounded = function.minimum == -math.inf and function.dim == 2
        target = race_target(function, first, function.surface(SURFACE_POINTS) if unbounded else None)
        settings = [optimizer.with_learning_rate(lr) for optimizer in optimizers for lr in GRID]
        conditions = criterion.conditions(function, start, target)
        runs = RunsInTurn(progress, (1 + HORIZON) * steps)
        paths = conditions.run(settings, steps, "all" if record_all else "ends", runs.part(steps))
        return cls(conditions, settings, paths, steps, first, runs)

    @property
    def function(self) -> Function:
        return self.conditions.function

    @property
    def _records_all(self) -> bool:
        return len(self.paths.step) > 2

    def efforts(self) -> NDArray[np.float64]:
        """Return the effort of each optimizer (rows) at each learning rate (columns).

        Rates that rank behind the best one were not followed beyond the last step. Their efforts may be larger.
        """
        return self._efforts.copy()

    def best(self) -> list[float]:
        """Return the best learning rate of each optimizer, the smallest of equal ones.

        For a function that is unbounded below it is the calm one: the fastest way out is the largest leap.
        """
        if self.function.minimum == -math.inf:
            return self.calm()
        return [GRID[int(row[0])] for row in self._ranking(self._efforts)]

    def _ranking(self, efforts: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the places of the learning rates of each optimizer, the best one first."""
        final = criterion.final_losses(self.paths, len(self.settings)).reshape(efforts.shape)
        return np.stack([np.lexsort(keys) for keys in zip(final, efforts, strict=True)])

    @cached_property
    def _followed(self) -> FollowedSettings:
        return FollowedSettings(self.conditions, self.settings, self.paths, self.first, self.steps, self.runs)

    @cached_property
    def _efforts(self) -> NDArray[np.float64]:
        """The efforts, of the best rate of each optimizer over four times the steps.

        Efforts only grow by following, so that the rate which ranks first after it is the best of all.
        """
        of = self.conditions
        found = criterion.setting_efforts(
            self.paths, of.function, of.target, self.first, self.steps, len(self.settings)
        ).reshape(-1, len(GRID))
        done = np.zeros(found.shape, bool)
        while True:
            wanted = np.zeros(found.shape, bool)
            for row, order in enumerate(self._ranking(found)):
                if not done[row, order[0]] and found[row, order[0]] < FAILED_EFFORT:
                    wanted[row, order[~done[row, order]][:AT_ONCE]] = True
            if not wanted.any():
                return found
            also = self._calm_window(self._scores_within_steps()) if not done.any() and self._records_all else wanted
            self._followed.follow((wanted | also).ravel())
            found[wanted] = np.maximum(found[wanted], self._followed.effort[wanted.ravel()])
            done |= wanted

    def calm_scores(self) -> NDArray[np.float64]:
        """Return the calm score of each optimizer (rows) at each learning rate (columns); lower is better.

        Only chosen rates, and those chosen before them that did not hold, were followed beyond the last step.
        """
        return self._calm_scores.copy()

    @cached_property
    def _calm_scores(self) -> NDArray[np.float64]:
        found = self._scores_within_steps()
        done = np.zeros(found.shape, bool) | (self.function.minimum == -math.inf) | (found >= PENALTY)
        rows = np.arange(len(found))
        while not done[rows, _smallest_good(found)].all():  # a rate that leaps, leaves or fails is not followed
            wanted = self._calm_window(found) & ~done
            self._followed.follow(wanted.ravel())
            found[wanted] += PENALTY * self._followed.leaves[wanted.ravel()]
            done |= wanted
        return found

    def _calm_window(self, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which settings to follow next: the chosen rates, and the smaller ones beside them."""
        chosen = _smallest_good(scores)[:, None]
        places = np.arange(len(GRID))
        return np.asarray((places <= chosen) & (places > chosen - AT_ONCE) & (scores < PENALTY))

    def _scores_within_steps(self) -> NDArray[np.float64]:
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
        settings = len(self.settings)
        watched = (leaps.astype(float) + leaves).reshape(settings, -1)[:, 0]  # only the race itself is drawn
        scores = criterion.by_setting(score + 10 * PENALTY * fails, settings) + PENALTY * watched
        return np.asarray(scores.reshape(-1, len(GRID)))

    def calm(self) -> list[float]:
        """Return the calm learning rate of each optimizer."""
        return [GRID[column] for column in _smallest_good(self._calm_scores).tolist()]


def _smallest_good(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return, for each row of scores, the first column whose score counts as equal to the best."""
    best = scores.min(1, keepdims=True)
    return np.asarray((scores <= best + TOLERANCE * np.abs(best)).argmax(1))


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
