"""Compare optimizers over many problems: profiles, ranks and running times, from plain arrays.

Costs are what it took to solve a problem (steps, evaluations), infinite if it was not solved. A problem is a function
from one start with one seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.errors import InputError

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """An estimate with the bounds of its interval, shape (S,) each."""

    value: Floats
    low: Floats
    high: Floats


def ratios(costs: ArrayLike) -> Floats:
    """Return each cost over the lowest one of its problem, r = t / min t, shape (P, S); infinite if unsolved.

    Source: E. Dolan and J. Moré, Benchmarking optimization software with performance profiles, 2002.

    >>> ratios([[10, 20], [np.inf, 30]])
    array([[ 1.,  2.],
           [inf,  1.]])
    """
    given = _costs(costs, 2)
    best = given.min(1, keepdims=True, initial=np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(given == best, 1.0, given / best)
    return np.asarray(np.where(np.isfinite(given), found, np.inf))


def performance_profile(costs: ArrayLike, factors: ArrayLike) -> Floats:
    """Return the share of problems that each solver solves within a factor of the best cost, shape (S, n).

    ρ(τ) = |{p : r ≤ τ}| / P. At τ = 1 this is how often a solver is the best (in a tie, all are). For large τ it is the
    share of problems that it solves at all. A problem that no solver solves counts for none.

    Args:
        costs: shape (P, S), infinite if a solver did not solve a problem.
        factors: τ ≥ 1, shape (n,).

    Raises:
        InputError: for costs of another shape, or that are negative or NaN.

    Source: E. Dolan and J. Moré, Benchmarking optimization software with performance profiles, 2002.

    >>> performance_profile([[10, 20], [np.inf, 30]], [1, 2])
    array([[0.5, 0.5],
           [0.5, 1. ]])
    """
    return _shares(ratios(costs), factors)


def data_profile(costs: ArrayLike, dims: ArrayLike, budgets: ArrayLike) -> Floats:
    """Return the share of problems that each solver solves within a budget of simplex gradients, shape (S, n).

    d(α) = |{p : t / (d + 1) ≤ α}| / P. A simplex gradient costs d + 1 evaluations.

    Args:
        costs: evaluations, shape (P, S), infinite if a solver did not solve a problem.
        dims: d, the number of coordinates of each problem, shape (P,).
        budgets: α, shape (n,).

    Raises:
        InputError: for costs of another shape, or that are negative or NaN.

    Source: J. Moré and S. Wild, Benchmarking derivative-free optimization algorithms, 2009.

    >>> data_profile([[6, 12], [np.inf, 3]], dims=[2, 2], budgets=[1, 2, 4])
    array([[0. , 0.5, 0.5],
           [0.5, 0.5, 1. ]])
    """
    given = _costs(costs, 2)
    return _shares(given / (_dims(dims, len(given)) + 1)[:, None], budgets)


def ecdf(costs: ArrayLike, dims: ArrayLike, budgets: ArrayLike) -> Floats:
    """Return the share of (problem, target) pairs that each solver reaches within evaluations per coordinate, (S, n).

    F(b) = |{(p, k) : t / d ≤ b}| / (P·K). All targets of a problem count, so partial progress shows.

    Args:
        costs: evaluations to each target, shape (P, S, K), infinite if a solver did not reach it.
        dims: d, the number of coordinates of each problem, shape (P,).
        budgets: b, shape (n,).

    Raises:
        InputError: for costs of another shape, or that are negative or NaN.

    Source: N. Hansen et al., COCO: a platform for comparing continuous optimizers in a black-box setting, 2021.

    >>> ecdf([[[2, 8], [4, np.inf]]], dims=[2], budgets=[1, 2, 4])
    array([[0.5, 0.5, 1. ],
           [0. , 0.5, 0.5]])
    """
    given = _costs(costs, 3)
    scaled = given / _dims(dims, len(given))[:, None, None]
    return _shares(scaled.transpose(0, 2, 1).reshape(-1, given.shape[1]), budgets)


def expected_running_time(costs: ArrayLike, spent: ArrayLike) -> Floats:
    """Return the expected running time (ERT) to a target if failed runs restart, shape (...).

    ERT = (Σ cost of runs that reach it + Σ spent by the others) / number of runs that reach it; infinite if none does.

    Args:
        costs: of N runs, shape (..., N), infinite if a run did not reach the target.
        spent: what each run used in all, shape (..., N).

    Source: N. Hansen et al., COCO: a platform for comparing continuous optimizers in a black-box setting, 2021.

    >>> expected_running_time([10, np.inf, 20], spent=[50, 50, 50])
    array(40.)
    """
    given, used = np.broadcast_arrays(_costs(costs), _costs(spent))
    reached = np.isfinite(given)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(reached, given, used).sum(-1) / reached.sum(-1)
    return np.asarray(np.where(reached.any(-1), found, np.inf))


def with_restarts(costs: ArrayLike, spent: ArrayLike, draws: int = 100, seed: int = 0) -> Floats:
    """Return running times with simulated restarts, drawn from N runs, shape (..., draws).

    Runs are drawn with replacement until one reaches the target. The time is what all of them spent, infinite if no
    run reaches it. All rows draw the same runs, so that no row depends on the others.

    Args:
        costs: of N runs, shape (..., N), infinite if a run did not reach the target.
        spent: what each run used in all, shape (..., N).
        draws: how many running times.
        seed: of the draws.

    Source: N. Hansen et al., COCO: a platform for comparing continuous optimizers in a black-box setting, 2021.

    >>> with_restarts([10, np.inf], spent=[50, 50], draws=6)
    array([60., 60., 60., 10., 10., 10.])
    """
    given, used = np.broadcast_arrays(_costs(costs), _costs(spent))
    reached = np.isfinite(given)
    random = np.random.default_rng(seed)
    total = np.where(reached.any(-1)[..., None], np.zeros(draws), np.inf)
    going = np.isfinite(total)
    while going.any():
        drawn = random.integers(given.shape[-1], size=draws)
        total = np.where(going, total + np.where(reached, given, used)[..., drawn], total)
        going &= ~reached[..., drawn]
    return total


def ranks(scores: ArrayLike) -> Floats:
    """Return the rank of each solver on each problem, 1 for the lowest score, shape (P, S); ties share their mean rank.

    >>> ranks([[3, 1, 3, np.inf]])
    array([[2.5, 1. , 2.5, 4. ]])
    """
    from scipy.stats import rankdata  # takes half a second to import

    return np.asarray(rankdata(_scores(scores), axis=1), dtype=np.float64)


def mean_ranks(
    scores: ArrayLike, groups: ArrayLike | None = None, *, draws: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """Return the mean rank of each solver, with a bootstrap interval over groups of problems, shape (S,) each.

    Args:
        scores: shape (P, S), lower is better.
        groups: the group of each problem, such as its function, shape (P,). Ranks are averaged within groups, then over
            groups, and whole groups are resampled. By default each problem is a group.
        draws, level, seed: see `bootstrap`.
    """
    return bootstrap(means(ranks(scores), groups), draws=draws, level=level, seed=seed)


def means(values: ArrayLike, groups: ArrayLike | None = None) -> Floats:
    """Return the mean of the rows of each group, shape (G, S), in the order in which groups first occur.

    >>> means([[1, 2], [3, 4], [5, 6]], groups=["b", "b", "a"])
    array([[2., 3.],
           [5., 6.]])
    """
    given = np.asarray(values, dtype=np.float64)
    if groups is None:
        return given
    names, first, place = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    return np.stack([given[place == i].mean(0) for i in np.argsort(first)]) if len(names) else given


def bootstrap(
    values: ArrayLike,
    statistic: Callable[[Floats], Floats] | None = None,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of rows with its percentile bootstrap interval.

    `scipy.stats.bootstrap` draws other resamples from the same seed; this one keeps published intervals reproducible.

    Args:
        values: shape (n, S).
        statistic: takes rows (..., n, S) and returns (..., S); by default their mean.
        draws: how many resamples.
        level: of the interval.
        seed: of the resamples.

    Raises:
        InputError: for no rows, no draws, or a level outside (0, 1).

    Source: B. Efron and R. Tibshirani, An introduction to the bootstrap, 1993, chapter 13.

    >>> bootstrap([[1.0], [1.0]])
    Estimate(value=array([1.]), low=array([1.]), high=array([1.]))
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 2 or not len(given):
        raise InputError(f"a bootstrap needs at least one row, shape (n, S); got shape {given.shape}")
    if draws < 1 or not 0 < level < 1:
        raise InputError(f"draws must be >= 1 and level in (0, 1), got {draws} and {level}")
    compute = statistic or (lambda rows: np.asarray(rows.mean(-2)))
    random = np.random.default_rng(seed)
    drawn = np.stack([compute(given[random.integers(len(given), size=len(given))]) for _ in range(draws)])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Estimate(np.asarray(compute(given)), low, high)


def win_rates(scores: ArrayLike) -> Floats:
    """Return the share of problems on which the solver of a row beats that of a column, shape (S, S); ties count half.

    >>> win_rates([[1, 2], [1, 1], [np.inf, 5], [np.inf, np.inf]])
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    given = _scores(scores)
    left, right = given[:, :, None], given[:, None, :]
    return np.asarray(((left < right) + 0.5 * (left == right)).mean(0))


def _shares(costs: Floats, budgets: ArrayLike) -> Floats:
    """Return the share of rows of (P, S) that are <= each budget, shape (S, n); infinite costs never are."""
    limits = np.asarray(budgets, dtype=np.float64).reshape(-1)
    ordered = np.sort(costs, axis=0).T  # (S, P)
    finite = np.isfinite(ordered).sum(1)
    counts = [np.minimum(np.searchsorted(row, limits, side="right"), n) for row, n in zip(ordered, finite, strict=True)]
    return np.array(counts).reshape(len(ordered), -1) / len(costs)


def _costs(costs: ArrayLike, dimensions: int | None = None) -> Floats:
    given = np.asarray(costs, dtype=np.float64)
    if dimensions is not None and (given.ndim != dimensions or not given.size):
        names = ("problems", "solvers", "targets")[:dimensions]
        raise InputError(f"costs must have the axes ({', '.join(names)}), got shape {given.shape}")
    if np.isnan(given).any() or (given < 0).any():
        raise InputError("costs must be >= 0, infinite for unsolved problems; some are NaN or negative")
    return given


def _scores(scores: ArrayLike) -> Floats:
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 2 or not given.size or np.isnan(given).any():
        raise InputError(
            f"scores must have one row per problem, one column per solver and no NaN; got shape {given.shape}"
        )
    return given


def _dims(dims: ArrayLike, count: int) -> Floats:
    given = np.asarray(dims, dtype=np.float64)
    if given.shape != (count,) or not (given >= 1).all():
        raise InputError(f"dims must be one number of coordinates per problem, shape ({count},), got {_brief(dims)}")
    return given


def _brief(values: ArrayLike | Sequence[float]) -> str:
    text = str(np.asarray(values).tolist())
    return text if len(text) <= 60 else f"{text[:57]}..."
