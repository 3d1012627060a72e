"""What commands print, and where: control characters, numbered files, missing streams and backends of notebooks."""

from __future__ import annotations

import atexit
import gc
import sys

import pytest
from render_records import diverging

from landscapes.__main__ import YOUNG_OBJECTS, ImportsStay, program
from landscapes.cli import console, main

QUICK = ("--seconds", "0.3", "--fps", "8", "--size", "240x180")


@pytest.fixture
def race(tmp_path):
    diverging().save(tmp_path / "race.npz")


@pytest.mark.slow
def test_numbered_frames_are_listed(cli, race, tmp_path):
    for _ in range(2):  # the second time over the older ones
        code, out, err = cli("replay", "race.npz", "-o", "frames-%04d.png", *QUICK)
        assert (code, err) == (0, "")
        frames = sorted(path.name for path in tmp_path.glob("frames-*.png"))
        assert f"{frames[0]} … {frames[-1]}  {len(frames)} files  " in out.splitlines()[-1]
    (tmp_path / "frames-9000.png").touch()
    code, out, err = cli("replay", "race.npz", "-o", "frames-%04d.png", *QUICK)
    assert f"{frames[-1]}  {len(frames)} files" in out, "the older file is not one of those written"
    assert "1 older frames" in err


@pytest.mark.parametrize("name", ["f-%0999999999d.png", "f-%010d.png", "f-%d-%d.png", "100%.png"])
def test_numbers_of_frames_have_few_digits(cli, race, tmp_path, name):
    code, out, err = cli("replay", "race.npz", "-o", name)
    assert (code, out) == (2, "")
    assert "frames-%04d.png" in err
    assert [path.name for path in tmp_path.iterdir()] == ["race.npz"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\x1b[31m", "a␛[31m"),
        ("a\x07\x7f", "a␇␡"),
        ("a\x9b31m", "a\\x9b31m"),
        ("a\u202egnp", "a\\u202egnp"),
    ],
)
@pytest.mark.thin(1)
@pytest.mark.sample(2)
def test_control_characters_are_shown_as_signs(cli, given, shown):
    code, out, err = cli("race", "booth", "-O", f"{given}=adam(lr=1)", "--steps", "3", "-o", "a.svg")
    assert code == 0
    assert shown in out
    assert given not in out
    code, _, err = cli("show", given)
    assert code == 2
    assert given not in err


def test_without_stderr_nothing_is_printed_there(race, tmp_path, monkeypatch):
    """As under pythonw: both streams are None."""
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    assert main.main(["replay", str(tmp_path / "race.npz"), "-o", str(tmp_path / "again.gif"), *QUICK]) == 0
    assert main.main(["rac"]) == 2
    assert (tmp_path / "again.gif").stat().st_size > 0


def test_progress_without_stderr(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with console.progress_bar("racing", "step") as progress:
        progress(1, 2)


BACKENDS = """
import sys
from landscapes.cli import main
code = main.main(sys.argv[1:])
assert "torch" not in sys.modules
sys.exit(code)
"""


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
@pytest.mark.slow
@pytest.mark.sample(1)
def test_the_backend_of_a_notebook_is_ignored(python, environment_here, race, backend):
    environment = {**environment_here, "MPLBACKEND": backend}
    done = python("-c", BACKENDS, "replay", "race.npz", "-o", "again.png", *QUICK[-2:], env=environment)
    assert done.returncode == 0, done.stderr

    done = python("-c", BACKENDS, "explore", "booth", env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("landscapes: error: ")
    assert backend in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_searches_rarely_for_garbage_and_not_at_its_end(monkeypatch, capsys):
    thresholds, at_exit = [], []
    monkeypatch.setattr(gc, "set_threshold", thresholds.append)
    monkeypatch.setattr(atexit, "register", at_exit.append)
    monkeypatch.setattr(gc, "callbacks", [])
    monkeypatch.setattr(sys, "argv", ["landscapes", "--version"])
    assert program() == 0
    assert capsys.readouterr().out
    assert thresholds == [YOUNG_OBJECTS]
    assert at_exit == [gc.freeze]
    assert [type(callback) for callback in gc.callbacks] == [ImportsStay]


def test_what_imports_make_is_not_searched(monkeypatch):
    kept = []
    monkeypatch.setattr(gc, "freeze", lambda: kept.append(len(sys.modules)))
    stay = ImportsStay()
    for phase in ("start", "stop", "start"):  # only the first follows imports
        stay(phase, {"generation": 0})
    assert len(kept) == 1
    monkeypatch.setitem(sys.modules, "a_module_of_a_test", sys)
    stay("start", {"generation": 0})
    assert kept == [kept[0], kept[0] + 1]
