"""Traced functions: bitwise equal to autograd, with fewer operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from thinned import diagonal
from torch import Tensor

from landscapes import function
from landscapes.engine.fast import tracing
from landscapes.engine.fast.tracing import TracedFunction, trace
from landscapes.functions import get
from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient

DOUBLE = torch.zeros((), dtype=torch.float64)


def points(objective: Function, dtype: torch.dtype = torch.float64) -> Tensor:
    low, high = torch.tensor(objective.domain, dtype=torch.float64).unbind(1)
    share = torch.rand((objective.dim, 777), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return (low[:, None] + share * (high - low)[:, None]).to(dtype)


def operations(traced: TracedFunction) -> int:
    return sum(node.op == "call_function" for node in traced.graph.graph.nodes)


@pytest.mark.parametrize(
    ("name", "dim", "dtype"),
    diagonal(
        ["styblinski_tang", "sphere", "ackley", "rastrigin", "levy", "griewank", "schwefel", "zakharov"],
        [2, 5],
        [torch.float64, torch.float32],
    ),
    ids=str,
)
@pytest.mark.thin(1)
def test_traced_functions_equal_autograd_bitwise(name, dim, dtype):
    objective = get(name, dim)
    traced = trace(objective, torch.zeros((), dtype=dtype))
    assert traced is not None
    assert traced.exact
    x = points(objective, dtype)
    value, gradient = value_and_gradient(objective, x)
    traced_value, *components = traced(*x.unbind(0))
    assert torch.equal(traced_value, value)
    assert torch.equal(traced.value(*x.unbind(0)), value)
    assert torch.equal(torch.stack(components), gradient)


def test_common_subexpressions_are_removed():
    traced = trace(get("rosenbrock"), DOUBLE)
    assert traced is not None
    assert operations(traced) == 14


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x * x + y * y if bool((x > 0).any()) else x,
        lambda x, y: (x - x.mean()) ** 2 + y * y,
        lambda x, y: torch.cumsum(x, 0) + y,
        lambda x, y: x * torch.rand_like(x) + y,
        lambda x, y: sum(torch.sin(k * x) for k in range(300)) + y,
        lambda x, y: x.flip(0) * y,
        lambda x, y: x[:1] + x * y,
    ],
    ids=["branches", "mean over runs", "sum over runs", "random", "very long", "runs swapped", "first run"],
)
@pytest.mark.thin(1)
def test_formulas_that_cannot_be_traced_return_none(formula: Callable[..., Tensor]):
    objective = function((-2, 2), (-2, 2), start=(1, 1), name="odd")(formula)
    assert trace(objective, DOUBLE) is None


def test_a_cache_folder_that_torch_cannot_make_is_named(monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system", "/cache")

    monkeypatch.setattr("torch.fx.experimental.proxy_tensor.make_fx", refuse)
    objective = function((-2, 2), (-2, 2), start=(1, 1), name="unseen")(lambda x, y: 3 * x * x + y)
    with pytest.warns(UserWarning, match=r"cannot be traced, so .*: .*Read-only file system: '/cache'"):
        assert trace(objective, DOUBLE) is None


def test_a_formula_of_the_catalogue_is_not_evaluated_again(monkeypatch):
    traced = trace(get("beale"), DOUBLE)
    asked: list[object] = []

    def spy(objective: Function, x: Tensor) -> tuple[Tensor, Tensor]:
        asked.append(objective)
        return value_and_gradient(objective, x)

    monkeypatch.setattr(tracing, "value_and_gradient", spy)
    assert trace(get("beale"), DOUBLE) is traced
    assert not asked
    rotated = get("beale").rotated(30)  # reads an angle
    trace(rotated, DOUBLE)
    trace(rotated, DOUBLE)
    assert asked == [rotated, rotated]


def test_a_formula_that_changes_is_traced_again():
    height = [1.0]
    objective = function((-2, 2), (-2, 2), start=(1, 1), name="changing")(lambda x, y: height[0] * x * x + y * y)
    x = points(objective)
    for height[0] in (1.0, 3.0):
        traced = trace(objective, DOUBLE)
        assert traced is not None
        assert torch.equal(traced(*x.unbind(0))[0], value_and_gradient(objective, x)[0])
    assert trace(objective, DOUBLE) is traced  # cached while it does not change


@pytest.mark.parametrize("name", ["noisy_bowl", "reddi_online"])
def test_stochastic_functions_are_not_traced(name):
    assert trace(get(name), DOUBLE) is None


def test_a_function_with_too_many_coordinates_is_not_traced(monkeypatch):
    def refuse(*given: object) -> None:
        raise AssertionError("tracing so many coordinates takes a minute and fails")

    monkeypatch.setattr(tracing, "_trace", refuse)
    assert trace(get("sphere").with_dim(tracing.MAX_OPERATIONS + 1), DOUBLE) is None
