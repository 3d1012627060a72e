"""Profiles and ECDFs of a comparison with their bands; integrated profiles with their intervals. Numpy and scipy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscapes.analysis import profiles, sampling
from landscapes.analysis.costs import Costs, costs
from landscapes.analysis.families import R_MAX
from landscapes.analysis.profiles import Estimate
from landscapes.analysis.sampling import DRAWS, Over, Sample, check_r_max
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record

Floats = NDArray[np.float64]

KINDS = ("performance", "ecdf", "data")

POINTS = 200
"""The number of points at which a profile is evaluated by default."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Profiles of S optimizers at n points, with pointwise bands.

    Attributes:
        optimizers: their labels.
        x: the points: factors of the lowest cost, or budgets, shape (n,).
        shares: the profiles and their bounds, shape (S, n); bounds are NaN where nothing is a sample.
        sample: what is a sample.
    """

    optimizers: list[str]
    x: Floats
    shares: Estimate
    sample: Sample


@suggests_arguments
def bands(
    record: Record,
    kind: str = "performance",
    tolerance: float | None = None,
    *,
    x: ArrayLike | None = None,
    cost: str = "evaluations",
    over: Over | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Bands:
    """Return performance profiles, ECDFs or data profiles with pointwise bands.

    Functions count equally. A band holds the profile at one point with the probability `level`, not at all points at
    once. Of functions that are a sample, it includes the spread over starts and studies.

    Args:
        record: a comparison.
        kind: "performance", "ecdf" or "data", as in `render.performance_profile`.
        tolerance: for "performance" and "data", one of its tolerances; by default that for which learning rates were
            chosen, else the last.
        x: the points, shape (n,); by default 200, even on a log scale.
        cost: what is counted, "evaluations" or "steps".
        over: what is a sample, "functions" or "runs"; see `sampling.Sample`.
        level: of the bands.
        draws: resamples for "runs".
        seed: of the resamples.

    Raises:
        InputError: for another record, an unknown kind, or a tolerance that the comparison does not have.

    >>> from landscapes import compare
    >>> found = bands(compare(["booth", "beale"], ["sgd(lr=1e-5)", "bfgs"], starts=3, steps=60), x=[1, 2])
    >>> found.shares.value.tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    found = costs(record, cost)
    if kind not in KINDS:
        raise unknown("kind of profile", kind, KINDS)
    sample = Sample.of(found, over, draws=draws, seed=seed, level=level)
    points = axis(found, kind, tolerance) if x is None else _points(x)
    statistic = (
        sampling.profile(tolerance, points)
        if kind == "performance"
        else sampling.within(points, ecdf=kind == "ecdf", tolerance=tolerance)
    )
    return Bands(found.optimizers, points, sample.share(statistic), sample)


def _points(x: ArrayLike) -> Floats:
    """Return given points as an array. Raises `InputError` unless they are numbers, at least one."""
    try:
        points = np.asarray(x, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        points = np.zeros(0)
    if not len(points) or np.isnan(points).any():
        raise InputError(f"x must be numbers, at least one, got {x!r:.80}")
    return points


def axis(found: Costs, kind: str, tolerance: float | None = None, count: int = POINTS) -> Floats:
    """Return points for a profile, even on a log scale: from the first to the last place where one rises."""
    if kind == "performance":
        each, least = profiles.ratios(found.at(tolerance)), 1.0
    else:
        scale = found.dims[:, None, None] + (kind == "data")
        each = found.values / scale if kind == "ecdf" else found.at(tolerance) / scale[..., 0]
        least = max(1.0, float(np.min(each[np.isfinite(each)], initial=np.inf)))
    largest = float(np.max(each[np.isfinite(each)], initial=2.0))
    least = least if np.isfinite(least) else 1.0
    return np.geomspace(least, max(largest, least * 1.01) * 1.05, count)


@suggests_arguments
def integrated_profiles(
    record: Record,
    tolerance: float | None = None,
    *,
    r_max: float = R_MAX,
    cost: str = "evaluations",
    over: Over | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """Return the integrated performance profile of each optimizer with its interval, shape (S,).

    It is (1 / (r_max − 1)) ∫ ρ(τ) dτ from 1 to r_max: 1 for an optimizer that is the fastest on all problems, 0 for one
    that always needs r_max times the lowest cost or more, or solves nothing. Other arguments and errors are those of
    `bands`.

    Source: G. Dahl et al., Benchmarking neural network training algorithms (AlgoPerf), 2023, section 4.4.

    >>> from landscapes import compare
    >>> integrated_profiles(compare(["booth", "beale"], ["sgd(lr=1e-5)", "bfgs"], starts=3, steps=60)).value
    array([0., 1.])
    """
    check_r_max(r_max)
    sample = Sample.of(costs(record, cost), over, draws=draws, seed=seed)
    return sample.share(sampling.integrated(tolerance, r_max))
