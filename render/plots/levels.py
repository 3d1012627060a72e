"""How a surface's values become heights of colour, so that a ravine's floor and its walls both show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Surface

LEVELS = 24
"""Bands of colour."""

EVEN = 0.5
"""Level spacing: 0 follows the area (each band covers as much of the picture), 1 the height."""

TOWER = 1e6
"""Values that lie this many times as high as the middle one take no colours away from the rest, on a log scale."""


@dataclass(frozen=True, eq=False)
class Relief:
    """A surface's heights as they are coloured.

    Attributes:
        height: shape (ny, nx), masked where a value is not finite.
        levels: borders of the colour bands, ascending.
    """

    height: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]
    levels: NDArray[np.float64]


def relief(surface: Surface, levels: int = LEVELS) -> Relief:
    """The surface's values on its scale, with levels that show both floor and walls.

    A "linear" surface is coloured by its values, a "log" one by the logarithm of their gap to the lowest,
    a "rank" one by how much of the picture lies lower. Values that are NaN or infinite are masked.
    """
    values = np.ma.masked_invalid(surface.values)
    if values.count() == 0:
        return Relief(values, np.array([0.0, 1.0]))
    known = values.compressed()
    unit = float(np.abs(known).max())
    if unit and not 1e-200 < unit < 1e200:  # matplotlib would overflow; what is coloured has no unit
        return relief(replace(surface, values=surface.values / unit, minimum=surface.minimum / unit), levels)
    lowest = surface.minimum if np.isfinite(surface.minimum) else float(known.min())
    if surface.scale == "log":
        gap = np.maximum(known - min(lowest, float(known.min())), 0.0)
        most = min(float(gap.max()), TOWER * max(float(np.median(gap)), 1e-290))
        offset = max(float(np.quantile(gap, 0.002)), 1e-7 * most, 1e-300)
        height = np.ma.log10(np.ma.maximum(values - min(lowest, float(known.min())), 0.0) + offset)
    else:
        height = values
    sound = height.compressed()
    shares = np.linspace(0.0, 1.0, levels + 1)
    by_area = np.quantile(sound, shares)
    low, high = np.quantile(sound, (0.0, 0.998))
    if surface.scale == "log":
        high = min(high, np.log10(most + offset))
    by_height = np.linspace(low, high, levels + 1)
    weight = 0.0 if surface.scale == "rank" else EVEN
    borders = np.unique(weight * by_height + (1 - weight) * by_area)
    if len(borders) < 2:  # a constant surface still has one band
        reach = max(0.5, 1e-6 * abs(float(borders[0])))
        borders = np.array([borders[0] - reach, borders[0] + reach])
    borders[-1] = max(borders[-1], float(sound.max()))
    return Relief(height, borders)
