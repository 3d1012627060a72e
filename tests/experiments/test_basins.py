"""`basins`: each pixel equals its race, unknown minima are found, and no other point counts as a minimum."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from landscapes import InputError, Record, Stop, basins, function, optimizers, race
from landscapes.experiments import _basins
from landscapes.experiments._basins import nearest
from landscapes.record import filled

WELLS = function((-2, 2), (-2, 2), start=(0.5, 1), minima=[(-1, 0), (1, 0)], steps=400, name="wells")(
    lambda x, y: (x * x - 1) ** 2 + y * y
)
"""Two basins that meet at x = 0, whatever the step size, as long as it is small."""

ROOM = function((-1, 1), (-1, 1), (-1, 1), name="room")(lambda x, y, z: x * x + y * y + z * z)
HIDDEN = dataclasses.replace(WELLS, minima=(), minimum=math.nan, name="hidden")


@pytest.mark.slow
def test_every_pixel_is_the_race_from_its_centre():
    record = basins(WELLS, "momentum(lr=0.02)", resolution=(4, 2), steps=150, tol=0.1)
    x, y = record.axes["x"], record.axes["y"]
    assert x == pytest.approx([-1.5, -0.5, 0.5, 1.5])
    assert y == pytest.approx([-1, 1])
    ends, arrived = record.grid(record.trajectories.x[:, -1]), filled(record.grid("arrived"))
    for i, j in np.ndindex(2, 4):
        alone = race(WELLS, "momentum(lr=0.02)", start=(x[j], y[i]), steps=150, stop=Stop(xtol=0.1), resolution=3)
        assert ends[i, j].tolist() == alone.trajectories.x[0, -1].tolist()
        assert arrived[i, j] == filled(alone.trajectories.runs["stopped"])[0]


def test_basins_of_gradient_descent_meet_where_theory_predicts():
    record = basins(WELLS, "sgd(lr=0.02)", resolution=32)
    which = filled(record.grid("basin"))
    assert (which[:, :16] == 0).all()
    assert (which[:, 16:] == 1).all()
    assert (record.grid("status") == "converged").all()
    assert (filled(record.grid("arrived")) > 0).all()
    assert record.meta["minima_are"] == ["global", "global"]


def test_arriving_is_coming_within_a_distance():
    near = basins(WELLS, "sgd(lr=0.02)", resolution=8, tol=0.05)
    away = near.trajectories.x[:, -1] - np.array(near.meta["minima"])[filled(near.trajectories.runs["basin"])]
    assert (np.hypot(*away.T) <= 0.05).all()
    nearer = basins(WELLS, "sgd(lr=0.02)", resolution=8, tol=0.01)
    assert (filled(nearer.grid("arrived")) > filled(near.grid("arrived"))).all()
    assert nearer.meta["tol"] == 0.01
    assert basins(WELLS, "sgd(lr=0.02)", resolution=2, steps=1).meta["tol"] == pytest.approx(4e-3)


def test_unknown_minima_are_found_and_basins_stay_the_same():
    record = basins(HIDDEN, "sgd(lr=0.02)", resolution=32)
    assert record.meta["minima_are"] == ["found", "found"]
    assert np.array(record.meta["minima"]) == pytest.approx(np.array([[-1, 0], [1, 0]]), abs=1e-6)
    assert record.meta["minima_values"] == pytest.approx([0, 0], abs=1e-12)
    known = basins(WELLS, "sgd(lr=0.02)", resolution=32)
    assert np.array_equal(filled(record.grid("basin")), filled(known.grid("basin")))
    assert np.array_equal(filled(record.grid("arrived")), filled(known.grid("arrived")))


def test_local_minima_come_after_global_ones():
    record = basins("three_hump_camel", "sgd(lr=0.05)", resolution=24, steps=200)
    assert record.meta["minima_are"] == ["global", "local", "local"]
    assert set(np.unique(filled(record.grid("basin")))) >= {0, 1, 2}
    rough = basins("rastrigin", "sgd(lr=0.001)", resolution=48, box=((-1.45, 1.45), (-1.45, 1.45)), steps=200)
    assert rough.meta["minima_are"] == ["global", *["found"] * 8]
    counts = np.bincount(filled(rough.trajectories.runs["basin"]))
    assert counts.min() > 0.5 * counts.max(), "nine cells of the same size, about"


@pytest.mark.parametrize("name", ["rosenbrock", "beale"])
def test_a_point_along_a_valley_is_no_minimum(name):
    record = basins(name, "adam(lr=0.02)", resolution=24, steps=200)
    assert record.meta["minima_are"] == ["global"]
    on_their_way = record.grid("status") == "max_steps"
    assert on_their_way.sum() > 100
    assert (filled(record.grid("basin"))[on_their_way] == -1).all()
    assert (filled(record.grid("arrived"))[on_their_way] == -1).all()


def test_a_saddle_and_a_plateau_are_no_minima():
    saddle = function((-1, 1), (-1, 1), start=(0.5, 0), name="pass", minimum=-math.inf, outside="unbounded")(
        lambda x, y: x * x - y * y
    )
    still = basins(saddle, "sgd(lr=0.1)", resolution=(9, 9), steps=100)
    assert still.meta["minima"] == []
    assert (filled(still.grid("basin")) == -1).all()
    flat = function((-1, 1), (-1, 1), start=(0.5, 0), name="flat")(lambda x, y: torch.relu(x * x + y * y - 0.25))
    assert basins(flat, "sgd(lr=0.1)", resolution=16, steps=100).meta["minima"] == []


def test_runs_that_fail_count_to_no_minimum():
    record = basins(WELLS, "sgd(lr=0.4)", resolution=16, box=((-9, 9), (-9, 9)))
    failed = record.grid("status") == "diverged"
    assert failed.any()
    assert (filled(record.grid("basin"))[failed] == -1).all()
    assert (filled(record.grid("arrived"))[failed] == -1).all()


def test_another_test_of_arrival_counts_to_the_minimum_nearby():
    record = basins(WELLS, "sgd(lr=0.02)", resolution=8, stop=Stop(gtol=1e-3))
    assert (record.grid("status") == "converged").all()
    assert (filled(record.grid("basin"))[:, 4:] == 1).all()
    assert np.array_equal(filled(record.grid("arrived")), filled(record.grid("stopped")))


def test_a_domain_may_be_mapped_and_a_map_kept(tmp_path):
    wide = dataclasses.replace(WELLS, domain=((-3.0, 3.0), (-4.0, 4.0)))
    record = basins(wide, optimizers.SGD(lr=0.02), resolution=4, box="domain", steps=5)
    assert record.meta["box"] == [[-3, 3], [-4, 4]]
    assert record.axes["y"] == [-3, -1, 1, 3]
    assert record.surface is not None
    assert (record.surface.y[0], record.surface.y[-1]) == (-4, 4)
    again = Record.load(record.save(tmp_path / "map.npz"))
    assert again.axes == record.axes
    assert np.array_equal(filled(again.grid("basin")), filled(record.grid("basin")))


def test_a_folder_and_progress(tmp_path):
    reported = []
    record = basins(
        "himmelblau",
        "adam(lr=0.1)",
        resolution=6,
        steps=30,
        resume_dir=tmp_path / "kept",
        progress=lambda *pair: reported.append(pair),
    )
    assert reported[-1] == (36, 36)
    again = basins("himmelblau", "adam(lr=0.1)", resolution=6, steps=30, resume_dir=tmp_path / "kept")
    assert np.array_equal(record.trajectories.x, again.trajectories.x)


def test_a_point_belongs_to_the_nearest_minimum_if_any():
    minima = np.array([[0.0, 0.0], [1.0, 0.0]])
    points = np.array([[0.4, 0.0], [0.6, 0.0], [0.0, 0.5], [0.0, 0.51], [np.nan, 0.0]])
    assert nearest(points, minima, 0.5).tolist() == [0, 1, 0, -1, -1]
    assert nearest(points, minima[:0], 0.5).tolist() == [-1] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": 0}, "resolution must be an integer >= 1, got 0"),
        ({"resolution": (8, 8, 8)}, "resolution must be a number of pixels, or"),
        ({"resolution": 2.5}, "resolution must be an integer"),
        ({"resolution": 10**6}, "a map has at most 16384 × 16384 pixels"),
        ({"box": "race"}, 'box must be "view", "domain" or'),
        ({"box": ((1, 0), (0, 1))}, 'box must be "view", "domain" or'),
        ({"box": 3}, 'box must be "view", "domain" or'),
        ({"tol": 0}, "tol must be a distance > 0, got 0"),
        ({"tol": math.nan}, "tol must be a distance > 0, got nan"),
        ({"steps": 0}, "steps must be an integer"),
        ({"optimizer": ["adam", "sgd"]}, "basins take one optimizer, got 2"),
        ({"optimizer": "adamm"}, "unknown optimizer 'adamm'"),
        ({"function": ROOM}, "basins need a function of 2 coordinates; room has 3"),
        ({"device": "abacus"}, "device 'abacus' is not available here"),
    ],
)
def test_invalid_input_is_refused_in_one_line_before_any_work(arguments, message, monkeypatch):
    monkeypatch.setattr(_basins, "execute", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match=message) as caught:
        basins(**{"function": WELLS, "optimizer": "adam(lr=0.1)", **arguments})
    assert "\n" not in str(caught.value)
