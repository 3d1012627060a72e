"""Every function of the catalogue: gradients are finite, and the derivatives of the values."""

from __future__ import annotations

import torch
from function_cases import CATALOGUE, each, every_member, grid, size, spread

from landscapes.objectives.derivatives import gradient

FRACTAL = {"bbob_f16", "bbob_f23", "weierstrass"}
"""Waves too short for finite differences; test_bbob integrates their gradients."""

POLES = {"lennard_jones"}
"""Functions that are infinite at listed points; values from 1e30 on are not tested."""

DISTANCES = torch.tensor([0.0, 5e-324, 1e-300, 1e-160, 1e-20, 1e-8, 1e-3], dtype=torch.float64)


@every_member
def test_gradients_are_finite_everywhere(f):
    assert gradient(f, grid(f.domain, 65)).isfinite().all()


@every_member
def test_gradients_are_finite_at_and_around_special_points(f):
    low, high = torch.tensor(f.domain, dtype=torch.float64).unbind(1)
    marked = [*f.minima, *(stationary.point for stationary in f.stationary), f.start]
    special = torch.cat([torch.tensor(marked, dtype=torch.float64), torch.zeros(1, f.dim), ((low + high) / 2)[None]])
    d = f.dim
    around = torch.cat([torch.eye(d), -torch.eye(d), torch.ones(1, d)]).double()
    points = (special[:, None, None] + DISTANCES[:, None, None] * around).flatten(0, 2)
    points = points[((points >= low) & (points <= high)).all(1)]
    if f.name in POLES:
        points = points[f(points) < 1e30]
    for dtype in (torch.float64, torch.float32):
        assert f(points.to(dtype)).isfinite().all(), dtype
        assert gradient(f, points.to(dtype)).isfinite().all(), dtype


@each(CATALOGUE, one_in=8)
def test_gradients_and_hessians_are_the_derivatives_of_the_values(f):
    """The view is scaled to width one, and its values to at most one."""
    if f.name in FRACTAL:
        return
    low, high = torch.tensor(f.view, dtype=torch.float64).unbind(1)
    unit = size(f)

    def scaled(share):
        return f(low + share * (high - low)) / unit

    shares = ((spread(f, 2, seed=1) - low) / (high - low)).requires_grad_()
    assert torch.autograd.gradcheck(scaled, (shares,), eps=1e-6, atol=1e-5, rtol=1e-5)
    assert torch.autograd.gradgradcheck(scaled, (shares,), eps=1e-6, atol=1e-3, rtol=1e-4)
