"""`landscapes tune`."""

from __future__ import annotations

import shlex

import pytest


def test_tune_prints_a_table_best_first(cli):
    arguments = shlex.split("tune booth --optimizer sgd --optimizer adam --vary lr --steps 60 --starts 1")
    code, out, err = cli(*arguments)
    assert (code, err) == (0, "")
    heading, _, columns, *rows = out.splitlines()
    assert heading.startswith("Booth: effort to reach ")
    assert columns.split() == ["optimizer", "effort", "evaluations", "varied", "chosen", "at", "the", "edge"]
    efforts = [float(row.split()[1]) for row in rows]
    assert efforts == sorted(efforts)
    assert {row.split()[0] for row in rows} == {"SGD", "Adam"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "unknown function 'nowhere'"),
        (["booth", "--optimizer", "adamm"], "unknown optimizer 'adamm'"),
        (["booth", "--steps", "0"], "--steps must be an integer >= 1, got '0'"),
        (["booth", "--target", "1e9"], "target must be below the loss at the start"),
        (["booth", "--vary", "speed"], "unknown hyper-parameter 'speed'"),
        (["booth", "--vary", "lr,"], "--vary must be NAME or NAME=LOW..HIGH[:SCALE], separated by commas"),
        (["booth", "--vary", "lr,momentum=0..0.9"], "--vary: give a range to every hyper-parameter or to none"),
    ],
)
def test_invalid_input_prints_one_line(cli, arguments, message):
    code, out, err = cli("tune", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_ranges_and_numbers_of_wrappers_are_tuned(cli):
    command = "tune booth -O 'clip(sgd, norm=1)' --vary lr=0.01..0.02,clip.norm=5..6 --steps 20 --starts 1"
    code, out, _ = cli(*shlex.split(command))
    assert code == 0
    assert " lr, clip.norm " in out.splitlines()[3]


def test_optimizers_with_one_result_are_named(cli):
    """Momentum is SGD with another default, and with all hyper-parameters free they are one optimizer."""
    code, out, _ = cli(*shlex.split("tune booth -O sgd -O momentum --steps 30 --starts 1"))
    assert code == 0
    assert out.splitlines()[-1].startswith("SGD and Momentum have one result: they are one optimizer")
    code, out, _ = cli(*shlex.split("tune booth -O sgd -O momentum --vary lr --steps 30 --starts 1"))
    assert code == 0
    assert "have one result" not in out
