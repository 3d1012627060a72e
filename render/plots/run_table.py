"""What a record of very many runs says, as arrays along its axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown
from landscapes.record import FAILED, Record, filled

Numbers = NDArray[np.float64]

REPEATS = ("start", "seed")
"""Axes that are no choice of the user's: a picture shows the middle over them."""

FLOOR = 1e-16
"""Gaps below this share of the first one are not told apart."""

GUARANTEED = 1e-300


@dataclass(frozen=True)
class Quantity:
    """A number that a run leaves behind.

    Attributes:
        title: how it is called.
        log: whether it is told on a log scale.
        failed: what stands for a run that failed; NaN for nothing.
    """

    title: str
    log: bool
    failed: float = math.nan


QUANTITIES = {
    "gap": Quantity("final gap to the minimum", log=True),
    "final": Quantity("final value", log=False),
    "lowest": Quantity("lowest value met", log=False),
    "steps": Quantity("steps to the target", log=True, failed=math.inf),
    "gradients": Quantity("gradient evaluations", log=True),
    "success": Quantity("share of runs that reach the target", log=False, failed=0.0),
}
"""What can be shown of a sweep, by name. All but `success` are better the smaller they are."""


@dataclass(frozen=True, eq=False)
class Table:
    """A quantity along the axes of a grid.

    Attributes:
        values: shape of the axes; NaN where most runs failed, inf where most never arrive.
        axes: what stands along each.
        quantity: what it is.
    """

    values: Numbers
    axes: dict[str, list[Any]]
    quantity: Quantity

    @property
    def best(self) -> tuple[int, ...]:
        """Where the best value is: the first of them."""
        worth = -self.values if self.quantity is QUANTITIES["success"] else self.values
        worth = np.where(np.isfinite(worth), worth, np.inf)
        return tuple(int(i) for i in np.unravel_index(int(np.argmin(worth)), worth.shape))

    @property
    def edges(self) -> list[str]:
        """The axes at whose end the best value is: beyond it there may be better ones."""
        return [
            name
            for (name, along), place in zip(self.axes.items(), self.best, strict=True)
            if len(along) > 2
            and place in (0, len(along) - 1)
            and all(isinstance(entry, int | float) for entry in along)
        ]


def table(record: Record, value: str, along: Sequence[str]) -> Table:
    """A quantity of a sweep along some of its axes: the median over starts and seeds, and the best over other axes.

    Raises `InputError` for a record without a grid of runs, an unknown quantity or axis, and a quantity that the record does
    not tell.
    """
    numbers = numbers_of(record, value)
    for name in along:
        if name not in record.axes:
            raise unknown("axis of this record", name, record.axes)
    names = list(record.axes)
    repeats = tuple(i for i, name in enumerate(names) if name in REPEATS and name not in along)
    if repeats:
        numbers = np.mean(numbers, repeats) if value == "success" else _middle(numbers, repeats)
        names = [name for i, name in enumerate(names) if i not in repeats]
    others = tuple(i for i, name in enumerate(names) if name not in along)
    if others:
        best = np.nanmax if value == "success" else _least
        numbers = best(numbers, axis=others)
        names = [name for name in names if name in along]
    order = [names.index(name) for name in along]
    return Table(np.transpose(numbers, order), {name: record.axes[name] for name in along}, QUANTITIES[value])


def numbers_of(record: Record, value: str) -> Numbers:
    """A quantity of each run, in the shape of the record's axes; NaN for runs that failed.

    Raises `InputError` for a record without a grid of runs, an unknown quantity, and one that the record does not tell.
    """
    if value not in QUANTITIES:
        raise unknown("quantity", value, QUANTITIES)
    if not isinstance(record, Record) or not record.axes:
        raise InputError("this is drawn from a grid of runs, which sweep() records; a race has none")
    return record.grid(_numbers(record, value, QUANTITIES[value]))


def _numbers(record: Record, value: str, quantity: Quantity) -> Numbers:
    """The quantity of each run."""
    runs = record.trajectories.runs
    column = {"gap": "final", "steps": "reached", "success": "reached"}.get(value, value)
    if column not in runs:
        raise InputError(f"this record does not tell {quantity.title}; sweep() does")
    numbers = np.asarray(filled(runs[column]), float)
    if value in ("steps", "success") and record.meta.get("target") is None:
        raise InputError(f"{quantity.title}: this record has no target; give one, as in sweep(..., target=1e-6)")
    if value == "gap":
        minimum = float(record.meta["minimum"])
        if not math.isfinite(minimum):
            raise InputError("the minimum of this landscape is not known: show value='final'")
        first = float(np.nanmax(record.trajectories.loss[:, 0])) - minimum
        numbers = np.maximum(numbers - minimum, max(FLOOR * first, GUARANTEED))
    if value == "success":
        return np.where(numbers >= 0, 1.0, 0.0)
    if value == "steps":
        numbers = np.where(numbers >= 0, np.maximum(numbers, 1), np.inf)
    return np.where(np.isin(runs["status"], (*FAILED, "not run")), quantity.failed, numbers)


def _middle(numbers: Numbers, axes: tuple[int, ...]) -> Numbers:
    """The median over axes, where most are numbers; NaN where most are not."""
    worst = np.where(np.isnan(numbers), np.inf, numbers)
    middle = np.median(worst, axis=axes)
    failed = np.isnan(numbers).mean(axes) >= 0.5
    return np.where(failed, np.nan, middle)


def _least(numbers: Numbers, axis: tuple[int, ...]) -> Numbers:
    """The least over axes, NaN only where all are."""
    least = np.min(np.where(np.isnan(numbers), np.inf, numbers), axis=axis)
    return np.where(np.isnan(numbers).all(axis), np.nan, least)
