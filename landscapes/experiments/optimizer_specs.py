"""Who takes part in a job: optimizers from names, and a label for each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from landscapes.errors import InputError
from landscapes.experiments import stored_lrs
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer, parse

Optimizers = Sequence[str | Optimizer] | Mapping[str, str | Optimizer] | str | Optimizer
"""Names ("adam", "adam(lr=0.05)") or optimizers, one or several, or a dict from labels to these."""


@dataclass(frozen=True)
class OptimizerSpec:
    """One optimizer of a job.

    Attributes:
        optimizer: the optimizer.
        label: the label that was given, None where none was.
        left_open: whether its learning rate is still to be found: a name that says none.
    """

    optimizer: Optimizer
    label: str | None = None
    left_open: bool = False


def parse_optimizers(optimizers: Any, what: str = "race") -> list[OptimizerSpec]:
    """The optimizers of a job, in order; at least one.

    Raises `InputError` for no optimizer at all, and for what is none.

    >>> [entry.optimizer.label for entry in parse_optimizers(["sgd", "adam(lr=0.1)"])]
    ['SGD', 'Adam']
    """
    if isinstance(optimizers, str | Optimizer):
        optimizers = [optimizers]
    try:
        given = list(optimizers.items()) if isinstance(optimizers, Mapping) else [(None, one) for one in optimizers]
    except TypeError:
        given = [(None, optimizers)]
    if not given:
        raise InputError(f'there is nobody to {what}: give at least one optimizer, as in ["adam", "sgd"]')
    found = []
    for label, entry in given:
        if not isinstance(entry, str | Optimizer):
            raise InputError(
                f"an optimizer is a name or an optimizer, not {entry!r}; wrap a torch optimizer: optimizers.Torch(MyOptimizer, lr=0.1)"
            )
        optimizer, left_open = parse(entry) if isinstance(entry, str) else (entry, False)
        found.append(OptimizerSpec(optimizer, label, left_open))
    return found


def with_tuned_lrs(
    entries: Sequence[OptimizerSpec], function: Function, start: Sequence[float], steps: int
) -> list[OptimizerSpec]:
    """The contenders with the learning rates that a sweep finds where they are left open (see `landscapes.experiments.stored_lrs`)."""
    found = iter(
        stored_lrs.learning_rates(function, [entry.optimizer for entry in entries if entry.left_open], start, steps)
    )
    return [
        replace(entry, optimizer=entry.optimizer.with_learning_rate(next(found))) if entry.left_open else entry
        for entry in entries
    ]


def labels(entries: Sequence[OptimizerSpec]) -> list[str]:
    """One label a contender, no two alike: the given ones, else the optimizer's, with its settings where two share it."""
    plain = [entry.optimizer.label if entry.label is None else entry.label for entry in entries]
    shared = {label for label in plain if plain.count(label) > 1}
    return unique([
        f"{label} {_apart(entry.optimizer)}".rstrip() if label in shared else label
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


def _apart(optimizer: Optimizer) -> str:
    """What tells an optimizer from others of its kind: its learning rate, or the settings that are not the usual ones."""
    return (
        optimizer.spec.partition("(")[2].removesuffix(")")
        if math.isnan(optimizer.learning_rate)
        else f"lr={optimizer.learning_rate:g}"
    )
