"""Compiled steps: equal to rounding, with the same ends; and the fallback without compilation."""

from __future__ import annotations

import shutil
import threading
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from every_optimizer import OPTIMIZERS, optimizer_of
from merged import merged
from reference import assert_same, part
from torch import Tensor

from landscapes import function, optimizers
from landscapes.caching import Cache
from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast import compiling, joint_tables, kernel_source, runner
from landscapes.engine.fast.buffers import Addresses
from landscapes.engine.fast.compiling import CompiledSteps
from landscapes.engine.fast.joint_tables import JointTable
from landscapes.engine.fast.step_source import UnknownOperationError, write_step
from landscapes.engine.fast.tracing import trace
from landscapes.engine.grouping import group_runs
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.optimizers.first_order.coef_table import Split, coef_table
from landscapes.optimizers.first_order.run_coefs import RunCoefs, with_arrays
from landscapes.oracle import value_and_gradient

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not available")
slow = pytest.mark.slow

RUNS = 300
RATES = np.geomspace(1e-4, 5e-3, RUNS)  # none diverges: chaos would amplify rounding errors
PLAIN = [name for name in OPTIMIZERS if group_runs(Batch(optimizer_of(name), 1))]
COUPLED = (
    "adafactor", "cautious_adamw", "cautious_lion", "mars", "muon", "normuon", "prodigy", "shampoo", "soap",
)  # fmt: skip
"""Optimizers whose steps along a coordinate depend on the others; they are not compiled."""

LIKE = torch.zeros(RUNS, dtype=torch.float64)
WIDE = torch.tensor([[-50.0, 50.0]] * 2, dtype=torch.float64)


@pytest.fixture
def no_cache(monkeypatch):
    """Start with an empty cache, and without knowledge of a compiler."""
    monkeypatch.setattr(compiling, "_COMPILED", Cache(256))
    for name in ("_COMPILER_MISSING", "_FAILURE_SHOWN"):
        monkeypatch.setattr(compiling, name, threading.Event())


def starts(runs: int = RUNS) -> Tensor:
    return torch.rand((2, runs), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 4 - 2


def close(a: BatchResult, b: BatchResult, atol: float = 1e-12) -> None:
    np.testing.assert_allclose(a.x, b.x, rtol=1e-12, atol=atol)
    np.testing.assert_allclose(a.loss, b.loss, rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(a.stopped, b.stopped)
    np.testing.assert_array_equal(a.reason, b.reason)


@needs_compiler
@slow
@pytest.mark.parametrize("name", [name for name in PLAIN if name not in COUPLED])
@pytest.mark.sample(2)
def test_compiled_steps_agree_to_rounding(name, no_cache):
    many = Batch(optimizer_of(name), RUNS, {"lr": RATES})
    how = {"box": WIDE, "record_steps": 4, "stop": Stop(gtol=1e-6)}
    close(
        loop.run(get("himmelblau"), many, starts(), 20, compiled=True, **how),
        loop.run(get("himmelblau"), many, starts(), 20, **how),
    )
    assert [isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items()] == [True]
    assert compiling.is_compiling_worthwhile(get("himmelblau"), optimizer_of(name), 1)  # always, once compiled


@needs_compiler
@slow
def test_steps_between_looks_at_the_flags_change_no_bit(monkeypatch, no_cache):
    many = Batch(optimizer_of("adam"), RUNS, {"lr": np.geomspace(1e-4, 3.0, RUNS)})
    box = torch.tensor([[-5.0, 5.0]] * 2, dtype=torch.float64)
    how = {"box": box, "stop": Stop(gtol=1e-2), "target": 1e-3, "record_steps": "ends", "compiled": True}
    found = loop.run(get("himmelblau"), many, starts(), 203, **how)
    assert {"", "gtol", "bound"} == set(found.reason.tolist())
    assert len(set(found.stopped.tolist())) > 50  # runs of one tile end at different steps
    monkeypatch.setattr(kernel_source, "LONG_CHUNKS", 1)
    compiling._COMPILED.clear()
    assert_same(loop.run(get("himmelblau"), many, starts(), 203, **how), found)


@needs_compiler
@slow
def test_kernels_write_into_the_buffers(tmp_path, monkeypatch):
    runs = 2 * compiling.COMPILED_BLOCK + 100  # two full blocks and a partial one
    many = Batch(optimizer_of("adam"), runs, {"lr": np.geomspace(1e-4, 5e-3, runs)})
    given: list[bool] = []
    of_steps = Addresses.of_steps

    def spy(addresses: Addresses, *of: int) -> object:
        given.append(addresses.is_direct)
        return of_steps(addresses, *of)

    def run(record_steps: object, allocate: object = None, compiled: bool = True) -> BatchResult:
        how = {
            "box": WIDE,
            "stop": Stop(gtol=3.0),
            "record_steps": record_steps,
            "compiled": compiled,
            "allocate": allocate,
        }
        return loop.run(get("himmelblau"), many, starts(runs), 20, **how)

    monkeypatch.setattr(Addresses, "of_steps", spy)
    direct = run(4)
    assert given == [True] * 3
    close(direct, run(4, compiled=False))
    assert 0 < (direct.stopped >= 0).sum() < runs
    np.testing.assert_array_equal(run([0, 4, 12, 20]).x, direct.x[:, [0, 1, 3, 5]])
    assert_same(run(4, lambda name, of: np.lib.format.open_memmap(tmp_path / name, "w+", np.float64, of)), direct)
    points = run(4, lambda name, of: np.empty(of) if name == "x" else None)
    np.testing.assert_array_equal(points.x, direct.x)
    assert points.loss.shape == direct.loss.shape
    assert np.isnan(points.loss).all()
    turned = run(4, lambda name, of: np.empty(of[::-1]).T)  # no row of runs is contiguous: a copy is written
    assert not given[-1]
    assert_same(turned, direct)


@needs_compiler
@slow
@pytest.mark.parametrize("name", ["rosenbrock", "ackley", "levy", "griewank", "goldstein_price"])
def test_other_functions(name, no_cache):
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    eager = loop.run(get(name), many, starts(), 20, box=WIDE)
    close(loop.run(get(name), many, starts(), 20, box=WIDE, compiled=True), eager)
    assert [isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items()] == [True]


@needs_compiler
@slow
@pytest.mark.parametrize("stop", [Stop(gtol=1e-3), Stop(ftol=1e-3), Stop(xtol=1e-2)], ids=str)
def test_compiled_runs_end_as_uncompiled_ones(stop, no_cache):
    """On a convex quadratic rounding errors do not grow, so that long runs agree as well."""
    many = Batch(optimizers.SGD(momentum=0.5), 9000, {"lr": np.geomspace(1e-3, 3.0, 9000)})
    how = {"box": WIDE, "stop": stop, "record_steps": 10, "target": 0.01}
    compiled = loop.run(get("sphere"), many, starts(9000), 83, compiled=True, **how)
    eager = loop.run(get("sphere"), many, starts(9000), 83, **how)
    close(compiled, eager, atol=1e-9)
    np.testing.assert_array_equal(compiled.reached, eager.reached)
    np.testing.assert_array_equal(compiled.first_reached, eager.first_reached)
    assert (eager.first_reached < eager.reached).any()  # some leave the target again
    np.testing.assert_allclose(compiled.lowest, eager.lowest, rtol=1e-9, atol=1e-12)
    assert len(set(eager.reason.tolist())) == 3  # out of bounds, converged, all steps taken


@needs_compiler
@slow
def test_compiled_results_do_not_depend_on_batch_composition(no_cache):
    many = Batch(optimizers.Adam(), 9000, {"lr": np.geomspace(1e-3, 0.5, 9000)})
    how = {"box": WIDE, "stop": Stop(gtol=1e-2), "record_steps": "ends", "compiled": True}
    together = loop.run(get("himmelblau"), many, starts(9000), 60, **how)
    for chosen in ([8999, 5, 17], list(range(8100, 8400)), [4]):
        few = Batch(optimizers.Adam(), len(chosen), {"lr": many.hyperparameters["lr"][chosen]})
        assert_same(part(together, chosen), loop.run(get("himmelblau"), few, starts(9000)[:, chosen], 60, **how))


@needs_compiler
@slow
def test_float32(no_cache):
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    single = loop.run(get("himmelblau"), many, starts().float(), 20, box=WIDE, compiled=True)
    double = loop.run(get("himmelblau"), many, starts(), 20, box=WIDE)
    np.testing.assert_allclose(single.x, double.x, atol=1e-4)
    np.testing.assert_array_equal(single.x, single.x.astype(np.float32))
    assert [isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items()] == [True]


@pytest.mark.slow
def test_a_missing_compiler_warns_once(no_cache, monkeypatch):
    from torch._inductor.codecache import CppCodeCache  # takes a second

    class InvalidCxxCompiler(Exception):  # noqa: N818
        pass

    def refuse(*_: object) -> None:
        raise InvalidCxxCompiler("No working C++ compiler found")

    monkeypatch.setattr(CppCodeCache, "load", refuse)
    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    with pytest.warns(UserWarning, match="no C\\+\\+ compiler works here") as caught:
        result = loop.run(get("himmelblau"), many, starts(), 20, box=WIDE, compiled=True)
    assert len(caught) == 1
    assert_same(result, loop.run(get("himmelblau"), many, starts(), 20, box=WIDE))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop.run(get("beale"), many, starts(), 20, box=WIDE, compiled=True)


@function((-3, 3), (-3, 3), start=(1, 1))
def branching(x: Tensor, y: Tensor) -> Tensor:
    """Branch on a tensor, which cannot be traced."""
    return x * x + y * y if bool((x == x).any()) else x


@pytest.mark.parametrize(
    ("objective", "name"),
    [(branching, "adam"), *((get("himmelblau"), name) for name in COUPLED)],
    ids=["branching", *COUPLED],
)
def test_what_cannot_be_compiled_runs_uncompiled(objective, name, no_cache):
    many = Batch(optimizer_of(name), RUNS, {"lr": RATES})
    with pytest.warns(UserWarning, match=f"compiled=True, but steps of .* on {objective.name} are not compiled: the"):
        compiled = loop.run(objective, many, starts(), 20, box=WIDE, compiled=True)
    assert_same(compiled, loop.run(objective, many, starts(), 20, box=WIDE))
    assert not any(isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items())


def test_compiling_is_worthwhile_for_much_work_only(no_cache):
    assert not compiling.is_compiling_worthwhile(get("beale"), optimizers.Adam(), 10**8)
    assert compiling.is_compiling_worthwhile(get("beale"), optimizers.Adam(), 2 * 10**8)


NUMBERS = [
    ("lr",), ("beta1",), ("lr", "beta1"), ("beta1", "beta2"), ("lr", "beta2"), ("momentum",), ("lr", "weight_decay"),
    ("beta3", "warmup"), (),
]  # fmt: skip
COLUMNS = {
    "lr": RATES,
    "beta2": 1 - np.geomspace(1e-3, 0.5, RUNS),
    "warmup": np.linspace(1, 30, RUNS).round(),
}


@pytest.mark.parametrize("names", NUMBERS, ids=str)
@merged("name", PLAIN)
def test_a_table_reproduces_the_scalars(name, names):
    optimizer = optimizer_of(name)
    if not set(names) <= set(optimizer.hyperparameters()):
        pytest.skip("it has no such hyper-parameter")
    numbers = {key: COLUMNS.get(key, np.linspace(0.2, 0.9, RUNS)) for key in names}
    run_coefs = RunCoefs(optimizer, numbers, LIKE)
    known = coef_table(optimizer, names, 40)
    last = run_coefs.at_steps([40])[0]
    joint = {j: _of_each_step(optimizer, numbers, known.splits[j], j) for j in known.splits}
    for t, expected in enumerate(run_coefs.at_steps(range(1, 41)), start=1):
        for j, (kind, scalar) in enumerate(zip(known.kinds, expected, strict=True)):
            if kind == "each step":
                rtol = 1e-13 if known.splits[j].scaling else 0
                np.testing.assert_allclose(np.asarray(scalar), joint[j][t - 1], rtol=rtol)
                continue
            factor = last[j] if kind in ("column", "scaled") else 1.0
            by_table = (
                known.constants[j] if kind == "constant" else 1.0 if kind == "column" else known.factors[t - 1, j]
            )
            np.testing.assert_allclose(np.asarray(scalar), np.asarray(by_table * factor), rtol=1e-13)


def _of_each_step(optimizer, numbers, split, j):
    """Return the coefficients of 40 steps, shape (40, R), from a table of joint rows and the runs' factors."""
    plain = with_arrays(optimizer, dict.fromkeys(numbers, 0.5))
    table = JointTable(plain, split.joint, (j,), numbers, 40)
    rows = table.rows(0, 40)[0][:, table.index(numbers)]
    scaled = with_arrays(plain, {name: numbers[name] for name in split.scaling})
    return rows * (scaled.coef(40)[j] / plain.coef(40)[j]) if split.scaling else rows


def test_adam_s_scalars_are_products_of_step_and_run():
    assert coef_table(optimizers.Adam(), ("lr",), 100).kinds == ("scaled", "table", "constant", "constant", "column")
    decays = coef_table(optimizers.Adam(), ("lr", "beta1", "beta2"), 100)
    assert decays.kinds[:2] == ("each step", "each step")
    assert decays.splits == {0: Split(("beta1",), ("lr",)), 1: Split(("beta2",), ())}  # small tables, not 3-D ones


@needs_compiler
@slow
@pytest.mark.parametrize(
    ("optimizer", "names"),
    [(optimizers.RAdam(lr=1e-3), ("lr", "beta2")), (optimizers.Adam(lr=1e-3), ("beta1", "beta2"))],
)
def test_two_decays_per_run(optimizer, names, no_cache, monkeypatch):
    side = int(RUNS**0.5)
    grid = np.meshgrid(*(COLUMNS.get(name, np.linspace(0.5, 0.9, RUNS))[::side] for name in names))
    many = Batch(optimizer, grid[0].size, {name: axis.ravel() for name, axis in zip(names, grid, strict=True)})
    how = {"box": WIDE, "compiled": True}
    compiled = loop.run(get("himmelblau"), many, starts(len(many)), 20, **how)
    close(compiled, loop.run(get("himmelblau"), many, starts(len(many)), 20, box=WIDE))
    few = Batch(optimizer, 3, {name: column[[7, 3, 200]] for name, column in many.hyperparameters.items()})
    alone = loop.run(get("himmelblau"), few, starts(len(many))[:, [7, 3, 200]], 20, **how)
    assert_same(part(compiled, [7, 3, 200]), alone)
    (kernel,) = [call for _, call in compiling._COMPILED.items()]
    bases = 1 - np.geomspace(1e-9, 1, 2000)
    for t in (1, 2, 3, 10, 999, 12345.0, 0.5):  # tables have the rounding of Python's powers
        np.testing.assert_array_equal(kernel.powers(bases, t), [base**t for base in bases.tolist()])
    monkeypatch.setattr(joint_tables, "MAX_ENTRIES", 0)  # as with too many distinct decays for a table of all steps
    assert_same(loop.run(get("himmelblau"), many, starts(len(many)), 20, **how), compiled)


@function((-3, 3), (-3, 3), start=(1, 1))
def hyperbolic(x: Tensor, y: Tensor) -> Tensor:
    """Contain expm1 of tiny numbers, remainders and inverses, which lose digits if other operations express them."""
    tiny = 1e12 * torch.expm1(1e-12 * x) + torch.where(y > 0, 0.1, 0.3) * y  # a choice of two float32 numbers
    inverse = torch.asinh(x) + torch.atanh(y / 9) + torch.acosh(x + 9)
    return tiny + inverse + torch.remainder(x, 0.7) + torch.remainder(y, -0.7) + torch.fmod(x * y, 0.7)


@needs_compiler
@slow
def test_compiled_operations_round_as_torch_does(no_cache):
    many = Batch(optimizers.SGD(), RUNS, {"lr": RATES})
    eager = loop.run(hyperbolic, many, starts(), 9, box=WIDE)
    close(loop.run(hyperbolic, many, starts(), 9, box=WIDE, compiled=True), eager)
    assert [isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items()] == [True]


@function((-3, 3), (-3, 3), start=(1, 1))
def activations(x: Tensor, y: Tensor) -> Tensor:
    """Contain operations of networks, which have no vector form of their own, or none with torch's rounding."""
    gates = F.softplus(x, beta=2, threshold=1.5) + F.gelu(y) + F.gelu(x, approximate="tanh") + F.silu(y) + F.mish(x)
    bent = F.elu(y) + F.leaky_relu(x, 0.1) + F.hardsigmoid(y) + F.hardtanh(x) + F.softshrink(y) + F.hardshrink(x)
    logs = torch.logaddexp(x, 2 * y) + torch.logaddexp2(y, x) + torch.lgamma(x + 4) + F.logsigmoid(y)
    return gates + bent + logs + torch.hypot(x, y + 5) + torch.erfinv(x / 9) + torch.exp2(y)


@needs_compiler
@slow
@pytest.mark.parametrize("dtype", [torch.float64, pytest.param(torch.float32, marks=pytest.mark.exhaustive)], ids=str)
def test_operations_of_networks_are_compiled(dtype, no_cache):
    many, at = Batch(optimizers.SGD(), RUNS, {"lr": RATES}), starts().to(dtype)
    compiled, eager = (loop.run(activations, many, at, 9, box=WIDE, compiled=wanted) for wanted in (True, False))
    assert [isinstance(call, CompiledSteps) for _, call in compiling._COMPILED.items()] == [True]
    if dtype == torch.float64:
        close(compiled, eager)
    else:
        np.testing.assert_allclose(compiled.x, eager.x, rtol=2e-6, atol=2e-6)


def test_operations_are_traced_by_their_definitions():
    """Reductions with a definition of their own: never for the uncompiled engine, whose bits are those of torch."""

    @function((-3, 3), (-3, 3), start=(1, 1))
    def reductions(x: Tensor, y: Tensor) -> Tensor:
        pair = torch.stack([x, 2 * y])
        return torch.logsumexp(pair, 0) + torch.softmax(pair, 0)[0] + F.hardswish(x) + F.logsigmoid(y)

    traced = trace(reductions, LIKE)
    assert traced is not None
    assert not traced.exact
    value, gradient = value_and_gradient(reductions, starts())
    np.testing.assert_allclose(torch.stack(traced(*starts())), torch.stack([value, *gradient]), rtol=1e-13, atol=1e-13)


def test_why_steps_are_not_compiled_is_said_where_it_was_asked(no_cache, monkeypatch):
    from torch._inductor.codecache import CppCodeCache  # takes a second

    @function((-3, 3), (-3, 3), start=(1, 1))
    def unusual(x: Tensor, y: Tensor) -> Tensor:
        return torch.digamma(x + 9) + y * y

    many = Batch(optimizers.Adam(), RUNS, {"lr": RATES})
    with pytest.warns(UserWarning, match="compiled=True, but steps of Adam on unusual are not compiled: .*polygamma"):
        loop.run(unusual, many, starts(), 20, box=WIDE, compiled=True)

    def fail(*_: object) -> None:
        raise RuntimeError("C++ compile error\nCommand: g++\nmain.cpp:1:2: error: no such header\nmore")

    monkeypatch.setattr(CppCodeCache, "load", fail)
    monkeypatch.setattr(compiling, "is_compiling_worthwhile", lambda *_: True)
    for name, count in (("himmelblau", 1), ("beale", 0)):  # once per process
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loop.run(get(name), many, starts(), 20, box=WIDE, compiled=None)
        assert len(caught) == count
        for one in caught:
            assert "steps of Adam on himmelblau are not compiled and take about 10 times as long" in str(one.message)
            assert str(one.message).endswith("C++ compile error main.cpp:1:2: error: no such header")


@needs_compiler
@slow
@pytest.mark.parametrize("every", [1, 2])
def test_runs_are_replayed_from_the_chunk_that_flagged_them(every, no_cache, monkeypatch):
    """Runs that overflow, or leave the box, in any of the steps of any chunk; the last tile is not full."""
    replayed: list[int] = []
    replay = runner._replay

    def spy(problem: object, group: object, flagged: runner.Flagged, *rest: object) -> None:
        replayed.extend(flagged.begin.tolist())
        replay(problem, group, flagged, *rest)

    monkeypatch.setattr(runner, "_replay", spy)
    runs = RUNS + 1
    many = Batch(optimizers.SGD(), runs, {"lr": np.geomspace(1.5, 1.01, runs)})  # a step multiplies x by 1 - 2 lr
    how = {"box": WIDE, "record_steps": every, "target": 1e-9}
    compiled = loop.run(get("sphere"), many, starts(runs), 83, compiled=True, **how)
    begun = np.array(sorted(replayed))
    eager = loop.run(get("sphere"), many, starts(runs), 83, **how)
    close(compiled, eager)
    ended = np.sort(eager.stopped[(eager.stopped >= 0) & (eager.stopped < 83)])  # step 83 belongs to no chunk
    assert {int(step) % 8 for step in ended} == set(range(8))
    np.testing.assert_array_equal(begun[: len(ended)], ended // 8 * 8)


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (lambda x, y: [torch.where(x > 0, x, y) * (x > 0)], "torch.bool"),  # a mask is no number
        (lambda x, y: [torch.special.i0(x) + y], "i0"),
        (lambda x, y: [torch.where(x > 0, 0.1, 0.3) * torch.where(y > 0, 0.1, 0.3) * y], "float32"),
        (lambda x, y: [x.exp_() + x], "in use"),
        (lambda x, y: [x.float() + y], "_to_copy"),
    ],
    ids=["mask", "unknown", "single", "in place", "dtype"],
)
def test_steps_with_unknown_operations_are_refused(formula, reason):
    from torch.fx.experimental.proxy_tensor import make_fx

    x = torch.ones(3, dtype=torch.float64)
    with pytest.raises(UnknownOperationError, match=reason):
        write_step(make_fx(formula)(x, x + 1), ["x", "y"], [True, True], 2)
