"""Search hyper-parameters several times over: what `compare(…, tuning=Tuning(…))` draws, and how it chooses."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis.selection import best_setting, expected_steps
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.experiments.checks import check_count
from landscapes.experiments.search_space import Range
from landscapes.experiments.starts import MOST, sobol
from landscapes.experiments.varied import (
    Vary,
    canonical_vary,
    check_vary,
    ranges_to_vary,
    rejection_of,
    without_rejected,
)
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer

Floats = NDArray[np.float64]
Searched = Sequence[Mapping[str, Range]]
"""The searched ranges of each optimizer."""

DESIGNS = ("sobol", "random")

BUDGET = 1e10
"""The largest number of steps that a comparison with studies takes unless stated."""

MOST_DRAWS = 16
"""How many settings are drawn per trial at most, where an optimizer rejects combinations."""


@suggests_arguments
@dataclass(frozen=True, kw_only=True)
class Tuning:
    """A search of hyper-parameters that `compare` repeats, so that its intervals include the luck of tuning.

    A study is one search: `trials` settings of an optimizer run from `starts` starts of the study's own. The best of
    them is judged from other starts. Studies differ in settings, starts and noise. On each function, every optimizer
    has the same number of trials, at the same points of the unit cube.

    Attributes:
        trials: settings per study, >= 1; by default 5.
        studies: how often the search is repeated, >= 1; by default 5.
        vary: the hyper-parameters to search, as in `tune`: names (each optimizer varies those that it has), "all", or
            a dict from names to (low, high) or `Range`; "clip.norm" is a wrapper's own number. By default the learning
            rate, over the range of its class.
        starts: starts per study on which settings are chosen, >= 1; by default 5. They are drawn as those of `compare`.
        design: "sobol" for a scrambled Sobol sequence per study, "random" for independent draws; both are uniform on
            the scale of each range, log-uniform for learning rates.
        tolerance: the share of the initial gap for which settings are chosen, one of the tolerances of `compare`; by
            default the smallest.
        budget: the largest number of steps that all runs may take together; by default 1e10.

    Raises:
        InputError: for invalid counts, an unknown design or an invalid budget.

    Source: G. Dahl et al., Benchmarking neural network training algorithms (AlgoPerf), 2023, section 4.4: five studies
    of five quasi-random trials, the median over studies of the best trial.

    >>> Tuning(trials=3, studies=2, vary={"lr": (1e-3, 1.0)}).trials
    3
    """

    trials: int = 5
    studies: int = 5
    vary: Vary = ("lr",)
    starts: int = 5
    design: Literal["sobol", "random"] = "sobol"
    tolerance: float | None = None
    budget: float = BUDGET

    def __post_init__(self) -> None:
        for name in ("trials", "studies", "starts"):
            check_count(name, getattr(self, name))
        object.__setattr__(self, "vary", canonical_vary(self.vary))
        if self.design not in DESIGNS:
            raise unknown("design", str(self.design), DESIGNS)
        number = isinstance(self.budget, int | float) and not isinstance(self.budget, bool)
        if not number or not self.budget > 0:
            raise InputError(f"budget must be a number of steps > 0, got {self.budget!r}")

    def ranges(self, optimizers: Sequence[Optimizer]) -> list[dict[str, Range]]:
        """Return the searched ranges of each optimizer; {} for one with none of the hyper-parameters.

        Raises `InputError` for a hyper-parameter that no optimizer has, or that an optimizer cannot vary.
        """
        if isinstance(self.vary, str) or set(self.vary) != {"lr"}:
            check_vary(optimizers, self.vary)
        return [without_rejected(one, ranges_to_vary(one, self.vary), self.vary) for one in optimizers]

    def check_budget(self, runs_judged: int, runs_tuned: int, steps: int) -> None:
        """Raise `InputError` if the studies take more steps than the budget has.

        Args:
            runs_judged: runs per study that judge.
            runs_tuned: runs per study that tune.
            steps: steps per run.
        """
        one = (runs_judged + runs_tuned) * steps
        if one * self.studies <= self.budget:
            return
        paid = int(self.budget // one)
        fewer = f"it pays for {paid} {'study' if paid == 1 else 'studies'}" if paid else "it pays for no study"
        raise InputError(
            f"{self.studies} {'study' if self.studies == 1 else 'studies'} of {self.trials} trials take "
            f"{one * self.studies:.3g} steps, and the budget is {self.budget:.3g}: {fewer}; lower studies, trials, "
            f"starts, steps or functions, or raise budget"
        )

    def settings(
        self, optimizer: Optimizer, ranges: Mapping[str, Range], function: Function, seed: int
    ) -> dict[str, Floats]:
        """Return the settings of all trials on a function: name → values, shape (studies, trials).

        The draws depend on the seed, the function's name and dimension, the study, and the number of hyper-parameters.
        Settings that the optimizer rejects are replaced by later ones of the same sequence. Raises `InputError` if it
        rejects most of them.
        """
        drawn = np.stack([self._draw(optimizer, ranges, function, seed, study) for study in range(self.studies)])
        return {name: drawn[..., i] for i, name in enumerate(ranges)}

    def _draw(
        self, optimizer: Optimizer, ranges: Mapping[str, Range], function: Function, seed: int, study: int
    ) -> Floats:
        """Return the settings of one study, shape (trials, hyper-parameters)."""
        key = [seed, zlib.crc32(function.name.encode()), function.dim, study]
        own = int(np.random.SeedSequence(key).generate_state(1)[0])
        count = max(self.trials, min(MOST_DRAWS * self.trials, MOST))
        if self.design == "sobol":
            shares = np.asarray(sobol(len(ranges), count, own).numpy())
        else:
            shares = np.random.default_rng(own).random((count, len(ranges)))
        found, error = [], None
        for row in (row for part in (shares[: self.trials], shares[self.trials :]) for row in part.tolist()):
            values = {name: ends.at(share) for (name, ends), share in zip(ranges.items(), row, strict=True)}
            rejection = rejection_of(optimizer, values)
            error = rejection or error
            if rejection is None:
                found.append(list(values.values()))
            if len(found) == self.trials:
                return np.array(found)
        raise InputError(
            f"{optimizer.label} accepts only {len(found)} of {count} settings of {', '.join(ranges)} ({error}); give "
            "narrower ranges, such as vary={'lr': (1e-3, 1)}"
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """What the studies of one optimizer on one function found.

    Attributes:
        values: the settings of all trials by name, shape (studies, trials); {} if nothing was searched.
        score: the expected steps to the tolerance of each trial, shape (studies, trials); infinite for never.
        reached: the share of the trial's runs that reach it, shape (studies, trials).
        chosen: the best trial of each study, shape (studies,); -1 if nothing was searched.
        spent: evaluations of all trials together.
    """

    values: Mapping[str, Floats]
    score: Floats
    reached: Floats
    chosen: NDArray[np.int64]
    spent: int

    @classmethod
    def nothing(cls, studies: int) -> Choice:
        """Return the choice of an optimizer with nothing to search."""
        empty = np.empty((studies, 0))
        return cls({}, empty, empty, np.full(studies, -1), 0)

    @classmethod
    def of(cls, values: Mapping[str, Floats], steps: Floats, final: Floats, spent: int, budget: int) -> Choice:
        """Return the choice of the best trial of each study; ties go to the lowest mean final loss.

        Args:
            values: the settings of all trials.
            steps: steps to each tolerance, the one to choose for last, shape (studies, trials, runs, K); infinite for
                never.
            final: final losses, shape (studies, trials, runs).
            spent: evaluations of all trials.
            budget: the steps that a run takes which does not reach a tolerance.
        """
        by_tolerance = np.moveaxis(steps, -1, 0)
        score = expected_steps(by_tolerance, float(budget))[-1]
        ties = np.where(np.isfinite(final), final, np.inf).mean(-1)
        chosen = best_setting(by_tolerance, float(budget), ties)
        return cls(values, score, np.isfinite(steps[..., -1]).mean(-1), chosen, spent)

    def best(self) -> dict[str, Floats]:
        """Return the chosen settings: name → value of each study, shape (studies,)."""
        studies = np.arange(len(self.chosen))
        return {name: values[studies, self.chosen] for name, values in self.values.items()}

    def meta(self) -> dict[str, Any]:
        """Return the choice as plain data, for the record."""
        return {
            "settings": {name: values.tolist() for name, values in self.values.items()},
            "score": [[value if math.isfinite(value) else None for value in row] for row in self.score.tolist()],
            "reached": self.reached.tolist(),
            "chosen": self.chosen.tolist(),
            "evaluations": self.spent,
        }
