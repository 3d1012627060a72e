"""Muon for whole networks: matrices and convolutions by orthogonalized momentum, all other weights by AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the Newton–Schulz iteration, as Jordan et al. chose them."""


class Muon(torch.optim.Optimizer):
    """Muon: momentum whose singular values are all moved to about 1 (Jordan et al., 2024).

    Weights of two and more dimensions are matrices with one row per output; their updates have the size that AdamW's
    usually have (Liu et al., 2025, "Muon is scalable for LLM training"). Other weights take AdamW's update.

    Args:
        params: the weights.
        lr: learning rate of all weights.
        momentum: of the matrices, with Nesterov's look-ahead.
        betas: of AdamW.
        weight_decay: decoupled, of all weights.

    >>> net = torch.nn.Linear(4, 3)
    >>> optimizer = Muon(net.parameters(), lr=0.1)
    >>> net(torch.ones(2, 4)).sum().backward()
    >>> optimizer.step()
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.003,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step; a closure is evaluated first, and its value returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                update = _muon(p.grad, self.state[p], group) if p.ndim > 1 else _adam(p.grad, self.state[p], group)
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(update, alpha=group["lr"])
        return loss


def _muon(grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    if not state:
        state["momentum"] = torch.zeros_like(grad)
    state["momentum"].lerp_(grad, 1 - group["momentum"])
    matrix = grad.lerp(state["momentum"], group["momentum"]).flatten(1)
    size = 0.2 * max(matrix.shape) ** 0.5
    update: Tensor = size * orthogonalized(matrix).view_as(grad)
    return update


def orthogonalized(matrix: Tensor, steps: int = 5) -> Tensor:
    """Return a matrix with the same singular vectors and singular values near 1, by Newton–Schulz iterations.

    >>> values = torch.linalg.svdvals(orthogonalized(torch.tensor([[3.0, 0.0], [0.0, 0.5]])))
    >>> bool((values > 0.6).all() and (values < 1.3).all())
    True
    """
    a, b, c = COEFFICIENTS
    x: Tensor = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def _adam(grad: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    beta1, beta2 = group["betas"]
    if not state:
        state.update(step=0, mean=torch.zeros_like(grad), square=torch.zeros_like(grad))
    state["step"] += 1
    state["mean"].lerp_(grad, 1 - beta1)
    state["square"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    mean: Tensor = state["mean"] / (1 - beta1 ** state["step"])
    scale: Tensor = (state["square"] / (1 - beta2 ** state["step"])).sqrt() + 1e-8
    return mean / scale
