"""`line`: the loss of a network along a line of its weights, such as the way from one model to another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from landscapes.errors import InputError, suggests_arguments
from landscapes.networks.choices import choose_directions
from landscapes.networks.evaluation import Evaluator
from landscapes.networks.grid import axes_of, check_center, check_grid, check_moving, fitting_span
from landscapes.networks.losses import Loss, Metrics
from landscapes.networks.preparation import batchnorm_between, network_loss
from landscapes.networks.result import NetworkRecord
from landscapes.networks.weights import Patterns, unwrapped
from landscapes.record import Record, Surface

BEYOND = 0.25
"""How far a line between two models goes beyond them, in units of their distance."""


@suggests_arguments
def line(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    directions: Any = "random",
    span: float | None = None,
    view: Sequence[float] | None = None,
    resolution: int = 201,
    normalize: str | None = "",
    include_1d: bool = False,
    layers: Patterns = None,
    freeze: Patterns = None,
    batchnorm: str | None = None,
    metrics: Metrics = None,
    seed: int = 0,
    dtype: torch.dtype | None = None,
    together: bool | None = None,
    title: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkRecord:
    """Return the loss of a network along a line of its weights, f(a) = loss(θ + a·d), as a record with a curve.

    Args:
        model, loss, data: as in `landscapes.plane`.
        directions: "random", "hessian" or "gradient", another module, a vector (d,) or a mapping of tensors. Towards
            another module, the first one is at 0 and the other at 1 (Goodfellow, Vinyals & Saxe, 2015).
        span: half the length of the line in units of the direction.
        view: its ends, (low, high).
        resolution: the number of points.
        normalize, include_1d, layers, freeze, batchnorm, metrics, seed, dtype, together, title, progress: as in
            `landscapes.plane`.

    Returns:
        A record of a race in one coordinate, whose curve is the loss. Between two modules, `meta.plane["barrier"]` is
        the height of the barrier: the largest excess of the loss over the linear interpolation of the two end losses.

    Raises:
        InputError: as `landscapes.plane`.

    >>> net, other = nn.Linear(3, 1), nn.Linear(3, 1)
    >>> x = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    >>> record = line(net, nn.MSELoss(), (x, x.sum(1, keepdim=True)), directions=other, resolution=21)
    >>> record.curve.values.shape, record.meta["plane"]["barrier"]  # a convex loss has no barrier
    ((1, 21), 0.0)
    """
    check_grid(resolution, span, None if view is None else [view], sides=1)
    batchnorm = batchnorm_between(batchnorm, directions)
    objective = network_loss(
        model, loss, data, layers=layers, freeze=freeze, batchnorm=batchnorm, metrics=metrics, dtype=dtype
    )
    origin = objective.weights.flat(objective.parameters).clone()
    if isinstance(directions, str) and directions == "pca":
        raise InputError("a line has no principal directions; plane(..., path=...) shows a path")
    chosen = choose_directions(objective, origin, directions, 1, normalize=normalize, include_1d=include_1d, seed=seed)
    evaluator = Evaluator(objective, chosen.space)
    if view is not None:
        low, high = map(float, view)
    elif span is None and chosen.marks:
        low, high = -BEYOND, 1 + BEYOND
    else:
        high = float(span) if span is not None else fitting_span(evaluator) if chosen.unit else 1.0
        low = -high
    x = axes_of(low, high, resolution)
    values = evaluator.many(x[:, None], together=together, progress=progress)
    check_moving(values[:, 0])
    check_center(x[:, None], values[:, 0], objective.value)
    curve = Surface(x, np.zeros(1), values[None, :, 0], np.zeros((0, 2)), math.nan, "linear")
    grids = {name: values[None, :, 1 + i] for i, name in enumerate(objective.metrics)}
    marks = dict(chosen.marks) or {"model": (0.0,)}
    ends = {label: evaluator.at(point)[0] for label, point in marks.items()}
    facts: dict[str, Any] = {
        "along": chosen.space.names,
        "lengths": chosen.lengths,
        "loss": objective.value,
        "weights": len(objective.weights),
        "rows": objective.batches.total,
        "batchnorm": objective.batchnorm,
        "seed": seed,
    }
    if chosen.marks:
        facts["barrier"] = barrier(x, values[:, 0], *ends.values())
    made = Record.from_checkpoints(
        {label: np.array([point]) for label, point in marks.items()},
        {label: [value] for label, value in ends.items()},
        title=f"{type(unwrapped(model)).__name__}, {len(objective.weights):,} weights" if title is None else title,
    )
    bound = {"lower_bound": 0.0} if np.nanmin(values[:, 0]) >= 0 else {}
    meta = made.meta.replace(domain=[[float(x[0]), float(x[-1])]], plane=facts, **bound)
    return NetworkRecord(made.trajectories, None, meta, curve, grids=grids, space=chosen.space, objective=objective)


def barrier(x: np.ndarray[Any, Any], values: np.ndarray[Any, Any], start: float, end: float) -> float:
    """Return the largest excess of losses between 0 and 1 over the straight line between the end losses, at least 0.

    >>> barrier(np.array([0.0, 0.5, 1.0]), np.array([1.0, 4.0, 3.0]), 1.0, 3.0)
    2.0
    """
    inside = (x >= 0) & (x <= 1)
    excess = values[inside] - (start + x[inside] * (end - start))
    return float(np.nan_to_num(excess, nan=math.inf).max(initial=0.0))
