"""Races in words: the table and the sentence."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

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
        "5      Lion       0.5            1           –                not finite at step 0",
        "6      Rprop      2              3e+04       –                diverged at step 1",
    ]


FAR, NEAR = [1, 0.5, 0.4], [1, 0.3, 0.2]


@pytest.mark.parametrize(
    ("values", "columns", "sentence"),
    [
        (
            [[1, 1e-4, 1e-4], [1, 0.5, 1e-4]],
            {},
            "run 0 wins: at the target, a loss of 0.001, after 1 step, 1 before run 1.",
        ),
        ([[1, 1e-4, 1e-4], FAR], {}, "run 0 wins: the only one to reach the target, a loss of 0.001, after 1 step."),
        (
            [[1, 0.5, 1e-4], [1, 0.5, 1e-5]],
            {},
            "run 1 wins: at the target, a loss of 0.001, after 2 steps, as run 0 is, but it ends lower.",
        ),
        ([FAR, NEAR], {}, "No run reached the target, a loss of 0.001: run 1 came closest, at 0.2."),
        ([[1, 0.5, 1e-4]], {}, "run 0 reached the target, a loss of 0.001, after 2 steps."),
        ([NEAR], {}, "No run reached the target, a loss of 0.001: run 0 ends at 0.2."),
        (
            [[1, 1e-4, 1e-4], [1, 1e-5, 1e-5]],
            {"status": ["converged", "diverged"]},
            "run 0 wins: the only one to reach the target, a loss of 0.001, after 1 step.",
        ),
        ([FAR, NEAR], {"status": ["diverged", "non-finite"]}, "No winner: every run was stopped (see status)."),
        ([FAR], {"status": ["diverged"]}, "No winner: run 0 was stopped (see status)."),
    ],
)
def test_the_sentence_names_the_winner_and_the_margin(make_record, values, columns, sentence):
    assert result_sentence(make_record(values, **columns)) == sentence


def test_equal_runs_tie(make_record):
    record = make_record([[1, 1e-4, 1e-4], [1, 1e-4, 1e-4]])
    assert result_sentence(record) == "run 0 and run 1 tie: at the target, a loss of 0.001, after 1 step."


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
