"""The loss that a closure returns: connected to the parameters, at no further evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor


class ClosureLoss:
    """Losses of the closures of one run, which an optimizer may differentiate, also twice.

    A closure calls `backward` itself, as torch documents it, so that the parameters have their gradients. Some
    optimizers then differentiate the loss that it returns. Its first derivative is the gradient that the closure has
    found; it costs no evaluation. For second derivatives the gradient is computed again, in a graph.

    Args:
        parameters: the parameters of the run.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters
        self.doubled: dict[int, Tensor] = {}
        for i, parameter in enumerate(parameters):
            cast(Any, parameter).register_post_accumulate_grad_hook(lambda p, i=i: self._remove_doubled(p, i))

    def connected(self, value: Tensor, graph_gradients: Callable[[], Sequence[Tensor]]) -> Tensor:
        """Return a value that is connected to the parameters.

        Args:
            value: the loss, shape (). The parameters already have its gradient.
            graph_gradients: computes the gradients again, one per parameter, so that they can be differentiated.
        """
        gradients = [cast(Tensor, parameter.grad).clone() for parameter in self.parameters]
        return cast(Tensor, cast(Any, _Connected).apply(value, self, gradients, graph_gradients, *self.parameters))

    def note_doubled(self, gradients: Sequence[Tensor]) -> None:
        """Note the gradients that the parameters still have when a backward pass of the optimizer's own begins."""
        self.doubled = {
            i: own
            for i, (parameter, own) in enumerate(zip(self.parameters, gradients, strict=True))
            if parameter.grad is not None and torch.equal(parameter.grad, own)
        }

    def _remove_doubled(self, parameter: Tensor, i: int) -> None:
        """Subtract the closure's gradient from one to which a backward pass of the optimizer's own was added."""
        own = self.doubled.pop(i, None)
        if own is not None:
            parameter.grad = cast(Tensor, parameter.grad) - own


class _Connected(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, value: Tensor, losses: ClosureLoss, gradients: Any, graph_gradients: Any, *x: Tensor
    ) -> Tensor:
        ctx.losses, ctx.gradients, ctx.graph_gradients = losses, gradients, graph_gradients
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> Any:
        ctx.losses.note_doubled(ctx.gradients)
        gradients = ctx.graph_gradients() if torch.is_grad_enabled() else ctx.gradients
        return None, None, None, None, *(upstream[0] * gradient for gradient in gradients)
