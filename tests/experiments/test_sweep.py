"""`sweep`: every run equals its race, wherever it lies in the grid, and invalid input is refused early."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from merged import merged

from landscapes import (
    InputError,
    Range,
    Record,
    Stop,
    Tuning,
    compare,
    function,
    functions,
    optimizers,
    race,
    sweep,
    transforms,
    tune,
)
from landscapes.engine.batch import Batch
from landscapes.execution.plan import Block, RunSettings
from landscapes.experiments import _sweep
from landscapes.experiments.outcomes import roaming_box
from landscapes.experiments.search_space import COMMON
from landscapes.record import filled

VALLEY = function((-2, 2), (-2, 2), start=(-1.2, 1), minima=[(1, 1)], steps=40, name="valley")(
    lambda x, y: (1 - x) ** 2 + 10 * (y - x * x) ** 2
)
UNKNOWN = dataclasses.replace(
    VALLEY,
    minima=(),
    minimum=math.nan,
    name="unknown",
    domain=((-1, 0), (-1, 0), (-1, 0), (-1, 0)),
    view=((-1, 0),) * 4,
    start=(-0.5,) * 4,
    formula=lambda a, b, c, d: a * a + b * b + c * c + d**4,
)
"""More coordinates than the search for a minimum takes."""


# What runs where


def test_every_run_of_a_grid_is_the_race_it_stands_for():
    rates, betas, starts = [0.01, 0.3], [0.0, 0.5, 0.9], [(-1.2, 1.0), (0.5, -1.5)]
    record = sweep(VALLEY, "adam", lr=rates, beta1=betas, starts=starts, record_steps="all")
    assert record.axes == {"lr": rates, "beta1": betas, "start": [0, 1]}
    x, value = record.grid(record.trajectories.x), record.grid(record.trajectories.loss)
    for i, j, k in itertools.product(range(2), range(3), range(2)):
        alone = race(VALLEY, optimizers.Adam(lr=rates[i], beta1=betas[j]), start=starts[k])
        assert np.array_equal(x[i, j, k], alone.trajectories.x[0])
        assert np.array_equal(value[i, j, k], alone.trajectories.loss[0])
        assert record.grid("lr")[i, j, k] == rates[i]
        assert record.grid("beta1")[i, j, k] == betas[j]
        if k == 0:  # the target is that of the first start
            assert filled(record.grid("reached"))[i, j, k] == filled(alone.trajectories.runs["reached"])[0]
            assert record.grid("status")[i, j, k] == alone.trajectories.runs["status"][0]


def test_optimizers_are_an_axis_where_there_are_several():
    record = sweep(VALLEY, {"plain": "sgd", "heavy": optimizers.SGD(momentum=0.9)}, lr=[1e-3, 1e-2])
    assert list(record.axes.items()) == [("optimizer", ["plain", "heavy"]), ("lr", [1e-3, 1e-2])]
    assert record.grid("label").tolist() == [["plain"] * 2, ["heavy"] * 2]
    heavy = race(VALLEY, optimizers.SGD(lr=1e-2, momentum=0.9)).trajectories.loss[0, -1]
    assert record.grid("final")[1, 1] == heavy
    assert record.meta["optimizers"] == {"plain": "sgd(lr=0.001)", "heavy": "sgd(lr=0.001, momentum=0.9)"}


def test_a_number_is_set_once_for_all():
    record = sweep(VALLEY, "sgd", lr=[1e-3, 1e-2], momentum=0.5)
    assert list(record.axes) == ["lr"]
    alone = race(VALLEY, optimizers.SGD(lr=1e-2, momentum=0.5)).trajectories.loss[0, -1]
    assert record.grid("final")[1] == alone


def test_momentum_may_be_none_at_all_in_the_same_grid():
    record = sweep(VALLEY, "sgd", momentum=[0.0, 0.9], lr=[1e-3])
    singles = [race(VALLEY, optimizers.SGD(lr=1e-3, momentum=m)).trajectories.loss[0, -1] for m in (0.0, 0.9)]
    assert record.grid("final")[:, 0].tolist() == singles


def test_an_open_learning_rate_is_tuned():
    record = sweep("beale", "adam", beta1=[0.5, 0.9])
    assert len(set(record.trajectories.runs["lr"])) == 1
    stored = race("beale", "adam", steps=functions.get("beale").steps).trajectories.runs["lr"][0]
    assert record.trajectories.runs["lr"][0] == stored
    around = sweep("beale", "clip(adam, norm=1)", lr=[0.1, 0.2], steps=5)
    assert around.trajectories.runs["lr"].tolist() == [0.1, 0.2]


def test_without_anything_to_vary_it_runs_what_there_is():
    record = sweep(VALLEY, ["sgd(lr=0.01)", "adam(lr=0.1)"])
    assert record.axes == {"optimizer": ["SGD", "Adam"]}
    assert len(sweep(VALLEY, "sgd(lr=0.01)").trajectories) == 1


# Starts and seeds


def test_starts_are_drawn_near_the_given_one_and_seeds_are_noise_of_their_own():
    record = sweep(VALLEY, "noise(sgd(lr=0.001), sigma=1)", starts=3, seeds=2)
    assert {name: len(axis) for name, axis in record.axes.items()} == {"start": 3, "seed": 2}
    starts = record.grid(record.trajectories.x[:, 0])
    assert np.array_equal(starts[:, 0], starts[:, 1])
    assert starts[0, 0].tolist() == list(VALLEY.start)
    assert len(np.unique(starts[:, 0], axis=0)) == 3
    assert np.abs(starts - VALLEY.start).max() <= 0.02 * 4
    final = record.grid("final")
    assert len(np.unique(final)) == 6, "each its own noise"
    noisy = optimizers.Noise(optimizers.SGD(lr=0.001), sigma=1.0)
    assert np.array_equal(sweep(VALLEY, noisy, starts=3, seeds=2).grid("final"), final)
    assert not np.array_equal(sweep(VALLEY, noisy, starts=3, seeds=2, seed=1).grid("final"), final)


def run_with_seeds(experiment, function, optimizer):
    given = {"candidates": 9} if experiment is tune else {}
    experiment(function, [optimizer], steps=20, starts=2, seeds=2, **given)


@pytest.mark.parametrize("experiment", [sweep, compare, tune])
def test_seeds_that_repeat_a_run_are_warned_of(experiment):
    """Samples of the step alone are the same for all runs: 20 seeds would pass for 20 samples."""
    noisy = transforms.noisy(VALLEY, sigma=0.5)
    shared = dataclasses.replace(noisy, sample=lambda t: noisy.sample(t))
    with pytest.warns(UserWarning, match=r"the 2 seeds gave equal runs.*noise\(adam, sigma=0.5\)") as warned:
        run_with_seeds(experiment, shared, "sgd(lr=0.001)")
    assert [warning.filename for warning in warned] == [__file__]
    run_with_seeds(experiment, shared, "noise(sgd(lr=0.001), sigma=1)")
    run_with_seeds(experiment, noisy, "sgd(lr=0.001)")


@pytest.mark.parametrize("spread", ["view", "domain", 0.5])
def test_starts_lie_where_they_are_to_be_drawn(spread):
    wide = dataclasses.replace(VALLEY, domain=((-20.0, 20.0), (-20.0, 20.0)))
    starts = np.array(sweep(wide, "sgd(lr=0.001)", starts=64, spread=spread, steps=1).meta["starts"])
    low, high = {"view": (-2, 2), "domain": (-20, 20), 0.5: (np.array(VALLEY.start) - 2, np.array(VALLEY.start) + 2)}[
        spread
    ]
    assert (starts[1:] >= low).all()
    assert (starts[1:] <= high).all()
    assert np.ptp(starts[1:], 0).min() > 0.8 * np.max(np.subtract(high, low))


def test_starts_where_the_function_is_not_finite_are_not_drawn():
    half = function((-2, 2), (-2, 2), start=(1.0, 1.0), minima=[(1, 0)])(lambda x, y: x - torch.log(x) + y * y)
    starts = np.array(sweep(half, "sgd(lr=0.01)", starts=20, spread="view", steps=1).meta["starts"])
    assert len(starts) == 20
    assert (starts[:, 0] > 0).all()


# Designs


@pytest.mark.parametrize("design", ["random", "sobol"])
def test_drawn_settings_are_trials_within_their_ranges(design):
    record = sweep(VALLEY, "adam", lr=Range(1e-4, 1.0), beta1=[0.0, 0.9], design=design, count=32, steps=5)
    assert record.axes == {"trial": list(range(32))}
    rates, betas = record.trajectories.runs["lr"], record.trajectories.runs["beta1"]
    assert ((rates >= 1e-4) & (rates <= 1)).all()
    assert set(betas) == {0.0, 0.9}
    shares = np.log10(rates) / 4 + 1
    assert abs(shares.mean() - 0.5) < 0.15, "even on a log scale"
    assert record.meta["scales"] == {"lr": "log", "beta1": "decay"}
    k = 7
    alone = race(VALLEY, optimizers.Adam(lr=float(rates[k]), beta1=float(betas[k])), steps=5)
    assert record.trajectories.loss[k, -1] == alone.trajectories.loss[0, -1]


def test_sobol_covers_a_range_more_evenly_than_chance():
    def gap(design):
        rates = sweep(VALLEY, "adam", lr=Range(0.0, 1.0, "linear"), design=design, count=64, steps=1).trajectories.runs[
            "lr"
        ]
        return np.diff(np.sort(np.concatenate([[0.0], rates, [1.0]]))).max()

    assert gap("sobol") < 2.1 / 64 < gap("random")


def test_a_range_is_a_grid_of_its_scale():
    record = sweep(VALLEY, "adam", lr=Range(1e-4, 1.0), beta1=Range(0.0, 0.99, "decay", n=3), steps=1)
    assert len(record.axes["lr"]) == 16
    assert np.allclose(np.diff(np.log10(record.axes["lr"])), 4 / 15)
    assert record.axes["beta1"] == pytest.approx([0.0, 0.9, 0.99])
    assert record.meta["scales"]["beta1"] == COMMON["beta1"].scale


# What it says


@pytest.mark.slow
def test_columns_describe_how_runs_end():
    record = sweep(VALLEY, "sgd", lr=[1e-4, 0.02, 50.0], steps=2000, stop=Stop(gtol=1e-3))
    runs = record.trajectories.runs
    assert runs["status"].tolist() == ["max_steps", "converged", "diverged"]
    assert runs["reason"].tolist() == ["", "gtol", "bound"]
    assert (filled(runs["stopped"])[1:] > 0).all()
    assert runs["reached"].mask.tolist() == [True, False, True]
    assert runs["n_gradients"].tolist() == [2000, *runs["stopped"][1:].tolist()]
    assert np.array_equal(runs["final"], record.trajectories.loss[:, -1])
    assert (runs["lowest"] <= runs["final"]).all()
    assert record.surface is not None
    assert record.meta["experiment"] == "sweep"
    assert record.meta["complete"]


def test_a_sweep_is_saved_and_read_again(tmp_path):
    record = sweep(VALLEY, "adam", lr=[0.1, 0.2], steps=3, metrics=["gradient_norm"])
    again = Record.load(record.save(tmp_path / "sweep.npz"))
    assert again.axes == record.axes
    assert np.array_equal(again.grid("final"), record.grid("final"))
    assert again.trajectories.metrics["gradient_norm"].shape == (2, 2)


def test_an_unknown_minimum_needs_a_given_target():
    assert sweep(UNKNOWN, "sgd", lr=[0.1], steps=3).meta["target"] is None
    given = sweep(UNKNOWN, "sgd", lr=[0.1, 1e-6], steps=30, target=0.1)
    assert given.trajectories.runs["status"].tolist() == ["converged", "max_steps"]


def test_progress_counts_runs_and_an_executor_changes_nothing():
    reported = []
    record = sweep(VALLEY, "adam", lr=[0.1, 0.2, 0.3], steps=5, progress=lambda *pair: reported.append(pair))
    assert reported[-1] == (3, 3)
    with ThreadPoolExecutor(2) as executor:
        other = sweep(VALLEY, "adam", lr=[0.1, 0.2, 0.3], steps=5, executor=executor)
    assert np.array_equal(record.trajectories.x, other.trajectories.x)


def test_a_folder_keeps_what_is_done(tmp_path):
    record = sweep("booth", "adam", lr=[0.1, 0.2, 0.3], steps=5, resume_dir=tmp_path / "kept")
    again = sweep("booth", "adam", lr=[0.1, 0.2, 0.3], steps=5, resume_dir=tmp_path / "kept")
    assert np.array_equal(record.trajectories.x, again.trajectories.x)
    with pytest.raises(InputError, match="kept"):
        sweep("booth", "adam", lr=[0.1, 0.2, 0.4], steps=5, resume_dir=tmp_path / "kept")


def test_ctrl_c_returns_what_is_done_with_its_metrics():
    def stop(done, total):
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        record = sweep(VALLEY, ["adam", "sgd"], lr=[0.1, 0.2], metrics=["gradient_norm"], progress=stop)
    assert not record.meta["complete"]
    done = np.array([[True, True], [False, False]])
    assert np.array_equal(record.grid("status") != "not run", done)
    assert np.array_equal(np.isfinite(record.grid(record.trajectories.metrics["gradient_norm"])).all(-1), done)
    assert (filled(record.grid("reached"))[1] == -1).all()


# Settings of wrappers, flags and several functions


WRAPPED = {
    "clip.norm": ("clip(momentum(lr=0.01), norm=1)", [0.1, 1.0, 10.0]),
    "clip.value": ("clip(momentum(lr=0.01), norm=1)", [0.1, 1.0]),
    "cosine.steps": ("clip(cosine(sgd(lr=0.01)), norm=1)", [5, 20, 40]),
    "warm_up.steps": ("warm_up(cosine(adam(lr=0.1)))", [0, 5, 30]),
    "noise.sigma": ("noise(sgd(lr=0.001), sigma=1)", [0.1, 2.0]),
    "lookahead.k": ("lookahead(adam(lr=0.1))", [2, 7]),
    "decay.decoupled": ("decay(adam(lr=0.1))", [False, True]),
    "noise.kind": ("noise(sgd(lr=0.001), sigma=1)", ["normal", "student"]),
    "clip2.norm": ("clip(cosine(clip(sgd(lr=0.01), norm=9)), value=1)", [0.1, 1.0]),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_setting_of_a_wrapper_varies_as_if_it_were_given(name):
    text, values = WRAPPED[name]
    varied = sweep("beale", text, **{name: values}, steps=25)
    assert varied.axes == {name: values}
    optimizer = optimizers.parse(text)[0]
    for value, final in zip(values, varied.grid("final").tolist(), strict=True):
        assert sweep("beale", optimizer.with_hyperparameters({name: value}), steps=25).grid("final").item() == final
    assert len(np.unique(varied.grid("final"))) == len(values)


def test_optimizers_that_differ_only_in_what_varies_are_refused(monkeypatch):
    monkeypatch.setattr(_sweep, "execute", None)
    for given, settings, message in (
        (["adam", "adam(lr=0.1)"], {"lr": [0.1, 0.2]}, "adam(lr=0.1) are the same once lr varies; give one of them"),
        (["adam(lr=0.1)", "adam(lr=0.2)"], {"lr": 0.3}, "adam(lr=0.3) is given twice; give one of them"),
        (["momentum", "momentum(nesterov=True)"], {"nesterov": [True, False]}, "are the same once nesterov varies"),
        (["clip(sgd, norm=1)", "clip(sgd, norm=2)"], {"clip.norm": [1, 2]}, "are the same once clip.norm varies"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            sweep("booth", given, steps=5, **settings)
    with pytest.raises(InputError, match="are the same once lr varies"):
        compare("booth", ["adam", "adam(lr=0.1)"], lr_grid=[0.1, 0.2], steps=5)
    with pytest.raises(InputError, match="are the same once lr varies"):
        compare("booth", ["adam", "adam(lr=0.1)"], tuning=Tuning(trials=2, studies=2), steps=5)


def test_optimizers_that_differ_in_more_than_what_varies_run():
    for given in (["sgd", "clip(sgd, norm=1)"], ["adam", "adam(beta1=0.5)"], {"a": "adam", "b": "adam(lr=0.1)"}):
        assert len(sweep("booth", given, lr=[0.1, 0.2], steps=2).axes["optimizer"]) == 2


def test_a_label_does_not_state_what_varies():
    record = sweep("beale", ["clip(sgd(lr=0.01), norm=1)", "adam(lr=0.1)"][:1], **{"clip.norm": [0.1, 1.0]}, steps=5)
    assert set(record.trajectories.runs["label"].tolist()) == {"SGD · clip"}
    assert record.meta.optimizers == {"SGD · clip": "clip(sgd(lr=0.01), norm=1.0)"}


def test_of_two_clips_each_has_its_name_and_the_label_says_which_varies():
    text = "clip(clip(sgd(lr=0.01), norm=9), value=2)"
    inner = sweep("beale", text, **{"clip2.norm": [0.1, 1.0]}, steps=5)
    assert set(inner.trajectories.runs["label"].tolist()) == {"SGD · clip · clip values 2"}
    outer = sweep("beale", text, **{"clip.value": [0.1, 1.0]}, steps=5)
    assert set(outer.trajectories.runs["label"].tolist()) == {"SGD · clip 9 · clip"}
    alone = sweep("beale", "clip(clip(sgd(lr=0.01), norm=0.1), value=2)", steps=5)
    assert inner.grid("final")[0] == alone.grid("final").item()


def test_a_range_of_a_whole_number_has_whole_values():
    record = sweep("beale", "cosine(sgd(lr=0.01))", **{"cosine.steps": Range(10, 200, n=4)}, steps=5)
    assert record.axes["cosine.steps"] == [10.0, 27.0, 74.0, 200.0]


def test_flags_of_a_foreign_class_vary():
    foreign = optimizers.Torch(torch.optim.SGD, lr=0.01, momentum=0.9)
    found = sweep("beale", foreign, nesterov=[False, True], steps=20).grid("final")
    own = sweep("beale", "momentum", lr=0.01, nesterov=[False, True], steps=20).grid("final")
    assert found.tolist() == own.tolist()
    with pytest.raises(
        InputError, match=r"hyper-parameter of SGD 'fused'\. Known: dampening, lr, maximize, momentum, nest"
    ):
        sweep("beale", foreign, fused=[False, True], steps=2)


def test_flags_are_axes_before_numbers_and_each_has_its_tuned_rate():
    record = sweep("beale", ["momentum", "sgd(lr=0.01, momentum=0.5)"], momentum=[0.5, 0.9], nesterov=[True, False])
    assert list(record.axes) == ["optimizer", "nesterov", "momentum"]
    assert record.axes["nesterov"] == [True, False]
    assert record.meta.scales["nesterov"] == "categorical"
    tuned = sweep("beale", "sgd(momentum=0.9, nesterov=True)")
    assert record.grid("lr")[0, 0, 0] == tuned.grid("lr").item()
    assert record.grid("final")[0, 0, 1] == tuned.grid("final").item()
    alone = sweep("beale", "sgd(lr=0.01)", momentum=0.5, nesterov=True)
    assert record.grid("final")[1, 0, 0] == alone.grid("final").item()


def test_several_functions_are_an_axis_with_facts_of_their_own(tmp_path):
    wide = function((-2, 2), (-2, 2), (-2, 2), start=(1, 1, 1), minima=[(0, 0, 0)], steps=9, name="ball")(
        lambda x, y, z: x * x + y * y + z * z
    )
    record = sweep(["booth", wide], ["sgd", "adam(lr=0.1)"], lr=[0.01, 0.1], seeds=1, steps=40)
    assert {name: len(axis) for name, axis in record.axes.items()} == {
        "function": 2,
        "optimizer": 2,
        "lr": 2,
        "seed": 1,
    }
    assert (record.meta.target, record.meta.title) == (None, "Booth, Ball")
    for name, given in (("booth", "booth"), ("ball", wide)):
        part, alone = (
            record.sel(function=name),
            sweep(given, ["sgd", "adam(lr=0.1)"], lr=[0.01, 0.1], seeds=1, steps=40),
        )
        assert part.meta.target == alone.meta.target
        assert part.meta.start == alone.meta.start
        assert part.axes == alone.axes
        assert np.array_equal(part.trajectories.x, alone.trajectories.x)
        assert np.array_equal(part.grid("reached"), alone.grid("reached"))
    record.save(tmp_path / "many.npz")
    assert Record.load(tmp_path / "many.npz").meta == record.meta
    assert sweep(["booth", wide], "sgd(lr=0.1)").meta.steps == functions.get("booth").steps


# Bad input


@merged(
    ("arguments", "message"),
    [
        ({"optimizers": []}, "no optimizers to sweep"),
        ({"optimizers": 3}, "an optimizer must be a name, an optimizer or a class of optimizers, got 3"),
        ({"lr": [0.1, math.nan]}, "Adam: lr must be finite and >= 0, got nan"),
        ({"lr": [0.1, -1.0]}, "Adam: lr must be >= 0, got -1.0"),
        ({"lr": math.nan}, "Adam: lr must be finite and >= 0, got nan"),
        ({"lr": []}, "lr has no values"),
        ({"lr": [0.1, 0.1]}, "lr has the value 0.1 twice"),
        ({"lr": "0.1"}, "lr must be numbers"),
        ({"lr": [True, False]}, "lr must be numbers"),
        ({"amsgrad": [True, True]}, "amsgrad has a value twice"),
        ({"amsgrad": ["yes"]}, "amsgrad must be True or False, got 'yes'"),
        ({"amsgrad": [0.5, 1.0]}, "amsgrad of Adam is not a number: give values such as False, got"),
        ({"amsgrd": [True]}, "unknown hyper-parameter of Adam 'amsgrd'. Did you mean amsgrad"),
        ({"clip.norm": [1.0]}, "unknown hyper-parameter of Adam 'clip.norm'"),
        ({"optimizers": "clip(adam, norm=1)", "clip.nrm": [1.0]}, "Did you mean clip.norm"),
        (
            {"optimizers": "clip(adam, norm=1)", "clip2.norm": [1.0]},
            "unknown hyper-parameter of Adam · clip 1",
        ),
        ({"optimizers": "clip(adam, norm=1)", "clip.norm": [1.0, -1.0]}, "Clip: norm must be > 0, got -1"),
        ({"optimizers": "cosine(adam)", "cosine.steps": [2.5]}, "Cosine: steps must be an integer >= 0, got 2.5"),
        ({"optimizers": "sgd", "nesterov": [True]}, "nesterov requires momentum > 0"),
        ({"function": [], "optimizers": "sgd"}, "no functions to sweep on"),
        ({"function": ["booth", "beale"], "start": (1, 1)}, "start is that of one function"),
        ({"lr": [0.1, "x"]}, "lr must be numbers"),
        ({"lr": [[0.1]]}, "lr must be numbers"),
        ({"lrr": [0.1]}, "unknown hyper-parameter of Adam 'lrr'. Did you mean lr"),
        ({"lrr": 0.1}, "unknown hyper-parameter of Adam 'lrr'. Did you mean lr"),
        ({"optimizers": ["adam", "sgd"], "beta1": [0.1]}, "unknown hyper-parameter of SGD 'beta1'"),
        ({"optimizers": "nesterov", "momentum": [0.9, 0.0]}, "nesterov requires momentum > 0"),
        ({"design": "sobel"}, "unknown design 'sobel'. Did you mean sobol"),
        ({"design": "sobol"}, "need count="),
        ({"count": 3}, "count needs design="),
        ({"lr": Range(1, 2), "design": "sobol", "count": 0}, "count must be an integer >= 1, got 0"),
        ({"lr": 0.1, "seeds": 10**10}, "seeds must be <= 16,777,216, got 10,000,000,000"),
        ({"lr": Range(1, 2), "design": "sobol", "count": 2**32}, "at most 16,777,216 settings can be drawn"),
        ({"starts": 2**32}, "at most 16,777,216 points can be drawn"),
        ({"design": "sobol", "count": 2}, "needs hyper-parameters to draw"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"seeds": 0}, "seeds must be an integer >= 1, got 0"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"starts": 0}, "starts must be an integer >= 1, got 0"),
        ({"starts": []}, "starts is empty"),
        ({"starts": [(1, 2, 3)]}, "valley has 2 coordinates; the start"),
        ({"starts": [(1, 2)], "start": (0, 0)}, "give either start=… or starts="),
        ({"starts": 3, "spread": "near"}, 'spread must be "view", "domain" or a number'),
        ({"start": (math.inf, 0)}, "a start must be finite"),
        ({"target": 1e9}, "target must be below the loss at the start"),
        ({"record_steps": 0}, "a stride must be >= 1, got 0"),
        ({"dtype": torch.float16}, "dtype must be torch.float64 or torch.float32"),
        ({"device": "abacus"}, "device 'abacus' is not available here"),
    ],
)
def test_invalid_input_is_refused_in_one_line_before_any_work(arguments, message, monkeypatch):
    monkeypatch.setattr(_sweep, "execute", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match=message) as caught:
        sweep(**{"function": VALLEY, "optimizers": "adam(lr=0.1)", **arguments})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("count", [0, 1.5, True])
def test_a_range_has_an_integer_number_of_values(count):
    with pytest.raises(InputError, match="n must be an integer >= 1"):
        Range(0.1, 1.0, n=count)


def test_an_integer_range_has_too_few_values():
    with pytest.raises(InputError, match="n must be <= 16,777,216, got 1,000,000,000"):  # it took all memory
        Range(0.1, 1.0, n=10**9)
    with pytest.raises(InputError, match="there are fewer than 7 distinct values between 1 and 3"):
        Range(1, 3, "linear", whole=True, n=7)
    assert Range(1, 3, "linear", whole=True, n=3).values() == [1, 2, 3]


@pytest.mark.parametrize("names", [["sgd"], ["compass", "adam", "nelder_mead"]])
def test_runs_do_not_depend_on_a_start_far_outside_the_view(names):
    """Formerly one box around all starts: runs from the others went on to a million times the view."""
    others, far = [(-1.0, 1.0), (2.0, -0.5)], (4e6, 1.0)
    how = {"steps": 40, "lr": [0.02, 1.5]} if names == ["sgd"] else {"steps": 40}
    alone = sweep("rosenbrock", names, starts=others, target=0.1, **how)
    together = sweep("rosenbrock", names, starts=[*others, far], target=0.1, **how)
    for column in ("final", "status", "stopped", "reached", "lowest"):
        at = alone.grid(column).ndim - 1
        mine = np.take(together.grid(column), [0, 1], at)
        assert mine.tolist() == alone.grid(column).tolist()
    if names == ["sgd"]:
        assert "diverged" in alone.grid("status")
        assert together.grid("stopped")[1, 2] > 0, "the far run has a box of its own"


def test_a_start_outside_the_view_has_the_box_of_a_sweep_from_there_alone():
    """The view of the saddle is 4 wide, and runs are unbounded a quarter beyond: from (9, 3) a quarter of 11."""
    saddle = functions.get("saddle")
    starts = np.array([[9.0, 3.0], [1.0, 0.1]])
    settings = RunSettings(5, roaming_box(saddle).numpy())
    boxes = Block(saddle, Batch(optimizers.SGD(lr=0.1), 2), starts, np.zeros(2, np.int64), settings).boxes()
    torch.testing.assert_close(boxes[..., 0], roaming_box(saddle, starts[:1]))
    torch.testing.assert_close(boxes[..., 1], roaming_box(saddle))
