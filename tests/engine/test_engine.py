"""The batched loop: runs are independent, and a run that has ended stays at its last valid point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from every_optimizer import ALL, WITH_RATE, WRAPPERS, optimizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import SPACES, assert_same, part
from torch import Tensor

from landscapes import function, functions, optimizers
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer, parse
from landscapes.oracle import KINDS

WIDE = torch.tensor([[-1e6, 1e6], [-1e6, 1e6]], dtype=torch.float64)


def valley(x: Tensor, y: Tensor) -> Tensor:
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2


def valley_residuals(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([1 - x, 10**0.5 * (y - x * x)])


VALLEY = function((-3, 3), (-3, 3), start=(-1, 2), residuals=valley_residuals)(valley)


def three_runs_each(names: list[str]) -> list[Optimizer]:
    """Return three runs of each optimizer, with different learning rates if it has one."""
    return [optimizer_of(name, **rate(name, lr)) for name in names for lr in (1e-3, 0.013, 0.2)]


def rate(name: str, lr: float) -> dict[str, float]:
    return {"lr": lr} if name in (*WITH_RATE, *WRAPPERS) else {}


def starts_for(count: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((2, count), generator=generator, dtype=torch.float64).sub(0.5).mul(4).to(dtype)


def run(objective: Function, listed: list[Optimizer], starts: Tensor, steps: int, box: Tensor = WIDE) -> BatchResult:
    return loop.run(objective, listed, starts, steps, box=box)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.sample(8)
@pytest.mark.thin(4)
def test_a_run_in_a_batch_equals_the_run_alone(name):
    others = [other for other in ("sgd", "adam", "rprop") if other != name]
    listed = three_runs_each([others[0], name, *others[1:]])
    starts = starts_for(len(listed))
    together = run(VALLEY, listed, starts, 35)
    for i in range(3, 6):
        alone = run(VALLEY, [listed[i]], starts[:, i : i + 1], 35)
        assert_same(part(together, [i]), alone)


def test_a_torch_optimizer_in_a_batch_equals_the_run_alone():
    listed = [
        optimizers.Torch(torch.optim.Adam, lr=0.05),
        *three_runs_each(["adam"]),
        optimizers.Torch(torch.optim.Adam, lr=0.2),
    ]
    starts = starts_for(5)
    together = run(VALLEY, listed, starts, 60)
    for i in range(5):
        assert_same(part(together, [i]), run(VALLEY, [listed[i]], starts[:, [i]], 60))


LISTED = three_runs_each(["sgd", "adam", "rmsprop", "rprop"])


@settings(max_examples=10)
@given(st.permutations(range(len(LISTED))))
@pytest.mark.slow
def test_results_do_not_depend_on_the_order_of_runs(order):
    starts = starts_for(len(LISTED))
    straight = run(VALLEY, LISTED, starts, 40)
    shuffled = run(VALLEY, [LISTED[i] for i in order], starts[:, list(order)], 40)
    assert_same(part(straight, list(order)), shuffled)


def test_adam_reproduces_torch_bitwise():
    starts = starts_for(3)
    result = run(VALLEY, three_runs_each(["adam"]), starts, 200)
    for i, lr in enumerate((1e-3, 0.013, 0.2)):
        parameter = torch.nn.Parameter(starts[:, i].clone())
        optimizer = torch.optim.Adam([parameter], lr=lr)
        for step in range(201):
            np.testing.assert_array_equal(result.x[i, step], parameter.detach().numpy())
            optimizer.zero_grad()
            loss = valley(*parameter)
            assert result.loss[i, step] == loss.item()
            loss.backward()
            optimizer.step()


def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A slope along x, defined for x ≤ 1; NaN beyond."""
    return torch.sqrt(1 - x) * 10 + y * y


def kink(x: Tensor, y: Tensor) -> Tensor:
    """Finite everywhere; the gradient is NaN at x = 0."""
    return torch.sqrt(x * x) + y * y


def square(x: Tensor, y: Tensor) -> Tensor:
    return x * x + y * y


CLIFF, KINK, SQUARE = (function((-2, 2), (-2, 2), start=(0, 1))(formula) for formula in (cliff, kink, square))


def test_a_run_that_meets_nan_stays_at_its_last_valid_point():
    starts = torch.tensor([[0.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    slow, fast = parse("sgd(lr=0.001)")[0], parse("sgd(lr=0.05)")[0]
    result = run(CLIFF, [fast, slow], starts, 30)
    x, rejected = 0.0, -1  # the same by hand: x grows by lr · 5/√(1−x) until it passes 1
    visited = [x]
    for step in range(1, 31):
        x += 0.05 * 5 / (1 - x) ** 0.5
        if x > 1:
            rejected = step
            break
        visited.append(x)
    assert rejected > 1
    assert result.stopped.tolist() == [rejected, -1]
    assert result.reason.tolist() == ["non-finite", ""]
    np.testing.assert_allclose(result.x[0, :rejected, 0], visited, rtol=1e-12)
    assert np.isfinite(result.x).all()
    assert np.isfinite(result.loss).all()
    for t in range(rejected, 31):
        np.testing.assert_array_equal(result.x[0, t], result.x[0, rejected - 1])
        assert result.loss[0, t] == result.loss[0, rejected - 1]
    assert_same(part(result, [1]), run(CLIFF, [slow], starts[:, :1], 30))


def test_a_run_that_leaves_the_box_stays_at_its_last_point_inside():
    starts = torch.tensor([[1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    wild, calm = parse("sgd(lr=1.5)")[0], parse("sgd(lr=0.1)")[0]  # x ← (1 − 2·lr)·x = −2x
    box = torch.tensor([[-10.0, 10.0], [-10.0, 10.0]], dtype=torch.float64)
    result = run(SQUARE, [wild, calm], starts, 12, box)
    assert result.x[0, :, 0].tolist() == [1, -2, 4, -8, *[-8] * 9]
    assert result.stopped.tolist() == [4, -1]
    assert result.reason.tolist() == ["bound", ""]
    assert result.n_gradients.tolist() == [4, 12]
    assert_same(part(result, [1]), run(SQUARE, [calm], starts[:, :1], 12, box))


@pytest.mark.parametrize("name", [*WITH_RATE, *WRAPPERS])
@pytest.mark.thin(4)
def test_ended_runs_do_not_affect_others(name):
    """The optimizer state of an ended run is still updated; it must not affect other runs."""
    listed = [optimizer_of(name, lr=lr) for lr in (0.01, 3e5, 0.02)]
    starts = torch.tensor([[-0.5, 0.9, -0.2], [0.5, 1.0, 1.0]], dtype=torch.float64)
    result = run(CLIFF, listed, starts, 20)
    assert result.stopped[1] > 0
    for i in (0, 2):
        assert_same(part(result, [i]), run(CLIFF, [listed[i]], starts[:, [i]], 20))


def test_a_start_without_a_gradient_records_its_value():
    starts = torch.tensor([[0.0, 1.0], [0.5, 0.5]], dtype=torch.float64)
    result = run(KINK, three_runs_each(["sgd"])[:2], starts, 5)
    assert result.stopped.tolist() == [0, -1]
    assert result.reason.tolist() == ["non-finite", ""]
    assert result.loss[0].tolist() == [0.25] * 6
    assert result.x[0].tolist() == [[0.0, 0.5]] * 6


def counted() -> tuple[Function, Callable[[], int]]:
    calls = 0

    @function((-3, 3), (-3, 3), start=(-1, 2))
    def bowl(x: Tensor, y: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return x * x + 3 * y * y

    return bowl, lambda: calls


def test_one_gradient_evaluation_per_step_serves_all_runs():
    bowl, calls = counted()
    listed = three_runs_each([name for name in ALL if optimizers.names()[name][0] in SPACES])
    run(bowl, listed, starts_for(len(listed)), 25)
    assert calls() == 25 + 1  # plus the value of the last point


def test_gradients_are_counted_per_run():
    asked = []

    class TwoEvaluations(torch.optim.SGD):
        """Evaluate the closure twice per step."""

        def step(self, closure):
            asked.extend([closure(), closure()])
            super().step()

    listed = [
        *three_runs_each(["sgd"])[:2],
        optimizers.Torch(TwoEvaluations, lr=0.01),
        optimizers.Torch(TwoEvaluations, lr=1.5),
    ]
    box = torch.tensor([[-10.0, 10.0], [-10.0, 10.0]], dtype=torch.float64)
    result = run(SQUARE, listed, torch.ones(2, 4, dtype=torch.float64), 10, box)
    assert result.stopped.tolist() == [-1, -1, -1, 4]
    assert result.n_gradients.tolist() == [10, 10, 30, 12]


def test_float32_is_close_to_float64_and_rounds_to_float32():
    listed = [parse(name)[0] for name in ("sgd(lr=0.01)", "adam(lr=0.05)", "rmsprop(lr=0.01)")]
    exact = run(VALLEY, listed, starts_for(3), 100)
    single = run(VALLEY, listed, starts_for(3, dtype=torch.float32), 100)
    np.testing.assert_allclose(single.x, exact.x, atol=2e-3)
    assert not np.array_equal(single.x, exact.x)
    np.testing.assert_array_equal(single.x, single.x.astype(np.float32))


def test_progress_is_reported_every_step():
    reported: list[tuple[int, int]] = []
    loop.run(SQUARE, three_runs_each(["sgd"]), starts_for(3), 4, box=WIDE, progress=lambda *pair: reported.append(pair))
    assert reported == [(step, 4) for step in range(5)]


def test_a_repeated_run_is_identical():
    assert_same(run(VALLEY, LISTED, starts_for(12), 50), run(VALLEY, LISTED, starts_for(12), 50))


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta", ""])
def test_an_unavailable_device_is_rejected_in_one_line(name):
    with pytest.raises(InputError, match=r"^device .* use device='cpu'$") as caught:
        loop.check_device(name)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_rejected_without_a_gpu():
    with pytest.raises(InputError, match=r"device 'cuda' is not available here"):
        loop.check_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_cuda_agrees_with_the_cpu():
    device = loop.check_device("cuda")
    listed = three_runs_each(ALL)
    starts = starts_for(len(listed))
    there, here = run(VALLEY, listed, starts.to(device), 100), run(VALLEY, listed, starts, 100)
    np.testing.assert_array_equal(there.stopped, here.stopped)
    np.testing.assert_allclose(there.x[:, :20], here.x[:, :20], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("starts", "streams", "message"),
    [
        (
            torch.ones(2, 3, dtype=torch.int64),
            None,
            r"starts must be a real floating-point tensor, got torch.int64; use starts.double\(\)",
        ),
        (
            torch.ones(2, 3, dtype=torch.complex128),
            None,
            r"starts must be a real floating-point tensor, got torch.complex128; use starts.double\(\)",
        ),
        (torch.ones(2, 4), None, r"\(d, R\) = \(2, 3\) for 3 optimizers on valley, got \(2, 4\)"),
        (torch.ones(3, 3), None, r"\(d, R\) = \(2, 3\) for 3 optimizers on valley, got \(3, 3\)"),
        (torch.ones(2), None, r"got \(2,\)"),
        (torch.ones(2, 3), torch.arange(2), r"streams must have shape \(3,\), one number per run, got \(2,\)"),
    ],
)
def test_shape_mismatches_are_rejected_in_one_line(starts, streams, message):
    with pytest.raises(InputError, match=message) as caught:
        loop.run(VALLEY, three_runs_each(["sgd"]), starts, 5, box=WIDE, streams=streams)
    assert "\n" not in str(caught.value)


def test_evaluations_are_recorded_per_step():
    """The counts at step t equal those of a run of t steps, whatever an optimizer evaluates besides its gradient."""
    rosenbrock = functions.get("rosenbrock")
    names = ["adam(lr=0.1)", "bfgs", "nelder_mead", "sgd(lr=10)", "sam(sgd(lr=0.001))"]
    listed = [parse(name)[0] for name in names]
    start = torch.tensor(rosenbrock.start, dtype=torch.float64)[:, None].repeat(1, len(names))
    box = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
    counts = loop.run(rosenbrock, listed, start, 20, box=box, metrics=["evaluations"]).metrics["evaluations"]
    for steps in (1, 7, 20):
        shorter = loop.run(rosenbrock, listed, start, steps, box=box)
        assert np.array_equal(counts[:, steps], np.stack([shorter.evaluations[kind] for kind in KINDS], 1))
