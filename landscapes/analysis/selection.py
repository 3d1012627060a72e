"""Parts of a grid of runs: one entry of an axis, or each optimizer at its best learning rate. Numpy only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record, steps_or_inf
from landscapes.record._selection import taken


def only(record: Record, axis: str, entry: Any) -> Record:
    """The part of a grid of runs at one entry of an axis, which is left out then.

    Raises `InputError` for an axis or an entry that the record does not have.

    >>> from landscapes import compare
    >>> record = compare("booth", ["adam", "sgd"], lr_grid=[0.01, 0.1], starts=3, steps=20)
    >>> only(record, "lr", 0.1).axes
    {'function': ['booth'], 'optimizer': ['Adam', 'SGD'], 'start': [0, 1, 2], 'seed': [0]}
    """
    along = _axis(record, axis)
    if entry not in along:
        raise InputError(f"along {axis} there are {', '.join(map(str, along))}; not {entry!r}")
    places = np.arange(len(record.trajectories))
    return _part(record, axis, np.take(record.grid(places), along.index(entry), list(record.axes).index(axis)))


@suggests_arguments
def at_best_lr(record: Record, target: float | None = None) -> Record:
    """A comparison over learning rates with each optimizer at its best one, function by function.

    No start is judged at a rate that was chosen on it: starts of even number have the rate that is best on those of odd number, and the
    other way round. The best is that of the least expected number of steps to the target (`profiles.expected_running_time`),
    where a run that fails costs as many steps as one may take; where no rate leads there, of the next easier target.

    Args:
        record: what `compare(..., lr_grid=[…])` returns.
        target: one of its shares of the first gap; by default the last.

    Returns:
        The comparison without the axis `lr`; the column `lr` tells what was chosen, `meta["chosen_for"]` the target.

    Raises:
        InputError: for another record, fewer than two starts, or a target that is none of the comparison's.

    >>> from landscapes import compare
    >>> record = compare("booth", ["adam", "sgd"], lr_grid=[1e-3, 1e-2, 1e-1], starts=4, steps=100)
    >>> at_best_lr(record, 1e-2).grid("lr")[0, :, :, 0].tolist()
    [[0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1]]
    """
    if record.meta.get("experiment") != "compare":
        raise InputError(f"rates are chosen in a comparison, not in a {record.meta.get('experiment', 'record')}")
    _axis(record, "lr")
    starts, targets = len(record.axes["start"]), list(record.meta["tolerances"])
    if starts < 2:
        raise InputError(
            "rates are chosen on other starts than those they are judged on: compare from at least 2 starts"
        )
    near = np.flatnonzero(np.isclose(targets, targets[-1] if target is None else target, rtol=1e-9, atol=0.0))
    if not len(near):
        known = ", ".join(f"{share:g}" for share in targets)
        raise InputError(f"the comparison has no target {target!r}; its targets are {known}")
    easier = np.moveaxis(steps_or_inf(record.grid("steps_to"))[..., : near[0] + 1], -1, 0)
    chosen = np.empty((*easier.shape[1:3], starts), dtype=np.int64)  # (function, optimizer, start)
    for half in (0, 1):
        chosen[..., half::2] = _best(easier[..., 1 - half :: 2, :], float(record.meta["steps"]))[..., None]
    places = record.grid(np.arange(len(record.trajectories)))  # (function, optimizer, lr, start, seed)
    kept = np.take_along_axis(places, chosen[:, :, None, :, None], 2)
    part = _part(record, "lr", kept)
    return replace(part, meta=part.meta.replace(chosen_for=targets[near[0]]))


def _best(steps: NDArray[np.float64], budget: float) -> NDArray[np.int64]:
    """Which rate is best, shape (function, optimizer); `steps` is (target, function, optimizer, lr, start, seed), infinite for never."""
    runs = steps.reshape(*steps.shape[:4], -1)
    expected = profiles.expected_running_time(runs, np.full_like(runs, budget))
    return np.asarray(np.lexsort(expected, axis=-1)[..., 0])  # the last key counts first; ties go to the first rate


def _axis(record: Record, axis: str) -> list[Any]:
    if axis not in record.axes:
        raise unknown("axis of this record", axis, record.axes)
    return record.axes[axis]


def _part(record: Record, axis: str, runs: NDArray[np.int64]) -> Record:
    """These runs of a record, a grid without one of its axes."""
    return taken(record, runs.ravel(), {name: along for name, along in record.axes.items() if name != axis})
