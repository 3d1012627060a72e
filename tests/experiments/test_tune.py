"""`tune`: it finds what theory predicts, treats all optimizers alike, reports edges, and refuses invalid input."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from every_optimizer import OPTIMIZERS, optimizer_of
from hypothesis import given
from hypothesis import strategies as st
from merged import merged

from landscapes import Record, TuneResult, function, optimizers, render
from landscapes.analysis import tuning
from landscapes.errors import InputError
from landscapes.experiments import following
from landscapes.experiments._tune import tune
from landscapes.experiments.search_space import Range, search_space
from landscapes.optimizers.base import NON_NEGATIVE

ELLIPSE = function((-2, 2), (-2, 2), start=(-1.8, 0.6), minima=[(0, 0)], name="ellipse")(
    lambda x, y: x * x / 2 + 9 * y * y / 2
)
"""Curvatures 1 and 9."""


def small(optimizers, objective=ELLIPSE, **more):
    return tune(objective, optimizers, **{"steps": 60, "candidates": 27, "starts": 2, **more})


def column(record, name, label=None):
    """One fact of the trials, of one optimizer or of all."""
    runs = record.trajectories.runs
    return runs[name][slice(None) if label is None else runs["label"] == label].tolist()


# What it finds


def test_gradient_descent_gets_the_learning_rate_that_theory_predicts():
    """2 / (1 + 9) = 0.2 shrinks both directions alike; the effort is flat around it."""
    found = small("sgd", vary=["lr"], candidates=243, target=1e-12, steps=90)
    assert found.best["SGD"].learning_rate == pytest.approx(0.2, rel=0.1)
    assert found.best["SGD"] == dataclasses.replace(optimizers.SGD(), lr=found.best["SGD"].learning_rate)


def test_heavy_ball_gets_both_its_numbers():
    """Polyak (1964): on curvatures m and M best is √β = (√M−√m)/(√M+√m), here β = 0.25; and it beats plain descent."""
    found = small(["sgd", "momentum"], vary=["lr", "momentum"], candidates=243, target=1e-10, steps=90)
    plain = small(["sgd"], vary=["lr"], candidates=243, target=1e-10, steps=90)
    assert found.best["Momentum"].hyperparameters()["momentum"] == pytest.approx(0.25, abs=0.15)
    assert found.meta.effort["Momentum"] < 0.7 * plain.meta.effort["SGD"]


def test_tuned_beats_default():
    found = small(["adam", "rmsprop", "adagrad"])
    untouched = {}
    for label, name in zip(found.best, ["adam", "rmsprop", "adagrad"], strict=True):
        given = column(found, "optimizer", label).index(optimizer_of(name).spec)
        untouched[label] = column(found, "effort", label)[given]
    for label, effort in found.meta.effort.items():
        assert effort < untouched[label]
        assert effort < 1, "reaches the target"


def test_noise_is_the_same_for_all_and_new_for_every_seed():
    both = {name: optimizers.Noise(optimizers.SGD(), sigma=0.5) for name in "ab"}
    found = tune(ELLIPSE, both, steps=60, candidates=9, starts=1, seeds=3, target=0.5)
    assert found.best["a"] == found.best["b"]
    assert found.meta.effort["a"] == found.meta.effort["b"]


# Fair, and the same again


def test_every_optimizer_gets_the_same():
    found = small(["sgd", "adam", "lion", "rprop"], vary=["lr"])
    tried = [
        list(zip(*(column(found, name, label) for name in ("round", "rung", "steps")), strict=True))
        for label in found.best
    ]
    assert tried[0] == tried[1] == tried[2] == tried[3]
    assert len(tried[0]) == 2 * (27 + 9 + 3)
    assert {steps for _, _, steps in tried[0]} == {6, 20, 60}


def test_an_optimizer_does_not_depend_on_the_others():
    together, alone = small(["sgd", "adam"]), small(["adam"])
    assert together.best["Adam"] == alone.best["Adam"]
    assert together.meta.spent["Adam"] == alone.meta.spent["Adam"]


def test_the_same_call_finds_the_same_and_another_seed_looks_elsewhere():
    one, two, other = small(["adam"]), small(["adam"]), small(["adam"], seed=5)
    assert one.best == two.best
    assert column(one, "effort") == column(two, "effort")
    assert set(column(one, "optimizer")) != set(column(other, "optimizer"))


def test_the_given_optimizer_is_among_the_candidates():
    mine = optimizers.Adam(lr=0.123, beta1=0.5)
    found = small({"mine": mine})
    assert mine.spec in column(found, "optimizer")


def test_evaluations_are_counted():
    found = small(["sgd"], vary={"lr": (1e-4, 1e-3)}, starts=2)
    followed = following.HORIZON * 60
    assert found.meta.spent["SGD"] == 2 * 2 * (27 * 6 + 9 * 20 + 3 * (60 + followed))


# Edges


def test_a_choice_at_the_edge_is_followed_outwards():
    found = small("sgd", vary={"lr": Range(1e-4, 2e-2)}, candidates=81)
    lrs = np.array(column(found, "lr"))[np.array(column(found, "round")) == 1]
    assert lrs.max() > 2e-2, "widened"
    assert found.best["SGD"].learning_rate > 2e-2


def test_a_remaining_edge_is_reported():
    found = small("sgd", vary={"lr": Range(1e-6, 1e-5)})
    assert found.meta.edges["SGD"] == {"lr": "edge"}
    assert "lr (edge)" in render.table(found)
    held = small("sgd", vary={"lr": Range(1e-3, 1e-2, most=1e-2)})
    assert held.best["SGD"].learning_rate == pytest.approx(1e-2, rel=0.1)
    assert max(column(held, "lr")) <= 1e-2
    assert held.meta.edges["SGD"] == {"lr": "limit"}


def test_an_inner_choice_has_no_edge():
    assert small("sgd", vary=["lr"]).meta.edges["SGD"] == {}


# What it gives back


def test_each_trial_is_a_run():
    record = small(["sgd", "adam"])
    runs = record.trajectories.runs
    assert len(record.trajectories) == 2 * 2 * (27 + 9 + 3)
    assert {"label", "optimizer", "effort", "rung", "round", "steps", "evaluations", "lr", "momentum", "beta1"} <= set(
        runs
    )
    assert np.isnan(runs["beta1"][runs["label"] == "SGD"]).all()
    assert np.isfinite(runs["lr"]).all()
    chosen = record.sel(chosen=True).trajectories.runs
    assert dict(zip(chosen["label"].tolist(), chosen["optimizer"].tolist(), strict=True)) == record.meta.optimizers
    assert dict(zip(chosen["label"].tolist(), chosen["effort"].tolist(), strict=True)) == record.meta.effort
    assert (chosen["steps"] == 60).all()
    assert (record.meta.experiment, record.meta.function, record.meta.steps) == ("tune", "ellipse", 60)
    first = record.trajectories.x[:, 0]
    assert (first == np.array(ELLIPSE.start)).all(), "points are those from the given start"
    reached = record.trajectories.loss[:, -1] <= record.meta.target
    assert (runs["status"] == "converged").tolist() == reached.tolist()


def test_trials_come_as_columns_and_as_a_table():
    record = small(["sgd", "adam"])
    columns = tuning.columns(record)
    assert {len(values) for values in columns.values()} == {len(record.trajectories)}
    assert list(columns)[:6] == list(tuning.FACTS)
    assert list(columns)[6:] == record.meta.hyperparameters
    caption, _, header, *rows = render.table(record).splitlines()
    assert caption == f"Ellipse: effort to reach {record.meta.target:.3g}, as a share of 60 steps"
    assert header.split("  ")[0] == "optimizer"
    assert [row.split()[0] for row in rows] == sorted(record.best, key=record.meta.effort.__getitem__)
    assert "| Adam |" in render.table(record, "markdown")


def test_a_tuning_is_saved_and_read_again(tmp_path):
    record = small(["sgd", "clip(adam, norm=1)"])
    again = Record.load(record.save(tmp_path / "tune.npz"))
    assert again.best == record.best
    assert again.meta == record.meta
    assert render.table(again) == render.table(record)
    view = TuneResult.of(again)
    assert (view.best, view.effort, view.spent) == (record.best, record.meta.effort, record.meta.spent)
    assert (view.target, view.steps, view.edges) == (record.meta.target, 60, record.meta.edges)
    assert view.table() in render.table(record)


def test_only_a_tuning_has_best_optimizers():
    from landscapes import race

    record = race("booth", "sgd(lr=0.1)", steps=2)
    with pytest.raises(InputError, match=r"found by tune\(\), got the record of a race"):
        _ = record.best
    with pytest.raises(InputError, match=r"trials are in the record of tune\(\), got the record of a race"):
        TuneResult.of(record)


def test_progress_counts_rungs():
    reported = []
    small("sgd", progress=lambda *pair: reported.append(pair))
    assert reported == [(i, 6) for i in range(1, 7)]


def test_an_own_optimizer_is_tuned():
    @dataclasses.dataclass(frozen=True)
    class Cooling(optimizers.FirstOrder):
        lr: float = dataclasses.field(default=0.1, metadata=NON_NEGATIVE)
        pace: float = 0.5

        def coef(self, t):
            return (self.lr / (1 + self.pace * t),)

        def update(self, p, g, s, c):
            return p - c[0] * g, ()

    found = small({"mine": Cooling()})
    assert set(column(found, "pace")) - {0.5}
    assert isinstance(found.best["mine"], Cooling)
    assert found.meta.effort["mine"] < 1


def test_the_own_numbers_of_a_wrapper_are_tuned_if_they_are_named():
    """Clipping caps the step, so that the learning rate may be above 2 / 9, where plain descent diverges."""
    given = {"vary": {"lr": (0.3, 3.0), "clip.norm": (1e-2, 10.0)}, "target": 0.02}
    found = small(["clip(sgd, norm=1)", "sgd"], **given, steps=90)
    assert found.meta.varied == {"SGD · clip": ["lr", "clip.norm"], "SGD": ["lr"]}
    norms = np.array(column(found, "clip.norm", "SGD · clip"))
    assert len(set(norms[:27])) == 27
    assert norms[1:27].min() < 0.05
    assert norms[1:27].max() > 2
    assert np.isnan(column(found, "clip.norm", "SGD")).all()
    assert found.meta.effort["SGD · clip"] < 1 < found.meta.effort["SGD"]
    whole = small("warm_up(cosine(sgd(lr=0.1)), steps=9)", vary=["warm_up.steps"], candidates=9)
    assert set(column(whole, "warm_up.steps")) <= set(range(200))
    assert set(small("clip(sgd, norm=1)", candidates=9).meta.hyperparameters) == set(search_space(optimizers.SGD()))


def test_flags_stay():
    found = small(optimizers.SGD(momentum=0.9, nesterov=True))
    assert all("nesterov=True" in spec for spec in column(found, "optimizer"))


# Ranges


@merged("name", OPTIMIZERS)
def test_every_rule_takes_whatever_its_space_offers(name):
    optimizer = optimizer_of(name)
    tied = {"momentum", "dampening"} if name == "nesterov" else set()  # which must fit the flag
    for parameter, ends in search_space(optimizer).items():
        if parameter in tied:
            continue
        for share in (0.0, 0.3, 1.0):
            value = ends.at(share)
            assert (
                ends.low <= value <= ends.high
                or math.isclose(value, ends.high, rel_tol=1e-3)
                or math.isclose(value, ends.low, rel_tol=1e-3)
            )
            assert optimizer.with_hyperparameters({parameter: value}).hyperparameters()[parameter] == pytest.approx(
                value
            )


@given(
    st.sampled_from([Range(1e-4, 10.0), Range(0.0, 0.999, "decay"), Range(-2.0, 3.0, "linear")]),
    st.floats(0, 1),
    st.floats(0.1, 3),
)
@pytest.mark.slow
def test_a_range_is_spread_evenly_on_its_scale(ends, share, width):
    value = ends.at(share)
    assert ends.share(value) == pytest.approx(share, abs=5e-3)
    around = ends.around(value, width)
    assert around.low < around.high
    assert around.low <= value * (1 + 1e-2) + 1e-9
    assert value <= around.high * (1 + 1e-2) + 1e-9


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 1.0), r"with low < high"),
        ((2.0, 1.0), r"with low < high"),
        ((math.nan, 1.0), r"finite numbers"),
        ((0.0, 1.0), r"bounds on the log scale must be > 0"),
        ((0.0, 1.0, "decay"), r"bounds on the decay scale must be < 1"),
        ((0.1, 1.0, "square"), r"scale must be 'log', 'linear' or 'decay', got 'square'"),
    ],
)
def test_an_invalid_range_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Range(*arguments)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizers": []}, "no optimizers to tune"),
        ({"optimizers": [3]}, "an optimizer must be a name, an optimizer or a class of optimizers, got 3"),
        ({"optimizers": "adamm"}, "unknown optimizer 'adamm'. Did you mean adam"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"starts": 0}, "starts must be an integer >= 1, got 0"),
        ({"seeds": 1.5}, "seeds must be an integer >= 1, got 1.5"),
        ({"candidates": 8}, "candidates must be an integer >= 9, got 8"),
        ({"target": 1e9}, "target must be below the loss at the start"),
        ({"target": math.nan}, "target must be below the loss at the start"),
        ({"start": [1.0]}, r"ellipse has 2 coordinates; the start \[1.0\] has 1"),
        ({"vary": "lr"}, 'vary must be "all", names such as'),
        ({"vary": {"lr": 3}}, r"a range must be \(low, high\) or a Range, got 3"),
        ({"vary": {"lr": (3, 1)}}, "with low < high"),
        ({"vary": ["beta1"]}, "unknown hyper-parameter 'beta1'"),
        ({"vary": {"lrr": (1, 2)}}, "unknown hyper-parameter 'lrr'. Did you mean lr"),
        ({"vary": [1]}, "names of hyper-parameters must be text, got 1"),
        ({"optimizers": "clip(sgd, norm=1)", "vary": ["clip.nrm"]}, "Did you mean clip.norm"),
        (
            {"optimizers": "clip(sgd, norm=1)", "vary": ["clip.value"]},
            r"clip.value of SGD · clip 1 is not set, so it has no usual range; give one, as in vary={'clip.value': \(",
        ),
        (
            {"optimizers": "cosine(sgd)", "vary": ["cosine.steps"]},
            "cosine.steps of SGD · cosine is 0, so it has",
        ),
    ],
)
def test_bad_input_is_one_clear_line(arguments, message):
    with pytest.raises(InputError, match=message) as caught:
        tune(ELLIPSE, **{"optimizers": "sgd", **arguments})
    assert "\n" not in str(caught.value)


def test_a_function_of_unknown_depth_needs_a_target():
    unknown = function((-2, 2), (-2, 2), start=(-1, 1), name="unknown")(lambda x, y: x * x + y * y)
    with pytest.raises(InputError, match="the minimum of unknown is unknown; give the loss to reach, target="):
        tune(unknown, "sgd")
    assert tune(unknown, "sgd", vary=["lr"], steps=20, candidates=27, starts=1, target=1e-3).meta.effort["SGD"] < 1


def test_what_an_optimizer_rejects_is_not_drawn():
    """Nesterov momentum requires dampening 0, so dampening is not varied, and the others are."""
    record = tune("beale", ["nesterov", "sgd"], candidates=9, starts=1, steps=60)
    runs = record.trajectories.runs
    assert record.meta.varied["Nesterov"] == ["lr", "momentum", "weight_decay"]
    nesterov = runs["label"] == "Nesterov"
    first_rung = nesterov & (runs["round"] == 0) & (runs["rung"] == 0)
    assert len(set(runs["optimizer"][first_rung].tolist())) == 9
    assert (runs["dampening"][nesterov] == 0).all()
    assert (runs["dampening"][~nesterov] >= 0).all()
    assert record.meta.effort["Nesterov"] < 1


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (["dampening"], "vary: Nesterov cannot vary dampening: SGD: nesterov requires momentum > 0 and dampening 0"),
        ({"dampening": (0.1, 0.5)}, "vary: Nesterov cannot vary dampening"),
    ],
)
def test_a_hyperparameter_that_cannot_vary_is_refused(vary, message):
    with pytest.raises(InputError, match=message):
        tune("beale", "nesterov", vary=vary, candidates=9)


def test_a_tuning_that_can_try_nothing_says_so():
    with pytest.raises(
        InputError, match=r"Rprop accepts only 0 of 143 settings of step_min, step_max \(Rprop: step_min"
    ):
        tune("beale", "rprop", vary={"step_min": (1.0, 2.0), "step_max": (0.1, 0.5)}, candidates=9)
