"""The batched loop: nobody disturbs anybody, and what is stopped stays where it was last good."""

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


def field(names: list[str]) -> list[Optimizer]:
    """Three runs of each optimizer, with learning rates of their own where it has one."""
    return [optimizer_of(name, **rate(name, lr)) for name in names for lr in (1e-3, 0.013, 0.2)]


def rate(name: str, lr: float) -> dict[str, float]:
    return {"lr": lr} if name in (*WITH_RATE, *WRAPPERS) else {}


def starts_for(count: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((2, count), generator=generator, dtype=torch.float64).sub(0.5).mul(4).to(dtype)


def run(
    landscape: Function, field: list[Optimizer], starts: Tensor, steps: int, box: Tensor = WIDE
) -> loop.BatchResult:
    return loop.run(landscape, field, starts, steps, box=box)


@pytest.mark.parametrize("steps", [12, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ALL)
def test_in_the_batch_each_run_is_as_it_is_alone(name, steps):
    others = [other for other in ("sgd", "adam", "rprop") if other != name]
    contenders = field([others[0], name, *others[1:]])
    starts = starts_for(len(contenders))
    together = run(VALLEY, contenders, starts, steps)
    for i in range(3, 6):
        alone = run(VALLEY, [contenders[i]], starts[:, i : i + 1], steps)
        assert_same(part(together, [i]), alone)


def test_foreign_optimizers_are_as_they_are_alone_too():
    contenders = [
        optimizers.Torch(torch.optim.Adam, lr=0.05),
        *field(["adam"]),
        optimizers.Torch(torch.optim.Adam, lr=0.2),
    ]
    starts = starts_for(5)
    together = run(VALLEY, contenders, starts, 60)
    for i in range(5):
        assert_same(part(together, [i]), run(VALLEY, [contenders[i]], starts[:, [i]], 60))


FIELD = field(["sgd", "adam", "rmsprop", "rprop"])


@settings(max_examples=10)
@given(st.permutations(range(len(FIELD))))
def test_the_order_of_runs_does_not_matter(order):
    starts = starts_for(len(FIELD))
    straight = run(VALLEY, FIELD, starts, 40)
    shuffled = run(VALLEY, [FIELD[i] for i in order], starts[:, list(order)], 40)
    assert_same(part(straight, list(order)), shuffled)


def test_a_run_is_the_torch_optimizer_s_own():
    starts = starts_for(3)
    paths = run(VALLEY, field(["adam"]), starts, 200)
    for i, lr in enumerate((1e-3, 0.013, 0.2)):
        parameter = torch.nn.Parameter(starts[:, i].clone())
        optimizer = torch.optim.Adam([parameter], lr=lr)
        for step in range(201):
            np.testing.assert_array_equal(paths.x[i, step], parameter.detach().numpy())
            optimizer.zero_grad()
            loss = valley(*parameter)
            assert paths.loss[i, step] == loss.item()
            loss.backward()
            optimizer.step()


def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A slope along x that ends where x reaches 1: NaN beyond."""
    return torch.sqrt(1 - x) * 10 + y * y


def kink(x: Tensor, y: Tensor) -> Tensor:
    """Finite everywhere, with a gradient that is NaN where x is 0."""
    return torch.sqrt(x * x) + y * y


def square(x: Tensor, y: Tensor) -> Tensor:
    return x * x + y * y


CLIFF, KINK, SQUARE = (function((-2, 2), (-2, 2), start=(0, 1))(formula) for formula in (cliff, kink, square))


def test_a_run_that_meets_nan_stays_at_its_last_good_point():
    starts = torch.tensor([[0.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    slow, fast = parse("sgd(lr=0.001)")[0], parse("sgd(lr=0.05)")[0]
    paths = run(CLIFF, [fast, slow], starts, 30)
    x, refused = 0.0, -1  # the same by hand: x grows by lr · 5/√(1−x) until it passes 1
    walked = [x]
    for step in range(1, 31):
        x += 0.05 * 5 / (1 - x) ** 0.5
        if x > 1:
            refused = step
            break
        walked.append(x)
    assert refused > 1
    assert paths.stopped.tolist() == [refused, -1]
    assert paths.reason.tolist() == ["non-finite", ""]
    np.testing.assert_allclose(paths.x[0, :refused, 0], walked, rtol=1e-12)
    assert np.isfinite(paths.x).all()
    assert np.isfinite(paths.loss).all()
    for t in range(refused, 31):
        np.testing.assert_array_equal(paths.x[0, t], paths.x[0, refused - 1])
        assert paths.loss[0, t] == paths.loss[0, refused - 1]
    assert_same(part(paths, [1]), run(CLIFF, [slow], starts[:, :1], 30))


def test_a_run_that_leaves_the_box_stays_at_its_last_point_within():
    starts = torch.tensor([[1.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    wild, calm = parse("sgd(lr=1.5)")[0], parse("sgd(lr=0.1)")[0]  # x ← (1 − 2·lr)·x = −2x
    box = torch.tensor([[-10.0, 10.0], [-10.0, 10.0]], dtype=torch.float64)
    paths = run(SQUARE, [wild, calm], starts, 12, box)
    assert paths.x[0, :, 0].tolist() == [1, -2, 4, -8, *[-8] * 9]
    assert paths.stopped.tolist() == [4, -1]
    assert paths.reason.tolist() == ["bound", ""]
    assert paths.n_gradients.tolist() == [4, 12]
    assert_same(part(paths, [1]), run(SQUARE, [calm], starts[:, :1], 12, box))


@pytest.mark.parametrize("name", [*WITH_RATE, *WRAPPERS])
def test_runs_that_are_stopped_disturb_nobody(name):
    """The frozen run's state goes on being updated; nothing of it may reach its neighbours."""
    contenders = [optimizer_of(name, lr=lr) for lr in (0.01, 3e5, 0.02)]
    starts = torch.tensor([[-0.5, 0.9, -0.2], [0.5, 1.0, 1.0]], dtype=torch.float64)
    paths = run(CLIFF, contenders, starts, 20)
    assert paths.stopped[1] > 0
    for i in (0, 2):
        assert_same(part(paths, [i]), run(CLIFF, [contenders[i]], starts[:, [i]], 20))


def test_a_start_without_a_gradient_keeps_its_value():
    starts = torch.tensor([[0.0, 1.0], [0.5, 0.5]], dtype=torch.float64)
    paths = run(KINK, field(["sgd"])[:2], starts, 5)
    assert paths.stopped.tolist() == [0, -1]
    assert paths.reason.tolist() == ["non-finite", ""]
    assert paths.loss[0].tolist() == [0.25] * 6
    assert paths.x[0].tolist() == [[0.0, 0.5]] * 6


def counted() -> tuple[Function, Callable[[], int]]:
    calls = 0

    @function((-3, 3), (-3, 3), start=(-1, 2))
    def bowl(x: Tensor, y: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return x * x + 3 * y * y

    return bowl, lambda: calls


def test_one_gradient_evaluation_a_step_serves_all():
    bowl, calls = counted()
    contenders = field([name for name in ALL if optimizers.names()[name][0] in SPACES])
    run(bowl, contenders, starts_for(len(contenders)), 25)
    assert calls() == 25 + 1  # and the value of the last point


def test_gradients_are_counted_per_run():
    asked = []

    class TwoLooks(torch.optim.SGD):
        """Looks twice from where it stands."""

        def step(self, closure):
            asked.extend([closure(), closure()])
            super().step()

    contenders = [*field(["sgd"])[:2], optimizers.Torch(TwoLooks, lr=0.01), optimizers.Torch(TwoLooks, lr=1.5)]
    box = torch.tensor([[-10.0, 10.0], [-10.0, 10.0]], dtype=torch.float64)
    paths = run(SQUARE, contenders, torch.ones(2, 4, dtype=torch.float64), 10, box)
    assert paths.stopped.tolist() == [-1, -1, -1, 4]
    assert paths.n_gradients.tolist() == [10, 10, 30, 12]


def test_float32_is_close_to_float64_and_says_so_in_its_values():
    contenders = [parse(name)[0] for name in ("sgd(lr=0.01)", "adam(lr=0.05)", "rmsprop(lr=0.01)")]
    exact = run(VALLEY, contenders, starts_for(3), 100)
    single = run(VALLEY, contenders, starts_for(3, dtype=torch.float32), 100)
    np.testing.assert_allclose(single.x, exact.x, atol=2e-3)
    assert not np.array_equal(single.x, exact.x)
    np.testing.assert_array_equal(single.x, single.x.astype(np.float32))


def test_progress_is_told_every_step():
    told: list[tuple[int, int]] = []
    loop.run(SQUARE, field(["sgd"]), starts_for(3), 4, box=WIDE, progress=lambda *pair: told.append(pair))
    assert told == [(step, 4) for step in range(5)]


def test_twice_is_the_same():
    assert_same(run(VALLEY, FIELD, starts_for(12), 50), run(VALLEY, FIELD, starts_for(12), 50))


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta", ""])
def test_a_device_that_is_not_there_is_refused_in_one_line(name):
    with pytest.raises(InputError, match=r"^device .* use device='cpu'$") as caught:
        loop.check_device(name)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_where_there_is_none():
    with pytest.raises(InputError, match=r"device 'cuda' is not to be had here"):
        loop.check_device("cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_cuda_gives_what_the_cpu_gives():
    device = loop.check_device("cuda")
    contenders = field(ALL)
    starts = starts_for(len(contenders))
    there, here = run(VALLEY, contenders, starts.to(device), 100), run(VALLEY, contenders, starts, 100)
    np.testing.assert_array_equal(there.stopped, here.stopped)
    np.testing.assert_allclose(there.x[:, :20], here.x[:, :20], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("starts", "streams", "message"),
    [
        (torch.ones(2, 3, dtype=torch.int64), None, r"starts are real floating-point tensors, not torch.int64"),
        (
            torch.ones(2, 3, dtype=torch.complex128),
            None,
            r"starts are real floating-point tensors, not torch.complex128",
        ),
        (torch.ones(2, 4), None, r"here \(2, 3\) for 3 optimizers on valley, not \(2, 4\)"),
        (torch.ones(3, 3), None, r"here \(2, 3\) for 3 optimizers on valley, not \(3, 3\)"),
        (torch.ones(2), None, r"not \(2,\)"),
        (torch.ones(2, 3), torch.arange(2), r"streams are one number a run, shape \(3,\), not \(2,\)"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(starts, streams, message):
    with pytest.raises(InputError, match=message) as caught:
        loop.run(VALLEY, field(["sgd"]), starts, 5, box=WIDE, streams=streams)
    assert "\n" not in str(caught.value)


def test_evaluations_are_told_step_by_step():
    """So far as each step: the counts of a job that ends there, whatever an optimizer asks for beside its gradient."""
    rosenbrock = functions.get("rosenbrock")
    names = ["adam(lr=0.1)", "bfgs", "nelder_mead", "sgd(lr=10)", "sam(sgd(lr=0.001))"]
    contenders = [parse(name)[0] for name in names]
    start = torch.tensor(rosenbrock.start, dtype=torch.float64)[:, None].repeat(1, len(names))
    box = torch.tensor([[-1e3, 1e3]] * 2, dtype=torch.float64)
    told = loop.run(rosenbrock, contenders, start, 20, box=box, metrics=["evaluations"]).metrics["evaluations"]
    for steps in (1, 7, 20):
        shorter = loop.run(rosenbrock, contenders, start, steps, box=box)
        assert np.array_equal(told[:, steps], np.stack([shorter.evaluations[kind] for kind in KINDS], 1))
