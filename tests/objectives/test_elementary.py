"""Building blocks of formulas: the same bits in every batch, and finite gradients."""

from __future__ import annotations

import pytest
import torch

from landscapes.objectives import elementary
from landscapes.objectives.elementary import (
    in_chunks,
    mean,
    norm,
    ordered_sum,
    power,
    product,
    root,
    stack_copies,
    weierstrass_series,
)

OPERATIONS = [ordered_sum, mean, product, norm]
ELEMENTWISE = [root, lambda x: power(x, 0.25), lambda x: power(x, 2.5)]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 2, 9, 64])
def test_reductions_have_the_same_bits_in_every_batch(operation, dtype, d):
    x = torch.randn(103, d, generator=torch.Generator().manual_seed(d), dtype=torch.float64).to(dtype) + 0.3
    whole = operation(x)
    assert whole.shape == (103,)
    assert whole.dtype == dtype
    assert torch.equal(torch.stack([operation(row) for row in x]), whole)
    assert torch.equal(operation(x.T.contiguous().T), whole)
    assert torch.equal(operation(x.T, 0), whole)


@pytest.mark.parametrize("operation", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_roots_and_powers_have_the_same_bits_in_every_batch(operation, dtype):
    x = torch.rand(1003, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype).requires_grad_()
    whole = operation(x)
    (slopes,) = torch.autograd.grad(whole.sum(), x)
    for i in [0, 1, 500, 1000, 1002]:
        one = x[i].detach().clone().requires_grad_()
        value = operation(one)
        assert torch.equal(value, whole[i])
        assert torch.equal(torch.autograd.grad(value, one)[0], slopes[i])


def test_values_equal_those_of_torch():
    x = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(ordered_sum(x), x.sum(-1))
    torch.testing.assert_close(mean(x), x.mean(-1))
    torch.testing.assert_close(product(x), x.prod(-1))
    torch.testing.assert_close(norm(x), x.norm(dim=-1))
    torch.testing.assert_close(root(x), x.clamp(min=0).sqrt())
    torch.testing.assert_close(power(x, 1.7), x.abs() ** 1.7)
    torch.testing.assert_close(power(x, torch.tensor([1.0, 2.0, 3.0])), x.abs() ** torch.tensor([1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    "operation", [root, lambda x: power(x, 0.25), lambda x: power(x, 3.5), lambda x: norm(x[..., None])]
)
@pytest.mark.parametrize("near", [0.0, 5e-324, 1e-300, -1e-300])
def test_gradients_are_finite_at_zero(operation, near):
    x = torch.tensor([near, 1.0], dtype=torch.float64, requires_grad=True)
    values = operation(x)
    (slopes,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    assert values.isfinite().all()
    assert slopes.isfinite().all()
    slopes = slopes.detach()
    assert near or slopes[0] == 0
    assert slopes[1] > 0


def test_empty_sums_and_products():
    assert ordered_sum(torch.zeros(3, 0)).tolist() == [0, 0, 0]
    assert product(torch.zeros(3, 0)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("shape", [(), (1,), (7,), (100,), (0,), (3, 4), (2, 0)])
def test_chunks_equal_the_whole(shape, monkeypatch):
    data = torch.arange(5.0)[:, None]
    x, y = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    shapes = []

    def formula(a, b):
        shapes.append(a.shape)
        return ordered_sum(torch.sin(data * a + b), 0)

    whole = in_chunks(formula, x, y, width=5)
    assert shapes == [(x.numel(),)]
    monkeypatch.setattr(elementary, "CACHE_NUMBERS", 16)
    shapes.clear()
    parts = in_chunks(formula, x, y, width=5)
    assert sum(part for (part,) in shapes) == x.numel()
    assert max(shapes) <= (3,)
    assert parts.shape == whole.shape == shape
    assert torch.equal(parts, whole)


def test_chunks_have_at_least_one_point(monkeypatch):
    monkeypatch.setattr(elementary, "CACHE_NUMBERS", 2)
    assert in_chunks(lambda x: x + 1, torch.zeros(3), width=100).tolist() == [1, 1, 1]


def test_gradients_of_stacked_copies_have_the_same_bits_in_every_batch():
    """Gradients of a broadcast do not."""
    factors = 3.0 ** torch.arange(12, dtype=torch.float64)[:, None]
    x = torch.randn(1001, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def slopes(x, repeat):
        x = x.clone().requires_grad_()
        return torch.autograd.grad(torch.sin(factors * repeat(x)).sum(), x)[0]

    def same_bits(repeat):
        whole = slopes(x, repeat)
        return all(torch.equal(slopes(x[i : i + 1], repeat), whole[i : i + 1]) for i in range(0, 1001, 50))

    assert same_bits(lambda x: stack_copies(x, 12))
    assert not same_bits(lambda x: x[None])


def test_stacked_copies_are_equal_with_and_without_gradients():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert stack_copies(x, 3).tolist() == stack_copies(x.detach(), 3).tolist() == [[1, 2]] * 3


@pytest.mark.parametrize("count", [1, 2, 3, 12, 21])
def test_the_weierstrass_series_equals_exact_angles(count):
    """The expected angles 3ᵏ n / 2¹⁰ are reduced with integers. The relative error is also small near zero."""
    n = torch.arange(-3000, 3000, 7)
    expected = sum(0.5**k * 2 * torch.sin(torch.pi * (3**k * n % 1024).double() / 1024) ** 2 for k in range(count))
    torch.testing.assert_close(weierstrass_series(n / 1024.0, count).double(), expected, rtol=0, atol=1e-3)
    torch.testing.assert_close(weierstrass_series(n.double() / 1024, count), expected, rtol=1e-12, atol=1e-13)
    tiny = torch.tensor([1e-30, -1e-20], dtype=torch.float64)
    expected = sum(0.5**k * 2 * (torch.pi * 3**k * tiny) ** 2 for k in range(count))
    torch.testing.assert_close(weierstrass_series(tiny, count), expected, rtol=1e-13, atol=0)
