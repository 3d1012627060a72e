"""A closer look: the same race on a smaller piece of its landscape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.trajectories import check_step, extent

MARGIN = 0.08
"""What is left around the runs, as a share of the box that holds them."""


def focus(record: Record, view: Sequence[Sequence[float]] | None = None) -> Record:
    """The record with its surface cut down to a box, so that every picture of it shows that box.

    The surface keeps its grid: the box is widened to the grid's lines, and a piece too small for them is
    refused (a race with a higher `resolution` has finer ones).

    Args:
        record: a race in two dimensions.
        view: the box, ((x from, x to), (y from, y to)); by default what holds all runs that did not fail.

    Raises:
        InputError: for a record without a surface, a box that is none, lies outside, or is too small.

    >>> from landscapes import race
    >>> close = focus(race("booth", ["adam(lr=0.5)"], steps=60))
    >>> bool(close.surface.x[0] > -10), bool(close.surface.x[-1] < 10)
    (True, True)
    """
    check_step(record, None)
    surface = record.surface
    if surface is None:
        raise InputError("this record has no surface to look closer at: only races in two dimensions do")
    box = _held(record) if view is None else _box(view)
    x, y = (_within(axis, low, high) for axis, (low, high) in zip((surface.x, surface.y), box, strict=True))
    return replace(record, surface=replace(surface, x=surface.x[x], y=surface.y[y], values=surface.values[y, x]))


def _held(record: Record) -> NDArray[np.float64]:
    """The box that holds all runs that did not fail, with a margin."""
    box = extent(record)
    if box is None:
        raise InputError("no run has a point to look closer at")
    margin = MARGIN * float((box[:, 1] - box[:, 0]).max())
    low, high = box.T
    return np.stack([low - margin, high + margin], 1)


def _box(view: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    try:
        box = np.array(view, dtype=float)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (2, 2) or not np.isfinite(box).all() or not (box[:, 0] < box[:, 1]).all():
        raise InputError(f"a view is ((x from, x to), (y from, y to)), finite and ascending, not {view!r}")
    return box


def _within(axis: NDArray[np.float64], low: float, high: float) -> slice:
    """The part of a grid's axis that covers an interval."""
    first = max(int(np.searchsorted(axis, low, side="right")) - 1, 0)
    last = min(int(np.searchsorted(axis, high)), len(axis) - 1)
    if last - first < 2:
        raise InputError(
            f"from {low:g} to {high:g} there are fewer than three lines of the surface's grid, which goes from "
            f"{axis[0]:g} to {axis[-1]:g}; choose a larger view, or race with a higher resolution"
        )
    return slice(first, last + 1)
