"""What of a comparison is a sample, and the intervals that follow: over functions, or over starts and studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.analysis.costs import Costs
from landscapes.analysis.intervals import Spread, share_from_spread, spread
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
        return self.share_and_spread(statistic)[0]

    def share_and_spread(self, statistic: Statistic) -> tuple[Estimate, Spread]:
        """Return the mean of a statistic over problems with its interval, and its spread, shape (…) each."""
        each = self.means(statistic(self.costs))
        found = spread(each, self.runs) if self.over == "functions" else self._spread(statistic, each)
        return share_from_spread(each.mean(0), found, level=self.level), found

    def _spread(self, statistic: Statistic, each: Floats) -> Spread:
        """Return the spread over resamples of starts, and of studies, within each function.

        The bootstrap's variance of a mean of n starts is multiplied by n / (n − 1), because it is too small by that,
        and that of a median of studies by `median_correction`. The degrees of freedom are Satterthwaite's (1946), with
        one correction, because squares of estimates are too large on average: in the denominator each squared variance
        is divided by its degrees of freedom plus 2, and 2 is subtracted from the result.

        Args:
            statistic: the statistic.
            each: its means over functions, shape (F, …).
        """
        factors = {"starts": self.starts / max(self.starts - 1, 1), "studies": median_correction(self.studies)}
        counts = {name: count for name in factors if (count := getattr(self, name)) > 1}
        shape, total = each.shape[1:], len(self.names)
        if not counts:
            return Spread(np.full(shape, np.nan), np.ones(shape), self.units, 1, max(self.runs, self.units))
        random, variance, squares = np.random.default_rng(self.seed), np.zeros(shape), np.zeros(shape)
        draws = max(self.draws // len(counts), 2)
        for name, count in counts.items():
            sums, of_squares = np.zeros(each.shape), np.zeros(each.shape)
            for _ in range(draws):
                moved = self.means(statistic(self._resampled(name, random))) - each
                sums += moved
                of_squares += moved**2
            own = np.maximum(of_squares - sums**2 / draws, 0.0) / (draws - 1) * factors[name] / total**2
            variance += own.sum(0)
            squares += (own**2).sum(0) / (count + 1)
        least, most = min(counts.values()) - 1, total * sum(count - 1 for count in counts.values())
        alike = total * (max(counts.values()) - 1)
        dof = np.where(squares > 0, variance**2 / np.where(squares > 0, squares, 1.0) - 2, alike)
        return Spread(np.sqrt(variance), np.clip(dof, least, most), self.units, 1, max(self.runs, self.units))

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


@cache
def median_correction(count: int, samples: int = 10_000) -> float:
    """Return the variance of the median of `count` normal values over the mean of its bootstrap variance; 1 for one.

    The bootstrap's variance of a median is too large, unlike that of a mean. The ratio is simulated, to about 1 %. It
    is 2 for two values, about 0.85 for three, 0.73 for five, and rises to 1.

    Source: J. Maritz and R. Jarrett, A note on estimating the variance of the sample median, 1978.

    >>> round(median_correction(3), 1)
    0.8
    """
    if count < 2:
        return 1.0
    random, samples = np.random.default_rng(0), max(min(samples, 1_000_000 // count), 100)
    places = np.sort(random.integers(count, size=(20 * samples, count)), axis=1)
    middle = np.zeros((count, count))  # how often each two values are those in the middle of a resample
    np.add.at(middle, (places[:, (count - 1) // 2], places[:, count // 2]), 1 / len(places))
    values = np.sort(random.normal(size=(samples, count)), axis=1)
    once = middle.sum(0) + middle.sum(1)
    squares = (values**2 @ once + 2 * ((values @ middle) * values).sum(1)) / 4
    return float(np.median(values, axis=1).var() / (squares - (values @ once / 2) ** 2).mean())


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
