"""End runs before their last step: they converged, failed, or terminated by themselves."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError, suggests_arguments
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import norm

REASON_CODES = {"bound": 1, "non-finite": 2, "gtol": 3, "ftol": 4, "xtol": 5, "terminated": 6, "error": 7}
"""The reasons why a run ends: it left the box; it met NaN or infinity; it met a tolerance of `Stop`; its optimizer
ended it; its optimizer raised an error."""

FAILURES = (REASON_CODES["bound"], REASON_CODES["non-finite"], REASON_CODES["error"])
"""The codes of runs that failed."""

REASON_NAMES = np.array(["", *REASON_CODES])
"""The reason of each code; "" for a run that has not ended."""

StopTest = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Takes points (d, R), losses (R,) and gradients (d, R); returns reason codes, shape (R,), 0 to go on."""

MANY_RUNS = 2**13
"""Runs from which two extremes per coordinate take less time than a clamped copy of all points."""


def bounds(box: Tensor, runs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the lower and upper bounds of some runs, (d, 1) each from a box (d, 2), or (d, r) from boxes (d, 2, R)."""
    return (box[:, :1], box[:, 1:]) if box.ndim == 2 else (box[:, 0, runs], box[:, 1, runs])


def is_inside(x: Tensor, low: Tensor, high: Tensor) -> bool:
    """Return whether all points (d, R) are within the bounds (d, 1) or (d, R); False for NaN too."""
    if low.shape[1] > 1 or x.shape[1] < MANY_RUNS or x.device.type != "cpu":
        return torch.equal(x.clamp(low, high), x)
    for row, below, above in zip(x, low[:, 0].tolist(), high[:, 0].tolist(), strict=True):
        least, most = torch.aminmax(row)  # NaN if there is any
        if not (below <= least.item() and most.item() <= above):
            return False
    return True


def common_box(box: Tensor) -> Tensor:
    """Return the box (d, 2) that all runs share: what lies in it is in the box of every run."""
    return box if box.ndim == 2 else torch.stack([box[:, 0].amax(1), box[:, 1].amin(1)], 1)


@suggests_arguments
@dataclass(frozen=True)
class Stop:
    """Tolerances at which a run has converged and stops. A run stops at the first step that meets any of them.

    Args:
        gtol: upper bound of the Euclidean norm of the gradient.
        ftol: upper bound of the gap between the loss and the minimum.
        xtol: upper bound of the Euclidean distance to the nearest known minimizer.

    Raises `InputError` for a tolerance that is not a finite number ≥ 0, and without any tolerance.

    >>> Stop(gtol=1e-8)
    Stop(gtol=1e-08, ftol=None, xtol=None)
    """

    gtol: float | None = None
    ftol: float | None = None
    xtol: float | None = None

    def __post_init__(self) -> None:
        tolerances = {field.name: getattr(self, field.name) for field in fields(self)}
        if all(tolerance is None for tolerance in tolerances.values()):
            raise InputError("Stop requires a tolerance: gtol=, ftol= or xtol=")
        for name, tolerance in tolerances.items():
            if tolerance is None:
                continue
            is_number = isinstance(tolerance, int | float) and not isinstance(tolerance, bool)
            if not (is_number and 0 <= tolerance < math.inf):
                raise InputError(f"Stop: {name} must be a finite number >= 0, got {tolerance!r}")

    def bind(self, function: Function, like: Tensor) -> StopTest:
        """Return the test for a function, for points of the dtype and device of `like`, shape (d, R).

        Raises `InputError` if the function's minimum is unknown and the test requires it.
        """
        if self.ftol is not None and not math.isfinite(function.minimum):
            raise InputError(f"Stop: ftol= requires a known minimum, {function.name} has none; use gtol=")
        if self.xtol is not None and not function.minima:
            raise InputError(f"Stop: xtol= requires known minimizers, {function.name} has none; use gtol=")
        minima = torch.tensor(function.minima, dtype=like.dtype, device=like.device).reshape(-1, len(like), 1)

        def test(x: Tensor, loss: Tensor, gradient: Tensor) -> Tensor:
            codes = torch.zeros(x.shape[1], dtype=torch.int64, device=x.device)
            if self.xtol is not None:
                # one by one: the distances to a hundred minimizers at once would not fit the cache
                nearest = functools.reduce(torch.minimum, (norm(x - minimum) for minimum in minima))
                codes = torch.where(nearest <= self.xtol, REASON_CODES["xtol"], codes)
            if self.ftol is not None:
                codes = torch.where(loss - function.minimum <= self.ftol, REASON_CODES["ftol"], codes)
            if self.gtol is not None:
                codes = torch.where(norm(gradient) <= self.gtol, REASON_CODES["gtol"], codes)
            return codes

        return test


class RunStatus:
    """Which of R runs go on, and when and why the others ended.

    Attributes:
        alive: whether a run goes on, shape (R,).
        stopped: the step at which it ended, shape (R,), or -1.
        reason: why it ended, shape (R,), as in `REASON_CODES`, or 0.
    """

    def __init__(self, count: int, device: torch.device) -> None:
        self.alive = torch.ones(count, dtype=torch.bool, device=device)
        self.stopped = torch.full((count,), -1, device=device)
        self.reason = torch.zeros(count, dtype=torch.int64, device=device)

    def end(self, mask: Tensor, t: int | Tensor, reason: Tensor | int) -> None:
        """End the runs of a mask (R,) that are still alive."""
        ending = mask & self.alive
        self.stopped = torch.where(ending, t, self.stopped)
        self.reason = torch.where(ending, reason, self.reason)
        self.alive = self.alive & ~ending
