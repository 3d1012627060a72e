"""Invalid input prints one line, exits with 2 and writes nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import torch

import landscapes

INVALID = {
    "unknown command": (["rac", "booth"], r"unknown command 'rac'. Did you mean race\?"),
    "no function": (["race"], r"no function given: name one, as in landscapes race beale, or use --formula"),
    "unknown option": (["race", "booth", "--sped", "3"], r"unknown option --sped; did you mean --steps?"),
    "short option": (["race", "booth", "--sec", "3"], r"unknown option --sec; did you mean --seconds\?"),
    "unknown function": (["race", "boot"], r"unknown function 'boot'. Did you mean booth\?"),
    "unknown function to show": (["show", "boot"], r"unknown function or optimizer 'boot'. Did you mean booth\?"),
    "unknown optimizer": (["race", "booth", "--optimizer", "adma"], r"unknown optimizer 'adma'. Did you mean"),
    "unknown setting": (["race", "booth", "--optimizer", "adam(beta=0.9)"], r"unknown setting .*'beta'. Did you mean"),
    "optimizers by commas": (
        ["race", "booth", "-O", "adam, sgd"],
        r"'adam, sgd' names several optimizers; repeat the option: -O adam -O sgd",
    ),
    "settings without brackets": (
        ["race", "booth", "-O", "adam lr=0.1"],
        r"settings stand in brackets, as in 'adam\(lr=0.1\)'; got 'adam lr=0.1'",
    ),
    "unreadable optimizer": (["race", "booth", "--optimizer", "adam(lr=0.1"], r"cannot parse the optimizer"),
    "two of one label": (
        ["race", "booth", "--optimizer", "a=adam", "--optimizer", "a=sgd"],
        r"two optimizers have the label 'a'; rename one: --optimizer",
    ),
    "unknown theme": (["race", "booth", "--theme", "drak"], r"unknown theme 'drak'. Did you mean dark\?"),
    "unknown suffix": (["race", "booth", "-o", "race.gfi"], r"unknown suffix '.gfi'. Did you mean .*\.gif\?"),
    "no suffix": (["race", "booth", "-o", "race"], r"needs a suffix"),
    "suffix of a record": (["race", "booth", "--record", "race.zip"], r"saved as .npz"),
    "negative rate": (["race", "booth", "--optimizer", "adam(lr=-0.1)"], r"lr must be >= 0, got -0.1"),
    "rate that is NaN": (["race", "booth", "--optimizer", "adam(lr=nan)"], r"lr must be finite and >= 0, got nan"),
    "rate that is text": (["race", "booth", "--optimizer", "adam(lr='fast')"], r"lr .*'fast'"),
    "short start": (["race", "booth", "--start", "1"], r"2 coordinates; the start \[1.0\] has 1"),
    "long start": (["race", "booth", "--start", "-1,2,3"], r"2 coordinates; the start \[-1.0, 2.0, 3.0\] has 3"),
    "endless start": (["race", "booth", "--start", "inf,2"], r"--start must be finite numbers, got 'inf,2'"),
    "minus infinity": (["race", "booth", "--start", "-inf,2"], r"--start must be finite numbers, got '-inf,2'"),
    "NaN start": (["race", "booth", "--start", "nan,2"], r"--start must be finite numbers, got 'nan,2'"),
    "start as text": (
        ["race", "booth", "--start", "here"],
        r"--start must be numbers separated by commas, as in -1,2, got 'here'",
    ),
    "0 steps": (["race", "booth", "--steps", "0"], r"--steps must be an integer >= 1, got '0'"),
    "-5 steps": (["race", "booth", "--steps", "-5"], r"--steps must be an integer >= 1, got '-5'"),
    "endless steps": (["race", "booth", "--steps", "10000000000"], r"steps must be <= 1000000000, got 10000000000"),
    "endless steps of a sweep": (
        ["sweep", "booth", "-O", "adam", "--set", "lr=1", "--steps", "10000000000"],
        r"steps must be <= 1000000000",
    ),
    "1.5 steps": (["race", "booth", "--steps", "1.5"], r"--steps must be an integer >= 1, got '1.5'"),
    "steps as text": (["race", "booth", "--steps", "many"], r"--steps must be an integer >= 1, got 'many'"),
    "unknown precision": (["race", "booth", "--dtype", "half"], r"--dtype must be float64 or float32, got 'half'"),
    "unknown pace": (["race", "booth", "--pace", "lin"], r"unknown pace 'lin'. Did you mean linear\?"),
    "huge texts": (["race", "booth", "--text-scale", "9"], r"text_scale must be from 0.5 to 4, got 9.0"),
    "no words": (["sweep", "booth", "--words", "no.json"], r"--words: 'no.json': No such file or directory"),
    "no seconds": (["race", "booth", "--seconds", "0"], r"--seconds must be a finite number > 0, got '0'"),
    "seconds as text": (["race", "booth", "--seconds", "long"], r"--seconds must be a finite number > 0, got 'long'"),
    "no frames": (["race", "booth", "--fps", "0"], r"--fps must be an integer >= 1, got '0'"),
    "live page of an optimizer without JavaScript": (
        ["race", "booth", "-O", "adam", "-O", "bfgs", "-o", "race.html", "--live"],
        r"BFGS cannot be written as JavaScript: .*leave out --live",
    ),
    "seconds of a picture": (
        ["race", "booth", "-o", "race.png", "--seconds", "5"],
        r"seconds: for animations .*'race.png' is a picture of one step: leave out seconds, or save an animation",
    ),
    "time of pictures": (
        ["gallery", "-f", "booth", "-O", "adam", "-o", "races", "--format", "svg", "--seconds", "5", "--fps", "8"],
        r"seconds, fps: for animations",
    ),
    "no folder": (["race", "booth", "-o", "none/race.gif"], r"the folder 'none' does not exist"),
    "below a file": (["race", "booth", "-o", "file.txt/race.gif"], r"the folder 'file.txt' does not exist"),
    "onto a folder": (["race", "booth", "-o", "folder.gif"], r"it is a folder"),
    "no folder for the record": (["race", "booth", "--record", "none/race.npz"], r"the folder 'none' does not exist"),
    "unknown device": (["race", "booth", "--device", "abacus"], r"device 'abacus' is not available here"),
    "no such module": (["race", "nomodule:f"], r"no module named 'nomodule' in this folder or installed"),
    "no such file": (["race", "none.py:f"], r"no such file: 'none.py'"),
    "nothing after the colon": (["race", "math:"], r"cannot parse 'math:'"),
    "no such object": (["race", "landscapes_test_mine:bow"], r"unknown object of .* 'bow'. Did you mean bowl\?"),
    "an object that is no function": (["race", "landscapes_test_mine:number"], r"is an int, not a function"),
    "an object that is no optimizer": (
        ["race", "booth", "--optimizer", "landscapes_test_mine:number"],
        r"is an int, not an optimizer",
    ),
    "a broken optimizer": (
        ["race", "booth", "--optimizer", "landscapes_test_mine:Broken"],
        r"RuntimeError: out of order",
    ),
    "a setting it does not have": (["race", "booth", "--optimizer", "landscapes_test_mine:Mine(sped=1)"], r"sped"),
    "a setting that is code": (
        ["race", "booth", "--optimizer", "landscapes_test_mine:Mine(lr=2*f())"],
        r"cannot parse",
    ),
    "a module that raises": (["race", "landscapes_test_raises:f"], r"ZeroDivisionError"),
    "a module that lacks another": (["race", "landscapes_test_lacks:f"], r"No module named 'nowhere_to_be_found'"),
    "wrong shape": (["race", "landscapes_test_mine:pair"], r"returns shape \(2,\)"),
    "not differentiable": (["race", "landscapes_test_mine:detached"], r"cannot be differentiated"),
    "raising": (["race", "landscapes_test_mine:raising"], r"raises ValueError: no such place"),
    "function and formula": (["race", "booth", "--formula", "x"], r"give a function or --formula, not both"),
    "a domain without a formula": (["race", "booth", "--domain", "-1,1"], r"--domain applies to --formula only"),
    "half a domain": (["race", "--formula", "x", "--domain", "1,2,3"], r"--domain must be two numbers per coordinate"),
    "domain as text": (
        ["race", "--formula", "x", "--domain", "here"],
        r"--domain must be two numbers per coordinate, as in -4,4 or -4,4,0,6, got 'here'",
    ),
    "domain upside down": (["race", "--formula", "x", "--domain", "1,-1"], r"low < high"),
    "domain too small": (["race", "--formula", "x+y+z", "--domain", "-1,1,-2,2"], r"has 3 coordinates"),
    "a formula without y": (["race", "--formula", "x**2 + z**2"], r"3 coordinates, but y does not occur: .*0\*y"),
    "a formula without x1": (["race", "--formula", "x2", "--domain=-1,1"], r"2 coordinates, but x1 does not occur"),
    "empty formula": (["race", "--formula", " "], r"the formula is empty"),
}


def test_an_invalid_formula_is_underlined(cli):
    code, out, err = cli("race", "--formula", "x + sn(y)", "--domain", "-1,1,-2,2")
    assert (code, out) == (2, "")
    assert err == (
        "landscapes: error: cannot read the formula at character 5: unknown function 'sn'. "
        "Did you mean sin or sinh or sign?\n  x + sn(y)\n      ^^\n"
    )


@pytest.mark.parametrize("case", INVALID)
def test_invalid_input_prints_one_line_and_writes_nothing(cli, user_module, case, tmp_path):
    (tmp_path / "folder.gif").mkdir()
    (tmp_path / "file.txt").touch()
    (tmp_path / "landscapes_test_raises.py").write_text("1 / 0\n")
    (tmp_path / "landscapes_test_lacks.py").write_text("import nowhere_to_be_found\n")
    before = {path.name for path in tmp_path.iterdir()}
    arguments, message = INVALID[case]
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"landscapes: error: [^\n]*{message}[^\n]*\n", err), err
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_not_available(cli, tmp_path):
    code, out, err = cli("race", "booth", "--device", "cuda")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"landscapes: error: device 'cuda' is not available here[^\n]*\n", err)
    assert not list(tmp_path.iterdir())


def test_folder_without_write_permission(cli, tmp_path):
    """Root can write everywhere except where the kernel refuses."""
    if os.geteuid() == 0:
        folder = Path("/proc/self")
        if not folder.is_dir():
            pytest.skip("running as root without /proc: every folder is writable")
    else:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
    code, out, err = cli("race", "booth", "--optimizer", "adam", "--steps", "3", "-o", str(folder / "race.gif"))
    assert (code, out) == (2, "")
    assert re.fullmatch(r"landscapes: error: cannot write [^\n]+\n", err)


def test_full_disk_is_a_system_failure(cli, monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "race.gif")

    monkeypatch.setattr(landscapes.render, "save", full)
    code, out, err = cli("race", "booth", "--optimizer", "adam", "--steps", "3")
    assert code == 1
    assert "Adam" in out, "the results are printed, although they cannot be drawn"
    assert err == "landscapes: error: race.gif: No space left on device\n"
    assert not list(tmp_path.iterdir())


def test_invalid_input_is_refused_before_torch_is_loaded(python):
    script = """
import sys
from landscapes.cli import main
for arguments in (["-o", "race.gfi"], ["--theme", "x"], ["--steps", "0"], ["--start", "x"], ["--record", "race.zip"]):
    assert main.main(["race", "booth", *arguments]) == 2
assert "torch" not in sys.modules
"""
    done = python("-c", script)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "race booth -O adam --steps 3 -o a.png --record r.npz",
        "sweep booth -O adam --set lr=0.1,1 --steps 3 -o a.png --record r.npz --csv r.csv",
        "basins booth -O adam --resolution 3 --steps 3 -o a.png --record r.npz",
        "compare -f booth -f beale -O adam -O sgd --steps 3 --starts 2 -o a.png --record r.npz",
        "show booth -o a.png",
    ],
)
@pytest.mark.parametrize("error", [landscapes.InputError("no"), OSError(28, "full"), RuntimeError("a fault")])
@pytest.mark.thin(5)
def test_results_are_kept_and_printed_if_the_picture_fails(cli, monkeypatch, tmp_path, line, error, capsys):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(landscapes.render, "save", fail)
    if isinstance(error, RuntimeError):  # a fault of this package has a traceback
        with pytest.raises(RuntimeError):
            cli(*line.split())
        out = capsys.readouterr().out
    else:
        code, out, err = cli(*line.split())
        assert code == (2 if isinstance(error, landscapes.InputError) else 1)
        assert err.startswith("landscapes: error: ")
    assert "Booth" in out or "Reaching" in out
    assert (tmp_path / "r.npz").is_file() == ("--record" in line)
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    "line",
    [
        "race booth -O adam --steps 100000",
        "race booth -O adam --steps 1000000000",
        "compare -f booth -O adam --steps 1000000000",
    ],
)
def test_more_steps_than_memory_are_refused_before_the_tuning(cli, monkeypatch, line):
    monkeypatch.setattr("landscapes.experiments.checks.available", lambda: 10**6)
    code, out, err = cli(*line.split(), "-o", "a.png")
    assert (code, out) == (2, "")
    assert re.search("(recording|following one run over) 1[0,]*1 steps", err)
    assert re.search(r"needs [\d.]+ .B of memory, 1.0 MB are available; (record fewer|lower)", err)
