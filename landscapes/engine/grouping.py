"""Which runs go together: those of one rule that differ in numbers alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.batch import Batch
from landscapes.optimizers.base import Rule
from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.scalars import Scalars

Numbers = Mapping[str, NDArray[np.float64]]

FEW = 256
"""Below so many runs a group, stepping all groups together beats stepping each fast."""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs of one rule: which of the job's they are, and the numbers in which they differ, shape (r,) each."""

    runs: NDArray[np.int64]
    rule: FirstOrder
    numbers: Numbers

    def scalars(self, own: NDArray[np.int64], like: Tensor) -> Scalars:
        """The step scalars of some of its runs, by their number in the group."""
        return Scalars(self.rule, {name: column[own] for name, column in self.numbers.items()}, like)


def grouped(rules: Sequence[Rule] | Batch) -> list[Group] | None:
    """Large groups of plain first-order rules; None where the runs are others, or make small groups.

    Raises `InputError` for numbers that the rule does not take.
    """
    if isinstance(rules, Batch):
        return list(_groups(rules)) if _is_plain(rules.rule, rules.numbers) else None
    kinds: dict[Hashable, list[int]] = {}
    for index, rule in enumerate(rules):
        kinds.setdefault(rule.batch_key, []).append(index)
    if len(rules) < FEW * len(kinds) or not all(_is_plain(rules[members[0]], {}) for members in kinds.values()):
        return None
    return [_group([rules[i] for i in members], np.array(members)) for members in kinds.values()]


def _is_plain(rule: Rule, numbers: Numbers) -> bool:
    """Whether the rule is `init`, `coef` and `update` alone, and the numbers are of its own and shape nothing."""
    if not isinstance(rule, FirstOrder) or not rule.needs_gradient:
        return False
    plain = vars(FirstOrder)["stepper"].__func__ is type(rule).stepper.__func__  # type: ignore[attr-defined]
    own = {field.name for field in dataclasses.fields(rule) if not field.metadata.get("structural")}
    return plain and set(numbers) <= own


def _group(rules: list[Rule], runs: NDArray[np.int64]) -> Group:
    first = rules[0]
    assert isinstance(first, FirstOrder)
    numbers = {}
    for field in dataclasses.fields(first):
        value = getattr(first, field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            column = np.array([getattr(rule, field.name) for rule in rules], dtype=np.float64)
            if (column != value).any():
                numbers[field.name] = column
    return Group(runs, first, numbers)


def _groups(batch: Batch) -> Iterator[Group]:
    """The runs of a batch, parted by which of their numbers are zero: a rule leaves out terms with those."""
    assert isinstance(batch.rule, FirstOrder)
    _check(batch)
    zero = np.zeros(batch.size, dtype=np.int64)
    for place, column in enumerate(batch.numbers.values()):
        zero |= (column == 0).astype(np.int64) << place
    for pattern in np.unique(zero).tolist():
        runs = np.flatnonzero(zero == pattern)
        gone = [name for place, name in enumerate(batch.numbers) if pattern >> place & 1]
        rule = batch.rule.with_numbers({name: column[runs[0]] for name, column in batch.numbers.items()})
        rest = {name: column[runs] for name, column in batch.numbers.items() if name not in gone}
        yield Group(runs, rule, rest)


def _check(batch: Batch) -> None:
    """An `InputError` for a number that the rule does not take: the ends of each range tell, unless numbers depend on one another."""
    if type(batch.rule).__post_init__ is not Rule.__post_init__:
        rows = np.unique(np.stack(list(batch.numbers.values()), 1), axis=0) if batch.numbers else np.empty((0, 0))
        for row in rows.tolist():
            batch.rule.with_numbers(dict(zip(batch.numbers, row, strict=True)))
        return
    for name, column in batch.numbers.items():
        for value in {float(column.min()), float(column.max())}:  # NaN if there is any
            batch.rule.with_numbers({name: value})
