"""Unknown and former names: attributes of the package and keyword arguments name the nearest one there is."""

from __future__ import annotations

import inspect
import operator
import re

import pytest
import torch
from merged import merged

import landscapes
from landscapes import analysis, functions, optimizers, render
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


@merged(
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
            lambda: landscapes.race("rosenbrock", dim=3),
            "race() has no argument 'dim'; use functions.get(name, dim=...) as the function",
        ),
        (
            lambda: landscapes.race("booth", "adam", lr=0.1),
            "race() has no argument 'lr'; use a learning rate per optimizer, as in \"adam(lr=0.1)\"",
        ),
        (lambda: landscapes.Stop(gradient=1), "Stop() has no argument 'gradient'; did you mean 'gtol'?"),
        (lambda: landscapes.Stop(qqq=1), "Stop() has no argument 'qqq'; it takes gtol, ftol, xtol"),
        (lambda: landscapes.Range(1, 2, num=3), "Range() has no argument 'num'; did you mean 'n'?"),
        (lambda: render.Camera(azimuth=3), "Camera() has no argument 'azimuth'; did you mean 'azim'?"),
        (
            lambda: render.trajectories(None, width=1),
            "trajectories() has no argument 'width'; did you mean 'linewidth'?",
        ),
        (
            lambda: render.loss_curves(None, x="lr"),
            "loss_curves() has no argument 'x'; use history(record, metric, x=...)",
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


@merged("name", sorted({*landscapes.__all__, *(f"render.{name}" for name in render.__all__)}))
def test_every_public_function_checks_the_names_of_its_arguments(name):
    found = operator.attrgetter(name)(landscapes)
    kinds = {one.kind for one in inspect.signature(found).parameters.values()} if inspect.isfunction(found) else set()
    if not kinds or inspect.Parameter.VAR_KEYWORD in kinds or name in ("function", "least_squares"):
        return  # a decorator is called by each definition
    with pytest.raises(TypeError, match=rf"^{found.__name__}\(\) has no argument 'qqqq'; it takes "):
        found(qqqq=1)


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        (functions, "beale", "; get a function by functions.get('beale')"),
        (functions, "serach", ". Did you mean 'search'?"),
        (optimizers, "adam", ". Did you mean 'Adam'?"),
        (analysis, "tabels", ". Did you mean 'tables'?"),
        (render, "losses", ". Did you mean 'loss_curves'?"),
    ],
)
def test_an_unknown_attribute_of_a_part_names_what_to_use(module, name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    assert str(caught.value) == f"module {module.__name__!r} has no attribute {name!r}{hint}"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: landscapes.race("booth", stop=1e-8), "stop must be a Stop, such as stop=Stop(gtol=1e-08), got 1e-08"),
        (lambda: landscapes.sweep("booth", "adam", lr=[1], stop="soon"), "such as stop=Stop(gtol=1e-8), got 'soon'"),
        (lambda: landscapes.basins("booth", "adam", stop=1), "stop must be a Stop"),
        (
            lambda: landscapes.race("booth", metrics=[3]),
            'metrics must be names, such as metrics=["gradient_norm", "lr"]',
        ),
        (lambda: landscapes.race("booth", metrics=3), "got 3"),
        (lambda: landscapes.race("booth", {" ": "adam"}), "a label needs letters, got ' '"),
    ],
)
def test_arguments_of_another_type_are_refused(call, message):
    with pytest.raises(landscapes.InputError, match=re.escape(message)):
        call()


def test_messages_have_one_line():
    """Also where an object is written in many: an optimizer of torch, a record."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    for call in (lambda: landscapes.race("booth", [optimizer]), lambda: landscapes.watch(optimizer, model=optimizer)):
        with pytest.raises(landscapes.InputError) as caught:
            call()
        assert "\n" in repr(optimizer)
        assert "\n" not in str(caught.value)


def test_one_text_is_one_metric():
    assert set(landscapes.race("booth", ["adam(lr=1)"], steps=2, metrics="lr").trajectories.metrics) == {"lr"}


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
