"""Intervals for means of independent units, such as functions; corrected p-values. Numpy and scipy only.

With few units, percentile bootstrap intervals are too short: 74 to 87 % in place of 95 % for five functions, 84 to 92 %
for ten, and of no width where all functions agree. Those here cover 93 to 98 %, over starts and studies of one function
92 to 96 %; `benchmarks/coverage.py` measures it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.analysis.profiles import Estimate
from landscapes.errors import InputError

Floats = NDArray[np.float64]


def share_interval(values: ArrayLike, *, level: float = 0.95, runs: float = np.inf) -> Estimate:
    """Return the mean of n independent values between 0 and 1, with its interval; shape (n, …) gives (…).

    The interval is Wilson's with the effective number of trials of the mean, m (1 − m) / s², s being its standard
    error (see `share_error`), and with Student's quantile of n − 1 degrees of freedom. It has a width also where all
    values are 0 or 1.
    With one value the bounds are NaN.

    Args:
        values: such as the success rate on each function, shape (n, …).
        level: of the interval.
        runs: how many runs the values summarize in all, a bound of the effective number of trials.

    Raises:
        InputError: for no values, values outside [0, 1], or an invalid level.

    Source: C. Franco, R. Little, T. Louis, E. Slud, Comparative study of confidence intervals for proportions in
    complex sample surveys, 2019, section 2.

    >>> found = share_interval([1.0, 1.0, 1.0, 1.0, 1.0])
    >>> float(found.value), round(float(found.low), 2), float(found.high)
    (1.0, 0.39, 1.0)
    """
    given = _checked(values, level)
    if not ((given >= 0) & (given <= 1)).all():
        raise InputError("shares must be between 0 and 1")
    count = len(given)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = share_error(given)
    return share_from_error(given.mean(0), error, count, level=level, runs=runs)


def share_from_error(
    value: ArrayLike, error: ArrayLike, units: int, *, level: float = 0.95, runs: float = np.inf
) -> Estimate:
    """Return a share with Wilson's interval for its standard error; see `share_interval`.

    Args:
        value: the share.
        error: its standard error, NaN for unknown.
        units: how many independent units it is a mean of.
        level: of the interval.
        runs: how many runs it summarizes in all.
    """
    from scipy.stats import t as student

    m, s = np.broadcast_arrays(np.asarray(value, dtype=np.float64), np.asarray(error, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        trials = effective_trials(m, s, units, runs)
        q2 = student.ppf((1 + level) / 2, max(units - 1, 1)) ** 2
        middle = (m + q2 / (2 * trials)) / (1 + q2 / trials)
        half = np.sqrt(q2 * (m * (1 - m) / trials + q2 / (4 * trials**2))) / (1 + q2 / trials)
    known = np.isfinite(s)
    low, high = np.where(m > 0, middle - half, 0.0), np.where(m < 1, middle + half, 1.0)
    return Estimate(np.asarray(m), np.where(known, low, np.nan), np.where(known, high, np.nan))


def share_error(values: Floats) -> Floats:
    """Return the standard error of the mean of n shares, shape (n, …) → (…); NaN for one.

    The variance of the shares is averaged with that of values 0 and 1 of this mean, as half a degree of freedom more.
    Few functions may miss the rare ones on which an optimizer fails.
    """
    count = len(values)
    if count < 2:
        return np.full(values.shape[1:], np.nan)
    mean = values.mean(0)
    variance = (values.var(0, ddof=1) * (count - 1) + PRIOR * mean * (1 - mean)) / (count - 1 + PRIOR)
    return np.asarray(np.sqrt(variance / count))


PRIOR = 0.5
"""The degrees of freedom of values 0 and 1 in the variance of shares."""


def effective_trials(value: Floats, error: Floats, units: int, runs: float) -> Floats:
    """Return of how many independent trials a share would have this standard error: at least n − 1, at most `runs`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(error > 0, value * (1 - value) / error**2, float(units))
    return np.asarray(np.clip(found, max(units - 1, 1), max(runs, units)))


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of n independent values with Student's interval; shape (n, …) gives (…). NaN for one value.

    >>> found = mean_interval([1.0, 2.0, 3.0])
    >>> float(found.value), round(float(found.low), 2), round(float(found.high), 2)
    (2.0, -0.48, 4.48)
    """
    from scipy.stats import t as student

    given = _checked(values, level)
    mean, count = given.mean(0), len(given)
    if count < 2:
        return Estimate(mean, np.full(mean.shape, np.nan), np.full(mean.shape, np.nan))
    half = student.ppf((1 + level) / 2, count - 1) * given.std(0, ddof=1) / np.sqrt(count)
    return Estimate(mean, mean - half, mean + half)


def p_of_half(found: Estimate, error: Floats, units: int, runs: float = np.inf) -> Floats:
    """Return the two-sided p-value of a share of 1/2; it is below 1 − level exactly where the interval excludes 1/2."""
    from scipy.stats import t as student

    trials = effective_trials(found.value, error, units, runs)
    statistic = np.abs(found.value - 0.5) / np.sqrt(0.25 / trials)
    return np.asarray(np.where(np.isfinite(error), 2 * student.sf(statistic, max(units - 1, 1)), np.nan))


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values corrected for their number, so that all together err with at most the stated probability; (n,).

    NaN stays NaN and does not count.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, 1979.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    found = np.full(given.shape, np.nan)
    order = np.argsort(given)[: int(np.isfinite(given).sum())]
    factors = np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1.0)
    return found


def _checked(values: ArrayLike, level: float) -> Floats:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim < 1 or not len(given):
        raise InputError("an interval needs at least one value")
    if not 0 < level < 1:
        raise InputError(f"level must be between 0 and 1, got {level!r}")
    return given
