"""Contour plots: filled levels, thin level lines, and stars on known minima."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.contour import ContourSet
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.localization import localize
from landscapes.render.artists.older_matplotlib import set_rasterized
from landscapes.render.plots.inputs import current_axes, size_factor, surface_of
from landscapes.render.theme import Theme, as_theme

MOST_LEVELS = 255
"""The largest number of bands that matplotlib distinguishes."""

MOST_LINES = 100.0
"""The largest total length of level lines, in sides of the view."""

STAR = 17.0
"""Size of a star on large axes, in points."""


@suggests_arguments
def contour(
    record: Record | Surface,
    ax: Axes | None = None,
    *,
    theme: str | Theme = "light",
    levels: int | None = None,
    lines: bool = True,
    stars: bool = True,
    values: bool | None = None,
) -> Axes:
    """Draw a surface as filled contours on `ax` and return `ax`.

    Args:
        record: a `Record` with a surface, or a `Surface`.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.
        levels: number of bands; by default 24 on large axes, fewer on small ones.
        lines: whether to draw level lines.
        stars: whether to mark the minima in view; minima found by a search get open stars.
        values: whether to write their values on some level lines; by default for planes of networks.

    Raises:
        InputError: for a record without a surface, an unknown theme, and levels out of range.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import functions
    >>> surface = functions.get("beale").surface(33)
    >>> contour(surface, Figure().subplots()).get_xlim() == (surface.x[0], surface.x[-1])
    True
    """
    known = not isinstance(record, Record) or is_known(record)
    surface = surface_of(record)
    if levels is not None and not (isinstance(levels, int | np.integer) and 1 <= levels <= MOST_LEVELS):
        raise InputError(f"levels must be an integer from 1 to {MOST_LEVELS}, got {levels!r}")
    look = as_theme(theme)
    ax = current_axes(ax)
    shape = color_levels(surface, round(LEVELS * size_factor(ax) ** 0.75) if levels is None else levels)
    colors = LinearSegmentedColormap.from_list(look.name, list(look.fill), N=256)
    norm = BoundaryNorm(shape.levels, 256)
    filled = ax.contourf(
        surface.x,
        surface.y,
        shape.height,
        shape.levels,
        cmap=colors,
        norm=norm,
        extend="max",
        algorithm="serial",
        zorder=0.5,
    )
    set_rasterized(filled)  # as vectors, the fill is 90% of a file and shows seams between bands
    if lines:
        drawn = ax.contour(
            surface.x,
            surface.y,
            shape.height,
            shape.levels[1:-1],
            colors=look.line,
            linewidths=0.45 * size_factor(ax),
            linestyles="solid",
            algorithm="serial",
            zorder=0.6,
        )
        _clear(drawn, np.array([surface.x[[0, -1]], surface.y[[0, -1]]]))
        if (
            isinstance(record, Record) and record.meta.plane and "weights" in record.meta.plane
            if values is None
            else values
        ):
            _write_values(ax, drawn, shape, look)
    ax.set_xlim(surface.x[0], surface.x[-1])
    ax.set_ylim(surface.y[0], surface.y[-1])
    if stars and len(surface.minima):
        draw_minima(ax, surface.minima, look, size_factor(ax), known=known)
    localize(ax, look)
    return ax


def is_known(record: Record) -> bool:
    """Return whether the minima of a record are known; otherwise a search found them, or a lower value was seen."""
    return record.meta.minimum_is == "known"


def _write_values(ax: Axes, drawn: ContourSet, shape: ColorLevels, look: Theme) -> None:
    """Write the values of the function on every fourth level line."""
    kept = list(shape.levels[1:-1])[2::4]

    def value(height: float) -> str:
        return look.number(f"{height if shape.zero is None else 10.0**height - (shape.offset or 0.0) + shape.zero:.2g}")

    size = max(6.5 * look.text_scale * size_factor(ax) ** 0.5, 5.0)
    for text in ax.clabel(drawn, kept, fmt=value, fontsize=size, colors=look.foreground, inline=True, inline_spacing=3):
        text.set(alpha=0.75, zorder=0.7, clip_on=True)


def _clear(drawn: ContourSet, view: NDArray[np.float64]) -> None:
    """Keep every second level line, or fewer, if there are so many that they would hide the fill."""
    sides = np.ptp(view, axis=1)
    all_points = drawn.get_paths()
    together = sum(
        float(np.hypot(*(np.diff(line, axis=0) / sides).T).sum())
        for path in all_points
        for line in path.to_polygons(closed_only=False)
    )
    stride = max(int(np.ceil(together / MOST_LINES)), 1)
    drawn.set_paths(
        [path if place % stride == stride // 2 else Path(np.zeros((0, 2))) for place, path in enumerate(all_points)]
    )


def draw_minima(ax: Axes, points: NDArray[np.float64], theme: Theme, scale: float, *, known: bool = True) -> None:
    """Mark points (k, 2) with stars, open ones if a search found them."""
    ax.plot(
        *points.T,
        linestyle="none",
        marker="*",
        markersize=STAR * scale,
        zorder=5.5,
        markerfacecolor=theme.star if known else "none",
        markeredgecolor=theme.star_edge if known else theme.foreground,
        markeredgewidth=(0.9 if known else 1.4) * scale,
        label="_minimum",
    )


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
