"""`slices`: the loss along many random directions and along the worst one, so that no single slice misleads."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from landscapes.errors import InputError, suggests_arguments
from landscapes.networks.curvature import eigenpairs
from landscapes.networks.directions import Subspace, norm, random_direction
from landscapes.networks.evaluation import Evaluator
from landscapes.networks.grid import axes_of, check_center, check_grid
from landscapes.networks.losses import Loss
from landscapes.networks.preparation import checked_options, network_loss
from landscapes.networks.result import NetworkRecord
from landscapes.networks.weights import unwrapped
from landscapes.record import Record, Surface

QUANTILES = (0.1, 0.5, 0.9)
"""The quantiles over directions: the borders of the band, and its middle."""


@suggests_arguments
def slices(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    count: int = 32,
    span: float = 1.0,
    resolution: int = 41,
    seed: int = 0,
    title: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> NetworkRecord:
    """Return the loss along many random directions: median, 10 to 90 % band, and the worst direction.

    A single random direction shows what most directions show: that little happens. The eigenvector of the largest
    eigenvalue of the Hessian, scaled to the same length, shows what the worst one does.

    Args:
        model, loss, data: as in `landscapes.plane`.
        count: the number of random directions with the norm of each filter, at least 3.
        span: half the length of the slices, in units of the directions.
        resolution: points per slice.
        seed: seed of the directions.
        title: title of pictures.
        progress: called with (slices done, all slices).
        options: layers, freeze, batchnorm and dtype, as in `landscapes.plane`.

    Returns:
        A record of one coordinate. Its curve is the median; `grids` has "low" and "high", the 10 % and 90 % quantiles,
        and "worst", each of shape (1, resolution). All are drawn in one panel.

    Raises:
        InputError: as `landscapes.plane`.

    >>> net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    >>> record = slices(net, nn.MSELoss(), (x, x.prod(1, keepdim=True)), count=5, resolution=11)
    >>> sorted(record.grids), bool((record.grids["low"] <= record.grids["high"]).all())
    (['high', 'low', 'worst'], True)
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 3:
        raise InputError(f"count must be an integer >= 3, got {count!r}")
    check_grid(resolution, span, None)
    objective = network_loss(model, loss, data, **checked_options(options))
    weights = objective.weights
    origin = weights.flat(objective.parameters).clone()
    vector = torch.from_numpy(eigenpairs(objective, 1, seed=seed).vectors[:, 0].copy())
    x = axes_of(-float(span), float(span), resolution)
    found, lengths = [], []
    for k in range(count):
        direction = random_direction(weights, origin, seed, k)
        lengths.append(norm(direction))
        evaluator = Evaluator(objective, Subspace(origin, [direction], ["random direction"]))
        found.append(evaluator.many(x[:, None])[:, 0])
        check_center(x[:, None], found[-1], objective.value)
        if progress is not None:
            progress(k + 1, count + 1)
    worst = (vector.to(origin) * float(np.mean(lengths))).to(origin.dtype)
    space = Subspace(origin, [worst], ["eigenvector 1"])
    steepest = Evaluator(objective, space).many(x[:, None])[:, 0]
    if progress is not None:
        progress(count + 1, count + 1)
    low, middle, high = np.quantile(np.nan_to_num(np.array(found), nan=math.inf), QUANTILES, axis=0, method="nearest")
    made = Record.from_checkpoints(
        {"model": np.zeros((1, 1))},
        {"model": [objective.value]},
        title=f"{type(unwrapped(model)).__name__}, {len(weights):,} weights" if title is None else title,
    )
    facts: dict[str, Any] = {
        "along": ["distance in units of the filters' norms"],
        "slices": count,
        "lengths": [float(np.mean(lengths))],
        "loss": objective.value,
        "weights": len(weights),
        "rows": objective.batches.total,
        "batchnorm": objective.batchnorm,
        "seed": seed,
    }
    bound = {"lower_bound": 0.0} if objective.value >= 0 and low.min() >= 0 else {}
    meta = made.meta.replace(domain=[[float(x[0]), float(x[-1])]], plane=facts, **bound)
    grids = {"low": low[None], "high": high[None], "worst": steepest[None]}
    curve = Surface(x, np.zeros(1), middle[None], np.zeros((0, 2)), math.nan, "linear")
    return NetworkRecord(made.trajectories, None, meta, curve, grids=grids, space=space, objective=objective)
