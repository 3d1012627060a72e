"""Signals and closed pipes: exit codes and the files left behind."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from landscapes import Record


@pytest.mark.slow
def test_closed_pipe(python):
    """`python -m landscapes list | head -1` prints nothing on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = python("-m", "landscapes", "list", stdout=pipe, capture_output=False, stderr=subprocess.PIPE)
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE


def test_full_stdout_is_an_error(python):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        done = python("-m", "landscapes", "--version", stdout=full, capture_output=False, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "landscapes: error: No space left on device\n"


STALL = """
import signal, sys, time
from contextlib import contextmanager
from pathlib import Path
from landscapes.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # background processes start with SIGINT ignored

def stalling(report, when):
    def progress(done, total):
        report(done, total)
        if done == when:
            Path("busy").touch()
            time.sleep(60)
    return progress

stage = sys.argv[1]
bar = main.console.progress_bar
@contextmanager
def stalled(title, unit):
    with bar(title, unit) as report:
        yield stalling(report, 5) if title == stage else report
main.console.progress_bar = stalled
sys.exit(main.main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("number", "code", "stage", "output"),
    [
        pytest.param(signal.SIGINT, 130, "racing", "race.gif", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 143, "drawing", "race.gif", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, 130, "drawing", "race.mp4", marks=pytest.mark.slow),
    ],
)
@pytest.mark.sample(2)
def test_a_signal_keeps_the_old_file(environment_here, tmp_path, number, code, stage, output):
    """The program waits at its fifth step or frame, so that the signal arrives during the work."""
    (tmp_path / output).write_bytes(b"old")
    (tmp_path / "script.py").write_text(STALL)
    process = subprocess.Popen(
        [
            sys.executable,
            "script.py",
            stage,
            "race",
            "booth",
            "--steps",
            "200",
            "--optimizer",
            "adam(lr=1)",
            "-o",
            output,
        ],
        cwd=tmp_path,
        env=environment_here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "busy").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        if stage == "drawing":
            assert len(list(tmp_path.glob(f".race.*{output[-4:]}"))) == 1, "one unfinished file"
        os.killpg(process.pid, number)  # as a terminal does: child processes get it too
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code
    assert out == ""
    assert re.fullmatch(r"landscapes: (interrupted|terminated); no unfinished file is left behind\n", err)
    assert (tmp_path / output).read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {output, "busy", "script.py"}


STALL_SWEEP = """
import signal, sys, time
from pathlib import Path
from landscapes.cli import main
from landscapes.execution import plan

signal.signal(signal.SIGINT, signal.default_int_handler)  # background processes start with SIGINT ignored
plan.MAX_RUNS = 4
run, count = plan.Block.run, iter(range(99))

def stalling(self, progress=None):
    if next(count) == 2:
        Path("busy").touch()
        time.sleep(60)
    return run(self, progress)

plan.Block.run = stalling
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_keeps_finished_runs(environment_here, tmp_path):
    """The program waits in its third block of four runs, so that the signal arrives during the work."""
    (tmp_path / "script.py").write_text(STALL_SWEEP)
    arguments = shlex.split("sweep booth --optimizer adam --set lr=1e-2..1:20 --steps 50 --record s.npz")
    process = subprocess.Popen(
        [sys.executable, "script.py", *arguments],
        cwd=tmp_path,
        env=environment_here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
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
