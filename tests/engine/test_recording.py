"""What a job keeps: the steps that were asked for, and what was to be observed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import valley

from landscapes import optimizers, race
from landscapes.engine import loop
from landscapes.engine.recording import recorded_steps
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer
from landscapes.oracle import value_and_gradient
from landscapes.record import Record

WIDE = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
FIELD: list[Optimizer] = [
    optimizers.SGD(lr=0.05, momentum=0.9),
    optimizers.Adam(lr=0.1),
    optimizers.SGD(lr=0.1),
    optimizers.Adam(lr=0.01),
    optimizers.Lion(lr=0.01),
]
STARTS = torch.tensor([[-1.0, -1.0, 0.5, 0.5, 0.1], [1.5, 1.5, 1.0, -1.0, 0.2]], dtype=torch.float64)


def run(steps: int = 40, **more: object) -> loop.BatchResult:
    return loop.run(valley(2), FIELD, STARTS, steps, box=WIDE, **more)


@given(
    st.integers(1, 60),
    st.one_of(st.sampled_from(["all", "ends"]), st.integers(1, 70), st.lists(st.integers(0, 60), max_size=9)),
)
def test_what_is_kept_is_what_all_would_have_at_those_steps(steps, keep):
    if isinstance(keep, list):
        keep = [step for step in keep if step <= steps]
    step = recorded_steps(keep, steps)
    assert step[0] == 0
    assert step[-1] == steps
    assert (np.diff(step) > 0).all()
    if isinstance(keep, list):
        assert set(step) == {0, steps, *keep}
    whole, part = run(steps), run(steps, record_steps=keep)
    assert part.step.tolist() == step.tolist()
    np.testing.assert_array_equal(part.x, whole.x[:, step])
    np.testing.assert_array_equal(part.loss, whole.loss[:, step])
    for name in ("stopped", "reason", "reached", "lowest"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name))


@pytest.mark.parametrize("keep", ["some", "", 0, -3, True, 1.5, None, [1.5], [True], [-1], [41], ["1"], {"a": 1}])
def test_what_is_no_choice_of_steps_is_refused_in_one_line(keep):
    with pytest.raises(InputError, match=r'record_steps is "all"|steps to record lie between 0 and 40') as caught:
        run(record_steps=keep)
    assert "\n" not in str(caught.value)


def test_the_first_hit_is_found_whatever_is_kept():
    target = 1e-3
    whole = run(300, target=target)
    hits = whole.loss <= target
    expected = np.where(hits.any(1), hits.argmax(1), -1)
    assert (expected > 0).sum() >= 2
    for keep in ("all", "ends", 7):
        paths = run(300, record_steps=keep, target=target)
        assert paths.reached.tolist() == expected.tolist()
        np.testing.assert_array_equal(paths.lowest, whole.loss.min(1))


def test_observed_are_gradients_rates_and_what_rules_keep():
    paths = run(metrics=("gradient_norm", "momentum", "second_moment", "lr"), record_steps=5)
    assert {name: value.shape for name, value in paths.metrics.items()} == {
        "gradient_norm": (5, 9), "momentum": (5, 9, 2), "second_moment": (5, 9, 2), "lr": (5, 9),
    }  # fmt: skip
    for run_, points in enumerate(paths.x):
        slopes = value_and_gradient(valley(2), torch.from_numpy(points.T.copy()))[1]
        np.testing.assert_allclose(paths.metrics["gradient_norm"][run_], slopes.norm(dim=0), rtol=1e-14)
        assert (paths.metrics["lr"][run_] == FIELD[run_].learning_rate).all()
    assert np.isnan(paths.metrics["second_moment"][[0, 2, 4]]).all(), "only Adam has one"
    assert np.isfinite(paths.metrics["second_moment"][[1, 3]]).all()
    assert np.isnan(paths.metrics["momentum"][2]).all(), "plain SGD keeps nothing"


def test_observed_buffers_are_those_of_torch():
    paths = run(30, metrics=("momentum", "second_moment"))
    p = torch.nn.Parameter(STARTS[:, 1].clone())
    optimizer = torch.optim.Adam([p], lr=0.1)
    for step in range(1, 31):
        p.grad = value_and_gradient(valley(2), p.detach()[:, None])[1][:, 0]
        optimizer.step()
        state = optimizer.state[p]
        np.testing.assert_array_equal(paths.metrics["momentum"][1, step], state["exp_avg"])
        np.testing.assert_array_equal(paths.metrics["second_moment"][1, step], state["exp_avg_sq"])
    assert (paths.metrics["momentum"][:, 0][[0, 1, 3, 4]] == 0).all(), "nothing before the first step"


def test_observing_changes_nothing():
    plain, watched = run(), run(metrics=("gradient_norm", "momentum"))
    np.testing.assert_array_equal(plain.x, watched.x)
    for kind in plain.evaluations:
        np.testing.assert_array_equal(plain.evaluations[kind], watched.evaluations[kind])


@pytest.mark.parametrize("keep", ["all", "ends"])
def test_what_nobody_keeps_cannot_be_observed(keep):
    with pytest.raises(
        InputError, match=r"no optimizer of this race keeps 'temperature'; there is gradient_norm, lr, momentum"
    ):
        run(metrics=("momentum", "temperature"), record_steps=keep)


def test_a_record_keeps_what_was_observed(tmp_path):
    record = race(
        "booth", ["adam(lr=0.1)", "sgd(lr=0.01)"], steps=30, record_steps=10, metrics=("gradient_norm", "momentum")
    )
    assert record.trajectories.step.tolist() == [0, 10, 20, 30]
    loaded = Record.load(record.save(tmp_path / "race.npz"))
    for name, values in record.trajectories.metrics.items():
        np.testing.assert_array_equal(loaded.trajectories.metrics[name], values)
    assert set(loaded.trajectories.metrics) == {"gradient_norm", "momentum"}
    assert loaded.trajectories.runs["n_gradients"].tolist() == [30, 30]
