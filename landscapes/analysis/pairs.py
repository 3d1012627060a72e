"""Compare optimizers pair by pair: improvement, differences, ratios; Friedman's test. Numpy and scipy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles, sampling
from landscapes.analysis.costs import Costs, costs
from landscapes.analysis.intervals import holm, mean_interval, p_of_half
from landscapes.analysis.profiles import Estimate
from landscapes.analysis.sampling import DRAWS, Over, Sample, check_share
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """What a comparison says of each pair of its S optimizers.

    Attributes:
        optimizers: their labels, best first.
        improvement: the probability that the optimizer of the row needs less than that of the column on a problem, with
            its interval, shape (S, S); ties count half, and the diagonal is 1/2.
        p_values: two-sided, of a probability of 1/2, Holm-corrected over all pairs, shape (S, S); NaN if unknown.
        difference: success rate of the row minus that of the column, with its interval, shape (S, S).
        ratio: geometric mean of the cost of the row over that of the column, on problems that both solve, with its
            interval over functions, shape (S, S); NaN if there are none.
        shared: the share of problems that both solve, shape (S, S).
        sample: what is a sample; see `sampling.Sample`.
    """

    optimizers: list[str]
    improvement: Estimate
    p_values: Floats
    difference: Estimate
    ratio: Estimate
    shared: Floats
    sample: Sample


@suggests_arguments
def pairs(
    record: Record,
    tolerance: float | None = None,
    *,
    cost: str = "evaluations",
    over: Over | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Pairs:
    """Return what a comparison says of each pair of optimizers, at one tolerance.

    Args:
        record: a comparison.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the last.
        cost: what is counted, "evaluations" or "steps".
        over: what is a sample, "functions" or "runs"; see `sampling.Sample`.
        draws: resamples for "runs".
        seed: of the resamples.

    Raises:
        InputError: for another record, fewer than 2 optimizers, or a tolerance that the comparison does not have.

    Source: R. Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice, 2021, section 4.3.

    >>> from landscapes import compare
    >>> found = pairs(compare(["booth", "beale"], ["sgd(lr=1e-5)", "bfgs"], starts=3, steps=60))
    >>> found.optimizers, found.improvement.value.tolist()
    (['BFGS', 'SGD'], [[0.5, 1.0], [0.0, 0.5]])
    """
    found = costs(record, cost)
    if len(found.optimizers) < 2:
        raise InputError("pairs need at least 2 optimizers; the comparison has 1")
    sample = Sample.of(found, over, draws=draws, seed=seed)
    scores = found.at(tolerance)
    order = best_first(sample, tolerance)
    wins, spread = sample.share_and_spread(sampling.wins(tolerance))
    upper = np.triu_indices(len(order), 1)
    p_values = np.full(wins.value.shape, np.nan)
    raw = p_of_half(wins.value, spread)
    p_values[upper] = holm(raw[upper])
    p_values.T[upper] = p_values[upper]
    chosen = np.ix_(order, order)
    solved = np.isfinite(scores)
    both = solved[:, :, None] & solved[:, None, :]
    return Pairs(
        [found.optimizers[i] for i in order],
        _taken(wins, chosen),
        p_values[chosen],
        _taken(_differences(sample, tolerance), chosen),
        _taken(_ratios(sample, scores, both), chosen),
        both.mean(0)[chosen],
        sample,
    )


def best_first(sample: Sample, tolerance: float | None) -> list[int]:
    """Return the places of the optimizers by mean rank; ties go to the higher success rate."""
    rank = sample.means(sampling.scaled_ranks(tolerance)(sample.costs)).mean(0)
    solved = sample.means(sampling.solved(tolerance)(sample.costs)).mean(0)
    return [int(i) for i in np.lexsort((-solved, rank.round(12)))]


def _taken(found: Estimate, places: tuple[NDArray[np.int64], ...]) -> Estimate:
    return Estimate(*(part[places] for part in found))


def _differences(sample: Sample, tolerance: float | None) -> Estimate:
    """Return the differences of success rates, as shares (d + 1) / 2 so that bounds stay within −1 and 1."""

    def statistic(costs: Costs) -> Floats:
        solved = np.isfinite(costs.at(tolerance)).astype(np.float64)
        return np.asarray((solved[:, :, None] - solved[:, None, :] + 1) / 2)

    return Estimate(*(2 * part - 1 for part in sample.share(statistic)))


def _ratios(sample: Sample, scores: Floats, both: NDArray[np.bool_]) -> Estimate:
    """Return geometric means of ratios over functions with problems that both solve, with Student's interval."""
    count = scores.shape[1]
    parts = np.full((3, count, count), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.maximum(scores, 1)[:, :, None]) - np.log(np.maximum(scores, 1)[:, None, :])
    for i in range(count):
        for j in range(count):
            rows = both[:, i, j]
            if rows.any():
                groups = sample.costs.functions[rows] if sample.over == "functions" else None
                parts[:, i, j] = np.exp([part[()] for part in mean_interval(profiles.means(logs[rows, i, j], groups))])
    return Estimate(*parts)


@dataclass(frozen=True, eq=False)
class CriticalDifference:
    """Friedman's test with Nemenyi's critical difference, over functions.

    Attributes:
        optimizers: their labels, best first.
        ranks: their mean ranks over functions, shape (S,).
        difference: the critical difference: mean ranks that differ by less are not distinguished at the level.
        p_value: of Friedman's test that all are alike, in the form of Iman and Davenport (1980).
        functions: how many functions were ranked.
        groups: the longest runs of optimizers that are not distinguished: (first, last) places.
        level: of the test, such as 0.05.
    """

    optimizers: list[str]
    ranks: Floats
    difference: float
    p_value: float
    functions: int
    groups: list[tuple[int, int]]
    level: float


@suggests_arguments
def critical_difference(
    record: Record, tolerance: float | None = None, *, cost: str = "evaluations", level: float = 0.05
) -> CriticalDifference:
    """Return mean ranks over functions with Nemenyi's critical difference.

    On each function, optimizers are ranked by their mean rank over its problems. The test asks whether ranks differ
    over functions; unlike `pairs` it does not say by how much costs differ.

    Args:
        record: a comparison.
        tolerance: as in `pairs`.
        cost: what is counted, "evaluations" or "steps".
        level: of the test.

    Raises:
        InputError: for another record, fewer than 2 optimizers or functions, or an invalid level.

    Source: J. Demšar, Statistical comparisons of classifiers over multiple data sets, 2006.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale", "himmelblau"], ["sgd(lr=1e-5)", "bfgs"], starts=2, steps=60)
    >>> found = critical_difference(record)
    >>> found.optimizers, round(found.difference, 2)
    (['BFGS', 'SGD'], 1.13)
    """
    from scipy.stats import f as fisher
    from scipy.stats import studentized_range

    found = costs(record, cost)
    sample = Sample.of(found)
    count, total = len(found.optimizers), len(sample.names)
    if count < 2 or total < 2:
        raise InputError(f"a critical difference needs at least 2 optimizers and 2 functions, got {count} and {total}")
    check_share("level", level)
    each = profiles.ranks(sample.means(profiles.ranks(found.at(tolerance))))
    mean = each.mean(0)
    spread = ((each - (count + 1) / 2) ** 2).sum()  # with ties, less than N k (k² − 1) / 12
    chi2 = (count - 1) * total**2 * ((mean - (count + 1) / 2) ** 2).sum() / spread if spread > 0 else 0.0
    left = total * (count - 1) - chi2
    statistic = math.inf if left <= 1e-12 else (total - 1) * chi2 / left
    p_value = float(fisher.sf(statistic, count - 1, (count - 1) * (total - 1)))
    q = float(studentized_range.ppf(1 - level, count, np.inf)) / math.sqrt(2)
    difference = q * math.sqrt(count * (count + 1) / (6 * total))
    order = np.argsort(mean, kind="stable")
    return CriticalDifference(
        [found.optimizers[i] for i in order],
        mean[order],
        difference,
        p_value,
        total,
        _groups(mean[order], difference),
        level,
    )


def _groups(ranks: Floats, difference: float) -> list[tuple[int, int]]:
    """Return the longest runs of at least two sorted ranks within the difference, none inside another."""
    found: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.searchsorted(ranks, ranks[first] + difference, side="right")) - 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
