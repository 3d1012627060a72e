"""Bands, pairs, families and critical differences: numbers by hand, and what happens with hardly any data."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from test_tables import NEVER, SPLIT, comparison

from landscapes import InputError, compare, function, render
from landscapes.analysis import sampling
from landscapes.analysis.bands import bands, integrated_profiles
from landscapes.analysis.costs import Costs, costs
from landscapes.analysis.families import families
from landscapes.analysis.intervals import Spread, dispersion, holm, mean_interval, share_interval
from landscapes.analysis.pairs import critical_difference, pairs
from landscapes.analysis.sampling import Sample, median_correction

FUNCTIONS, STARTS, STUDIES = 12, 4, 3


def drawn(seed: int = 0, functions: int = FUNCTIONS, starts: int = STARTS, studies: int = STUDIES) -> Costs:
    """Random costs of three optimizers, of which a tenth is infinite."""
    random = np.random.default_rng(seed)
    shape = (functions, starts, 3, 1, studies)
    logs = (
        random.normal(4, 0.5, shape) + random.normal(0, 0.7, (functions, 1, 3, 1, 1)) + np.arange(3)[:, None, None] / 3
    )
    each = np.where(random.random(shape) < 0.1, np.inf, np.exp(logs)).reshape(-1, 3, 1, studies)
    count = functions * starts
    return Costs(
        np.median(each, -1),
        np.full((count, 3), 1e4),
        ["a", "b", "c"],
        [0.1],
        np.repeat([f"f{i}" for i in range(functions)], starts),
        np.full(count, 2),
        starts=np.tile(np.arange(starts), functions),
        by_study=each,
    )


# Intervals


def test_a_share_interval_is_wilsons_for_values_zero_and_one_alone():
    found = share_interval(np.repeat([0.0, 1.0], [30, 70]))
    wilson = scipy.stats.binomtest(70, 100).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))


def test_the_dispersion_of_values_that_vary_little_has_students_degrees_of_freedom():
    values = 0.5 + 1e-4 * np.random.default_rng(0).normal(size=9)
    found, expected = share_interval(values), mean_interval(values)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("mean", [0.5, 0.15])
def test_the_degrees_of_freedom_are_those_of_the_dispersion_of_beta_values(mean):
    count, phi, random = 200, 0.3, np.random.default_rng(1)
    whole = (1 - phi) / phi
    each = random.beta(mean * whole, (1 - mean) * whole, (count, 6_000))
    variance, m = each.var(0, ddof=1), each.mean(0)
    simulated = 2 / np.log(variance / (m * (1 - m))).var()
    error = np.array([math.sqrt(phi * mean * (1 - mean) / count)])
    _, dof = dispersion(np.array([mean]), Spread(error, np.array([count - 1.0]), count, count, np.inf))
    assert dof[0] == pytest.approx(simulated, rel=0.06)


def test_a_share_interval_has_a_width_where_all_agree_and_none_for_one_value():
    one = share_interval(np.ones(5))
    assert one.low < 0.7
    assert one.high == 1
    assert math.isnan(share_interval([0.5]).low)
    assert math.isnan(mean_interval([0.5]).high)
    with pytest.raises(InputError, match="between 0 and 1"):
        share_interval([1.5, 0.0])


def test_a_mean_interval_is_students():
    values = np.random.default_rng(0).normal(size=9)
    found, expected = mean_interval(values), scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_holm_is_monotone_and_leaves_unknown_values_out():
    assert holm([0.01, math.nan, 0.02, 0.04])[[0, 2, 3]].tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert math.isnan(holm([math.nan])[0])


# Samples


def test_over_functions_the_units_are_means_of_functions():
    own = drawn()
    sample = Sample.of(own)
    each = np.isfinite(own.at()).reshape(FUNCTIONS, STARTS, 3).mean(1)
    found = sample.share(sampling.solved(None))
    expected = share_interval(each, runs=FUNCTIONS * STARTS * STUDIES)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]
    assert sample.over == "functions"


def test_over_runs_the_error_is_that_of_starts_and_of_studies():
    own = drawn(1, functions=1, starts=5, studies=1)  # so few that the bootstrap's own variance is 4/5 of it
    _, spread = Sample.of(own, draws=4000).share_and_spread(sampling.integrated(None, 4.0))
    each = sampling.integrated(None, 4.0)(own)
    assert spread.error == pytest.approx(each.std(0, ddof=1) / math.sqrt(5), rel=0.06)
    assert spread.dof == pytest.approx(4)
    studies = drawn(1, functions=1, starts=1, studies=9)
    found = Sample.of(studies).share(sampling.integrated(None, 4.0))
    assert (found.low < found.value).any()
    assert (found.high >= found.low).all()


def test_over_runs_the_degrees_of_freedom_lie_between_those_of_the_parts_and_their_sum():
    own = drawn(2, functions=4, starts=6, studies=3)
    _, spread = Sample.of(own, draws=400).share_and_spread(sampling.integrated(None, 4.0))
    assert (spread.dof > 2).all()
    assert (spread.dof < 4 * (5 + 2)).all()


def test_the_variance_of_a_median_is_corrected_by_that_of_order_statistics():
    assert median_correction(1) == 1
    assert median_correction(2) == pytest.approx(2, rel=0.05)  # a mean of two: n / (n − 1)
    # of three normal values: 0.4487 over 14/27 · 1.2755 + 13/27 · 0.4487 − 0.3391, from tables of order statistics
    assert median_correction(3) == pytest.approx(0.4487 / 0.5383, rel=0.02)


def test_one_start_of_one_function_has_no_interval():
    record = comparison([[[10], [20]]])
    assert np.isnan(integrated_profiles(record).low).all()
    table = render.table(record)
    assert "interval" not in table.split("\n")[0]
    assert "[" not in table
    assert np.isnan(bands(record).shares.low).all()
    assert np.isnan(pairs(record).p_values).all()
    assert "–" in render.table(record, show="pairs")
    assert families(record).sentence == "All functions are of one family (f0), so that none can be left out."


def test_bands_hold_the_profile_and_rise():
    for kind in ("performance", "ecdf", "data"):
        found = bands(SPLIT, kind)
        assert (found.shares.low <= found.shares.value + 1e-12).all()
        assert (found.shares.value <= found.shares.high + 1e-12).all()
        assert (np.diff(found.shares.value) >= 0).all()
        assert found.shares.value[:, -1].tolist() == pytest.approx(
            np.isfinite(costs(SPLIT).values if kind == "ecdf" else costs(SPLIT).at()[..., None]).mean((0, 2))
        )
    with pytest.raises(InputError, match="unknown kind of profile 'ecdff'"):
        bands(SPLIT, "ecdff")


def test_the_integrated_profile_is_the_area_below_the_profile():
    x = np.linspace(1, 4, 30_001)
    area = bands(SPLIT, x=x).shares.value[:, :-1].mean(1)
    assert integrated_profiles(SPLIT).value == pytest.approx(area, abs=1e-4)
    with pytest.raises(InputError, match="r_max must be > 1"):
        integrated_profiles(SPLIT, r_max=1)


# Pairs


def test_pairs_are_counted_and_sorted_best_first():
    found = pairs(SPLIT)
    a = found.optimizers.index("A_1")
    assert found.improvement.value[a, 1 - a] == pytest.approx((1 + 0) / 2)
    assert found.difference.value[a, 1 - a] == pytest.approx(4 / 6 - 5 / 6)
    assert found.ratio.value[a, 1 - a] == pytest.approx(
        math.exp((np.log([10 / 40, 20 / 50]).mean() + math.log(8 / 6)) / 2)
    )
    assert found.shared[a, 1 - a] == pytest.approx(3 / 6)
    assert pytest.approx(1 - found.improvement.value) == found.improvement.value.T
    assert np.isnan(np.diag(found.p_values)).all()


def test_a_p_value_is_below_five_percent_exactly_where_the_interval_excludes_one_half():
    steps = [[[10, 11, 9], [20 + 3 * i, 12, 10]] for i in range(8)]
    found = pairs(comparison(steps))
    assert found.p_values[0, 1] < 0.05
    assert found.improvement.low[0, 1] > 0.5
    even = pairs(comparison([[[10, 20], [20, 10]]] * 6))
    assert even.p_values[0, 1] == pytest.approx(1)


def test_ties_everywhere_and_an_optimizer_that_never_arrives():
    ties = comparison([[[5, 5], [5, 5]]] * 3)
    assert pairs(ties).improvement.value.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert critical_difference(ties).p_value == 1
    assert "are level" in families(ties).sentence
    never = comparison([[[5, 5], [NEVER, NEVER]]] * 3)
    found = pairs(never)
    assert found.optimizers[0] == "A_1"
    assert math.isnan(found.ratio.value[0, 1])
    assert integrated_profiles(never).value.tolist() == [1, 0]
    assert families(never).sentence == "No choice among the 3 families of functions changes the order."
    for show in ("standings", "times", "pairs", "families"):
        for style in ("text", "markdown", "latex", "csv"):
            assert "nan" not in render.table(never, style, show=show)


def test_pairs_need_two_optimizers():
    with pytest.raises(InputError, match="pairs need at least 2 optimizers; the comparison has 1"):
        pairs(comparison([[[5, 5]]] * 2, labels=("alone",)))
    with pytest.raises(InputError, match="the selection has one optimizer alone"):
        pairs(comparison([[[5, 5], [6, 6]]] * 2).sel(optimizer="A_1"))


# Critical differences


def test_friedmans_test_and_the_critical_difference_are_those_of_the_books():
    random = np.random.default_rng(3)
    steps = random.permuted(np.tile([10, 20], (12, 1)), axis=1)
    record = comparison([[[int(a)], [int(b)]] for a, b in steps])
    found = critical_difference(record)
    chi2 = 12 * 12 / (2 * 3) * ((found.ranks**2).sum() - 2 * 9 / 4)
    assert found.p_value == pytest.approx(scipy.stats.f.sf(11 * chi2 / (12 - chi2), 1, 11))
    assert found.difference == pytest.approx(1.960 * math.sqrt(2 * 3 / 6 / 12), abs=1e-3)  # Demšar, table 5
    with pytest.raises(InputError, match="at least 2 optimizers and 2 functions, got 2 and 1"):
        critical_difference(comparison([[[1], [2]]]))


# Families


def test_the_fewest_families_are_found_by_trying_all_subsets():
    random = np.random.default_rng(5)
    for _ in range(5):
        steps = random.integers(5, 40, size=(7, 2, 2)).tolist()
        record = comparison(steps)
        found = families(record)
        ahead, behind = (found.optimizers.index(name) for name in (found.swaps[0].ahead, found.swaps[0].behind))
        lead = (found.scores[:, ahead] - found.scores[:, behind]) * found.sizes
        least = next(
            (
                k
                for k in range(1, 7)
                for gone in combinations(range(7), k)
                if lead.sum() - lead[list(gone)].sum() <= 1e-9
            ),
            0,
        )
        assert len(found.swaps[0].families) == least
        assert found.without[2].tolist() == pytest.approx(np.delete(found.scores, 2, 0).mean(0).tolist())


def test_families_are_modules_tags_or_given():
    record = comparison([[[5, 6], [7, 8]]] * 3)
    facts = record.meta["functions"]
    facts["f0"] |= {"family": "valleys", "tags": ["smooth"]}
    facts["f1"] |= {"family": "valleys", "tags": ["convex", "smooth"]}
    assert families(record).families == ["valleys", "f2"]
    assert families(record, by=["convex", "smooth"]).families == ["smooth", "convex", "others"]
    assert families(record, by={"f0": "x", "f1": "x", "f2": "y"}).sizes.tolist() == [2, 1]
    with pytest.raises(InputError, match="no family for f2"):
        families(record, by={"f0": "x", "f1": "x"})


@pytest.mark.slow
@pytest.mark.parametrize("statistic", [sampling.profile(None, np.array([2.0])), sampling.integrated(None, 4.0)])
def test_intervals_of_ten_functions_cover(statistic):
    truth = statistic(drawn(0, functions=6000)).mean(0)
    inside = []
    for seed in range(1, 301):
        found = Sample.of(drawn(seed, functions=10)).share(statistic)
        inside.append((found.low <= truth) & (truth <= found.high))
    assert 0.92 <= np.mean(inside) <= 0.985


def test_losses_that_are_not_numbers_count_as_never():
    broken = function((-2, 2), (-2, 2), start=(1, 1), minima=[(0, 0)], name="broken")(
        lambda x, y: (x * x + y * y) + 0 * (x - 0.7).sqrt()
    )
    record = compare(broken, ["sgd(lr=0.2)", "nelder_mead"], starts=1, steps=20, tolerances=[1e-2])
    assert "nan" not in render.table(record, "csv").lower()
    assert np.isinf(costs(record).at()[0, 0])
    assert np.isfinite(integrated_profiles(record).value).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draws": "many"}, "draws must be an integer >= 2"),
        ({"seed": -1}, "seed must be an integer >= 0"),
        ({"level": "high"}, "level must be between 0 and 1"),
        ({"tolerance": "low"}, "no tolerance 'low'"),
        ({"x": []}, "x must be numbers"),
        ({"x": "far"}, "x must be numbers"),
        ({"cost": 3}, "unknown cost 3"),
    ],
    ids=str,
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(InputError, match=message):
        bands(SPLIT, **arguments)
    with pytest.raises(InputError, match="r_max must be > 1 and finite"):
        integrated_profiles(SPLIT, r_max="x")
    with pytest.raises(InputError, match="need the record of compare"):
        pairs(None)


@pytest.mark.parametrize("units", [2, 5, 10, 40])
@pytest.mark.parametrize("value", [1e-6, 0.02, 0.1, 0.5, 0.9, 1.0])
def test_one_value_apart_is_no_wider_than_one_success(units: int, value: float) -> None:
    values = np.zeros(units)
    values[0] = value
    mean, z2 = value / units, scipy.stats.norm.ppf(0.975) ** 2
    half = math.sqrt(z2 * mean * (1 - mean) / units + z2**2 / (4 * units**2))
    wilson = (mean + z2 / (2 * units) + half) / (1 + z2 / units)
    for found in (share_interval(values), share_interval(1 - values)):
        assert found.high - found.low <= wilson + 1e-12
        assert found.low <= found.value <= found.high
    assert share_interval(values).high <= wilson + 1e-12
