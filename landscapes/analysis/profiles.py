"""How optimizers compare over many problems: profiles, ranks and running times, from plain arrays. Numpy only.

Costs are what it took to solve a problem (steps, evaluations), infinite where it was not solved. A problem is a
function from one start with one seed, and where several targets count, one target of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.errors import InputError

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """An estimate with its bounds, shape (S,) each."""

    value: Floats
    low: Floats
    high: Floats


def ratios(costs: ArrayLike) -> Floats:
    """Each cost over the lowest one of its problem: r = t / min t, shape (P, S); infinite where it was not solved.

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
    """The share of problems that each solver solves within a factor of the best solver's cost, shape (S, n).

    ρ(τ) = |{p : r ≤ τ}| / P. At τ = 1 it is how often a solver is the best (of ties, all are), and for large τ how many
    problems it solves at all; one that nobody solves counts for nobody.

    Args:
        costs: shape (P, S), infinite where a solver did not solve a problem.
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
    """The share of problems that each solver solves within a budget of simplex gradients, shape (S, n).

    d(α) = |{p : t / (d + 1) ≤ α}| / P, where d + 1 evaluations would make a gradient by differences.

    Args:
        costs: evaluations, shape (P, S), infinite where a solver did not solve a problem.
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
    """The share of pairs of a problem and a target that each solver has reached, by evaluations per coordinate, shape (S, n).

    F(b) = |{(p, k) : t / d ≤ b}| / (P·K): all targets of a problem count, so progress short of the last one shows.

    Args:
        costs: evaluations to each target, shape (P, S, K), infinite where a solver did not reach it.
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
    """What reaching a target costs on average where failed runs are started anew, shape (...).

    ERT = (Σ cost of runs that reached it + Σ all that the others spent) / number of runs that reached it; infinite where
    none did.

    Args:
        costs: of N runs, shape (..., N), infinite where a run did not reach the target.
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
    """Running times of an optimizer that starts anew until it reaches the target, drawn from N runs, shape (..., draws).

    Runs are drawn with replacement until one has reached the target; the time is what all of them spent. It is infinite where
    no run has. All rows draw the same runs, so none depends on which others there are.

    Args:
        costs: of N runs, shape (..., N), infinite where a run did not reach the target.
        spent: what each run used in all, shape (..., N).
        draws: how many times.
        seed: of the draws.

    Source: N. Hansen et al., COCO: a platform for comparing continuous optimizers in a black-box setting, 2021
    ("simulated restarts").

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
    """The place of each solver on each problem, 1 for the lowest score, shape (P, S); ties share the mean of their places.

    >>> ranks([[3, 1, 3, np.inf]])
    array([[2.5, 1. , 2.5, 4. ]])
    """
    given = _scores(scores)
    lower = (given[:, None, :] < given[:, :, None]).sum(2)
    equal = (given[:, None, :] == given[:, :, None]).sum(2)
    return np.asarray(1 + lower + (equal - 1) / 2)


def mean_ranks(
    scores: ArrayLike, groups: ArrayLike | None = None, *, draws: int = 1000, level: float = 0.95, seed: int = 0
) -> Estimate:
    """The mean rank of each solver, with a bootstrap interval over groups of problems, shape (S,) each.

    Args:
        scores: shape (P, S), lower is better.
        groups: which group each problem belongs to, its function for instance, shape (P,); ranks are averaged within each, then
            over all, and whole groups are drawn anew. By default each problem is one of its own.
        draws, level, seed: see `bootstrap`.
    """
    return bootstrap(means(ranks(scores), groups), draws=draws, level=level, seed=seed)


def means(values: ArrayLike, groups: ArrayLike | None = None) -> Floats:
    """The mean of the rows of each group, shape (G, S), in the order in which the groups first come.

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
    """A statistic of rows (n, S) with its percentile interval: rows are drawn anew, with replacement, many times.

    Args:
        values: shape (n, S).
        statistic: takes rows (..., n, S) and returns (..., S); by default their mean.
        draws: how many times.
        level: of the interval.
        seed: of the draws.

    Raises:
        InputError: for no rows, no draws, or a level that is not between 0 and 1.

    Source: B. Efron and R. Tibshirani, An introduction to the bootstrap, 1993, chapter 13.

    >>> bootstrap([[1.0], [1.0]])
    Estimate(value=array([1.]), low=array([1.]), high=array([1.]))
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 2 or not len(given):
        raise InputError(f"a bootstrap takes rows, shape (n, S), at least one; not shape {given.shape}")
    if draws < 1 or not 0 < level < 1:
        raise InputError(f"a bootstrap has at least one draw and a level between 0 and 1; not {draws} and {level}")
    ask = statistic or (lambda rows: np.asarray(rows.mean(-2)))
    random = np.random.default_rng(seed)
    drawn = np.stack([ask(given[random.integers(len(given), size=len(given))]) for _ in range(draws)])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Estimate(np.asarray(ask(given)), low, high)


def win_rates(scores: ArrayLike) -> Floats:
    """The share of problems on which the solver of a row beats that of a column, shape (S, S); a tie is half a win.

    >>> win_rates([[1, 2], [1, 1], [np.inf, 5], [np.inf, np.inf]])
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    given = _scores(scores)
    left, right = given[:, :, None], given[:, None, :]
    return np.asarray(((left < right) + 0.5 * (left == right)).mean(0))


def _shares(costs: Floats, budgets: ArrayLike) -> Floats:
    """The share of rows of (P, S) that are at most each budget, shape (S, n); infinite ones never are."""
    limits = np.asarray(budgets, dtype=np.float64).reshape(-1)
    ordered = np.sort(costs, axis=0).T  # (S, P)
    finite = np.isfinite(ordered).sum(1)
    counts = [np.minimum(np.searchsorted(row, limits, side="right"), n) for row, n in zip(ordered, finite, strict=True)]
    return np.array(counts).reshape(len(ordered), -1) / len(costs)


def _costs(costs: ArrayLike, dimensions: int | None = None) -> Floats:
    given = np.asarray(costs, dtype=np.float64)
    if dimensions is not None and (given.ndim != dimensions or not given.size):
        names = ("problems", "solvers", "targets")[:dimensions]
        raise InputError(f"costs have one entry for each of {', '.join(names)}; not shape {given.shape}")
    if np.isnan(given).any() or (given < 0).any():
        raise InputError("costs are ≥ 0, infinite where a problem was not solved; there are NaN or negative ones")
    return given


def _scores(scores: ArrayLike) -> Floats:
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 2 or not given.size or np.isnan(given).any():
        raise InputError(f"scores have a row a problem and a column a solver, without NaN; not shape {given.shape}")
    return given


def _dims(dims: ArrayLike, count: int) -> Floats:
    given = np.asarray(dims, dtype=np.float64)
    if given.shape != (count,) or not (given >= 1).all():
        raise InputError(f"dims are one number of coordinates a problem, shape ({count},); not {_brief(dims)}")
    return given


def _brief(values: ArrayLike | Sequence[float]) -> str:
    text = str(np.asarray(values).tolist())
    return text if len(text) <= 60 else f"{text[:57]}..."
