"""`race`: its optimizers, their learning rates, statuses, and invalid input."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from every_optimizer import WITH_RATE, optimizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merged

from landscapes import InputError, Record, Stop, compare, function, functions, optimizers, race, render, sweep, tune
from landscapes.analysis.race_table import notes
from landscapes.experiments import _race, criterion, following, optimizer_specs, outcomes, stored_lrs
from landscapes.optimizers import parse
from landscapes.record import filled

STORED = stored_lrs.stored()["functions"]


@function((-2, 2), (-2, 2), start=(1.5, 1.0), minima=[(0, 0)], steps=40)
def bowl(x, y):
    """Round."""
    return x * x + y * y


@function((-2, 2), (-2, 2), start=(0.0, 0.1), minimum=-math.inf, steps=40)
def pass_(x, y):
    """Falls without end along y."""
    return x * x - y * y


@function((-2, 2), (-2, 2), start=(0.0, 1.0), steps=40)
def cliff(x, y):
    """NaN beyond x = 1, and it draws everyone there."""
    return torch.sqrt(1 - x) + y * y


def column(record: Record, name: str) -> list:
    return record.trajectories.runs[name].tolist()


def test_the_record_says_what_was_run():
    record = race(bowl, ["sgd(lr=0.1)", "adam(lr=0.2)"], start=[1, -1], steps=12)
    assert record.trajectories.x.shape == (2, 13, 2)
    assert record.trajectories.step.tolist() == list(range(13))
    assert record.trajectories.x[:, 0].tolist() == [[1, -1], [1, -1]]
    assert column(record, "optimizer") == ["sgd(lr=0.1)", "adam(lr=0.2)"]
    assert column(record, "lr") == [0.1, 0.2]
    assert column(record, "lr_source") == ["given", "given"]
    assert column(record, "n_gradients") == [12, 12]
    expected = {
        "function": "bowl",
        "title": "Bowl",
        "start": [1, -1],
        "steps": 12,
        "minimum": 0.0,
        "device": "cpu",
        "dtype": "float64",
    }
    assert expected.items() <= dict(record.meta).items()
    assert record.surface is not None
    assert record.surface.values.shape == (257, 257)
    values = bowl(torch.tensor(record.trajectories.x)).numpy()
    np.testing.assert_array_equal(record.trajectories.loss, values)


def test_a_record_of_a_race_survives_the_disk(tmp_path):
    record = race(bowl, ["adam(lr=0.2)", "sgd(lr=9)"])
    loaded = Record.load(record.save(tmp_path / "race.npz"))
    assert dict(loaded.meta) == dict(record.meta)
    np.testing.assert_array_equal(loaded.trajectories.x, record.trajectories.x)
    assert loaded.order == record.order


def test_by_default_six_race_from_the_function_s_start_for_its_steps():
    record = race("booth")
    booth = functions.get("booth")
    assert column(record, "label") == ["SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam"]
    assert set(column(record, "lr_source")) == {"tuned"}
    assert len(record.trajectories.step) == booth.steps + 1
    assert (record.trajectories.x[:, 0] == booth.start).all()


def test_the_same_race_twice_is_the_same():
    first, second = race("beale"), race("beale")
    for name in ("x", "loss"):
        np.testing.assert_array_equal(getattr(first.trajectories, name), getattr(second.trajectories, name))


@pytest.mark.parametrize(
    "given",
    [
        "adam(lr=0.2)",
        optimizers.Adam(lr=0.2),
        ["adam(lr=0.2)"],
        (optimizers.Adam(lr=0.2),),
        {"Adam": "adam(lr=0.2)"},
        {"Adam": optimizers.Adam(lr=0.2)},
    ],
    ids=repr,
)
def test_ways_to_name_an_optimizer(given):
    record = race(bowl, given)
    assert (column(record, "label"), column(record, "optimizer")) == (["Adam"], ["adam(lr=0.2)"])


def test_one_s_own_optimizer_races():
    class Sign(torch.optim.Optimizer):
        """Steps of one length."""

        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.sub_(group["lr"] * p.grad.sign())

    record = race(bowl, {"mine": optimizers.Torch(Sign, lr=0.25), "Adam": optimizers.Adam(lr=0.05)}, steps=4)
    assert record.trajectories.x[0].tolist() == [[1.5, 1], [1.25, 0.75], [1, 0.5], [0.75, 0.25], [0.5, 0]]
    assert column(record, "label") == ["mine", "Adam"]


def test_labels_distinguish_runs():
    assert column(race(bowl, ["adam(lr=0.1)", "adam(lr=0.2)", "sgd(lr=0.1)"], steps=1), "label") == [
        "Adam lr=0.1",
        "Adam lr=0.2",
        "SGD",
    ]
    twins = {"Adam": "adam(lr=0.1)", "mine": "adam(lr=0.1)"}
    assert column(race(bowl, twins, steps=1), "label") == ["Adam", "mine"]
    foreign = [optimizers.Torch(torch.optim.SGD, lr=0.1, momentum=one, dampening=0.1) for one in (0.4, 0.5)]
    assert column(race(bowl, foreign, steps=1), "label") == ["SGD momentum=0.4", "SGD momentum=0.5"]
    tuned = column(race(bowl, ["sgd", "sgd(lr=0.1)"], steps=9), "label")
    assert tuned == ["SGD", "SGD lr=0.1"]


def test_an_optimizer_is_given_once_or_labelled():
    for twice in (["adam", "adam"], [optimizers.SGD(lr=0.1), "sgd(lr=0.1)"]):
        with pytest.raises(InputError, match="is given twice, and both would take the same steps; give it once, or"):
            race(bowl, twice, steps=1)


NAMES = st.sampled_from(["adam(lr=0.1)", "adam(lr=0.2)", "sgd(lr=0.1)", "momentum(lr=0.1)", "adam(lr=0.1, beta1=0.5)"])


@settings(max_examples=15)
@given(st.lists(NAMES, min_size=1, max_size=5, unique=True))
def test_labels_are_unique(names):
    labels = optimizer_specs.labels(optimizer_specs.parse_optimizers(names))
    assert len(set(labels)) == len(names)


def test_labels_state_tuned_rates_only_to_distinguish():
    specs = optimizer_specs.parse_optimizers(["momentum", "momentum(momentum=0.5)", "momentum(lr=0.1)"])
    tuned = [
        spec if not spec.lr_open else replace(spec, optimizer=replace(spec.optimizer, lr=0.01 + i), lr_source="tuned")
        for i, spec in enumerate(specs)
    ]
    names = ["Momentum momentum=0.9", "Momentum momentum=0.5", "Momentum lr=0.1 momentum=0.9"]
    assert optimizer_specs.labels(tuned) == names
    twice = [tuned[0], replace(tuned[0], optimizer=replace(tuned[0].optimizer, lr=0.5))]
    assert optimizer_specs.labels(twice) == ["Momentum lr=0.01", "Momentum lr=0.5"]


def test_every_status():
    bounded = race(bowl, ["sgd(lr=0.1)", "sgd(lr=0.001)", "sgd(lr=20)"])
    assert column(bounded, "status") == ["converged", "max_steps", "diverged"]
    assert column(bounded, "stopped")[:2] == [None, None]
    stopped = column(bounded, "stopped")[2]
    x = 1.5 * (1 - 2 * 20) ** np.arange(stopped + 1)
    assert abs(x[stopped - 1]) <= 2 + 4 * outcomes.ROAM < abs(x[stopped])
    unbounded = race(pass_, ["sgd(lr=0.2)", "sgd(lr=0.001)"])
    assert column(unbounded, "status") == ["unbounded", "max_steps"]
    assert column(unbounded, "stopped")[0] > 0
    resting = race(pass_, ["sgd(lr=0.2)"], start=(0, 0), stop=Stop(gtol=1e-8))  # at the saddle itself
    assert column(resting, "status") == ["converged"]
    assert column(race(cliff, ["sgd(lr=0.05)", "sgd(lr=0.001)"]), "status")[0] == "non-finite"


def test_runs_without_a_bottom_end_near_the_border_of_the_view():
    x = race(pass_, ["sgd(lr=0.2)"]).trajectories.x
    assert np.abs(x).max() <= 2 + 4 * outcomes.ROAM_UNBOUNDED


def test_target_and_when_it_is_reached():
    record = race(bowl, ["sgd(lr=0.1)", "sgd(lr=0.001)"])
    first = 1.5**2 + 1
    assert record.meta["target"] == pytest.approx(1e-4 * first, rel=1e-12)
    values = record.trajectories.loss[0]
    reached = column(record, "reached")[0]
    assert values[reached] <= record.meta["target"] < values[reached - 1]
    assert reached == math.ceil(math.log(1e-4) / math.log(0.64))  # the loss shrinks by (1 − 2·0.1)² a step
    assert column(record, "reached")[1] is None


def test_where_the_minimum_is_not_known_a_search_finds_it():
    record = race(function((-2, 2), (-2, 3), start=(1.5, 1.0))(lambda x, y: x * x + y * y + 3), ["sgd(lr=0.1)"])
    assert (record.meta["minimum_is"], record.meta["minimum"]) == ("found", 3.0)
    assert record.surface is not None
    assert record.surface.minima.tolist() == [[0, 0]]
    assert column(record, "status") == ["converged"]
    assert race(bowl, ["sgd(lr=0.1)"]).meta["minimum_is"] == "known"


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x + y * y,  # falls beyond the domain
        lambda x, y: -torch.exp(-x * x - y * y) - 3 * torch.exp(-20 * ((x - 3) ** 2 + y * y)),  # lower beyond it
    ],
)
def test_without_a_minimum_there_is_no_target(formula):
    shown = function((-2, 2), (-2, 2), view=[(-2, 4), (-2, 2)], start=(1.5, 1.0))(formula)
    record = race(shown, ["sgd(lr=0.01)"], steps=5)
    assert (record.meta.minimum_is, record.meta.target) == ("unknown", None)
    assert math.isnan(record.meta.minimum)
    assert (column(record, "reached"), column(record, "status")) == ([None], ["max_steps"])
    assert record.surface is not None
    assert record.surface.minima.shape == (0, 2)


def well(depth: float) -> Callable[..., torch.Tensor]:
    """Return a bowl with a well at (1, 1)."""
    return lambda x, y: x * x + y * y - depth * torch.exp(-((x - 1) ** 2) - (y - 1) ** 2)


@pytest.mark.parametrize("start", [(2.0, 1.5), (-1.0, -1.0)])
def test_a_declared_minimum_that_is_not_the_lowest_is_contradicted(start):
    declared = function((-4, 4), (-4, 4), minima=[(0, 0)], start=start)(well(9.0))
    with pytest.warns(UserWarning, match=r"lower values than its declared minimum of -1.218.*correct minimum="):
        record = race(declared, ["sgd(lr=0.05)"], steps=60)
    assert (record.meta.minimum_is, record.meta.target) == ("contradicted", None)
    assert column(record, "reached") == [None]
    assert math.isnan(record.gap_origin)
    (note,) = notes(record)
    assert "below the declared minimum of -1.218" in note


def test_lower_values_beyond_the_domain_do_not_contradict_its_minimum():
    shown = function(
        (-0.5, 0.5), (-0.5, 0.5), view=[(-4, 4), (-4, 4)], minima=[(0, 0)], start=(2, 1.5), outside="lower"
    )
    record = race(shown(well(9.0)), ["sgd(lr=0.05)"], steps=60)
    assert record.meta.minimum_is == "known"
    assert record.below_minimum.tolist() == [True]
    assert notes(record) == [f"SGD goes below {record.meta.minimum:.6g}, the minimum within the domain"]


def test_a_minimizer_that_a_complete_list_lacks_is_noted():
    wells = functools.partial(function, (-3, 3), (-3, 3), start=(-1.5, 0.5))
    both = {"minima": [(1, 0), (-1, 0)]}
    for facts, unlisted in [({"minima": [(1, 0)]}, True), (both, False)]:
        record = race(wells(**facts)(lambda x, y: (x * x - 1) ** 2 + y * y), ["sgd(lr=0.05)"], steps=200)
        assert bool(record.meta.unlisted_minima) == unlisted
        assert len(notes(record)) == unlisted
    record = race(
        wells(minima=[(1, 0)], minima_complete=False)(lambda x, y: (x * x - 1) ** 2 + y * y), ["sgd(lr=0.05)"]
    )
    assert record.meta.unlisted_minima == []


def test_an_unknown_minimum_leaves_the_lower_bound_as_the_aim():
    facts = {"start": [1.5] * 4, "lower_bound": 0.0}
    quartic = function(*[(-2, 2)] * 4, **facts)(lambda *x: sum(c**2 for c in x) + 0.5)
    record = race(quartic, ["sgd(lr=0.1)"], steps=40)
    assert record.meta.target == pytest.approx(1e-4 * 9.5)
    assert (record.meta.minimum_is, record.meta.lower_bound) == ("unknown", 0.0)
    assert column(record, "status") == ["max_steps"]
    crossed = race(replace(quartic, lower_bound=5.0), ["sgd(lr=0.1)"], steps=40)
    assert (crossed.meta.target, crossed.meta.lower_bound) == (None, None)
    with pytest.raises(InputError, match=r"lower_bound must be a number <= the minimum, 0\.5, got 1"):
        replace(quartic, minimum=0.5, lower_bound=1)


def test_a_start_at_the_minimum_is_a_race_that_is_over():
    record = race(bowl, ["sgd(lr=0.1)"], start=[0, 0], steps=3)
    assert column(record, "reached") == [0]
    assert column(record, "status") == ["converged"]


def test_a_start_outside_the_view_widens_it_with_a_word():
    with pytest.warns(UserWarning, match="the start lies outside the view of bowl; the view widens to") as warned:
        record = race(bowl, ["sgd(lr=0.1)"], start=[5, -1])
    assert [warning.filename for warning in warned] == [__file__]
    assert record.surface is not None
    assert record.surface.x[0] == -2
    assert record.surface.x[-1] > 5
    assert (record.surface.y[0], record.surface.y[-1]) == (-2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        race(bowl, ["sgd(lr=0.1)"], start=[2, -2])  # on the border is within


@pytest.mark.slow
def test_one_and_three_coordinates_race_without_a_surface():
    line = function((-2, 2), start=(1.5,))(lambda x: x * x)
    assert race(line, ["sgd(lr=0.1)"]).surface is None
    space = function((-2, 2), (-2, 2), (-2, 2), start=(1, 1, 1))(lambda x: (x * x).sum(-1))
    record = race(space, ["sgd", "adam"])
    assert record.trajectories.x.shape == (2, space.steps + 1, 3)


def test_float32_races_close_to_float64():
    exact = race(bowl, ["adam(lr=0.1)", "sgd(lr=0.1)"])
    single = race(bowl, ["adam(lr=0.1)", "sgd(lr=0.1)"], dtype=torch.float32)
    assert single.meta["dtype"] == "float32"
    np.testing.assert_allclose(single.trajectories.x, exact.trajectories.x, atol=1e-4)


REFUSED = {
    "unknown function": (("beal",), {}, r"unknown function 'beal'. Did you mean beale"),
    "no function": ((lambda x, y: x,), {}, r"has no bounds; decorate it"),
    "a number for a function": ((3,), {}, r"got 3"),
    "unknown optimizer": (("booth", ["adm"]), {}, r"unknown optimizer 'adm'. Did you mean"),
    "negative rate": (("booth", ["adam(lr=-1)"]), {}, r"lr must be >= 0, got -1"),
    "rate that is NaN": (("booth", ["adam(lr=nan)"]), {}, r"lr must be finite and >= 0, got nan"),
    "rate that is text": (("booth", ["adam(lr='x')"]), {}, r"lr must be one number, got 'x'"),
    "no optimizers": (("booth", []), {}, r"no optimizers to race"),
    "no optimizer": (("booth", [torch.nn.Linear]), {}, r"a class of optimizers, got <class .*optimizers\.Torch"),
    "short start": (("booth",), {"start": [1.0]}, r"booth has 2 coordinates; the start \[1.0\] has 1"),
    "endless start": (("booth",), {"start": [1.0, math.inf]}, r"a start must be finite"),
    "NaN start": (("booth",), {"start": [math.nan, 1.0]}, r"a start must be finite"),
    "start as text": (("booth",), {"start": "ab"}, r"a start must be 2 numbers, got 'ab'"),
    "start as a number": (("booth",), {"start": 3}, r"a start must be 2 numbers, got 3"),
    "0 steps": (("booth",), {"steps": 0}, r"steps must be an integer >= 1, got 0"),
    "-5 steps": (("booth",), {"steps": -5}, r"steps must be an integer >= 1, got -5"),
    "1.5 steps": (("booth",), {"steps": 1.5}, r"steps must be an integer >= 1, got 1.5"),
    "steps as text": (("booth",), {"steps": "9"}, r"steps must be an integer >= 1, got '9'"),
    "steps as truth": (("booth",), {"steps": True}, r"steps must be an integer >= 1, got True"),
    "unknown device": (("booth",), {"device": "abacus"}, r"device 'abacus' is not available here"),
    "half precision": (("booth",), {"dtype": torch.float16}, r"dtype must be torch.float64 or torch.float32"),
    "wrong shape": ((function((-1, 1), (-1, 1))(lambda x, y: torch.stack([x, y])),), {}, r"returns shape \(2,\)"),
    "no tensor": ((function((-1, 1), (-1, 1))(lambda x, y: 1.0),), {}, r"returns float .*, not a tensor"),
    "not differentiable": (
        (function((-1, 1), (-1, 1))(lambda x, y: (x * y).detach()),),
        {},
        r"cannot be differentiated",
    ),
    "raises": ((function((-1, 1), (-1, 1))(lambda x, y: x @ y),), {}, r"raises RuntimeError"),
    "not finite at the start": ((cliff,), {"start": [1.5, 0]}, r"is nan at the start"),
}


@merged("case", REFUSED)
def test_invalid_input_is_refused_in_one_line_before_any_work(case, monkeypatch):
    arguments, options, message = REFUSED[case]
    monkeypatch.setattr(_race.loop, "run", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match=message) as caught:
        race(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_where_there_is_none():
    with pytest.raises(InputError, match="device 'cuda' is not available here"):
        race("booth", device="cuda")


# Learning rates


def test_stored_learning_rates_are_used_only_for_their_race(monkeypatch):
    asked = []

    def fake_sweep(function, optimizers, start, steps, *, calm, progress):
        asked.append((list(start), steps))
        return [0.5] * len(optimizers)

    monkeypatch.setattr(stored_lrs, "sweep_lrs", fake_sweep)
    booth = functions.get("booth")
    assert column(race("booth", ["sgd", "adam(lr=0.2)"]), "lr") == [
        stored_lrs.stored_rates("booth")["sgd(lr=1.0)"],
        0.2,
    ]
    assert not asked
    race("booth", ["sgd"], start=[1, 1])
    race("booth", ["sgd"], steps=7)
    race("booth", ["sgd(momentum=0.3)"])
    race(booth.with_view([(-20, 20), (-20, 20)]), ["sgd"])
    assert asked == [([1, 1], booth.steps), (list(booth.start), 7), *[(list(booth.start), booth.steps)] * 2]


def test_every_optimizer_has_a_stored_learning_rate_on_every_function():
    free = {stored_lrs.lr_free_spec(optimizer_of(name)) for name in WITH_RATE}
    assert set(stored_lrs.stored()["optimizers"]) == free
    assert STORED.keys() == functions.catalogue().keys(), "run benchmarks/tune.py"
    for name, objective in functions.catalogue().items():
        assert len(STORED[name]["best"]) == len(STORED[name]["calm"]) == len(free)
        assert STORED[name]["race"] == stored_lrs.fingerprint(objective, objective.start, objective.steps), (
            "run benchmarks/tune.py"
        )
        assert STORED[name]["value"] == pytest.approx(float(objective(objective.start)), rel=1e-9), (
            "another formula: run benchmarks/tune.py"
        )


@merged("name", STORED)
def test_learning_rates_at_the_edge_of_the_grid_are_listed(name):
    edges = (stored_lrs.GRID[0], stored_lrs.GRID[-1])
    assert STORED[name]["edge"] == [spec for spec, lr in stored_lrs.stored_rates(name).items() if lr in edges]


def assert_stored_is_what_a_sweep_finds(name: str) -> None:
    """Another processor's last bits may tip a rate to its neighbour, but not many, and none that is worse."""
    objective = functions.get(name)
    candidates = [optimizer_of(name) for name in WITH_RATE]
    result = stored_lrs.LrSweep.of(objective, candidates, objective.start, objective.steps)
    unbounded = objective.minimum == -np.inf  # gets calm rates
    for calm, fresh, scores, share in (
        (False, result.best(), result.calm_scores() if unbounded else result.efforts(), 0.06 if unbounded else 0.02),
        (True, result.calm(), result.calm_scores(), 1.2 * stored_lrs.TOLERANCE),
    ):
        known = stored_lrs.stored_rates(name, calm=calm)
        stored = [known[stored_lrs.lr_free_spec(optimizer)] for optimizer in candidates]
        for optimizer, row, old, new in zip(candidates, scores, stored, fresh, strict=True):
            worse = row[stored_lrs.GRID.index(old)] - row.min()
            assert worse <= share * abs(row.min()), (optimizer.label, old, new)
        assert sum(old != new for old, new in zip(stored, fresh, strict=True)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["long_valley", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("ackley", "rosenbrock"))]
)
def test_stored_learning_rates_equal_those_of_a_sweep(name):
    assert_stored_is_what_a_sweep_finds(name)


@pytest.mark.parametrize("calm", [False, True])
def test_a_sweep_finds_the_learning_rate_that_theory_predicts(calm):
    """On curvatures 1 and 9 descent is fastest at 2 / (1 + 9) = 0.2, where both shrink by 0.8 a step; on the
    grid the slower one shrinks by 0.85 at 0.15 and by 0.98 at 0.22."""
    ellipse = function((-2, 2), (-2, 2), start=(-1.8, 0.2), minima=[(0, 0)])(lambda x, y: x * x / 2 + 9 * y * y / 2)
    assert stored_lrs.sweep_lrs(ellipse, [parse("sgd")[0]], ellipse.start, 60, calm=calm) == [0.15]


@pytest.mark.slow
def test_the_best_rate_needs_the_fewest_steps_until_all_starts_stay_at_the_target():
    """The criterion, written out run by run; RMSprop touches the target at high rates and leaves it again."""
    beale, names = functions.get("beale"), ["sgd", "nesterov", "rmsprop"]
    starts = criterion.conditions(beale, beale.start, None).starts
    chosen = stored_lrs.sweep_lrs(beale, [parse(name)[0] for name in names], beale.start, 250)
    record = sweep("beale", names, lr=list(stored_lrs.GRID), starts=starts.tolist(), steps=4 * 250)
    steps = filled(record.grid("reached")).astype(float)
    steps[(steps < 0) | (steps > 250)] = np.inf
    best = [stored_lrs.GRID[int(row.mean(1).argmin())] for row in steps]
    assert chosen[:2] == best[:2]
    assert np.isfinite(steps.mean(2).min(1)).tolist() == [True, True, False]  # RMSprop stays from no set of starts
    touched = filled(record.grid("first_reached")).astype(float)
    touched[touched < 0] = np.inf
    assert stored_lrs.GRID[int(touched[2].mean(1).argmin())] > chosen[2]


@pytest.mark.parametrize("calm", [False, True])
@pytest.mark.parametrize("name", ["beale", "booth", "himmelblau", "three_hump_camel", "rosenbrock", "long_valley"])
@pytest.mark.sample(1)
@pytest.mark.thin(1)
def test_what_arrives_at_a_tuned_rate_stays_for_four_times_the_steps(name, calm, exhaustive):
    """SGD at 0.046, above 2/λ, reaches the target of Beale at step 96 and leaves it after step 400."""
    objective, known = functions.get(name), stored_lrs.stored_rates(name, calm=calm)
    raced = WITH_RATE if exhaustive else ["sgd", *WITH_RATE[1::3]]
    tuned = [optimizer_of(of).with_learning_rate(known[stored_lrs.lr_free_spec(optimizer_of(of))]) for of in raced]
    record = race(objective, tuned, steps=following.HORIZON * objective.steps, record_steps=[objective.steps])
    first, stays = filled(record.trajectories.runs["first_reached"]), filled(record.trajectories.runs["reached"])
    arrived = record.trajectories.loss[:, 1] <= record.meta.target
    assert calm or arrived.sum() >= 2
    assert ((stays[arrived] >= first[arrived]) & (stays[arrived] <= objective.steps)).all()
    failed = np.isin(record.trajectories.runs["status"], ["diverged", "non-finite", "failed"])
    assert not failed.any()


def test_a_rate_above_the_limit_at_the_minimum_is_not_chosen():
    """At the minimum of Beale's function λ is 49, so that descent is stable there below 2/λ = 0.041."""
    curvature = torch.autograd.functional.hessian(functions.get("beale"), torch.tensor([3.0, 0.5]).double())
    assert 0.032 < 2 / float(torch.linalg.eigvalsh(curvature)[-1]) < 0.046
    record = race("beale", ["sgd(lr=0.046)"], steps=1000)
    assert column(record, "first_reached") == [96]
    assert column(record, "reached") == [None]
    assert column(race("beale", ["sgd"], steps=1000), "lr")[0] < 0.046
    (chosen,) = stored_lrs.sweep_lrs(functions.get("beale"), [parse("sgd")[0]], (0.6, 1.4), 250)
    assert chosen == 0.032


def test_calm_rates_end_where_every_rate_leaves_the_view():
    """Rprop leaves the view of this function at every rate, so that no rate is followed."""
    sweep = stored_lrs.LrSweep.of(functions.get("deceptive"), [parse("rprop")[0]], (0.21, 0.62), 150)
    assert sweep.calm_scores().min() > stored_lrs.PENALTY
    assert sweep.calm() == [stored_lrs.GRID[0]]


def test_a_schedule_as_long_as_the_race_is_judged_within_it():
    """Over four times the steps, a cosine decays more slowly: another run."""
    spec = parse("cosine(sgd(lr=0.1))")[0]
    swept = stored_lrs.LrSweep.of(bowl, [spec, spec.optimizer], bowl.start, 30)
    swept.best()
    scheduled, plain = swept._followed.evaluations.reshape(2, -1)
    assert not scheduled.any()
    assert plain.any()


def test_without_arrivals_the_lowest_final_loss_decides():
    slow = function((-2, 2), (-2, 2), start=(-1.8, 0.2), minima=[(0, 0)])(lambda x, y: x * x + 100 * y * y)
    (lr,) = stored_lrs.sweep_lrs(slow, [parse("sgd")[0]], slow.start, 5)
    starts = criterion.conditions(slow, slow.start, None).starts.tolist()
    record = sweep(slow, "sgd", lr=list(stored_lrs.GRID), starts=starts, steps=5)
    assert record.grid("reached").mask.all()
    failed = (record.grid("status") != "max_steps").any(1)
    gaps = np.where(failed, np.inf, np.log(record.grid("final")).mean(1))
    assert lr == stored_lrs.GRID[int(gaps.argmin())]


@pytest.mark.slow
def test_race_tune_and_compare_tune_by_one_criterion():
    names = ["sgd", "adam"]
    assert (
        column(race("beale", names), "lr") == compare("beale", names, starts=1, steps=250).grid("lr").ravel().tolist()
    )
    found = tune("beale", names, vary={"lr": (1e-3, 10)}, candidates=27)
    swept = stored_lrs.LrSweep.of(functions.get("beale"), [parse(name)[0] for name in names], (0.6, 1.4), 250)
    for label, row in zip(("SGD", "Adam"), swept.efforts(), strict=True):
        assert found.meta.effort[label] <= 1.1 * row.min()


def test_calm_rates_make_no_leaps_and_say_so():
    calm, best = race("beale", calm=True), race("beale")
    assert set(column(calm, "lr_source")) == {"tuned, calm"}
    assert set(column(best, "lr_source")) == {"tuned"}
    low, high = np.array(functions.get("beale").view).T
    unit = (calm.trajectories.x - low) / (high - low)
    assert np.linalg.norm(np.diff(unit, axis=1), axis=2).max() <= stored_lrs.LEAP
    assert (np.array(column(calm, "lr")) <= np.array(column(best, "lr"))).all()
    assert "0.01 (tuned, calm)" in render.table(calm)
    assert column(race("beale", ["sgd"], start=[1, 1], steps=20, calm=True), "lr_source") == ["tuned, calm"]


@pytest.mark.parametrize("calm", [False, True])
def test_a_learning_rate_does_not_depend_on_the_other_optimizers(calm):
    candidates = [parse(name)[0] for name in ("sgd", "adam", "rprop")]
    together = stored_lrs.sweep_lrs(bowl, candidates, bowl.start, 30, calm=calm)
    alone = [stored_lrs.sweep_lrs(bowl, [optimizer], bowl.start, 30, calm=calm)[0] for optimizer in candidates]
    assert together == alone


def test_learning_rates_that_diverge_rank_last():
    swept = stored_lrs.LrSweep.of(bowl, [parse("sgd")[0]], bowl.start, 40)
    wild = np.array(stored_lrs.GRID) > 1.0  # |1 − 2·lr| > 1
    for (scores,) in (swept.efforts(), swept.calm_scores()):
        assert scores[~wild].max() < scores[wild].min()


@pytest.mark.slow
def test_a_run_that_leaves_the_target_again_did_not_reach_it():
    """RMSprop touches the target of Beale at step 68 and ends a hundred times above it."""
    record = race("beale", ["rmsprop(lr=0.212)", "rmsprop(lr=0.01)"], steps=400)
    assert record.trajectories.loss[0, -1] > 10 * record.meta.target
    assert column(record, "first_reached") == [68, None]
    assert column(record, "reached") == [None, None]
    assert column(record, "status")[0] == "max_steps"
    lr = sweep("beale", "rmsprop", lr=[0.212], steps=400)
    assert filled(lr.grid("first_reached")).tolist() == [68]
    assert lr.grid("reached").mask.all()
    many = compare("beale", "rmsprop(lr=0.212)", starts=1, steps=400, tolerances=[1e-4])
    assert many.grid("steps_to").mask.all()
    assert many.grid("evaluations_to").mask.all()
    assert filled(many.grid("first_reached")).tolist() == [[[[68]]]]


@pytest.mark.parametrize("record_steps", ["all", "ends"])
def test_when_an_unbounded_run_passes_its_target_does_not_depend_on_the_recorded_steps(record_steps):
    record = race("saddle", ["momentum(lr=0.03)"], record_steps=record_steps)
    assert record.trajectories.runs["status"][0] == "unbounded"
    assert column(record, "reached") == column(record, "first_reached") == [37]


class Phases:
    """A progress callback that notes its calls, by phase."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[tuple[int, int]]]] = [("", [])]

    def phase(self, words: str) -> None:
        self.calls.append((words, []))

    def __call__(self, done: int, total: int) -> None:
        self.calls[-1][1].append((done, total))


def test_a_first_sweep_of_rates_is_a_phase_of_the_progress():
    bowl = function((-2, 2), (-2, 2), start=(1, 1), minima=[(0, 0)], name="own bowl")(lambda x, y: x * x + 3 * y * y)
    bar, plain = Phases(), []
    record = race(bowl, ["sgd"], steps=20, progress=bar)
    (_, before), (words, tuning), (after, racing) = bar.calls
    assert (before, words, after) == ([], "tuning learning rates on own bowl", "")
    done, totals = zip(*tuning, strict=True)
    assert list(done) == sorted(done)
    assert (done[-1], totals[-1]) == (100, 100)  # of 20 steps, and then four times as many
    race(bowl, ["sgd"], steps=20, progress=lambda done, total: plain.append((done, total)))
    assert racing == plain == [(i, 20) for i in range(21)]
    known = Phases()
    race(bowl, ["sgd(lr=0.1)"], steps=20, progress=known)
    assert len(known.calls) == 1
    assert record.trajectories.runs["lr_source"].tolist() == ["tuned"]
