"""Base classes of schedules, which change the learning rate, and sometimes momentum, from step to step."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.adapters.torch_optim import Torch
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.parameter_groups import initial_lrs
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Wrapper, WrapperStepper, unwrap

Array = NDArray[np.float64]

Value = Any
"""A number, or a numpy column with one number per run."""


@dataclass(frozen=True)
class Scheduled(Wrapper):
    """An optimizer whose learning rate follows a schedule, relative to the optimizer's own learning rate.

    Nested schedules multiply. A subclass implements `first_lr` and `next_lr` in the order of operations of its
    counterpart in `torch.optim.lr_scheduler`, which computes most learning rates from the last one. In these methods,
    settings and t are numbers if all runs agree, else numpy columns.

    Raises:
        InputError: if the optimizer has no learning rate.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if math.isnan(self.optimizer.learning_rate):
            raise InputError(f"{type(self).__name__}: {self.optimizer.label} has no learning rate to schedule")

    def first_lr(self, base: Array, last: Value) -> Value:
        """Return the learning rate of step 1.

        Args:
            base: the optimizers' own learning rates, shape (R,), or (d, R) with parameter groups.
            last: number of steps of the schedule.
        """
        return base

    def next_lr(self, lr: Array, base: Array, t: Value, last: Value) -> Value:
        """Return the learning rate of step t + 1, t = 1, 2, …, given that of step t."""
        raise NotImplementedError

    def momentum(self, t: Value, last: Value) -> Value | None:
        """Return the momentum of step t + 1, t = 0, 1, …; None if the schedule leaves it alone."""
        return None

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return ScheduledStepper(cast(Sequence[Scheduled], optimizers), x, setup)


class ScheduledStepper(WrapperStepper):
    """Sets the learning rates of the wrapped optimizers before each step.

    Attributes:
        batched: the schedules as one, with numpy columns for the settings that differ.
        base: the optimizers' own learning rates, shape (R,), or (d, R) with parameter groups.
        lrs: learning rates of the current step by this schedule alone, shape as `base`.
        outer_lrs: learning rates that an outer schedule has set in place of `base`, shape as `base`.
    """

    def __init__(self, optimizers: Sequence[Scheduled], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.batched = stack_hyperparameters(optimizers)
        steps = getattr(self.batched, "steps", 0)
        self.last: Any = np.where(steps == 0, setup.steps, steps) if np.ndim(steps) else steps or setup.steps
        self.base = self.outer_lrs = initial_lrs(optimizers, len(x))
        self.first_steps = np.zeros(len(optimizers), dtype=np.int64)  # the step after which each schedule began
        self.current_step, self.last_step = 1, 0
        self.momentum = momentum_of(optimizers[0])
        self.lrs = self.first_lrs()
        try:
            self.apply()
        except NotImplementedError:
            raise InputError(
                f"{type(optimizers[0]).__name__}: the learning rate of {unwrap(optimizers[0]).label} "
                "cannot change between steps"
            ) from None

    def first_lrs(self) -> Array:
        """Return the learning rates of a first step."""
        return self._column(self.batched.first_lr(self.base, self.last))

    def next_lrs(self, t: Value) -> Array:
        """Return the learning rates of step t + 1, given that `lrs` are those of step t."""
        return self._column(self.batched.next_lr(self.lrs, self.base, t, self.last))

    def age(self) -> Value:
        """Return the number of steps that each schedule has completed; one number if all agree."""
        age = np.maximum(self.current_step - 1 - self.first_steps, 0)
        return int(age[0]) if (age == age[0]).all() else age

    def prepare(self, t: int) -> None:
        if t > self.current_step:
            self.current_step = t
            age = self.age()
            with np.errstate(all="ignore"):  # the branch of np.where that is not taken may divide by zero
                later = self.next_lrs(max(age, 1) if isinstance(age, int) else np.maximum(age, 1))
            self.lrs = np.where(np.asarray(age) > 0, later, self.lrs)
            self.apply()
        self.inner.prepare(t)

    def apply(self) -> None:
        """Pass the current learning rates, and momentum, to the wrapped optimizers."""
        share = np.divide(self.outer_lrs, self.base, out=np.ones_like(self.base), where=self.base != 0)
        super().set_hyperparameter("lr", self.lrs * share)
        momentum = self.batched.momentum(self.age(), self.last)
        if momentum is not None and self.momentum:
            super().set_hyperparameter(self.momentum, self._column(momentum))

    def step(self, context: StepContext) -> Tensor:
        self.prepare(context.t)
        self.last_step = context.t
        return self.inner.step(context)

    def set_hyperparameter(self, name: str, values: Array) -> None:
        if name == "lr":
            self.outer_lrs = values
            self.apply()
        else:
            super().set_hyperparameter(name, values)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        mask = runs.cpu().numpy()
        self.first_steps = np.where(mask, self.last_step, self.first_steps)
        self.lrs = np.where(mask, self.first_lrs(), self.lrs)
        self.apply()
        super().reset(runs, x)

    def _column(self, value: Any) -> Array:
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), self.base.shape))


def momentum_of(optimizer: Optimizer) -> str:
    """Return the name of the momentum as torch's schedulers look for it: "beta1", else "momentum", else ""."""
    inner = unwrap(optimizer)
    if isinstance(inner, Torch):
        defaults = inspect.signature(inner.cls).parameters
        return "beta1" if "betas" in defaults else "momentum" if "momentum" in defaults else ""
    names = [field.name for field in dataclasses.fields(inner)]
    return next((name for name in ("beta1", "momentum") if name in names), "")


def with_momentum(optimizer: Optimizer, value: float) -> Optimizer:
    """Return the optimizer with this momentum if its own is 0; a term at 0 is omitted and could not be set later."""
    if isinstance(optimizer, Wrapper):
        return dataclasses.replace(optimizer, optimizer=with_momentum(optimizer.optimizer, value))
    name = momentum_of(optimizer)
    return dataclasses.replace(optimizer, **{name: value}) if getattr(optimizer, name, 1) == 0 else optimizer
