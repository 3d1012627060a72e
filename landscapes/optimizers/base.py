"""What an optimizer is: hyper-parameters, a name, and what advances the runs that share it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function
from landscapes.optimizers.stepper import Job, Stepper

NON_NEGATIVE: Mapping[str, Any] = {"low": 0.0}
POSITIVE: Mapping[str, Any] = {"low": 0.0, "open_low": True}
FRACTION: Mapping[str, Any] = {"low": 0.0, "high": 1.0, "open_high": True}
SHARE: Mapping[str, Any] = {"low": 0.0, "high": 1.0}
COUNT: Mapping[str, Any] = {"low": 1.0, "whole": True}
SIZE: Mapping[str, Any] = {**COUNT, "structural": True}
"""Ranges of hyper-parameters, for `dataclasses.field(metadata=...)`: COUNT is a whole number, at least 1; SIZE is one that
shapes the state, so that optimizers share a batch only where they agree on it."""

PAIRS: Mapping[str, tuple[str, str]] = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_min", "step_max"),
}
"""What torch.optim takes in pairs: here each half has its name, so that a sweep can vary it."""


@dataclass(frozen=True)
class Optimizer:
    """An optimizer with its hyper-parameters; equal ones are the same optimizer.

    A subclass is a frozen dataclass whose fields are the hyper-parameters. What they may be stands in
    each field's metadata, and is checked when one is made.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """What the optimizer is called in strings, the first one being canonical."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Names for well-known settings: "momentum" is SGD with momentum 0.9."""

    tunable: ClassVar[str] = ""
    """The hyper-parameter that is tuned where a race leaves it open; none by default."""

    open_ended: ClassVar[bool] = False
    """Whether settings beyond the fields are taken too, by an `__init__` of the optimizer's own."""

    def __new__(cls, *values: Any, **settings: Any) -> Self:
        check_names(cls, cls.__name__, settings)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                if not isinstance(value, bool):
                    raise InputError(f"{kind}: {field.name} is True or False, not {value!r}")
            elif isinstance(field.default, int | float):
                object.__setattr__(self, field.name, check_number(kind, field.name, value, field.metadata))

    @property
    def kind(self) -> str:
        """The optimizer's class, as people write it."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """The name a picture shows."""
        return self.kind

    @property
    def spec(self) -> str:
        """The optimizer as text that gives it back: "adam(lr=0.05)"; defaults are left out, lr is not."""
        settings = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name == self.tunable or getattr(self, field.name) != field.default
        ]
        return f"{self.names[0] if self.names else self.kind}({', '.join(settings)})"

    @property
    def rate(self) -> float:
        """The learning rate; NaN for an optimizer that has none."""
        return float(getattr(self, self.tunable)) if self.tunable else math.nan

    def at_rate(self, rate: float) -> Self:
        """The same optimizer with another learning rate; itself where it has none."""
        return dataclasses.replace(self, **{self.tunable: rate}) if self.tunable else self

    def numbers(self) -> dict[str, float]:
        """The hyper-parameters that are numbers, by name."""
        return {
            field.name: float(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.init and isinstance(field.default, int | float) and not isinstance(field.default, bool)
        }

    def with_numbers(self, values: Mapping[str, float]) -> Self:
        """The same optimizer with other hyper-parameters."""
        return dataclasses.replace(self, **values)

    @property
    def needs_gradient(self) -> bool:
        """Whether every step begins with the gradient at the present point."""
        return True

    def check(self, function: Function) -> None:
        """Raises `InputError` where the optimizer cannot work on a function."""

    @property
    def batch_key(self) -> Hashable:
        """Optimizers of one key can be stepped together: same class, same flags, same terms left out.

        A number whose field says `structural` must be the same, too.
        """
        fields = [(getattr(self, field.name), field.metadata.get("structural")) for field in dataclasses.fields(self)]
        return type(self), tuple(value if structural else _shape(value) for value, structural in fields)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> Stepper:
        """What advances one run an optimizer, all of one `batch_key`, from the points x (d, R)."""
        raise NotImplementedError


def _shape(value: Any) -> Hashable:
    """What must agree between settings that share a batch: numbers may differ, but for which are zero."""
    if isinstance(value, Optimizer):
        return value.batch_key
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value == 0
    return cast(Hashable, value)


def check_names(cls: type[Optimizer], kind: str, settings: Iterable[str]) -> None:
    """An `InputError` for a setting the optimizer does not have; torch.optim's pairs are told their names here."""
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    for name in settings:
        if name in known:
            continue
        halves = PAIRS.get(name, ())
        if halves and set(halves) <= set(known):
            raise InputError(f"{kind}: {name} is given by its halves here, {halves[0]}=… and {halves[1]}=…")
        raise unknown(f"setting of {kind}", name, known)


def check_number(kind: str, name: str, value: Any, limits: Mapping[str, Any]) -> float:
    """The hyper-parameter as a float (an int where it is whole), or an `InputError` that says what it may be."""
    number = value
    if not isinstance(value, bool | int | float):
        try:
            number = value.item()  # a one-element tensor or array scalar
        except (AttributeError, TypeError, ValueError, RuntimeError):
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError(
            f"{kind}: {name} is one number, not {short(value)}; to compare several, give an optimizer each"
        )
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    fits = math.isfinite(number) and low <= number <= high
    fits = fits and not (limits.get("open_low") and number == low)
    fits = fits and not (limits.get("open_high") and number == high)
    whole = bool(limits.get("whole"))
    if not fits or (whole and number != int(number)):
        left = f"{'>' if limits.get('open_low') else '≥'} {low:g}" if low > -math.inf else ""
        right = f"{'<' if limits.get('open_high') else '≤'} {high:g}" if high < math.inf else ""
        bounds = " and ".join(bound for bound in (left, right) if bound)
        sort = "whole" if whole else "finite"
        raise InputError(f"{kind}: {name} must be a {sort} number{bounds and ' '}{bounds}, not {short(value)}")
    return int(number) if whole else number


def short(value: Any) -> str:
    """The value as one line that a message can bear."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer too long to be written
        text = "a very large number"
    return text if len(text) <= 80 else f"{text[:77]}..."
