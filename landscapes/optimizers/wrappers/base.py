"""Optimizers around optimizers: what is done to the gradient, the learning rate or the point, whatever the optimizer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer, short
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import Oracle

NOTHING: Any = object()
"""What stands where no optimizer was given."""


@dataclass(frozen=True)
class Wrapper(Optimizer):
    """An optimizer with something done to it; wrappers nest, the outermost one acts first.

    A subclass adds its settings as fields after `optimizer`, says in `note` what a label shows of it, and has a
    `stepper` of its own. In text, the optimizer stands first: "clip(adam(lr=0.05), norm=1)".

    Args:
        optimizer: the optimizer inside.

    Raises `InputError` where that is no optimizer.
    """

    optimizer: Optimizer = NOTHING

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            given, name = "nothing" if self.optimizer is NOTHING else short(self.optimizer), type(self).__name__
            raise InputError(f"{name} takes an optimizer first, as in {name}(optimizers.Adam(lr=0.05)), not {given}")
        super().__post_init__()

    @property
    def note(self) -> str:
        """What a label says of the wrapper, in a word or two."""
        return self.names[0] if self.names else type(self).__name__

    @property
    def label(self) -> str:
        return f"{self.optimizer.label} · {self.note}"

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

    def with_learning_rate(self, lr: float) -> Self:
        return dataclasses.replace(self, optimizer=self.optimizer.with_learning_rate(lr))

    def hyperparameters(self) -> dict[str, float]:
        """Those of the optimizer inside: what is done to it is not for tuning."""
        return self.optimizer.hyperparameters()

    def with_hyperparameters(self, values: Mapping[str, float]) -> Self:
        return dataclasses.replace(self, optimizer=self.optimizer.with_hyperparameters(values))

    @property
    def needs_gradient(self) -> bool:
        return self.optimizer.needs_gradient

    def check(self, function: Function) -> None:
        self.optimizer.check(function)


class WrapperStepper(Stepper):
    """Steps the optimizers inside; a subclass does its part before or after.

    Attributes:
        inner: what steps the optimizers inside.
        settings: the wrapper's own settings, stack_hyperparameters: numbers where all agree, else (R,) tensors.
        guided: whether the optimizers inside need the gradient of each step.
        job: what the optimizers may know of the setup.
        told: the learning rates that the inside was last told, shape (R,).
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        inside = [cast(Wrapper, optimizer).optimizer for optimizer in optimizers]
        self.inner = type(inside[0]).stepper(inside, x, setup)
        self.settings: Any = stack_hyperparameters(optimizers, x)
        self.guided = optimizers[0].needs_gradient
        self.setup = setup
        self.told = np.array([optimizer.learning_rate for optimizer in optimizers])
        self.lr_name = unwrap(optimizers[0]).tunable  # an optimizer of one's own may call it otherwise

    def step(self, context: StepContext) -> Tensor:
        return self.inner.step(context)

    def prepare(self, t: int) -> None:
        self.inner.prepare(t)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        if name == "lr":
            self.told = values
            name = name if isinstance(self.inner, WrapperStepper) else self.lr_name
        self.inner.set_hyperparameter(name, values)

    def rates(self) -> NDArray[np.float64]:
        """The learning rates that the optimizer goes by, shape (R,), once `turn` was called for a step."""
        return self.inner.rates() if isinstance(self.inner, WrapperStepper) else self.told

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.inner.reset(runs, x)

    def buffers(self) -> Mapping[str, Tensor]:
        return self.inner.buffers()

    def terminated(self) -> Tensor | None:
        return self.inner.terminated()


Alter = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Takes points (d, R), the gradients there (d, R) and who asked, a mask (R,); the gradients as they are to be seen."""


class Altered(Oracle):
    """An oracle whose gradients are altered before they are seen; questions go on to the one within, and count there.

    Where one run asks for itself, with points of one column, it gets what it would get among all.
    """

    def __init__(self, within: Oracle, alter: Alter) -> None:
        self.within = within
        self.function = within.function
        self.alter = alter

    def __getattr__(self, name: str) -> Any:
        return getattr(self.within, name)

    def set_step(self, t: int) -> Function:
        return self.within.set_step(t)

    def count(self, kind: str, mask: Tensor | None, times: int | Tensor = 1) -> None:
        self.within.count(kind, mask, times)

    def value(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.within.value(x, mask)

    def value_and_gradient(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        value, gradient = self.within.value_and_gradient(x, mask)
        own = self.own(x, mask)
        if own is None:
            return value, self.alter(x, gradient, mask)
        shape = len(x), self.counts.shape[1]
        return value, self.alter(x.expand(shape), gradient.expand(shape), mask)[:, own]

    def own(self, x: Tensor, mask: Tensor | None) -> Tensor | None:
        """Which run it is that asks for itself, one index; nothing where all ask together."""
        return None if mask is None or x.shape[-1] == len(mask) else mask.nonzero()[:, 0]

    def hvp(self, x: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.within.hvp(x, v, mask)

    def hessian(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.within.hessian(x, mask)

    def residuals(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.within.residuals(x, mask)


class GradientTransformStepper(WrapperStepper):
    """Alters every gradient that the optimizers inside see: that of the step, and those they ask for themselves."""

    def altered(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        """The gradients (d, R) at points x (d, R) as they are to be seen in the step `now`."""
        raise NotImplementedError

    def step(self, context: StepContext) -> Tensor:
        def alter(x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
            return self.altered(context, x, gradient, mask)

        seen = alter(context.x, context.gradient, context.active) if self.guided else context.gradient
        return self.inner.step(replace(context, gradient=seen, oracle=Altered(context.oracle, alter)))


def unwrap(optimizer: Optimizer) -> Optimizer:
    """The optimizer within all wrappers."""
    while isinstance(optimizer, Wrapper):
        optimizer = optimizer.optimizer
    return optimizer
