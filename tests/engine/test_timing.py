"""Processor time per step: what it includes, and that it changes no other result."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscapes import InputError, Record, race
from landscapes.engine import timing
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.optimizers._parse import parse
from landscapes.optimizers.stepper import RunSetup
from landscapes.record import filled

KINDS = [
    "momentum(lr=0.01)",
    "adam(lr=0.1)",
    "lbfgs",
    "newton",
    "neldermead",
    "cmaes",
    "clip(cosine(adam(lr=0.1)), norm=1)",
]


def timed_race(*arguments, **settings) -> tuple[Record, np.ndarray]:
    record = race(*arguments, metrics=["seconds"], **settings)
    return record, record.trajectories.metrics["seconds"]


@pytest.fixture
def ticking(monkeypatch):
    """Replace the clock by one that advances by one second per reading."""
    clock = itertools.count()
    monkeypatch.setattr(timing, "CLOCK", lambda: float(next(clock)))


@pytest.fixture(scope="module")
def beale() -> tuple[Record, np.ndarray]:
    return timed_race("beale", KINDS, steps=20, seed=3)


@pytest.mark.slow
def test_seconds_start_at_zero_and_increase(beale):
    record, seconds = beale
    assert seconds.shape == record.trajectories.loss.shape
    assert np.isfinite(seconds).all()
    assert (seconds[:, 0] == 0).all()
    assert (np.diff(seconds, axis=1) >= 0).all()
    assert (seconds[:, 1] > 0).all()
    assert (seconds[:, -1] < 20).all()


def test_timing_does_not_change_the_race(beale):
    timed, _ = beale
    plain = race("beale", KINDS, steps=20, seed=3)
    assert dict(timed.meta) == dict(plain.meta)
    assert plain.trajectories.metrics == {}
    for name in ("x", "loss", "step"):
        np.testing.assert_array_equal(getattr(timed.trajectories, name), getattr(plain.trajectories, name))
    for name, column in plain.trajectories.runs.items():
        np.testing.assert_array_equal(timed.trajectories.runs[name], column)


@pytest.mark.parametrize("kind", KINDS)
def test_the_timed_run_equals_the_run_in_the_race(kind):
    """Stepped alone, it ends at the same point as in the race."""
    function, record = get("beale"), race("beale", [kind], steps=25, seed=4)
    start = torch.tensor(function.start, dtype=torch.float64)[:, None]
    count = min(25, int(filled(record.trajectories.runs["stopped"], 25)[0]))
    marks, x = timing.time_steps(function, parse(kind)[0], start, count, RunSetup(25, torch.zeros(1).long(), 4))
    assert len(marks) == count + 1
    np.testing.assert_array_equal(x[:, 0].numpy(), record.trajectories.x[0, -1])


@pytest.mark.usefixtures("ticking")
def test_time_is_constant_after_a_run_has_ended():
    record, seconds = timed_race("booth", ["sgd(lr=0.05)", "sgd(lr=9)"], steps=200, stop=Stop(gtol=1e-2))
    ends = filled(record.trajectories.runs["stopped"])
    assert (ends > 0).all()
    assert (ends < 200).all()
    for row, end in zip(seconds, ends, strict=True):
        assert row.tolist() == [min(step, end) for step in range(201)]


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize(("keep", "kept"), [("ends", [0, 12]), (5, [0, 5, 10, 12]), ([3], [0, 3, 12])])
def test_times_are_those_of_the_recorded_steps(keep, kept):
    assert timed_race("booth", ["sgd"], steps=12, record_steps=keep)[1].tolist() == [kept]


def test_the_minimum_over_rounds_counts(monkeypatch):
    """An interruption in one round has no effect."""
    clock, readings = [0.0], itertools.count()

    def tick() -> float:
        clock[0] += 50.0 if next(readings) % 17 == 5 else 1.0
        return clock[0]

    monkeypatch.setattr(timing, "CLOCK", tick)
    assert timed_race("booth", ["sgd", "adam"], steps=9)[1].tolist() == [list(range(10))] * 2


@pytest.mark.slow
def test_newton_takes_longer_than_sgd():
    """Newton's method differentiates twice; a step takes several times as long as one of SGD."""
    seconds = timed_race("beale", ["sgd(lr=0.001)", "newton"], steps=30)[1]
    assert seconds[1, -1] > 1.5 * seconds[0, -1]


def test_seconds_are_saved_and_files_without_them_load(tmp_path):
    record, seconds = timed_race("booth", ["sgd", "adam"], steps=9)
    loaded = Record.load(record.save(tmp_path / "timed.npz"))
    np.testing.assert_array_equal(loaded.trajectories.metrics["seconds"], seconds)
    bare = replace(record, trajectories=replace(record.trajectories, metrics={}))
    assert Record.load(bare.save(tmp_path / "bare.npz")).trajectories.metrics == {}


def test_seconds_combine_with_other_metrics():
    made = race("booth", ["sgd", "adam"], steps=5, metrics=["lr", "seconds", "gradient_norm"])
    assert set(made.trajectories.metrics) == {"lr", "seconds", "gradient_norm"}


def test_seconds_require_the_cpu(monkeypatch):
    monkeypatch.setattr("landscapes.engine.loop.check_device", lambda _: torch.device("cuda:1"))
    with pytest.raises(InputError, match=r"^metrics=\[\"seconds\"\] needs device=\"cpu\", got 'cuda:1'$"):
        race("booth", ["sgd"], device="cuda:1", metrics=["seconds"])
