"""The heights of a surface on its colour scale, and levels that show both valleys and walls."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Surface

LEVELS = 24
"""The number of bands of colour."""

EVEN = 0.5
"""Level spacing: 0 gives bands of equal area, 1 of equal height."""

TOWER = 1e6
"""On a log scale, values above this multiple of the median share one colour."""


POLE = 30.0
"""Values further out than this multiple of the range of nearly all values belong to poles; poles share one colour."""

BOTTOMLESS = 1e300
"""A minimum below minus this is no minimum: the function falls to minus infinity."""


@dataclass(frozen=True, eq=False)
class ColorLevels:
    """The heights of a surface and the borders of its colours.

    Attributes:
        height: shape (ny, nx), masked if not finite.
        levels: borders of the bands, ascending.
        zero, offset: on a log scale, the height of a value v is log₁₀(max(v - zero, 0) + offset); else None.
    """

    height: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]
    levels: NDArray[np.float64]
    zero: float | None = None
    offset: float | None = None


def color_levels(surface: Surface, levels: int = LEVELS) -> ColorLevels:
    """Return the values of a surface on its scale, with levels that show both valleys and walls.

    A "linear" surface is coloured by its values, a "log" one by the logarithm of the gap to the minimum, a "rank" one
    by the share of the picture that is lower. NaN and infinite values are masked.
    """
    values = np.ma.masked_invalid(surface.values)
    if values.count() == 0:
        return ColorLevels(values, np.array([0.0, 1.0]))
    if surface.scale == "log" and surface.minimum < -BOTTOMLESS:
        surface = replace(surface, scale="linear", minimum=-np.inf)
    known = values.compressed()
    if surface.scale == "linear":
        low, high = np.quantile(known, (0.005, 0.995), method="nearest")
        if 0 < POLE * (high / 2 - low / 2) < low / 2 - known.min() / 2:  # halves, because differences may overflow
            values = np.ma.maximum(values, low)
            known = values.compressed()
        if 0 < POLE * (high / 2 - low / 2) < known.max() / 2 - high / 2:
            values = np.ma.minimum(values, high + POLE * (high - low))
        surface = replace(surface, values=values.filled(np.nan))
        known = values.compressed()
    unit = float(np.abs(known).max())
    if unit and not 1e-200 < unit < 1e200:  # avoids overflow in matplotlib; colours do not depend on the unit
        scaled = color_levels(replace(surface, values=surface.values / unit, minimum=surface.minimum / unit), levels)
        return ColorLevels(scaled.height, scaled.levels)
    lowest = surface.minimum if np.isfinite(surface.minimum) else float(known.min())
    zero, offset = None, None
    if surface.scale == "log":
        zero = min(lowest, float(known.min()))
        gap = np.maximum(known - zero, 0.0)
        most = min(float(gap.max()), TOWER * max(float(np.median(gap)), 1e-290))
        offset = max(float(np.quantile(gap, 0.002)), 1e-7 * most, 1e-300)
        height = np.ma.log10(np.ma.maximum(values - zero, 0.0) + offset)
    else:
        height = values
    finite = height.compressed()
    shares = np.linspace(0.0, 1.0, levels + 1)
    by_area = np.quantile(finite, shares)
    low, high = np.quantile(finite, (0.0, 0.998))
    if offset is not None:
        high = min(high, np.log10(most + offset))
    by_height = np.linspace(low, high, levels + 1)
    weight = 0.0 if surface.scale == "rank" else EVEN
    borders = np.unique(weight * by_height + (1 - weight) * by_area)
    if len(borders) < 2:  # a constant surface has one band
        reach = max(0.5, 1e-6 * abs(float(borders[0])))
        borders = np.array([borders[0] - reach, borders[0] + reach])
    borders[-1] = max(borders[-1], float(finite.max()))
    return ColorLevels(height, borders, zero, offset)
