"""Map of basins of attraction."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import FAILED, Record, filled
from landscapes.render.artists.localization import localize
from landscapes.render.plots.contours import STAR, contour
from landscapes.render.plots.inputs import current_axes, size_factor
from landscapes.render.theme import Theme, as_theme

QUICK, SLOW = 0.30, 0.92
"""Share of the minimum's colour for the fastest and for the slowest start."""

LINES = 0.35
"""Opacity of level lines."""

HATCHED = 0.6
"""Opacity of the hatching."""

HATCHES = ("", "///", "...", "\\\\\\", "---", "|||", "xxx", "ooo", "+++", "OO")
"""Hatchings of the minima in themes for print."""


@suggests_arguments
def basins(
    record: Record, ax: Axes | None = None, *, theme: str | Theme = "light", lines: bool = True, stars: bool = True
) -> Axes:
    """Draw a map of basins on `ax` and return `ax`: each start has the colour of the minimum found from there.

    The stronger the colour, the more steps the run took. Runs that do not arrive are grey, diverging ones darker grey.
    In themes for print, each minimum but the first also has a hatching, so that a grey copy distinguishes the first
    ten.

    Args:
        record: what `landscapes.basins` returns.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.
        lines: whether to draw level lines on top.
        stars: whether to mark the minima, each in its own colour.

    Raises:
        InputError: for another record, or an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import basins as find_basins
    >>> found = find_basins("himmelblau", "sgd(lr=0.01)", resolution=16, steps=200)
    >>> len(basins(found, Figure().subplots()).images)
    1
    """
    if not isinstance(record, Record) or record.meta.get("experiment") != "basins":
        raise InputError("expected a map of basins, as returned by basins(function, optimizer)")
    look = as_theme(theme)
    ax = current_axes(ax, look)
    (left, right), (bottom, top) = record.meta["box"]
    if lines and record.surface is not None:
        contour(record, ax, theme=look, stars=False)
        for artist in ax.collections:
            artist.set_alpha(LINES if not artist.filled else 0.0)  # type: ignore[attr-defined]
            artist.set_zorder(2)
    ax.imshow(
        basin_colors(record, look),
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        zorder=1,
        interpolation="antialiased",
    )
    if look.distinct:
        _hatch(record, ax, look)
    if stars:
        for number, (x, y) in enumerate(record.meta["minima"]):
            ax.plot(
                [x],
                [y],
                "*",
                markersize=STAR * size_factor(ax),
                markerfacecolor=basin_color(number, look),
                markeredgecolor=look.halo,
                markeredgewidth=1.3 * size_factor(ax),
                zorder=5.5,
            )
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    localize(ax, look)
    return ax


def _hatch(record: Record, ax: Axes, look: Theme) -> None:
    """Draw the hatching of each minimum over its starts, up to the border."""
    minimum, found = record.grid("basin"), found_minimum(record)
    (left, right), (bottom, top) = record.meta["box"]
    across, up = (
        _centres(*side, count) for side, count in zip(((left, right), (bottom, top)), minimum.shape[::-1], strict=True)
    )
    for number in range(len(record.meta["minima"])):
        mine = np.pad((minimum == number) & found, 1, mode="edge").astype(float)
        if hatching(number, look) and mine.any():
            drawn = ax.contourf(
                across, up, mine, levels=[0.5, 1.5], colors="none", hatches=[hatching(number, look)], zorder=1.5
            )
            drawn.set(edgecolor=(*to_rgb(look.foreground), HATCHED), linewidth=0.0)


def _centres(low: float, high: float, count: int) -> NDArray[np.float64]:
    """Return the centres of cells, and the two ends."""
    edges = np.linspace(low, high, count + 1)
    return np.concatenate([[low], (edges[1:] + edges[:-1]) / 2, [high]])


def found_minimum(record: Record) -> NDArray[np.bool_]:
    """Return which starts lead to a minimum, (ny, nx)."""
    minimum, arrived, status = filled(record.grid("basin")), filled(record.grid("arrived")), record.grid("status")
    return np.asarray((minimum >= 0) & (arrived >= 0) & ~np.isin(status, FAILED))


def basin_colors(record: Record, look: Theme) -> NDArray[np.float64]:
    """Return the colours of the starts, shape (ny, nx, 3)."""
    minimum, arrived, status = filled(record.grid("basin")), filled(record.grid("arrived")), record.grid("status")
    colors = np.array([basin_color(number, look) for number in range(max(len(record.meta["minima"]), 1))])
    found = (minimum >= 0) & (arrived >= 0)
    share = np.zeros(minimum.shape)
    if found.any():
        took = np.log1p(arrived[found])
        low, high = np.quantile(took, (0.01, 0.99))
        share[found] = np.clip((took - low) / max(high - low, 1e-12), 0, 1)
    strength = (QUICK + (SLOW - QUICK) * share)[..., None]
    page, gray = np.array(to_rgb(look.background)), np.array(to_rgb(look.muted))
    picture = page + strength * (colors[np.maximum(minimum, 0)] - page)
    picture[~found] = page + 0.35 * (gray - page)
    picture[np.isin(status, FAILED)] = page + 0.85 * (gray - page)
    return np.asarray(picture)


def basin_color(number: int, look: Theme) -> tuple[float, float, float]:
    """Return the colour of a minimum."""
    return to_rgb(look.colors[number % len(look.colors)])


def hatching(number: int, look: Theme) -> str:
    """Return the hatching of a minimum, "" if none."""
    return HATCHES[number % len(HATCHES)] if look.distinct else ""


def basin_shares(record: Record) -> list[tuple[str, int, float]]:
    """Return the outcomes of the starts: words, number of the minimum (-1 for none), share of all starts."""
    minimum, status = filled(record.trajectories.runs["basin"]), record.trajectories.runs["status"]
    failed = np.isin(status, FAILED)
    minima = np.reshape(np.asarray(record.meta["minima"], float), (-1, 2))
    noise = 1e-6 * np.ptp(record.meta["box"], axis=1)  # a coordinate of 0 is found with a rounding error
    rows = [
        (f"({x:.3g}, {y:.3g})", number, float(np.mean((minimum == number) & ~failed)))
        for number, (x, y) in enumerate(np.where(np.abs(minima) < noise, 0.0, minima).tolist())
    ]
    rows += [("not arrived", -1, float(np.mean((minimum < 0) & ~failed))), ("diverged", -2, float(failed.mean()))]
    return [row for row in rows if row[2] > 0]
