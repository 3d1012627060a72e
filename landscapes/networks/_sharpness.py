"""Sharpness: how much the loss rises close to the weights, in the worst direction."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.networks.directions import norm
from landscapes.networks.losses import Loss, NetworkLoss
from landscapes.networks.operators import gradient
from landscapes.networks.paths import Path, true_losses
from landscapes.networks.preparation import checked_options, network_loss
from landscapes.networks.weights import filters_of


def sharpness(
    model: nn.Module,
    loss: Loss,
    data: Any,
    radius: float = 0.05,
    *,
    scaled: bool = False,
    steps: int = 1,
    **options: Any,
) -> float:
    """Return how much the loss rises at most within a radius, max L(θ + ε) − L(θ) over ‖ε‖ ≤ radius.

    One step along the gradient is the estimate of sharpness-aware minimization (SAM; Foret et al., 2021). More steps of
    projected gradient ascent find more; the largest rise is returned. Scaled by the filters, the ball is an ellipsoid
    whose half-axis along each weight is the radius times the norm of its filter over the root of its size, so that the
    figure does not change if filters are rescaled without a change of the function (as in ASAM; Kwon et al., 2021).

    Args:
        model, loss, data: as in `landscapes.plane`.
        radius: the radius ρ, in units of the weights, or as a share of each filter's norm if scaled.
        scaled: whether to measure distances relative to the norms of filters.
        steps: steps of gradient ascent.
        options: layers, freeze, batchnorm and dtype, as in `landscapes.plane`.

    Raises:
        InputError: for a radius or a number of steps that is not positive.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = net.weight.fill_(1.0)
    >>> round(sharpness(net, nn.MSELoss(), (torch.ones(1, 1), torch.zeros(1, 1)), radius=0.1), 6)  # 1.1² − 1
    0.21
    """
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius < math.inf:
        raise InputError(f"radius must be a finite number > 0, got {radius!r}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InputError(f"steps must be an integer >= 1, got {steps!r}")
    objective = network_loss(model, loss, data, **checked_options(options))
    origin = objective.weights.flat(objective.parameters).double()
    unit = _filter_scales(objective, origin) if scaled else torch.ones_like(origin)
    moved = torch.zeros_like(origin)
    found = [0.0]
    for step in range(steps):
        slope = gradient(objective, origin + moved) * unit
        length = norm(slope)
        if length == 0:
            break
        reach = radius if step == 0 else radius / 2
        inner = torch.where(unit > 0, moved / unit.clamp_min(1e-300), 0.0) + reach / length * slope
        size = norm(inner)
        moved = unit * (inner if size <= radius else inner * (radius / size))
        path = Path("", [origin + moved], [None], None)
        found.append(float(true_losses(objective, path, [0])[0]) - objective.value)
    return max(found)


def _filter_scales(loss: NetworkLoss, origin: Tensor) -> Tensor:
    """Return the norm of the filter of each weight over the root of its size, shape (d,)."""
    found = []
    for name, part in loss.weights.split(origin).items():
        axis = loss.weights.filters[name]
        filters = filters_of(part, axis)
        scale = filters.norm(dim=1) / math.sqrt(filters.shape[1])
        shape = [1] * part.ndim
        if part.ndim > 1:
            shape[axis] = -1
        found.append(scale.reshape(shape).expand(part.shape).reshape(-1))
    return torch.cat(found)
