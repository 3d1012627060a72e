"""Processor time step by step: what it is made of, that it changes nothing else, and where it is kept."""

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


def observed(*arguments, **settings) -> tuple[Record, np.ndarray]:
    record = race(*arguments, metrics=["seconds"], **settings)
    return record, record.trajectories.metrics["seconds"]


@pytest.fixture
def ticking(monkeypatch):
    """A clock that goes on by one second whenever it is looked at."""
    clock = itertools.count()
    monkeypatch.setattr(timing, "CLOCK", lambda: float(next(clock)))


@pytest.fixture(scope="module")
def beale() -> tuple[Record, np.ndarray]:
    return observed("beale", KINDS, steps=20, seed=3)


def test_seconds_begin_at_zero_never_fall_and_every_step_takes_some(beale):
    record, seconds = beale
    assert seconds.shape == record.trajectories.loss.shape
    assert np.isfinite(seconds).all()
    assert (seconds[:, 0] == 0).all()
    assert (np.diff(seconds, axis=1) >= 0).all()
    assert (seconds[:, 1] > 0).all()
    assert (seconds[:, -1] < 20).all()


def test_what_is_measured_changes_nothing_of_the_race(beale):
    timed, _ = beale
    plain = race("beale", KINDS, steps=20, seed=3)
    assert dict(timed.meta) == dict(plain.meta)
    assert plain.trajectories.metrics == {}
    for name in ("x", "loss", "step"):
        np.testing.assert_array_equal(getattr(timed.trajectories, name), getattr(plain.trajectories, name))
    for name, column in plain.trajectories.runs.items():
        np.testing.assert_array_equal(timed.trajectories.runs[name], column)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_timed_is_the_run_itself(kind):
    """Stepped alone it comes to the very point that it has in the race."""
    function, record = get("beale"), race("beale", [kind], steps=25, seed=4)
    start = torch.tensor(function.start, dtype=torch.float64)[:, None]
    count = min(25, int(filled(record.trajectories.runs["stopped"], 25)[0]))
    marks, x = timing.time_steps(function, parse(kind)[0], start, count, RunSetup(25, torch.zeros(1).long(), 4))
    assert len(marks) == count + 1
    np.testing.assert_array_equal(x[:, 0].numpy(), record.trajectories.x[0, -1])


@pytest.mark.usefixtures("ticking")
def test_time_stands_still_once_a_run_has_ended():
    record, seconds = observed("booth", ["sgd(lr=0.05)", "sgd(lr=9)"], steps=200, stop=Stop(gtol=1e-2))
    ends = filled(record.trajectories.runs["stopped"])
    assert (ends > 0).all()
    assert (ends < 200).all()
    for row, end in zip(seconds, ends, strict=True):
        assert row.tolist() == [min(step, end) for step in range(201)]


@pytest.mark.usefixtures("ticking")
@pytest.mark.parametrize(("keep", "kept"), [("ends", [0, 12]), (5, [0, 5, 10, 12]), ([3], [0, 3, 12])])
def test_times_are_those_of_the_steps_that_are_kept(keep, kept):
    assert observed("booth", ["sgd"], steps=12, record_steps=keep)[1].tolist() == [kept]


def test_the_least_of_all_rounds_counts(monkeypatch):
    """A pause in the middle of a round is nobody's."""
    clock, looks = [0.0], itertools.count()

    def tick() -> float:
        clock[0] += 50.0 if next(looks) % 17 == 5 else 1.0
        return clock[0]

    monkeypatch.setattr(timing, "CLOCK", tick)
    assert observed("booth", ["sgd", "adam"], steps=9)[1].tolist() == [list(range(10))] * 2


def test_a_method_that_asks_more_takes_longer():
    """Newton's method differentiates twice, which takes several times as long as a step of SGD."""
    seconds = observed("beale", ["sgd(lr=0.001)", "newton"], steps=30)[1]
    assert seconds[1, -1] > 1.5 * seconds[0, -1]


def test_seconds_survive_the_disk_and_files_without_them_are_read(tmp_path):
    record, seconds = observed("booth", ["sgd", "adam"], steps=9)
    loaded = Record.load(record.save(tmp_path / "timed.npz"))
    np.testing.assert_array_equal(loaded.trajectories.metrics["seconds"], seconds)
    bare = replace(record, trajectories=replace(record.trajectories, metrics={}))
    assert Record.load(bare.save(tmp_path / "bare.npz")).trajectories.metrics == {}


def test_beside_others_it_is_one_more():
    made = race("booth", ["sgd", "adam"], steps=5, metrics=["lr", "seconds", "gradient_norm"])
    assert set(made.trajectories.metrics) == {"lr", "seconds", "gradient_norm"}


def test_of_another_device_no_seconds_are_told(monkeypatch):
    monkeypatch.setattr("landscapes.engine.loop.check_device", lambda _: torch.device("cuda:1"))
    with pytest.raises(
        InputError, match=r"\"seconds\" are those of the CPU, and 'cuda:1' works beside it; use device=\"cpu\""
    ):
        race("booth", ["sgd"], device="cuda:1", metrics=["seconds"])
