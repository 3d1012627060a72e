"""When a run ends before its steps do: it has arrived, it failed, or its method ended by itself."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import norm

REASONS = {"bound": 1, "non-finite": 2, "gtol": 3, "ftol": 4, "xtol": 5, "terminated": 6}
"""Why a run was stopped, by number: it left the region it may roam; it met NaN or infinity; a tolerance of `Stop`
was met; its method ended by itself."""

Arrived = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Takes points (d, R), values (R,) and gradients (d, R); the number of the reason to stop, shape (R,), or 0."""


@dataclass(frozen=True)
class Stop:
    """When a run has arrived and is left where it stands: where any of these is met.

    Args:
        gtol: the Euclidean norm of the gradient is at most this.
        ftol: the gap between the value and the minimum is at most this.
        xtol: the Euclidean distance to the nearest known minimiser is at most this.

    Raises `InputError` for a tolerance that is no number ≥ 0, and where none is given.

    >>> Stop(gtol=1e-8)
    Stop(gtol=1e-08, ftol=None, xtol=None)
    """

    gtol: float | None = None
    ftol: float | None = None
    xtol: float | None = None

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if all(tolerance is None for tolerance in given.values()):
            raise InputError("Stop needs a tolerance: gtol=, ftol= or xtol=")
        for name, tolerance in given.items():
            if tolerance is None:
                continue
            number = isinstance(tolerance, int | float) and not isinstance(tolerance, bool)
            if not (number and 0 <= tolerance < math.inf):
                raise InputError(f"Stop: {name} is a finite number ≥ 0, not {tolerance!r}")

    def on(self, function: Function, like: Tensor) -> Arrived:
        """The test of this function, for points as `like` (d, R) is.

        Raises `InputError` where the function's minimum is not known and it is needed.
        """
        if self.ftol is not None and not math.isfinite(function.minimum):
            raise InputError(f"Stop: ftol= needs a known minimum, which {function.name} has not; use gtol=")
        if self.xtol is not None and not function.minima:
            raise InputError(f"Stop: xtol= needs known minimisers, which {function.name} has not; use gtol=")
        minima = torch.tensor(function.minima, dtype=like.dtype, device=like.device).reshape(-1, len(like), 1)

        def arrived(x: Tensor, value: Tensor, gradient: Tensor) -> Tensor:
            why = torch.zeros(x.shape[1], dtype=torch.int64, device=x.device)
            if self.xtol is not None:
                # one by one: all at once leave the cache where a landscape has a hundred of them
                nearest = functools.reduce(torch.minimum, (norm(x - place) for place in minima))
                why = torch.where(nearest <= self.xtol, REASONS["xtol"], why)
            if self.ftol is not None:
                why = torch.where(value - function.minimum <= self.ftol, REASONS["ftol"], why)
            if self.gtol is not None:
                why = torch.where(norm(gradient) <= self.gtol, REASONS["gtol"], why)
            return why

        return arrived


class RunStatus:
    """Which runs go on, and where and why the others ended."""

    def __init__(self, count: int, device: torch.device) -> None:
        self.alive = torch.ones(count, dtype=torch.bool, device=device)
        self.stopped = torch.full((count,), -1, device=device)
        self.reason = torch.zeros(count, dtype=torch.int64, device=device)

    def end(self, which: Tensor, t: int | Tensor, reason: Tensor | int) -> None:
        """Ends those of the runs, a mask (R,), that still go on."""
        ends = which & self.alive
        self.stopped = torch.where(ends, t, self.stopped)
        self.reason = torch.where(ends, reason, self.reason)
        self.alive = self.alive & ~ends
