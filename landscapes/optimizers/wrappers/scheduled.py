"""What a schedule is: an optimizer whose learning rate, and perhaps momentum, change from step to step."""

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
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Wrapper, WrapperStepper, unwrap

Column = NDArray[np.float64]

Numbers = Any
"""A number, or a numpy column of one a run."""


@dataclass(frozen=True)
class Scheduled(Wrapper):
    """An optimizer whose learning rate follows a schedule; the optimizer's own is the rate it goes by.

    Nested schedules multiply. A subclass says in `first` and `following` how the rate goes on, in the very
    order of operations of its counterpart in `torch.optim.lr_scheduler`, which makes most rates of the last one.
    There, its settings are numbers where all runs agree, else numpy columns, and so is t.

    Raises `InputError` where the optimizer has no learning rate.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if math.isnan(self.optimizer.learning_rate):
            raise InputError(f"{type(self).__name__}: {self.optimizer.label} has no learning rate to schedule")

    def first(self, base: Column, last: Numbers) -> Numbers:
        """The rate of the first step, for optimizers whose own is `base`, in a schedule of `last` steps."""
        return base

    def following(self, rate: Column, base: Column, t: Numbers, last: Numbers) -> Numbers:
        """The rate of step t + 1, for t = 1, 2, …, where `rate` is that of step t."""
        raise NotImplementedError

    def momentum(self, t: Numbers, last: Numbers) -> Numbers | None:
        """The momentum of step t + 1, t = 0, 1, …, where the schedule moves that too."""
        return None

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return ScheduledStepper(cast(Sequence[Scheduled], optimizers), x, setup)


class ScheduledStepper(WrapperStepper):
    """Tells the optimizers inside their rates before each step.

    Attributes:
        base: the optimizers' own rates, shape (R,).
        own: the rates of the present step, as the schedule alone has them.
        given: what takes the place of `base`, where a schedule around this one says so.
    """

    def __init__(self, optimizers: Sequence[Scheduled], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.columns = stack_hyperparameters(optimizers)
        steps = getattr(self.columns, "steps", 0)
        self.last: Any = np.where(steps == 0, setup.steps, steps) if np.ndim(steps) else steps or setup.steps
        self.base = self.given = np.array([optimizer.learning_rate for optimizer in optimizers])
        self.began = np.zeros(len(optimizers), dtype=np.int64)  # the step after which each run's schedule began
        self.turned, self.taken = 1, 0
        self.momentum = momentum_of(optimizers[0])
        self.own = self.start()
        try:
            self.tell()
        except NotImplementedError:
            raise InputError(
                f"{type(optimizers[0]).__name__}: the learning rate of {unwrap(optimizers[0]).label} cannot change from step to step"
            ) from None

    def start(self) -> Column:
        """The rates of a first step."""
        return self._column(self.columns.first(self.base, self.last))

    def advance(self, t: Numbers) -> Column:
        """The rates of step t + 1, where `own` are those of step t."""
        return self._column(self.columns.following(self.own, self.base, t, self.last))

    def age(self) -> Numbers:
        """How many steps of its schedule each run has behind it, as the present step begins: a number where all agree."""
        age = np.maximum(self.turned - 1 - self.began, 0)
        return int(age[0]) if (age == age[0]).all() else age

    def prepare(self, t: int) -> None:
        if t > self.turned:
            self.turned = t
            age = self.age()
            with np.errstate(all="ignore"):  # where one branch is taken, the other may divide by zero
                later = self.advance(max(age, 1) if isinstance(age, int) else np.maximum(age, 1))
            self.own = np.where(np.asarray(age) > 0, later, self.own)
            self.tell()
        self.inner.prepare(t)

    def tell(self) -> None:
        """Tells the optimizers inside what to go by."""
        share = np.divide(self.given, self.base, out=np.ones_like(self.base), where=self.base != 0)
        super().set_hyperparameter("lr", self.own * share)
        momentum = self.columns.momentum(self.age(), self.last)
        if momentum is not None and self.momentum:
            super().set_hyperparameter(self.momentum, self._column(momentum))

    def step(self, context: StepContext) -> Tensor:
        self.prepare(context.t)
        self.taken = context.t
        return self.inner.step(context)

    def set_hyperparameter(self, name: str, values: Column) -> None:
        if name == "lr":
            self.given = values
            self.tell()
        else:
            super().set_hyperparameter(name, values)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        mask = runs.cpu().numpy()
        self.began = np.where(mask, self.taken, self.began)
        self.own = np.where(mask, self.start(), self.own)
        self.tell()
        super().reset(runs, x)

    def _column(self, value: Any) -> Column:
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), self.base.shape))


def momentum_of(optimizer: Optimizer) -> str:
    """What an optimizer's momentum is called, as torch's schedules look for it: beta1, else momentum, else nothing."""
    known = [field.name for field in dataclasses.fields(unwrap(optimizer))]
    found = unwrap(optimizer)
    if isinstance(found, Torch):
        defaults = inspect.signature(found.cls).parameters
        return "beta1" if "betas" in defaults else "momentum" if "momentum" in defaults else ""
    return next((name for name in ("beta1", "momentum") if name in known), "")


def with_momentum(optimizer: Optimizer, value: float) -> Optimizer:
    """The optimizer with a momentum, where it has none; an optimizer that leaves the term out could not be given it later."""
    if isinstance(optimizer, Wrapper):
        return dataclasses.replace(optimizer, optimizer=with_momentum(optimizer.optimizer, value))
    name = momentum_of(optimizer)
    return dataclasses.replace(optimizer, **{name: value}) if getattr(optimizer, name, 1) == 0 else optimizer
