"""A race in one sentence: every number in it is the record's."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from render_records import converging, diverging, failing, record, unbounded, way

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.caption import settings
from landscapes.report import verdict


def with_runs(race: Record, **columns: list[object]) -> Record:
    runs = {**race.trajectories.runs, **{name: np.array(column) for name, column in columns.items()}}
    return replace(race, trajectories=replace(race.trajectories, runs=runs))


def test_it_says_what_was_run_and_who_won():
    said = render.caption(record([way(40), way(40, 0.3)]))
    assert said.startswith(
        "Bowl, 40 steps from (-1.5, 1): SGD (lr 0.01) and Momentum (lr 0.02); SGD wins: at the target"
    )


@pytest.mark.parametrize(
    ("race", "said"),
    [
        (diverging(at=12), "; Nesterov diverged at step 12."),
        (failing(at=15), "; Nesterov met NaN or infinity at step 15."),
        (unbounded(at=25), "; SGD left at step 25."),
        (record([way(9)] * 3, fates={0: ("diverged", 4), 2: ("non-finite", 1)}),
         "; SGD diverged at step 4 and Nesterov met NaN or infinity at step 1."),
    ],
)  # fmt: skip
def test_it_says_who_failed(race, said):
    assert render.caption(race).endswith(said)


@pytest.mark.parametrize("race", [converging(1), converging(6), diverging(), unbounded()])
def test_it_is_one_sentence_and_says_what_the_verdict_says(race):
    said = render.caption(race)
    assert said.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", said)
    assert "\n" not in said
    assert verdict(race).rstrip(".").removeprefix("Nobody") in said


def test_one_step_is_one_step():
    assert ", 1 step from" in render.caption(converging(1, steps=1))


@pytest.mark.parametrize(
    ("label", "spec", "lr", "said"),
    [
        ("SGD", "sgd(lr=0.01)", 0.01, "SGD (lr 0.01)"),
        ("Adam lr=0.5", "adam(lr=0.5)", 0.5, "Adam lr=0.5"),
        ("mine", "Mine", np.nan, "mine"),
        ("Newton", "newton()", np.nan, "Newton (newton())"),
        ("Nesterov", "sgd(lr=0.1, momentum=0.9, nesterov=True)", 0.1, "Nesterov (lr 0.1, momentum=0.9, nesterov)"),
        ("Adam", "adam(lr=0.1, betas=(0.8, 0.99))", 0.1, "Adam (lr 0.1, betas=(0.8, 0.99))"),
        ("Adam · clip 1", "clip(adam(lr=0.1), norm=1)", 0.1, "Adam · clip 1 (clip(adam(lr=0.1), norm=1))"),
    ],
)
def test_every_setting_is_said_once(label, spec, lr, said):
    race = with_runs(converging(1), label=[label], optimizer=[spec], lr=[lr])
    assert f": {said}; {label} reached" in render.caption(race)


def test_settings_of_a_rule_within_a_rule_are_left_as_they_are():
    assert settings("decay(sgd(lr=0.1, momentum=0.9), steps=100)") == "decay(sgd(lr=0.1, momentum=0.9), steps=100)"


def test_it_is_the_title_of_an_svg(tmp_path):
    race = converging(2)
    drawn = render.save(race, tmp_path / "race.svg", size=(240, 180)).read_text(encoding="utf-8")
    assert f"<title>{render.caption(race)}</title>" in drawn


def test_what_is_no_record_is_refused():
    with pytest.raises(InputError, match="this draws a Record"):
        render.caption("beale")
