"""The function as an optimizer queries it: values, gradients and curvature, with a count of each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.objectives.samples import RunSamples, seen_by

KINDS = ("n_values", "n_gradients", "n_hvps", "n_hessians")
"""What is counted: values alone, gradients (with their values), Hessian-vector products, full Hessians or Jacobians."""


class Oracle:
    """Evaluate a function for R runs at once, in the layout (d, R), and count the evaluations of each run.

    All queries of a run within one step see the same sample of a stochastic function, so that a line search compares
    values of one sample. Runs with equal seeds see equal samples.

    Each query takes `mask`, a boolean tensor of shape (R,). The whole batch is evaluated, but only the runs in the mask
    are charged for it. Without a mask, all runs are.

    Args:
        function: the function.
        runs: R, the number of runs.
        device: device of the counts.
        seeds: the seed of each run, for the samples of a stochastic function; by default all have the seed 0.

    Attributes:
        function: the function itself.
        current: the function under the sample of the current step; the function itself if it has no samples.
        counts: number of evaluations per kind (rows, as in `KINDS`) and run, shape (4, R), int64.
        was_called: whether anything was evaluated.

    >>> from landscapes.functions import get
    >>> oracle = Oracle(get("booth"), runs=2)
    >>> oracle.value(torch.tensor([[1.0, 0.0], [3.0, 0.0]])).tolist()
    [0.0, 74.0]
    >>> oracle.counts[KINDS.index("n_values")].tolist()
    [1, 1]
    """

    def __init__(
        self, function: Function, runs: int = 1, device: torch.device | str = "cpu", seeds: Sequence[int] = ()
    ) -> None:
        self.function = self.current = function
        self.seeds = seeds
        self.counts = torch.zeros((len(KINDS), runs), dtype=torch.int64, device=device)
        self.was_called = False

    def set_step(self, t: int) -> Function:
        """Switch to the sample of step t = 0, 1, … and return the function under that sample."""
        self.current = RunSamples(self.function, self.seeds, self.counts.device).at_step(t)
        return self.current

    def seen(self, x: Tensor, mask: Tensor | None = None) -> Function:
        """Return the current function for points x (d, R), or for a point (d, 1) of the one run in the mask."""
        if mask is None or x.shape[-1] == len(mask):
            return self.current
        return seen_by(self.current, mask)

    def value(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the values (R,) at points (d, R), or (k, R) at points (d, k, R), k points per run."""
        self.count("n_values", mask, 1 if x.ndim == 2 else x.shape[1])
        return value(self.seen(x, mask), x)

    def value_and_gradient(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the values (R,) and the gradients (d, R) at points (d, R)."""
        self.count("n_gradients", mask)
        return value_and_gradient(self.seen(x, mask), x)

    def hvp(self, x: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the Hessians at points (d, R) times the vectors v (d, R), shape (d, R)."""
        self.count("n_hvps", mask)
        return _hvp(self.seen(x, mask), x, v)

    def hessian(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the Hessians at points (d, R), exactly symmetric, shape (d, d, R)."""
        self.count("n_hessians", mask)
        return _hessian(self.seen(x, mask), x)

    def residuals(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the residuals (m, R) and their Jacobians (m, d, R) at points (d, R).

        Raises:
            InputError: if the function has no `residuals`, that is, is not a sum of squares.
        """
        self.count("n_hessians", mask)
        return _residuals(self.seen(x, mask), x)

    def count(self, kind: str, mask: Tensor | None, times: int | Tensor = 1) -> None:
        """Charge the runs in the mask for `times` evaluations of one of `KINDS`; `times` may have shape (R,).

        Call it for an evaluation that bypasses the queries above, such as the value that the engine provides.
        """
        self.was_called = True
        self.counts[KINDS.index(kind)] += times if mask is None else times * mask


def value(function: Function, x: Tensor) -> Tensor:
    """Return the values (…) at points of shape (d, …)."""
    with torch.no_grad():
        return function.evaluate(x)


def value_and_gradient(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the values (R,) and the gradients (d, R) at points (d, R).

    One backward pass serves all runs, because each value depends on its own point alone.
    """
    with torch.enable_grad():
        points = x.detach().requires_grad_()
        values = function.evaluate(points)
        # backwards, each value gets a 1 of its own; given `grad_outputs`, autograd would import sympy to check them
        (gradient,) = torch.autograd.grad(torch.dot(values, torch.ones_like(values)), points)
    return values.detach(), gradient.contiguous()  # formulas of x (..., d) return it strided, which is slow to use


def _hvp(function: Function, x: Tensor, v: Tensor) -> Tensor:
    """Differentiate the gradient along v."""
    with torch.enable_grad():
        points, gradient = _differentiable_gradient(function, x)
        return _derivative((gradient * v).sum(), points)


def _hessian(function: Function, x: Tensor) -> Tensor:
    """Return the Hessians (d, d, R): one graph of the gradient, and one backward pass per coordinate."""
    with torch.enable_grad():
        points, gradient = _differentiable_gradient(function, x)
        rows = [_derivative(component.sum(), points) for component in gradient.unbind(0)]
    hessian = torch.stack(rows)
    return (hessian + hessian.transpose(0, 1)) / 2


def _residuals(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return residuals r (m, R) and Jacobians J (m, d, R).

    Jᵀu is linear in u; its derivative with respect to u gives one column of J per coordinate.
    """
    with torch.enable_grad():
        points = x.detach().requires_grad_()
        r = function.evaluate_residuals(points)
        u = torch.zeros_like(r).requires_grad_()
        product = torch.autograd.grad((r * u).sum(), points, create_graph=True)[0]
        columns = [_derivative(component.sum(), u) for component in product.unbind(0)]
    return r.detach(), torch.stack(columns, 1)


def _differentiable_gradient(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return points and gradients, both (d, R), in a graph that can be differentiated again."""
    points = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function.evaluate(points).sum(), points, create_graph=True)
    return points, gradient


def _derivative(total: Tensor, points: Tensor) -> Tensor:
    """Return the derivative of a scalar with respect to points (d, R); zero where it does not depend on them."""
    if not total.requires_grad:
        return torch.zeros_like(points).detach()
    (derivative,) = torch.autograd.grad(total, points, retain_graph=True, allow_unused=True)
    return torch.zeros_like(points).detach() if derivative is None else derivative
