"""First-order optimizers as JavaScript, in node: the steps that `race` takes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import node
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from landscapes import InputError, race
from landscapes.functions import get
from landscapes.javascript import OptimizerScript, emit_function, emit_module, emit_optimizer, library
from landscapes.optimizers import SGD, Adafactor, Adam, FirstOrder, Optimizer, parse

in_node = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)

EXACT = (
    "adabelief(lr=0.03)", "adadelta(lr=9.0)", "adagrad(lr=0.7)", "adam(lr=0.3)", "adam_uncorrected(lr=0.1)",
    "adamax(lr=0.3)", "adamw(lr=0.3)", "adamw_uncorrected(lr=0.1)", "adan(lr=0.1)", "amsgrad(lr=0.3)",
    "averaged_momentum(lr=0.015)", "heavy_ball(lr=0.0015)", "lion(lr=0.02)", "momentum(lr=0.0015)",
    "nesterov(lr=0.0015)", "radam(lr=0.002)", "rmsprop(lr=0.03)", "rmsprop_centered(lr=0.02)",
    "rmsprop_inside(lr=0.03)", "rmsprop_momentum(lr=0.003)", "rprop(lr=0.01)", "schedule_free_adamw(lr=0.3)",
    "schedule_free_sgd(lr=0.002)", "sgd(lr=0.0015)", "sgd(lr=0.001, momentum=0.5, weight_decay=0.1)", "yogi(lr=0.3)",
    "adam(lr=0.1, weight_decay=0.01)", "nadam(lr=0.1, momentum_decay=0)", "ademamix(lr=0.1)",
    "cautious_adamw(lr=0.3)", "cautious_lion(lr=0.02)", "mars(lr=0.1)", "prodigy(lr=1.0)", "shampoo(lr=0.3)",
)  # fmt: skip
"""Optimizers without powers of real exponents: with correctly rounded roots, all bits are those of `race`."""

NEAR = ("adafactor(lr=0.3)", "adopt(lr=0.03)", "asgd(lr=0.0015)", "nadam(lr=0.1)")
"""Optimizers with powers of real exponents, which may differ in the last bit."""

Points = NDArray[np.float64]


def correctly_rounded(x: torch.Tensor) -> torch.Tensor:
    """In place of `Tensor.sqrt`; functions keep torch's, which has a gradient."""
    return torch.sqrt(x) if x.requires_grad else torch.as_tensor(np.sqrt(x.numpy()), dtype=x.dtype)


def raced(name: str, specs: Sequence[str], steps: int, start: Sequence[float]) -> dict[str, Points]:
    """The points of each optimizer, shape (T + 1, 2), up to the step at which its run ends."""
    record = race(name, {spec: parse(spec)[0] for spec in specs}, steps=steps, start=start, resolution=2)
    stopped = np.ma.filled(record.trajectories.runs["stopped"], steps)
    return {spec: record.trajectories.x[i, : stopped[i] + 1] for i, spec in enumerate(specs)}


def in_javascript(
    emitted: Mapping[str, OptimizerScript], functions: Sequence[str], steps: int
) -> dict[str, dict[str, Points]]:
    """The same points by function and optimizer, in one process."""
    scripts = {name: emit_function(get(name)) for name in functions}
    texts = ",".join(f"{json.dumps(name)}:{one.source}" for name, one in [*scripts.items(), *emitted.items()])
    source = (
        f"{library([*scripts.values(), *emitted.values()])}\nconst all={{{texts}}};result={{}};"
        "for(const name in data.starts){result[name]={};for(const one of data.optimizers)"
        "result[name][one]=[...all[one].run(all[name],data.starts[name],data.steps,all[one].values).x];}"
    )
    starts = {name: list(get(name).start) for name in functions}
    found = node.run(source, {"starts": starts, "optimizers": [*emitted], "steps": steps})
    return {
        name: {one: np.array(x, dtype=float).reshape(-1, 2) for one, x in rows.items()} for name, rows in found.items()
    }


@pytest.fixture(scope="module")
def scripts() -> dict[str, OptimizerScript]:
    return {spec: emit_optimizer(parse(spec)[0]) for spec in (*EXACT, *NEAR)}


@pytest.fixture(scope="module")
def on_rosenbrock(scripts) -> tuple[dict[str, Points], dict[str, Points]]:
    """120 steps from the same start, by `race` with correctly rounded roots, and in JavaScript."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "sqrt", correctly_rounded)
        by_race = raced("rosenbrock", [*scripts], 120, get("rosenbrock").start)
    return by_race, in_javascript(scripts, ["rosenbrock"], 120)["rosenbrock"]


@in_node
@pytest.mark.parametrize("spec", [*EXACT, *NEAR])
def test_steps_are_those_of_races(spec, on_rosenbrock):
    by_race, found = on_rosenbrock
    assert len(by_race[spec]) > 100
    given = found[spec][: len(by_race[spec])]
    if spec in EXACT:
        assert np.array_equal(given, by_race[spec])
    else:
        np.testing.assert_allclose(given, by_race[spec], rtol=1e-9, atol=1e-9)


@in_node
@pytest.mark.slow
def test_a_thousand_steps_differ_on_chaotic_runs_only(scripts):
    """A run is chaotic if one from a start moved by 1e-15 ends up elsewhere: no two roundings agree on such a run."""
    names, scripts = ("rosenbrock", "ackley"), {one: scripts[one] for one in [*scripts][::2]}
    found = in_javascript(scripts, names, 1000)
    different = []
    for name in names:
        x, y = get(name).start
        by_race = raced(name, [*scripts], 1000, (x, y))
        apart = [one for one, points in by_race.items() if gap(found[name][one], points) > 1e-9]
        for one, points in raced(name, apart, 1000, (x * (1 + 1e-15), y)).items() if apart else ():
            assert gap(points, by_race[one]) > 1e-9, (name, one)
        different += [f"{name} {one}" for one in apart]
    assert len(different) < len(scripts)


def gap(a: Points, b: Points) -> float:
    """The largest distance between two runs along a coordinate, while both go on."""
    shared = min(len(a), len(b))
    return float(np.abs(a[:shared] - b[:shared]).max())


@dataclass(frozen=True)
class Mine(FirstOrder):
    """An optimizer of one's own, with a schedule, a condition and a root."""

    decay: float = field(default=0.01)

    def coef(self, t: int) -> tuple[Any, ...]:
        rate = self.lr / (1 + self.decay * t) if t > 10 else self.lr * t / 10
        return (rate * 0.9 ** (t // 20) * (1 + t % 3),)

    def update(self, p, g, s, c):
        return p - c[0] * g / (1 + (g * g).sum(0).sqrt()), s


@dataclass(frozen=True)
class Endless(Mine):
    """Counts down to a step that only the program knows."""

    def coef(self, t: int) -> tuple[Any, ...]:
        while t > 0.5:
            t = t / 2
        return (t * self.lr,)


@dataclass(frozen=True)
class Capped(Mine):
    """Reads the point as a number."""

    def update(self, p, g, s, c):
        return (p - g if float(g.sum()) < 1 else p), s


@in_node
def test_optimizers_of_ones_own_in_one_and_three_dimensions():
    for name, dim in (("forrester", None), ("rosenbrock", 3)):
        objective, mine = get(name, dim) if dim else get(name), Mine(lr=0.05)
        one, script = emit_optimizer(mine, objective.dim), emit_function(objective)
        run = f"{library([script, one])}\nresult=[...{one.source}.run({script.source},data,60,[0.05,0.01]).x];"
        found = np.array(node.run(run, list(objective.start))).reshape(-1, objective.dim)
        record = race(objective, {"mine": mine}, steps=60)
        np.testing.assert_allclose(found, record.trajectories.x[0], rtol=1e-12)


@in_node
def test_a_module_exports_functions_and_optimizers(tmp_path):
    specs = ("nesterov(lr=0.01)", "adam(lr=0.1)")
    text = emit_module([get("booth"), get("beale")], [parse(spec)[0] for spec in specs])
    file = tmp_path / "races.mjs"
    file.write_text(text, encoding="utf-8")
    script = (
        f"import({json.dumps(file.as_uri())}).then(({{functions,optimizers}})=>console.log(JSON.stringify("
        "Object.values(optimizers).map(one=>[...one.run(functions.booth,[-8,8],20,one.values).loss]))))"
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=60, check=True)
    record = race("booth", {spec: parse(spec)[0] for spec in specs}, steps=20, start=(-8, 8))
    np.testing.assert_allclose(json.loads(done.stdout), record.trajectories.loss, rtol=1e-12)


def test_functions_of_a_module_must_fit_together():
    with pytest.raises(InputError, match=r"different names and one number of coordinates, got booth \(2\), wood \(4\)"):
        emit_module([get("booth"), get("wood")])
    assert emit_module(["booth"], ["sgd(lr=0.1)"]) == emit_module([get("booth")], [SGD(lr=0.1)])
    with pytest.raises(InputError, match="got none"):
        emit_module([])


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        ("nelder_mead", "NelderMead .* is not a first-order optimizer"),
        ("clip(adam(lr=0.1), norm=1)", "Clip .* is not a first-order optimizer"),
        ("sophia", "Sophia .* steps need the curvature"),
        ("muon", "Muon .* multiplies matrices in bfloat16"),
        ("psgd_kron", "Kron .* steps need random numbers"),
        ("soap", "SOAP .* turn the point by eigenvectors"),
        (Endless(lr=0.1), "Endless .* coefficients have too many conditions"),
        (Adafactor(lr=0.1, rows=3), "Adafactor .* cannot be traced"),
        (Capped(lr=0.1), "Capped .* reads the point as a number"),
    ],
)
def test_optimizers_without_javascript_say_why(optimizer: str | Optimizer, reason: str):
    given = optimizer if isinstance(optimizer, Optimizer) else parse(optimizer)[0]
    with pytest.raises(InputError, match=reason):
        emit_optimizer(given)


def test_an_invalid_number_of_coordinates_is_refused():
    with pytest.raises(InputError, match="dim must be an integer >= 1, got 0"):
        emit_optimizer(Adam(lr=0.1), 0)


def test_hyperparameters_at_zero_are_fixed():
    assert "weight_decay" not in emit_optimizer(Adam(lr=0.1)).hyperparameters
    assert emit_optimizer(Adam(lr=0.1, weight_decay=0.5)).hyperparameters["weight_decay"] == 0.5


@in_node
def test_hyperparameters_can_be_changed():
    """The values of a slider give the same run as an optimizer made with them."""
    given = {"slow": emit_optimizer(Adam(lr=0.01)), "fast": emit_optimizer(Adam(lr=0.2, beta1=0.5))}
    beale = emit_function(get("beale"))
    found = node.run(
        f"{library([beale, *given.values()])}\nconst f={beale.source},slow={given['slow'].source},"
        f"fast={given['fast'].source};"
        "result=[slow.names,[slow,fast].map(one=>[...one.run(f,[-3,2],40,fast.values).x])];"
    )
    assert found[0] == ["lr", "beta1", "beta2", "eps"]
    assert found[1][0] == found[1][1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: emit_function("bothe"), "Did you mean booth"),
        (lambda: emit_function(3), "a function must be a name of the catalogue"),
        (lambda: emit_function(lambda x, y: x), "has no bounds"),
        (lambda: emit_optimizer("adam"), r"'adam' has no learning rate; write it in the text, as in adam\(lr="),
        (lambda: emit_optimizer("bfgs"), "BFGS cannot be written as JavaScript"),
        (lambda: emit_optimizer(None), "expected an optimizer, or its text"),
        (lambda: emit_optimizer(get("booth")), "expected an optimizer, or its text"),
        (lambda: emit_module("booth"), "functions must be a list, got 'booth'"),
        (lambda: emit_module(["booth"], SGD(lr=1)), "optimizers must be a list, got SGD"),
    ],
)
def test_other_objects_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
