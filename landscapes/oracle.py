"""The function as an optimizer sees it: values and gradients, and how often each was asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objective import Function


class Oracle:
    """Answers for R points at once, in the layout (d, R), and counts what each run asked.

    Attributes:
        values, gradients: how many evaluations of each kind one run has had so far.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.values = 0
        self.gradients = 0

    def value(self, x: Tensor) -> Tensor:
        """The values, shape (R,), at points of shape (d, R)."""
        self.values += 1
        with torch.no_grad():
            return self.function.columns(x)

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The values (R,) and the gradients (d, R).

        One backward pass of the sum serves all runs: each value depends on its own point alone.
        """
        self.gradients += 1
        with torch.enable_grad():
            points = x.detach().requires_grad_()
            values = self.function.columns(points)
            (gradient,) = torch.autograd.grad(values.sum(), points)
        return values.detach(), gradient
