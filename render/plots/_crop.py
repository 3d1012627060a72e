"""A part of the surface of a race."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.plots.inputs import check_step
from landscapes.views import Box, View, around, check_view, extent

HAIR = 1e-6
"""How far a box may exceed the surface, relative to its sides, to allow for rounding."""


@suggests_arguments
def crop(record: Record, view: View = "race") -> Record:
    """Return the record with its surface cropped to a view, which every figure of it then shows.

    The surface keeps its grid, so the box is widened to grid lines. A record cannot show more than was recorded;
    `race(..., view=...)` records another view.

    Args:
        record: a race in two dimensions.
        view: "race" for the box of all runs that did not fail; "domain" for the domain of the function; or a box,
            ((x low, x high), (y low, y high)).

    Raises:
        InputError: for a record without a surface, and for a view that is unknown, exceeds the surface or is too small.

    >>> from landscapes import race
    >>> close = crop(race("booth", ["adam(lr=0.5)"], steps=60))
    >>> bool(close.surface.x[0] > -10), bool(close.surface.x[-1] < 10)
    (True, True)
    """
    check_step(record, None)
    surface = record.surface
    if surface is None:
        raise InputError("this record has no surface to look closer at: only races in two dimensions do")
    box = _box(record, surface, view)
    x, y = (_within(axis, low, high) for axis, (low, high) in zip((surface.x, surface.y), box, strict=True))
    part = replace(surface, x=surface.x[x], y=surface.y[y], values=surface.values[y, x])
    return replace(record, surface=part, grids={name: values[y, x] for name, values in record.grids.items()})


def _box(record: Record, surface: Surface, view: View) -> Box:
    """Return the box of a view, checked against the surface."""
    whole = np.array([surface.x[[0, -1]], surface.y[[0, -1]]])
    sides = whole[:, 1] - whole[:, 0]
    given = check_view(view)
    if isinstance(given, str) and given == "race":
        runs = extent(record.trajectories)
        if runs is None:
            raise InputError("no run has a point to look closer at")
        return around(runs, sides)
    if isinstance(given, str):
        if "domain" not in record.meta:
            raise InputError("this record does not say what the function's domain is; give the view as a box")
        given = np.array(record.meta["domain"], float)
    tolerance = HAIR * sides
    if (given[:, 0] < whole[:, 0] - tolerance).any() or (given[:, 1] > whole[:, 1] + tolerance).any():
        raise InputError(
            f"the surface of this record shows {shown(whole)}, not all of {shown(given)}: what is recorded can be "
            "cut but not widened, so race again with that view"
        )
    return given


def shown(box: Box) -> str:
    """Format a box.

    >>> shown(np.array([[-1, 1], [0, 2.5]]))
    '[-1, 1] × [0, 2.5]'
    """
    return " × ".join(f"[{low:.4g}, {high:.4g}]" for low, high in box)


def _within(axis: NDArray[np.float64], low: float, high: float) -> slice:
    """Return the part of a grid axis that covers an interval."""
    first = max(int(np.searchsorted(axis, low, side="right")) - 1, 0)
    last = min(int(np.searchsorted(axis, high)), len(axis) - 1)
    if last - first < 2:
        raise InputError(
            f"from {low:g} to {high:g} there are fewer than three lines of the surface's grid, which goes from "
            f"{axis[0]:g} to {axis[-1]:g}; choose a larger view, or race with a higher resolution"
        )
    return slice(first, last + 1)
