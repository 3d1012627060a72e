"""The starts of a race: one, or several, from each of which every optimizer runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.experiments.checks import check_start
from landscapes.objectives.decorators import Function

Point = tuple[float, ...]


def check_starts(function: Function, start: Any) -> list[Point]:
    """Return the starts of a race: the function's own, one point, or several.

    Raises `InputError` for anything but points of the function, and for no points or one that is repeated.

    >>> from landscapes.functions import get
    >>> check_starts(get("booth"), (1, 2)), check_starts(get("booth"), [(1, 2), (0, -1)])
    ([(1.0, 2.0)], [(1.0, 2.0), (0.0, -1.0)])
    """
    if start is None:
        return [check_start(function, function.start)]
    try:
        several = not isinstance(start, str) and any(np.ndim(part) > 0 for part in start)
    except (TypeError, ValueError):  # no sequence, or points of different lengths
        several = isinstance(start, Sequence)
    if not several:
        return [check_start(function, start)]
    points = [check_start(function, point) for point in start]
    for place, point in enumerate(points):
        if point in points[:place]:
            raise InputError(f"the start {list(point)} is given twice")
    return points


def joined(parts: Sequence[BatchResult]) -> BatchResult:
    """Return the runs of several batches, which recorded the same steps, as one batch."""
    first = parts[0]
    if len(parts) == 1:
        return first
    offsets = np.cumsum([0, *(len(part.loss) for part in parts)]).tolist()
    names = ("x", "loss", "stopped", "reason", "reached", "first_reached", "lowest")
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return BatchResult(
        **columns,
        step=first.step,
        evaluations={name: np.concatenate([part.evaluations[name] for part in parts]) for name in first.evaluations},
        metrics={name: np.concatenate([part.metrics[name] for part in parts]) for name in first.metrics},
        errors={
            offset + run: error
            for offset, part in zip(offsets, parts, strict=False)
            for run, error in part.errors.items()
        },
    )
