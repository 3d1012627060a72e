"""Modules and functions of the user that end the program, read its arguments, or print."""

from __future__ import annotations

import re
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from landscapes import InputError, Record, function, sweep
from landscapes.execution.transport import try_to_load

ENDS = {
    "sys.exit(0)": r"sys\.exit\(0\) was called in .*, line 1; move what runs as a program below if __name__",
    "sys.exit()": r"sys\.exit\(None\) was called in .*, line 1",
    "raise SystemExit(3)": r"sys\.exit\(3\) was called in .*, line 1",
    "raise GeneratorExit": r"GeneratorExit was raised in .*, line 1",
    "import argparse; argparse.ArgumentParser().error('no data')": r"sys\.exit\(2\) was called in .*, line 1",
}

FUNCTIONS = """
import multiprocessing
import sys

import torch

from landscapes import function

COUNT = 0


@function((-2, 2), (-2, 2), start=(1, 1), minima=[(0, 0)])
def late(x, y):
    global COUNT
    COUNT += 1
    if COUNT > 4:
        sys.exit(0)
    return x * x + y * y


@function((-2, 2), (-2, 2), start=(1, 1), minima=[(0, 0)])
def loud(x, y):
    print("called")
    return x * x + y * y


class Quitter(torch.optim.SGD):
    def step(self, closure=None):
        sys.exit(0)


class QuitsInWorkers(torch.optim.SGD):
    def step(self, closure=None):
        if multiprocessing.parent_process() is not None:
            sys.exit(0)
        super().step(closure)
"""


@pytest.fixture
def module(tmp_path, monkeypatch) -> str:
    name = "landscapes_test_ends"
    (tmp_path / f"{name}.py").write_text(FUNCTIONS, encoding="utf-8")
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


@pytest.mark.parametrize("code", ENDS)
@pytest.mark.parametrize("form", ["{}:f", "{}.py:f"])
def test_a_module_that_ends_the_program_is_refused(cli, tmp_path, monkeypatch, code, form):
    name = "landscapes_test_quits"
    monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / f"{name}.py").write_text(f"import sys; {code}\n", encoding="utf-8")
    place = form.format(name)
    exit_code, out, err = cli("race", place)
    assert (exit_code, out) == (2, "")
    assert re.search(rf"^landscapes: error: cannot import '{re.escape(place[:-2])}': {ENDS[code]}", err, re.M)


@pytest.mark.slow
def test_a_module_that_reads_its_arguments_gets_none(cli, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["landscapes", "race", "--steps", "3"])
    head = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr')\nparser.parse_args()\n"
    (tmp_path / "script.py").write_text(head + FUNCTIONS, encoding="utf-8")
    code, _, err = cli("race", "script.py:loud", "-O", "adam(lr=1)", "--steps", "3", "-o", "a.png")
    assert code == 0, err
    assert sys.argv == ["landscapes", "race", "--steps", "3"]


@pytest.mark.parametrize(
    "line",
    [
        "race {}:late -O adam(lr=0.1) -o a.png --record a.npz",
        "race booth -O {}:Quitter -o a.png",
        "sweep {}:late -O adam --set lr=0.1,0.2 --steps 50 --csv a.csv",
        "tune {}:late -O sgd",
        "basins {}:late -O adam --resolution 4 --steps 50 --csv a.csv -o a.png",
        "compare -f {}:late -O adam --starts 2 --csv a.csv -o a.png",
        "explore {}:late",
        "gallery -f {}:late -O adam(lr=0.1) -o pictures",
        "show {}:late -o a.png",
        pytest.param(
            "sweep booth -O {}:QuitsInWorkers --set lr=0.1,0.2 --steps 5 --processes 1 --csv a.csv",
            marks=pytest.mark.slow,
        ),
    ],
)
@pytest.mark.sample(4)
def test_a_function_or_optimizer_that_ends_the_program_is_no_success(cli, window, module, tmp_path, line):
    code, out, err = cli(*shlex.split(line.format(module)))
    assert (code, out) == (2, "")
    assert re.search(rf"^landscapes: error: .*sys\.exit\(0\) was called in .*{module}\.py, line \d+", err, re.M)
    assert {path.name for path in tmp_path.iterdir()} <= {f"{module}.py", "__pycache__"}


def test_a_worker_that_is_ended_does_not_end_the_caller():
    calls = iter(range(1000))

    @function((-2, 2), (-2, 2), start=(1, 1), minima=[(0, 0)])
    def quits(x, y):
        if next(calls) > 50:
            sys.exit(0)
        return x * x + y * y

    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(InputError, match=r"a worker was ended: sys\.exit\(0\) was called in .*test_user_code\.py"),
    ):
        sweep(quits, "adam", lr=[0.1, 0.2], steps=90, executor=executor)


class Quits:
    def __reduce__(self):
        return sys.exit, (0,)


def test_a_block_whose_module_ends_the_worker_cannot_be_loaded():
    import pickle

    assert try_to_load([pickle.dumps(Quits())]).startswith("sys.exit(0) was called")


@pytest.mark.slow
def test_what_a_function_prints_goes_to_stderr(cli, module, tmp_path):
    code, out, err = cli(
        "race", f"{module}:loud", "-O", "sgd(lr=1)", "--steps", "3", "-o", "a.svg", "--record", "r.npz"
    )
    assert code == 0
    assert "called" in err
    assert "called" not in out
    assert out.startswith("Loud: 3 steps")
    assert Record.load(tmp_path / "r.npz").meta.steps == 3


@pytest.mark.slow
def test_what_a_function_prints_in_workers_goes_to_stderr(python, module, tmp_path):
    words = f"sweep {module}:loud -O adam --set lr=0.1,0.2 --steps 2 --processes 1 --csv a.csv"
    done = python("-m", "landscapes", *words.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "called" in done.stderr
    assert "called" not in done.stdout


@pytest.mark.parametrize("form", ["{}(lr=0.1)", "mine={}", "clip({}(lr=0.1), norm=1)"])
@pytest.mark.thin(1)
def test_paths_with_parentheses_commas_and_spaces(cli, tmp_path, form):
    folder = tmp_path / "p (x86)" / "a, b=c"
    folder.mkdir(parents=True)
    (folder / "own.py").write_text("import torch\nclass Own(torch.optim.SGD): pass\n", encoding="utf-8")
    own = form.format("p (x86)/a, b=c/own.py:Own")
    code, _, err = cli("race", "booth", "-O", own, "--steps", "3", "-o", "a.svg", "--record", "a.npz")
    assert code == 0, err
