"""References of the second-order optimizers: each method for one run, as in its source.

All take a function, an optimizer (for its settings), a start (d,) and a number of steps. They return the points
(steps + 1, d).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.optimize
import torch
from numpy.typing import NDArray
from reference import log, starts, uniform, valley
from torch import Tensor
from torch.optim.lbfgs import _strong_wolfe

from landscapes import optimizers
from landscapes.engine import loop
from landscapes.objectives._function import Function
from landscapes.optimizers.base import Optimizer

Array = NDArray[np.float64]
Plain = Callable[[Function, Any, Array, int], Array]


class NumpyFunction:
    """A function of one point (d,) in numpy, differentiated by torch."""

    def __init__(self, function: Function) -> None:
        self.function = function

    def value(self, x: Array) -> float:
        return float(self.function.evaluate(torch.as_tensor(x)))

    def gradient(self, x: Array) -> Array:
        point = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(self.function.evaluate(point), point)[0].numpy()

    def hessian(self, x: Array) -> Array:
        return torch.autograd.functional.hessian(self.function.evaluate, torch.tensor(x)).numpy()

    def residuals(self, x: Array) -> tuple[Array, Array]:
        point = torch.tensor(x)
        jacobian = torch.autograd.functional.jacobian(self.function.evaluate_residuals, point)
        return self.function.evaluate_residuals(point).numpy(), jacobian.numpy()


def backtrack(f: NumpyFunction, x: Array, p: Array, slope: float, t: float) -> Array:
    """Armijo, 1966."""
    value = f.value(x)
    for _ in range(40):
        there = x + t * p
        if slope >= 0 or (there == x).all():
            break
        if f.value(there) <= value + 1e-4 * t * slope + 10 * np.finfo(float).eps * abs(value):
            return there
        t /= 2
    return x


def newton_step(f: NumpyFunction, optimizer: Any, x: Array, gradient: Array, hessian: Array) -> Array:
    """Newton's step, or with positive eigenvalues (Greenstadt, 1967) and backtracking."""
    if not gradient.any():
        return x
    if optimizer.damping == 0:
        return x - optimizer.lr * np.linalg.solve(hessian, gradient)
    curvature, axes = np.linalg.eigh(hessian)
    size = np.maximum(abs(curvature), optimizer.damping * abs(curvature).max())
    p = -axes @ (axes.T @ gradient / size)
    return backtrack(f, x, p, float(gradient @ p), optimizer.lr)


def newton(function: Function, optimizer: optimizers.Newton, x: Array, steps: int) -> Array:
    f, path = NumpyFunction(function), [x]
    for _ in range(steps):
        x = newton_step(f, optimizer, x, f.gradient(x), f.hessian(x))
        path.append(x)
    return np.array(path)


def gauss_newton(function: Function, optimizer: optimizers.GaussNewton, x: Array, steps: int) -> Array:
    f, path = NumpyFunction(function), [x]
    for _ in range(steps):
        r, jacobian = f.residuals(x)
        if optimizer.damping == 0:
            x = x - optimizer.lr * np.linalg.lstsq(jacobian, r, rcond=None)[0]
        else:
            x = newton_step(f, optimizer, x, 2 * jacobian.T @ r, 2 * jacobian.T @ jacobian)
        path.append(x)
    return np.array(path)


def rounding_slack(value: float) -> float:
    return 10 * np.finfo(float).eps * abs(value) + np.finfo(float).tiny


def levenberg_marquardt(function: Function, optimizer: optimizers.LevenbergMarquardt, x: Array, steps: int) -> Array:
    """Madsen, Nielsen & Tingleff, 2004, algorithm 3.16; rejected trials are not recorded."""
    f, path = NumpyFunction(function), [x]
    mu = np.nan
    for _ in range(steps):
        r, jacobian = f.residuals(x)
        matrix, slope = jacobian.T @ jacobian, jacobian.T @ r
        largest, nu = matrix.diagonal().max(), 2.0
        mu = optimizer.damping * largest if np.isnan(mu) else max(mu, np.finfo(float).eps * largest)
        trial = mu
        for _ in range(15):
            p = np.linalg.lstsq(
                np.vstack([jacobian, np.sqrt(trial) * np.eye(len(x))]), np.concatenate([-r, 0 * x]), rcond=None
            )[0]
            if (x + p == x).all():
                break
            gained = r @ r - f.value(x + p) + rounding_slack(r @ r)
            rho = gained / (p @ (trial * p - slope) + rounding_slack(r @ r))
            if rho > 0:
                x, mu = x + p, trial * max(1 / 3, 1 - (2 * rho - 1) ** 3)
                break
            trial, nu = trial * nu, 2 * nu
        path.append(x)
    return np.array(path)


def minimum_in_ball(gradient: Array, hessian: Array, radius: float) -> tuple[Array, bool]:
    """Return the minimum of the model in a ball, by bisection for the multiplier, and whether it is on the boundary."""
    curvature, axes = np.linalg.eigh(hessian)
    g = axes.T @ gradient
    if curvature[0] > 0 and np.linalg.norm(g / curvature) <= radius:
        return -axes @ (g / curvature), False
    above, low = curvature - curvature[0], max(curvature[0], 0.0)
    high = low + np.linalg.norm(g) / radius
    for _ in range(2000):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        with np.errstate(all="ignore"):
            inside = np.linalg.norm(g / (above + middle)) < radius
        low, high = (low, middle) if inside else (middle, high)
    return -axes @ (g / (above + high)), True


def trust_region(function: Function, optimizer: optimizers.TrustRegion, x: Array, steps: int) -> Array:
    """Nocedal & Wright, 2006, algorithm 4.1; rejected trials are not recorded."""
    f, path = NumpyFunction(function), [x]
    radius = optimizer.radius
    for _ in range(steps):
        value, gradient, hessian = f.value(x), f.gradient(x), f.hessian(x)
        for _ in range(30):
            p, at_border = minimum_in_ball(gradient, hessian, radius) if gradient.any() else (0 * x, False)
            if (x + p == x).all():
                break
            promised = -(gradient @ p + p @ hessian @ p / 2)
            rho = (value - f.value(x + p) + rounding_slack(value)) / (promised + rounding_slack(value))
            if rho < 0.25:
                radius /= 4
            elif rho > 0.75 and at_border:
                radius = min(2 * radius, optimizer.max_radius)
            if rho > optimizer.eta:
                x = x + p
                break
        path.append(x)
    return np.array(path)


def newton_cg(function: Function, optimizer: optimizers.TrustRegion, x: Array, steps: int) -> Array:
    """SciPy's "trust-ncg" without iterations that do not move; the last point is repeated after its end."""
    f, path = NumpyFunction(function), [x]
    options = {"initial_trust_radius": optimizer.radius, "max_trust_radius": optimizer.max_radius, "eta": optimizer.eta}

    def note(xk: Array) -> None:
        if not np.array_equal(xk, path[-1]):
            path.append(xk.copy())
        if len(path) > steps:
            raise StopIteration

    scipy.optimize.minimize(
        f.value,
        x,
        method="trust-ncg",
        jac=f.gradient,
        hess=f.hessian,
        callback=note,
        options={**options, "gtol": 1e-9, "maxiter": 30 * steps},
    )
    return np.array((path + steps * path[-1:])[: steps + 1])


def lbfgs(function: Function, optimizer: optimizers.LBFGS, x: Array, steps: int) -> Array:
    """torch's L-BFGS, one iteration per step."""
    point = torch.nn.Parameter(torch.tensor(x))
    torch_optimizer = torch.optim.LBFGS(
        [point],
        lr=optimizer.lr,
        max_iter=1,
        max_eval=26,
        tolerance_grad=0,
        tolerance_change=0,
        history_size=optimizer.history_size,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        torch_optimizer.zero_grad()
        value = function.evaluate(point)
        value.backward()
        return value

    path = [x]
    for _ in range(steps):
        torch_optimizer.step(closure)
        path.append(point.detach().numpy().copy())
    return np.array(path)


def line_search_method(function: Function, optimizer: Any, x: Array, steps: int) -> Array:
    """BFGS (Nocedal & Wright, 2006, algorithm 6.1) or PR+ conjugate gradients (5.4), with torch's line search."""
    f, path, d = NumpyFunction(function), [x], len(x)
    whole = isinstance(optimizer, optimizers.BFGS)
    inverse, scaled, p, t = np.eye(d), False, np.zeros(d), 0.0
    g = f.gradient(x)
    before, last_slope = g, 0.0

    def ask(x: Tensor, t: Any, p: Tensor) -> tuple[float, Tensor]:
        there = x.numpy() + float(t) * p.numpy()
        return f.value(there), torch.from_numpy(f.gradient(there))

    for _ in range(steps):
        if not g.any():
            path.append(x)
            continue
        first = min(1.0, 1 / abs(g).sum())
        if whole:
            p = -inverse @ g
            first = 1.0 if scaled else first
        elif t:
            p = -g + max(0.0, g @ (g - before) / (before @ before)) * p
            first = t * last_slope / (g @ p)
        if g @ p >= 0:  # so it is in the beginning
            p, first = -g, min(1.0, 1 / abs(g).sum())
        _, after, found, _ = _strong_wolfe(
            ask,
            torch.from_numpy(x),
            optimizer.lr * first,
            torch.from_numpy(p),
            f.value(x),
            torch.from_numpy(g),
            torch.tensor(g @ p),
            c1=optimizer.c1,
            c2=optimizer.c2,
            tolerance_change=0,
        )
        t, last_slope, before = float(found), float(g @ p), g
        s, y, g = t * p, after.numpy() - g, after.numpy()
        x = x + s
        if whole and s @ y > np.finfo(float).eps * abs(s @ before):
            if not scaled:
                inverse, scaled = inverse * (s @ y / (y @ y)), True
            left = np.eye(d) - np.outer(s, y) / (s @ y)
            inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
        path.append(x)
    return np.array(path)


def reference_of(optimizer: Optimizer) -> Plain:
    """Return the reference of an optimizer."""
    if isinstance(optimizer, optimizers.TrustRegion):
        return trust_region if optimizer.exact else newton_cg
    table: Mapping[type[Optimizer], Plain] = {
        optimizers.Newton: newton,
        optimizers.GaussNewton: gauss_newton,
        optimizers.LevenbergMarquardt: levenberg_marquardt,
        optimizers.LBFGS: lbfgs,
        optimizers.BFGS: line_search_method,
        optimizers.ConjugateGradient: line_search_method,
    }
    return table[type(optimizer)]


def rosenbrock_squares(dim: int) -> Function:
    """Return Rosenbrock's function / 100 in d coordinates, as a sum of squares."""

    def residuals(*x: Tensor) -> Tensor:
        parts = [(1 - x[0]) / 10]
        for a, b in itertools.pairwise(x):
            parts += [(1 - a) / 10, b - a * a]
        return torch.stack(parts)

    return replace(valley(dim), residuals=residuals)


SETTINGS: Mapping[str, Callable[[np.random.Generator], Optimizer]] = {
    "newton": lambda rng: optimizers.Newton(lr=uniform(0.3, 1.5)(rng), damping=log(1e-10, 0.1)(rng)),
    "newton, undamped": lambda rng: optimizers.Newton(lr=uniform(0.3, 1)(rng), damping=0),
    "gauss_newton": lambda rng: optimizers.GaussNewton(lr=uniform(0.3, 1.5)(rng), damping=log(1e-10, 0.1)(rng)),
    "gauss_newton, undamped": lambda rng: optimizers.GaussNewton(lr=uniform(0.3, 1)(rng), damping=0),
    "levenberg_marquardt": lambda rng: optimizers.LevenbergMarquardt(damping=log(1e-6, 100)(rng)),
    "trust_region": lambda rng: random_trust_region(rng, exact=True),
    "newton_cg": lambda rng: random_trust_region(rng, exact=False),
    "lbfgs": lambda rng: optimizers.LBFGS(lr=log(0.1, 3)(rng), history_size=5),
    "bfgs": lambda rng: optimizers.BFGS(lr=log(0.1, 3)(rng), c1=log(1e-5, 1e-2)(rng), c2=uniform(0.1, 0.9)(rng)),
    "cg": lambda rng: optimizers.ConjugateGradient(
        lr=log(0.5, 2)(rng), c1=log(1e-5, 1e-2)(rng), c2=uniform(0.05, 0.4)(rng)
    ),
}
"""Random settings of every second-order optimizer."""


def random_trust_region(rng: np.random.Generator, exact: bool) -> optimizers.TrustRegion:
    return optimizers.TrustRegion(
        radius=log(0.01, 10)(rng), max_radius=log(10, 1000)(rng), eta=uniform(0, 0.24)(rng), exact=exact
    )


OF_SQUARES = ("gauss_newton", "gauss_newton, undamped", "levenberg_marquardt")
"""Optimizers that require sums of squares."""


def differences(name: str, objective: Callable[[int], Function], dim: int, runs: int, steps: int) -> Array:
    """Return the largest difference from the reference per run, up to each step, shape (R, steps + 1)."""
    rng = np.random.default_rng(dim)
    candidates, x = [SETTINGS[name](rng) for _ in range(runs)], starts(dim, runs, rng)
    box = torch.tensor([[-1e9, 1e9]] * dim, dtype=torch.float64)
    paths = loop.run(objective(dim), candidates, x, steps, box=box)
    assert not any(paths.reason)
    expected = [
        reference_of(optimizer)(objective(dim), optimizer, x[:, i].numpy(), steps)
        for i, optimizer in enumerate(candidates)
    ]
    return np.maximum.accumulate(abs(paths.x - np.array(expected)).max(2), 1)
