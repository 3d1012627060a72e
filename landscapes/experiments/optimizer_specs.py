"""Who takes part in a job: rules from names, and a label for each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from landscapes.errors import InputError
from landscapes.experiments import stored_lrs
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Rule, parse

Optimizers = Sequence[str | Rule] | Mapping[str, str | Rule] | str | Rule
"""Names ("adam", "adam(lr=0.05)") or rules, one or several, or a dict from labels to these."""


@dataclass(frozen=True)
class Contender:
    """One optimizer of a job.

    Attributes:
        rule: the rule.
        label: the label that was given, None where none was.
        left_open: whether its learning rate is still to be found: a name that says none.
    """

    rule: Rule
    label: str | None = None
    left_open: bool = False


def contenders(optimizers: Any, what: str = "race") -> list[Contender]:
    """The optimizers of a job, in order; at least one.

    Raises `InputError` for no optimizer at all, and for what is none.

    >>> [entry.rule.label for entry in contenders(["sgd", "adam(lr=0.1)"])]
    ['SGD', 'Adam']
    """
    if isinstance(optimizers, str | Rule):
        optimizers = [optimizers]
    try:
        given = list(optimizers.items()) if isinstance(optimizers, Mapping) else [(None, one) for one in optimizers]
    except TypeError:
        given = [(None, optimizers)]
    if not given:
        raise InputError(f'there is nobody to {what}: give at least one optimizer, as in ["adam", "sgd"]')
    found = []
    for label, entry in given:
        if not isinstance(entry, str | Rule):
            raise InputError(
                f"an optimizer is a name or a rule, not {entry!r}; wrap a torch optimizer: optimizers.Torch(MyOptimizer, lr=0.1)"
            )
        rule, left_open = parse(entry) if isinstance(entry, str) else (entry, False)
        found.append(Contender(rule, label, left_open))
    return found


def at_found_rates(
    entries: Sequence[Contender], function: Function, start: Sequence[float], steps: int
) -> list[Contender]:
    """The contenders with the learning rates that a sweep finds where they are left open (see `landscapes.experiments.stored_lrs`)."""
    found = iter(stored_lrs.rates(function, [entry.rule for entry in entries if entry.left_open], start, steps))
    return [replace(entry, rule=entry.rule.at_rate(next(found))) if entry.left_open else entry for entry in entries]


def labels(entries: Sequence[Contender]) -> list[str]:
    """One label a contender, no two alike: the given ones, else the rule's, with its settings where two share it."""
    plain = [entry.rule.label if entry.label is None else entry.label for entry in entries]
    shared = {label for label in plain if plain.count(label) > 1}
    return unique([
        f"{label} {_apart(entry.rule)}".rstrip() if label in shared else label
        for label, entry in zip(plain, entries, strict=True)
    ])  # fmt: skip


def unique(names: Sequence[str]) -> list[str]:
    """The names, those that were there before with their number.

    >>> unique(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    found: list[str] = []
    for name in names:
        candidates = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
        found.append(next(candidate for candidate in candidates if candidate not in found))
    return found


def _apart(rule: Rule) -> str:
    """What tells a rule from others of its kind: its learning rate, or the settings that are not the usual ones."""
    return rule.spec.partition("(")[2].removesuffix(")") if math.isnan(rule.rate) else f"lr={rule.rate:g}"
