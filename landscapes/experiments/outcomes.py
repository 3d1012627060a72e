"""Decide how runs end: the box outside which they diverge, the target, and the status."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.objectives.decorators import Function
from landscapes.record import Surface

TARGET = 1e-4
"""A run has converged once this share of the gap between the start and the minimum remains."""

ROAM = 1e3
"""A run diverges this many sides of the view away from the view."""

ROAM_UNBOUNDED = 0.25
"""The same for a function that is unbounded below."""

FAILED_REASONS = ("bound", "non-finite", "error")
"""The reasons of a run that failed; see `termination.REASON_CODES`."""

ARRIVED = ("gtol", "ftol", "xtol")
"""The reasons to stop of a run that has arrived; see `termination.REASON_CODES`."""


def roaming_box(function: Function, starts: NDArray[np.float64] | None = None) -> torch.Tensor:
    """Return the box (d, 2) outside which runs diverge, around the view and the starts (S, d)."""
    view = torch.tensor(function.view, dtype=torch.float64)
    if starts is not None:
        points = torch.from_numpy(starts)
        view = torch.stack([view[:, 0].minimum(points.amin(0)), view[:, 1].maximum(points.amax(0))], 1)
    margin = (view[:, 1] - view[:, 0]) * (ROAM_UNBOUNDED if function.minimum == -math.inf else ROAM)
    return torch.stack([view[:, 0] - margin, view[:, 1] + margin], 1)


def target_loss(first: float, minimum: float, share: float = TARGET) -> float:
    """Return the loss at which a share of the gap between the first loss and the minimum remains."""
    return minimum + share * max(first - minimum, 0.0)


def race_target(function: Function, first: float, surface: Surface | None) -> float | None:
    """Return the loss that a race is to reach, None if there is none.

    The gap is measured from the minimum, else from the lower bound. If the function is unbounded below, it is the level
    from which a run is unbounded: halfway from the first loss to the lowest value of the surface.
    """
    if function.minimum == -math.inf:
        seen = np.zeros(0) if surface is None else surface.values[np.isfinite(surface.values)]
        lowest = float(seen.min()) if len(seen) else first - 1.0
        return first - 0.5 * max(first - lowest, 0.0)
    lowest = function.lower_bound if math.isnan(function.minimum) else function.minimum
    return target_loss(first, lowest) if math.isfinite(lowest) else None


def statuses(
    final: NDArray[np.float64],
    reason: NDArray[np.str_],
    target: float | NDArray[np.float64],
    minimum: float | NDArray[np.float64],
) -> NDArray[np.str_]:
    """Return the status of each run, shape (R,); see `record.Trajectories`.

    Args:
        final: the last losses, shape (R,).
        reason: why each run was stopped, shape (R,).
        target: the loss to reach, one for all or shape (R,); NaN if there is none. If the function is unbounded
            below, the level from which a run is unbounded.
        minimum: the infimum of the function, -inf if it is unbounded below; one for all or shape (R,).
    """
    below = final <= target
    return np.select(
        [
            reason == "error",
            reason == "non-finite",
            below & (minimum == -math.inf),
            reason == "bound",
            below | np.isin(reason, ARRIVED),
            reason == "terminated",
        ],
        ["failed", "non-finite", "unbounded", "diverged", "converged", "terminated"],
        "max_steps",
    )
