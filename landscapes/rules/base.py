"""What a rule is: hyper-parameters and a pure step, written once for one run and for many."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.oracle import Oracle
from landscapes.rules.arithmetic import Scalar

State = tuple[Tensor, ...]
Coefs = tuple[Scalar, ...]

NON_NEGATIVE: Mapping[str, Any] = {"low": 0.0}
POSITIVE: Mapping[str, Any] = {"low": 0.0, "open_low": True}
FRACTION: Mapping[str, Any] = {"low": 0.0, "high": 1.0, "open_high": True}
"""Ranges of hyper-parameters, for `dataclasses.field(metadata=...)`."""

PAIRS: Mapping[str, tuple[str, str]] = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_min", "step_max"),
}
"""What torch.optim takes in pairs: here each half has its name, so that a sweep can vary it."""


class Stepper(Protocol):
    """Several runs of one kind of rule, advancing together."""

    def step(self, t: int, x: Tensor, gradient: Tensor, oracle: Oracle) -> Tensor:
        """The points (d, R) after step t = 1, 2, …, from the points and the gradients there."""
        ...


@dataclass(frozen=True)
class Rule:
    """An optimizer with its hyper-parameters; equal ones are the same optimizer.

    A subclass is a frozen dataclass whose fields are the hyper-parameters. What they may be stands in
    each field's metadata, and is checked when one is made.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """What the rule is called in strings, the first one being canonical."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Names for well-known settings: "momentum" is SGD with momentum 0.9."""

    tunable: ClassVar[str] = "lr"
    """The hyper-parameter that is tuned where a race leaves it open."""

    lr: Scalar = 1e-3

    def __new__(cls, *values: Any, **settings: Any) -> Self:
        check_names(cls, cls.__name__, settings)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not isinstance(field.default, bool | int | float):
                continue
            if isinstance(field.default, bool):
                if not isinstance(value, bool):
                    raise InputError(f"{self.kind}: {field.name} is True or False, not {value!r}")
                continue
            object.__setattr__(self, field.name, check_number(self.kind, field.name, value, field.metadata))

    @property
    def kind(self) -> str:
        """The rule's class, as people write it."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """The name a picture shows."""
        return self.kind

    @property
    def spec(self) -> str:
        """The rule as text that gives it back: "adam(lr=0.05)"; defaults are left out, lr is not."""
        settings = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name == self.tunable or getattr(self, field.name) != field.default
        ]
        return f"{self.names[0] if self.names else self.kind}({', '.join(settings)})"

    @property
    def batch_key(self) -> Hashable:
        """Rules of one key can be stepped together: same class, same flags, same terms left out."""
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return type(self), tuple(value if isinstance(value, bool) else value == 0 for value in values)

    @classmethod
    def stepper(cls, rules: Sequence[Rule], x: Tensor) -> Stepper:
        """What advances one run a rule, all of one `batch_key`, from the points x (d, R)."""
        raise NotImplementedError


First = TypeVar("First", bound="FirstOrder")


@dataclass(frozen=True)
class FirstOrder(Rule):
    """A rule that needs one gradient a step and treats each coordinate alone.

    `init`, `coef` and `update` are pure. In `init` and `update`, points and gradients are (d, R) and
    hyper-parameters are numbers where all runs agree, else (R,) tensors, which broadcast over d. What is
    computed from hyper-parameters alone belongs in `coef`, which does it in double precision whatever
    the points have; there, hyper-parameters on which the rules differ are numpy columns, so `coef` has no
    `if` on them, and takes powers by `power`.
    """

    def init(self, p: Tensor) -> State:
        """The state before the first step, for points (d, R)."""
        return ()

    def coef(self, t: int) -> Coefs:
        """The scalars of step t = 1, 2, …: plain numbers in torch.optim's own rounding."""
        return ()

    def update(self, p: Tensor, g: Tensor, s: State, c: Coefs) -> tuple[Tensor, State]:
        """The points and the state after one step."""
        raise NotImplementedError

    @classmethod
    def stepper(cls, rules: Sequence[Rule], x: Tensor) -> Stepper:
        return _FirstOrderStepper(cast(Sequence[FirstOrder], rules), x)


class _FirstOrderStepper:
    """Runs of one first-order rule: their hyper-parameters stacked, their state in one piece."""

    def __init__(self, rules: Sequence[FirstOrder], x: Tensor) -> None:
        distinct = list(dict.fromkeys(rules))
        place = {rule: i for i, rule in enumerate(distinct)}
        self.index = torch.tensor([place[rule] for rule in rules], device=x.device)
        self.distinct = stacked(distinct)
        self.rule = stacked(rules, x)
        self.state = self.rule.init(x)
        self.known: dict[int, tuple[NDArray[np.float64], Tensor]] = {}

    def step(self, t: int, x: Tensor, gradient: Tensor, oracle: Oracle) -> Tensor:
        with np.errstate(all="ignore"):  # what overflows is infinite, as in Python and torch
            scalars = self.distinct.coef(t)
        coefs = tuple(self._a_run(number, scalar, x) for number, scalar in enumerate(scalars))
        x, self.state = self.rule.update(x, gradient, self.state, coefs)
        return x

    def _a_run(self, number: int, scalar: Any, x: Tensor) -> Scalar:
        """A step scalar as the update takes it; one that does not change with t is moved there once."""
        if not isinstance(scalar, np.ndarray):
            return cast(float, scalar)
        if number not in self.known or not np.array_equal(self.known[number][0], scalar):
            tensor = torch.as_tensor(scalar, dtype=x.dtype, device=x.device)
            self.known[number] = scalar, tensor[self.index]
        return self.known[number][1]


def stacked(rules: Sequence[First], x: Tensor | None = None) -> First:
    """One rule with the hyper-parameters of all: a number where they agree, else one number a rule.

    These are tensors as x is, for `update`; without x they are numpy columns, for `coef`.
    """
    first = rules[0]
    batch = object.__new__(type(first))
    for field in dataclasses.fields(first):
        values = [getattr(rule, field.name) for rule in rules]
        value: Any = values[0]
        if any(other != value for other in values):
            value = np.array(values) if x is None else torch.tensor(values, dtype=x.dtype, device=x.device)
        object.__setattr__(batch, field.name, value)
    return batch


def check_names(cls: type[Rule], kind: str, settings: Iterable[str]) -> None:
    """An `InputError` for a setting the rule does not have; torch.optim's pairs are told their names here."""
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    for name in settings:
        if name in known:
            continue
        halves = PAIRS.get(name, ())
        if halves and set(halves) <= set(known):
            raise InputError(f"{kind}: {name} is given by its halves here, {halves[0]}=… and {halves[1]}=…")
        raise unknown(f"setting of {kind}", name, known)


def check_number(kind: str, name: str, value: Any, limits: Mapping[str, Any]) -> float:
    """The hyper-parameter as a float, or an `InputError` that says what it may be."""
    number = value
    if not isinstance(value, bool | int | float):
        try:
            number = value.item()  # a one-element tensor or array scalar
        except (AttributeError, TypeError, ValueError, RuntimeError):
            number = None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError(f"{kind}: {name} is one number, not {short(value)}; to compare several, give a rule each")
    try:
        number = float(number)
    except OverflowError:
        number = math.inf
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    fits = math.isfinite(number) and low <= number <= high
    fits = fits and not (limits.get("open_low") and number == low)
    fits = fits and not (limits.get("open_high") and number == high)
    if not fits:
        left = f"{'>' if limits.get('open_low') else '≥'} {low:g}" if low > -math.inf else ""
        right = f"{'<' if limits.get('open_high') else '≤'} {high:g}" if high < math.inf else ""
        bounds = " and ".join(bound for bound in (left, right) if bound)
        raise InputError(f"{kind}: {name} must be a finite number{bounds and ' '}{bounds}, not {short(value)}")
    return number


def short(value: Any) -> str:
    """The value as one line that a message can bear."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an integer too long to be written
        text = "a very large number"
    return text if len(text) <= 80 else f"{text[:77]}..."
