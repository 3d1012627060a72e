"""Slopes and curvatures of a landscape at many points, and points to ask at."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives._function import Function


def gradient(function: Function, x: Tensor) -> Tensor:
    """The gradients (..., d) at points (..., d)."""
    x = x.detach().clone().requires_grad_()
    values = function(x)
    (slope,) = torch.autograd.grad(values.sum(), x, allow_unused=True) if values.requires_grad else (None,)
    return torch.zeros_like(x) if slope is None else slope


def hessian(function: Function, x: Tensor) -> Tensor:
    """The second derivatives (n, d, d) at points (n, d), exact."""
    x = x.detach().clone().requires_grad_()
    values = function(x)
    (slope,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    zeros = torch.zeros_like(x)
    rows = [
        torch.autograd.grad(slope[:, i].sum(), x, retain_graph=True, allow_unused=True)[0]
        if slope.requires_grad
        else None
        for i in range(function.dim)
    ]
    return torch.stack([zeros if row is None else row for row in rows], 1)


def points(function: Function, count: int, seed: int = 0) -> Tensor:
    """Random points of the domain, shape (count, d)."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(count, function.dim, generator=generator, dtype=torch.float64)
