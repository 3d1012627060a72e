"""Determine when runs reach the target: for the first time, and to stay."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from landscapes.engine.termination import FAILURES


def target_tensor(target: float, like: Tensor) -> Tensor:
    """Return the target as a 0-dimensional tensor, rounded down, so that no loss above the target is at it."""
    rounded = torch.tensor(target, dtype=like.dtype, device=like.device)
    return torch.nextafter(rounded, rounded - torch.inf) if float(rounded) > target else rounded


@dataclass(frozen=True, eq=False)
class Arrivals:
    """When R runs reach the target, as far as their steps are known.

    A run reaches the target at the first step from which its loss stays at or below the target until the run ends. It
    is the step after the last one whose loss is above.

    Attributes:
        reached: the step after the last one whose loss is above the target, shape (R,); 0 if there is none.
        first_reached: the same for the lowest loss so far. This is the first step at or below the target.

    A run at losses of 3, 1, 4, 1, 1 touches a target of 2 at step 1, and stays from step 3 on:

    >>> arrivals, target = Arrivals.start(torch.ones(1)), torch.tensor(2.0)
    >>> for t, (loss, lowest) in enumerate(zip((3.0, 1.0, 4.0, 1.0, 1.0), (3.0, 1.0, 1.0, 1.0, 1.0), strict=True)):
    ...     arrivals = arrivals.after_step(t, torch.tensor([loss]), torch.tensor([lowest]), target)
    >>> arrivals.reached.tolist(), arrivals.first_reached.tolist()
    ([3], [1])
    """

    reached: Tensor
    first_reached: Tensor

    @classmethod
    def start(cls, like: Tensor) -> Arrivals:
        """Return the arrivals before the first step; `like` has the shape (R,) and the device."""
        zeros = torch.zeros(like.shape, dtype=torch.int64, device=like.device)
        return cls(zeros, zeros)

    @classmethod
    def never(cls, like: Tensor) -> Arrivals:
        """Return the arrivals of runs without a target; `like` has the shape (R,) and the device."""
        last = torch.tensor(torch.iinfo(torch.int64).max, device=like.device).expand(like.shape)
        return cls(last, last)

    def after_step(self, t: int | Tensor, loss: Tensor, lowest: Tensor, target: Tensor) -> Arrivals:
        """Return the arrivals after step t, given the losses (R,) and the lowest so far (R,).

        A run that has ended keeps its last loss.
        """
        return Arrivals(
            torch.where(loss <= target, self.reached, t + 1),  # NaN is not at the target
            torch.where(lowest <= target, self.first_reached, t + 1),
        )

    def after_call(self, t: int, above: tuple[Tensor, Tensor]) -> Arrivals:
        """Return the arrivals after a kernel's steps from step t on; `above` is that of the `ChunkResult`."""
        return Arrivals(
            *(
                torch.where(last > 0, t + last.to(known.dtype), known)
                for last, known in zip(above, (self.reached, self.first_reached), strict=True)
            )
        )

    def select(self, runs: Tensor) -> Arrivals:
        """Return the arrivals of some runs, given by indices or a mask."""
        return Arrivals(self.reached[runs], self.first_reached[runs])

    def within(self, steps: int, reason: Tensor, *, unbounded: bool) -> tuple[Tensor, Tensor]:
        """Return `reached` and `first_reached` of runs of so many steps, -1 for never.

        A run that failed does not stay. If the function is unbounded below, leaving the box is no failure.

        Args:
            steps: the number of steps.
            reason: why each run ended, codes of shape (R,).
            unbounded: whether the function is unbounded below.
        """
        failures = FAILURES[1:] if unbounded else FAILURES
        failed = torch.isin(reason, torch.tensor(failures, device=reason.device))
        never = self.first_reached > steps
        return (
            self.reached.masked_fill(failed | (self.reached > steps), -1),
            self.first_reached.masked_fill(never, -1),
        )
