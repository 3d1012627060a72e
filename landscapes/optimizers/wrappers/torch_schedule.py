"""Any scheduler of `torch.optim.lr_scheduler`, for any optimizer."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from torch import Tensor
from torch.optim import lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from landscapes.errors import InputError, unknown
from landscapes.optimizers.adapters.torch_optim import Settings, Torch
from landscapes.optimizers.base import Optimizer, short
from landscapes.optimizers.parameter_groups import initial_lrs
from landscapes.optimizers.stepper import RunSetup, Stepper
from landscapes.optimizers.wrappers.base import MISSING, unwrap
from landscapes.optimizers.wrappers.scheduled import (
    Array,
    Scheduled,
    ScheduledStepper,
    Value,
    momentum_of,
    with_momentum,
)
from landscapes.silence import ignored_warnings

Scheduler = type[LRScheduler] | Callable[..., LRScheduler]


@dataclass(frozen=True, init=False)
class Schedule(Scheduled):
    """Any scheduler of `torch.optim.lr_scheduler`, or of that interface (Paszke and others, 2019).

    The scheduler runs once through the steps of the race per learning rate, with a torch optimizer that does nothing.
    The lr and momentum (or first beta) that it sets are applied to the wrapped optimizer bitwise.

    Args:
        optimizer: the wrapped optimizer.
        scheduler: the class, its name in `torch.optim.lr_scheduler`, or a function from a torch optimizer to a
            scheduler, for chains and sequences of schedulers.
        title: the scheduler's part of the label; the name of the class by default.
        settings: settings whose names clash with this signature ("optimizer", "title", …), as a dict; none by
            default.
        hyper: all other settings of the scheduler.

    Raises:
        InputError: if scheduler is not a scheduler, rejects the settings or depends on losses (see `Plateau`).
            Once a race begins, if it fails within the steps of the race.

    >>> from landscapes import optimizers
    >>> optimizers.Schedule(optimizers.SGD(lr=0.1), "StepLR", step_size=30).spec
    "schedule(sgd(lr=0.1), scheduler='StepLR', step_size=30)"
    """

    names: ClassVar[tuple[str, ...]] = ("schedule",)
    accepts_extra_settings: ClassVar[bool] = True

    scheduler: Scheduler = field(default=MISSING)
    title: str = ""
    settings: Settings = field(default=(), hash=False)
    moves: bool = field(default=False, init=False, compare=False, repr=False)

    def __new__(cls, /, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(
        self,
        /,
        optimizer: Optimizer = MISSING,
        scheduler: Scheduler | str = MISSING,
        title: str = "",
        settings: Mapping[str, Any] | Settings = (),
        **hyper: Any,
    ) -> None:
        if isinstance(scheduler, str):
            scheduler = _named(scheduler)
        if not callable(scheduler) or scheduler is MISSING:
            given = "nothing" if scheduler is MISSING else short(scheduler)
            raise InputError(
                f"Schedule: the second argument must be a scheduler, got {given}; write "
                "optimizers.Schedule(optimizers.Adam(lr=0.1), torch.optim.lr_scheduler.StepLR, step_size=30)"
            )
        if not isinstance(title, str):
            raise InputError(f"Schedule: title must be a string, got {short(title)}")
        if not isinstance(settings, Mapping | tuple):
            raise InputError(f"Schedule: settings must be a dict, got {short(settings)}")
        name = getattr(scheduler, "__name__", type(scheduler).__name__)
        fields = {
            "optimizer": optimizer,
            "scheduler": scheduler,
            "title": title or ("schedule" if name == "<lambda>" else name),
            "settings": tuple(sorted({**dict(settings), **hyper}.items())),
        }
        for key, value in fields.items():
            object.__setattr__(self, key, value)
        self.__post_init__()
        if momentum_of(optimizer):
            object.__setattr__(self, "moves", _run_scheduler(self, 1, momentum=0.125)[1] != [0.125])
        else:
            _run_scheduler(self, 1)

    @property
    def label_suffix(self) -> str:
        return self.title

    @property
    def spec(self) -> str:
        """The optimizer as text; `parse` reads back torch's own schedulers with settings that text can represent."""
        name = getattr(self.scheduler, "__name__", type(self.scheduler).__name__)
        shown = {"scheduler": name} | ({} if self.title == name else {"title": self.title})
        settings = {**shown, **dict(self.settings)}
        texts = [f"{key}={short(value)}" for key, value in settings.items()]
        return f"schedule({', '.join([self.optimizer.spec, *texts])})"

    @property
    def batch_key(self) -> Hashable:
        return type(self), self.optimizer.batch_key, self.moves

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _SchedulerStepper(cast(Sequence[Schedule], optimizers), x, setup)


class _SchedulerStepper(ScheduledStepper):
    """Sets on the wrapped optimizers what the schedulers set.

    Attributes:
        lr_table: the learning rate of each run at each step, shape (R, T), or (d, R, T) with parameter groups.
        momentums: the momentum of each run at each step, shape (R, T).
    """

    def __init__(self, optimizers: Sequence[Schedule], x: Tensor, setup: RunSetup) -> None:
        cache: dict[Hashable, SchedulerRun] = {}

        def scheduled(optimizer: Schedule, lr: float) -> SchedulerRun:
            key = lr, optimizer.scheduler, repr(optimizer.settings), _momentum(optimizer)
            if key not in cache:
                cache[key] = _run_scheduler(optimizer, setup.steps, lr)
            return cache[key]

        lrs = initial_lrs(optimizers, len(x))
        rows = [[scheduled(*pair) for pair in zip(optimizers, row, strict=True)] for row in np.atleast_2d(lrs).tolist()]
        self.lr_table = np.array([[own for own, _ in row] for row in rows]).reshape(*lrs.shape, setup.steps)
        self.momentums = np.array([own for _, own in rows[0]])
        self.index = np.arange(len(optimizers))
        super().__init__([_with_momentum(optimizer) for optimizer in optimizers], x, setup)

    def first_lrs(self) -> Array:
        return cast(Array, self.lr_table[..., 0])

    def next_lrs(self, t: Value) -> Array:
        return cast(Array, self.lr_table[..., self.index, t])

    def apply(self) -> None:
        super().apply()
        if cast(Schedule, self.batched).moves:
            self.set_hyperparameter(self.momentum, self.momentums[self.index, self.age()])


SchedulerRun = tuple[list[float], list[float]]
"""Learning rates and momentums per step."""


class _Idle(torch.optim.Optimizer):
    """A torch optimizer with what schedulers read and set; its step does nothing."""

    def __init__(self, **settings: Any) -> None:
        super().__init__([torch.zeros(1, requires_grad=True)], settings)

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        pass


def _run_scheduler(
    optimizer: Schedule, steps: int, lr: float | None = None, momentum: float | None = None
) -> SchedulerRun:
    """Return what the scheduler sets for the first steps; `lr` and `momentum` are by default the optimizer's own."""
    name = momentum_of(optimizer)
    found = _momentum(optimizer) if momentum is None else momentum
    each: dict[str, dict[str, Any]] = {"beta1": {"betas": (found, 0.999)}, "momentum": {"momentum": found}}
    lrs, momentums = [], []
    with ignored_warnings():  # torch's schedulers warn of one another
        try:
            torch_optimizer = _Idle(lr=optimizer.learning_rate if lr is None else lr, **each.get(name, {}))
            scheduler = cast(Any, optimizer.scheduler)(torch_optimizer, **deepcopy(dict(optimizer.settings)))
            _check(scheduler, optimizer.title)
            for step in range(steps):
                if step:
                    torch_optimizer.step()
                    scheduler.step()
                group = torch_optimizer.param_groups[0]
                lrs.append(float(group["lr"]))
                momentums.append(float(group["betas"][0] if name == "beta1" else group.get("momentum", math.nan)))
        except InputError:
            raise
        except Exception as error:
            done = f"fails at step {len(lrs) + 1}" if lrs else "cannot be created"
            reason = " ".join(str(error).split())
            raise InputError(f"Schedule: {optimizer.title} {done}: {type(error).__name__}: {reason}"[:300]) from error
    return lrs, momentums


def _check(made: Any, title: str) -> None:
    if isinstance(made, lr_scheduler.ReduceLROnPlateau):
        raise InputError("Schedule: ReduceLROnPlateau depends on each run's loss; use optimizers.Plateau instead")
    if not isinstance(made, LRScheduler):
        raise InputError(f"Schedule: {title} must return a scheduler of torch.optim.lr_scheduler, got {short(made)}")


def _named(name: str) -> type[LRScheduler]:
    """Return the scheduler of torch with this name."""
    known = {
        key: cls
        for key, cls in vars(lr_scheduler).items()
        if inspect.isclass(cls) and issubclass(cls, LRScheduler) and cls is not LRScheduler and key[0] != "_"
    }
    if name not in known:
        raise unknown("scheduler of torch.optim.lr_scheduler", name, known)
    return known[name]


def _momentum(optimizer: Schedule) -> float:
    """Return the momentum that the scheduler finds; 0 if the optimizer has none."""
    torch_optimizer, name = unwrap(optimizer), momentum_of(optimizer)
    if isinstance(torch_optimizer, Torch):
        value = _defaults(torch_optimizer)["betas" if name == "beta1" else name] if name else 0.0
        return float(value[0] if isinstance(value, tuple | list) else value)
    return float(getattr(torch_optimizer, name)) if name else 0.0


def _defaults(optimizer: Torch) -> dict[str, Any]:
    parameters = inspect.signature(optimizer.cls).parameters
    return {name: given.default for name, given in parameters.items()} | optimizer.hyper


def _with_momentum(optimizer: Schedule) -> Schedule:
    """Return the schedule; if its scheduler sets momentum, with an optimizer that has momentum."""
    if not optimizer.moves:
        return optimizer
    first = _run_scheduler(optimizer, 1)[1][0]
    moving = copy(optimizer)
    object.__setattr__(moving, "optimizer", with_momentum(optimizer.optimizer, first))
    return moving
