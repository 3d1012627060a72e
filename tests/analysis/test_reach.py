"""What a comparison says when too few runs reach its tolerance."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from landscapes import Tuning, compare, function
from landscapes.analysis.reach import reach_notes
from landscapes.analysis.tables import standings


@pytest.fixture(scope="module")
def studied():
    """Two functions, two studies of two trials; no run comes near the last tolerance."""
    return compare(
        ["booth", "beale"],
        ["sgd", "adam"],
        starts=2,
        steps=30,
        tolerances=[0.9, 1e-12],
        tuning=Tuning(trials=2, studies=2, starts=1),
    )


def with_good_trials(record, booth, beale):
    """The record with these shares of good trials of SGD on each function, and none of Adam."""
    found = {
        name: {"SGD": {**row["SGD"], "reached": reached}, "Adam": {**row["Adam"], "reached": [[0.0, 0.0]] * 2}}
        for (name, row), reached in zip(record.meta.tuning["found"].items(), (booth, beale), strict=True)
    }
    return replace(record, meta=record.meta.replace(tuning={**record.meta.tuning, "found": found}))


def test_the_number_of_trials_is_that_with_which_half_of_the_studies_find_one(studied):
    quarter = [[1.0, 0.0], [0.0, 0.0]]
    *_, words = reach_notes(with_good_trials(studied, quarter, quarter))
    assert words.startswith("25 % of the trials of SGD reach 1e-12 from any start: with about 3 trials per study")
    assert 1 - 0.75**2 < 0.5 < 1 - 0.75**3
    *_, words = reach_notes(with_good_trials(studied, quarter, [[0.0, 0.0]] * 2))
    assert words == "No trial of SGD reaches 1e-12 on 1 of 2 functions: more trials alone do not help, more steps may."
    *_, words = reach_notes(studied)
    assert words == "No trial of any optimizer reaches 1e-12: more trials alone do not help, more steps may."


def test_a_tolerance_that_half_of_the_runs_reach_is_named(studied):
    first, second, *_ = reach_notes(studied)
    assert first == "No optimizer reaches 1e-12 of the initial gap in any run."
    assert "tolerance=0.9 (--tolerance 0.9) judges by it" in second
    assert first in standings(studied).note
    assert reach_notes(studied, 0.9) == []
    assert "reaches" not in standings(studied, 0.9).note.partition("Mean rank")[0]


def test_nobody_reaches_any_tolerance():
    record = compare("booth", ["sgd(lr=1e-9)", "adam(lr=1e-9)"], starts=1, steps=5, tolerances=[0.5, 0.1])
    assert reach_notes(record)[1] == (
        "No optimizer reaches even 0.5 in half of its runs: give more steps, or tolerances above it."
    )
    assert standings(record).note.startswith("One run each is no sample: there are no intervals.")


def test_runs_that_fail_are_counted():
    half = function((-2, 2), (-2, 2), start=(1, 1), minima=[(0.5, 0)], name="half")(
        lambda x, y: torch.where(x > 0.4, (x - 0.5) ** 2 + y * y, torch.nan)
    )
    record = compare([half], ["sgd(lr=30)", "adam(lr=9)"], starts=3, steps=20, tolerances=[0.1])
    assert reach_notes(record)[1:] == [
        "6 of 6 runs fail (6 non-finite): lower learning rates, or other starts, may help."
    ]
    assert "runs fail" not in " ".join(reach_notes(compare("booth", "sgd(lr=1e-9)", starts=2, steps=5)))


def test_few_runs_of_one_optimizer():
    record = compare(["booth", "beale"], "sgd(lr=0.01)", starts=4, steps=60, tolerances=[0.1, 1e-3])
    few, looser = reach_notes(record)
    assert few == "Only in 25 % of its runs, SGD reaches 0.001 of the initial gap; medians are unknown."
    assert looser == "SGD reaches 0.1 in 75 % of its runs: tolerance=0.1 (--tolerance 0.1) judges by it."
