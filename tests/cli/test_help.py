"""Help pages, their examples, and errors for unknown commands and options."""

from __future__ import annotations

import itertools
import re
import shlex

import pytest
import torch
from merged import merged
from render_records import diverging

import landscapes
from landscapes.cli import hints, main
from landscapes.render.figures.stills import STILLS
from landscapes.render.writers import WRITERS

EXAMPLES = [(name, line) for name, module in main.COMMANDS.items() for line, _ in module.EXAMPLES]

SMALL = {
    "race": ("--steps", "4"),
    "explore": ("--steps", "4"),
    "playground": ("--steps", "4"),
    "sweep": ("--steps", "4"),
    "basins": ("--steps", "4", "--resolution", "4"),
    "compare": ("--steps", "4", "--starts", "2"),
    "tune": ("--steps", "9", "--starts", "1"),
    "train-race": ("--steps", "4", "--resolution", "5"),
    "plane": ("--resolution", "5"),
    "prescribe": ("--seeds", "1", "--changes", "lower lr"),
    "gallery": ("--steps", "4", "--size", "240x180"),
}
"""Options that make an example small."""

JOB = """
import torch
x = torch.arange(40.0).reshape(20, 2) / 40
job = lambda: (torch.nn.Linear(2, 2), torch.nn.CrossEntropyLoss(), (x, (x[:, 0] > 0.5).long()))
make = lambda weights: torch.optim.SGD(weights, lr=0.1)

def train(change, seed):
    w = torch.ones(1, requires_grad=True)
    optimizer = change(torch.optim.SGD([w], lr=3.0))
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
"""
"""A file that `train-race` and `prescribe` train from."""


@pytest.mark.parametrize(("name", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
@pytest.mark.thin(4, 18)
def test_examples_run(cli, window, tmp_path, name, line):
    diverging().save(tmp_path / "race.npz")
    (tmp_path / "log.csv").write_text("step,train_loss\n" + "".join(f"{k},{0.5**k}\n" for k in range(30)))
    (tmp_path / "train.py").write_text(JOB, encoding="utf-8")
    (tmp_path / "mypackage").mkdir()
    for file in ("training.py", "mypackage/job.py"):
        (tmp_path / file).write_text(JOB.replace("make =", "other =").replace("job =", "make ="), encoding="utf-8")
    torch.save([torch.nn.Linear(2, 2).state_dict() for _ in range(3)], tmp_path / "checkpoints.pt")
    program, command, *arguments = shlex.split(line)
    assert (program, command) == ("landscapes", name)
    small = SMALL.get(name, ())
    if name in ("race", "replay", "train-race", "plane"):
        small += () if ".html" in line else ("--size", "240x180")
    if name in ("race", "replay", "train-race", "gallery") or ".gif" in line:
        small += () if re.search(r"(\.|format )(html|png|svg|pdf)\b", line) else ("--seconds", "0.3", "--fps", "8")
    code, out, err = cli(command, *arguments, *small)
    assert code == (name == "diagnose" and "race.npz" in line), err  # a run of this record diverges
    assert out
    for option, file in itertools.pairwise(arguments):
        if option in ("-o", "--record", "--csv"):
            assert (tmp_path / file).stat().st_size > 0


@pytest.mark.parametrize("line", [line for line, _ in main.EXAMPLES])
def test_examples_of_the_program_are_valid(line):
    _, *arguments = shlex.split(line)
    assert main.parse(arguments).command == arguments[0]


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help_of_a_command(cli, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = cli(name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: landscapes {name} ")
    examples = main.COMMANDS[name].EXAMPLES
    assert 2 <= len(examples) <= 4
    for line, meaning in examples:
        assert f"  {line}\n      {meaning}\n" in out
    assert max(len(line) for line in out.partition("\nexamples:")[0].splitlines()) <= 80


def test_help_names_all_formats(cli):
    assert {*WRITERS, *STILLS, ".html", "frames-%04d.png"} <= set(re.findall(r"[\w%-]*\.\w+", cli("race", "--help")[1]))
    assert set(STILLS) <= set(re.findall(r"\.\w+", cli("sweep", "--help")[1]))


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_of_the_program(cli, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = cli(*arguments)
    assert (code, err) == (0, "")
    for name in main.COMMANDS:
        assert f"\n  {name} " in out
    assert len(out.splitlines()) < 40


def test_version(cli):
    assert cli("--version") == (0, f"landscapes {landscapes.__version__}\n", "")


UNKNOWN = {
    "race booth --with adam": "unknown option --with; did you mean --optimizer?",
    "race booth --with=adam": "unknown option --with; did you mean --optimizer?",
    "race booth --save r.npz": "unknown option --save; did you mean --record?",
    "race booth --aside": "unknown option --aside; did you mean --3d?",
    "race booth --sec 3": "unknown option --sec; did you mean --seconds?",
    "race booth --zzz": "unknown option --zzz; see landscapes race --help",
    "race booth -x 3": "unknown option -x; see landscapes race --help",
    "basins booth --with adam": "unknown option --with; did you mean --optimizer?",
    "basins booth -O adam --within 0.1": "unknown option --within; did you mean --tol?",
    "basins booth -O adam --out here": "unknown option --out; did you mean --resume-dir?",
    "sweep booth -O adam --vary lr=1": "unknown option --vary; did you mean --set?",
    "compare --on booth -O adam": "unknown option --on; did you mean --function?",
    "race --on booth": "unknown option --on; name the function without an option: landscapes race beale",
    "sweep -f booth": "unknown option -f; name the function without an option: landscapes sweep beale",
    "explore -f": "unknown option -f; name the function without an option: landscapes explore beale",
    "race booth --lr 0.1": 'unknown option --lr; a hyper-parameter belongs to its optimizer, as in -O "adam(lr=...)"',
    "sweep booth --weight-decay=1": "unknown option --weight-decay; a hyper-parameter belongs to its optimizer, as in "
    '-O "adam(weight_decay=...)" for one value, --set weight_decay=A,B for several',
    "basins booth -O adam --by steps": "unknown option --by; --by is --cost, an option of landscapes compare",
    "race booth --lr-grid 1": "unknown option --lr-grid; --lr-grid is an option of landscapes compare",
    "tune booth --observe lr": "unknown option --observe; --observe is --metrics, an option of landscapes race, "
    "train-race",
    "race booth --observe lr": "unknown option --observe; did you mean --metrics?",
    "compare -f booth -O adam --rates 1,2": "unknown option --rates; did you mean --lr-grid?",
    "compare -f booth -O adam --by steps": "unknown option --by; did you mean --cost?",
    "compare -f booth -O adam --targets 0.1": "unknown option --targets; did you mean --tolerances?",
    "list --tga valley": "unknown option --tga; did you mean --tag?",
    "--hlep": "unknown option --hlep; did you mean --help?",
    "portray beale": "unknown command 'portray'. Did you mean show?",
    "sheet beale": "unknown command 'sheet'. Did you mean show?",
    "rac booth": "unknown command 'rac'. Did you mean race?",
    "race booth beale": "unexpected argument beale; see landscapes race --help",
    "race booth --steps": "--steps needs a value; write --steps=VALUE if the value begins with a minus sign; "
    "see landscapes race --help",
    "explore": "missing argument: FUNCTION; see landscapes explore --help",
    "race booth --theme drak": "unknown theme 'drak'. Did you mean dark?",
    "race booth --theme Dark": "unknown theme 'Dark'. Did you mean dark?",
    "show booth --theme LIGHT -o b.png": "unknown theme 'LIGHT'. Did you mean light?",
    "booth": "'booth' is a function, not a command; try: landscapes race booth, or: landscapes show booth",
    "mine:f": "'mine:f' is a function, not a command; try: landscapes race mine:f, or: landscapes show mine:f",
    "adam(lr=1)": "'adam(lr=1)' is an optimizer, not a command; try: landscapes race beale -O adam(lr=1), or: "
    "landscapes show adam",
    "race adam": "'adam' is an optimizer, not a function; landscapes list functions shows the functions",
    "race x**2+y**2": "'x**2+y**2' is a formula, not the name of a function; landscapes race and playground take it as "
    '--formula "x**2+y**2", other commands as file.py:NAME, where NAME = landscapes.formula("x**2+y**2")',
    "race booth -O beale": "'beale' is a function, not an optimizer; landscapes list optimizers shows the optimizers",
}


@merged("line", UNKNOWN)
def test_unknown_commands_and_options(cli, tmp_path, line):
    assert cli(*line.split()) == (2, "", f"landscapes: error: {UNKNOWN[line]}\n")
    assert not list(tmp_path.iterdir())


def test_no_option_has_an_earlier_name():
    """A suggestion must be an option of a command, and no command may have the earlier option with another meaning."""
    _, commands = main._parsers()
    options = {name: set(command._option_string_actions) for name, command in commands.items()}
    for new in hints.RENAMED_OPTIONS.values():
        assert any(new in known for known in options.values()), new
    for name, known in options.items():
        for old, new in hints.RENAMED_OPTIONS.items():
            assert old not in known or new not in known, (name, old)
