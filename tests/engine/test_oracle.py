"""The oracle: derivatives are correct, independent of the batch, and counted per run."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from reference import FUNCTIONS, starts, valley
from torch import Tensor

from landscapes import function
from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.objectives.decorators import least_squares
from landscapes.oracle import KINDS, Oracle


@least_squares((-2, 2), (-2, 2), name="squares")
def squares(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([10 * (y - x * x), 1 - x, torch.sin(x * y) + 0.5])


def hessian_of(objective: Function, point: Tensor) -> Tensor:
    """Return torch's Hessian at one point (d,)."""
    return torch.autograd.functional.hessian(objective.evaluate, point)


@pytest.mark.parametrize("dim", [1, 2, 5])
@pytest.mark.parametrize("objective", FUNCTIONS, ids=lambda make: make.__name__)
def test_hessians_equal_torch_and_are_exactly_symmetric(objective, dim):
    seen, x = objective(dim), starts(dim, 4, np.random.default_rng(dim))
    hessian = Oracle(seen, 4).hessian(x)
    assert hessian.shape == (dim, dim, 4)
    assert torch.equal(hessian, hessian.transpose(0, 1))
    for run in range(4):
        torch.testing.assert_close(hessian[..., run], hessian_of(seen, x[:, run]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("objective", FUNCTIONS, ids=lambda make: make.__name__)
def test_hvps_equal_products_with_the_hessian(objective):
    rng = np.random.default_rng(3)
    x, v, oracle = starts(5, 4, rng), starts(5, 4, rng), Oracle(objective(5), 4)
    expected = torch.einsum("ijr,jr->ir", oracle.hessian(x), v)
    torch.testing.assert_close(oracle.hvp(x, v), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda x, y: 3 * x - 2 * y, [[0, 0], [0, 0]]),
        (lambda x, y: x + 0 * y, [[0, 0], [0, 0]]),
        (lambda x, y: x * x, [[2, 0], [0, 0]]),
        (lambda x, y: x * x + 5 * y, [[2, 0], [0, 0]]),
        (lambda x, y: x * y - y, [[0, 1], [1, 0]]),
        (lambda x, y: x.abs() + y.abs(), [[0, 0], [0, 0]]),
    ],
    ids=["plane", "slope", "trough", "tilted trough", "saddle", "pyramid"],
)
def test_hessians_of_linear_and_quadratic_functions(formula, expected):
    flat, x = function((-1, 1), (-1, 1), name="flat")(formula), starts(2, 3, np.random.default_rng(4))
    v = torch.ones_like(x)
    curvature = torch.tensor(expected, dtype=torch.float64)
    assert torch.equal(Oracle(flat, 3).hessian(x), curvature[..., None].expand(2, 2, 3))
    assert torch.equal(Oracle(flat, 3).hvp(x, v), curvature.sum(1)[:, None].expand(2, 3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ask", ["hessian", "residuals", "hvp"])
def test_derivatives_do_not_depend_on_the_batch(ask, dtype):
    x = starts(2, 37, np.random.default_rng(5), dtype)

    def asked(part: Tensor) -> tuple[Tensor, ...]:
        oracle = Oracle(squares, part.shape[1])
        answer = oracle.hvp(part, part) if ask == "hvp" else getattr(oracle, ask)(part)
        return answer if isinstance(answer, tuple) else (answer,)

    for run in (0, 17, 36):
        for alone, among in zip(asked(x[:, run : run + 1]), asked(x), strict=True):
            assert alone.dtype == dtype
            assert torch.equal(alone[..., 0], among[..., run])


@pytest.mark.parametrize("mode", ["vmapped", "looped"])
def test_derivatives_do_not_depend_on_the_batching_mode(mode):
    x, batched = starts(3, 4, np.random.default_rng(6)), valley(3)
    other = replace(batched, mode=mode)
    torch.testing.assert_close(Oracle(other, 4).hessian(x), Oracle(batched, 4).hessian(x), rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(Oracle(other, 4).hvp(x, x), Oracle(batched, 4).hvp(x, x), rtol=1e-13, atol=1e-13)


def test_a_hessian_evaluates_the_formula_once():
    calls = 0

    @function(*[(-1, 1)] * 6, name="counted")
    def counted(*x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return sum((a * a * b for a, b in itertools.pairwise(x)), torch.zeros_like(x[0]))

    calls = 0
    Oracle(counted, 2).hessian(torch.ones(6, 2, dtype=torch.float64))
    assert calls == 1


def test_residuals_and_jacobians():
    x = starts(2, 4, np.random.default_rng(7))
    r, jacobian = Oracle(squares, 4).residuals(x)
    assert r.shape == (3, 4)
    assert jacobian.shape == (3, 2, 4)
    torch.testing.assert_close((r * r).sum(0), squares.evaluate(x))
    for run in range(4):
        expected = torch.autograd.functional.jacobian(squares.evaluate_residuals, x[:, run])
        torch.testing.assert_close(jacobian[..., run], expected, rtol=1e-13, atol=1e-13)
    assert not r.requires_grad
    assert not jacobian.requires_grad


def test_linear_and_constant_residuals():
    @least_squares((-2, 2), (-2, 2), name="plain")
    def plain(x: Tensor, y: Tensor) -> Tensor:
        return torch.stack([x - 2 * y, 3 + 0 * x])

    _, jacobian = Oracle(plain, 2).residuals(torch.ones(2, 2, dtype=torch.float64))
    assert jacobian[..., 0].tolist() == [[1, -2], [0, 0]]
    with pytest.raises(InputError, match="valley has no residuals"):
        Oracle(valley(2), 2).residuals(torch.ones(2, 2))


def test_evaluations_are_counted_for_the_runs_that_request_them():
    x, oracle = starts(2, 3, np.random.default_rng(8)), Oracle(squares, 3)
    first, last = torch.tensor([True, False, False]), torch.tensor([False, False, True])
    assert not oracle.was_called
    oracle.value(x, first)
    oracle.value(x[:, None].expand(2, 5, 3), last)
    oracle.value_and_gradient(x)
    oracle.hvp(x, x, first)
    oracle.hessian(x, last)
    oracle.residuals(x, first)
    assert oracle.was_called
    assert dict(zip(KINDS, oracle.counts.tolist(), strict=True)) == {
        "n_values": [1, 0, 5],
        "n_gradients": [1, 1, 1],
        "n_hvps": [1, 0, 0],
        "n_hessians": [1, 0, 1],
    }


def test_hessians_are_those_of_the_current_sample():
    noisy = function((-1, 1), (-1, 1), name="noisy", sample=lambda t: lambda x, y: (t + 1) * (x * x + y * y))(
        lambda x, y: x * x + y * y
    )
    oracle, x = Oracle(noisy, 1), torch.ones(2, 1, dtype=torch.float64)
    assert oracle.hessian(x)[..., 0].tolist() == [[2, 0], [0, 2]]
    oracle.set_step(4)
    assert oracle.hessian(x)[..., 0].tolist() == [[10, 0], [0, 10]]
    assert oracle.hvp(x, x)[:, 0].tolist() == [10, 10]
