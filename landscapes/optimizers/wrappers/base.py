"""Base classes of wrappers, which modify the gradient, the learning rate or the point of another optimizer."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer, short
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.parameter_groups import initial_lrs
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import Oracle

Setting = TypeVar("Setting")

MISSING: Any = object()
"""Default of a required argument."""

MAX_DEPTH = 16
"""Largest number of nested wrappers."""


@dataclass(frozen=True)
class Wrapper(Optimizer):
    """An optimizer that wraps another. Wrappers nest; the outermost one acts first.

    A subclass adds its settings as fields after `optimizer`, sets `label_suffix`, and has its own `stepper`. In text,
    the wrapped optimizer comes first: "clip(adam(lr=0.05), norm=1)".

    Args:
        optimizer: the wrapped optimizer.

    Raises:
        InputError: if `optimizer` is missing or not an optimizer, and for more than 16 nested wrappers.

    >>> from landscapes import optimizers
    >>> wrapped = optimizers.Cosine(optimizers.Clip(optimizers.Adam(lr=0.05), norm=1))
    >>> wrapped.spec, wrapped.label
    ('cosine(clip(adam(lr=0.05), norm=1.0))', 'Adam · clip 1 · cosine')
    """

    optimizer: Optimizer = MISSING

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            given, name = "nothing" if self.optimizer is MISSING else short(self.optimizer), type(self).__name__
            raise InputError(
                f"{name}: the first argument must be an optimizer, got {given}; "
                f"write {name}(optimizers.Adam(lr=0.05), ...)"
            )
        super().__post_init__()
        if self.depth() > MAX_DEPTH:
            raise InputError(f"{type(self).__name__}: wrappers must nest at most {MAX_DEPTH} deep")

    def depth(self, kind: type[Optimizer] | None = None) -> int:
        """Return the number of nested wrappers, this one included, or of those of one kind."""
        count, optimizer = 0, cast(Optimizer, self)
        while isinstance(optimizer, Wrapper):
            count += isinstance(optimizer, kind or Wrapper)
            optimizer = optimizer.optimizer
        return count

    @property
    def label_suffix(self) -> str:
        """The wrapper's part of the label, in a word or two."""
        return self.names[0] if self.names else type(self).__name__

    @property
    def label(self) -> str:
        return f"{self.optimizer.label} · {self.label_suffix}"

    @property
    def spec(self) -> str:
        settings = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name != "optimizer" and getattr(self, field.name) != field.default
        ]
        return f"{self.names[0] if self.names else type(self).__name__}({', '.join([self.optimizer.spec, *settings])})"

    @property
    def learning_rate(self) -> float:
        return self.optimizer.learning_rate

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None:
        return self.optimizer.lr_by_coordinate(dim)

    def with_learning_rate(self, lr: float) -> Self:
        return dataclasses.replace(self, optimizer=self.optimizer.with_learning_rate(lr))

    @property
    def prefix(self) -> str:
        """What the names of the wrapper's own settings begin with in a sweep: "clip." in "clip.norm"."""
        return f"{self.names[0] if self.names else type(self).__name__}."

    def name_inside(self, name: str) -> str:
        """Return what the wrapped optimizer calls a setting: "clip2.norm" is "clip.norm" of the inner of two clips."""
        kind = self.prefix.removesuffix(".")
        found = re.fullmatch(rf"{re.escape(kind)}(\d+)\.(.+)", name)
        if found is None or int(found[1]) < 2:
            return name
        return f"{kind}{'' if found[1] == '2' else int(found[1]) - 1}.{found[2]}"

    def _from_inside(self, settings: Mapping[str, Setting]) -> dict[str, Setting]:
        """Return the settings of the wrapped optimizer by the names that they have here; inverts `name_inside`."""
        kind = self.prefix.removesuffix(".")
        found: dict[str, Setting] = {}
        for name, value in settings.items():
            inner = re.fullmatch(rf"{re.escape(kind)}(\d*)\.(.+)", name)
            found[name if inner is None else f"{kind}{int(inner[1] or 1) + 1}.{inner[2]}"] = value
        return found

    def hyperparameters(self) -> dict[str, float]:
        """Return those of the wrapped optimizer; `numeric_settings` has the wrapper's own numbers, too."""
        return self.optimizer.hyperparameters()

    def numeric_settings(self) -> dict[str, float]:
        """Return the wrapper's own numbers, such as "clip.norm" (NaN for a limit that is not set), and those inside.

        Of several wrappers of one kind, "clip.norm" is the outermost one's, "clip2.norm" that of the next one inside.

        >>> from landscapes import optimizers
        >>> list(optimizers.Clip(optimizers.Clip(optimizers.SGD(), norm=9), value=1).numeric_settings())[-4:]
        ['clip2.norm', 'clip2.value', 'clip.norm', 'clip.value']
        """
        own = {
            self.prefix + one.name: math.nan if getattr(self, one.name) is None else float(getattr(self, one.name))
            for one in dataclasses.fields(self)
            if one.init and _is_number(one)
        }
        return {**self._from_inside(self.optimizer.numeric_settings()), **own}

    def choice_settings(self) -> dict[str, bool | str]:
        own = {self.prefix + name: value for name, value in super().choice_settings().items()}
        return {**self._from_inside(self.optimizer.choice_settings()), **own}

    def field_of(self, name: str) -> dataclasses.Field[Any] | None:
        if name.startswith(self.prefix):
            return super().field_of(name.removeprefix(self.prefix))
        return self.optimizer.field_of(self.name_inside(name))

    def with_hyperparameters(self, values: Mapping[str, Any]) -> Self:
        own = {name.removeprefix(self.prefix): value for name, value in values.items() if name.startswith(self.prefix)}
        inner = {self.name_inside(name): value for name, value in values.items() if not name.startswith(self.prefix)}
        return dataclasses.replace(self, optimizer=self.optimizer.with_hyperparameters(inner), **own)

    def check_varies(self) -> None:
        self.optimizer.check_varies()

    @property
    def needs_gradient(self) -> bool:
        return self.optimizer.needs_gradient

    def check(self, function: Function) -> None:
        self.optimizer.check(function)


def _is_number(one: dataclasses.Field[Any]) -> bool:
    """Return whether a field is a number, or a limit that may be None."""
    return type(one.default) in (int, float) or str(one.type) == "float | None"


class WrapperStepper(Stepper):
    """Steps the wrapped optimizers; a subclass acts before or after.

    Attributes:
        inner: the stepper of the wrapped optimizers.
        settings: the wrappers' own settings, stacked: numbers if all agree, else tensors (R,).
        needs_gradient: whether the wrapped optimizers need the gradient of each step.
        setup: the setup of the runs.
        inner_lrs: learning rates last passed to the wrapped optimizers, shape (R,), or (d, R) with parameter groups.
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        wrapped = [cast(Wrapper, optimizer).optimizer for optimizer in optimizers]
        self.inner = type(wrapped[0]).stepper(wrapped, x, setup)
        self.settings: Any = stack_hyperparameters(optimizers, x)
        self.needs_gradient = optimizers[0].needs_gradient
        self.setup = setup
        self.inner_lrs = initial_lrs(optimizers, len(x))
        self.lr_name = unwrap(optimizers[0]).tunable  # a user's optimizer may have another name for it

    def step(self, context: StepContext) -> Tensor:
        return self.inner.step(context)

    def prepare(self, t: int) -> None:
        self.inner.prepare(t)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        if name == "lr":
            self.inner_lrs = values
            name = name if isinstance(self.inner, WrapperStepper) else self.lr_name
        self.inner.set_hyperparameter(name, values)

    def learning_rates(self) -> NDArray[np.float64]:
        """Return the learning rates in effect after `prepare` was called for a step, shape as `inner_lrs`."""
        return self.inner.learning_rates() if isinstance(self.inner, WrapperStepper) else self.inner_lrs

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.inner.reset(runs, x)

    def buffers(self) -> Mapping[str, Tensor]:
        return self.inner.buffers()

    def failures(self) -> Mapping[int, str]:
        return self.inner.failures()

    def terminated(self) -> Tensor | None:
        return self.inner.terminated()


GradientTransform = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Map points (d, R), gradients (d, R) and the mask (R,) of a query to the gradients that the optimizer sees."""


class GradientTransformOracle(Oracle):
    """An oracle that transforms gradients. Queries go to the inner oracle, which counts them.

    A single run may query points (d, 1). It gets the gradient that it would get in the full batch.
    """

    def __init__(self, inner: Oracle, transform: GradientTransform) -> None:
        self.inner = inner
        self.function = inner.function
        self.transform = transform

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def set_step(self, t: int) -> Function:
        return self.inner.set_step(t)

    def seen(self, x: Tensor, mask: Tensor | None = None) -> Function:
        return self.inner.seen(x, mask)

    def count(self, kind: str, mask: Tensor | None, times: int | Tensor = 1) -> None:
        self.inner.count(kind, mask, times)

    def value(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.inner.value(x, mask)

    def value_and_gradient(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        value, gradient = self.inner.value_and_gradient(x, mask)
        run = self.single_run(x, mask)
        if run is None:
            return value, self.transform(x, gradient, mask)
        shape = len(x), self.counts.shape[1]
        return value, self.transform(x.expand(shape), gradient.expand(shape), mask)[:, run]

    def single_run(self, x: Tensor, mask: Tensor | None) -> Tensor | None:
        """Return the index, shape (1,), of the run that queries on its own; None if all runs query together."""
        return None if mask is None or x.shape[-1] == len(mask) else mask.nonzero()[:, 0]

    def hvp(self, x: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.inner.hvp(x, v, mask)

    def hessian(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.inner.hessian(x, mask)

    def residuals(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.inner.residuals(x, mask)


class GradientTransformStepper(WrapperStepper):
    """Transforms every gradient that the wrapped optimizers see: that of the step, and those they query."""

    def transform(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        """Return the transformed gradients (d, R) at points x (d, R) in the step `context`."""
        raise NotImplementedError

    def step(self, context: StepContext) -> Tensor:
        def transform(x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
            return self.transform(context, x, gradient, mask)

        gradient = context.gradient
        if self.needs_gradient:
            gradient = transform(context.x, gradient, context.active)
        oracle = GradientTransformOracle(context.oracle, transform)
        return self.inner.step(replace(context, gradient=gradient, oracle=oracle))


def unwrap(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer inside all wrappers."""
    while isinstance(optimizer, Wrapper):
        optimizer = optimizer.optimizer
    return optimizer
