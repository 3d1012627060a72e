"""Every landscape of the catalogue: shapes, precisions, and the same bits in every batch."""

from __future__ import annotations

import math
from itertools import product

import torch
from function_cases import MEMBERS, each, every, every_member, size, spread, steepest

from landscapes.objectives.derivatives import gradient

BATCHES = [(), (5,), (1,), (2, 3), (0,), (3, 0), (1, 1, 1, 4)]


@every_member
def test_shape_and_precision_of_the_values_are_those_of_the_points(landscape):
    for batch, dtype in product(BATCHES, (torch.float64, torch.float32)):
        points = spread(landscape, math.prod(batch)).reshape(*batch, landscape.dim).to(dtype)
        values = landscape(points)
        assert values.shape == batch, dtype
        assert values.dtype == dtype, batch


@every_member
def test_single_precision_is_near_to_double(landscape):
    points = spread(landscape, 50).float()
    tolerance = 4e-6 * size(landscape) + 3e-7 * steepest(landscape) * float(points.abs().max())
    torch.testing.assert_close(landscape(points).double(), landscape(points.double()), rtol=1e-5, atol=tolerance)


@each(MEMBERS, one_in=4)
def test_a_point_has_the_same_bits_in_every_batch(landscape):
    for count, dtype in product((1, 7, 1001), (torch.float64, torch.float32)):
        points = spread(landscape, count, seed=2).to(dtype)
        columns = points.T.contiguous().requires_grad_()
        values = landscape.evaluate(columns)
        (slopes,) = torch.autograd.grad(values.sum(), columns)
        assert torch.equal(landscape(points), values)
        assert torch.equal(gradient(landscape, points), slopes.T)
        for i in {0, count // 3, count - 2 if count > 1 else 0, count - 1}:
            assert torch.equal(landscape(points[i]), values[i])
            assert torch.equal(gradient(landscape, points[i]), slopes[:, i])
        order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
        assert torch.equal(landscape(points[order]), values[order])
        assert torch.equal(landscape.evaluate(points.T[:, order].contiguous()), values[order])


@every
def test_residuals_are_those_of_the_values(landscape):
    if landscape.residuals is None:
        return
    points = spread(landscape, 7)
    r = landscape.evaluate_residuals(points.T)
    assert r.shape[1:] == (7,)
    torch.testing.assert_close((r * r).sum(0), landscape(points), rtol=1e-12, atol=1e-14 * size(landscape))
    assert torch.equal(landscape.evaluate_residuals(points[3]), r[:, 3])


@every
def test_samples_are_what_the_values_average(landscape):
    """Within five standard errors of 400 samples, at two points, and the same when asked for again."""
    if landscape.sample is None:
        return
    points = spread(landscape, 2)
    values = torch.stack([landscape.at_step(t)(points) for t in range(400)])
    error = values.std(0) / 20
    assert ((values.mean(0) - landscape(points)).abs() <= 5 * error + 1e-12 * size(landscape)).all()
    assert (values.std(0) > 0).any()
    assert torch.equal(landscape.at_step(7)(points), values[7])
