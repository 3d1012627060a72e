"""First-order optimizers: a pure update with one gradient per step, written once for one run and for many."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.parameter_groups import ParameterGroups, naming_group
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

State = tuple[Tensor, ...]
Coefs = tuple[Scalar, ...]


@dataclass(frozen=True)
class FirstOrder(Optimizer):
    """An optimizer with one gradient per step.

    `init`, `coef` and `update` are pure functions. In `init` and `update`, points and gradients have shape (d, R).
    Hyper-parameters are numbers if all runs agree, else tensors (R,), which broadcast over d.

    Whatever depends on hyper-parameters alone belongs in `coef`, which computes in double precision whatever the dtype
    of the points. There, hyper-parameters that differ are numpy columns. So `coef` has no `if` on them, and computes
    powers by `arithmetic.power`.

    An optimizer that couples the coordinates of a run, such as by a norm, sums over d by `arithmetic.pairwise_sum`. The
    result does not depend on the batch.

    Parameter groups give some coordinates settings of their own, as `param_groups` do in torch.optim. A group inherits
    all settings that it does not name, also when a sweep or a tuning changes them; a schedule acts on the learning rate
    of each group. Each group is a parameter of its own, so norms are taken per group. Coordinates in no group are one
    more parameter. With groups, runs are always advanced step by step.

    Args:
        lr: learning rate; default 0.001.
        groups: settings by coordinate, such as [{"coordinates": [0], "lr": 0.01}]; default none.

    Raises:
        InputError: for groups that overlap, or whose settings are invalid; once a race begins, for coordinates that the
            function lacks.

    >>> class Descent(FirstOrder):
    ...     def update(self, p, g, s, c):
    ...         return p - self.lr * g, s
    >>> Descent(lr=0.1).spec
    'Descent(lr=0.1)'
    >>> Descent(lr=0.1, groups=[{"coordinates": [0], "lr": 0.01}]).label
    'Descent · [0] lr=0.01'
    """

    tunable: ClassVar[str] = "lr"

    beyond_gradients: ClassVar[str] = "evaluates the function at points of its own"
    """What an optimizer with a stepper of its own does besides `update`."""

    lr: Scalar = 1e-3
    groups: Sequence[Any] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "groups", ParameterGroups.of(self.kind, self.groups, type(self).translated))
        if not self.groups:
            return
        if type(self).needs_gradient is not Optimizer.needs_gradient or not self.has_plain_stepper():
            raise InputError(f"{self.kind} {self.beyond_gradients}, so it takes no groups")
        checked = [  # by the constructors of the parts, which turn settings into the numbers they are
            replace(group, settings=tuple((name, getattr(part, name)) for name, _ in group.settings))
            for group, part in zip(self.parameter_groups, self.parts, strict=False)
        ]
        object.__setattr__(self, "groups", ParameterGroups(checked))

    @property
    def label(self) -> str:
        return f"{self.plain_label} · {self.parameter_groups.label}" if self.groups else self.plain_label

    @property
    def plain_label(self) -> str:
        """Name of the optimizer in figures and tables, without its groups."""
        return self.kind

    @property
    def parameter_groups(self) -> ParameterGroups:
        """The groups, checked."""
        return cast(ParameterGroups, self.groups)

    @cached_property
    def parts(self) -> Sequence[Self]:
        """One optimizer per group, and then one for the coordinates in none."""
        found = []
        for i, group in enumerate(self.parameter_groups):
            with naming_group(i):
                found.append(replace(self, groups=(), **dict(group.settings)))
        return [*found, replace(self, groups=())]

    @property
    def batch_key(self) -> Hashable:
        if not self.groups:
            return super().batch_key
        coordinates = tuple(group.coordinates for group in self.parameter_groups)
        return type(self), coordinates, tuple(part.batch_key for part in self.parts)

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None:
        return self.parameter_groups.by_coordinate("lr", self.learning_rate, dim) if self.groups else None

    @classmethod
    def has_plain_stepper(cls) -> bool:
        """Return whether a step is just `update`, so that the class has no stepper of its own."""
        return vars(FirstOrder)["stepper"].__func__ is cls.stepper.__func__  # type: ignore[attr-defined]

    def init(self, p: Tensor) -> State:
        """Return the state before the first step, for points (d, R)."""
        return ()

    def coef(self, t: int) -> Coefs:
        """Return the coefficients of step t = 1, 2, …: numbers in torch.optim's own rounding."""
        return ()

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        """Return the points and the state after one step.

        Args:
            p: points, shape (d, R).
            g: gradients, shape (d, R).
            s: state before the step.
            c: coefficients of the step.
        """
        raise NotImplementedError

    def buffers(self, s: State) -> Mapping[str, Tensor]:
        """Return the parts of the state that have a usual name: "momentum", "second_moment", …, shapes (d, R)."""
        return {}

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        chosen = cast(Sequence[FirstOrder], optimizers)
        return GroupedStepper(chosen, x, setup) if chosen[0].groups else FirstOrderStepper(chosen, x)


class FirstOrderStepper(Stepper):
    """Runs of one first-order optimizer, with stacked hyper-parameters and one state for all."""

    def __init__(self, optimizers: Sequence[FirstOrder], x: Tensor) -> None:
        distinct = list(dict.fromkeys(optimizers))
        place = {optimizer: i for i, optimizer in enumerate(distinct)}
        self.optimizers = optimizers
        self.index: Tensor | None = torch.tensor([place[optimizer] for optimizer in optimizers], device=x.device)
        self.distinct = stack_hyperparameters(distinct)
        self.all_equal = len(distinct) == 1
        self.optimizer = stack_hyperparameters(optimizers, x)
        self.state = self.optimizer.init(x)
        self.like = x
        self.first_steps = np.zeros(len(optimizers), dtype=np.int64)  # the step after which each run began
        self.cache: dict[int, tuple[NDArray[np.float64], Tensor]] = {}
        self.last_step = 0

    def step(self, context: StepContext) -> Tensor:
        coefs: Any = self._coefs(context.t)
        if not self.all_equal or self.index is None:
            coefs = tuple(self._per_run(number, coef) for number, coef in enumerate(coefs))
        x, self.state = self.optimizer.update(context.x, context.gradient, self.state, coefs)
        self.last_step = context.t
        return x

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        self._separate_runs()
        number = bool((values == values[0]).all())
        object.__setattr__(self.distinct, name, float(values[0]) if number else values)
        tensor = torch.as_tensor(values, dtype=self.like.dtype, device=self.like.device)
        object.__setattr__(self.optimizer, name, float(values[0]) if number else tensor)
        if not self.last_step:
            self.state = self.optimizer.init(self.like)  # Rprop's first step sizes equal lr

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self._separate_runs()
        self.first_steps = np.where(runs.cpu().numpy(), self.last_step, self.first_steps)
        fresh = self.optimizer.init(x)
        self.state = tuple(torch.where(runs, new, old) for new, old in zip(fresh, self.state, strict=True))

    def buffers(self) -> Mapping[str, Tensor]:
        rate = self.optimizer.lr
        rates = rate if isinstance(rate, Tensor) else torch.full_like(self.like[0], rate)
        return {"lr": rates, **self.optimizer.buffers(self.state)}

    def _separate_runs(self) -> None:
        """From here on, compute coefficients per run, not per distinct optimizer."""
        if self.index is not None:
            self.index, self.distinct, self.cache = None, stack_hyperparameters(self.optimizers), {}

    def _coefs(self, t: int) -> Sequence[Any]:
        """Return the coefficients: numbers, or columns with one entry per distinct optimizer or per run."""
        if self.index is not None and self.all_equal:  # no run was reset, and all optimizers are equal
            return self.distinct.coef(t)
        own = t - self.first_steps
        with np.errstate(all="ignore"):  # overflow gives infinity, as in Python and torch
            if (own == own[0]).all():
                return self.distinct.coef(int(own[0]))
            parts = {int(step): self.distinct.coef(int(step)) for step in np.unique(own)}
        columns: list[Any] = [np.empty(len(own)) for _ in next(iter(parts.values()))]
        for step, coefs in parts.items():
            for column, coef in zip(columns, coefs, strict=True):
                column[own == step] = np.broadcast_to(np.asarray(coef), own.shape)[own == step]
        return columns

    def _per_run(self, number: int, coef: Any) -> Scalar:
        """Return a coefficient as the update takes it; one that does not change with t is moved to the device once."""
        if not isinstance(coef, np.ndarray):
            return cast(float, coef)
        if number not in self.cache or not np.array_equal(self.cache[number][0], coef):
            tensor = torch.as_tensor(coef, dtype=self.like.dtype, device=self.like.device)
            self.cache[number] = coef, tensor if self.index is None else tensor[self.index]
        return self.cache[number][1]


class GroupedStepper(Stepper):
    """Runs of one first-order optimizer with parameter groups over the same coordinates: one stepper per group."""

    def __init__(self, optimizers: Sequence[FirstOrder], x: Tensor, setup: RunSetup) -> None:
        first, self.dim = optimizers[0], len(x)
        every = first.parameter_groups.split(self.dim)
        listed = zip(every, zip(*(optimizer.parts for optimizer in optimizers), strict=True), strict=True)
        self.parts = [
            (torch.from_numpy(part).to(x.device), FirstOrderStepper(_checked_rows(parts, len(part)), x[part]))
            for part, parts in listed
            if len(part)
        ]

    def step(self, context: StepContext) -> Tensor:
        x = torch.empty_like(context.x)
        for part, stepper in self.parts:
            x[part] = stepper.step(replace(context, x=context.x[part], gradient=context.gradient[part]))
        return x

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        """Set a hyper-parameter of all groups: one value per run, shape (R,), or per coordinate and run, (d, R)."""
        for part, stepper in self.parts:
            stepper.set_hyperparameter(name, values if values.ndim == 1 else values[int(part[0])])

    def reset(self, runs: Tensor, x: Tensor) -> None:
        for part, stepper in self.parts:
            stepper.reset(runs, x[part])

    def buffers(self) -> Mapping[str, Tensor]:
        """Return buffers of shape (d, R); NaN for the coordinates of groups that lack one."""
        found: dict[str, Tensor] = {}
        for part, stepper in self.parts:
            for name, value in stepper.buffers().items():
                if value.ndim == 1 or len(value) == len(part):
                    whole = found.setdefault(name, value.new_full((self.dim, value.shape[-1]), torch.nan))
                    whole[part] = value
        return found


def _checked_rows(optimizers: Sequence[FirstOrder], size: int) -> Sequence[FirstOrder]:
    """Return the optimizers of a group of `size` coordinates, if the matrix that they see has so many elements."""
    rows = getattr(optimizers[0], "rows", 0)
    if rows and size % rows:
        raise InputError(
            f"{optimizers[0].kind}: rows must divide the number of coordinates of each group, "
            f"got rows={rows} for {size} coordinates; name rows in the group"
        )
    return optimizers


Kind = TypeVar("Kind", bound=Optimizer)


def stack_hyperparameters(optimizers: Sequence[Kind], x: Tensor | None = None) -> Kind:
    """Return one optimizer with the hyper-parameters of all: a number if they agree, else one number per optimizer.

    These are tensors with the dtype and device of x, for `update`; without x they are numpy columns, for `coef`.
    Settings that are not numbers are those of the first optimizer.
    """
    first = optimizers[0]
    batch = object.__new__(type(first))
    for one in dataclasses.fields(first):
        values = [getattr(optimizer, one.name) for optimizer in optimizers]
        value: Any = values[0]
        if isinstance(value, int | float) and any(other != value for other in values):
            value = np.array(values) if x is None else torch.tensor(values, dtype=x.dtype, device=x.device)
        object.__setattr__(batch, one.name, value)
    return batch
