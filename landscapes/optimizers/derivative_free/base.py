"""Base class of optimizers that compare function values and use no derivatives."""

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
    """An optimizer that needs function values only. NaN counts as +inf."""

    @property
    def needs_gradient(self) -> bool:
        return False


class DerivativeFreeStepper(Stepper):
    """Runs of one derivative-free optimizer. A subclass implements `start_runs` and `move`.

    Attributes:
        settings: the settings, stacked: numbers if all agree, else tensors (R,).
        setup: the setup of the runs.
        first_steps: the step after which each run began, shape (R,), int64.
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        self.settings: Any = stack_hyperparameters(optimizers, x)
        self.setup = setup
        self.first_steps = torch.zeros(x.shape[1], dtype=torch.int64, device=x.device)
        self.fresh: Tensor | None = torch.ones_like(x[0], dtype=torch.bool)
        self.last_x = torch.full_like(x, torch.nan)

    @abstractmethod
    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        """Initialise the state of the runs in the mask `fresh` (R,), which take their first step."""

    @abstractmethod
    def move(self, context: StepContext) -> Tensor:
        """Return the points after the step, shape (d, R)."""

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
        """Return a mask (R,) of the runs without a value at their point: they were moved, or the sample is new."""
        if context.oracle.function.sample is not None:
            return torch.ones_like(context.active)
        return (context.x != self.last_x).any(0)

    def current_value(self, context: StepContext) -> Tensor:
        """Return the values (R,) at the current points; the runs that cannot know them are charged."""
        context.oracle.count("n_values", self.value_unknown(context))
        return finite_or_worst(context.value)


def evaluate(context: StepContext, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the values at points (d, R) or (d, k, R), +inf instead of NaN, shape (R,) or (k, R)."""
    return finite_or_worst(context.oracle.value(x, mask))


def finite_or_worst(value: Tensor) -> Tensor:
    """Replace NaN by +inf."""
    return torch.where(value.isnan(), torch.inf, value)


def resolve_length(setting: Any, context: StepContext, share: float = 0.1) -> Any:
    """Return a length setting; if it is 0, return this share of the shorter side of the function's view.

    All runs of one batch have set it, or none (see `Optimizer.batch_key`).
    """
    if isinstance(setting, Tensor) or setting:
        return setting
    return share * min(high - low for low, high in context.oracle.function.view)
