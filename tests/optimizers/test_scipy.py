"""SciPy's methods as optimizers: same iterates, same evaluation counts per step, and clear errors."""

from __future__ import annotations

import math
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from reference import assert_same, context_at, egg_box, part, starts, stepper_of, valley
from scipy import optimize
from torch import Tensor

from landscapes import function, optimizers, race
from landscapes.analysis import race_table
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers import parse
from landscapes.optimizers.adapters.scipy_minimize import HESSIANS, METHODS, PRODUCTS, VALUES_ONLY, _Queries
from landscapes.oracle import KINDS, Oracle

Array = NDArray[np.float64]

COBYQA_IS_NEW = pytest.mark.skipif(not hasattr(optimize, "_cobyqa_py"), reason="COBYQA came with SciPy 1.14")
EACH = [pytest.param(name, marks=COBYQA_IS_NEW if name == "COBYQA" else []) for name in METHODS]


def run(objective: Function, field: list[Any], x: Tensor, steps: int, reach: float = 1e6, **more: Any) -> BatchResult:
    box = torch.tensor([[-reach, reach]] * len(x), dtype=torch.float64)
    return loop.run(objective, field, x, steps, box=box, **more)


class Plain:
    """SciPy called directly, with a log of its queries: (kind, point, number of iterates so far)."""

    def __init__(self, objective: Function, method: str, start: Array, **options: Any) -> None:
        self.oracle = Oracle(objective)
        self.diary: list[tuple[str, tuple[float, ...], int]] = []
        self.iterates: list[Array] = []
        given: dict[str, Any] = {}
        if method not in VALUES_ONLY:
            given["jac"] = lambda x: self.asked("n_gradients", x)
        if method in PRODUCTS:
            given["hessp"] = lambda x, v: self.asked("n_hvps", x, v)
        if method in HESSIANS:
            given["hess"] = lambda x: self.asked("n_hessians", x)
        with warnings.catch_warnings(action="ignore"):
            self.result = optimize.minimize(
                lambda x: self.asked("n_values", x),
                start,
                method=method,
                callback=lambda x, *state: self.iterates.append(np.array(x).reshape(-1)),
                options=options,
                **given,
            )

    def asked(self, kind: str, x: Array, v: Array | None = None) -> Any:
        self.diary.append((kind, tuple(x.tolist()), len(self.iterates)))
        points = torch.tensor(x)[:, None]
        if kind == "n_values":
            return float(self.oracle.value(points)[0])
        if kind == "n_gradients":
            return self.oracle.value_and_gradient(points)[1][:, 0].numpy()
        if kind == "n_hvps":
            return self.oracle.hvp(points, torch.tensor(v)[:, None])[:, 0].numpy()
        return self.oracle.hessian(points)[..., 0].numpy()

    def bill(self, iterates: int | None = None) -> dict[str, int]:
        """Return the evaluations up to an iterate; a value and then a gradient at one point count as one gradient."""
        spent = dict.fromkeys(KINDS, 0)
        value_at = gradient_at = None
        for kind, x, done in self.diary:
            if iterates is not None and done >= iterates:
                break
            if kind == "n_values":
                if x == gradient_at:
                    continue
                value_at = x
            if kind == "n_gradients":
                spent["n_values"] -= x == value_at
                value_at, gradient_at = None, x
            spent[kind] += 1
        return spent


@pytest.mark.parametrize(
    ("objective", "dim", "steps"),
    [
        (valley, 2, 40),
        pytest.param(egg_box, 1, 60, marks=pytest.mark.exhaustive),
        pytest.param(valley, 5, 30, marks=pytest.mark.exhaustive),
        pytest.param(egg_box, 5, 60, marks=pytest.mark.slow),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
@pytest.mark.parametrize("method", EACH)
@pytest.mark.sample(6)
@pytest.mark.thin(3)
def test_iterates_and_evaluations_match_scipy(method, objective, dim, steps):
    """Iterates agree bitwise: the largest difference is 0.0."""
    x = starts(dim, 2, np.random.default_rng(dim))
    paths = run(objective(dim), [optimizers.Scipy(method)] * 2, x, steps)
    for i in range(2):
        plain = Plain(objective(dim), method, x[:, i].numpy())
        iterates = plain.iterates
        if not iterates or not np.array_equal(iterates[-1], np.reshape(plain.result.x, -1)):
            iterates = [*iterates, np.reshape(plain.result.x, -1)]
        ended = len(iterates) <= steps
        shown = iterates[:steps]
        np.testing.assert_array_equal(paths.x[i, 1 : len(shown) + 1], shown)
        assert paths.reason[i] == ("terminated" if ended else "")
        assert paths.stopped[i] == (len(iterates) if ended else -1)
        bill = plain.bill(None if ended else steps)
        assert {kind: paths.evaluations[kind][i] for kind in KINDS} == bill
        if ended and "njev" in plain.result:  # TNC does not report it
            assert bill["n_gradients"] == plain.result.njev
        if ended and method in VALUES_ONLY:
            assert bill["n_values"] == plain.result.nfev


@pytest.mark.parametrize("method", EACH)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_step_limit_cuts_run_and_counts(method):
    x = starts(2, 1, np.random.default_rng(2))
    whole = run(valley(2), [optimizers.Scipy(method)], x, 40)
    last = int(whole.stopped[0]) % 41  # 40 where it is not done by then
    plain = Plain(valley(2), method, x[:, 0].numpy())
    for steps in sorted({1, last // 2} - {0, last}):
        cut = run(valley(2), [optimizers.Scipy(method)], x, steps)
        np.testing.assert_array_equal(cut.x[0], whole.x[0, : steps + 1])
        assert cut.reason.tolist() == [""]
        assert {kind: cut.evaluations[kind][0] for kind in KINDS} == plain.bill(steps)
    assert sum(whole.evaluations[kind][0] for kind in KINDS) > 0


def test_stopped_run_is_charged_for_its_steps_only():
    x = torch.tensor([[-1.2], [1.0]], dtype=torch.float64)
    free = run(valley(2), [optimizers.Scipy("BFGS")], x, 60)
    level = float(free.loss[0, 10])
    stopped = run(
        function((-2, 2), (-2, 2), minimum=0.0)(valley(2).formula),
        [optimizers.Scipy("BFGS")],
        x,
        60,
        stop=Stop(ftol=level),
    )
    assert stopped.reason.tolist() == ["ftol"]
    step = int(stopped.stopped[0])
    assert 0 < step <= 10
    assert (
        stopped.n_gradients[0]
        == Plain(valley(2), "BFGS", x[:, 0].numpy()).bill(step)["n_gradients"]
        < free.n_gradients[0]
    )


def test_results_do_not_depend_on_the_batch():
    field = [optimizers.Scipy(name) for name in ("BFGS", "Nelder-Mead", "trust-exact", "COBYLA")] + [
        optimizers.Adam(lr=0.1)
    ] * 2
    x = starts(2, 6, np.random.default_rng(0))
    together = run(valley(2), field, x, 30)
    for i, optimizer in enumerate(field):
        assert_same(part(together, [i]), run(valley(2), [optimizer], x[:, [i]], 30))


def test_start_at_the_minimum_stays():
    paths = run(
        valley(2), [optimizers.Scipy("BFGS"), optimizers.Scipy("L-BFGS-B")], torch.ones(2, 2, dtype=torch.float64), 5
    )
    assert paths.reason.tolist() == ["terminated"] * 2
    assert paths.stopped.tolist() == [1, 1]
    assert (paths.x == 1).all()


@pytest.mark.parametrize("method", ["BFGS", "Nelder-Mead", "SLSQP", "trust-exact"])
def test_each_iterate_sees_the_sample_of_its_step(method):
    asked: list[int] = []

    def leaning(t: int) -> Callable[..., Tensor]:
        def formula(x: Tensor, y: Tensor) -> Tensor:
            asked.append(t)
            return x * x + 3 * y * y + 0.1 * math.sin(t) * x + x**4 / 20

        return formula

    noisy = function((-3, 3), (-3, 3), sample=leaning)(lambda x, y: x * x + 3 * y * y)
    stepper, x = (
        stepper_of([optimizers.Scipy(method)], torch.tensor([[2.0], [1.5]], dtype=torch.float64), 6),
        torch.tensor([[2.0], [1.5]], dtype=torch.float64),
    )
    oracle = Oracle(noisy, 1)
    oracle.set_step(0)
    stepper.step(context_at(1, x, x, oracle))
    assert asked == sorted(asked)
    assert set(asked) == set(range(max(asked) + 1))
    assert max(asked) >= 3


def test_cached_value_is_dropped_with_the_sample():
    drifting = function((-3, 3), (-3, 3), sample=lambda t: lambda x, y: x * x + y * y + t)(lambda x, y: x * x + y * y)
    queries, x = _Queries(Oracle(drifting), 1, 9), np.ones(2)
    queries.gradient(x)
    assert queries.value(x) == 2.0
    queries.callback(x)
    assert queries.value(x) == 3.0
    queries.callback(x)
    queries.gradient(x)
    assert queries.oracle.counts[:2, 0].tolist() == [1, 2]


def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A linear function with NaN for x > 1."""
    return torch.sqrt(1 - x) * 10 + y * y


CLIFF = function((-2, 2), (-2, 2), start=(0, 1))(cliff)


@pytest.mark.parametrize("method", EACH)
@pytest.mark.thin(2)
def test_nan_ends_the_run_only(method):
    x = torch.tensor([[0.0, 0.5], [1.0, -1.0]], dtype=torch.float64)
    field = [optimizers.Scipy(method), optimizers.Adam(lr=0.001)]
    paths = run(CLIFF, field, x, 80)
    assert np.isfinite(paths.x).all()
    assert np.isfinite(paths.loss).all()
    assert paths.reason[0] in ("terminated", "non-finite", "")
    assert_same(part(paths, [1]), run(CLIFF, [field[1]], x[:, [1]], 80))


def test_method_that_fails_on_nan_is_nonfinite():
    """trust-exact factors the Hessian and rejects NaN, which it meets here at x = 0."""
    broken = function((-2, 2), (-2, 2))(lambda x, y: torch.abs(x) ** 1.5 + y * y)
    paths = run(broken, [optimizers.Scipy("trust-exact")], torch.tensor([[0.0], [1.0]], dtype=torch.float64), 20)
    assert paths.reason.tolist() == ["non-finite"]
    assert paths.evaluations["n_hessians"][0] == 1
    assert np.isfinite(paths.loss).all()


def test_leaving_the_region_ends_the_run():
    slope = function((-2, 2), (-2, 2))(lambda x, y: x + y * y)
    paths = run(slope, [optimizers.Scipy("CG")], torch.tensor([[0.0], [1.0]], dtype=torch.float64), 50, reach=50.0)
    assert paths.reason.tolist() == ["bound"]
    assert (np.abs(paths.x) <= 50).all()


def test_reset_or_outside_move_restarts_the_minimization():
    """After a reset, or if its point was moved, a run minimizes again from there."""
    objective, optimizer = valley(2), optimizers.Scipy("BFGS")
    x, oracle = starts(2, 3, np.random.default_rng(3)), Oracle(objective, 3)
    stepper = stepper_of([optimizer] * 3, x)
    for t in range(1, 4):
        x = stepper.step(context_at(t, x, x, oracle))
    untouched = x.clone()
    stepper.reset(torch.tensor([True, False, False]), x)
    shifted = x.clone()
    shifted[:, 1] += 0.5
    moved = stepper.step(context_at(4, shifted, x, oracle))
    fresh = stepper_of([optimizer] * 2, shifted[:, :2])
    assert torch.equal(moved[:, :2], fresh.step(context_at(4, shifted[:, :2], x, Oracle(objective, 2))))
    going = stepper_of([optimizer], starts(2, 3, np.random.default_rng(3))[:, 2:])
    p = starts(2, 3, np.random.default_rng(3))[:, 2:]
    for t in range(1, 5):
        p = going.step(context_at(t, p, p, Oracle(objective, 1)))
    assert torch.equal(moved[:, 2], p[:, 0])
    assert not torch.equal(untouched[:, 2], p[:, 0])


def test_single_precision_rounds_scipys_result():
    x = starts(2, 1, np.random.default_rng(1), torch.float32)
    exact, single = (run(valley(2), [optimizers.Scipy("BFGS")], start, 30) for start in (x.double(), x))
    np.testing.assert_array_equal(single.x, exact.x.astype(np.float32))


# ---------------------------------------------------------------- what can be given


@pytest.mark.parametrize("method", EACH)
def test_method_names_are_case_insensitive(method):
    optimizer = optimizers.Scipy(method.upper().replace("-", "_"))
    assert optimizer == optimizers.Scipy(method.lower())
    assert optimizer.label == f"{method} (SciPy)"
    assert optimizer.method == method
    assert parse(optimizer.spec) == (optimizer, False)
    assert math.isnan(optimizer.learning_rate)
    assert optimizer.with_learning_rate(0.5) is optimizer


def test_options_reach_scipy_and_parse_back():
    optimizer = optimizers.Scipy("BFGS", gtol=1e-1, maxiter=7)
    assert (
        optimizer
        == optimizers.Scipy("bfgs", {"maxiter": 7, "gtol": 1e-1})
        == optimizers.Scipy("BFGS", (("gtol", 1e-1),), maxiter=7)
    )
    assert optimizer.spec == "scipy(method='BFGS', gtol=0.1, maxiter=7)"
    assert parse(optimizer.spec)[0] == optimizer
    x = torch.tensor([[-1.2], [1.0]], dtype=torch.float64)
    coarse, fine = (run(valley(2), [each], x, 50) for each in (optimizer, optimizers.Scipy("BFGS")))
    assert coarse.stopped[0] < fine.stopped[0]
    tolerant = run(valley(2), [optimizers.Scipy("BFGS", tol=1e-1)], x, 50)
    np.testing.assert_array_equal(tolerant.x, run(valley(2), [optimizers.Scipy("BFGS", gtol=1e-1)], x, 50).x)


def test_array_options_can_be_pickled():
    simplex = np.array([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]])
    optimizer = optimizers.Scipy("Nelder-Mead", initial_simplex=simplex)
    assert hash(optimizer) == hash(optimizers.Scipy("Nelder-Mead"))
    assert pickle.loads(pickle.dumps(optimizer)).spec == optimizer.spec
    x = torch.zeros(2, 1, dtype=torch.float64)
    assert not np.array_equal(
        run(valley(2), [optimizer], x, 5).x, run(valley(2), [optimizers.Scipy("Nelder-Mead")], x, 5).x
    )


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda: optimizers.Scipy("bfsg"), r"unknown method of SciPy 'bfsg'\. Did you mean bfgs\?"),
        (lambda: optimizers.Scipy("newton"), r"unknown method of SciPy 'newton'\. Did you mean newton-cg\?"),
        (lambda: optimizers.Scipy(None), r"Scipy: method must be a name such as 'BFGS', got None"),
        (lambda: optimizers.Scipy("BFGS", 5), r"Scipy: options must be a dict such as \{'gtol': 1e-8\}, got 5"),
        (lambda: optimizers.Scipy("BFGS", gtoll=1), r"unknown option of SciPy's BFGS 'gtoll'\. Did you mean gtol"),
        (lambda: optimizers.Scipy("BFGS", jac="2-point"), r"Scipy: jac cannot be set"),
        (lambda: optimizers.Scipy("SLSQP", constraints=()), r"Scipy: constraints cannot be set"),
        (lambda: optimizers.Scipy("BFGS", disp=True), r"Scipy: disp cannot be set; a race sets it, .* prints nothing"),
        (lambda: parse("scipy(method='tnc', maxite=3)"), r"unknown option of SciPy's TNC 'maxite'"),
        (lambda: parse("scipy('BFGS')"), r"cannot parse the optimizer"),
        (
            lambda: race("beale", optimizers.Scipy("BFGS", maxiter="abc")),
            r"SciPy fails with .*maxiter='abc'.*TypeError",
        ),
        (
            lambda: race("beale", optimizers.Scipy("Nelder-Mead", initial_simplex=np.eye(3))),
            r"SciPy fails with .*initial_simplex.*ValueError",
        ),
        (lambda: race("beale", "clip(scipy(method='BFGS'), norm=1)"), r"SciPy's methods cannot be wrapped"),
    ],
)
def test_invalid_input_is_rejected_in_one_line(give, message):
    with pytest.raises(InputError, match=message) as caught:
        give()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", EACH)
def test_no_method_accepts_unknown_options(method, capfd):
    with pytest.raises(InputError, match=f"^unknown option of SciPy's {method} 'nonsense'"):
        optimizers.Scipy(method, nonsense=1)
    assert optimizers.Scipy(method, tol=1e-3).options == (("tol", 1e-3),)
    run(valley(2), [optimizers.Scipy(method)], torch.zeros(2, 1, dtype=torch.float64), 3)
    assert capfd.readouterr() == ("", "")


def test_scipy_failure_is_reported_in_one_line(monkeypatch):
    optimizer = optimizers.Scipy("BFGS")

    def broken(*arguments: Any, **more: Any) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(optimize, "minimize", broken)
    with pytest.raises(InputError, match=r"^SciPy fails with .*BFGS.*: RuntimeError: two lines$"):
        race("beale", optimizer, steps=5)


def test_missing_scipy_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(InputError, match=r"^optimizers.Scipy requires SciPy; pip install scipy$"):
        optimizers.Scipy("BFGS")
    assert optimizers.NelderMead().label == "Nelder–Mead"


@pytest.mark.slow
def test_scipy_is_imported_on_use(python):
    done = python(
        "-c",
        "import sys, landscapes.optimizers as r; assert 'scipy' not in sys.modules; "
        "r.Scipy(); assert 'scipy' in sys.modules",
    )
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- beside the others


def test_scipy_races_next_to_native_optimizers():
    record = race("beale", ["adam(lr=0.3)", "neldermead", "cmaes", "scipy(method='BFGS')"], steps=120, resolution=9)
    runs = record.trajectories.runs
    assert runs["label"].tolist() == ["Adam", "Nelder–Mead", "CMA-ES", "BFGS (SciPy)"]
    assert np.isnan(runs["lr"]).tolist() == [False, True, True, True]
    assert runs["status"].tolist() == ["converged"] * 4
    assert runs["n_gradients"][0] == 120
    assert (runs["n_values"] > 0).tolist() == [False, True, True, False]
    text = race_table.table(record)
    assert "evaluations" in text
    assert f"{runs['n_values'][1]} values" in text
    assert "converged at step" in text


def test_early_end_is_reported():
    record = race("ackley", ["scipy(method='BFGS')", "adam(lr=0.1)"], start=(3.0, 2.0), steps=50, resolution=9)
    assert record.trajectories.runs["status"].tolist()[0] == "terminated"
    assert "terminated at step" in race_table.table(record)
