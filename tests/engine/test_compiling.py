"""Compiled steps: the same paths to the last digits, the same ends, and none where they cannot be."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest
import torch
from every_optimizer import OPTIMIZERS, optimizer_of
from reference import assert_same, part
from torch import Tensor

from landscapes import function, optimizers
from landscapes.engine import loop
from landscapes.engine.batch import Batch
from landscapes.engine.fast import compiling, kernels, runner
from landscapes.engine.fast.runner import RunBuffers
from landscapes.engine.grouping import grouped
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.optimizers.first_order.coef_table import coef_table
from landscapes.optimizers.first_order.run_coefs import RunCoefs

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++ here")
slow = pytest.mark.slow

RUNS = 300
RATES = np.geomspace(1e-4, 5e-3, RUNS)  # that nobody diverges with: chaos makes much of a last digit
PLAIN = [name for name in OPTIMIZERS if grouped(Batch(optimizer_of(name), 1))]
LIKE = torch.zeros(RUNS, dtype=torch.float64)
WIDE = torch.tensor([[-50.0, 50.0]] * 2, dtype=torch.float64)


@pytest.fixture
def afresh(monkeypatch):
    """Nothing is compiled yet, and whether there is a compiler is not known."""
    monkeypatch.setattr(compiling, "_COMPILED", {})
    monkeypatch.setattr(compiling, "_COMPILER", {"works": True})


@pytest.fixture
def short(monkeypatch):
    """Two steps at once, not eight, which are compiled in less than half the time."""
    for module in (kernels, compiling, runner):
        monkeypatch.setattr(module, "TOGETHER", 2)


def starts(runs: int = RUNS) -> Tensor:
    return torch.rand((2, runs), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4 - 2


def close(a: loop.BatchResult, b: loop.BatchResult, atol: float = 1e-12) -> None:
    np.testing.assert_allclose(a.x, b.x, rtol=1e-12, atol=atol)
    np.testing.assert_allclose(a.loss, b.loss, rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(a.stopped, b.stopped)
    np.testing.assert_array_equal(a.reason, b.reason)


@needs_compiler
@slow
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", [name for name in PLAIN if name not in ("adafactor", "muon")])
def test_compiled_steps_agree_to_the_last_digits(name, afresh):
    many = Batch(optimizer_of(name), RUNS, {"lr": RATES})
    how = {"box": WIDE, "record_steps": 4, "stop": Stop(gtol=1e-6)}
    close(
        loop.run(get("himmelblau"), many, starts(), 20, compiled=True, **how),
        loop.run(get("himmelblau"), many, starts(), 20, **how),
    )
    assert [call is not None for call in compiling._COMPILED.values()] == [True]
    assert compiling.pays(get("himmelblau"), optimizer_of(name), 1)  # once compiled, always


@needs_compiler
@slow
def test_points_go_straight_to_where_they_are_kept(tmp_path, monkeypatch):
    runs = 2 * compiling.BLOCK + 100  # two blocks that are full, and one that is not
    many = Batch(optimizer_of("adam"), runs, {"lr": np.geomspace(1e-4, 5e-3, runs)})
    given: list[bool] = []
    rows = RunBuffers.rows

    def noted(book: RunBuffers, *of: object) -> object:
        found = rows(book, *of)
        given.append(found is not None)
        return found

    def go(keep: object, room: object = None, compiled: bool = True) -> loop.BatchResult:
        how = {"box": WIDE, "stop": Stop(gtol=3.0), "record_steps": keep, "compiled": compiled, "room": room}
        return loop.run(get("himmelblau"), many, starts(runs), 20, **how)

    monkeypatch.setattr(RunBuffers, "rows", noted)
    straight = go(4)
    assert given[:2] == [True, True]
    close(straight, go(4, compiled=False))
    assert 0 < (straight.stopped >= 0).sum() < runs
    np.testing.assert_array_equal(go([0, 4, 12, 20]).x, straight.x[:, [0, 1, 3, 5]])
    assert_same(go(4, lambda name, of: np.lib.format.open_memmap(tmp_path / name, "w+", np.float64, of)), straight)
    points = go(4, lambda name, of: np.empty(of) if name == "x" else None)
    np.testing.assert_array_equal(points.x, straight.x)
    assert points.loss.shape == straight.loss.shape
    assert np.isnan(points.loss).all()
    monkeypatch.setattr(RunBuffers, "rows", lambda *of: None)
    assert_same(go(4), straight)


@needs_compiler
@slow
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", ["rosenbrock", "ackley", "levy", "griewank"])
def test_on_other_landscapes(name, afresh):
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    eager = loop.run(get(name), many, starts(), 20, box=WIDE)
    close(loop.run(get(name), many, starts(), 20, box=WIDE, compiled=True), eager)
    assert [call is not None for call in compiling._COMPILED.values()] == [True]


@needs_compiler
@slow
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("stop", [Stop(gtol=1e-3), Stop(ftol=1e-3), Stop(xtol=1e-2)], ids=str)
def test_compiled_runs_end_where_they_should(stop, afresh):
    """On a bowl nothing hangs by a hair, so that long jobs agree as well."""
    many = Batch(optimizers.SGD(momentum=0.5), 9000, {"lr": np.geomspace(1e-3, 3.0, 9000)})
    how = {"box": WIDE, "stop": stop, "record_steps": 10, "target": 0.01}
    compiled = loop.run(get("sphere"), many, starts(9000), 83, compiled=True, **how)
    eager = loop.run(get("sphere"), many, starts(9000), 83, **how)
    close(compiled, eager, atol=1e-9)
    np.testing.assert_array_equal(compiled.reached, eager.reached)
    np.testing.assert_allclose(compiled.lowest, eager.lowest, rtol=1e-9, atol=1e-12)
    assert len(set(eager.reason.tolist())) == 3  # bound, arrived, still going


@needs_compiler
@slow
def test_a_compiled_run_is_the_same_in_any_company(afresh):
    many = Batch(optimizers.Adam(), 9000, {"lr": np.geomspace(1e-3, 0.5, 9000)})
    how = {"box": WIDE, "stop": Stop(gtol=1e-2), "record_steps": "ends", "compiled": True}
    together = loop.run(get("himmelblau"), many, starts(9000), 60, **how)
    for chosen in ([8999, 5, 17], list(range(8100, 8400)), [4]):
        few = Batch(optimizers.Adam(), len(chosen), {"lr": many.numbers["lr"][chosen]})
        assert_same(part(together, chosen), loop.run(get("himmelblau"), few, starts(9000)[:, chosen], 60, **how))


@needs_compiler
@slow
def test_float32_too(afresh):
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    single = loop.run(get("himmelblau"), many, starts().float(), 20, box=WIDE, compiled=True)
    double = loop.run(get("himmelblau"), many, starts(), 20, box=WIDE)
    np.testing.assert_allclose(single.x, double.x, atol=1e-4)
    np.testing.assert_array_equal(single.x, single.x.astype(np.float32))
    assert [call is not None for call in compiling._COMPILED.values()] == [True]


def test_without_a_compiler_there_is_one_warning(afresh, monkeypatch):
    class InvalidCxxCompiler(Exception):  # noqa: N818
        pass

    def refuse(*_: object) -> None:
        raise InvalidCxxCompiler("No working C++ compiler found")

    monkeypatch.setattr(torch._inductor, "compile", refuse)
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    with pytest.warns(UserWarning, match="no C\\+\\+ compiler works here") as caught:
        paths = loop.run(get("himmelblau"), many, starts(), 20, box=WIDE, compiled=True)
    assert len(caught) == 1
    assert_same(paths, loop.run(get("himmelblau"), many, starts(), 20, box=WIDE))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop.run(get("beale"), many, starts(), 20, box=WIDE, compiled=True)


@function((-3, 3), (-3, 3), start=(1, 1))
def branching(x: Tensor, y: Tensor) -> Tensor:
    """Asks a tensor a question, which no list of operations can."""
    return x * x + y * y if bool((x == x).any()) else x


@pytest.mark.parametrize(
    ("landscape", "name"), [(branching, "adam"), (get("himmelblau"), "muon")], ids=["asking", "coupled"]
)
def test_what_cannot_be_compiled_is_run_as_it_stands(landscape, name, afresh):
    many = Batch(optimizer_of(name), RUNS, {"lr": RATES})
    compiled = loop.run(landscape, many, starts(), 20, box=WIDE, compiled=True)
    assert_same(compiled, loop.run(landscape, many, starts(), 20, box=WIDE))
    assert not any(compiling._COMPILED.values())


def test_compiling_pays_for_much_work_alone(afresh):
    assert not compiling.pays(get("beale"), optimizers.Adam(), 10**8)
    assert compiling.pays(get("beale"), optimizers.Adam(), 2 * 10**8)


NUMBERS = [("lr",), ("beta1",), ("lr", "beta1"), ("momentum",), ("lr", "weight_decay"), ()]


@pytest.mark.parametrize("names", NUMBERS, ids=str)
@pytest.mark.parametrize("name", PLAIN)
def test_a_table_tells_the_scalars(name, names):
    optimizer = optimizer_of(name)
    if not set(names) <= set(optimizer.hyperparameters()):
        pytest.skip("it has no such number")
    numbers = {key: np.linspace(0.2, 0.9, RUNS) if key != "lr" else RATES for key in names}
    scalars = RunCoefs(optimizer, numbers, LIKE)
    known = coef_table(optimizer, names, 40)
    last = scalars.at_steps([40])[0]
    for t, told in enumerate(scalars.at_steps(range(1, 41)), start=1):
        for j, (kind, scalar) in enumerate(zip(known.kinds, told, strict=True)):
            if kind == "each step":
                continue
            factor = last[j] if kind in ("column", "scaled") else 1.0
            by_table = (
                known.constants[j] if kind == "constant" else 1.0 if kind == "column" else known.factors[t - 1, j]
            )
            np.testing.assert_allclose(np.asarray(scalar), np.asarray(by_table * factor), rtol=1e-13)


def test_adam_s_scalars_are_products_of_step_and_run():
    assert coef_table(optimizers.Adam(), ("lr",), 100).kinds == ("scaled", "table", "constant", "constant", "column")
    assert coef_table(optimizers.Adam(), ("lr", "beta1"), 100).kinds[0] == "each step"
