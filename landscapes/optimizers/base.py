"""The base class of all optimizers: hyper-parameters, names, and the stepper that advances runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function
from landscapes.optimizers.stepper import RunSetup, Stepper
from landscapes.optimizers.torch_arguments import TorchArguments

NON_NEGATIVE: Mapping[str, Any] = {"low": 0.0}
POSITIVE: Mapping[str, Any] = {"low": 0.0, "open_low": True}
UNIT_INTERVAL: Mapping[str, Any] = {"low": 0.0, "high": 1.0}
OPEN_UNIT: Mapping[str, Any] = {"low": 0.0, "high": 1.0, "open_low": True, "open_high": True}
HALF_OPEN_UNIT: Mapping[str, Any] = {"low": 0.0, "high": 1.0, "open_high": True}
POSITIVE_UNIT: Mapping[str, Any] = {"low": 0.0, "open_low": True, "high": 1.0}
NON_NEGATIVE_INT: Mapping[str, Any] = {"low": 0.0, "integer": True}
POSITIVE_INT: Mapping[str, Any] = {"low": 1.0, "integer": True}
STRUCTURAL_INT: Mapping[str, Any] = {**POSITIVE_INT, "structural": True}
"""Ranges of hyper-parameters, for `dataclasses.field(metadata=...)`.

The unit intervals are [0, 1], (0, 1), [0, 1) and (0, 1]. A structural number determines the shape of the state, so
optimizers share a batch only if they agree on it.
"""


@dataclass(frozen=True)
class Optimizer(metaclass=TorchArguments):
    """An optimizer with its hyper-parameters. Optimizers with equal hyper-parameters are equal.

    A subclass is a frozen dataclass whose fields are the hyper-parameters. The metadata of a field gives its range,
    which is checked on construction.

    Optimizers of torch.optim take its arguments, too: `Adam(betas=(0.9, 0.99))` is `Adam(beta1=0.9, beta2=0.99)`.
    `foreach`, `fused`, `capturable` and `differentiable` are ignored, because they select how torch computes a step.
    Other arguments without an equivalent are accepted at their defaults only.

    Raises:
        InputError: for an unknown setting, or a value outside its range.

    >>> from landscapes import optimizers
    >>> adam = optimizers.Adam(lr=0.05)
    >>> adam.learning_rate, adam.with_learning_rate(0.1).spec
    (0.05, 'adam(lr=0.1)')
    >>> adam.hyperparameters()["beta1"]
    0.9
    """

    names: ClassVar[tuple[str, ...]] = ()
    """Names of the optimizer in text; the first is the canonical one."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Names of well-known settings: "momentum" is SGD with momentum 0.9."""

    tunable: ClassVar[str] = ""
    """Name of the hyper-parameter that is tuned if omitted; "" if there is none."""

    torch_class: ClassVar[type[torch.optim.Optimizer] | None] = None
    """The class of torch.optim whose arguments the constructor takes; None if there is none."""

    without_equivalent: ClassVar[tuple[str, ...]] = ()
    """Arguments of `torch_class` that are refused even at their defaults."""

    accepts_extra_settings: ClassVar[bool] = False
    """Whether the class has an `__init__` that takes settings beyond its fields."""

    def __new__(cls, *values: Any, **settings: Any) -> Self:
        check_names(cls, cls.__name__, settings)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                if not isinstance(value, bool):
                    raise InputError(f"{kind}: {field.name} must be True or False, got {value!r}")
            elif isinstance(field.default, int | float):
                object.__setattr__(self, field.name, check_hyperparameter(kind, field.name, value, field.metadata))

    @property
    def kind(self) -> str:
        """Name of the optimizer's class."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """Name of the optimizer in figures and tables."""
        return self.kind

    @property
    def spec(self) -> str:
        """The optimizer as text that `parse` reads back: "adam(lr=0.05)". Defaults are omitted, except for lr."""
        settings = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name == self.tunable or getattr(self, field.name) != field.default
        ]
        return f"{self.names[0] if self.names else self.kind}({', '.join(settings)})"

    @property
    def learning_rate(self) -> float:
        """The learning rate; NaN if the optimizer has none."""
        return float(getattr(self, self.tunable)) if self.tunable else math.nan

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None:
        """Return the learning rate of each of `dim` coordinates; None if all share one."""
        return None

    def with_learning_rate(self, lr: float) -> Self:
        """Return the optimizer with another learning rate, or itself if it has none."""
        return dataclasses.replace(self, **{self.tunable: lr}) if self.tunable else self

    def hyperparameters(self) -> dict[str, float]:
        """Return the numeric hyper-parameters by name."""
        return {
            field.name: float(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.init and isinstance(field.default, int | float) and not isinstance(field.default, bool)
        }

    def numeric_settings(self) -> dict[str, float]:
        """Return the numbers that a sweep can vary: hyper-parameters, and those of wrappers, such as "clip.norm"."""
        return self.hyperparameters()

    def choice_settings(self) -> dict[str, bool | str]:
        """Return the settings that are no numbers and that a sweep can vary: flags, and names such as "noise.kind"."""
        return {
            one.name: getattr(self, one.name)
            for one in dataclasses.fields(self)
            if one.init and (isinstance(one.default, bool) or (isinstance(one.default, str) and one.default))
        }

    def field_of(self, name: str) -> dataclasses.Field[Any] | None:
        """Return the field of a setting; None for a setting without one, as of a class of torch.optim."""
        return next((one for one in dataclasses.fields(self) if one.name == name), None)

    def with_hyperparameters(self, values: Mapping[str, Any]) -> Self:
        """Return the optimizer with other values for some settings; "betas[0]" stands for beta1."""
        return dataclasses.replace(self, **type(self).translated(values))

    def known_settings(self) -> dict[str, Any]:
        """Return all settings that `with_hyperparameters` takes, by name; none if they are fixed."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.init}

    def check_varies(self) -> None:
        """Raise `InputError`, which says why, if its hyper-parameters cannot be varied."""

    @property
    def needs_gradient(self) -> bool:
        """Whether every step begins with the gradient at the current point."""
        return True

    def check(self, function: Function) -> None:
        """Raise `InputError` if the optimizer cannot minimize `function`."""

    @property
    def batch_key(self) -> Hashable:
        """Optimizers with equal keys can be stepped in one batch.

        They have the same class, the same flags, the same hyper-parameters at zero and the same structural numbers. A
        hyper-parameter at zero removes its term from the update, as in torch.optim.
        """
        fields = [(getattr(self, field.name), field.metadata.get("structural")) for field in dataclasses.fields(self)]
        return type(self), tuple(value if structural else _structure(value) for value, structural in fields)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        """Return a stepper for one run per optimizer, all with one `batch_key`, starting at points x (d, R)."""
        raise NotImplementedError


def _structure(value: Any) -> Hashable:
    """Return the part of a setting that must agree within a batch: for a number, whether it is zero."""
    if isinstance(value, Optimizer):
        return value.batch_key
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == 0
    return cast(Hashable, value)


def check_names(cls: type[Optimizer], kind: str, settings: Iterable[str]) -> None:
    """Raise `InputError` for an unknown setting."""
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    for name in settings:
        if name not in known:
            raise unknown(f"setting of {kind}", name, known)


def check_hyperparameter(kind: str, name: str, value: Any, limits: Mapping[str, Any]) -> float:
    """Return the value as a float, or as an int if the limits say so; raise `InputError` if it is out of range."""
    number = value
    if not isinstance(value, bool | int | float):
        try:
            number = value.item()  # a one-element tensor or array scalar
        except (AttributeError, TypeError, ValueError, RuntimeError):
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError(
            f"{kind}: {name} must be one number, got {short(value)}; to compare several values, pass one optimizer each"
        )
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    fits = math.isfinite(number) and low <= number <= high
    fits = fits and not (limits.get("open_low") and number == low)
    fits = fits and not (limits.get("open_high") and number == high)
    integer = bool(limits.get("integer"))
    if not fits or (integer and number != int(number)):
        left = f"{'>' if limits.get('open_low') else '>='} {low:g}" if low > -math.inf else ""
        right = f"{'<' if limits.get('open_high') else '<='} {high:g}" if high < math.inf else ""
        bounds = " and ".join(bound for bound in (left, right) if bound)
        finite = "" if bounds and math.isfinite(number) else "finite and" if bounds else "finite"
        wanted = " ".join(word for word in ("an integer" if integer else finite, bounds) if word)
        raise InputError(f"{kind}: {name} must be {wanted}, got {short(value)}")
    return int(number) if integer else number


def short(value: Any) -> str:
    """Return the value as one line of at most 80 characters."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer with too many digits
        text = "a very large number"
    return text if len(text) <= 80 else f"{text[:77]}..."
