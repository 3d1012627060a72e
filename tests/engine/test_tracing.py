"""A formula as a list of operations: the bits of autograd, and fewer operations."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from thinned import diagonal
from torch import Tensor

from landscapes import function
from landscapes.engine.fast import tracing
from landscapes.engine.fast.tracing import Traced, trace
from landscapes.functions import get
from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient

DOUBLE = torch.zeros((), dtype=torch.float64)


def points(landscape: Function, dtype: torch.dtype = torch.float64) -> Tensor:
    low, high = torch.tensor(landscape.domain, dtype=torch.float64).unbind(1)
    share = torch.rand((landscape.dim, 777), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    return (low[:, None] + share * (high - low)[:, None]).to(dtype)


def operations(traced: Traced) -> int:
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
def test_the_bits_are_those_of_autograd(name, dim, dtype):
    landscape = get(name, dim)
    traced = trace(landscape, torch.zeros((), dtype=dtype))
    assert traced is not None
    assert traced.exact
    x = points(landscape, dtype)
    value, gradient = value_and_gradient(landscape, x)
    told, *slopes = traced(*x.unbind(0))
    assert torch.equal(told, value)
    assert torch.equal(torch.stack(slopes), gradient)


def test_nothing_is_computed_twice():
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
    ids=["asks", "mean over runs", "sum over runs", "random", "very long", "runs swapped", "first run"],
)
def test_what_is_no_list_of_operations_for_each_run_is_none(formula: Callable[..., Tensor]):
    landscape = function((-2, 2), (-2, 2), start=(1, 1), name="odd")(formula)
    assert trace(landscape, DOUBLE) is None


def test_a_formula_that_changes_is_followed_anew():
    height = [1.0]
    landscape = function((-2, 2), (-2, 2), start=(1, 1), name="changing")(lambda x, y: height[0] * x * x + y * y)
    x = points(landscape)
    for height[0] in (1.0, 3.0):
        traced = trace(landscape, DOUBLE)
        assert traced is not None
        assert torch.equal(traced(*x.unbind(0))[0], value_and_gradient(landscape, x)[0])
    assert trace(landscape, DOUBLE) is traced  # and remembered until then


@pytest.mark.parametrize("name", ["noisy_bowl", "reddi_online"])
def test_stochastic_landscapes_are_not_followed(name):
    assert trace(get(name), DOUBLE) is None


def test_a_landscape_of_more_coordinates_than_a_list_is_long_is_not_followed(monkeypatch):
    def refuse(*given: object) -> None:
        raise AssertionError("following so many coordinates takes a minute, and finds nothing")

    monkeypatch.setattr(tracing, "_traced", refuse)
    assert trace(get("sphere").with_dim(tracing.LONGEST + 1), DOUBLE) is None
