"""Stochastic functions: each step has one sample, which all runs share."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import assert_same, part
from torch import Tensor
from torch.nn.functional import logsigmoid

from landscapes import compare, from_module, from_numpy, function, functions, optimizers, race, sweep, tune
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.objectives.decorators import Formula, Function
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer, parse
from landscapes.oracle import Oracle
from landscapes.transforms import added, minibatched, noisy, shifted

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
COUNT, BATCH = 60, 5
WIDE = torch.tensor([[-1e6, 1e6], [-1e6, 1e6]], dtype=torch.float64)
PLANE = ((-3, 3), (-3, 3))
POINTS = torch.randn((2, COUNT), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
POINTS = POINTS + torch.tensor([[1.0], [0.5]])


def loss(points: Tensor) -> Formula:
    """Logistic regression: the mean loss over points of one class."""

    def formula(u: Tensor, v: Tensor) -> Tensor:
        margins = u[..., None] * points[0].to(u) + v[..., None] * points[1].to(u)
        return 0.01 * (u * u + v * v) - logsigmoid(margins).mean(-1)

    return formula


def regression(seed: int = 0) -> Function:
    """Mini-batches that visit all data once per epoch, in an order drawn for the epoch."""

    def batch(t: int) -> Formula:
        epoch, part = divmod(t, COUNT // BATCH)
        order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(1000 * seed + epoch))
        return loss(POINTS[:, order[part * BATCH : (part + 1) * BATCH]])

    return function(*PLANE, start=(-2, 2), name="regression", sample=batch)(loss(POINTS))


REGRESSION = regression()


def run(objective: Function, listed: list[Optimizer], starts: Tensor, steps: int) -> BatchResult:
    return loop.run(objective, listed, starts, steps, box=WIDE)


def starts_for(count: int) -> Tensor:
    return torch.rand((2, count), generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 4 - 2


# Samples


def test_a_deterministic_function_is_the_same_at_every_step():
    bowl = function(*PLANE)(lambda x, y: x * x + y * y)
    assert bowl.sample is None
    assert bowl.at_step(0) is bowl
    assert bowl.at_step(7) is bowl


def test_a_deterministic_function_is_evaluated_once_per_step():
    calls: list[int] = []

    def bowl(x: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        return x * x + y * y

    run(function(*PLANE)(bowl), [parse("sgd(lr=0.1)")[0]] * 3, starts_for(3), 20)
    assert len(calls) == 21


def test_samples_are_requested_once_per_step_in_order():
    asked: list[int] = []

    def sample(t: int) -> Formula:
        asked.append(t)
        return loss(POINTS[:, :3])

    noisy = function(*PLANE, sample=sample)(loss(POINTS))
    run(noisy, [parse(f"{name}(lr=0.1)")[0] for name in ("sgd", "adam", "lion")], starts_for(3), 12)
    assert asked == list(range(12)), "none after the last step"


@given(st.integers(0, 20), st.lists(st.floats(-20, 20), min_size=2, max_size=2), st.integers(0, 3))
def test_the_samples_of_an_epoch_average_to_the_function(epoch, point, seed):
    """Both values and gradients: the gradient of a mini-batch is unbiased."""
    noisy, x = regression(seed), torch.tensor(point, dtype=torch.float64)[:, None]
    oracle, parts = Oracle(noisy), range(epoch * COUNT // BATCH, (epoch + 1) * COUNT // BATCH)
    gradients, values = [], []
    for t in parts:
        oracle.set_step(t)
        gradients.append(oracle.value_and_gradient(x)[1])
        values.append(oracle.value(x))
    whole = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(noisy.evaluate(whole).sum(), whole)
    torch.testing.assert_close(torch.stack(gradients).mean(0), expected, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(torch.stack(values).mean(0), noisy.evaluate(x), rtol=1e-12, atol=1e-13)
    assert float(torch.stack(gradients).std(0).max()) > 0, "each differs from the mean"


# Races


def test_all_runs_share_the_noise():
    """An optimizer, a copy of it and the torch optimizer produce identical trajectories."""
    record = race(
        REGRESSION,
        {
            "a": optimizers.SGD(lr=0.5),
            "b": optimizers.Adam(lr=0.2),
            "c": optimizers.SGD(lr=0.5),
            "d": optimizers.Torch(torch.optim.SGD, lr=0.5),
        },
        steps=50,
    )
    a, b, c, d = record.trajectories.x
    np.testing.assert_array_equal(a, c)
    np.testing.assert_array_equal(a, d)
    assert np.abs(a - b).max() > 0.1


@pytest.mark.parametrize(
    ("optimizer", "cls"),
    [
        (optimizers.SGD(lr=0.5, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.5, momentum=0.9)),
        (optimizers.Adam(lr=0.1), lambda p: torch.optim.Adam(p, lr=0.1)),
        (optimizers.Torch(torch.optim.LBFGS, lr=0.5, max_iter=3), lambda p: torch.optim.LBFGS(p, lr=0.5, max_iter=3)),
    ],
    ids=["momentum", "Adam", "LBFGS"],
)
def test_a_run_equals_a_training_loop_over_mini_batches(optimizer, cls):
    """A closure evaluates the mini-batch of its step; the recorded losses are those of all data."""
    result = run(REGRESSION, [optimizer], starts_for(1), 30)
    parameter = torch.nn.Parameter(starts_for(1)[:, 0].clone())
    torch_optimizer = cls([parameter])
    for t in range(31):
        np.testing.assert_allclose(result.x[0, t], parameter.detach().numpy(), rtol=1e-9, atol=1e-12)
        assert result.loss[0, t] == pytest.approx(loss(POINTS)(*parameter).item(), rel=1e-9)
        assert REGRESSION.sample is not None
        batch = REGRESSION.sample(t)

        def closure(batch: Formula = batch) -> Tensor:
            torch_optimizer.zero_grad()
            value = batch(*parameter)
            value.backward()
            return value

        torch_optimizer.step(closure)


class Spy(torch.optim.SGD):
    """Record the values of its closure, evaluated twice per step."""

    values: list[tuple[float, float]] = []  # noqa: RUF012

    def step(self, closure=None):
        if closure is None:
            raise RuntimeError("needs a closure")
        self.values.append((float(closure()), float(closure())))
        super().step()


def test_a_closure_evaluates_the_sample_of_its_step():
    Spy.values.clear()
    optimizer = optimizers.Torch(Spy, lr=0.5)
    Spy.values.clear()  # the constructor of Torch tries the optimizer
    result = run(REGRESSION, [optimizer], starts_for(1), 20)
    for t, (first, second) in enumerate(Spy.values):
        assert first == second == float(REGRESSION.at_step(t)(result.x[0, t].tolist()))
    assert len(Spy.values) == 20
    assert result.n_gradients.tolist() == [20 * 3]


def test_a_race_is_reproducible_and_depends_on_the_seed():
    specs = ["sgd(lr=0.5)", "adam(lr=0.1)"]
    torch.manual_seed(1)
    first = race(REGRESSION, specs, steps=40)
    torch.manual_seed(2)
    torch.rand(3)
    again, other = race(regression(), specs, steps=40), race(regression(seed=1), specs, steps=40)
    np.testing.assert_array_equal(first.trajectories.x, again.trajectories.x)
    np.testing.assert_array_equal(first.trajectories.loss, again.trajectories.loss)
    assert np.abs(first.trajectories.x[:, 1:] - other.trajectories.x[:, 1:]).max(axis=(1, 2)).min() > 1e-3
    np.testing.assert_array_equal(first.surface.values, other.surface.values)


def test_a_shorter_race_is_a_prefix_of_a_longer_one():
    short, long = (race(REGRESSION, ["adam(lr=0.1)"], steps=steps).trajectories for steps in (15, 40))
    np.testing.assert_array_equal(short.x, long.x[:, :16])
    np.testing.assert_array_equal(short.loss, long.loss[:, :16])


LISTED = [parse(f"{name}(lr={lr})")[0] for name in ("sgd", "momentum", "adam", "rmsprop") for lr in (0.05, 0.3)]


def test_a_run_in_a_batch_equals_the_run_alone():
    starts = starts_for(len(LISTED))
    together = run(REGRESSION, LISTED, starts, 40)
    for i, optimizer in enumerate(LISTED):
        alone = run(REGRESSION, [optimizer], starts[:, i : i + 1], 40)
        np.testing.assert_allclose(together.x[i], alone.x[0], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(together.loss[i], alone.loss[0], rtol=1e-11)


@settings(max_examples=8)
@given(st.permutations(range(len(LISTED))))
def test_results_do_not_depend_on_the_order_of_runs(order):
    starts = starts_for(len(LISTED))
    straight = run(REGRESSION, LISTED, starts, 25)
    shuffled = run(REGRESSION, [LISTED[i] for i in order], starts[:, list(order)], 25)
    assert_same(part(straight, list(order)), shuffled)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_gpu)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-3)])
def test_samples_do_not_depend_on_device_and_precision(device, dtype, tolerance):
    reference = race(REGRESSION, ["momentum(lr=0.1)"], steps=30).trajectories.x
    found = race(REGRESSION, ["momentum(lr=0.1)"], steps=30, device=device, dtype=dtype).trajectories.x
    np.testing.assert_allclose(found, reference, atol=tolerance)


@pytest.mark.slow
def test_learning_rates_are_tuned_on_stochastic_functions():
    names = ["sgd", "momentum", "adam"]
    first, again = (race(REGRESSION, names, steps=60) for _ in range(2))
    assert first.trajectories.runs["lr_source"].tolist() == ["tuned"] * 3
    np.testing.assert_array_equal(first.trajectories.x, again.trajectories.x)
    values = first.trajectories.loss
    assert (values[:, -1] < values[:, 0] - 0.5 * (values[:, 0] - first.meta["minimum"])).all()


def test_a_run_whose_sample_is_nan_stays_at_its_last_valid_point():
    def sample(t: int) -> Formula:
        return lambda x, y: x * x + y * y + (math.nan * x if t == 7 else 0 * x)

    hole = function(*PLANE, start=(1, 1), sample=sample)(lambda x, y: x * x + y * y)
    record = race(hole, ["sgd(lr=0.01)"], steps=12)
    assert record.trajectories.runs["status"].tolist() == ["non-finite"]
    assert record.trajectories.runs["stopped"].tolist() == [7]
    assert np.isfinite(record.trajectories.loss).all()
    assert (record.trajectories.x[0, 6:] == record.trajectories.x[0, 6]).all()


# Invalid samples


def bowl(x: Tensor, y: Tensor) -> Tensor:
    return x * x + y * y


def forgetful(t: int) -> Formula:
    shift = torch.rand(())
    return lambda x, y: (x - shift) ** 2 + y * y


def broken(t: int) -> Formula:
    raise KeyError("no batch")


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (broken, r"function 'bowl': its sample of step 0 raises KeyError: 'no batch'"),
        (lambda t: 3.0, r"its sample of step 0 is not a formula but float; return a function of the coordinates"),
        (lambda t: lambda x: x * x, r"function 'bowl at step 0' returns shape \(2,\) for one point"),
        (lambda t: lambda x, y, z: x, r"function 'bowl at step 0' has 2 intervals as bounds, but its formula takes 3"),
        (lambda t: lambda x, y: float(x) + float(y), r"function 'bowl at step 0' returns float"),
        (lambda t: lambda x, y: bowl(x, y) / 0, r"function 'bowl at step 0' is inf at the start"),
        (lambda t: lambda x, y: (x - torch.rand(())) ** 2 + y, "its sample of step 0 differs when it is drawn again"),
        (forgetful, r"its sample of step 0 differs when it is drawn again; .*torch.Generator\(\).manual_seed"),
    ],
)
def test_invalid_samples_are_rejected_before_the_race(sample, message):
    noisy = function(*PLANE, start=(1, 1), sample=sample)(bowl)
    with pytest.raises(InputError, match=message):
        race(noisy, ["sgd(lr=0.1)"], steps=3)


def test_a_sample_that_fails_later_is_named():
    batches = [loss(POINTS[:, :5]), loss(POINTS[:, 5:])]
    noisy = function(*PLANE, name="two", sample=batches.__getitem__)(loss(POINTS))
    race(noisy, ["sgd(lr=0.1)"], steps=2)
    with pytest.raises(InputError, match="function 'two': its sample of step 2 raises IndexError"):
        race(noisy, ["sgd(lr=0.1)"], steps=3)


@pytest.mark.parametrize("sample", [3, "batch", [bowl]])
def test_a_sample_must_be_callable(sample):
    with pytest.raises(InputError, match="sample must take a step and return the formula of that step, got"):
        function(*PLANE, sample=sample)(bowl)


@pytest.mark.slow
def test_a_sample_that_cannot_take_a_batch_is_looped():
    def sample(t: int) -> Formula:
        return lambda x, y: x * x + y * y if x > t else x * x + 2 * y * y

    noisy = function(*PLANE, start=(1, 1), name="forked", sample=sample)(bowl)
    with pytest.warns(UserWarning, match=r"function 'forked at step 0' cannot take a batch .* a Python loop"):
        slower = checked(noisy)
    assert slower.mode == "looped"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked(slower) is slower
    with pytest.warns(UserWarning, match="evaluated by a Python loop"):
        x = race(noisy, ["sgd(lr=0.1)", "sgd(lr=0.2)"], steps=1).trajectories.x
    np.testing.assert_allclose(x[:, 1], [[0.8, 0.8], [0.6, 0.6]])


# Samples that follow the seed of the run

MOONS = functions.get("noisy_moons")
EACH_KIND = [
    "sgd(lr=0.1)",
    "sophia(lr=0.01)",
    "nelder_mead",
    "lbfgs",
    "sam(sgd(lr=0.1))",
    "scipy(method='L-BFGS-B')",
    "torch",
]


def with_seed(seed: int) -> Function:
    """The function whose samples are those of one run."""
    return replace(MOONS, sample=lambda t: MOONS.sample(t, seed=seed))


@pytest.mark.parametrize("name", EACH_KIND)
def test_each_run_sees_the_samples_of_its_seed(name):
    listed = [optimizers.Torch(torch.optim.LBFGS, lr=0.1) if name == "torch" else parse(name)[0]] * 4
    starts = starts_for(4)
    streams = {"streams": torch.arange(4), "sample_streams": torch.tensor([1, 0, 1, 2])}
    together = loop.run(MOONS, listed, starts, 5, box=WIDE, **streams)
    for i, seed in enumerate((1, 0, 1, 2)):
        alone = loop.run(with_seed(seed), listed[:1], starts[:, i : i + 1], 5, box=WIDE, streams=torch.tensor([i]))
        assert_same(part(together, [i]), alone)


def test_the_seed_of_an_experiment_changes_the_samples():
    def final(objective: Function, seed: int) -> float:
        sgd, start = [optimizers.SGD(lr=0.1)], starts_for(1)
        return float(loop.run(objective, sgd, start, 6, box=WIDE, seed=seed).loss[0, -1])

    assert final(MOONS, 0) != final(MOONS, 1) == final(with_seed(1 << 32), 0)


def test_a_sampler_of_the_step_alone_is_shared_by_all_seeds():
    with pytest.warns(UserWarning, match=r"sample\(t, seed\)"):
        final = sweep(REGRESSION, "sgd(lr=0.1)", seeds=2, steps=6).grid("final")
    assert final[0] == final[1]


def _plane() -> Function:
    return from_numpy(
        lambda x, y: x + 0 * y, PLANE, name="plane", sample=lambda t, seed: lambda x, y: (seed + t) * x + 0 * y
    )


def _network() -> Function:
    data = torch.linspace(-1, 1, 20)[:, None]
    return from_module(torch.nn.Linear(1, 1), torch.nn.MSELoss(), data, data, batch=3)


@pytest.mark.parametrize(
    "made",
    [
        lambda: minibatched("rosenbrock"),
        lambda: noisy("booth", 0.5),
        lambda: noisy("booth", 0.5, "multiplicative"),
        lambda: shifted("noisy_beale", 1.0),
        lambda: added("booth", "noisy_beale"),
        *(lambda name=name: functions.get(name) for name in ("noisy_bowl", "noisy_quadratic", "noisy_rosenbrock")),
        _plane,
        _network,
    ],
    ids=[
        "minibatched",
        "additive",
        "multiplicative",
        "shifted",
        "added",
        "bowl",
        "quadratic",
        "rosenbrock",
        "numpy",
        "module",
    ],
)
def test_samples_of_each_kind_follow_the_seed(made):
    objective = made()
    points = torch.tensor([[*objective.start]], dtype=torch.float64).T + torch.arange(1, 3)
    values = [[objective.at_step(t, seed).evaluate(points).tolist() for t in range(12)] for seed in (0, 0, 1, 2)]
    assert values[0] == values[1] == [objective.at_step(t).evaluate(points).tolist() for t in range(12)]
    assert values[0] != values[2] != values[3]


def test_a_sampler_without_random_numbers_takes_no_seed():
    assert not functions.get("reddi_online").sample_takes_seed
    assert not shifted("reddi_online", 0.1).sample_takes_seed


def test_comparisons_and_tuning_repeat_runs_with_other_samples():
    record = compare([MOONS], ["sgd(lr=0.1)"], starts=2, seeds=2, steps=20, tolerances=[0.5])
    runs = record.trajectories
    starts = torch.from_numpy(runs.x[:, 0]).T.contiguous()
    for k in range(4):
        alone = loop.run(with_seed(k), [optimizers.SGD(lr=0.1)], starts[:, k : k + 1], 20, box=WIDE)
        assert runs.loss[k, -1] == alone.loss[0, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tune(MOONS, "sgd", seeds=2, starts=1, steps=9, candidates=9, target=0.9)
