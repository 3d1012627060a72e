"""Intervals for means of independent units, such as functions; corrected p-values. Numpy and scipy only.

With few units, percentile bootstrap intervals are too short, and have no width where all functions agree. Those here
are Wilson's with an estimated dispersion. `benchmarks/coverage.py` measures how often either holds the truth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.analysis.profiles import Estimate
from landscapes.errors import InputError

Floats = NDArray[np.float64]


class Spread(NamedTuple):
    """The standard error of a share, and how well it is known.

    Attributes:
        error: the standard error, NaN for unknown.
        dof: the degrees of freedom of its square.
        units: how many independent units the share is a mean of: the effective number of trials if the error is 0.
        min_trials: the least effective number of trials.
        max_trials: the largest.
    """

    error: Floats
    dof: Floats
    units: int
    min_trials: float
    max_trials: float


def share_interval(values: ArrayLike, *, level: float = 0.95, runs: float = np.inf) -> Estimate:
    """Return the mean of n independent values between 0 and 1, with its interval; shape (n, …) gives (…).

    The interval is Wilson's, with the effective number of trials of the mean, N = m (1 − m) / s² for the standard error
    s, and with Student's quantile for the degrees of freedom of the dispersion; see `dispersion`. For values 0 and 1
    alone it is Wilson's own, and for values that vary it is never wider than that one. It has a width also where all
    values are 0 or 1. With one value the bounds are NaN.

    Args:
        values: such as the success rate on each function, shape (n, …).
        level: of the interval.
        runs: how many runs the values summarize in all, a bound of the effective number of trials.

    Raises:
        InputError: for no values, values outside [0, 1], or an invalid level.

    Sources: E. Wilson, Probable inference, the law of succession, and statistical inference, 1927; C. Franco,
    R. Little, T. Louis, E. Slud, Comparative study of confidence intervals for proportions in complex sample surveys,
    2019, section 2.

    >>> found = share_interval([1.0, 1.0, 1.0, 1.0, 1.0])
    >>> float(found.value), round(float(found.low), 2), float(found.high)
    (1.0, 0.39, 1.0)
    """
    given = _checked(values, level)
    if not ((given >= 0) & (given <= 1)).all():
        raise InputError("shares must be between 0 and 1")
    return share_from_spread(given.mean(0), spread(given, runs), level=level)


def spread(values: Floats, runs: float = np.inf) -> Spread:
    """Return the spread of the mean of n independent shares, shape (n, …) → (…); NaN for one. For `runs` see above."""
    count = len(values)
    shape = values.shape[1:]
    error = values.std(0, ddof=1) / np.sqrt(count) if count > 1 else np.full(shape, np.nan)
    return Spread(np.asarray(error), np.full(shape, max(count - 1.0, 1.0)), count, count, max(runs, count))


def share_from_spread(value: ArrayLike, of: Spread, *, level: float = 0.95) -> Estimate:
    """Return a share with Wilson's interval for its spread; see `share_interval`."""
    from scipy.stats import t as student

    m = np.asarray(value, dtype=np.float64)
    trials, dof = dispersion(m, of)
    per_trial = student.ppf((1 + level) / 2, dof) ** 2 / trials
    # φ ≤ 1: of all values with this mean, those of 0 and 1 vary most
    extreme = student.ppf((1 + level) / 2, np.inf) ** 2 / of.min_trials
    per_trial = np.where(of.error > 0, np.minimum(per_trial, extreme), per_trial)
    middle = (m + per_trial / 2) / (1 + per_trial)
    half = np.sqrt(per_trial * (m * (1 - m) + per_trial / 4)) / (1 + per_trial)
    known = np.isfinite(of.error)
    low, high = np.where(m > 0, middle - half, 0.0), np.where(m < 1, middle + half, 1.0)
    return Estimate(np.asarray(m), np.where(known, low, np.nan), np.where(known, high, np.nan))


def dispersion(value: Floats, of: Spread) -> tuple[Floats, Floats]:
    """Return the effective number of trials of a share, and the degrees of freedom of its dispersion.

    Wilson's interval takes the variance to be φ θ (1 − θ) / n for each θ. Only the dispersion φ is estimated, by the
    variance over m (1 − m). Student's quantile of n − 1 degrees of freedom would count twice what the variance and the
    mean have in common: values 0 and 1 have φ = 1 whatever their mean is. The degrees of freedom are therefore those of
    φ, 2 / Var(log φ) after Satterthwaite, where the values have a beta distribution of this mean and variance. With
    v = m (1 − m) the delta method gives

        Var(log φ) = (1 − φ) / (1 + 2 φ) · (2 + φ (1 − 4 v) (3 − 2 φ) / (v (1 + φ))) / n.

    It is 2 / n for φ → 0 as for normal values, and 0 for values 0 and 1. Where all agree, φ is unknown: the trials are
    the units, with the degrees of freedom of the error.

    Source: F. Satterthwaite, An approximate distribution of estimates of variance components, 1946.
    """
    v = value * (1 - value)
    varies = (of.error > 0) & (v > 0)
    variance, v = np.where(varies, of.error**2, 1.0), np.where(varies, v, 0.25)
    trials = np.clip(np.where(varies, v / variance, of.units), of.min_trials, of.max_trials)
    phi = np.minimum((of.dof + 1) * variance / v, 1.0)
    shape = 2 + phi * (1 - 4 * v) * (3 - 2 * phi) / (v * (1 + phi))
    dof = 2 * of.dof * (1 + 2 * phi) / (np.maximum(1 - phi, 1e-9) * shape)
    return np.asarray(trials), np.maximum(np.where(varies, dof, of.dof), 1.0)


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


def p_of_half(value: Floats, of: Spread) -> Floats:
    """Return the two-sided p-value of a share of 1/2; it is below 1 − level exactly where the interval excludes 1/2."""
    from scipy.stats import t as student

    trials, dof = dispersion(value, of)
    p = 2 * student.sf(2 * np.abs(value - 0.5) * np.sqrt(trials), dof)
    extreme = 2 * student.sf(2 * np.abs(value - 0.5) * np.sqrt(of.min_trials), np.inf)
    p = np.where(of.error > 0, np.minimum(p, extreme), p)
    return np.asarray(np.where(np.isfinite(of.error), p, np.nan))


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
