"""Every landscape of the catalogue: gradients are finite, and the derivatives of the values."""

from __future__ import annotations

import torch
from function_cases import CATALOGUE, each, every_member, grid, size, spread

from landscapes.objectives.derivatives import gradient

FRACTAL = {"bbob_f16", "bbob_f23", "weierstrass"}
"""Waves too fine for differences of values: see test_bbob."""

DISTANCES = torch.tensor([0.0, 5e-324, 1e-300, 1e-160, 1e-20, 1e-8, 1e-3], dtype=torch.float64)


@every_member
def test_gradients_are_finite_everywhere(landscape):
    assert gradient(landscape, grid(landscape.domain, 65)).isfinite().all()


@every_member
def test_gradients_are_finite_at_and_around_what_is_special(landscape):
    low, high = torch.tensor(landscape.domain, dtype=torch.float64).unbind(1)
    marked = [*landscape.minima, *(place.point for place in landscape.stationary), landscape.start]
    special = torch.cat(
        [torch.tensor(marked, dtype=torch.float64), torch.zeros(1, landscape.dim), ((low + high) / 2)[None]]
    )
    d = landscape.dim
    around = torch.cat([torch.eye(d), -torch.eye(d), torch.ones(1, d)]).double()
    points = (special[:, None, None] + DISTANCES[:, None, None] * around).flatten(0, 2)
    points = points[((points >= low) & (points <= high)).all(1)]
    for dtype in (torch.float64, torch.float32):
        assert landscape(points.to(dtype)).isfinite().all(), dtype
        assert gradient(landscape, points.to(dtype)).isfinite().all(), dtype


@each(CATALOGUE, one_in=8)
def test_gradients_and_curvatures_are_the_derivatives_of_the_values(landscape):
    """In units in which the view is as wide as one, and the largest of its values is one."""
    if landscape.name in FRACTAL:
        return
    low, high = torch.tensor(landscape.view, dtype=torch.float64).unbind(1)
    unit = size(landscape)

    def scaled(share):
        return landscape(low + share * (high - low)) / unit

    shares = ((spread(landscape, 2, seed=1) - low) / (high - low)).requires_grad_()
    assert torch.autograd.gradcheck(scaled, (shares,), eps=1e-6, atol=1e-5, rtol=1e-5)
    assert torch.autograd.gradgradcheck(scaled, (shares,), eps=1e-6, atol=1e-3, rtol=1e-4)
