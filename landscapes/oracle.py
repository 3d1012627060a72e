"""The function as an optimizer sees it: values, gradients, curvature, and how often each was asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function

KINDS = ("n_values", "n_gradients", "n_hvps", "n_hessians")
"""What is counted: values alone, gradients (with their values), Hessian-vector products, whole Hessians or Jacobians."""


class Oracle:
    """Answers for R runs at once, in the layout (d, R), and counts what each run asked.

    A stochastic function is seen through the sample of the present step, by whoever asks and however often;
    so all runs meet the same noise, and a line search compares values of one sample.

    Each question takes `asking`, a mask (R,): runs that are not asking get an answer too, since a batch is
    computed whole, but it is not put to their account.

    Attributes:
        function: the function itself.
        seen: the function as the present step sees it; itself, unless it has samples.
        counts: how many evaluations of each kind (rows, as in `KINDS`) each run has asked for, shape (4, R).
        asked: whether anything was asked at all.
    """

    def __init__(self, function: Function, runs: int = 1, device: torch.device | str = "cpu") -> None:
        self.function = self.seen = function
        self.counts = torch.zeros((len(KINDS), runs), dtype=torch.int64, device=device)
        self.asked = False

    def at(self, t: int) -> Function:
        """Turns to the sample of step t = 0, 1, …, and returns the function as that step sees it."""
        self.seen = self.function.at_step(t)
        return self.seen

    def value(self, x: Tensor, asking: Tensor | None = None) -> Tensor:
        """The values at points of shape (d, R), or (d, k, R) for k points a run: shape (R,) or (k, R)."""
        self.count("n_values", asking, 1 if x.ndim == 2 else x.shape[1])
        return value(self.seen, x)

    def value_and_gradient(self, x: Tensor, asking: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The values (R,) and the gradients (d, R) at points (d, R)."""
        self.count("n_gradients", asking)
        return value_and_gradient(self.seen, x)

    def hessian_product(self, x: Tensor, v: Tensor, asking: Tensor | None = None) -> Tensor:
        """The Hessians at points (d, R) times the vectors v (d, R): shape (d, R)."""
        self.count("n_hvps", asking)
        return _product(self.seen, x, v)

    def hessian(self, x: Tensor, asking: Tensor | None = None) -> Tensor:
        """The Hessians at points (d, R), symmetric to the last bit: shape (d, d, R)."""
        self.count("n_hessians", asking)
        return _hessian(self.seen, x)

    def residuals(self, x: Tensor, asking: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The residuals (m, R) and their Jacobians (m, d, R) at points (d, R), where the function is a sum of squares.

        Raises `InputError` where the function has no `residuals`.
        """
        self.count("n_hessians", asking)
        return _residuals(self.seen, x)

    def count(self, kind: str, asking: Tensor | None, times: int | Tensor = 1) -> None:
        """Puts evaluations of one of `KINDS` to the account of those that ask, so many each (or (R,), one number a run).

        For what an optimizer learns otherwise than by the questions above, such as the value that the engine knows.
        """
        self.asked = True
        self.counts[KINDS.index(kind)] += times if asking is None else times * asking


def value(function: Function, x: Tensor) -> Tensor:
    """The values (…) at points of shape (d, …)."""
    with torch.no_grad():
        return function.evaluate(x)


def value_and_gradient(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """The values (R,) and the gradients (d, R) at points (d, R).

    One backward pass serves all runs: each value depends on its own point alone.
    """
    with torch.enable_grad():
        points = x.detach().requires_grad_()
        values = function.evaluate(points)
        (gradient,) = torch.autograd.grad(values, points, torch.ones_like(values))
    return values.detach(), gradient.contiguous()  # formulas of x (..., d) give it point by point, which is slow to use


def _product(function: Function, x: Tensor, v: Tensor) -> Tensor:
    """The derivative of the gradient along v, by differentiating twice."""
    with torch.enable_grad():
        points, gradient = _differentiable_gradient(function, x)
        return _derivative((gradient * v).sum(), points)


def _hessian(function: Function, x: Tensor) -> Tensor:
    """The Hessians (d, d, R): one graph of the gradient, and one backward pass through it a coordinate."""
    with torch.enable_grad():
        points, gradient = _differentiable_gradient(function, x)
        rows = [_derivative(component.sum(), points) for component in gradient.unbind(0)]
    hessian = torch.stack(rows)
    return (hessian + hessian.transpose(0, 1)) / 2


def _residuals(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """The residuals r (m, R) and their Jacobians J (m, d, R): Jᵀu, linear in u, is differentiated once a coordinate."""
    with torch.enable_grad():
        points = x.detach().requires_grad_()
        r = function.evaluate_residuals(points)
        u = torch.zeros_like(r).requires_grad_()
        turned = torch.autograd.grad((r * u).sum(), points, create_graph=True)[0]
        columns = [_derivative(component.sum(), u) for component in turned.unbind(0)]
    return r.detach(), torch.stack(columns, 1)


def _differentiable_gradient(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """The points and the gradients there, both (d, R), in a graph that can be differentiated again."""
    points = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function.evaluate(points).sum(), points, create_graph=True)
    return points, gradient


def _derivative(total: Tensor, points: Tensor) -> Tensor:
    """The derivative of a number by the points (d, R): zero where it does not depend on them."""
    if not total.requires_grad:
        return torch.zeros_like(points).detach()
    (derivative,) = torch.autograd.grad(total, points, retain_graph=True, allow_unused=True)
    return torch.zeros_like(points).detach() if derivative is None else derivative
