"""Unknown and former names: attributes of the package and keyword arguments name the nearest one there is."""

from __future__ import annotations

import inspect
import re

import pytest

import landscapes
from landscapes import analysis
from landscapes.errors import RENAMED, suggests_arguments
from landscapes.experiments._race import race


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rules", ". Did you mean 'optimizers'?"),
        ("reports", ". Did you mean 'analysis'?"),
        ("portray", ". Did you mean 'summarize'?"),
        ("Portrait", ". Did you mean 'FunctionSummary'?"),
        ("Rule", ". Did you mean 'optimizers.Optimizer'?"),
        ("jobs", ". Did you mean 'experiments'?"),
        ("sweeep", ". Did you mean 'sweep'?"),
        ("record", None),
        ("zzz", ""),
    ],
)
def test_an_unknown_attribute_names_the_nearest_one(name, hint):
    if hint is None:
        assert getattr(landscapes, name).__name__ == f"landscapes.{name}", "an imported module is an attribute"
        return
    with pytest.raises(AttributeError) as caught:
        getattr(landscapes, name)
    assert str(caught.value) == f"module 'landscapes' has no attribute {name!r}{hint}"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: landscapes.race("booth", observe=["lr"]), "race() has no argument 'observe'; did you mean 'metrics'?"),
        (lambda: landscapes.race("booth", keep="all"), "race() has no argument 'keep'; did you mean 'record_steps'?"),
        (lambda: landscapes.race("booth", step=3), "race() has no argument 'step'; did you mean 'steps'?"),
        (
            lambda: landscapes.sweep("booth", "adam", lr=[0.1], out="here"),
            "sweep() has no argument 'out'; did you mean 'resume_dir'?",
        ),
        (
            lambda: landscapes.sweep("booth", "adam", observe=["lr"]),
            "sweep() has no argument 'observe'; did you mean 'metrics'?",
        ),
        (
            lambda: landscapes.basins("booth", "adam", within=1),
            "basins() has no argument 'within'; did you mean 'tol'?",
        ),
        (
            lambda: landscapes.compare("booth", "adam", targets=[0.1]),
            "compare() has no argument 'targets'; did you mean 'tolerances'?",
        ),
        (
            lambda: landscapes.compare("booth", "adam", rates=[0.1]),
            "compare() has no argument 'rates'; did you mean 'lr_grid'?",
        ),
        (
            lambda: landscapes.compare("booth", "adam", lr=[0.1]),
            "compare() has no argument 'lr'; did you mean 'lr_grid'?",
        ),
        (lambda: landscapes.tune("booth", "adam", start_=1), "tune() has no argument 'start_'; did you mean 'start'?"),
        (
            lambda: analysis.tables.standings(None, by="steps"),
            "standings() has no argument 'by'; did you mean 'cost'?",
        ),
        (
            lambda: landscapes.summarize("booth", qqq=1),
            "summarize() has no argument 'qqq'; it takes function, dim, points, arrows",
        ),
    ],
)
def test_an_unknown_argument_names_the_nearest_one(call, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        call()


def test_any_keyword_is_a_hyperparameter_where_it_may_be():
    with pytest.raises(landscapes.InputError, match="unknown hyper-parameter of Adam 'beta'"):
        landscapes.sweep("booth", "adam", beta=[0.1])


def test_the_signature_stays():
    parameters = inspect.signature(race).parameters
    assert {"function", "optimizers", "metrics", "record_steps"} <= set(parameters)
    assert (race.__name__, race.__module__) == ("race", "landscapes.experiments._race")
    assert race.__doc__ is not None


def test_positional_arguments_and_results_pass_through():
    @suggests_arguments
    def add(one: int, *, two: int = 2) -> int:
        return one + two

    assert (add(1), add(1, two=5)) == (3, 6)
    with pytest.raises(TypeError):
        add()


@pytest.mark.parametrize("former", ["observe", "keep", "out", "within", "rates", "targets"])
def test_no_former_name_is_an_argument_today(former):
    for name in ("race", "sweep", "basins", "compare", "tune", "explore", "project", "summarize"):
        assert former not in inspect.signature(getattr(landscapes, name)).parameters
    assert former in RENAMED
