"""A run ends where it has arrived, where it fails, or where its steps do; the record says which, and when."""

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
from landscapes.engine.termination import REASONS, Stop
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer

WIDE = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
BOWL = function((-3, 3), (-3, 3), start=(2, 1), minima=[(0.5, -0.5)], minimum=-1.0, name="bowl")(
    lambda x, y: (x - 0.5) ** 2 + 2 * (y + 0.5) ** 2 - 1
)
NOWHERE = function((-3, 3), (-3, 3), start=(2, 1), name="nowhere")(lambda x, y: x + y * y)


def sgd(*rates: float) -> list[Optimizer]:
    return [optimizers.SGD(lr=lr) for lr in rates]


def run(field: list[Optimizer], steps: int = 60, stop: Stop | None = None, seed: int = 0) -> loop.BatchResult:
    starts = torch.rand((2, len(field)), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4 - 2
    return loop.run(BOWL, field, starts, steps, box=WIDE, stop=stop)


def gap(paths: loop.BatchResult) -> dict[str, np.ndarray]:
    x = paths.x - np.array([0.5, -0.5])
    return {
        "gtol": np.hypot(2 * x[..., 0], 4 * x[..., 1]),
        "ftol": paths.loss + 1,
        "xtol": np.hypot(x[..., 0], x[..., 1]),
    }


@pytest.mark.parametrize("kind", ["gtol", "ftol", "xtol"])
def test_a_run_rests_where_it_arrives(kind):
    field, tolerance = sgd(0.1, 0.2, 0.01, 0.2), 1e-3
    free, stopped = run(field), run(field, stop=Stop(**{kind: tolerance}))
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


def test_whatever_is_met_first_is_named():
    field = sgd(0.1)
    free = gap(run(field))
    for stop in (Stop(gtol=1e-2, ftol=1e-12), Stop(gtol=1e-12, ftol=1e-2), Stop(ftol=1e-8, xtol=1e-2)):
        paths = run(field, stop=stop)
        tolerances = {name: value for name, value in dataclasses.asdict(stop).items() if value is not None}
        first = {
            name: int((free[name][0] <= value).argmax())
            for name, value in tolerances.items()
            if (free[name][0] <= value).any()
        }
        assert paths.reason[0] == min(first, key=lambda name: first[name])
        assert paths.stopped[0] == min(first.values())


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.permutations(range(6)))
def test_those_who_rest_disturb_nobody(seed, order):
    field: list[Optimizer] = [
        *sgd(0.05, 0.2, 5.0),
        optimizers.Adam(lr=0.1),
        optimizers.Adam(lr=0.5),
        optimizers.SGD(lr=0.1, momentum=0.5),
    ]
    stop = Stop(gtol=1e-2)
    starts = torch.rand((2, 6), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4 - 2
    together = loop.run(BOWL, field, starts, 50, box=WIDE, stop=stop)
    shuffled = loop.run(BOWL, [field[i] for i in order], starts[:, list(order)], 50, box=WIDE, stop=stop)
    assert_same(part(together, list(order)), shuffled)
    for i in range(6):
        assert_same(part(together, [i]), loop.run(BOWL, [field[i]], starts[:, [i]], 50, box=WIDE, stop=stop))


def test_every_reason_is_told_apart():
    cliff = function((-3, 3), (-3, 3), start=(2, 1), minima=[(0, 0)], minimum=0.0)(
        lambda x, y: x * x + y * y + 0 * torch.sqrt(2.5 - x)
    )
    field = sgd(0.2, 1.5, 1e-4)
    starts = torch.ones((2, 3), dtype=torch.float64)
    near = torch.tensor([[-3.0, 2.4]] * 2, dtype=torch.float64)
    paths = loop.run(cliff, field, starts, 40, box=near, stop=Stop(ftol=1e-3))
    assert paths.reason.tolist() == ["ftol", "bound", ""]
    paths = loop.run(cliff, [optimizers.SGD(lr=1.5)], starts[:, :1], 40, box=WIDE)
    assert paths.reason.tolist() == ["non-finite"]
    assert set(REASONS) == {"gtol", "ftol", "xtol", "bound", "non-finite", "terminated"}


def test_a_start_that_has_arrived_takes_no_step():
    paths = loop.run(BOWL, sgd(0.1), torch.tensor([[0.5], [-0.5]]).double(), 10, box=WIDE, stop=Stop(gtol=0.0))
    assert paths.stopped.tolist() == [0]
    assert paths.n_gradients.tolist() == [0]


def test_the_race_says_so():
    record = race(BOWL, ["sgd(lr=0.2)", "sgd(lr=0.001)", "sgd(lr=30.0)"], steps=80, stop=Stop(gtol=1e-6))
    runs = record.trajectories.runs
    assert runs["status"].tolist() == ["converged", "max_steps", "diverged"]
    assert runs["reason"].tolist() == ["gtol", "", "bound"]
    assert 0 < runs["stopped"][0] < 80
    assert runs["stopped"].mask.tolist()[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Stop needs a tolerance: gtol=, ftol= or xtol="),
        ({"gtol": -1.0}, "Stop: gtol is a finite number ≥ 0, not -1.0"),
        ({"ftol": math.nan}, "Stop: ftol is a finite number ≥ 0, not nan"),
        ({"xtol": math.inf}, "Stop: xtol is a finite number ≥ 0, not inf"),
        ({"gtol": "1e-3"}, "Stop: gtol is a finite number ≥ 0, not '1e-3'"),
        ({"gtol": True}, "Stop: gtol is a finite number ≥ 0, not True"),
    ],
)
def test_a_tolerance_is_a_number(arguments, message):
    with pytest.raises(InputError) as caught:
        Stop(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        (Stop(ftol=1e-3), "ftol= needs a known minimum, which nowhere has not; use gtol="),
        (Stop(xtol=1e-3), "xtol= needs known minimisers, which nowhere has not; use gtol="),
    ],
)
def test_what_is_not_known_cannot_be_waited_for(stop, message):
    with pytest.raises(InputError, match=message):
        loop.run(NOWHERE, sgd(0.1), torch.zeros(2, 1).double(), 5, box=WIDE, stop=stop)


def test_gradients_are_looked_at_where_nobody_needs_them_and_nobody_pays():
    field: list[Optimizer] = [optimizers.NelderMead(), optimizers.SGD(lr=0.2), optimizers.ScheduleFreeSGD(lr=0.3)]
    starts = torch.full((2, 3), 1.5, dtype=torch.float64)
    plain = loop.run(BOWL, field, starts, 200, box=WIDE)
    paths = loop.run(BOWL, field, starts, 200, box=WIDE, stop=Stop(gtol=1e-3), metrics=("gradient_norm",))
    assert paths.reason.tolist() == ["gtol"] * 3
    assert (paths.metrics["gradient_norm"][:, -1] <= 1e-3).all()
    for i, step in enumerate(paths.stopped):
        np.testing.assert_array_equal(paths.x[i, : step + 1], plain.x[i, : step + 1])
    assert paths.n_gradients.tolist() == [0, paths.stopped[1], paths.stopped[2]]
