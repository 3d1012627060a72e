"""Every function of the catalogue: shapes, precisions, and the same bits in every batch."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from function_cases import MEMBERS, each_apart, every, every_member, size, spread, steepest

from landscapes.objectives.derivatives import gradient

BATCHES = [(), (5,), (1,), (2, 3), (0,), (3, 0), (1, 1, 1, 4)]


@every_member
def test_shape_and_precision_of_the_values_are_those_of_the_points(f):
    for batch, dtype in product(BATCHES, (torch.float64, torch.float32)):
        points = spread(f, math.prod(batch)).reshape(*batch, f.dim).to(dtype)
        values = f(points)
        assert values.shape == batch, dtype
        assert values.dtype == dtype, batch


@every_member
def test_single_precision_approximates_double(f):
    points = spread(f, 50).float()
    tolerance = 4e-6 * size(f) + 3e-7 * steepest(f) * float(points.abs().max())
    torch.testing.assert_close(f(points).double(), f(points.double()), rtol=1e-5, atol=tolerance)


@each_apart(MEMBERS, one_in=4)
@pytest.mark.sample(60)
@pytest.mark.thin(4)
def test_a_point_has_the_same_bits_in_every_batch(f):
    for count, dtype in product((1, 7, 1001), (torch.float64, torch.float32)):
        points = spread(f, count, seed=2).to(dtype)
        columns = points.T.contiguous().requires_grad_()
        values = f.evaluate(columns)
        (slopes,) = torch.autograd.grad(values.sum(), columns)
        assert torch.equal(f(points), values)
        assert torch.equal(gradient(f, points), slopes.T)
        for i in {0, count // 3, count - 2 if count > 1 else 0, count - 1}:
            assert torch.equal(f(points[i]), values[i])
            assert torch.equal(gradient(f, points[i]), slopes[:, i])
        order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
        assert torch.equal(f(points[order]), values[order])
        assert torch.equal(f.evaluate(points.T[:, order].contiguous()), values[order])


@every
def test_squared_residuals_sum_to_the_values(f):
    if f.residuals is None:
        return
    points = spread(f, 7)
    r = f.evaluate_residuals(points.T)
    assert r.shape[1:] == (7,)
    torch.testing.assert_close((r * r).sum(0), f(points), rtol=1e-12, atol=1e-14 * size(f))
    assert torch.equal(f.evaluate_residuals(points[3]), r[:, 3])


@every
def test_samples_average_to_the_values(f):
    """Within five standard errors of 400 samples, at two points; the same sample is drawn again."""
    if f.sample is None:
        return
    points = spread(f, 2)
    values = torch.stack([f.at_step(t)(points) for t in range(400)])
    error = values.std(0) / 20
    assert ((values.mean(0) - f(points)).abs() <= 5 * error + 1e-12 * size(f)).all()
    assert (values.std(0) > 0).any()
    assert torch.equal(f.at_step(7)(points), values[7])
