"""Recording: the requested steps and metrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import valley

from landscapes import optimizers, race
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import recorded_steps
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer
from landscapes.oracle import value_and_gradient
from landscapes.record import Record

WIDE = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
LISTED: list[Optimizer] = [
    optimizers.SGD(lr=0.05, momentum=0.9),
    optimizers.Adam(lr=0.1),
    optimizers.SGD(lr=0.1),
    optimizers.Adam(lr=0.01),
    optimizers.Lion(lr=0.01),
]
STARTS = torch.tensor([[-1.0, -1.0, 0.5, 0.5, 0.1], [1.5, 1.5, 1.0, -1.0, 0.2]], dtype=torch.float64)


def run(steps: int = 40, **more: object) -> BatchResult:
    return loop.run(valley(2), LISTED, STARTS, steps, box=WIDE, **more)


@given(
    st.integers(1, 60),
    st.one_of(st.sampled_from(["all", "ends"]), st.integers(1, 70), st.lists(st.integers(0, 60), max_size=9)),
)
@pytest.mark.slow
def test_recorded_steps_equal_those_of_a_full_recording(steps, record_steps):
    if isinstance(record_steps, list):
        record_steps = [step for step in record_steps if step <= steps]
    step = recorded_steps(record_steps, steps)
    assert step[0] == 0
    assert step[-1] == steps
    assert (np.diff(step) > 0).all()
    if isinstance(record_steps, list):
        assert set(step) == {0, steps, *record_steps}
    whole, part = run(steps), run(steps, record_steps=record_steps)
    assert part.step.tolist() == step.tolist()
    np.testing.assert_array_equal(part.x, whole.x[:, step])
    np.testing.assert_array_equal(part.loss, whole.loss[:, step])
    for name in ("stopped", "reason", "reached", "first_reached", "lowest"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name))


@pytest.mark.parametrize(
    "record_steps", ["some", "", 0, -3, True, 1.5, None, [1.5], [True], [-1], [41], ["1"], {"a": 1}]
)
def test_invalid_steps_are_rejected_in_one_line(record_steps):
    with pytest.raises(
        InputError, match=r'^record_steps (must be "all", "ends", a stride|must lie between 0 and 40)'
    ) as caught:
        run(record_steps=record_steps)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_reached_does_not_depend_on_the_recorded_steps():
    target = 1e-3
    whole = run(300, target=target)
    hits = whole.loss <= target
    first = np.where(hits.any(1), hits.argmax(1), -1)
    stays = np.where(hits[:, -1], hits.shape[1] - np.argmin(hits[:, ::-1], axis=1), -1)
    assert (stays > 0).sum() >= 2
    for record_steps in ("all", "ends", 7):
        result = run(300, record_steps=record_steps, target=target)
        assert result.reached.tolist() == stays.tolist()
        assert result.first_reached.tolist() == first.tolist()
        np.testing.assert_array_equal(result.lowest, whole.loss.min(1))


def test_metrics_are_gradient_norms_rates_and_buffers():
    result = run(metrics=("gradient_norm", "momentum", "second_moment", "lr"), record_steps=5)
    assert {name: value.shape for name, value in result.metrics.items()} == {
        "gradient_norm": (5, 9),
        "momentum": (5, 9, 2),
        "second_moment": (5, 9, 2),
        "lr": (5, 9),
    }
    for run_, points in enumerate(result.x):
        slopes = value_and_gradient(valley(2), torch.from_numpy(points.T.copy()))[1]
        np.testing.assert_allclose(result.metrics["gradient_norm"][run_], slopes.norm(dim=0), rtol=1e-14)
        assert (result.metrics["lr"][run_] == LISTED[run_].learning_rate).all()
    assert np.isnan(result.metrics["second_moment"][[0, 2, 4]]).all(), "only Adam has one"
    assert np.isfinite(result.metrics["second_moment"][[1, 3]]).all()
    assert np.isnan(result.metrics["momentum"][2]).all(), "plain SGD has no buffer"


def test_buffers_equal_those_of_torch():
    result = run(30, metrics=("momentum", "second_moment"))
    p = torch.nn.Parameter(STARTS[:, 1].clone())
    optimizer = torch.optim.Adam([p], lr=0.1)
    for step in range(1, 31):
        p.grad = value_and_gradient(valley(2), p.detach()[:, None])[1][:, 0]
        optimizer.step()
        state = optimizer.state[p]
        np.testing.assert_array_equal(result.metrics["momentum"][1, step], state["exp_avg"])
        np.testing.assert_array_equal(result.metrics["second_moment"][1, step], state["exp_avg_sq"])
    assert (result.metrics["momentum"][:, 0][[0, 1, 3, 4]] == 0).all(), "zero before the first step"


def test_metrics_do_not_change_the_run():
    plain, recorded = run(), run(metrics=("gradient_norm", "momentum"))
    np.testing.assert_array_equal(plain.x, recorded.x)
    for kind in plain.evaluations:
        np.testing.assert_array_equal(plain.evaluations[kind], recorded.evaluations[kind])


@pytest.mark.parametrize("record_steps", ["all", "ends"])
def test_an_unknown_metric_is_rejected(record_steps):
    with pytest.raises(
        InputError, match=r"no optimizer of this race records 'temperature'; available: gradient_norm, lr, momentum"
    ):
        run(metrics=("momentum", "temperature"), record_steps=record_steps)


def test_a_saved_record_contains_its_metrics(tmp_path):
    record = race(
        "booth", ["adam(lr=0.1)", "sgd(lr=0.01)"], steps=30, record_steps=10, metrics=("gradient_norm", "momentum")
    )
    assert record.trajectories.step.tolist() == [0, 10, 20, 30]
    loaded = Record.load(record.save(tmp_path / "race.npz"))
    for name, values in record.trajectories.metrics.items():
        np.testing.assert_array_equal(loaded.trajectories.metrics[name], values)
    assert set(loaded.trajectories.metrics) == {"gradient_norm", "momentum"}
    assert loaded.trajectories.runs["n_gradients"].tolist() == [30, 30]
