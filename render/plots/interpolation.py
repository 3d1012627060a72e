"""A surface between the points of its grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Surface

POINTS = 129
"""Points a side of the finer grid."""


def refined(surface: Surface, box: NDArray[np.float64]) -> Surface:
    """A piece of a surface on a finer grid, interpolated by cubic convolution."""
    x, y = (np.linspace(low, high, POINTS) for low, high in box)
    values = _between(surface.y, _between(surface.x, surface.values.T, x).T, y)
    if np.isfinite(surface.minimum):
        values = np.maximum(values, surface.minimum)
    return replace(surface, x=x, y=y, values=values)


def _between(
    axis: NDArray[np.float64], values: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (n, …), given at even places along an axis (n,), at other places; those outside keep the border's cell."""
    place = (wanted - axis[0]) / (axis[-1] - axis[0]) * (len(axis) - 1)
    first = np.clip(np.floor(place).astype(int), 0, len(axis) - 2)
    t = (place - first)[:, None]
    before, behind = (3 * (end[:1] - end[1:2]) + end[2:3] for end in (values, values[::-1]))
    padded = np.concatenate([before, values, behind])
    a, b, c, d = (padded[first + k] for k in range(4))
    return np.asarray(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
