"""Select parts of a grid of runs: one entry of an axis, or each optimizer at its best learning rate. Numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.analysis.costs import find_tolerance
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record, steps_or_inf
from landscapes.record._selection import taken


def only(record: Record, axis: str, entry: Any) -> Record:
    """Return the part of a grid of runs at one entry of an axis, without this axis.

    Unlike `Record.sel` it takes an exact entry and always drops the axis.

    Raises:
        InputError: for an axis or an entry that the record does not have.

    >>> from landscapes import compare
    >>> record = compare("booth", ["adam", "sgd"], lr_grid=[0.01, 0.1], starts=3, steps=20)
    >>> only(record, "lr", 0.1).axes
    {'function': ['booth'], 'optimizer': ['Adam', 'SGD'], 'start': [0, 1, 2], 'seed': [0]}
    """
    entries = _axis(record, axis)
    if entry not in entries:
        raise InputError(f"axis {axis} has no entry {entry!r}; it has {', '.join(map(str, entries))}")
    numbers = record.grid(np.arange(len(record.trajectories)))
    return _without(record, axis, np.take(numbers, entries.index(entry), list(record.axes).index(axis)))


@suggests_arguments
def at_best_lr(record: Record, tolerance: float | None = None) -> Record:
    """Return a comparison with each optimizer at its best learning rate, function by function.

    Learning rates are cross-validated. Starts of even number use the rate that is best on starts of odd number, and
    vice versa. The best rate has the smallest expected number of steps to the tolerance
    (`profiles.expected_running_time`); a failed run costs all steps. If no rate reaches the tolerance, the next larger
    one decides.

    Args:
        record: what `compare(..., lr_grid=[…])` returns, with at least 2 starts.
        tolerance: one of its tolerances; by default the last.

    Returns:
        The comparison without the axis `lr`. The column `lr` holds the chosen rates, `meta.chosen_for` the
        tolerance, by which tables and plots then judge, and `meta.lr_grid` the rates tried.

    Raises:
        InputError: for another record, fewer than 2 starts, or a tolerance that the comparison does not have.

    >>> from landscapes import compare
    >>> record = compare("booth", ["adam", "sgd"], lr_grid=[1e-3, 1e-2, 1e-1], starts=4, steps=100)
    >>> at_best_lr(record, 1e-2).grid("lr")[0, :, :, 0].tolist()
    [[0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1]]
    """
    if record.meta.experiment != "compare":
        raise InputError(
            f"learning rates are chosen in the record of compare(), got that of a {record.meta.experiment}"
        )
    _axis(record, "lr")
    starts, tolerances = len(record.axes["start"]), list(record.meta["tolerances"])
    if starts < 2:
        raise InputError("learning rates are chosen on one half of the starts; compare from at least 2 starts")
    place = find_tolerance(tolerances, tolerance)
    steps = np.moveaxis(steps_or_inf(record.grid("steps_to"))[..., : place + 1], -1, 0)  # the wanted one is the last
    chosen = np.empty((*steps.shape[1:3], starts), dtype=np.int64)  # (function, optimizer, start)
    for half in (0, 1):
        chosen[..., half::2] = _best(steps[..., 1 - half :: 2, :], float(record.meta.steps))[..., None]
    numbers = record.grid(np.arange(len(record.trajectories)))  # (function, optimizer, lr, start, seed)
    part = _without(record, "lr", np.take_along_axis(numbers, chosen[:, :, None, :, None], 2))
    return Record(
        part.trajectories,
        part.surface,
        part.meta.replace(chosen_for=tolerances[place], lr_grid=list(record.axes["lr"])),
        part.curve,
    )


def _best(steps: NDArray[np.float64], budget: float) -> NDArray[np.int64]:
    """Return the place of the best learning rate, shape (function, optimizer).

    `steps` has the shape (tolerance, function, optimizer, lr, start, seed) and is infinite for never.
    """
    return best_setting(steps.reshape(*steps.shape[:4], -1), budget)


def expected_steps(steps: NDArray[np.float64], budget: float) -> NDArray[np.float64]:
    """Return the expected steps to each tolerance, shape (K, …), of N runs, shape (K, …, N), infinite for never.

    A run that does not reach a tolerance costs the whole budget.
    """
    return profiles.expected_running_time(steps, np.full_like(steps, budget))


def best_setting(
    steps: NDArray[np.float64], budget: float, ties: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Return the place of the best of n settings, shape (…); `steps` has the shape (K, …, n, N).

    The last tolerance decides, then the one before. Ties go to the lowest of `ties`, shape (…, n), then to the first.
    """
    keys = expected_steps(steps, budget)  # the last key counts first
    return np.asarray(np.lexsort(keys if ties is None else np.concatenate([ties[None], keys]), axis=-1)[..., 0])


def _axis(record: Record, axis: str) -> list[Any]:
    """Return the entries of an axis."""
    if axis not in record.axes:
        raise unknown("axis of this record", axis, record.axes)
    return record.axes[axis]


def _without(record: Record, axis: str, runs: NDArray[np.int64]) -> Record:
    """Return these runs of a record, a grid without one of its axes."""
    return taken(record, runs.ravel(), {name: entries for name, entries in record.axes.items() if name != axis})
