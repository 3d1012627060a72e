"""`landscapes train-race`: a job in a file, labelled and own optimizers, and what it refuses."""

from __future__ import annotations

import pytest

from landscapes import Record

JOB = """
import torch
from torch import nn

def job():
    torch.manual_seed(0)
    x = torch.randn(40, 2)
    return {"model": nn.Linear(2, 1), "loss": nn.MSELoss(), "data": (x, x.sum(1, keepdim=True)), "steps": 8}

def make(weights):
    return torch.optim.SGD(weights, lr=0.2)

wrong = 3

def short():
    return 1, 2

def lacking():
    return {"model": nn.Linear(2, 1)}
"""


@pytest.fixture
def job(tmp_path):
    file = tmp_path / "job.py"
    file.write_text(JOB, encoding="utf-8")
    return file


def test_a_job_is_raced_and_drawn(cli, job, tmp_path):
    picture, record = tmp_path / "race.png", tmp_path / "race.npz"
    arguments = ["-O", "adam(lr=0.1)", "-O", f"ours={job}:make", "--resolution", "9", "--record", str(record)]
    code, out, err = cli("train-race", f"{job}:job", *arguments, "-o", str(picture))
    assert code == 0, err
    assert "ours" in out
    assert picture.stat().st_size > 5000
    t = Record.load(record).trajectories
    assert t.runs["label"].tolist() == ["Adam", "ours"]
    assert t.step[-1] == 8


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("wrong", (), "must be a function without arguments"),
        ("short", (), "must return (model, loss, data)"),
        ("lacking", (), "lacks 'loss', 'data'"),
        ("job", ("--live", "-o", "race.html"), "--live"),
        ("job", ("--directions", "up"), "--directions must be"),
        ("job", ("-O", "adamm"), "Did you mean"),
    ],
    ids=range(6),
)
def test_bad_input(cli, job, name, more, message):
    code, _, err = cli("train-race", f"{job}:{name}", *more)
    assert code == 2
    assert message in err
