"""The command line: what it does, what it says, and what it leaves behind."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

import landscapes
from landscapes import Record, functions, optimizers
from landscapes.cli import arguments, main

Said = Callable[..., tuple[int, str, str]]

SMALL = ("--size", "320x240")
"""Where it does not matter what a picture shows."""

MINE = '''
import torch
from landscapes import function, optimizers


@function((-2, 2), (-2, 2), start=(1.5, 1.0), minima=[(0, 0)], steps=30)
def bowl(x, y):
    """Round."""
    return x * x + y * y


@function((-1, 1), (-1, 1))
def pair(x, y):
    return torch.stack([x, y])


@function((-1, 1), (-1, 1))
def detached(x, y):
    return (x * y).detach()


@function((-1, 1), (-1, 1))
def raising(x, y):
    raise ValueError("no such\\nplace")


@function((-2, 2), (-2, 2), start=(1.5, 1.0), steps=30)
def single(x):
    return (x * x).sum()


class Mine(torch.optim.SGD):
    pass


class Broken(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        raise RuntimeError("out of\\norder")


calm = optimizers.Adam(lr=0.1)
number = 3
'''


@pytest.fixture
def said(tmp_path, monkeypatch, capsys) -> Said:
    """Runs a command in an empty folder: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # a command may add the folder

    def run(*words: str) -> tuple[int, str, str]:
        code = main.main(words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def mine(tmp_path, monkeypatch) -> str:
    """A module with one's own landscapes and optimizers in the current folder."""
    name = "landscapes_test_mine"
    (tmp_path / f"{name}.py").write_text(MINE, encoding="utf-8")
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_race_leaves_a_picture_and_says_who_won(said, tmp_path):
    code, out, err = said("race", "booth", "--steps", "40", "--seconds", "1", "--fps", "10", *SMALL)
    assert (code, err) == (0, "")
    with Image.open(tmp_path / "race.gif") as picture:
        assert picture.format == "GIF"
        assert picture.n_frames > 5
    lines = out.splitlines()
    assert lines[0] == "Booth: 40 steps from (-8, 8)"
    assert lines[2].split("  ")[0] == "place"
    names = {re.split(r"\s{2,}", line)[1] for line in lines[3:9]}
    assert names == {"SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam"}
    assert [line[0] for line in lines[3:9]] == list("123456")
    winner = re.split(r"\s{2,}", lines[3])[1]
    assert f"; {winner} wins: " in lines[10]
    assert re.fullmatch(r"race\.gif  \d+ kB, drawn in [\d.]+ s", lines[11])
    assert [file.name for file in tmp_path.iterdir()] == ["race.gif"]


def test_a_race_seen_by_a_camera_that_goes_around(said, tmp_path):
    words = (
        "race",
        "booth",
        "--steps",
        "8",
        "--with",
        "adam(lr=1)",
        "--save",
        "r.npz",
        "--seconds",
        "0.5",
        "--fps",
        "8",
    )
    assert said(*words, "--camera", "-60,42,90", *SMALL)[::2] == (0, "")
    with Image.open(tmp_path / "race.gif") as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    assert np.mean(frames[0] != frames[-1]) > 0.1, "all of it turns"
    still = (*SMALL, "--seconds", "0.5", "--fps", "8")
    assert said("replay", "r.npz", "-o", "still.gif", "--aside", *still)[::2] == (0, "")
    with Image.open(tmp_path / "still.gif") as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    assert 0 < np.mean(frames[0] != frames[-1]) < 0.1, "the run alone moves"


@pytest.mark.parametrize("option", [["--aside"], ["--camera", "-60,42"]])
def test_losses_alone_have_no_relief(said, tmp_path, option):
    code, _, err = said("race", "rosenbrock", "--dim", "10", *option)
    assert code == 2
    assert f"{option[0]} is for a landscape of two coordinates" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "start", [["--start", "-1,2"], ["--start=-1,2"], ["--start", "-1.0,+2e0"], ["--start", "-1, 2"]]
)
def test_a_start_may_be_negative(said, start, tmp_path):
    code, _, err = said(
        "race", "booth", *start, "--steps", "5", "--with", "adam(lr=1)", "--save", "r.npz", "-o", "r.png", *SMALL
    )
    assert (code, err) == (0, "")
    record = Record.load(tmp_path / "r.npz")
    assert record.meta["start"] == [-1, 2]
    assert record.trajectories.x[0, 0].tolist() == [-1, 2]


def test_optimizers_labels_and_settings(said, tmp_path):
    words = [
        w for optimizer in ("adam", "slow=adam(lr=0.001)", "sgd(lr=0.01, momentum=0.5)") for w in ("--with", optimizer)
    ]
    code, out, _ = said("race", "booth", *words, "--steps", "9", "-o", "race.svg", "--save", "race.npz")
    assert code == 0
    runs = Record.load(tmp_path / "race.npz").trajectories.runs
    assert runs["label"].tolist() == ["Adam", "slow", "Momentum"]
    assert runs["optimizer"].tolist()[1:] == ["adam(lr=0.001)", "sgd(lr=0.01, momentum=0.5)"]
    assert runs["lr_source"].tolist() == ["tuned", "given", "given"]
    assert re.search(r"Adam\s+[\d.]+ \(tuned\)", out)


def test_the_suffix_and_the_theme_choose_the_picture(said, tmp_path):
    for theme in ("light", "dark"):
        words = ("--steps", "9", "--theme", theme, "-o", f"{theme}.png", *SMALL)
        assert said("race", "booth", "--with", "adam", *words)[0] == 0
    light, dark = (Image.open(tmp_path / f"{theme}.png").convert("L") for theme in ("light", "dark"))
    assert light.getpixel((1, 1)) > 200 > 60 > dark.getpixel((1, 1))


@pytest.mark.parametrize("way", ["module", "file", "path"])
def test_one_s_own_function_and_optimizer(said, mine, way, tmp_path):
    place = {"module": mine, "file": f"{mine}.py", "path": str(tmp_path / f"{mine}.py")}[way]
    contenders = ["--with", f"{place}:Mine(lr=0.25)", "--with", f"{place}:calm", "--with", "adam(lr=0.2)"]
    code, out, err = said("race", f"{place}:bowl", *contenders, "-o", "own.png", "--save", "own.npz", *SMALL)
    assert (code, err) == (0, "")
    runs = Record.load(tmp_path / "own.npz").trajectories.runs
    assert runs["label"].tolist() == ["Mine", "Adam lr=0.1", "Adam lr=0.2"]
    assert runs["lr"].tolist() == [0.25, 0.1, 0.2]
    assert out.startswith("Bowl: 30 steps from (1.5, 1)")


def test_a_file_of_one_s_own_hides_no_module(said, mine, tmp_path):
    (tmp_path / "functions.py").write_text(MINE, encoding="utf-8")
    assert said("race", "functions.py:bowl", "--with", "adam", "-o", "own.png", *SMALL)[0] == 0
    assert isinstance(functions, types.ModuleType)
    assert functions.get("booth").name == "booth"


def test_list_names_everything(said):
    code, out, err = said("list")
    assert (code, err) == (0, "")
    first = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert first == {*functions.catalogue(), *optimizers.names(), *landscapes.render.THEMES}
    for function in functions.catalogue().values():
        assert function.description
        assert re.search(rf"^  {function.name}\s+{re.escape(function.description)}$", out, re.M)
    assert re.search(r"^  momentum\s+momentum=0.9,", out, re.M)


@pytest.mark.parametrize("name", ["beale", "rosenbrock", "saddle", "ackley", "long_valley", "Three-Hump Camel"])
def test_show_tells_the_facts(said, name):
    code, out, err = said("show", name)
    function = functions.get(name)
    assert (code, err) == (0, "")
    for fact in (
        function.title,
        function.description,
        function.latex,
        function.reference,
        function.scale,
        *function.tags,
    ):
        assert fact in out
    for point in (*function.minima, *(place.point for place in function.stationary)):
        assert f"({', '.join(f'{c:.10g}' for c in point)})" in out
    for fact in (function.nonsmooth_where, *function.variants, *(place.kind for place in function.stationary)):
        assert fact in out
    assert ("none: unbounded below" in out) == (function.minimum == -float("inf"))
    assert ("values unbounded below" in out) == (function.outside == "unbounded")
    assert re.search(rf"^coordinates  {'any' if function.family else function.dim}", out, re.M)


def test_version_and_help(said):
    assert said("--version") == (0, f"landscapes {landscapes.__version__}\n", "")
    for words in (["--help"], ["race", "--help"]):
        code, out, err = said(*words)
        assert (code, err) == (0, "")
        assert "landscapes race beale" in out


def test_examples_in_the_help_are_understood():
    for line in arguments.EXAMPLES.splitlines()[1:]:
        words = shlex.split(re.split(r"\s{2,}", line.strip())[0])
        words = words[: words.index("figure.pdf") + 1] if "figure.pdf" in words else words
        assert arguments.parse(words[1:]).command == words[1]


FILES = {"a folder": "folder.gif", "a file": "file.txt"}

REFUSED = {
    "nothing": ([], r"say what to do"),
    "unknown command": (["rac", "booth"], r"unknown command 'rac'. Did you mean race\?"),
    "no function": (["race"], r"name a function or give a formula, one of both"),
    "unknown option": (["race", "booth", "--sped", "3"], r"unrecognized arguments: --sped"),
    "short option": (["race", "booth", "--sec", "3"], r"unrecognized arguments: --sec"),
    "unknown function": (["race", "boot"], r"unknown function 'boot'. Did you mean booth\?"),
    "unknown function to show": (["show", "boot"], r"unknown function 'boot'. Did you mean booth\?"),
    "unknown optimizer": (["race", "booth", "--with", "adma"], r"unknown optimizer 'adma'. Did you mean"),
    "unknown setting": (["race", "booth", "--with", "adam(beta=0.9)"], r"unknown setting .*'beta'. Did you mean"),
    "unreadable optimizer": (["race", "booth", "--with", "adam(lr=0.1"], r"cannot read"),
    "two of one label": (["race", "booth", "--with", "a=adam", "--with", "a=sgd"], r"two optimizers are called 'a'"),
    "unknown theme": (["race", "booth", "--theme", "drak"], r"unknown theme 'drak'. Did you mean dark\?"),
    "unknown suffix": (["race", "booth", "-o", "race.gfi"], r"unknown suffix '.gfi'. Did you mean .*\.gif\?"),
    "no suffix": (["race", "booth", "-o", "race"], r"needs a suffix"),
    "suffix of a record": (["race", "booth", "--save", "race.zip"], r"saved as .npz"),
    "negative rate": (["race", "booth", "--with", "adam(lr=-0.1)"], r"lr must be >= 0, got -0.1"),
    "rate that is NaN": (["race", "booth", "--with", "adam(lr=nan)"], r"lr must be finite and >= 0, got nan"),
    "rate that is text": (["race", "booth", "--with", "adam(lr='fast')"], r"lr .*'fast'"),
    "short start": (["race", "booth", "--start", "1"], r"2 coordinates; the start \[1.0\] has 1"),
    "long start": (["race", "booth", "--start", "-1,2,3"], r"2 coordinates; the start \[-1.0, 2.0, 3.0\] has 3"),
    "endless start": (["race", "booth", "--start", "inf,2"], r"must be finite, not 'inf,2'"),
    "minus infinity": (["race", "booth", "--start", "-inf,2"], r"must be finite, not '-inf,2'"),
    "NaN start": (["race", "booth", "--start", "nan,2"], r"must be finite, not 'nan,2'"),
    "start as text": (["race", "booth", "--start", "here"], r"numbers with commas, as in -1,2; not 'here'"),
    "0 steps": (["race", "booth", "--steps", "0"], r"a whole number, at least 1, not '0'"),
    "-5 steps": (["race", "booth", "--steps", "-5"], r"at least 1, not '-5'"),
    "1.5 steps": (["race", "booth", "--steps", "1.5"], r"at least 1, not '1.5'"),
    "steps as text": (["race", "booth", "--steps", "many"], r"at least 1, not 'many'"),
    "no seconds": (["race", "booth", "--seconds", "0"], r"a number above 0, not '0'"),
    "seconds as text": (["race", "booth", "--seconds", "long"], r"a number above 0, not 'long'"),
    "no frames": (["race", "booth", "--fps", "0"], r"at least 1, not '0'"),
    "no folder": (["race", "booth", "-o", "none/race.gif"], r"the folder 'none' does not exist"),
    "below a file": (["race", "booth", "-o", "file.txt/race.gif"], r"the folder 'file.txt' does not exist"),
    "onto a folder": (["race", "booth", "-o", "folder.gif"], r"it is a folder"),
    "no folder for the record": (["race", "booth", "--save", "none/race.npz"], r"the folder 'none' does not exist"),
    "unknown device": (["race", "booth", "--device", "abacus"], r"device 'abacus' is not available here"),
    "no such module": (["race", "nomodule:f"], r"there is no module 'nomodule'"),
    "no such file": (["race", "none.py:f"], r"there is no file 'none.py'"),
    "nothing after the colon": (["race", "math:"], r"cannot read 'math:'"),
    "no such object": (["race", "landscapes_test_mine:bow"], r"unknown object of .* 'bow'. Did you mean bowl\?"),
    "an object that is no function": (["race", "landscapes_test_mine:number"], r"is an int, not a landscape"),
    "an object that is no optimizer": (
        ["race", "booth", "--with", "landscapes_test_mine:number"],
        r"is an int, not an optimizer",
    ),
    "a broken optimizer": (["race", "booth", "--with", "landscapes_test_mine:Broken"], r"RuntimeError: out of order"),
    "a setting it does not have": (["race", "booth", "--with", "landscapes_test_mine:Mine(sped=1)"], r"sped"),
    "a setting that is code": (["race", "booth", "--with", "landscapes_test_mine:Mine(lr=2*f())"], r"cannot read"),
    "a module that raises": (["race", "landscapes_test_raises:f"], r"ZeroDivisionError"),
    "a module that lacks another": (["race", "landscapes_test_lacks:f"], r"No module named 'nowhere_to_be_found'"),
    "wrong shape": (["race", "landscapes_test_mine:pair"], r"returns shape \(2,\)"),
    "not differentiable": (["race", "landscapes_test_mine:detached"], r"cannot be differentiated"),
    "raising": (["race", "landscapes_test_mine:raising"], r"raises ValueError: no such place"),
    "function and formula": (["race", "booth", "--formula", "x"], r"one of both"),
    "a domain without a formula": (["race", "booth", "--domain", "-1,1"], r"--domain goes with --formula"),
    "half a domain": (["race", "--formula", "x", "--domain", "1,2,3"], r"a pair of numbers a coordinate"),
    "domain as text": (["race", "--formula", "x", "--domain", "here"], r"not 'here'"),
    "domain upside down": (["race", "--formula", "x", "--domain", "1,-1"], r"low < high"),
    "domain too small": (["race", "--formula", "x+y+z", "--domain", "-1,1,-2,2"], r"has 3 coordinates"),
    "empty formula": (["race", "--formula", " "], r"the formula is empty"),
}


def test_a_formula_is_raced(said, tmp_path):
    words = ["race", "--formula", "x**2 + 3*sin(y)", "--domain", "-4,4", "--start", "-3,1", "--with", "adam(lr=0.1)"]
    code, out, err = said(*words, "--steps", "5", "-o", "own.png", "--save", "own.npz", *SMALL)
    assert (code, err) == (0, "")
    assert out.startswith("x**2 + 3*sin(y)")
    record = Record.load(tmp_path / "own.npz")
    assert record.meta["domain"] == [[-4, 4], [-4, 4]]
    assert record.trajectories.x[0, 0].tolist() == [-3, 1]


def test_a_formula_that_cannot_be_read_is_pointed_at(said):
    code, out, err = said("race", "--formula", "x + sn(y)", "--domain", "-1,1,-2,2")
    assert (code, out) == (2, "")
    assert err == (
        "landscapes: error: cannot read the formula at character 5: unknown function 'sn'. "
        "Did you mean sin or sinh or sign?\n  x + sn(y)\n      ^^\n"
    )


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_gets_one_line_and_leaves_nothing(said, mine, case, tmp_path):
    (tmp_path / "folder.gif").mkdir()
    (tmp_path / "file.txt").touch()
    (tmp_path / "landscapes_test_raises.py").write_text("1 / 0\n")
    (tmp_path / "landscapes_test_lacks.py").write_text("import nowhere_to_be_found\n")
    before = {path.name for path in tmp_path.iterdir()}
    words, message = REFUSED[case]
    code, out, err = said(*words)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"landscapes: error: [^\n]*{message}[^\n]*\n", err), err
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none(said, tmp_path):
    code, out, err = said("race", "booth", "--device", "cuda")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"landscapes: error: device 'cuda' is not available here[^\n]*\n", err)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(said, tmp_path):
    """Root may write anywhere but where the system says no."""
    if os.geteuid() == 0:
        folder = Path("/proc/self")
        if not folder.is_dir():
            pytest.skip("running as root without /proc: no folder refuses to be written")
    else:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
    code, out, err = said("race", "booth", "--with", "adam", "--steps", "3", "-o", str(folder / "race.gif"))
    assert (code, out) == (2, "")
    assert re.fullmatch(r"landscapes: error: cannot write [^\n]+\n", err)


def test_a_disk_that_is_full_is_not_the_user_s_input(said, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "race.gif")

    monkeypatch.setattr(landscapes.render, "save", full)
    code, out, err = said("race", "booth", "--with", "adam", "--steps", "3")
    assert (code, out) == (1, "")
    assert err == "landscapes: error: race.gif: No space left on device\n"
    assert not list(tmp_path.iterdir())


def test_warnings_become_notes(said, mine, tmp_path):
    code, _, err = said("race", "booth", "--start", "30,0", "--with", "adam", "--steps", "3", "-o", "far.png")
    assert code == 0
    assert re.fullmatch(r"landscapes: note: the start lies outside the view of booth; the view widens [^\n]*\n", err)
    code, _, err = said("race", f"{mine}:single", "--with", "adam", "-o", "slow.png")
    assert code == 0
    assert re.fullmatch(r"landscapes: note: function 'single' cannot take a batch [^\n]*\n", err)


def test_nothing_is_computed_before_the_input_is_known_to_be_good(python):
    script = """
import sys
from landscapes.cli import main
for words in (["-o", "race.gfi"], ["--theme", "x"], ["--steps", "0"], ["--start", "x"], ["--save", "race.zip"]):
    assert main.main(["race", "booth", *words]) == 2
assert "torch" not in sys.modules
"""
    done = python("-c", script)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_module_and_a_reader_that_leaves(python):
    """`python -m landscapes list | head -1`: the line, and not a word more."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = python("-m", "landscapes", "list", stdout=pipe, capture_output=False, stderr=subprocess.PIPE)
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE


def test_a_full_stdout_is_an_error(python):
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

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts deaf to Ctrl-C

def stalling(told, when):
    def progress(done, total):
        told(done, total)
        if done == when:
            Path("busy").touch()
            time.sleep(60)
    return progress

place = sys.argv[1]
bar = main.console.bar
@contextmanager
def stalled(title, unit):
    with bar(title, unit) as told:
        yield stalling(told, 5) if title == place else told
main.console.bar = stalled
sys.exit(main.main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("sent", "code", "place", "output"),
    [
        pytest.param(signal.SIGINT, 130, "racing", "race.gif", marks=pytest.mark.slow),
        (signal.SIGTERM, 143, "drawing", "race.gif"),
        pytest.param(signal.SIGINT, 130, "drawing", "race.mp4", marks=pytest.mark.slow),
    ],
)
def test_a_signal_leaves_the_old_file_and_no_half_one(environment_here, tmp_path, sent, code, place, output):
    """The work is held still at its fifth step or frame, so that the signal surely comes in its midst."""
    (tmp_path / output).write_bytes(b"old")
    (tmp_path / "script.py").write_text(STALL)
    process = subprocess.Popen(
        [sys.executable, "script.py", place, "race", "booth", "--steps", "200", "--with", "adam(lr=1)", "-o", output],
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
        if place == "drawing":
            assert len(list(tmp_path.glob(f".race-*{output[-4:]}"))) == 1, "the unfinished file lies beside"
        os.killpg(process.pid, sent)  # as the terminal does: helper programs get it too
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == code
    assert out == ""
    assert re.fullmatch(r"landscapes: (interrupted|terminated); no unfinished file is left behind\n", err)
    assert (tmp_path / output).read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {output, "busy", "script.py"}


def test_progress_is_silent_unless_someone_watches(said, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    words = ("--steps", "50", "-o", "race.gif", "--seconds", "0.4", *SMALL)
    _, _, watched = said("race", "booth", "--with", "adam", *words)
    assert "racing" in watched
    assert "drawing" in watched
    assert "\n" not in watched.strip("\n")
