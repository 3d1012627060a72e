"""`landscapes tune`."""

from __future__ import annotations

import pytest

from landscapes.cli import main


def test_tune_prints_a_table_best_first(capsys):
    words = ["tune", "booth", "--with", "sgd", "--with", "adam", "--vary", "lr", "--steps", "60", "--starts", "1"]
    assert main.main(words) == 0
    heading, _, columns, *rows = capsys.readouterr().out.splitlines()
    assert heading.startswith("Booth: effort to reach")
    assert columns.split() == ["optimizer", "effort", "evaluations", "chosen", "at", "the", "edge"]
    efforts = [float(row.split()[1]) for row in rows]
    assert efforts == sorted(efforts)
    assert {row.split()[0] for row in rows} == {"SGD", "Adam"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "unknown function 'nowhere'"),
        (["booth", "--with", "adamm"], "unknown optimizer 'adamm'"),
        (["booth", "--steps", "0"], "--steps: must be a whole number, at least 1"),
        (["booth", "--target", "1e9"], "target must be below the loss at the start"),
        (["booth", "--vary", "speed"], "unknown hyper-parameter 'speed'"),
    ],
)
def test_bad_input_is_one_line(capsys, words, message):
    assert main.main(["tune", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1
