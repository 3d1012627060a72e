"""The function as an optimizer sees it: values and gradients, and how often each was asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objective import Function


class Oracle:
    """Answers for R points at once, in the layout (d, R), and counts what each run asked.

    A stochastic function is seen through the sample of the present step, by whoever asks and however often;
    so all runs meet the same noise, and a line search compares values of one sample.

    Attributes:
        function: the function itself.
        seen: the function as the present step sees it; itself, unless it has samples.
        values, gradients: how many evaluations of each kind one run has had so far.
    """

    def __init__(self, function: Function) -> None:
        self.function = self.seen = function
        self.values = 0
        self.gradients = 0

    def begin(self, t: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """Begins step t = 0, 1, …: the true values (R,) at the points (d, R), and the gradients (d, R) that it sees."""
        self.seen = self.function.at_step(t)
        values, gradient = self.value_and_gradient(x)
        return (values if self.seen is self.function else self.truth(x)), gradient

    def truth(self, x: Tensor) -> Tensor:
        """The values (R,) of the function itself, for the record: no run asked for them."""
        with torch.no_grad():
            return self.function.columns(x)

    def value(self, x: Tensor) -> Tensor:
        """The values, shape (R,), at points of shape (d, R)."""
        self.values += 1
        with torch.no_grad():
            return self.seen.columns(x)

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The values (R,) and the gradients (d, R).

        One backward pass of the sum serves all runs: each value depends on its own point alone.
        """
        self.gradients += 1
        with torch.enable_grad():
            points = x.detach().requires_grad_()
            values = self.seen.columns(points)
            (gradient,) = torch.autograd.grad(values.sum(), points)
        return values.detach(), gradient
