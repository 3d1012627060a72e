"""Optimizers that compare values and ask for no derivative."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import stacked
from landscapes.optimizers.stepper import Job, StepContext, Stepper


@dataclass(frozen=True)
class Direct(Optimizer):
    """An optimizer that needs values alone. What has no value (NaN) is as bad as can be: infinite."""

    @property
    def needs_gradient(self) -> bool:
        return False


class DirectStepper(Stepper):
    """Runs of one such optimizer. A subclass says how they begin and how they move on.

    Attributes:
        settings: the settings, stacked: numbers where all agree, else (R,) tensors.
        job: the job.
        begun: the step after which each run began, shape (R,), int64.
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> None:
        self.settings: Any = stacked(optimizers, x)
        self.job = job
        self.begun = torch.zeros(x.shape[1], dtype=torch.int64, device=x.device)
        self.fresh: Tensor | None = torch.ones_like(x[0], dtype=torch.bool)
        self.left = torch.full_like(x, torch.nan)

    @abstractmethod
    def begin(self, now: StepContext, fresh: Tensor) -> None:
        """Sets up the state of the runs, a mask (R,), that take their first step."""

    @abstractmethod
    def move(self, now: StepContext) -> Tensor:
        """The points (d, R) after the step."""

    def step(self, now: StepContext) -> Tensor:
        if self.fresh is not None:
            self.begun = torch.where(self.fresh, now.t - 1, self.begun)
            self.begin(now, self.fresh)
            self.fresh = None
        self.left = self.move(now)
        return self.left

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.fresh = runs if self.fresh is None else self.fresh | runs

    def unknown(self, now: StepContext) -> Tensor:
        """Which runs, a mask (R,), cannot know the value where they stand: they never were here, or the sample is new."""
        if now.oracle.function.sample is not None:
            return torch.ones_like(now.alive)
        return (now.x != self.left).any(0)

    def held(self, now: StepContext) -> Tensor:
        """The values (R,) where the runs stand, put to the account of those that cannot know them."""
        now.oracle.count("n_values", self.unknown(now))
        return finite_or_worst(now.value)


def worth(now: StepContext, x: Tensor, asking: Tensor | None = None) -> Tensor:
    """The values at points (d, R) or (d, k, R), +inf where there is none: shape (R,) or (k, R)."""
    return finite_or_worst(now.oracle.value(x, asking))


def finite_or_worst(value: Tensor) -> Tensor:
    return torch.where(value.isnan(), torch.inf, value)


def length(setting: Any, now: StepContext, share: float = 0.1) -> Any:
    """A length as it was set; where that is 0, this share of the shorter side of the function's view.

    Runs of one batch have all set it, or none (see `Optimizer.batch_key`).
    """
    if isinstance(setting, Tensor) or setting:
        return setting
    return share * min(high - low for low, high in now.oracle.function.view)
