"""Second-order optimizers match their references, examples of papers and orders of convergence."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.optimize
import torch
from plain_methods import OF_SQUARES, SETTINGS, NumpyFunction, differences, rosenbrock_squares
from reference import FUNCTIONS, context_at, egg_box, starts, stepper_of
from thinned import diagonal
from torch import Tensor

from landscapes import function, optimizers
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.functions import get
from landscapes.objectives._function import Function
from landscapes.optimizers.base import Optimizer
from landscapes.oracle import Oracle

DIMS = (1, 2, 10)


def run(objective: Function, candidates: list[Optimizer], x: Tensor, steps: int, reach: float = 1e9) -> BatchResult:
    box = torch.tensor([[-reach, reach]] * objective.dim, dtype=torch.float64)
    return loop.run(objective, candidates, x, steps, box=box)


def one(objective: Function, optimizer: Optimizer, start: tuple[float, ...], steps: int) -> BatchResult:
    return run(objective, [optimizer], torch.tensor(start, dtype=torch.float64)[:, None], steps)


# ---------------------------------------------------------------- equal to their references


def reported(part: Any) -> str:
    return f"{part[0]}-{part[1].__name__}" if isinstance(part, tuple) else str(part)


LANDSCAPES = [
    (name, objective)
    for name in SETTINGS
    for objective in (rosenbrock_squares, *([] if name in OF_SQUARES else [egg_box]))
]


@pytest.mark.parametrize(("known", "dim"), diagonal(LANDSCAPES, DIMS), ids=reported)
@pytest.mark.thin(3)
@pytest.mark.sample(6)
def test_steps_match_the_reference(known, dim):
    name, objective = known
    assert differences(name, objective, dim, runs=2, steps=8).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("dim", [pytest.param(2, marks=pytest.mark.exhaustive), 6])
@pytest.mark.parametrize(("name", "objective"), LANDSCAPES, ids=lambda part: getattr(part, "__name__", part))
@pytest.mark.sample(3)
def test_full_trajectories_match_the_reference(name, objective, dim):
    """Up to convergence. torch's L-BFGS stops updating once sᵀy ≤ 1e-10, so ours ends nearer to the minimum."""
    assert differences(name, objective, dim, runs=2, steps=25)[:, -1].max() < (1e-4 if name == "lbfgs" else 1e-5)


@pytest.mark.parametrize("run_of", range(5))
def test_lbfgs_counts_match_torch(run_of):
    objective, x = rosenbrock_squares(4), starts(4, 5, np.random.default_rng(5))
    paths = run(objective, [optimizers.LBFGS()] * 5, x, 12)
    point, calls = torch.nn.Parameter(x[:, run_of].clone()), 0
    optimizer = torch.optim.LBFGS(
        [point],
        lr=1,
        max_iter=12,
        max_eval=1000,
        tolerance_grad=0,
        tolerance_change=0,
        history_size=10,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        value = objective.evaluate(point)
        value.backward()
        return value

    optimizer.step(closure)
    np.testing.assert_allclose(paths.x[run_of, -1], point.detach().numpy(), atol=1e-9)
    assert paths.n_gradients[run_of] == calls


PROBLEMS = [
    ("rosenbrock", (-1.2, 1.0)),
    ("rosenbrock", (0.5, 2.5)),
    ("beale", (1.0, 1.0)),
    ("beale", (2.0, 0.2)),
    ("himmelblau", (0.0, 0.0)),
    ("himmelblau", (-0.7, -0.6)),
]


@pytest.mark.parametrize(("name", "start"), PROBLEMS)
@pytest.mark.thin(1)
def test_trust_region_needs_no_more_steps_than_scipy(name, start):
    objective, seen = get(name), NumpyFunction(get(name))
    paths = one(objective, optimizers.TrustRegion(), start, 60)
    scipys = scipy.optimize.minimize(
        seen.value,
        start,
        method="trust-exact",
        jac=seen.gradient,
        hess=seen.hessian,
        options={"gtol": 1e-12, "initial_trust_radius": 1.0},
    )
    np.testing.assert_allclose(paths.x[0, -1], scipys.x, atol=1e-8)
    arrived = int((abs(paths.loss[0] - scipys.fun) < 1e-14).argmax())
    assert arrived <= 1.2 * scipys.nit + 2


@pytest.mark.parametrize(("name", "start"), PROBLEMS)
@pytest.mark.parametrize(
    "optimizer", [optimizers.GaussNewton(), optimizers.LevenbergMarquardt()], ids=lambda optimizer: optimizer.kind
)
@pytest.mark.thin(2)
def test_least_squares_matches_minpack(optimizer, name, start):
    objective, seen = get(name), NumpyFunction(get(name))
    paths = one(objective, optimizer, start, 80)
    minpack = scipy.optimize.least_squares(
        lambda x: seen.residuals(x)[0],
        start,
        lambda x: seen.residuals(x)[1],
        method="lm",
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    assert paths.loss[0, -1] <= 1e-25
    assert minpack.cost <= 1e-25
    arrived = int((paths.loss[0] <= 1e-25).argmax())
    assert arrived <= 2 * minpack.nfev + 4
    assert paths.evaluations["n_hessians"][0] == 80
    assert paths.evaluations["n_gradients"][0] == 0


# ---------------------------------------------------------------- the papers' own examples


def newton_in_fractions(x: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
    """Newton's step on Rosenbrock's function, without rounding."""
    gx, gy = -400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)
    a, b, c = 1200 * x * x - 400 * y + 2, -400 * x, Fraction(200)
    det = a * c - b * b
    return x - (c * gx - b * gy) / det, y - (a * gy - b * gx) / det


def test_newton_on_rosenbrock_matches_the_textbook():
    """The losses that textbooks tabulate: 24.2 → 4.73 → 1411.8 → 0.056 → 0.31 → 2·10⁻¹¹."""
    paths = one(get("rosenbrock"), optimizers.Newton(damping=0), (-1.2, 1.0), 6)
    x, y = Fraction(-12, 10), Fraction(1)
    for step in range(6):
        np.testing.assert_allclose(paths.x[0, step], (float(x), float(y)), rtol=1e-11)
        x, y = newton_in_fractions(x, y)
    assert np.round(paths.loss[0, :4], 2).tolist() == [24.2, 4.73, 1411.85, 0.06]
    assert paths.loss[0, 5] < 1e-10
    assert (np.diff(one(get("rosenbrock"), optimizers.Newton(), (-1.2, 1.0), 25).loss[0]) <= 0).all()


def bowl(dim: int, seed: int = 0) -> tuple[Function, np.ndarray, np.ndarray]:
    """Return a rotated quadratic, its matrix and its minimizer."""
    rng = np.random.default_rng(seed)
    root, at = rng.normal(size=(dim, dim)), rng.normal(size=dim)
    matrix = root @ root.T + 0.1 * np.eye(dim)
    rows, place = torch.from_numpy(matrix), torch.from_numpy(at)

    def formula(*x: Tensor) -> Tensor:
        off = [a - b for a, b in zip(x, place, strict=True)]
        terms = [rows[i, j] * off[i] * off[j] for i in range(dim) for j in range(dim)]
        return sum(terms[1:], terms[0]) / 2

    return function(*[(-3, 3)] * dim, name="bowl")(formula), matrix, at


@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize(
    "optimizer",
    [optimizers.Newton(), optimizers.Newton(damping=0), optimizers.TrustRegion(radius=100.0)],
    ids=lambda optimizer: optimizer.spec,
)
def test_a_quadratic_is_solved_in_one_step(optimizer, dim):
    objective, _, at = bowl(dim)
    x = starts(dim, 5, np.random.default_rng(1))
    np.testing.assert_allclose(run(objective, [optimizer] * 5, x, 1).x[:, 1], np.tile(at, (5, 1)), atol=1e-10)


def test_linear_residuals_are_solved_in_one_step():
    paths = one(get("booth"), optimizers.GaussNewton(), (-7.0, 4.0), 1)
    np.testing.assert_allclose(paths.x[0, 1], (1, 3), atol=1e-12)
    slow = one(get("booth"), optimizers.LevenbergMarquardt(damping=1e-12), (-7.0, 4.0), 1)
    np.testing.assert_allclose(slow.x[0, 1], (1, 3), atol=1e-9)


@pytest.mark.parametrize("dim", [2, 5])
@pytest.mark.parametrize(
    "optimizer",
    [optimizers.ConjugateGradient(c1=1e-10, c2=1e-9), optimizers.BFGS(c1=1e-10, c2=1e-9)],
    ids=lambda optimizer: optimizer.label,
)
def test_a_quadratic_takes_d_steps_with_exact_searches(optimizer, dim):
    """Hestenes & Stiefel (1952) for conjugate gradients; BFGS takes the same steps (Nazareth, 1979)."""
    objective, matrix, at = bowl(dim, seed=2)
    x = starts(dim, 4, np.random.default_rng(2))
    paths = run(objective, [optimizer] * 4, x, dim)
    assert abs(paths.x[:, dim - 1] - at).max() > 1e-3
    np.testing.assert_allclose(paths.x[:, dim], np.tile(at, (4, 1)), atol=1e-6)
    if isinstance(optimizer, optimizers.BFGS):
        stepper = stepper_of([optimizer] * 4, x)
        slope = torch.func.grad(lambda p: objective.evaluate(p).sum())
        for t in range(1, dim + 1):
            from_here = torch.from_numpy(paths.x[:, t - 1].T.copy())
            here = context_at(t, from_here, slope(from_here), Oracle(objective, 4), objective.evaluate(from_here))
            stepper.step(here)
        learned = stepper.state[0].permute(2, 0, 1).numpy()
        np.testing.assert_allclose(learned @ matrix, np.tile(np.eye(dim), (4, 1, 1)), atol=1e-4)


# ---------------------------------------------------------------- orders of convergence


def test_newton_converges_quadratically():
    """eₖ₊₁ ≈ ½·f‴/f″·eₖ²: with f = eˣ − 2x the factor is ½ at the minimum, ln 2."""
    growth = function((-3, 3), name="growth")(lambda x: torch.exp(x) - 2 * x)
    for optimizer in (optimizers.Newton(), optimizers.Newton(damping=0), optimizers.TrustRegion()):
        error = abs(one(growth, optimizer, (0.75,), 4).x[0, :, 0] - np.log(2))
        np.testing.assert_allclose(error[1:3] / error[:2] ** 2, 0.5, rtol=0.02)
        assert error[4] <= 2.3e-16


def test_gauss_newton_is_quadratic_only_for_zero_residuals():
    """Convergence is quadratic with zero residuals at the minimum, and linear otherwise."""

    def fit(rest: float) -> np.ndarray:
        parts = lambda x: torch.stack([x + 1, rest * x * x + x - 1])  # noqa: E731
        objective = function((-3, 3), name="fit", residuals=parts)(lambda x: (parts(x) ** 2).sum(0))
        path = one(objective, optimizers.GaussNewton(damping=0), (0.3,), 60).x[0, :, 0]
        return abs(path - path[-1])

    linear = fit(0.4)
    rates = linear[5:15] / linear[4:14]
    assert rates.min() > 0.2
    assert rates.max() - rates.min() < 0.02
    quick = one(get("rosenbrock"), optimizers.GaussNewton(damping=0), (-1.2, 1.0), 2)
    assert quick.loss[0, 2] < 1e-25


@pytest.mark.parametrize("optimizer", [optimizers.LBFGS(), optimizers.BFGS()], ids=lambda optimizer: optimizer.label)
def test_quasi_newton_is_superlinear(optimizer):
    paths = one(get("rosenbrock"), optimizer, (-1.2, 1.0), 60)
    error = np.linalg.norm(paths.x[0] - 1, axis=1)
    last = int((error < 1e-9).argmax())
    assert 0 < last < 45
    assert error[last] / error[last - 1] < 0.05


@pytest.mark.parametrize("name", [name for name in SETTINGS if "undamped" not in name])
@pytest.mark.parametrize("objective", FUNCTIONS, ids=lambda make: make.__name__)
@pytest.mark.thin(3)
@pytest.mark.sample(6)
def test_values_never_rise(name, objective):
    seen = rosenbrock_squares if objective.__name__ == "valley" else objective
    if name in OF_SQUARES and seen is not rosenbrock_squares:
        pytest.skip("not known as a sum of squares")
    rng = np.random.default_rng(3)
    candidates = [SETTINGS[name](rng) for _ in range(20)]
    value = run(seen(3), candidates, starts(3, 20, rng), 30).loss
    assert (np.diff(value, axis=1) <= 1e-14 * abs(value[:, 1:])).all()
    assert (value[:, -1] < value[:, 0]).all()
