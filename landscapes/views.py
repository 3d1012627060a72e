"""Choose views: the box of a picture. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown
from landscapes.record import FAILED, Trajectories

Box = NDArray[np.float64]
"""((x low, x high), (y low, y high)), shape (2, 2)."""

View = str | Sequence[Sequence[float]]
"""One of `NAMES`, or a box."""

NAMES = ("domain", "race")

MARGIN = 0.08
"""The margin around the runs, as a share of the longer side of their box."""

FINEST = 1024
"""The least number of floating-point numbers along a side of a view."""

NARROWEST = 0.3
"""The smallest shorter side of that box, as a share of the longer one."""


def check_view(view: View) -> str | Box:
    """Return the name of a view, or its box. Raises `InputError` for anything else."""
    if isinstance(view, str):
        if view not in NAMES:
            raise unknown("view", view, NAMES)
        return view
    try:
        box = np.array(view, dtype=float)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (2, 2) or not np.isfinite(box).all() or not (box[:, 0] < box[:, 1]).all():
        raise InputError(
            f"view must be {', '.join(map(repr, NAMES))} or a box ((x low, x high), (y low, y high)), "
            f"finite and ascending; got {view!r:.80}"
        )
    if too_narrow(box).any():
        raise InputError(
            f"view {view!r:.80} is too narrow for float64: numbers there are up to "
            f"{float(np.spacing(np.abs(box).max())):.2g} apart, and a side needs {FINEST:,} of them; shift the function"
        )
    return box


def too_narrow(box: Box) -> NDArray[np.bool_]:
    """Return which sides of a box (d, 2) have fewer than `FINEST` numbers of float64, so that rounding would show.

    >>> too_narrow(np.array([[0.0, 1e-9], [1e12, 1e12 + 1e-3]])).tolist()
    [False, True]
    """
    return np.asarray(box[:, 1] / 2 - box[:, 0] / 2 < FINEST / 2 * np.spacing(np.abs(box).max(1)))


def extent(trajectories: Trajectories) -> Box | None:
    """Return the box (d, 2) of all runs that did not fail (of all runs if all failed); None without finite points."""
    kept = ~np.isin(trajectories.runs["status"], FAILED)
    points = trajectories.x[kept if kept.any() else slice(None)].reshape(-1, trajectories.x.shape[-1])
    points = points[np.isfinite(points).all(1)]
    return np.stack([points.min(0), points.max(0)], 1) if len(points) else None


def around(box: Box, units: NDArray[np.float64], margin: float = MARGIN) -> Box:
    """Return a box with a margin, widened if it is too narrow; lengths are compared in `units` (d,) of the axes.

    >>> around(np.array([[0.0, 1.0], [2.0, 2.0]]), np.ones(2)).round(2).tolist()
    [[-0.08, 1.08], [1.83, 2.17]]
    """
    sides = (box[:, 1] - box[:, 0]) / units
    finest = float((2 * FINEST * np.spacing(np.abs(box).max(1)) / units).max()) / NARROWEST
    longest = max(float(sides.max()) or 0.01, finest)
    half = (np.maximum(sides + 2 * margin * longest, NARROWEST * (1 + 2 * margin) * longest) / 2) * units
    middle = box.mean(1)
    return np.stack([middle - half, middle + half], 1)
