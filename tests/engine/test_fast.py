"""The fast path, with eight steps per call, equals the stepwise loop bit for bit."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from every_optimizer import OPTIMIZERS, optimizer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import assert_same, part
from thinned import diagonal
from torch import Tensor

from landscapes import function, optimizers
from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.grouping import group_runs
from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives.decorators import Function

RUNS = 260
PLAIN = [name for name in OPTIMIZERS if group_runs(Batch(optimizer_of(name), 1))]
STOPS = [None, Stop(gtol=0.1), Stop(ftol=0.3), Stop(xtol=0.2), Stop(gtol=1e-3, ftol=1e-2, xtol=1e-2)]


@function((-2, 2), (-2, 2), start=(0, 1))
def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A slope along x, defined for x ≤ 1; NaN beyond."""
    return torch.sqrt(1 - x) * 10 + y * y


@function((-2, 2), (-2, 2), start=(0, 1))
def crater(x: Tensor, y: Tensor) -> Tensor:
    """Infinite values in the middle, with a finite gradient."""
    return torch.where(x * x + y * y < 0.05, torch.inf, 0.0) + x * x + y * y


def stepwise_run(*given: object, **how: object) -> BatchResult:
    """Return `loop.run` without the fast path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "group_runs", lambda _: None)
        return loop.run(*given, **how)


@pytest.fixture
def stepwise() -> Callable[..., BatchResult]:
    return stepwise_run


def starts(objective: Function, runs: int = RUNS, dtype: torch.dtype = torch.float64) -> Tensor:
    low, high = torch.tensor(objective.domain, dtype=torch.float64).unbind(1)
    share = torch.rand((objective.dim, runs), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return (low[:, None] + share * (high - low)[:, None]).to(dtype)


def box(objective: Function, wide: float = 1.2) -> Tensor:
    return torch.tensor(objective.domain, dtype=torch.float64) * wide


def name_of(part: object) -> str:
    return part.name if isinstance(part, Function) else str(part)


def rates(name: str, runs: int = RUNS) -> dict[str, np.ndarray]:
    return {"lr": np.geomspace(1e-4, 1.5, runs)} if optimizer_of(name).tunable == "lr" else {}


@pytest.mark.parametrize(("name", "objective"), diagonal(PLAIN, [get("himmelblau"), cliff]), ids=name_of)
@pytest.mark.thin(4)
def test_every_optimizer_equals_the_stepwise_loop(name, objective, stepwise):
    how = {"box": box(objective), "record_steps": 3, "target": 1.0}
    many = Batch(optimizer_of(name), RUNS, rates(name))
    fast = loop.run(objective, many, starts(objective), 37, **how)
    assert_same(fast, stepwise(objective, many, starts(objective), 37, **how))
    assert fast.x.shape == (RUNS, 14, 2)


def test_the_test_runs_end_for_every_reason(stepwise):
    how = {"box": box(cliff), "target": 1.0}
    result = loop.run(cliff, Batch(optimizers.SGD(), RUNS, rates("sgd")), starts(cliff), 37, **how)
    assert {"", "bound", "non-finite"} == set(result.reason.tolist())
    assert (result.first_reached >= 0).any()
    assert (result.first_reached < 0).any()


@pytest.mark.parametrize("stop", STOPS, ids=str)
@pytest.mark.parametrize("keep", ["all", "ends", 5, [0, 3, 19]], ids=str)
@pytest.mark.thin(3)
def test_ends_equal_the_stepwise_loop(stop, keep, stepwise):
    objective = get("himmelblau")
    many = Batch(optimizers.SGD(momentum=0.5), RUNS, {"lr": np.geomspace(1e-4, 0.1, RUNS)})
    how = {"box": box(objective), "stop": stop, "record_steps": keep, "target": 0.5}
    fast = loop.run(objective, many, starts(objective), 42, **how)
    assert_same(fast, stepwise(objective, many, starts(objective), 42, **how))
    if stop is not None:
        assert (fast.stopped > 8).any()  # after the first call


@pytest.mark.parametrize("objective", ["rosenbrock", "beale", "ackley", "rastrigin", "goldstein_price", "powell"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.thin(2)
def test_other_functions_equal_the_stepwise_loop(objective, dtype, stepwise):
    objective = get(objective)
    many = Batch(optimizers.Adam(), RUNS, {"lr": np.geomspace(1e-3, 1.0, RUNS)})
    how = {"box": box(objective, 1.1), "stop": Stop(gtol=1e-2), "record_steps": 4}
    x = starts(objective, dtype=dtype)
    assert_same(loop.run(objective, many, x, 30, **how), stepwise(objective, many, x, 30, **how))


@pytest.mark.parametrize("steps", [0, 1, 7, 8, 9])
@pytest.mark.parametrize("objective", [crater, cliff], ids=lambda objective: objective.name)
def test_few_steps_and_invalid_starts(steps, objective, stepwise):
    x = starts(objective)
    x[:, :40] *= 3  # outside the box
    x[0, 40:50] = torch.nan
    many = Batch(optimizers.SGD(), RUNS, rates("sgd"))
    how = {"box": box(objective), "stop": Stop(gtol=0.05)}
    fast = loop.run(objective, many, x, steps, **how)
    assert_same(fast, stepwise(objective, many, x, steps, **how))
    assert (fast.stopped == 0).sum() >= 40


GRID = {"lr": np.tile(np.geomspace(1e-3, 0.1, 20), 13), "beta1": np.repeat(np.linspace(0.1, 0.95, 13), 20)}


@pytest.mark.parametrize("name", ["adam", "radam", "nadam", "amsgrad"])
def test_several_hyperparameters_per_run(name, stepwise):
    objective = get("himmelblau")
    for numbers in (GRID, GRID | {"beta2": np.linspace(0.9, 0.99, RUNS)}, {"weight_decay": np.arange(RUNS) % 3 * 0.1}):
        many = Batch(optimizer_of(name), RUNS, numbers)
        how = {"box": box(objective), "stop": Stop(gtol=0.5)}
        fast = loop.run(objective, many, starts(objective), 20, **how)
        assert_same(fast, stepwise(objective, many, starts(objective), 20, **how))


def test_interleaved_optimizers_are_grouped(stepwise):
    objective = get("himmelblau")
    listed = [optimizer_of(name, lr=lr) for lr in np.geomspace(1e-4, 0.1, 260).tolist() for name in ("sgd", "adam")]
    x = starts(objective, len(listed))
    fast = loop.run(objective, listed, x, 20, box=box(objective))
    assert_same(fast, stepwise(objective, listed, x, 20, box=box(objective)))


@function((-2, 2), (-2, 2), start=(1, 1))
def bowl(x: Tensor, y: Tensor) -> Tensor:
    """A bowl in which momentum oscillates across every contour."""
    return x * x + 3 * y * y


@settings(max_examples=20)
@given(
    st.floats(0.5, 0.99),
    st.floats(1e-3, 0.9),
    st.integers(0, 40),
    st.floats(-3, 1),
    st.sampled_from([None, Stop(gtol=0.05), Stop(ftol=0.01)]),
    st.sampled_from([torch.float64, torch.float32]),
)
@pytest.mark.slow
def test_a_run_reaches_the_target_where_its_loss_stays(momentum, lr, steps, exponent, stop, dtype):
    objective, target = replace(bowl, minimum=0.0), 10.0**exponent
    many = Batch(optimizers.SGD(momentum=momentum), RUNS, {"lr": np.geomspace(lr / 50, lr, RUNS)})
    x, how = starts(objective, dtype=dtype), {"box": box(objective), "stop": stop, "target": target}
    fast = loop.run(objective, many, x, steps, **how)
    slow = stepwise_run(objective, many, x, steps, **how)
    assert_same(fast, slow)
    for run, losses in enumerate(fast.loss):
        below = losses <= target
        touches = np.flatnonzero(below)
        stays = len(touches) > 0 and below[-1] and fast.reason[run] not in ("bound", "non-finite")
        assert fast.first_reached[run] == (touches[0] if len(touches) else -1)
        assert fast.reached[run] == (np.flatnonzero([below[t:].all() for t in range(steps + 1)])[0] if stays else -1)


MANY = Batch(optimizers.RMSprop(), 600, {"lr": np.geomspace(1e-4, 0.5, 600)})
WHOLE = {"box": box(get("beale"), 1.1), "stop": Stop(gtol=1e-2), "record_steps": 4, "target": 0.1}


@settings(max_examples=10)
@given(st.lists(st.integers(0, 599), min_size=1, max_size=300, unique=True))
@pytest.mark.slow
def test_results_do_not_depend_on_batch_composition(chosen):
    objective = get("beale")
    x = starts(objective, 600)
    all_together = loop.run(objective, MANY, x, 24, **WHOLE)
    some = Batch(MANY.optimizer, len(chosen), {"lr": MANY.hyperparameters["lr"][chosen]})
    assert_same(part(all_together, chosen), loop.run(objective, some, x[:, chosen], 24, **WHOLE))


def test_results_do_not_depend_on_the_block_size(monkeypatch):
    objective = get("beale")
    x = starts(objective, 600)
    whole = loop.run(objective, MANY, x, 24, **WHOLE)
    monkeypatch.setattr("landscapes.engine.fast.kernels.EAGER_BLOCK", 100)
    monkeypatch.setattr("landscapes.engine.fast.runner.MAX_FLAGGED", 50)
    assert_same(loop.run(objective, MANY, x, 24, **WHOLE), whole)


def test_points_and_losses_can_be_written_to_files(tmp_path):
    objective = get("beale")

    files = []

    def allocate(name: str, shape: tuple[int, ...]) -> np.ndarray:
        files.append(np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", np.float64, shape))
        return files[-1]

    x = starts(objective, 600)
    result = loop.run(objective, MANY, x, 24, **WHOLE, allocate=allocate)
    assert_same(result, loop.run(objective, MANY, x, 24, **WHOLE))
    for file in files:
        file.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy").transpose(2, 0, 1), result.x)


def test_a_full_disk_raises_before_the_first_step(tmp_path, monkeypatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    with pytest.raises(
        InputError,
        match=r"x\.npy requires 0 MiB, more than is free on its disk; free some space, record fewer steps, "
        "or choose another disk",
    ):
        loop.run(
            get("beale"),
            MANY,
            starts(get("beale"), 600),
            24,
            **WHOLE,
            allocate=lambda name, of: np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", np.float64, of),
        )


def test_progress_increases_to_its_end():
    reported: list[tuple[int, int]] = []
    objective = get("beale")
    loop.run(objective, MANY, starts(objective, 600), 24, **WHOLE, progress=lambda *pair: reported.append(pair))
    assert reported[-1] == (24, 24)
    assert reported == sorted(reported)


@pytest.mark.parametrize(
    ("optimizer", "name", "column", "message"),
    [
        (optimizers.Adam(), "lr", [0.1, np.nan], r"Adam: lr must be finite and >= 0, got nan"),
        (optimizers.Adam(), "lr", [0.1, -1.0], r"Adam: lr must be >= 0, got -1.0"),
        (optimizers.Adam(), "beta1", [0.1, 1.0], r"Adam: beta1 must be >= 0 and < 1, got 1.0"),
        (
            optimizers.Rprop(step_max=1.0),
            "step_min",
            [0.1, 2.0],
            r"Rprop: step_min must be <= step_max, got step_min=2.0 and step_max=1.0",
        ),
        (optimizers.Adam(), "momentum", [0.1, 0.2], r"momentum"),
    ],
)
def test_invalid_hyperparameters_are_rejected(optimizer, name, column, message):
    many = Batch(optimizer, 2, {name: np.array(column)})
    with pytest.raises(InputError, match=message):
        loop.run(get("beale"), many, starts(get("beale"), 2), 5, box=box(get("beale")))


def test_only_the_ends_of_a_column_are_checked(monkeypatch):
    made: list[optimizers.Adam] = []
    monkeypatch.setattr(
        optimizers.Adam, "__new__", lambda cls, *_, **__: made.append(one := object.__new__(cls)) or one
    )
    assert group_runs(Batch(optimizers.Adam(), 2000, {"lr": np.geomspace(1e-4, 1.0, 2000)}))
    assert len(made) < 10  # an object per run would cost more than its steps


def test_an_empty_batch_is_rejected():
    with pytest.raises(InputError, match=r"for 0 optimizers"):
        loop.run(get("beale"), Batch(optimizers.Adam(), 0), starts(get("beale"), 0), 5, box=box(get("beale")))
