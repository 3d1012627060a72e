"""Profiles, ranks and running times, checked against their definitions number by number."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landscapes.analysis import profiles
from landscapes.errors import InputError

COST = st.sampled_from([1.0, 2.0, 3.0, 5.0, 8.0, 100.0, math.inf])
"""Few values, so that ties are common, and failures too."""

LIMITS = [0.5, 1.0, 1.5, 2.0, 5.0, 100.0, math.inf]


def tables(*shape: int) -> st.SearchStrategy[np.ndarray]:
    sizes = st.tuples(*[st.integers(1, most) for most in shape])
    return sizes.flatmap(lambda size: arrays(np.float64, size, elements=COST))


# Profiles


@given(tables(6, 4))
@pytest.mark.slow
def test_a_performance_profile_is_what_dolan_and_more_define(costs):
    got = profiles.performance_profile(costs, LIMITS)
    for s, (i, factor) in itertools.product(range(costs.shape[1]), enumerate(LIMITS)):
        within = sum(math.isfinite(row[s]) and row[s] / min(row) <= factor for row in costs)
        assert got[s, i] == within / len(costs)


@given(tables(6, 4), st.data())
def test_a_data_profile_is_what_more_and_wild_define(costs, data):
    dims = data.draw(st.lists(st.integers(1, 9), min_size=len(costs), max_size=len(costs)))
    got = profiles.data_profile(costs, dims, LIMITS)
    for s, (i, budget) in itertools.product(range(costs.shape[1]), enumerate(LIMITS)):
        within = sum(math.isfinite(row[s]) and row[s] / (d + 1) <= budget for row, d in zip(costs, dims, strict=True))
        assert got[s, i] == within / len(costs)


@given(tables(4, 3, 3), st.data())
def test_an_ecdf_counts_pairs_of_problem_and_target(costs, data):
    dims = data.draw(st.lists(st.integers(1, 9), min_size=len(costs), max_size=len(costs)))
    got = profiles.ecdf(costs, dims, LIMITS)
    problems, solvers, targets = costs.shape
    for s, (i, budget) in itertools.product(range(solvers), enumerate(LIMITS)):
        pairs = itertools.product(range(problems), range(targets))
        within = sum(math.isfinite(costs[p, s, k]) and costs[p, s, k] / dims[p] <= budget for p, k in pairs)
        assert got[s, i] == within / (problems * targets)


@given(tables(6, 4))
def test_profiles_rise_and_end_at_what_is_solved(costs):
    got = profiles.performance_profile(costs, [1, 2, 5, 1e300])
    assert (np.diff(got, axis=1) >= 0).all()
    assert np.array_equal(got[:, -1], np.isfinite(costs).mean(0))


def test_a_problem_solved_at_no_cost_has_only_its_best():
    assert profiles.ratios([[0.0, 4.0, 0.0]]).tolist() == [[1.0, math.inf, 1.0]]


# Running times


@given(tables(5, 6), st.integers(1, 50))
def test_the_expected_running_time_is_all_that_is_spent_a_success(costs, spent):
    got = profiles.expected_running_time(costs, spent)
    for row, time in zip(costs, got, strict=True):
        good = [cost for cost in row if math.isfinite(cost)]
        bad = len(row) - len(good)
        assert time == (pytest.approx((sum(good) + bad * spent) / len(good)) if good else math.inf)


def test_restarts_draw_runs_until_one_succeeds():
    """Against a loop that draws them one by one, by the mean and by what can occur."""
    costs, spent = [10.0, math.inf, math.inf], [30.0, 40.0, 50.0]
    got = profiles.with_restarts(costs, spent, draws=20_000, seed=3)
    dice, times = random.Random(4), []
    for _ in range(20_000):
        time, last = 0.0, math.inf
        while math.isinf(last):
            i = dice.randrange(3)
            last = costs[i]
            time += spent[i] if math.isinf(last) else last
        times.append(time)
    assert got.mean() == pytest.approx(np.mean(times), rel=0.03)
    assert got.mean() == pytest.approx(profiles.expected_running_time(costs, spent), rel=0.03)
    assert got.min() == 10
    assert set(np.unique(got)) <= {10 + 40 * i + 50 * j for i in range(60) for j in range(60)}


def test_restarts_never_end_where_no_run_succeeds():
    got = profiles.with_restarts([[math.inf, math.inf], [1.0, 1.0]], [5.0, 5.0], draws=7)
    assert np.isinf(got[0]).all()
    assert (got[1] == 1).all()


@given(tables(3, 5), st.integers(0, 5))
def test_restarts_of_a_row_do_not_depend_on_other_rows(costs, seed):
    together = profiles.with_restarts(costs, 9.0, draws=20, seed=seed)
    assert np.array_equal(together[0], profiles.with_restarts(costs[0], 9.0, draws=20, seed=seed))


# Ranks


@given(tables(6, 5))
@pytest.mark.slow
def test_tied_ranks_share_their_mean(scores):
    got = profiles.ranks(scores)
    for row, places in zip(scores, got, strict=True):
        ordered = sorted(row)
        for score, place in zip(row, places, strict=True):
            assert place == np.mean([i + 1 for i, other in enumerate(ordered) if other == score])


@given(tables(6, 4))
def test_win_rates_compare_pairs(scores):
    got = profiles.win_rates(scores)
    for i, j in itertools.product(range(scores.shape[1]), repeat=2):
        points = [1.0 if row[i] < row[j] else 0.5 if row[i] == row[j] else 0.0 for row in scores]
        assert got[i, j] == pytest.approx(np.mean(points))
    assert np.allclose(got + got.T, 1)


def test_mean_ranks_weigh_functions_equally():
    scores = [[1, 2], [2, 1], [2, 1], [2, 1]]
    found = profiles.mean_ranks(scores, groups=["a", "b", "b", "b"])
    assert found.value.tolist() == [1.5, 1.5]
    assert profiles.mean_ranks(scores).value.tolist() == [1.75, 1.25]


# The bootstrap


def test_a_bootstrap_interval_of_a_mean_is_that_of_theory():
    """Of n normal numbers the mean has the standard error s / √n; 95 % lie within 1.96 of them."""
    values = np.random.default_rng(0).normal(5, 2, size=(400, 1))
    found = profiles.bootstrap(values, draws=4000)
    error = values.std() / 20
    assert found.value[0] == pytest.approx(values.mean())
    assert found.low[0] == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high[0] == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


def test_a_bootstrap_interval_has_its_nominal_coverage():
    random, inside = np.random.default_rng(1), 0
    for seed in range(100):
        found = profiles.bootstrap(random.exponential(1.0, size=(60, 1)), draws=200, level=0.9, seed=seed)
        inside += bool(found.low[0] <= 1.0 <= found.high[0])
    assert 0.8 <= inside / 100 <= 0.97


def test_a_bootstrap_takes_any_statistic_and_repeats_itself():
    values = np.arange(30.0).reshape(10, 3)
    one, two = (profiles.bootstrap(values, lambda rows: np.median(rows, -2), seed=4) for _ in range(2))
    assert one.value.tolist() == [13.5, 14.5, 15.5]
    assert np.array_equal(one.low, two.low)
    assert (one.low < one.value).all()
    assert (one.value < one.high).all()
    other = profiles.bootstrap(values, seed=5, draws=50)
    assert not np.array_equal(profiles.bootstrap(values, seed=6, draws=50).low, other.low)


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: profiles.ratios([1.0, 2.0]), r"\(problems, solvers\), got shape \(2,\)"),
        (lambda: profiles.performance_profile([[1.0, math.nan]], [1]), "some are NaN or negative"),
        (lambda: profiles.performance_profile([[1.0, -1.0]], [1]), "some are NaN or negative"),
        (lambda: profiles.performance_profile(np.empty((0, 2)), [1]), r"got shape \(0, 2\)"),
        (lambda: profiles.ecdf([[1.0]], [1], [1]), r"\(problems, solvers, targets\), got shape \(1, 1\)"),
        (lambda: profiles.data_profile([[1.0]], [1, 2], [1]), r"shape \(1,\), got \[1, 2\]"),
        (lambda: profiles.data_profile([[1.0]], [0], [1]), r"shape \(1,\), got \[0\]"),
        (lambda: profiles.ranks([[math.nan]]), "and no NaN"),
        (lambda: profiles.bootstrap(np.empty((0, 3))), r"at least one row, shape \(n, S\); got shape \(0, 3\)"),
        (lambda: profiles.bootstrap([[1.0]], draws=0), "draws must be >= 1"),
        (lambda: profiles.bootstrap([[1.0]], level=1.0), r"level in \(0, 1\)"),
    ],
)
def test_an_invalid_table_is_refused(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_profiles_need_neither_torch_nor_matplotlib(python):
    done = python("-c", "import sys, landscapes.analysis.tables; assert not {'torch', 'matplotlib'} & set(sys.modules)")
    assert done.returncode == 0, done.stderr


def test_ranks_are_those_of_pairwise_comparison():
    """Bit for bit: one plus how many are lower, plus half of how many others are equal."""
    scores = np.random.default_rng(0).integers(0, 5, (200, 7)).astype(float)
    scores[scores == 4] = np.inf
    lower = (scores[:, None, :] < scores[:, :, None]).sum(2)
    equal = (scores[:, None, :] == scores[:, :, None]).sum(2)
    np.testing.assert_array_equal(profiles.ranks(scores), 1 + lower + (equal - 1) / 2)
