"""The landscape itself: a quiet fill, hair-thin level lines, a star on every known minimum."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.contour import ContourSet
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record, Surface
from landscapes.render.plots.inputs import current_axes, size_factor, surface_of
from landscapes.render.plots.levels import LEVELS, relief
from landscapes.render.theme import Theme, as_theme

MOST_LEVELS = 255
"""Matplotlib tells no more bands apart."""

MOST_LINES = 100.0
"""How long all level lines may be together, in sides of the view."""

STAR = 17.0
"""Size of a star in points, on large axes."""


def contour(
    record: Record | Surface,
    ax: Axes | None = None,
    *,
    theme: str | Theme = "light",
    levels: int | None = None,
    lines: bool = True,
    stars: bool = True,
) -> Axes:
    """Draws a surface as filled contours on `ax`, and returns `ax`.

    Args:
        record: a `Record` with a surface, or a `Surface`.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.
        levels: how many bands of colour; by default 24 on large axes, fewer on small ones.
        lines: whether to draw level lines.
        stars: whether to mark the minima in view; those of a record that a search found get an open star.

    Raises:
        InputError: where the record has no surface, for an unknown theme or no levels.
    """
    known = not isinstance(record, Record) or is_known(record)
    surface = surface_of(record)
    if levels is not None and not (isinstance(levels, int | np.integer) and 1 <= levels <= MOST_LEVELS):
        raise InputError(f"levels must be a whole number from 1 to {MOST_LEVELS}, not {levels!r}")
    look = as_theme(theme)
    ax = current_axes(ax)
    shape = relief(surface, round(LEVELS * size_factor(ax) ** 0.75) if levels is None else levels)
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
    filled.set_rasterized(True)  # as vectors the fill is 90% of a file, and shows seams between bands
    if lines:
        drawn = ax.contour(
            surface.x, surface.y, shape.height, shape.levels[1:-1],
            colors=look.line, linewidths=0.45 * size_factor(ax), linestyles="solid", algorithm="serial", zorder=0.6,
        )  # fmt: skip
        _clear(drawn, np.array([surface.x[[0, -1]], surface.y[[0, -1]]]))
    ax.set_xlim(surface.x[0], surface.x[-1])
    ax.set_ylim(surface.y[0], surface.y[-1])
    if stars and len(surface.minima):
        star(ax, surface.minima, look, size_factor(ax), known=known)
    return ax


def is_known(record: Record) -> bool:
    """Whether the minima of a record are facts; else a search found them."""
    return record.meta.get("minimum_is") != "found"


def _clear(drawn: ContourSet, view: NDArray[np.float64]) -> None:
    """Leaves every second level line, or fewer, where so many bumps have lines that they would hide the fill."""
    sides = np.ptp(view, axis=1)
    ways = drawn.get_paths()
    together = sum(
        float(np.hypot(*(np.diff(line, axis=0) / sides).T).sum())
        for way in ways
        for line in way.to_polygons(closed_only=False)
    )
    stride = max(int(np.ceil(together / MOST_LINES)), 1)
    drawn.set_paths(
        [way if place % stride == stride // 2 else Path(np.zeros((0, 2))) for place, way in enumerate(ways)]
    )


def star(ax: Axes, points: NDArray[np.float64], theme: Theme, scale: float, *, known: bool = True) -> None:
    """Marks points (k, 2) with a star, an open one where they are not known for sure."""
    ax.plot(
        *points.T, linestyle="none", marker="*", markersize=STAR * scale, zorder=5.5,
        markerfacecolor=theme.star if known else "none", markeredgecolor=theme.star_edge if known else theme.foreground,
        markeredgewidth=(0.9 if known else 1.4) * scale, label="_minimum",
    )  # fmt: skip
