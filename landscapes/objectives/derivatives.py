"""First and second derivatives of a function at many points, and random points of its domain."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives._function import Function


def gradient(function: Function, x: Tensor) -> Tensor:
    """Return the gradients, shape (..., d), at points of shape (..., d); zero where the values do not depend on x."""
    x = x.detach().clone().requires_grad_()
    values = function(x)
    (grad,) = torch.autograd.grad(values.sum(), x, allow_unused=True) if values.requires_grad else (None,)
    return torch.zeros_like(x) if grad is None else grad


def hessian(function: Function, x: Tensor) -> Tensor:
    """Return the Hessians by automatic differentiation, shape (n, d, d), at points of shape (n, d)."""
    return gradient_and_hessian(function, x)[1]


def gradient_and_hessian(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients, shape (n, d), and the Hessians, shape (n, d, d), at points of shape (n, d)."""
    x = x.detach().clone().requires_grad_()
    values = function(x)
    (grad,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    zeros = torch.zeros_like(x)
    rows = [
        torch.autograd.grad(grad[:, i].sum(), x, retain_graph=True, allow_unused=True)[0]
        if grad.requires_grad
        else None
        for i in range(function.dim)
    ]
    return grad.detach(), torch.stack([zeros if row is None else row for row in rows], 1)


def random_points(function: Function, count: int, seed: int = 0) -> Tensor:
    """Return uniformly random points of the domain, shape (count, d), in float64."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    generator = torch.Generator().manual_seed(seed)
    return low + (high - low) * torch.rand(count, function.dim, generator=generator, dtype=torch.float64)
