"""Parse the optimizers of an experiment: names, objects and labels."""

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
    """One optimizer of an experiment.

    Attributes:
        optimizer: the optimizer.
        label: the given label, or None.
        lr_open: whether its learning rate is to be tuned: it was given as a name without one.
    """

    optimizer: Optimizer
    label: str | None = None
    lr_open: bool = False


def parse_optimizers(optimizers: Any, what: str = "race") -> list[OptimizerSpec]:
    """Return the optimizers of an experiment, in order.

    Raises `InputError` for no optimizers, and for anything that is not one. `what` is the verb of the message.

    >>> [spec.optimizer.label for spec in parse_optimizers(["sgd", "adam(lr=0.1)"])]
    ['SGD', 'Adam']
    """
    if isinstance(optimizers, str | Optimizer):
        optimizers = [optimizers]
    try:
        given = list(optimizers.items()) if isinstance(optimizers, Mapping) else [(None, one) for one in optimizers]
    except TypeError:
        given = [(None, optimizers)]
    if not given:
        raise InputError(f'no optimizers to {what}; give at least one, such as ["adam", "sgd"]')
    found = []
    for label, one in given:
        if not isinstance(one, str | Optimizer):
            raise InputError(
                f"an optimizer must be a name or an optimizer, got {one!r}; "
                "wrap a torch optimizer: optimizers.Torch(MyOptimizer, lr=0.1)"
            )
        optimizer, lr_open = parse(one) if isinstance(one, str) else (one, False)
        found.append(OptimizerSpec(optimizer, label, lr_open))
    return found


def with_tuned_lrs(
    specs: Sequence[OptimizerSpec], function: Function, start: Sequence[float], steps: int
) -> list[OptimizerSpec]:
    """Return the optimizers with tuned learning rates where these are open; see `landscapes.experiments.stored_lrs`."""
    found = iter(stored_lrs.learning_rates(function, [spec.optimizer for spec in specs if spec.lr_open], start, steps))
    return [
        replace(spec, optimizer=spec.optimizer.with_learning_rate(next(found))) if spec.lr_open else spec
        for spec in specs
    ]


def labels(specs: Sequence[OptimizerSpec]) -> list[str]:
    """Return one unique label per optimizer: the given one, else its own, with its settings if two share it."""
    plain = [spec.optimizer.label if spec.label is None else spec.label for spec in specs]
    shared = {label for label in plain if plain.count(label) > 1}
    return unique_labels(
        [
            f"{label} {_distinguishing(spec.optimizer)}".rstrip() if label in shared else label
            for label, spec in zip(plain, specs, strict=True)
        ]
    )


def unique_labels(names: Sequence[str]) -> list[str]:
    """Return the names; a repeated one gets its number.

    >>> unique_labels(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    found: list[str] = []
    for name in names:
        candidates = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
        found.append(next(candidate for candidate in candidates if candidate not in found))
    return found


def _distinguishing(optimizer: Optimizer) -> str:
    """Return what distinguishes an optimizer from others of its kind: its learning rate, else its settings."""
    return (
        optimizer.spec.partition("(")[2].removesuffix(")")
        if math.isnan(optimizer.learning_rate)
        else f"lr={optimizer.learning_rate:g}"
    )
