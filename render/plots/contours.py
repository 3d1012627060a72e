"""Contour plots: a lit surface or bands of colour, level lines, and stars on known minima."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.legible import contrast
from landscapes.render.artists.localization import localize
from landscapes.render.artists.older_matplotlib import set_rasterized
from landscapes.render.plots.color_levels import LEVELS, ColorLevels, color_levels
from landscapes.render.plots.inputs import NOTHING, current_axes, size_factor, surface_of, write_note
from landscapes.render.plots.level_lines import draw_lines
from landscapes.render.plots.surface_image import SurfaceImage
from landscapes.render.theme import Theme, as_theme

MOST_LEVELS = 255
"""The largest number of bands that matplotlib distinguishes."""

STAR = 17.0
"""Size of a star on large axes, in points."""

CASING = 1.8
"""Width of the casing of an open star, both sides together, in points."""


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
    """Draw a surface as a contour plot on `ax` and return `ax`.

    Colour carries the height, light the slopes. Every fifth level line is stronger.

    Args:
        record: a `Record` with a surface, or a `Surface`.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.
        levels: number of bands between level lines; by default 24 on large axes, fewer on small ones.
        lines: whether to draw level lines.
        stars: whether to mark the minima in view; minima found by a search get open stars.
        values: whether to write the values of strong level lines where there is room; by default on large axes, and
            for planes of networks.

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
    ax = current_axes(ax, look)
    shape = color_levels(surface, round(LEVELS * size_factor(ax) ** 0.75) if levels is None else levels)
    if look.light and not look.outlined:
        ax.add_artist(SurfaceImage(surface, shape, look)).set_clip_path(ax.patch)
    elif not look.outlined:
        _fill_bands(ax, surface, shape, look)
    ax.set_xlim(surface.x[0], surface.x[-1])
    ax.set_ylim(surface.y[0], surface.y[-1])
    if lines or look.outlined:
        if values is None and isinstance(record, Record) and record.meta.plane and "weights" in record.meta.plane:
            values = True
        draw_lines(ax, surface, shape, look, _obstacles(record, surface), values)
    if stars and len(surface.minima):
        draw_minima(ax, surface.minima, look, size_factor(ax), known=known)
    if not np.isfinite(surface.values).any():
        write_note(ax, NOTHING, look)
    localize(ax, look)
    return ax


def is_known(record: Record) -> bool:
    """Return whether the minima of a record are known; otherwise a search found them, or a lower value was seen."""
    return record.meta.minimum_is == "known"


def _fill_bands(ax: Axes, surface: Surface, shape: ColorLevels, look: Theme) -> None:
    """Draw flat bands of colour, the same picture at any resolution."""
    filled = ax.contourf(
        surface.x,
        surface.y,
        shape.height,
        shape.levels,
        cmap=LinearSegmentedColormap.from_list(look.name, list(look.fill), N=256),
        norm=BoundaryNorm(shape.levels, 256),
        extend="max",
        algorithm="serial",
        zorder=0.5,
    )
    set_rasterized(filled)  # as vectors, the fill is 90% of a file and shows seams between bands


def _obstacles(record: Record | Surface, surface: Surface) -> NDArray[np.float64]:
    """Return points (n, 2) that labels of level lines must not cover: minima, and where runs went."""
    points = [surface.minima.reshape(-1, 2)]
    if isinstance(record, Record) and record.trajectories.x.shape[-1] == 2:
        points.append(record.trajectories.x.reshape(-1, 2))
    together = np.concatenate(points)
    return together[np.isfinite(together).all(1)]


def draw_minima(ax: Axes, points: NDArray[np.float64], theme: Theme, scale: float, *, known: bool = True) -> None:
    """Mark points (k, 2) with stars, open ones if a search found them."""
    width = (0.9 if known else 1.4) * scale
    edge, casing = (theme.star_edge, "") if known else open_star(theme)
    (stars,) = ax.plot(
        *points.T,
        linestyle="none",
        marker="*",
        markersize=STAR * scale,
        zorder=5.5,
        markerfacecolor=theme.star if known else "none",
        markeredgecolor=edge,
        markeredgewidth=width,
        label="_minimum",
    )
    if casing:
        stars.set_path_effects([withStroke(linewidth=width + CASING * scale, foreground=casing)])


def open_star(theme: Theme) -> tuple[str, str]:
    """Return the colours of an open star and of its casing: the first is the one that contrasts with low ground.

    >>> from landscapes.render.theme import THEMES
    >>> open_star(THEMES["light"]), open_star(THEMES["print"])
    (('#ffffff', '#1f2430'), ('#000000', '#ffffff'))
    """
    ground = theme.background if theme.outlined else theme.fill[0]
    edge, casing = sorted((theme.foreground, theme.halo), key=lambda color: -contrast(color, ground))
    return edge, casing
