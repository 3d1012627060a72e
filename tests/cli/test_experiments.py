"""`landscapes sweep`, `basins` and `compare`."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landscapes import Record
from landscapes.cli import console, main

TWO_BY_TWO = ["compare", "--on", "booth", "--on", "beale", "--with", "adam", "--with", "sgd", "--starts", "2"]


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_sweep_tells_the_best_settings_and_keeps_the_runs(said, tmp_path):
    code, out, err = said("sweep", "booth", "--with", "adam", "--vary", "lr=1e-2..1:5", "--vary", "beta1=0.5,0.9",
                          "--starts", "2", "--steps", "60", "--save", "s.npz", "--csv", "s.csv")  # fmt: skip
    assert (code, err) == (0, "")
    heading, _, columns, *rows = out.splitlines()
    assert heading == "Booth: 20 runs of 60 steps from (-8, 8)"
    assert re.split(r"\s{2,}", columns) == [
        "optimizer",
        "lr",
        "beta1",
        "start",
        "final loss",
        "steps to target",
        "status",
    ]
    assert re.split(r"\s{2,}", rows[0])[1:3] == ["1", "0.5"]
    record = Record.load(tmp_path / "s.npz")
    assert {name: len(axis) for name, axis in record.axes.items()} == {"lr": 5, "beta1": 2, "start": 2}
    assert record.axes["lr"] == pytest.approx([0.01, 0.0316228, 0.1, 0.316228, 1.0], rel=1e-5)
    with Path("s.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 20
    assert [float(row["final"]) for row in table] == record.trajectories.runs["final"].tolist()


def test_sweep_draws_settings(said, tmp_path):
    words = ["--design", "sobol", "--count", "6", "--vary", "lr=1e-3..1", "--vary", "momentum=0..0.9:linear"]
    code, out, _ = said("sweep", "booth", "--with", "sgd", *words, "--steps", "9", "--save", "s.npz")
    assert code == 0
    assert "6 runs of 9 steps" in out
    record = Record.load(tmp_path / "s.npz")
    assert record.axes == {"trial": list(range(6))}
    assert record.meta["scales"] == {"lr": "log", "momentum": "linear"}


def test_basins_tells_how_much_each_minimum_gets(said, tmp_path):
    code, out, err = said("basins", "himmelblau", "--with", "sgd(lr=0.01)", "--resolution", "16x8", "--save", "b.npz")
    assert (code, err) == (0, "")
    heading, _, columns, *rows = out.splitlines()
    assert heading.startswith("Himmelblau, SGD: 16 × 8 starts, ")
    assert re.split(r"\s{2,}", columns) == ["minimum", "value", "kind", "share", "median steps"]
    shares = [float(re.search(r"([\d.]+) %", row)[1]) for row in rows[:4]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.3)
    assert rows[5] == "at no minimum: none"
    assert Record.load(tmp_path / "b.npz").grid("basin").shape == (8, 16)


def test_basins_takes_a_box_that_begins_below_zero(said):
    code, out, _ = said(
        "basins", "himmelblau", "--with", "sgd(lr=1)", "--resolution", "4", "--box", "-1,1,-1,1", "--steps", "9"
    )
    assert code == 0
    assert "at no minimum: diverged 100.0 %" in out or "non-finite" in out


def test_compare_judges_each_at_its_best_rate(said, tmp_path):
    code, _, err = said(
        *TWO_BY_TWO, "--steps", "60", "--targets", "0.1,1e-3", "--rates", "1e-3..1:5", "--save", "r.npz", "-o", "r.png"
    )
    assert (code, err) == (0, "")
    record = Record.load(tmp_path / "r.npz")
    assert list(record.axes) == ["function", "optimizer", "start", "seed"]
    assert record.meta["chosen_for"] == 1e-3
    assert len(set(record.trajectories.runs["lr"])) > 1


@pytest.mark.parametrize(
    ("kind", "sign"), [("markdown", "| --- |"), ("latex", r"\toprule"), ("csv", "optimizer,reached")]
)
def test_compare_prints_tables_of_each_kind(said, kind, sign):
    code, out, err = said("compare", "--on", "booth", "--on", "beale", "--with", "adam(lr=0.1)", "--with", "quick=bfgs",
                          "--starts", "2", "--steps", "40", "--targets", "1e-1,1e-3", "--table", kind)  # fmt: skip
    assert (code, err) == (0, "")
    assert sign in out
    assert "quick" in out


def test_compare_tells_standings_and_running_times(said, tmp_path):
    code, out, _ = said("compare", "--on", "booth", "--on", "beale", "--with", "adam(lr=0.1)", "--with", "bfgs", "--starts", "2",
                        "--steps", "40", "--targets", "1e-1,1e-3", "--target", "0.1", "--save", "c.npz", "--csv", "c.csv")  # fmt: skip
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Reaching 0.1 of the first gap on 2 functions, 4 runs each, within 40 steps")
    assert re.split(r"\s{2,}", lines[2])[:3] == ["optimizer", "reached", "mean rank"]
    assert lines[3].startswith("BFGS")
    assert any(line.startswith("Expected evaluations to reach 0.1") for line in lines)
    assert Record.load(tmp_path / "c.npz").meta["experiment"] == "compare"
    assert len((tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()) == 9


def test_a_folder_and_processes_give_the_same(said, tmp_path):
    words = ["sweep", "booth", "--with", "adam", "--vary", "lr=0.1,0.2", "--steps", "9", "--csv"]
    assert said(*words, "a.csv")[0] == 0
    code, _, err = said(*words, "b.csv", "--out", "kept", "--processes", "1")
    assert (code, err) == (0, "")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == (tmp_path / "b.csv").read_text(encoding="utf-8")
    assert any((tmp_path / "kept").iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sweep", "booth"], "say which optimizers to sweep, --with adam"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr"], "write values or a range, as in lr=0.01,0.1"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=1..x"], "write values or a range"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=1..0.1:3"], "with low < high"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=0..1:3:log"], "on the log scale must be > 0"),
        (
            ["sweep", "booth", "--with", "adam", "--vary", "lr=0..1:3:sqr"],
            "scale must be 'log', 'linear' or 'decay'",
        ),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=0.1..1:0"], "n must be an integer >= 1, got 0"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=nan"], "lr must be finite and >= 0, got nan"),
        (["sweep", "booth", "--with", "adam", "--vary", "lr=1", "--vary", "lr=2"], "--vary lr is given twice"),
        (["sweep", "booth", "--with", "adam", "--vary", "seed=1,2"], "a setting of the sweep"),
        (["sweep", "booth", "--with", "adam", "--vary", "lrr=1,2"], "unknown hyper-parameter of Adam 'lrr'"),
        (["sweep", "booth", "--with", "adam", "--design", "latin"], "unknown design 'latin'"),
        (["sweep", "booth", "--with", "adam", "--spread", "far"], "must be a number above 0"),
        (["sweep", "booth", "--with", "adam", "--save", "s.txt"], "a record is saved as .npz"),
        (["sweep", "booth", "--with", "adam", "--csv", "s.txt"], "a table is saved as .csv"),
        (["sweep", "booth", "--with", "adam", "--csv", "no/s.csv"], "no"),
        (["basins", "booth"], "the following arguments are required: --with"),
        (["basins", "booth", "--with", "adam", "--resolution", "0"], "at least 1"),
        (["basins", "booth", "--with", "adam", "--box", "1,2"], "a box is view, domain or X0,X1,Y0,Y1"),
        (["basins", "booth", "--with", "adam", "--box", "2,1,0,1"], 'box is "view", "domain" or'),
        (["compare", "--with", "adam"], "the following arguments are required: --on"),
        (["compare", "--on", "booth"], "say which optimizers to compare"),
        (["compare", "--on", "booth", "--with", "adam", "--table", "html"], "unknown kind of table 'html'"),
        (
            ["compare", "--on", "booth", "--with", "adam", "--rates", "1e-3.."],
            "write learning rates as values or a range",
        ),
        (["compare", "--on", "booth", "--with", "adam", "--rates", "1,2", "--starts", "1"], "--starts 2 at least"),
        (["compare", "--on", "booth", "--with", "adam", "--by", "hours"], "unknown cost 'hours'"),
        (["compare", "--on", "booth", "--with", "adam", "--targets", "1,x"], "targets are shares with commas"),
        (["compare", "--on", "booth", "--with", "adam", "--target", "0.5"], "--target is one of the targets"),
        (
            ["compare", "--on", "booth", "--with", "adam", "--dim", "7"],
            "has 2 coordinates and supports no other number",
        ),
    ],
)
def test_bad_input_is_one_line(said, words, message):
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


STALL = """
import signal, sys, time
from pathlib import Path
from landscapes.execution import blocks
from landscapes.cli import main
from landscapes.execution import executing

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts deaf to Ctrl-C
blocks.RUNS = 4
plain, count = blocks.Block.run, iter(range(99))

def stalling(self, progress=None):
    if next(count) == 2:
        Path("busy").touch()
        time.sleep(60)
    return plain(self, progress)

blocks.Block.run = stalling
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_gives_back_what_is_done(environment_here, tmp_path):
    """The work is held still in its third block of four runs, so that the signal surely comes in its midst."""
    (tmp_path / "script.py").write_text(STALL)
    words = ["sweep", "booth", "--with", "adam", "--vary", "lr=1e-2..1:20", "--steps", "50", "--save", "s.npz"]
    process = subprocess.Popen(
        [sys.executable, "script.py", *words], cwd=tmp_path, env=environment_here, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        while not (tmp_path / "busy").exists():
            assert process.poll() is None, process.communicate()
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "8 of 20 runs are done" in out
    assert "interrupted" in err
    record = Record.load(tmp_path / "s.npz")
    assert (record.trajectories.runs["status"][:8] != "not run").all()
    assert (record.trajectories.runs["status"][8:] == "not run").all()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_tells_runs_a_second_and_the_time_left(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with console.bar("sweeping", "run") as told:
        for done in (100, 200, 300):
            time.sleep(0.12)
            told(done, 400)
        shown = sys.stderr.getvalue()
    assert re.search(r"sweeping: +75%.*300/400 \[\d\d:\d\d<\d\d:\d\d, .*run/s\]", shown)


@pytest.mark.parametrize(
    "words",
    [
        ("sweep", "booth", "--with", "adam", "--vary", "lr=1e-2..1:5", "--steps", "20"),
        ("sweep", "booth", "--with", "adam", "--vary", "lr=1e-2..1:3", "--vary", "beta1=0.5,0.9", "--steps", "20"),
        ("basins", "himmelblau", "--with", "sgd(lr=0.01)", "--resolution", "8", "--steps", "30"),
        (*TWO_BY_TWO, "--steps", "20"),
    ],
    ids=["lines", "map", "basins", "profiles"],
)
def test_a_job_is_drawn_now_or_later(said, tmp_path, words):
    code, out, err = said(*words, "-o", "now.png", "--theme", "dark", "--size", "400x300", "--save", "kept.npz")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("now.png  ")
    code, out, err = said("replay", "kept.npz", "-o", "later.png", "--theme", "dark", "--size", "400x300")
    assert (code, err) == (0, "")
    assert (tmp_path / "now.png").read_bytes() == (tmp_path / "later.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "said_so"),
    [
        (("-o", "map.gif"), "a chart is saved as .png, .pdf, .svg, .pgf, not as 'map.gif'"),
        (("-o", "map.png", "--theme", "neon"), "neon"),
        (("-o", "map.png", "--size", "9x9"), "size must be at least"),
        (("-o", "nowhere/map.png"), "does not exist"),
    ],
)
def test_a_picture_that_cannot_be_made_is_refused_before_the_work(said, words, said_so):
    code, out, err = said("basins", "himmelblau", "--with", "sgd(lr=0.01)", "--save", "kept.npz", *words)
    assert (code, out) == (2, "")
    assert said_so in err
    assert not list(Path().iterdir())
