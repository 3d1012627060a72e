"""The quick search for the minimum of a landscape of one's own."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from landscapes import formula, from_numpy, function, functions, race
from landscapes.objectives.minima import MOST_MINIMA, with_found_minima

NAMES = ["ackley", "beale", "booth", "himmelblau", "plateau", "rastrigin", "rosenbrock", "six_hump_camel",
         "styblinski_tang", "three_hump_camel"]  # fmt: skip


def unknown(name):
    """A function of the catalogue, without what is known of its lowest points."""
    return replace(functions.get(name), minima=(), minimum=math.nan, stationary=())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_the_minima_of_the_catalogue_are_found(name, seed):
    known, found = functions.get(name), with_found_minima(unknown(name), seed)
    assert found.minimum == pytest.approx(known.minimum, rel=1e-12, abs=1e-12)
    assert len(found.minima) == len(known.minima)
    for point in known.minima:
        assert any(point == pytest.approx(place, abs=1e-6) for place in found.minima)


@pytest.mark.parametrize("name", ["saddle", "monkey_saddle", "long_valley"])
def test_what_has_none_gets_none(name):
    plain = unknown(name)
    assert with_found_minima(plain) is plain


def test_kinks_borders_and_other_numbers_of_coordinates():
    found = with_found_minima(formula("abs(x - 0.3) + 3*abs(y + 1.1)", (-2, 2)))
    assert found.minima[0] == pytest.approx((0.3, -1.1), abs=1e-12)
    assert with_found_minima(formula("abs(x - 2) + y**2", (-2, 2))).minima == (
        (2.0, 0.0),
    )  # on the border, higher beyond
    assert with_found_minima(formula("(x - 1)**2", (-2, 2))).minima[0] == pytest.approx((1,), abs=1e-7)
    assert with_found_minima(formula("x**2 + (y - 1)**4 + z**2", (-2, 2))).minimum == pytest.approx(0, abs=1e-15)
    plain = formula("x1**2 + x2**2 + x3**2 + x4**2", (-2, 2))
    assert with_found_minima(plain) is plain


def test_a_curve_of_minima_has_its_value_alone():
    found = with_found_minima(formula("(x**2 + y**2 - 1)**2", (-2, 2)))
    assert found.minimum == pytest.approx(0, abs=1e-15)
    assert found.minima == ()
    twelve = with_found_minima(function((0, MOST_MINIMA))(lambda x: torch.sin(math.pi * x) ** 2 + 0 * x))
    assert len(twelve.minima) in (0, MOST_MINIMA + 1, MOST_MINIMA)


def test_the_same_every_time():
    assert with_found_minima(unknown("rastrigin")).minima == with_found_minima(unknown("rastrigin")).minima


def test_finite_differences_find_it_too():
    found = with_found_minima(from_numpy(lambda x, y: (x - 1) ** 2 + 100 * (y - x * x) ** 2, [(-2, 2), (-1, 3)]))
    assert found.minima[0] == pytest.approx((1, 1), abs=1e-5)


def test_what_is_known_stays():
    for name in ("booth", "saddle"):
        assert with_found_minima(functions.get(name)) is functions.get(name)


def test_holes_and_errors_end_nothing():
    assert with_found_minima(formula("sqrt(x - 0.5) + (y - 1)**2", (-2, 2))).minima[0] == pytest.approx(
        (0.5, 1), abs=1e-6
    )
    plain = function((-1, 1), (-1, 1))(lambda x, y: x * math.nan)
    assert with_found_minima(plain) is plain

    @function((-1, 1), (-1, 1))
    def raising(x, y):
        raise ValueError("no")

    assert with_found_minima(raising) is raising


def test_slow_landscapes_are_left_alone():
    calls = []

    @function((-1, 1), (-1, 1))
    def slow(x, y):
        calls.append(len(x))
        torch.linalg.eigvalsh(torch.randn(150, 150) @ torch.eye(150))
        for _ in range(20000):
            pass
        return x * x + sum(torch.sin(x * k) * 0 for k in range(1500))

    assert with_found_minima(slow) is slow
    assert len(calls) < 6


def test_a_race_says_how_it_knows():
    record = race(formula("(x**2 - 1)**2 + (y - x)**2", (-2, 2), start=(1.8, -1)), ["adam(lr=0.05)"], steps=200)
    assert record.meta["minimum_is"] == "found"
    assert record.surface is not None
    assert record.surface.minima.round(6).tolist() == [[-1, -1], [1, 1]]
    assert record.trajectories.runs["status"].tolist() == ["converged"]
