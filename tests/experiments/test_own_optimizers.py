"""Every experiment takes optimizers of the user's own code: classes, and text that names them."""

from __future__ import annotations

import sys
from time import process_time

import numpy as np
import pytest
import torch

import landscapes
from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.experiments.optimizer_specs import labels, parse_optimizers, unique_labels


class Mine(torch.optim.Optimizer):
    """Gradient descent."""

    def __init__(self, params, lr=0.01):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * p.grad)


@pytest.fixture
def module(monkeypatch):
    """The name of an importable module with the class."""
    monkeypatch.setitem(sys.modules, "someones_module", sys.modules[__name__])
    return "someones_module"


FORMS = {
    "class": lambda name: Mine,
    "torch class": lambda name: torch.optim.SGD,
    "own class": lambda name: optimizers.SGD,
    "text": lambda name: f"{name}:Mine",
    "settings": lambda name: f"{name}:Mine(lr=0.02)",
    "wrapped": lambda name: f"clip({name}:Mine(lr=0.02), norm=10)",
    "list": lambda name: [Mine],
    "dict": lambda name: {"ours": Mine, "theirs": f"{name}:Mine(lr=0.02)"},
}

EXPERIMENTS = {
    "race": lambda given: landscapes.race("booth", given, steps=3),
    "sweep": lambda given: landscapes.sweep("booth", given, lr=[0.01, 0.02], steps=3),
    "basins": lambda given: landscapes.basins("himmelblau", given, steps=3, resolution=4),
    "compare": lambda given: landscapes.compare(["booth"], given, steps=3),
    "tune": lambda given: landscapes.tune("booth", given, steps=3, starts=1, vary=["lr"]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.thin(2)
def test_experiments_take_own_optimizers(experiment, form, module):
    given = FORMS[form](module)
    if experiment == "basins" and isinstance(given, dict):
        given = dict(list(given.items())[:1])
    assert np.isfinite(EXPERIMENTS[experiment](given).trajectories.loss).any()


@pytest.mark.parametrize("form", FORMS)
def test_learning_rate_of_a_class_is_open_unless_given(form, module):
    first = parse_optimizers(FORMS[form](module))[0]
    assert first.lr_open is (form not in ("settings", "wrapped"))


def test_a_race_tunes_an_open_learning_rate_of_a_class(module):
    by_class, by_text = landscapes.race("booth", {"a": Mine, "b": f"{module}:Mine"}, steps=20).trajectories.runs["lr"]
    assert by_class == by_text != Mine([torch.zeros(1)]).defaults["lr"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (int, r"^an optimizer must be a name, an optimizer or a class of optimizers, got <class 'int'>"),
        ([3], r"^an optimizer must be a name, .* got 3; settings of a class: optimizers\.Torch"),
        ([lambda p: p], r"got the function <.*; instead of lambda p: MyOptimizer.*, write optimizers\.Torch\(MyOptim"),
        ([torch.optim.Adam([torch.zeros(2)])], r"got an object of Adam; .*: optimizers\.Torch\(Adam, lr=0\.1\)$"),
        ("math:pi", r"^'math:pi' is a float, not an optimizer"),
        ("math:", r"^cannot parse the optimizer 'math:'"),
        ("no_such_module_at_all:Mine", r"^no module named 'no_such_module_at_all'"),
        ("someones_module:Mine(speed=3)", r"^unknown setting of Mine 'speed'"),
    ],
)
def test_what_is_no_optimizer_is_refused(given, message, module):
    with pytest.raises(InputError, match=message):
        parse_optimizers(given)


def test_many_equal_labels_take_linear_time():
    start = process_time()
    assert unique_labels(["Adam"] * 20_000)[-1] == "Adam (20000)"
    many = [optimizers.Adam(lr=0.1, beta2=1 - 1 / n) for n in range(2, 20_002)]
    assert len(set(labels(parse_optimizers(many)))) == 20_000
    assert process_time() - start < 5
    assert unique_labels(["a", "a (2)", "a", "a"]) == ["a", "a (2)", "a (3)", "a (4)"]


@pytest.mark.parametrize(
    ("given", "lr_open", "source"),
    [
        (optimizers.Torch(Mine), True, "given"),
        (optimizers.Torch(Mine, lr=0.01), False, "given"),
        (optimizers.Torch(Mine, group={"lr": 0.01}), False, "given"),
        (optimizers.Torch(Mine).with_learning_rate(0.01), False, "given"),
        (optimizers.Clip(optimizers.Torch(Mine), norm=1), True, "given"),
        (optimizers.Adam(), False, "default"),
        (optimizers.Cosine(optimizers.Adam()), False, "default"),
        (optimizers.Adam(lr=0.5), False, "given"),
        (optimizers.BFGS(), False, "given"),
        ("adam(lr=0.001)", False, "given"),
    ],
)
def test_an_omitted_learning_rate_is_tuned_or_marked(given, lr_open, source):
    spec = parse_optimizers([given])[0]
    assert (spec.lr_open, spec.lr_source) == (lr_open, source)


def test_a_torch_optimizer_without_lr_races_at_the_rate_of_its_class():
    given = {"class": Mine, "object": optimizers.Torch(Mine), "ours": optimizers.Adam()}
    record = landscapes.race("booth", given, steps=20)
    runs = record.trajectories.runs
    assert runs["lr_source"].tolist() == ["tuned", "tuned", "default"]
    assert runs["lr"][0] == runs["lr"][1] != 0.01
    assert "0.001 (default)" in landscapes.render.table(record)


@pytest.mark.parametrize(("tuned", "named"), [(True, "Adam"), (False, "Mine, Adam")])
def test_a_comparison_names_untuned_learning_rates(tuned, named):
    record = landscapes.compare(["booth"], [Mine, optimizers.Adam(), "sgd(lr=0.01)"], steps=5, starts=1, tuned=tuned)
    assert f"Untuned, with the default learning rate: {named}." in landscapes.render.table(record)
    rates = landscapes.render.table(record, show="rates")
    assert ("Tuned per function, among 64 from 1e-08 to 320, from its own start: Mine." in rates) == tuned


class Failing(Mine):
    """Raises at each step."""

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.fill_(float("nan"))


def test_a_tuning_says_what_it_varied_and_whose_trials_all_fail():
    record = landscapes.tune("booth", {"bad": Failing, "good": Mine}, steps=9, starts=1, candidates=9)
    text = landscapes.TuneResult.of(record).table()
    assert [line.split()[3] for line in text.splitlines()[:3]] == ["varied", "lr", "lr"]
    assert "Note: all settings of bad fail; those shown are not tuned." in text
    assert "All settings of bad fail; those shown are not tuned." in landscapes.render.table(record)
