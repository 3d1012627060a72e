"""Optimizers that compare values and ask for no derivative."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper


@dataclass(frozen=True)
class DerivativeFree(Optimizer):
    """An optimizer that needs values alone. What has no value (NaN) is as bad as can be: infinite."""

    @property
    def needs_gradient(self) -> bool:
        return False


class DerivativeFreeStepper(Stepper):
    """Runs of one such optimizer. A subclass says how they begin and how they move on.

    Attributes:
        settings: the settings, stack_hyperparameters: numbers where all agree, else (R,) tensors.
        job: the setup.
        begun: the step after which each run began, shape (R,), int64.
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        self.settings: Any = stack_hyperparameters(optimizers, x)
        self.setup = setup
        self.first_steps = torch.zeros(x.shape[1], dtype=torch.int64, device=x.device)
        self.fresh: Tensor | None = torch.ones_like(x[0], dtype=torch.bool)
        self.last_x = torch.full_like(x, torch.nan)

    @abstractmethod
    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        """Sets up the state of the runs, a mask (R,), that take their first step."""

    @abstractmethod
    def move(self, context: StepContext) -> Tensor:
        """The points (d, R) after the step."""

    def step(self, context: StepContext) -> Tensor:
        if self.fresh is not None:
            self.first_steps = torch.where(self.fresh, context.t - 1, self.first_steps)
            self.start_runs(context, self.fresh)
            self.fresh = None
        self.last_x = self.move(context)
        return self.last_x

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.fresh = runs if self.fresh is None else self.fresh | runs

    def value_unknown(self, context: StepContext) -> Tensor:
        """Which runs, a mask (R,), cannot know the value where they stand: they never were here, or the sample is new."""
        if context.oracle.function.sample is not None:
            return torch.ones_like(context.active)
        return (context.x != self.last_x).any(0)

    def current_value(self, context: StepContext) -> Tensor:
        """The values (R,) where the runs stand, put to the account of those that cannot know them."""
        context.oracle.count("n_values", self.value_unknown(context))
        return finite_or_worst(context.value)


def evaluate(context: StepContext, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """The values at points (d, R) or (d, k, R), +inf where there is none: shape (R,) or (k, R)."""
    return finite_or_worst(context.oracle.value(x, mask))


def finite_or_worst(value: Tensor) -> Tensor:
    return torch.where(value.isnan(), torch.inf, value)


def resolve_length(setting: Any, context: StepContext, share: float = 0.1) -> Any:
    """A length as it was set; where that is 0, this share of the shorter side of the function's view.

    Runs of one batch have all set it, or none (see `Optimizer.batch_key`).
    """
    if isinstance(setting, Tensor) or setting:
        return setting
    return share * min(high - low for low, high in context.oracle.function.view)
