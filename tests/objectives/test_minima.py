"""The search for the minima of custom functions."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscapes import formula, from_numpy, function, functions, race, render
from landscapes.analysis.race_table import table
from landscapes.objectives.minima import MAX_EVALUATIONS, MAX_MINIMA, with_found_minima
from landscapes.render.artists.legend import legend_entries

NAMES = ["ackley", "beale", "booth", "himmelblau", "plateau", "rastrigin", "rosenbrock", "six_hump_camel",
         "styblinski_tang", "three_hump_camel"]  # fmt: skip


def without_minima(name):
    """A function of the catalogue, without its minima."""
    return replace(functions.get(name), minima=(), minimum=math.nan, stationary=())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.thin(3)
def test_the_minima_of_the_catalogue_are_found(name, seed):
    known, found = functions.get(name), with_found_minima(without_minima(name), seed)
    assert found.minimum == pytest.approx(known.minimum, rel=1e-12, abs=1e-12)
    assert len(found.minima) == len(known.minima)
    for point in known.minima:
        assert any(point == pytest.approx(other, abs=1e-6) for other in found.minima)


@pytest.mark.parametrize("name", ["saddle", "monkey_saddle", "long_valley"])
def test_an_unbounded_function_stays_without_minimum(name):
    plain = without_minima(name)
    assert with_found_minima(plain) is plain


def test_nonsmooth_minima_border_minima_and_one_to_three_coordinates():
    found = with_found_minima(formula("abs(x - 0.3) + 3*abs(y + 1.1)", (-2, 2)))
    assert found.minima[0] == pytest.approx((0.3, -1.1), abs=1e-12)
    on_border = with_found_minima(formula("abs(x - 2) + y**2", (-2, 2)))  # values outside are higher
    assert on_border.minima == ((2.0, 0.0),)
    assert with_found_minima(formula("(x - 1)**2", (-2, 2))).minima[0] == pytest.approx((1,), abs=1e-7)
    assert with_found_minima(formula("x**2 + (y - 1)**4 + z**2", (-2, 2))).minimum == pytest.approx(0, abs=1e-15)


def test_four_coordinates_are_not_searched():
    plain = formula("x1**2 + x2**2 + x3**2 + x4**2", (-2, 2))
    assert with_found_minima(plain) is plain


def test_a_curve_of_minima_gives_the_minimum_only():
    found = with_found_minima(formula("(x**2 + y**2 - 1)**2", (-2, 2)))
    assert found.minimum == pytest.approx(0, abs=1e-15)
    assert found.minima == ()
    many = with_found_minima(function((0, MAX_MINIMA))(lambda x: torch.sin(math.pi * x) ** 2 + 0 * x))
    assert len(many.minima) in (0, MAX_MINIMA + 1, MAX_MINIMA)


def test_the_search_is_deterministic():
    first, second = (with_found_minima(without_minima("rastrigin")) for _ in range(2))
    assert first.minima == second.minima


def test_finite_differences_suffice():
    found = with_found_minima(from_numpy(lambda x, y: (x - 1) ** 2 + 100 * (y - x * x) ** 2, [(-2, 2), (-1, 3)]))
    assert found.minima[0] == pytest.approx((1, 1), abs=1e-5)


def test_known_minima_are_kept():
    for name in ("booth", "saddle"):
        assert with_found_minima(functions.get(name)) is functions.get(name)


def test_undefined_values_and_errors_are_tolerated():
    partly = with_found_minima(formula("sqrt(x - 0.5) + (y - 1)**2", (-2, 2)))
    assert partly.minima[0] == pytest.approx((0.5, 1), abs=1e-6)
    nowhere = function((-1, 1), (-1, 1))(lambda x, y: x * math.nan)
    assert with_found_minima(nowhere) is nowhere

    @function((-1, 1), (-1, 1))
    def raising(x, y):
        raise ValueError("no")

    assert with_found_minima(raising) is raising


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def sleeping_rosenbrock(x, y):
    time.sleep(0.006)
    return rosenbrock(x, y)


@pytest.mark.slow
def test_the_result_does_not_depend_on_the_speed_of_the_function():
    fast, slow = (with_found_minima(function((-2, 2), (-1, 3))(made)) for made in (rosenbrock, sleeping_rosenbrock))
    assert fast.minima[0] == pytest.approx((1, 1), abs=1e-6)
    assert (slow.minimum, slow.minima) == (fast.minimum, fast.minima)


@pytest.mark.parametrize("expression", ["sin(9*x)", "sin(9*x) + sin(11*y)", "sin(9*x) + sin(11*y) + abs(sin(7*z))"])
def test_the_number_of_evaluations_is_bounded(expression):
    counts = []
    plain = formula(expression, (-4, 5))

    def counted(*x):
        counts.append(x[0].numel())
        return plain.formula(*x)

    with_found_minima(replace(plain, formula=counted))
    assert 5_000 < sum(counts) <= MAX_EVALUATIONS


def test_a_race_says_how_it_knows_the_minimum():
    record = race(formula("(x**2 - 1)**2 + (y - x)**2", (-2, 2), start=(1.8, -1)), ["adam(lr=0.05)"], steps=200)
    assert record.meta["minimum_is"] == "found"
    assert record.surface is not None
    assert record.surface.minima.round(6).tolist() == [[-1, -1], [1, 1]]
    assert record.trajectories.runs["status"].tolist() == ["converged"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("log(x**2 + y**2)", (2, 1.5)),
        ("log((x - 0.3)**2 + (y + 0.7)**2)", (2, 1.5)),
        ("-1/sqrt(x**2 + y**2)", (2, 1.5)),
        ("log(abs(x - 1)) + y**2", (2, 1.5)),
        ("1/(x - 1) + y**2", (2, 1.5)),
        ("log(x) + y**2", (2, 1.5)),
        ("log(abs(x))", (2,)),
        ("-1/x**2", (2,)),
    ],
)
@pytest.mark.thin(3)
def test_poles_are_unbounded_and_no_minimizers(text, start, tmp_path):
    f = formula(text, (-4, 4), start=start)
    found = with_found_minima(f)
    assert found.minimum == -math.inf
    assert found.minima == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = race(f, ["sgd(lr=0.1)", "adam(lr=0.1)"], steps=30, resolution=17)
        render.save(record, tmp_path / "pole.svg")
    assert record.meta.target is None
    drawn = (tmp_path / "pole.svg").read_text()
    assert "e+308" not in drawn
    text, rows = render.caption(record), table(record)
    assert "target" not in drawn + text + rows
    for entry, status in zip(
        legend_entries(record, render.THEMES["light"]), record.trajectories.runs["status"], strict=True
    ):
        if status == "unbounded":
            assert entry.outcome == f"unbounded at step {entry.since}"
            assert f"at step {entry.since}" in text
            assert entry.outcome in rows


@pytest.mark.parametrize(
    "text", ["1/(x**2 + y**2)", "abs(x)**0.1 + y**2", "sqrt(x) + y**2", "-exp(-1e8*(x**2 + y**2))"]
)
def test_cusps_needles_and_borders_are_not_poles(text):
    found = with_found_minima(formula(text, (-4, 4), start=(2, 1.5)))
    assert found.minimum != -math.inf
    low, high = np.transpose(found.domain)
    assert all((low <= point).all() and (point <= high).all() for point in map(np.array, found.minima))
