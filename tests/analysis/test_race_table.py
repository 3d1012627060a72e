"""Races in words: the table and the sentence."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from landscapes import race
from landscapes.analysis.race_table import result_sentence, table


def test_the_table_has_every_fact_of_every_kind_of_run(make_record):
    record = make_record(
        [[1, 0.5, 1e-4], [1, 2e-4, 1e-5], [1, 0.25, 0.125], [1, 3e4, 3e4], [1, 1, 1], [1, -2, -2]],
        label=["SGD", "Adam", "RMSprop", "Rprop", "Lion", "Mine"],
        lr_source=["tuned", "given", "given", "given", "given", "given"],
        lr=[0.01, 0.3, 1e-5, 2.0, 0.5, float("nan")],
        status=["converged", "converged", "max_steps", "diverged", "non-finite", "unbounded"],
        reached=[2, 1, -1, -1, -1, 2],
        stopped=[-1, -1, -1, 1, 0, 2],
    )
    assert table(record).splitlines() == [
        "place  optimizer  learning rate  final loss  steps to target  status",
        "1      Adam       0.3            1e-05       1                converged",
        "2      Mine       –              -2          2                unbounded at step 2",
        "3      SGD        0.01 (tuned)   0.0001      2                converged",
        "4      RMSprop    1e-05          0.125       –                out of steps",
        "5      Lion       0.5            1           –                non-finite at step 0",
        "6      Rprop      2              3e+04       –                diverged at step 1",
        "",
        "Note: Mine goes below 0, the minimum within the domain.",
    ]


FAR, NEAR = [1, 0.5, 0.4], [1, 0.3, 0.2]


@pytest.mark.parametrize(
    ("values", "columns", "sentence"),
    [
        (
            [[1, 1e-4, 1e-4], [1, 0.5, 1e-4]],
            {},
            "run 0 reaches the target (a loss of 0.001) first, at step 1; run 1 follows at step 2.",
        ),
        ([[1, 1e-4, 1e-4], FAR], {}, "run 0 alone reaches the target (a loss of 0.001), at step 1."),
        (
            [[1, 0.5, 1e-4], [1, 0.5, 1e-5]],
            {},
            "run 1 reaches the target (a loss of 0.001) at step 2, as does run 0, but ends lower.",
        ),
        ([FAR, NEAR], {}, "No run reaches the target (a loss of 0.001): run 1 comes closest, at 0.2."),
        ([[1, 0.5, 1e-4]], {}, "run 0 reaches the target (a loss of 0.001), at step 2."),
        ([NEAR], {}, "No run reaches the target (a loss of 0.001): run 0 ends at 0.2."),
        (
            [[1, 1e-4, 1e-4], [1, 1e-5, 1e-5]],
            {"status": ["converged", "diverged"]},
            "run 0 alone reaches the target (a loss of 0.001), at step 1.",
        ),
        ([FAR, NEAR], {"status": ["diverged", "non-finite"]}, "No winner: every run was stopped (see status)."),
        ([FAR], {"status": ["diverged"]}, "No winner: run 0 was stopped (see status)."),
    ],
)
def test_the_sentence_names_the_winner_and_the_margin(make_record, values, columns, sentence):
    assert result_sentence(make_record(values, **columns)) == sentence


def places(record):
    return [row.split()[0] for row in table(record).splitlines()[1:]]


def test_equal_runs_share_a_place_and_tie(make_record):
    near = [1, 1e-4, 1e-4]
    record = make_record([near, [1, 0.5, 0.4], near, near, [1, 0.5, 0.4]])
    assert places(record) == ["1", "1", "1", "4", "4"]
    assert result_sentence(record) == "run 0, run 2 and run 3 tie: they reach the target (a loss of 0.001) at step 1."
    record = make_record([[1, 0.5, 0.4], [1, 0.5, 0.4]])
    assert result_sentence(record) == (
        "No run reaches the target (a loss of 0.001): run 0 and run 1 come closest, at 0.4."
    )


def test_without_a_target_the_lowest_loss_is_named_and_nobody_reaches_anything(make_record):
    record = make_record([[1, 0.5, -3], [1, 0.5, -4], [1, 0.5, -4]], reached=[-1] * 3, status=["max_steps"] * 3)
    record = replace(record, meta=record.meta.replace(target=None, minimum=float("nan"), minimum_is="unknown"))
    assert result_sentence(record) == "run 1 and run 2 tie: they end lowest, at a loss of -4."
    assert result_sentence(record.sel(label="run 0")) == "run 0 ends at a loss of -3."
    assert "target" not in table(record)
    assert places(record) == ["1", "1", "3"]


def test_runs_below_the_declared_minimum_are_noted(make_record):
    record = make_record([[1, 0.5, -3], [1, 0.5, 0.4]])
    assert record.below_minimum.tolist() == [True, False]
    assert np.isnan(record.gap_origin)
    assert table(record).endswith("\n\nNote: run 0 goes below 0, the minimum within the domain.")
    wrong = replace(record, meta=record.meta.replace(minimum_is="contradicted", target=None))
    assert table(wrong).endswith(
        "\n\nNote: run 0 goes below the declared minimum of 0, which is wrong; so there is no target."
    )
    rounded = make_record([[1, 0.5, -1e-15]])
    assert not rounded.below_minimum.any()
    assert "Note" not in table(rounded)


def test_evaluations_are_listed_unless_one_gradient_per_step(make_record):
    plain = make_record([[1, 0.5, 0.1], [1, 0.5, 0.2], [1, 0.5, 0.3], [1, 0.5, 0.4]], stopped=[-1, 1, -1, 0])

    def spending(**kinds: list[int]) -> list[str]:
        runs = {**plain.trajectories.runs, **{kind: np.array(counts) for kind, counts in kinds.items()}}
        return table(replace(plain, trajectories=replace(plain.trajectories, runs=runs))).splitlines()

    none = [0, 0, 0, 0]
    assert "evaluations" not in spending(n_values=none, n_gradients=[2, 1, 2, 0], n_hvps=none, n_hessians=none)[0]
    reported = spending(n_values=[0, 3, 7, 0], n_gradients=[2, 1, 0, 0], n_hvps=none, n_hessians=[0, 1, 0, 0])
    cells = ["evaluations", "2 gradients", "3 values, 1 gradient, 1 Hessian", "7 values", "none"]
    assert [re.split("  +", line)[-2] for line in reported] == cells


def test_a_table_of_very_many_equal_runs():
    record = race("booth", {f"run {i}": "sgd(lr=0.01)" for i in range(1_500)}, steps=2)
    began = time.process_time()
    lines = table(record).splitlines()
    assert time.process_time() - began < 10  # quadratic or cubic work would take minutes
    assert [line.split()[0] for line in lines] == ["place", *["1"] * 1_500]
