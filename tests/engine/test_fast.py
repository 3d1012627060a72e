"""Eight steps by one call tell what one step after another tells, bit for bit."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

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
from landscapes.engine.batch import Batch
from landscapes.engine.grouping import grouped
from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer

RUNS = 260
PLAIN = [name for name in OPTIMIZERS if grouped(Batch(optimizer_of(name), 1))]
STOPS = [None, Stop(gtol=0.1), Stop(ftol=0.3), Stop(xtol=0.2), Stop(gtol=1e-3, ftol=1e-2, xtol=1e-2)]


@function((-2, 2), (-2, 2), start=(0, 1))
def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A slope along x that ends where x reaches 1: NaN beyond."""
    return torch.sqrt(1 - x) * 10 + y * y


@function((-2, 2), (-2, 2), start=(0, 1))
def crater(x: Tensor, y: Tensor) -> Tensor:
    """Values without end in the middle, of which the gradient knows nothing."""
    return torch.where(x * x + y * y < 0.05, torch.inf, 0.0) + x * x + y * y


@pytest.fixture
def slowly(monkeypatch) -> Callable[..., loop.BatchResult]:
    """The engine with one step after another."""

    def run(landscape: Function, field: Sequence[Optimizer] | Batch, *rest: object, **how: object) -> loop.BatchResult:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "grouped", lambda _: None)
            return loop.run(landscape, field, *rest, **how)

    return run


def starts(landscape: Function, runs: int = RUNS, dtype: torch.dtype = torch.float64) -> Tensor:
    low, high = torch.tensor(landscape.domain, dtype=torch.float64).unbind(1)
    share = torch.rand((landscape.dim, runs), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return (low[:, None] + share * (high - low)[:, None]).to(dtype)


def box(landscape: Function, wide: float = 1.2) -> Tensor:
    return torch.tensor(landscape.domain, dtype=torch.float64) * wide


def name_of(part: object) -> str:
    return part.name if isinstance(part, Function) else str(part)


def rates(name: str, runs: int = RUNS) -> dict[str, np.ndarray]:
    return {"lr": np.geomspace(1e-4, 1.5, runs)} if optimizer_of(name).tunable == "lr" else {}


@pytest.mark.parametrize(("name", "landscape"), diagonal(PLAIN, [get("himmelblau"), cliff]), ids=name_of)
def test_every_rule_goes_the_same_way(name, landscape, slowly):
    how = {"box": box(landscape), "record_steps": 3, "target": 1.0}
    many = Batch(optimizer_of(name), RUNS, rates(name))
    fast = loop.run(landscape, many, starts(landscape), 37, **how)
    assert_same(fast, slowly(landscape, many, starts(landscape), 37, **how))
    assert fast.x.shape == (RUNS, 14, 2)


def test_the_rules_are_tried_on_runs_that_end_in_every_way(slowly):
    how = {"box": box(cliff), "target": 1.0}
    paths = loop.run(cliff, Batch(optimizers.SGD(), RUNS, rates("sgd")), starts(cliff), 37, **how)
    assert {"", "bound", "non-finite"} == set(paths.reason.tolist())
    assert (paths.reached >= 0).any()
    assert (paths.reached < 0).any()


@pytest.mark.parametrize("stop", STOPS, ids=str)
@pytest.mark.parametrize("keep", ["all", "ends", 5, [0, 3, 19]], ids=str)
def test_every_end_is_told_alike(stop, keep, slowly):
    landscape = get("himmelblau")
    many = Batch(optimizers.SGD(momentum=0.5), RUNS, {"lr": np.geomspace(1e-4, 0.1, RUNS)})
    how = {"box": box(landscape), "stop": stop, "record_steps": keep, "target": 0.5}
    fast = loop.run(landscape, many, starts(landscape), 42, **how)
    assert_same(fast, slowly(landscape, many, starts(landscape), 42, **how))
    if stop is not None:
        assert (fast.stopped > 8).any()  # well after the first call


@pytest.mark.parametrize("landscape", ["rosenbrock", "beale", "ackley", "rastrigin", "goldstein_price", "powell"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_on_other_landscapes(landscape, dtype, slowly):
    landscape = get(landscape)
    many = Batch(optimizers.Adam(), RUNS, {"lr": np.geomspace(1e-3, 1.0, RUNS)})
    how = {"box": box(landscape, 1.1), "stop": Stop(gtol=1e-2), "record_steps": 4}
    x = starts(landscape, dtype=dtype)
    assert_same(loop.run(landscape, many, x, 30, **how), slowly(landscape, many, x, 30, **how))


@pytest.mark.parametrize("steps", [0, 1, 7, 8, 9])
@pytest.mark.parametrize("landscape", [crater, cliff], ids=lambda landscape: landscape.name)
def test_short_jobs_and_bad_starts(steps, landscape, slowly):
    x = starts(landscape)
    x[:, :40] *= 3  # out of the box
    x[0, 40:50] = torch.nan
    many = Batch(optimizers.SGD(), RUNS, rates("sgd"))
    how = {"box": box(landscape), "stop": Stop(gtol=0.05)}
    fast = loop.run(landscape, many, x, steps, **how)
    assert_same(fast, slowly(landscape, many, x, steps, **how))
    assert (fast.stopped == 0).sum() >= 40


GRID = {"lr": np.tile(np.geomspace(1e-3, 0.1, 20), 13), "beta1": np.repeat(np.linspace(0.1, 0.95, 13), 20)}


@pytest.mark.parametrize("name", ["adam", "radam", "nadam", "amsgrad"])
def test_several_numbers_that_differ(name, slowly):
    landscape = get("himmelblau")
    for numbers in (GRID, GRID | {"beta2": np.linspace(0.9, 0.99, RUNS)}, {"weight_decay": np.arange(RUNS) % 3 * 0.1}):
        many = Batch(optimizer_of(name), RUNS, numbers)
        how = {"box": box(landscape), "stop": Stop(gtol=0.5)}
        fast = loop.run(landscape, many, starts(landscape), 20, **how)
        assert_same(fast, slowly(landscape, many, starts(landscape), 20, **how))


def test_rules_in_any_order_are_sorted_into_groups(slowly):
    landscape = get("himmelblau")
    field = [optimizer_of(name, lr=lr) for lr in np.geomspace(1e-4, 0.1, 260).tolist() for name in ("sgd", "adam")]
    x = starts(landscape, len(field))
    fast = loop.run(landscape, field, x, 20, box=box(landscape))
    assert_same(fast, slowly(landscape, field, x, 20, box=box(landscape)))


MANY = Batch(optimizers.RMSprop(), 600, {"lr": np.geomspace(1e-4, 0.5, 600)})
WHOLE = {"box": box(get("beale"), 1.1), "stop": Stop(gtol=1e-2), "record_steps": 4, "target": 0.1}


@settings(max_examples=10)
@given(st.lists(st.integers(0, 599), min_size=1, max_size=300, unique=True))
def test_a_run_is_the_same_in_any_company(chosen):
    landscape = get("beale")
    x = starts(landscape, 600)
    all_together = loop.run(landscape, MANY, x, 24, **WHOLE)
    some = Batch(MANY.optimizer, len(chosen), {"lr": MANY.numbers["lr"][chosen]})
    assert_same(part(all_together, chosen), loop.run(landscape, some, x[:, chosen], 24, **WHOLE))


def test_blocks_of_any_size_give_the_same(monkeypatch):
    landscape = get("beale")
    x = starts(landscape, 600)
    whole = loop.run(landscape, MANY, x, 24, **WHOLE)
    monkeypatch.setattr("landscapes.engine.fast.kernels.BLOCK", 100)
    monkeypatch.setattr("landscapes.engine.fast.runner.ASIDE", 50)
    assert_same(loop.run(landscape, MANY, x, 24, **WHOLE), whole)


def test_points_and_values_may_be_kept_in_files(tmp_path):
    landscape = get("beale")

    files = []

    def room(name: str, shape: tuple[int, ...]) -> np.ndarray:
        files.append(np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", np.float64, shape))
        return files[-1]

    x = starts(landscape, 600)
    paths = loop.run(landscape, MANY, x, 24, **WHOLE, room=room)
    assert_same(paths, loop.run(landscape, MANY, x, 24, **WHOLE))
    for file in files:
        file.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy").transpose(2, 0, 1), paths.x)


def test_a_disk_too_small_for_a_file_is_told_of_before_the_work(tmp_path, monkeypatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    with pytest.raises(
        InputError, match=r"x\.npy takes 0 MiB, for which there is no room; make some, keep fewer steps"
    ):
        loop.run(
            get("beale"), MANY, starts(get("beale"), 600), 24, **WHOLE,
            room=lambda name, of: np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", np.float64, of),
        )  # fmt: skip


def test_progress_reaches_its_end_and_never_falls():
    told: list[tuple[int, int]] = []
    landscape = get("beale")
    loop.run(landscape, MANY, starts(landscape, 600), 24, **WHOLE, progress=lambda *pair: told.append(pair))
    assert told[-1] == (24, 24)
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("optimizer", "name", "column", "message"),
    [
        (optimizers.Adam(), "lr", [0.1, np.nan], r"Adam: lr must be finite and >= 0, got nan"),
        (optimizers.Adam(), "lr", [0.1, -1.0], r"Adam: lr must be >= 0, got -1.0"),
        (optimizers.Adam(), "beta1", [0.1, 1.0], r"Adam: beta1 must be >= 0 and < 1, got 1.0"),
        (optimizers.Rprop(step_max=1.0), "step_min", [0.1, 2.0], r"step_min must not exceed step_max"),
        (optimizers.Adam(), "momentum", [0.1, 0.2], r"momentum"),
    ],
)
def test_numbers_that_the_rule_does_not_take_are_refused(optimizer, name, column, message):
    many = Batch(optimizer, 2, {name: np.array(column)})
    with pytest.raises(InputError, match=message):
        loop.run(get("beale"), many, starts(get("beale"), 2), 5, box=box(get("beale")))


def test_no_runs_are_refused():
    with pytest.raises(InputError, match=r"for 0 optimizers"):
        loop.run(get("beale"), Batch(optimizers.Adam(), 0), starts(get("beale"), 0), 5, box=box(get("beale")))
