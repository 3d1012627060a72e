"""The light on a surface: sun, sky, soft shadows and glints, from heights on a grid, with numpy alone.

    lighting = illuminate(height)             # height (ny, nx), row 0 at the bottom of the picture
    picture = lighting.shade(colors)          # sRGB colours (ny, nx, 3), 0 to 1

The scale of the heights does not matter: their range counts as `relief` sides of the picture. Level ground under an
open sky keeps its colour; all else is between `DARKEST` and `BRIGHTEST` times as bright, in linear light.

The sky's part is the share of the sky that a point sees, from its horizons (Dozier and Frew, 1990). The sun's part is
Lambert's cosine; its shadows are soft because the sun is a disc. Glints follow Blinn (1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]

DARKEST, BRIGHTEST = 0.42, 1.4
"""Bounds of the brightness in linear light; the lower one is 0.7 of the lightness L* of level ground."""

SKY, SUN = 0.38, 0.62
"""Shares of the sky and the sun in the light on level ground."""

DISC = 9.0
"""The width of soft shadows: degrees over which the sun sets behind a ridge."""

SHARPNESS, GLINT = 24, 0.12
"""Exponent and strength of glints, relative to the brightest channel in linear light."""

STEEPEST = 2.5
"""Steeper slopes count as this steep, so that noise and cliffs have a shape."""

COARSE = 240
"""Grid points of the longer side for horizons: they are smooth, and take most of the time."""

DIRECTIONS, DISTANCES = 12, 12
"""Number of horizons around a point, and of distances at which each is looked for."""

FINE = 1 << 16
"""Entries of the table of levels by linear light."""


@dataclass(frozen=True)
class Sun:
    """Where the light comes from.

    Attributes:
        azimuth: degrees counter-clockwise from the direction of the columns (x); 135 is the upper left, where viewers
            expect it: lit from below, hills look like hollows.
        elevation: degrees above the horizon, in (0, 90].
    """

    azimuth: float = 135.0
    elevation: float = 45.0

    @property
    def direction(self) -> Grid:
        """The unit vector towards the sun: x, y and up."""
        azimuth, elevation = np.deg2rad([self.azimuth, self.elevation])
        level = np.cos(elevation)
        return np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])


@dataclass(frozen=True, eq=False)
class Lighting:
    """The light on each grid point.

    Attributes:
        brightness: shape (ny, nx): factor of the linear colours, 1 on level ground, in [`DARKEST`, `BRIGHTEST`].
        glint: shape (ny, nx): white to add to the linear colours per unit of their brightness, in [0, `GLINT`].
        sky: shape (ny, nx): the share of the sky that is seen, in [0, 1].
        sunlit: shape (ny, nx): the share of the sun that is seen, in [0, 1]: 0 in a cast shadow.
    """

    brightness: Grid
    glint: Grid
    sky: Grid
    sunlit: Grid

    def shade(self, colors: Grid, strength: float = 1.0) -> Grid:
        """Return sRGB colours (ny, nx, 3) in this light; strength 0 leaves them as they are."""
        return to_srgb(self.shade_linear(to_linear(colors), strength))

    def shade_linear(self, colors: Grid, strength: float = 1.0) -> Grid:
        """Return linear colours (ny, nx, 3) in this light."""
        red, green, blue = np.moveaxis(colors, -1, 0)
        white = strength * self.glint * np.maximum(np.maximum(red, green), blue)  # white in a dark well would be a hole
        return np.asarray(colors * (1 + strength * (self.brightness - 1))[..., None] + white[..., None])


def illuminate(
    height: Grid, *, relief: float = 0.2, aspect: float = 1.0, sun: Sun = Sun(), shadows: bool = True
) -> Lighting:
    """Return the light on heights.

    Args:
        height: shape (ny, nx), at least 1 × 1, row 0 at the bottom; in any unit, up to ±1e308. Points that are not
            finite take the height of their neighbours in the row.
        relief: the range of the heights, in sides of the picture.
        aspect: height of the picture divided by its width.
        sun: the direction of the light.
        shadows: whether ridges cast shadows and hide the sky; without, only slopes are shaded.

    >>> hill = np.exp(-np.add.outer(np.linspace(-2, 2, 65) ** 2, np.linspace(-2, 2, 65) ** 2))
    >>> light = illuminate(hill, relief=0.15)
    >>> bool(light.brightness[44, 20] > 1.05), bool(light.brightness[20, 44] < 0.9)
    (True, True)
    >>> illuminate(np.full((3, 4), 7.0)).brightness.tolist() == np.ones((3, 4)).tolist()
    True
    """
    whole = relief * unit_heights(height)
    rows, columns = whole.shape
    sides = 1 / max(columns - 1, 1), aspect / max(rows - 1, 1)  # width and height of a cell, in picture widths
    along, up = (_slopes(whole, axis, side) for axis, side in zip((1, 0), sides, strict=True))
    steep = np.hypot(along, up)
    tame = 1 / np.sqrt(1 + (steep / STEEPEST) ** 2)
    along, up = along * tame, up * tame
    length = np.sqrt(1 + along**2 + up**2)
    toward = sun.direction
    cosine = np.clip((toward[2] - toward[0] * along - toward[1] * up) / length, 0.0, 1.0)
    sky, sunlit = np.ones_like(whole), np.ones_like(whole)
    if shadows and rows > 1 and columns > 1:
        sky, sunlit = _visible(whole, sides, sun)
    plain = SKY * sky + SUN * cosine / toward[2] * sunlit
    middle = toward + np.array([0.0, 0.0, 1.0])
    middle /= np.linalg.norm(middle)
    level = middle[2] ** SHARPNESS
    shine = np.clip((middle[2] - middle[0] * along - middle[1] * up) / length, 0.0, 1.0) ** SHARPNESS
    glint = GLINT * np.clip((shine - level) / (1 - level + 1e-9), 0.0, 1.0) * sunlit
    return Lighting(_bounded(plain), glint, sky, sunlit)


def unit_heights(height: Grid) -> Grid:
    """Return heights from 0 to 1, all finite; 0 if they are all equal or none is finite.

    >>> unit_heights(np.array([[-1e308, np.nan, 1e308]])).tolist()
    [[0.0, 0.5, 1.0]]
    """
    finite = np.isfinite(height)
    if not finite.any():
        return np.zeros(height.shape)
    low, high = float(height[finite].min()), float(height[finite].max())
    if not high > low:
        return np.zeros(height.shape)
    halves = np.where(finite, height, low) / 2 - low / 2
    unit = halves / (high / 2 - low / 2) if high / 2 > low / 2 else (halves > 0).astype(float)
    places = np.arange(height.shape[1])
    whole = np.flatnonzero(finite.any(1)).tolist()
    for row in np.flatnonzero(~finite.all(1)).tolist():
        source = row if finite[row].any() else min(whole, key=lambda other: abs(other - row))
        known = finite[source]
        unit[row] = np.interp(places, places[known], unit[source][known])
    return np.asarray(unit)


def to_linear(colors: Grid) -> Grid:
    """Return linear light for sRGB colours, both from 0 to 1 (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((np.maximum(colors, 0.0) + 0.055) / 1.055) ** 2.4)


def luminance(colors: Grid) -> Grid:
    """Return the relative luminance (…) of sRGB colours (…, 3), from 0 to 1 (WCAG 2.1)."""
    return np.asarray(to_linear(colors) @ [0.2126, 0.7152, 0.0722])


def to_srgb(linear: Grid) -> Grid:
    """Return sRGB colours for linear light; values outside 0 to 1 are clipped."""
    clipped = np.clip(linear, 0.0, 1.0)
    return np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)


def display_levels(linear: Grid) -> NDArray[np.uint8]:
    """Return sRGB colours as levels from 0 to 255 for linear light, from a table: 0.03 levels off before rounding.

    >>> display_levels(np.array([-1.0, 0.0, 0.2, 1.0, 2.0])).tolist()
    [0, 0, 124, 255, 255]
    """
    place = linear * (FINE - 1) + 0.5
    return _level_table()[np.clip(place, 0, FINE - 1, out=place).astype(np.int32)]


@cache
def _level_table() -> NDArray[np.uint8]:
    """Return the levels of linear light from 0 to 1 in equal steps."""
    return np.rint(255 * to_srgb(np.linspace(0.0, 1.0, FINE))).astype(np.uint8)


def _slopes(height: Grid, axis: int, side: float) -> Grid:
    """Return the slope along an axis; 0 along an axis of one point."""
    return np.asarray(np.gradient(height, side, axis=axis)) if height.shape[axis] > 1 else np.zeros_like(height)


def _bounded(brightness: Grid) -> Grid:
    """Return brightness within its bounds; values near 1 stay."""
    dark, bright = 1 - DARKEST, BRIGHTEST - 1
    away = brightness - 1
    return np.where(away < 0, 1 + dark * np.tanh(away / dark), 1 + bright * np.tanh(away / bright))


def _visible(height: Grid, sides: tuple[float, float], sun: Sun) -> tuple[Grid, Grid]:
    """Return the shares of the sky and of the sun's disc that each point sees."""
    rows, columns = height.shape
    places = [np.linspace(0, n - 1, min(n, max(round(COARSE * n / max(rows, columns)), 2))) for n in (rows, columns)]
    coarse = _resampled(height, *places)
    cells = tuple(
        side * (n - 1) / (len(at) - 1) for side, n, at in zip(sides, (columns, rows), places[::-1], strict=True)
    )
    reach = max(coarse.shape) / 2
    distances = np.unique(np.geomspace(1, reach, DISTANCES).round())
    around = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    sky = 1 - np.mean([np.sin(_horizon(coarse, angle, distances, cells)) for angle in around], axis=0)
    every = np.arange(1.0, reach + 1)  # a shadow has edges, and would show what lies between distances
    horizon = np.rad2deg(_horizon(coarse, np.deg2rad(sun.azimuth), every, cells))
    seen = np.clip((sun.elevation - horizon) / DISC + 0.5, 0.0, 1.0)
    seen = seen * seen * (3 - 2 * seen)
    back = [np.linspace(0, len(at) - 1, n) for at, n in zip(places, (rows, columns), strict=True)]
    return _resampled(sky, *back), _resampled(seen, *back)


def _horizon(height: Grid, angle: float, distances: Grid, cells: tuple[float, ...]) -> Grid:
    """Return the elevation of the horizon in a direction, in radians, at least 0; beyond the border nothing rises."""
    rows, columns = height.shape
    steepest = np.zeros_like(height)
    for distance in distances.tolist():
        x, y = round(distance * np.cos(angle)), round(distance * np.sin(angle))
        if not (x or y) or abs(x) >= columns or abs(y) >= rows:
            continue
        here = slice(max(-y, 0), rows - max(y, 0)), slice(max(-x, 0), columns - max(x, 0))
        there = slice(max(y, 0), rows - max(-y, 0)), slice(max(x, 0), columns - max(-x, 0))
        rise = (height[there] - height[here]) / np.hypot(x * cells[0], y * cells[1])
        np.maximum(steepest[here], rise, out=steepest[here])
    return np.arctan(steepest)


def _resampled(values: Grid, rows: Grid, columns: Grid) -> Grid:
    """Return values at fractional rows and columns, linear between grid points."""
    for axis, at in enumerate((rows, columns)):
        low = np.clip(at.astype(int), 0, max(values.shape[axis] - 2, 0))
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        high = np.minimum(low + 1, values.shape[axis] - 1)
        values = (1 - share) * values.take(low, axis) + share * values.take(high, axis)
    return values
