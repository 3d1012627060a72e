"""What of a comparison is a sample, and the intervals that follow: over functions, or over starts and studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.analysis.costs import Costs
from landscapes.analysis.intervals import share_error, share_from_error, share_interval
from landscapes.analysis.profiles import Estimate
from landscapes.errors import InputError, unknown

Floats = NDArray[np.float64]
Over = Literal["functions", "runs"]
Statistic = Callable[[Costs], Floats]
"""Takes costs and returns a value between 0 and 1 for each problem, shape (P, …)."""

DRAWS = 400
"""How many resamples a standard error is taken from; it is then known to 4 %."""


def check_share(name: str, value: object) -> None:
    """Raise `InputError` unless a level is a number between 0 and 1."""
    if not isinstance(value, int | float | np.number) or not 0 < value < 1:
        raise InputError(f"{name} must be between 0 and 1, got {value!r}")


def check_r_max(value: object) -> None:
    """Raise `InputError` unless the largest ratio of an integrated profile is a finite number > 1."""
    if not isinstance(value, int | float | np.number) or not 1 < value < np.inf:
        raise InputError(f"r_max must be > 1 and finite, got {value!r}")


@dataclass(frozen=True, eq=False)
class Sample:
    """The costs of a comparison, and what of them is a sample.

    Attributes:
        costs: the costs.
        over: "functions": they are drawn from a population, and the interval says how another draw of functions, starts
            and studies would differ. Only functions vary independently of each other, so that the spread of their means
            holds all three. "runs": the functions are these; starts and studies are resampled within each function
            (stratified bootstrap; Agarwal et al., 2021). By default over functions, if there are at least two.
        draws: resamples for "runs".
        seed: of the resamples.
        level: of the intervals.
    """

    costs: Costs
    over: Over
    draws: int = DRAWS
    seed: int = 0
    level: float = 0.95

    @classmethod
    def of(
        cls, costs: Costs, over: Over | None = None, *, draws: int = DRAWS, seed: int = 0, level: float = 0.95
    ) -> Sample:
        """Return the sample. Raises `InputError` for an unknown `over`, no draws, or an invalid level."""
        if over not in (None, "functions", "runs"):
            raise unknown("sample", str(over), ("functions", "runs"))
        for name, value, least in (("draws", draws, 2), ("seed", seed, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise InputError(f"{name} must be an integer >= {least}, got {value!r}")
        check_share("level", level)
        many = len(set(costs.functions.tolist())) > 1
        return cls(costs, over or ("functions" if many else "runs"), draws, seed, level)

    @cached_property
    def names(self) -> list[str]:
        """The functions, in order."""
        return list(dict.fromkeys(self.costs.functions.tolist()))

    @property
    def runs(self) -> int:
        """The number of problems times studies: the runs of each optimizer."""
        return len(self.costs.functions) * self.studies

    @property
    def units(self) -> int:
        """The number of independent units: functions; or starts, or studies of one start, of all functions."""
        return len(self.names) if self.over == "functions" else len(self.names) * max(self.starts, self.studies)

    def means(self, values: Floats) -> Floats:
        """Return values of problems, shape (P, …), averaged over each function, (F, …)."""
        given = np.asarray(values, dtype=np.float64)
        return np.asarray(given.reshape(len(self.names), -1, *given.shape[1:]).mean(1))

    def share(self, statistic: Statistic) -> Estimate:
        """Return the mean of a statistic over problems, with its interval, shape (…)."""
        return self.share_and_error(statistic)[0]

    def share_and_error(self, statistic: Statistic) -> tuple[Estimate, Floats]:
        """Return the mean of a statistic over problems with its interval, and its standard error, shape (…) each."""
        each = self.means(statistic(self.costs))
        if self.over == "functions":
            return share_interval(each, level=self.level, runs=self.runs), share_error(each)
        error = self._error(statistic, each.shape[1:])
        return share_from_error(each.mean(0), error, self.units, level=self.level, runs=self.runs), error

    def _error(self, statistic: Statistic, shape: tuple[int, ...]) -> Floats:
        """Return the standard error over resamples of starts, and of studies, within each function.

        Each variance of n resampled units is multiplied by n / (n − 1), because the bootstrap's is too small by that.
        """
        counts = {"starts": self.starts, "studies": self.studies}
        varying = [name for name, count in counts.items() if count > 1]
        if not varying:
            return np.full(shape, np.nan)
        random, variance = np.random.default_rng(self.seed), np.zeros(shape)
        for name in varying:
            draws = range(self.draws // len(varying))
            drawn = [self.means(statistic(self._resampled(name, random))).mean(0) for _ in draws]
            variance += np.var(drawn, axis=0, ddof=1) * counts[name] / (counts[name] - 1)
        return np.asarray(np.sqrt(variance))

    def _resampled(self, name: str, random: np.random.Generator) -> Costs:
        """Return the costs of as many starts, or studies, drawn with replacement within each function."""
        starts, studies, count = self.starts, self.studies, len(self.names)
        seeds = len(self.costs.functions) // (count * starts)
        if name == "starts":
            at = random.integers(starts, size=(count, starts))
            rows = ((np.arange(count)[:, None] * starts + at)[..., None] * seeds + np.arange(seeds)).ravel()
            own = self.costs
            return replace(own, by_study=own.by_study[rows], values=own.values[rows], spent=own.spent[rows])
        which = random.integers(studies, size=(count, studies)).repeat(starts * seeds, 0)
        by_study = np.take_along_axis(self.costs.by_study, which[:, None, None, :], -1)
        return replace(self.costs, by_study=by_study, values=np.median(by_study, -1))

    @cached_property
    def starts(self) -> int:
        """The number of starts per function."""
        return len(set(self.costs.starts.tolist()))

    @property
    def studies(self) -> int:
        """The number of studies, 1 without."""
        return int(self.costs.by_study.shape[-1])


# Statistics of problems


def solved(tolerance: float | None) -> Statistic:
    """Return the statistic of success rates, (P, S)."""
    return lambda costs: np.isfinite(costs.at(tolerance)).astype(np.float64)


def profile(tolerance: float | None, factors: Floats) -> Statistic:
    """Return the statistic of performance profiles at the factors τ, (P, S, n)."""
    return lambda costs: (profiles.ratios(costs.at(tolerance))[..., None] <= factors).astype(np.float64)


def integrated(tolerance: float | None, r_max: float) -> Statistic:
    """Return the statistic of integrated profiles, (P, S): (1/(r − 1)) ∫₁ʳ 1[ratio ≤ τ] dτ, with r = `r_max`.

    Source: G. Dahl et al., Benchmarking neural network training algorithms (AlgoPerf), 2023, section 4.4.
    """
    return lambda costs: np.clip(r_max - profiles.ratios(costs.at(tolerance)), 0.0, r_max - 1) / (r_max - 1)


def within(budgets: Floats, *, ecdf: bool = True, tolerance: float | None = None) -> Statistic:
    """Return the statistic of ECDFs over all tolerances, or of data profiles at one, at the budgets, (P, S, n)."""

    def statistic(costs: Costs) -> Floats:
        if not ecdf:
            scaled = costs.at(tolerance) / (costs.dims[:, None] + 1)
            return (scaled[..., None] <= budgets).astype(np.float64)
        scaled = np.sort(costs.values / costs.dims[:, None, None], axis=-1)
        return np.asarray((scaled[..., None] <= budgets).mean(-2))

    return statistic


def fastest(tolerance: float | None) -> Statistic:
    """Return the statistic of being the fastest, (P, S): ties are shared, and unsolved problems count for none."""

    def statistic(costs: Costs) -> Floats:
        scores = costs.at(tolerance)
        first = (scores == scores.min(1, keepdims=True)) & np.isfinite(scores)
        return np.asarray(first / np.maximum(first.sum(1, keepdims=True), 1))

    return statistic


def scaled_ranks(tolerance: float | None) -> Statistic:
    """Return the statistic of ranks, scaled to 0 for the first and 1 for the last, (P, S)."""
    return lambda costs: (profiles.ranks(costs.at(tolerance)) - 1) / max(costs.values.shape[1] - 1, 1)


def wins(tolerance: float | None) -> Statistic:
    """Return the statistic of wins, (P, S, S): 1 where the optimizer of a row needs less than that of a column.

    Ties count half. So do pairs of which neither solves the problem.
    """

    def statistic(costs: Costs) -> Floats:
        scores = costs.at(tolerance)
        left, right = scores[:, :, None], scores[:, None, :]
        return np.asarray((left < right) + 0.5 * (left == right))

    return statistic
