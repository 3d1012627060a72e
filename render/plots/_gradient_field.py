"""The gradient field of a surface as arrows."""

from __future__ import annotations

import operator

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.localization import localize
from landscapes.render.plots.inputs import current_axes, moderate, surface_of
from landscapes.render.theme import Theme, as_theme

MOST = 200
"""The largest number of arrows per side."""


@suggests_arguments
def gradient_field(
    record: Record | Surface,
    ax: Axes | None = None,
    *,
    count: int = 18,
    theme: str | Theme = "light",
    color: str | None = None,
) -> Axes:
    """Draw the directions of steepest descent on `ax` as arrows and return `ax`.

    Gradients are central differences of the recorded values. Arrows grow with the logarithm of the gradient norm and
    point along −∇f as it appears in the picture.

    Args:
        record: a `Record` with a surface, or a `Surface`.
        ax: where to draw; by default matplotlib's current axes. What is there stays; empty axes get the surface's view.
        count: arrows along each side.
        theme: colours, by name or as a `Theme`.
        color: of the arrows; by default the theme's foreground, quietly.

    Raises:
        InputError: for a record without a surface, and for a count out of range.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import functions
    >>> surface = functions.get("beale").surface(33)
    >>> ax = gradient_field(surface, Figure().subplots(), count=8)
    """
    look = as_theme(theme)
    surface = surface_of(record)
    try:
        side = operator.index(count)
    except TypeError:
        side = 0
    if not 1 <= side <= MOST:
        raise InputError(f"count must be an integer from 1 to {MOST}, got {count!r}")
    ax = current_axes(ax, look)
    empty = not ax.has_data() and ax.get_autoscale_on()
    x, y = surface.x, surface.y
    values = moderate(np.where(np.isfinite(surface.values), surface.values, np.nan))  # directions have no unit
    along_y, along_x = (np.asarray(part) for part in np.gradient(values, y, x))
    rows, columns = (
        np.unique(np.rint((np.arange(side) + 0.5) / side * (len(axis) - 1)).astype(int)) for axis in (y, x)
    )
    at = np.stack([part.ravel() for part in np.meshgrid(x[columns], y[rows])], 1)
    slope = np.stack([part[np.ix_(rows, columns)].ravel() for part in (along_x, along_y)], 1)
    arrows(ax, at, slope, np.array([np.ptp(x), np.ptp(y)]), look.foreground if color is None else color, alpha=0.75)
    if empty:
        ax.set_xlim(x[0], x[-1])
        ax.set_ylim(y[0], y[-1])
    localize(ax, look)
    return ax


def arrows(
    ax: Axes,
    at: NDArray[np.float64],
    slope: NDArray[np.float64],
    sides: NDArray[np.float64],
    color: str,
    alpha: float = 1.0,
) -> None:
    """Draw arrows along −∇f (n, 2) at points (n, 2) of a view with sides (2,); longer where it is steeper."""
    points = -slope * sides  # the gradient in the picture's coordinates
    size = np.hypot(*points.T)
    hold_last = np.isfinite(size) & (size > 0)
    if not hold_last.any():
        return
    count = len(at)
    points, size, at = points[hold_last], size[hold_last], at[hold_last]
    low, high = np.log10(np.quantile(size, (0.02, 0.98)))
    share = np.clip((np.log10(size) - low) / max(high - low, 1.0), 0.0, 1.0)
    length = (0.35 + 0.65 * share) / np.sqrt(count)
    all_points = (points / size[:, None]) * length[:, None] * sides
    ax.quiver(
        *at.T,
        *all_points.T,
        angles="xy",
        scale_units="xy",
        scale=1.0,
        pivot="middle",
        width=0.0042,
        headwidth=3.6,
        headlength=4.2,
        headaxislength=3.8,
        color=color,
        alpha=alpha,
        zorder=3,
    )
