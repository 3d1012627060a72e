"""`compare`: target hits equal those of single races, all optimizers get the same, invalid input is refused early."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from landscapes import InputError, Record, compare, function, functions, optimizers, race, sweep
from landscapes.analysis import profiles
from landscapes.analysis.costs import costs
from landscapes.experiments import _compare
from landscapes.experiments.target_hits import TargetHitTask, arrival_steps, evaluation_cost
from landscapes.optimizers import parse
from landscapes.oracle import KINDS
from landscapes.record import filled

BOWL = function((-2, 2), (-2, 2), start=(1.5, -1), minima=[(0, 0)], steps=60, name="bowl")(
    lambda x, y: x * x + 4 * y * y
)
HIDDEN = dataclasses.replace(
    BOWL,
    minima=(),
    minimum=math.nan,
    name="hidden",
    domain=((-2, 2),) * 4,
    view=((-2, 2),) * 4,
    start=(1.0, 1.0, 1.0, 1.0),
    formula=lambda a, b, c, d: a * a + b * b + c * c + 2 * d * d + 7,
)
"""More coordinates than the search for a minimum takes."""

MANY = ["adam(lr=0.1)", "bfgs", "nelder_mead", "sam(sgd(lr=0.01))", "newton"]
"""One gradient per step, a line search, values alone, two gradients per step, a Hessian per step."""


# Crossings


@pytest.mark.slow
def test_target_hits_and_their_costs_equal_those_of_each_race():
    shares = [0.5, 1e-2, 1e-4, 1e-300]
    record = compare([BOWL, "rosenbrock"], MANY, starts=2, steps=20, tolerances=shares)
    assert record.grid("steps_to").shape == (2, 5, 2, 1, 4)
    for i, objective in enumerate([BOWL, functions.get("rosenbrock")]):
        for k, start in enumerate(record.meta["functions"][objective.name]["starts"]):
            first, optimizer = float(objective(start)), None
            for j, name in enumerate(MANY):
                optimizer = parse(name)[0]
                values = race(objective, optimizer, start=start, steps=20, resolution=3).trajectories.loss[0]
                for m, share in enumerate(shares):
                    below = values <= objective.minimum + share * (first - objective.minimum)
                    hits = np.flatnonzero(np.logical_and.accumulate(below[::-1])[::-1])
                    got = filled(record.grid("steps_to"))[i, j, k, 0, m]
                    assert got == (hits[0] if len(hits) else -1)
                    spent = filled(record.grid("evaluations_to"))[i, j, k, 0, m]
                    if got < 1:
                        assert spent == got
                        continue
                    runs = race(objective, optimizer, start=start, steps=int(got), resolution=3).trajectories.runs
                    kinds = [float(runs[kind][0]) for kind in KINDS]
                    assert spent == kinds[0] + kinds[1] + kinds[2] + 2 * kinds[3]


def test_a_target_that_is_left_again_is_not_reached():
    values = np.array([[5.0, 1.0, 3.0, 0.5], [5.0, 6.0, np.nan, 7.0]])
    targets = np.array([[2.0, 0.6, 5.0], [2.0, 4.9, 5.0]])
    first, stays = arrival_steps(values, targets)
    assert first.tolist() == [[1, 3, 0], [-1, -1, 0]]
    assert stays.tolist() == [[3, 3, 0], [-1, -1, -1]]


def test_a_hessian_costs_as_many_gradients_as_there_are_coordinates():
    assert evaluation_cost(np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), dim=7).tolist() == [
        1,
        1,
        1,
        7,
    ]


@pytest.mark.slow
def test_results_do_not_depend_on_blocks_or_executors(monkeypatch):
    asked = ([BOWL], ["noise(adam(lr=0.1), sigma=0.1)", "bfgs"])
    record = compare(*asked, starts=5, seeds=2, tolerances=[0.1, 1e-3])
    with ThreadPoolExecutor(2) as executor:
        monkeypatch.setattr(TargetHitTask, "default_block_size", lambda self: 3)
        other = compare(*asked, starts=5, seeds=2, tolerances=[0.1, 1e-3], executor=executor)
    for name, column in record.trajectories.runs.items():
        assert np.array_equal(column, other.trajectories.runs[name], equal_nan=column.dtype.kind == "f")
    assert np.array_equal(record.trajectories.x, other.trajectories.x)


# Who gets what


def test_all_have_the_same_starts_and_the_same_noise():
    noisy = {label: optimizers.Noise(optimizers.SGD(lr=0.01), sigma=1.0) for label in "ab"}
    record = compare(BOWL, noisy, starts=3, seeds=2, tolerances=[0.5])
    starts, final = record.grid(record.trajectories.x[:, 0]), record.grid("final")
    assert np.array_equal(starts[:, 0], starts[:, 1])
    assert np.array_equal(final[0, 0], final[0, 1])
    assert len(np.unique(final)) == 6, "each start and seed its own noise"
    assert starts[0, 0, 0, 0].tolist() == list(BOWL.start)


def test_a_label_states_no_learning_rate_that_is_tuned_or_varied():
    alike = ["sgd", "sgd(lr=0.1)", "sgd(lr=0.1, weight_decay=0.01)"]
    own = compare(BOWL, alike, starts=1, steps=3).axes["optimizer"]
    assert own == ["SGD", "SGD lr=0.1", "SGD lr=0.1 weight_decay=0.01"]
    grid = compare(BOWL, alike[1:], lr_grid=[0.1, 0.2], starts=2, steps=3)
    assert grid.axes["optimizer"] == ["SGD", "SGD weight_decay=0.01"]


def test_a_function_is_given_once():
    with pytest.raises(InputError, match="booth is given twice; compare on each function once, and give seeds="):
        compare(["booth", BOWL, "booth"], "sgd", starts=1, steps=3)


def test_open_learning_rates_are_tuned_for_each_function():
    record = compare(["booth", "rosenbrock"], ["adam", "sgd(lr=0.5)"], starts=2, steps=50)
    rates = record.grid("lr")[:, :, 0, 0]
    assert rates[0, 0] != rates[1, 0]
    assert rates[:, 1].tolist() == [0.5, 0.5]
    plain = compare(["booth", "rosenbrock"], ["adam"], starts=2, steps=50, tuned=False)
    assert set(plain.trajectories.runs["lr"]) == {1e-3}
    reported = record.meta["functions"]["booth"]["optimizers"]
    assert reported == [f"adam(lr={rates[0, 0]})", "sgd(lr=0.5)"]


def test_points_of_fewer_coordinates_are_padded():
    record = compare([BOWL, functions.get("rosenbrock").with_dim(4)], "adam(lr=0.1)", starts=2, steps=5)
    x = record.grid(record.trajectories.x)
    assert x.shape == (2, 1, 2, 1, 2, 4)
    assert np.isnan(x[0, ..., 2:]).all()
    assert np.isfinite(x[1]).all()
    assert [facts["dim"] for facts in record.meta["functions"].values()] == [2, 4]


def test_functions_of_one_name_get_different_labels():
    five = functions.get("rosenbrock").with_dim(5)
    record = compare(["rosenbrock", five, functions.get("rosenbrock").with_dim(5)], "adam(lr=0.1)", starts=1, steps=2)
    assert record.axes["function"] == ["rosenbrock (d = 2)", "rosenbrock (d = 5)", "rosenbrock (d = 5) (2)"]


def test_an_unknown_minimum_is_the_lowest_value_of_all_runs():
    record = compare(HIDDEN, ["adam(lr=0.1)", "sgd(lr=0.2)"], starts=3, steps=40, tolerances=[0.5, 0.1])
    reported = record.meta["functions"]["hidden"]
    assert reported["minimum_is"] == "the lowest value seen"
    assert reported["minimum"] == record.trajectories.runs["lowest"].min()
    assert (filled(record.grid("steps_to")) > 0).all()
    found = compare(dataclasses.replace(BOWL, minima=(), minimum=math.nan), "sgd(lr=0.1)", starts=1, tolerances=[0.5])
    assert found.meta["functions"]["bowl"]["minimum_is"] == "found"
    assert found.meta["functions"]["bowl"]["minimum"] == pytest.approx(0, abs=1e-12)


def test_columns_describe_how_runs_end():
    record = compare(BOWL, ["sgd(lr=0.1)", "sgd(lr=1e-5)", "sgd(lr=30)"], starts=2, tolerances=[0.5, 1e-3])
    assert [row[0] for row in record.grid("status")[0, :, :, 0].tolist()] == ["converged", "max_steps", "diverged"]
    assert np.array_equal(filled(record.grid("reached")), filled(record.grid("steps_to"))[..., -1])
    assert (filled(record.grid("evaluations"))[0, :2] == 60).all()
    assert (filled(record.grid("evaluations"))[0, 2] < 60).all()
    assert (filled(record.grid("steps_to"))[0, 0] > 0).all()
    assert (filled(record.grid("steps_to"))[0, 2] == -1).all()


def test_a_comparison_is_kept_in_files(tmp_path):
    reported = []
    record = compare(
        ["booth", "beale"],
        ["adam(lr=0.1)", "sgd(lr=0.01)"],
        starts=2,
        steps=20,
        resume_dir=tmp_path / "kept",
        progress=lambda *pair: reported.append(pair),
    )
    assert reported[-1] == (8, 8)
    again = compare(
        ["booth", "beale"], ["adam(lr=0.1)", "sgd(lr=0.01)"], starts=2, steps=20, resume_dir=tmp_path / "kept"
    )
    read = Record.load(again.save(tmp_path / "comparison.npz"))
    assert np.array_equal(filled(read.grid("evaluations_to")), filled(record.grid("evaluations_to")))
    assert read.axes == record.axes
    with pytest.raises(InputError, match="kept"):
        compare(
            ["booth", "beale"],
            ["adam(lr=0.1)", "sgd(lr=0.01)"],
            starts=2,
            steps=20,
            resume_dir=tmp_path / "kept",
            tolerances=[0.3],
        )


def test_ctrl_c_gives_back_what_is_done():
    def stop(done, total):
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted"):
        record = compare([BOWL], ["adam(lr=0.1)", "sgd(lr=0.1)", "bfgs"], starts=5, progress=stop)
    assert not record.meta["complete"]
    status = record.grid("status")[0, :, :, 0]
    assert (status[0] != "not run").all()
    assert (status[2] == "not run").all()
    assert (filled(record.grid("evaluations_to"))[0, 2] == -1).all()
    with pytest.raises(InputError, match="the comparison was interrupted"):
        costs(record)


# As arrays


def test_costs_are_laid_out_by_problem():
    with pytest.warns(UserWarning, match="the 2 seeds gave equal runs"):
        record = compare(
            [BOWL, "booth"], ["adam(lr=0.1)", "sgd(lr=0.02)"], starts=3, seeds=2, steps=60, tolerances=[0.5, 1e-9]
        )
    found = costs(record)
    assert found.values.shape == (12, 2, 2)
    assert found.functions.tolist() == ["bowl"] * 6 + ["booth"] * 6
    assert found.dims.tolist() == [2] * 12
    grid = filled(record.grid("evaluations_to"))
    assert found.values[7, 1, 0] == (grid[1, 1, 0, 1, 0] if grid[1, 1, 0, 1, 0] >= 0 else math.inf)
    assert np.isinf(found.at()).any()
    assert np.array_equal(found.at(0.5), found.values[:, :, 0])
    assert np.array_equal(costs(record, cost="steps").values, found.values), "one gradient a step"
    mine = found.at(0.5)[6:, 0]
    done = np.isfinite(mine)
    assert found.running_times(0.5)[1, 0] == pytest.approx((mine[done].sum() + 60 * (~done).sum()) / done.sum())
    assert found.factors()[0] == 1
    assert found.budgets()[-1] >= 30


def test_restarts_make_an_ecdf_of_running_times_to_come():
    record = compare([BOWL, "booth"], ["adam(lr=0.1)", "sgd(lr=0.02)"], starts=4, steps=60, tolerances=[0.5, 1e-2])
    found = costs(record)
    again = found.with_restarts(draws=500)
    assert again.values.shape == (1000, 2, 2)
    assert again.functions.tolist() == ["bowl"] * 500 + ["booth"] * 500
    times = again.values[:500].mean(0)
    for target, share in enumerate([0.5, 1e-2]):
        expected = found.running_times(share)[0]
        for mean, exact in zip(times[:, target], expected, strict=True):
            assert mean == exact == math.inf or mean == pytest.approx(exact, rel=0.15)
    shares = profiles.ecdf(again.values, again.dims, again.budgets())
    reached = np.isfinite(found.values).reshape(2, 4, 2, 2).any(1)  # sooner or later, by restarts
    assert np.allclose(shares[:, -1], reached.mean((0, 2)))


def test_runs_that_begin_beyond_the_view_of_a_function_without_a_bottom_may_run():
    record = sweep("saddle", "sgd", lr=[1e-3], starts=[(50.0, 40.0), (0.5, 0.5)], steps=3)
    assert record.trajectories.runs["stopped"].tolist() == [None, None]


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"functions": []}, "no functions to compare on"),
        ({"functions": ["beal"]}, "unknown function 'beal'. Did you mean beale"),
        ({"functions": ["saddle"]}, "saddle is unbounded below"),
        ({"functions": 3}, "a function must be a name of the catalogue"),
        ({"optimizers": []}, "no optimizers to compare"),
        ({"optimizers": "adamm"}, "unknown optimizer 'adamm'"),
        ({"starts": 0}, "starts must be an integer >= 1, got 0"),
        ({"starts": [(0, 0)]}, "starts must be an integer"),
        ({"seeds": 0}, "seeds must be an integer >= 1, got 0"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"tolerances": []}, "tolerances must be shares of the initial gap"),
        ({"tolerances": [0.1, 1.0]}, "tolerances must be shares of the initial gap"),
        ({"tolerances": [math.nan]}, "tolerances must be shares of the initial gap"),
        ({"tolerances": 0.1}, "tolerances must be shares of the initial gap"),
        ({"spread": -1}, 'spread must be "view", "domain" or a number'),
        ({"dtype": torch.float16}, "dtype must be torch.float64 or torch.float32"),
        ({"device": "abacus"}, "device 'abacus' is not available here"),
    ],
)
def test_invalid_input_is_refused_in_one_line_before_any_work(arguments, message, monkeypatch):
    monkeypatch.setattr(_compare, "execute", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(InputError, match=message) as caught:
        compare(**{"functions": BOWL, "optimizers": "adam(lr=0.1)", **arguments})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda record: costs(record, cost="hours"), "unknown cost 'hours'"),
        (lambda record: costs(record).at(0.3), "no tolerance 0.3; it has 0.5, 0.1"),
        (lambda _: costs(race(BOWL, "adam(lr=0.1)", steps=1)), r"need the record of compare\(\), got that of a race"),
    ],
)
def test_an_unknown_cost_or_tolerance_is_refused(ask, message):
    record = compare(BOWL, "adam(lr=0.1)", starts=1, steps=2, tolerances=[0.1, 0.5])
    with pytest.raises(InputError, match=message):
        ask(record)
