"""Measures of the runs of a grid, as arrays along its axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown
from landscapes.record import FAILED, Record, filled
from landscapes.render.plots.inputs import HUGE

Numbers = NDArray[np.float64]

REPEATS = ("start", "seed")
"""Axes over which pictures show the median."""

FLOOR = 1e-16
"""Gaps are clipped below this share of the first one."""

LEAST = 5e-324
"""The smallest positive number; gaps below it are zeros, which a log scale cannot hold."""


@dataclass(frozen=True)
class Measure:
    """A measure of a run.

    Attributes:
        title: the axis label.
        log: whether it is drawn on a log scale.
        failed: the value for a failed run; NaN for none.
    """

    title: str
    log: bool
    failed: float = math.nan


MEASURES = {
    "gap": Measure("final gap to the minimum", log=True),
    "final": Measure("final loss", log=False),
    "lowest": Measure("lowest loss", log=False),
    "steps": Measure("steps to the target", log=True, failed=math.inf),
    "gradients": Measure("gradient evaluations", log=True),
    "success": Measure("success rate", log=False, failed=0.0),
}
"""The measures of a sweep by name. All but `success` are better if smaller."""


SHARE = Measure("share of the initial gap that remains", log=True)
"""The measure "gap" over several functions, whose gaps have units of their own."""


@dataclass(frozen=True, eq=False)
class GridValues:
    """A measure along the axes of a grid.

    Attributes:
        values: shape of the axes; NaN if most runs failed, inf if most do not reach the target.
        axes: the settings along each axis.
        measure: the measure.
        over: other settings, over which values are the best.
    """

    values: Numbers
    axes: dict[str, list[Any]]
    measure: Measure
    over: tuple[str, ...] = ()

    @property
    def best(self) -> tuple[int, ...]:
        """The index of the best value, the first of equal ones."""
        score = -self.values if self.measure is MEASURES["success"] else self.values
        score = np.where(np.isfinite(score), score, np.inf)
        return tuple(int(i) for i in np.unravel_index(int(np.argmin(score)), score.shape))

    @property
    def edges(self) -> list[str]:
        """The numeric axes at whose end the best value lies."""
        return [
            name
            for (name, along), place in zip(self.axes.items(), self.best, strict=True)
            if len(along) > 2
            and place in (0, len(along) - 1)
            and all(isinstance(entry, int | float) and not isinstance(entry, bool) for entry in along)
        ]


def grid_values(record: Record, measure: str, along: Sequence[str]) -> GridValues:
    """Return a measure along some axes: the median over starts and seeds, the best over other axes.

    Raises `InputError` for a record without a grid of runs, an unknown measure or axis, and a measure that the
    record lacks.
    """
    numbers = run_values(record, measure)
    for name in along:
        if name not in record.axes:
            raise unknown("axis of this record", name, record.axes)
    names = list(record.axes)
    functions = record.axes.get("function", [])
    if len(functions) > 1 and "function" not in along:
        raise InputError(
            f'this record has {len(functions)} functions: choose one, as in record.sel(function="{functions[0]}"), or '
            'draw them with along=["function", …]'
        )
    pooled = (*REPEATS, "study")  # of a comparison
    repeats = tuple(i for i, name in enumerate(names) if name in pooled and name not in along)
    if repeats:
        numbers = np.mean(numbers, repeats) if measure == "success" else _middle(numbers, repeats)
        names = [name for i, name in enumerate(names) if i not in repeats]
    others = tuple(i for i, name in enumerate(names) if name not in along)
    if others:
        best = np.nanmax if measure == "success" else _least
        numbers = best(numbers, axis=others)
        names = [name for name in names if name in along]
    order = [names.index(name) for name in along]
    axes = {name: record.axes[name] for name in along}
    return GridValues(np.transpose(numbers, order), axes, measure_of(record, measure), settings_over(record, along))


def settings_over(record: Record, along: Sequence[str]) -> tuple[str, ...]:
    """Return the settings with several values that are not shown, of which a picture shows the best."""
    return tuple(
        name for name, entries in record.axes.items() if len(entries) > 1 and name not in (*along, *REPEATS, "study")
    )


def measure_of(record: Record, name: str) -> Measure:
    """Return a measure by name; over several functions, a gap is a share."""
    return SHARE if name == "gap" and "minimum" in record.trajectories.runs else MEASURES[name]


def known_measure(record: Record, measure: str) -> str:
    """Return the measure, "final" in place of "gap" without a known minimum, "steps" if that of a function is not."""
    if measure != "gap":
        return measure
    minimum = record.trajectories.runs.get("minimum")
    if minimum is not None:
        return measure if np.isfinite(np.asarray(minimum, float)).all() else "steps"
    return measure if math.isfinite(record.meta.get("minimum", math.nan)) else "final"


def nothing_found(measure: str) -> str:
    """Return the note on a picture in which no setting has a value of a measure.

    >>> nothing_found("steps"), nothing_found("gap")
    ('no setting reaches the target', 'every setting fails')
    """
    return "no setting reaches the target" if measure == "steps" else "every setting fails"


def run_values(record: Record, measure: str) -> Numbers:
    """Return a measure of each run, in the shape of the record's axes; NaN for failed runs.

    Raises `InputError` for a record without a grid of runs, an unknown measure, and one that the record lacks.
    """
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    if not isinstance(record, Record) or not record.axes:
        raise InputError("expected the record of a sweep, as returned by sweep()")
    return record.grid(_numbers(record, measure, MEASURES[measure]))


def _numbers(record: Record, name: str, measure: Measure) -> Numbers:
    """Return the measure of each run."""
    runs = record.trajectories.runs
    column = {"gap": "final", "steps": "reached", "success": "reached", "gradients": "n_gradients"}.get(name, name)
    if column not in runs:
        raise InputError(f"this record lacks the {measure.title}; sweep() records it")
    numbers = np.asarray(filled(runs[column]), float)
    aims = "target" in runs or record.meta.experiment == "compare" or record.meta.get("target") is not None
    if name in ("steps", "success") and not aims:
        raise InputError(f"{measure.title}: this record has no target; give one, as in sweep(..., target=1e-6)")
    if name == "gap":
        if "minimum" in runs:
            return _shares(record, numbers, measure)
        minimum = float(record.meta.minimum)
        if not math.isfinite(minimum):
            raise InputError("the minimum of this function is not known: use measure='final'")
        first = float(np.nanmax(record.trajectories.loss[:, 0])) - minimum
        numbers = np.maximum(numbers - minimum, max(FLOOR * first, LEAST) if first > 0 else 0.0)
    if name == "success":
        return np.where(numbers >= 0, 1.0, 0.0)
    if name == "steps":
        numbers = np.where(numbers >= 0, np.maximum(numbers, 1), np.inf)
    return np.where(np.isin(runs["status"], (*FAILED, "not run")), measure.failed, numbers)


def _shares(record: Record, final: Numbers, measure: Measure) -> Numbers:
    """Return the share of the initial gap that remains of each run of a sweep over several functions."""
    runs = record.trajectories.runs
    minimum = np.asarray(runs["minimum"], float)
    if not np.isfinite(minimum).all():
        unknown_here = dict.fromkeys(map(str, np.asarray(runs["function"])[~np.isfinite(minimum)]))
        raise InputError(f"the minimum of {', '.join(unknown_here)} is not known: use measure='steps' or 'final'")
    first = record.trajectories.loss[:, 0] - minimum
    share = np.where(first > 0, np.maximum(final - minimum, 0.0) / np.where(first > 0, first, 1.0), 0.0)
    failed = np.isin(runs["status"], (*FAILED, "not run"))
    return np.where(failed, measure.failed, np.maximum(share, FLOOR))


def median(numbers: Numbers, axes: int | tuple[int, ...]) -> Numbers:
    """Return the median over axes; numpy's overflows for huge values."""
    unit = 2.0 if np.max(numbers, initial=0.0, where=np.isfinite(numbers)) > HUGE else 1.0
    return np.asarray(np.median(numbers / unit, axis=axes) * unit)


def _middle(numbers: Numbers, axes: tuple[int, ...]) -> Numbers:
    """Return the median over axes; NaN if at least half of the values are."""
    worst = np.where(np.isnan(numbers), np.inf, numbers)
    middle = median(worst, axes)
    failed = np.isnan(numbers).mean(axes) >= 0.5
    return np.where(failed, np.nan, middle)


def _least(numbers: Numbers, axis: tuple[int, ...]) -> Numbers:
    """Return the minimum over axes; NaN if all values are."""
    least = np.min(np.where(np.isnan(numbers), np.inf, numbers), axis=axis)
    return np.where(np.isnan(numbers).all(axis), np.nan, least)
