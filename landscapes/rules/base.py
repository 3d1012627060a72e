"""What a rule is: hyper-parameters and a pure step, written once for one run and for many."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar, cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.oracle import Oracle

Scalar = float | Tensor
"""A hyper-parameter or a step scalar: a number, or one number a run, shape (R,)."""

State = tuple[Tensor, ...]
Coefs = tuple[Scalar, ...]

NON_NEGATIVE: Mapping[str, Any] = {"low": 0.0}
POSITIVE: Mapping[str, Any] = {"low": 0.0, "open_low": True}
FRACTION: Mapping[str, Any] = {"low": 0.0, "high": 1.0, "open_high": True}
"""Ranges of hyper-parameters, for `dataclasses.field(metadata=...)`."""


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

    `init`, `coef` and `update` are pure; inside the engine points and gradients are (d, R) and
    hyper-parameters are numbers where all runs agree, else (R,) tensors, which broadcast over d.
    """

    def init(self, p: Tensor) -> State:
        """The state before the first step, for points (d, R)."""
        return ()

    def coef(self, t: int) -> Coefs:
        """What depends on the step t = 1, 2, … alone, as plain numbers in torch.optim's own rounding."""
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
        self.distinct = list(dict.fromkeys(rules))
        place = {rule: i for i, rule in enumerate(self.distinct)}
        self.index = torch.tensor([place[rule] for rule in rules], device=x.device)
        self.rule = stacked(rules, x)
        self.state = self.rule.init(x)

    def step(self, t: int, x: Tensor, gradient: Tensor, oracle: Oracle) -> Tensor:
        x, self.state = self.rule.update(x, gradient, self.state, self._coef(t, x))
        return x

    def _coef(self, t: int, x: Tensor) -> Coefs:
        """Step scalars in Python's arithmetic, as torch.optim has them: a power taken by a tensor
        operation may differ in the last bit."""
        rows = [rule.coef(t) for rule in self.distinct]
        if len(rows) == 1:
            return rows[0]
        columns = zip(*rows, strict=True)
        return tuple(
            column[0] if len(set(column)) == 1 else torch.tensor(column, dtype=x.dtype, device=x.device)[self.index]
            for column in columns
        )


def stacked(rules: Sequence[First], x: Tensor) -> First:
    """One rule whose hyper-parameters are those of all: a number where they agree, else (R,)."""
    first = rules[0]
    batch = object.__new__(type(first))
    for field in dataclasses.fields(first):
        values = [getattr(rule, field.name) for rule in rules]
        same = all(value == values[0] for value in values)
        value = values[0] if same else torch.tensor(values, dtype=x.dtype, device=x.device)
        object.__setattr__(batch, field.name, value)
    return batch


def check_number(kind: str, name: str, value: Any, limits: Mapping[str, Any]) -> float:
    """The hyper-parameter as a float, or an `InputError` that says what it may be."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            value = value.item()  # a one-element tensor or array scalar
        except (AttributeError, ValueError, RuntimeError):
            raise InputError(
                f"{kind}: {name} is one number, not {value!r}; to compare several, give a rule each"
            ) from None
    value = float(value)
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    fits = math.isfinite(value) and low <= value <= high
    fits = fits and not (limits.get("open_low") and value == low) and not (limits.get("open_high") and value == high)
    if not fits:
        left = ">" if limits.get("open_low") else "≥"
        right = f" and {'<' if limits.get('open_high') else '≤'} {high:g}" if high < math.inf else ""
        bounds = f"{left} {low:g}{right}" if low > -math.inf else "finite"
        raise InputError(f"{kind}: {name} must be a number {bounds}, not {value!r}")
    return value


def absent(s: Scalar) -> bool:
    """Whether a term with this factor is left out, as torch.optim leaves it out (see `batch_key`)."""
    return not isinstance(s, Tensor) and s == 0


# torch.optim's in-place kernels round as fused multiply-adds; with one number a run the same rounding
# comes from these forms (for a plain number, from the scalar overloads themselves).


def add_scaled(a: Tensor, s: Scalar, b: Tensor) -> Tensor:
    """a + s·b, rounded as `a.add_(b, alpha=s)`."""
    return torch.addcmul(a, b, s) if isinstance(s, Tensor) else torch.add(a, b, alpha=s)


def add_product(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """a + s·b·c, rounded as `a.addcmul_(b, c, value=s)`."""
    return torch.addcmul(a, s * b, c) if isinstance(s, Tensor) else torch.addcmul(a, b, c, value=s)


def add_quotient(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """a + s·b/c, rounded as `a.addcdiv_(b, c, value=s)`."""
    return torch.addcdiv(a, s * b, c) if isinstance(s, Tensor) else torch.addcdiv(a, b, c, value=s)
