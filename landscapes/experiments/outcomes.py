"""How runs end: where they may roam, what they are to reach, and what became of them."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.objectives.decorators import Function

TARGET = 1e-4
"""A run has arrived once this share of the gap between the start and the minimum is left."""

ROAM = 1e3
"""How many views away from the view a run may go before it counts as diverged."""

ROAM_UNBOUNDED = 0.25
"""The same where the function has no bottom: beyond the border there is nothing more to see."""

ARRIVED = ("gtol", "ftol", "xtol")
"""The reasons to stop of a run that has arrived; see `termination.REASON_CODES`."""


def roaming_box(function: Function, starts: NDArray[np.float64] | None = None) -> torch.Tensor:
    """The box (d, 2) that runs may roam, around the view and the starts (S, d)."""
    view = torch.tensor(function.view, dtype=torch.float64)
    if starts is not None:
        points = torch.from_numpy(starts)
        view = torch.stack([view[:, 0].minimum(points.amin(0)), view[:, 1].maximum(points.amax(0))], 1)
    margin = (view[:, 1] - view[:, 0]) * (ROAM_UNBOUNDED if function.minimum == -math.inf else ROAM)
    return torch.stack([view[:, 0] - margin, view[:, 1] + margin], 1)


def target_between(first: float, minimum: float, share: float = TARGET) -> float:
    """The value at which a share of the gap between the first value and the minimum is left."""
    return minimum + share * max(first - minimum, 0.0)


def statuses(
    final: NDArray[np.float64], reason: NDArray[np.str_], target: float | NDArray[np.float64], minimum: float
) -> NDArray[np.str_]:
    """What became of each run, shape (R,): see `record.Trajectories`.

    Args:
        final: the last values, shape (R,).
        reason: why each was stopped, shape (R,).
        target: the value to reach, one for all or shape (R,); NaN where there is none.
        minimum: the lowest value of the function, -inf where it has none.
    """
    arrived = (final <= target) | np.isin(reason, ARRIVED)
    return np.select(
        [
            reason == "non-finite",
            arrived & (minimum == -math.inf),
            reason == "bound",
            arrived,
            reason == "terminated",
        ],
        ["non-finite", "unbounded", "diverged", "converged", "terminated"],
        "max_steps",
    )
