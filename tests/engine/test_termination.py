"""Runs end when they converge, fail or run out of steps; the result states when and why."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import assert_same, part

from landscapes import function, optimizers, race
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.termination import MANY_RUNS, REASON_CODES, Stop, is_inside
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer

WIDE = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
BOWL = function((-3, 3), (-3, 3), start=(2, 1), minima=[(0.5, -0.5)], minimum=-1.0, name="bowl")(
    lambda x, y: (x - 0.5) ** 2 + 2 * (y + 0.5) ** 2 - 1
)
UNKNOWN = function((-3, 3), (-3, 3), start=(2, 1), name="unknown")(lambda x, y: x + y * y)


def sgd(*rates: float) -> list[Optimizer]:
    return [optimizers.SGD(lr=lr) for lr in rates]


def run(listed: list[Optimizer], steps: int = 60, stop: Stop | None = None, seed: int = 0) -> BatchResult:
    starts = torch.rand((2, len(listed)), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4 - 2
    return loop.run(BOWL, listed, starts, steps, box=WIDE, stop=stop)


def gap(result: BatchResult) -> dict[str, np.ndarray]:
    x = result.x - np.array([0.5, -0.5])
    return {
        "gtol": np.hypot(2 * x[..., 0], 4 * x[..., 1]),
        "ftol": result.loss + 1,
        "xtol": np.hypot(x[..., 0], x[..., 1]),
    }


@pytest.mark.parametrize("kind", ["gtol", "ftol", "xtol"])
def test_a_converged_run_stays_where_it_is(kind):
    listed, tolerance = sgd(0.1, 0.2, 0.01, 0.2), 1e-3
    free, stopped = run(listed), run(listed, stop=Stop(**{kind: tolerance}))
    hits = gap(free)[kind] <= tolerance
    first = np.where(hits[:, :-1].any(1), hits.argmax(1), -1)
    assert stopped.stopped.tolist() == first.tolist()
    assert (first > 0).sum() == 3
    assert stopped.reason.tolist() == [kind if step >= 0 else "" for step in first]
    for i, step in enumerate(first):
        end = step if step >= 0 else 60
        np.testing.assert_array_equal(stopped.x[i, : end + 1], free.x[i, : end + 1])
        assert (stopped.x[i, end:] == stopped.x[i, end]).all()
        assert (stopped.loss[i, end:] == stopped.loss[i, end]).all()
        assert stopped.n_gradients[i] == end


def test_the_reason_is_the_tolerance_met_first():
    listed = sgd(0.1)
    free = gap(run(listed))
    for stop in (Stop(gtol=1e-2, ftol=1e-12), Stop(gtol=1e-12, ftol=1e-2), Stop(ftol=1e-8, xtol=1e-2)):
        result = run(listed, stop=stop)
        tolerances = {name: value for name, value in dataclasses.asdict(stop).items() if value is not None}
        first = {
            name: int((free[name][0] <= value).argmax())
            for name, value in tolerances.items()
            if (free[name][0] <= value).any()
        }
        assert result.reason[0] == min(first, key=lambda name: first[name])
        assert result.stopped[0] == min(first.values())


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.permutations(range(6)))
@pytest.mark.slow
def test_converged_runs_do_not_affect_others(seed, order):
    listed: list[Optimizer] = [
        *sgd(0.05, 0.2, 5.0),
        optimizers.Adam(lr=0.1),
        optimizers.Adam(lr=0.5),
        optimizers.SGD(lr=0.1, momentum=0.5),
    ]
    stop = Stop(gtol=1e-2)
    starts = torch.rand((2, 6), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4 - 2
    together = loop.run(BOWL, listed, starts, 50, box=WIDE, stop=stop)
    shuffled = loop.run(BOWL, [listed[i] for i in order], starts[:, list(order)], 50, box=WIDE, stop=stop)
    assert_same(part(together, list(order)), shuffled)
    for i in range(6):
        assert_same(part(together, [i]), loop.run(BOWL, [listed[i]], starts[:, [i]], 50, box=WIDE, stop=stop))


def test_each_reason_is_reported():
    cliff = function((-3, 3), (-3, 3), start=(2, 1), minima=[(0, 0)], minimum=0.0)(
        lambda x, y: x * x + y * y + 0 * torch.sqrt(2.5 - x)
    )
    listed = sgd(0.2, 1.5, 1e-4)
    starts = torch.ones((2, 3), dtype=torch.float64)
    near = torch.tensor([[-3.0, 2.4]] * 2, dtype=torch.float64)
    result = loop.run(cliff, listed, starts, 40, box=near, stop=Stop(ftol=1e-3))
    assert result.reason.tolist() == ["ftol", "bound", ""]
    result = loop.run(cliff, [optimizers.SGD(lr=1.5)], starts[:, :1], 40, box=WIDE)
    assert result.reason.tolist() == ["non-finite"]
    assert set(REASON_CODES) == {"gtol", "ftol", "xtol", "bound", "non-finite", "terminated", "error"}


def test_a_converged_start_takes_no_step():
    result = loop.run(BOWL, sgd(0.1), torch.tensor([[0.5], [-0.5]]).double(), 10, box=WIDE, stop=Stop(gtol=0.0))
    assert result.stopped.tolist() == [0]
    assert result.n_gradients.tolist() == [0]


def test_a_race_reports_status_and_reason():
    record = race(BOWL, ["sgd(lr=0.2)", "sgd(lr=0.001)", "sgd(lr=30.0)"], steps=80, stop=Stop(gtol=1e-6))
    runs = record.trajectories.runs
    assert runs["status"].tolist() == ["converged", "max_steps", "diverged"]
    assert runs["reason"].tolist() == ["gtol", "", "bound"]
    assert 0 < runs["stopped"][0] < 80
    assert runs["stopped"].mask.tolist()[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Stop requires a tolerance: gtol=, ftol= or xtol="),
        ({"gtol": -1.0}, "Stop: gtol must be a finite number >= 0, got -1.0"),
        ({"ftol": math.nan}, "Stop: ftol must be a finite number >= 0, got nan"),
        ({"xtol": math.inf}, "Stop: xtol must be a finite number >= 0, got inf"),
        ({"gtol": "1e-3"}, "Stop: gtol must be a finite number >= 0, got '1e-3'"),
        ({"gtol": True}, "Stop: gtol must be a finite number >= 0, got True"),
    ],
)
def test_invalid_tolerances_are_rejected(arguments, message):
    with pytest.raises(InputError) as caught:
        Stop(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        (Stop(ftol=1e-3), "Stop: ftol= requires a known minimum, unknown has none; use gtol="),
        (Stop(xtol=1e-3), "Stop: xtol= requires known minimizers, unknown has none; use gtol="),
    ],
)
def test_tolerances_require_a_known_minimum(stop, message):
    with pytest.raises(InputError, match=message):
        loop.run(UNKNOWN, sgd(0.1), torch.zeros(2, 1).double(), 5, box=WIDE, stop=stop)


@pytest.mark.slow
def test_gtol_evaluates_gradients_for_all_runs_without_counting_them():
    listed: list[Optimizer] = [optimizers.NelderMead(), optimizers.SGD(lr=0.2), optimizers.ScheduleFreeSGD(lr=0.3)]
    starts = torch.full((2, 3), 1.5, dtype=torch.float64)
    plain = loop.run(BOWL, listed, starts, 200, box=WIDE)
    result = loop.run(BOWL, listed, starts, 200, box=WIDE, stop=Stop(gtol=1e-3), metrics=("gradient_norm",))
    assert result.reason.tolist() == ["gtol"] * 3
    assert (result.metrics["gradient_norm"][:, -1] <= 1e-3).all()
    for i, step in enumerate(result.stopped):
        np.testing.assert_array_equal(result.x[i, : step + 1], plain.x[i, : step + 1])
    assert result.n_gradients.tolist() == [0, result.stopped[1], result.stopped[2]]


@pytest.mark.parametrize("runs", [3, MANY_RUNS])
@pytest.mark.parametrize(
    ("value", "inside"),
    [(3.0, True), (-2.0, True), (3.0000000000000004, False), (-2.1, False), (math.nan, False), (math.inf, False)],
)
def test_bounds_hold_for_few_and_many_runs(runs: int, value: float, inside: bool) -> None:
    low, high = torch.tensor([[-9.0], [-2.0]], dtype=torch.float64), torch.tensor([[9.0], [3.0]], dtype=torch.float64)
    x = torch.zeros((2, runs), dtype=torch.float64)
    x[0] = 8.0
    x[1, runs // 2] = value
    assert is_inside(x, low, high) is inside
    assert is_inside(x, low.expand(2, runs), high.expand(2, runs)) is inside
