"""Rules around rules: what is done to the gradient, the learning rate or the point, whatever the optimizer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objective import Function
from landscapes.rules.base import Rule, short
from landscapes.rules.firstorder import stacked
from landscapes.rules.stepping import Job, Moment, Stepper

NOTHING: Any = object()
"""What stands where no rule was given."""


@dataclass(frozen=True)
class Wrapper(Rule):
    """A rule with something done to it; wrappers nest, the outermost one acts first.

    A subclass adds its settings as fields after `rule`, says in `note` what a label shows of it, and has a
    `stepper` of its own. In text, the rule stands first: "clip(adam(lr=0.05), norm=1)".

    Args:
        rule: the rule inside.

    Raises `InputError` where that is no rule.
    """

    rule: Rule = NOTHING

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rule, Rule):
            given = "nothing" if self.rule is NOTHING else short(self.rule)
            raise InputError(f"{self.kind} takes a rule first, as in {self.kind}(rules.Adam(lr=0.05)), not {given}")

    @property
    def note(self) -> str:
        """What a label says of the wrapper, in a word or two."""
        return self.names[0] if self.names else self.kind

    @property
    def label(self) -> str:
        return f"{self.rule.label} · {self.note}"

    @property
    def spec(self) -> str:
        settings = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in dataclasses.fields(self)
            if field.name != "rule" and getattr(self, field.name) != field.default
        ]
        return f"{self.names[0] if self.names else self.kind}({', '.join([self.rule.spec, *settings])})"

    @property
    def rate(self) -> float:
        return self.rule.rate

    def at_rate(self, rate: float) -> Self:
        return dataclasses.replace(self, rule=self.rule.at_rate(rate))

    @property
    def needs_gradient(self) -> bool:
        return self.rule.needs_gradient

    def check(self, function: Function) -> None:
        self.rule.check(function)


class WrappedStepper(Stepper):
    """Steps the rules inside; a subclass does its part before or after.

    Attributes:
        inner: what steps the rules inside.
        settings: the wrapper's own settings, stacked: numbers where all agree, else (R,) tensors.
    """

    def __init__(self, rules: Sequence[Rule], x: Tensor, job: Job) -> None:
        inside = [cast(Wrapper, rule).rule for rule in rules]
        self.inner = type(inside[0]).stepper(inside, x, job)
        self.settings: Any = stacked(rules, x)
        self.job = job

    def step(self, now: Moment) -> Tensor:
        return self.inner.step(now)

    def adjust(self, name: str, values: NDArray[np.float64]) -> None:
        self.inner.adjust(name, values)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.inner.reset(runs, x)

    def buffers(self) -> Mapping[str, Tensor]:
        return self.inner.buffers()

    def finished(self) -> Tensor | None:
        return self.inner.finished()


def innermost(rule: Rule) -> Rule:
    """The optimizer within all wrappers."""
    while isinstance(rule, Wrapper):
        rule = rule.rule
    return rule


def per_run(value: Any, like: Tensor) -> Tensor:
    """A setting as one number a run, shape (R,), for points like (d, R)."""
    return value if isinstance(value, Tensor) else torch.full_like(like[0], math.nan if value is None else value)
