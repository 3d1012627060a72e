"""A sweep over one hyper-parameter as lines: how well each optimizer does at each value, and where its best one lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.record import Record
from landscapes.render.artists.trails import dress
from landscapes.render.plots._heatmap import chosen, lettered
from landscapes.render.plots.inputs import current_axes, size_factor
from landscapes.render.plots.run_table import QUANTITIES, REPEATS, numbers_of
from landscapes.render.theme import Theme, as_theme, styles

BAND = (0.25, 0.75)
"""Quantiles between which the band around a line lies."""

ABOVE = 30.0
"""On a log scale nothing is shown that is so many times worse than the start."""


def sensitivity(
    record: Record,
    ax: Axes | None = None,
    *,
    value: str = "gap",
    along: str | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draws a sweep over one hyper-parameter on `ax`, and returns `ax`: a line an optimizer, a band over starts and seeds.

    A line is the median over starts and seeds, the band holds the middle half of them, a dot marks the best value. Where most runs fail
    the line ends, with a cross. A dot at the edge of the grid is hollow: better ones may lie beyond.

    Args:
        record: a `sweep`; of further hyper-parameters the best is taken at each value.
        ax: where to draw; by default matplotlib's current axes.
        value: as in `render.heatmap`.
        along: which hyper-parameter; by default the first.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record that is no sweep, unknown names, or numbers that the record does not tell.
    """
    look = as_theme(theme)
    (name,) = chosen(record, None if along is None else [along], 1)
    numbers = numbers_of(record, value)
    ax = current_axes(ax)
    thick = 1.9 * size_factor(ax)
    axes = list(record.axes)
    values = record.axes[name]
    who = record.axes.get("optimizer") or [str(record.trajectories.runs["label"][0])]
    if "optimizer" not in axes:
        axes, numbers = ["optimizer", *axes], numbers[None]
    order = ["optimizer", name, *(other for other in axes if other not in ("optimizer", name))]
    table = np.transpose(numbers, [axes.index(other) for other in order])
    repeats = [place for place, other in enumerate(order) if place > 1 and other in REPEATS]
    log = QUANTITIES[value].log
    up = value == "success"
    for label, style, rows in zip(who, styles(who, look), table, strict=True):
        middle, low, high = _spread(rows, [place - 1 for place in repeats], up)
        (line,) = ax.plot(values, middle, color=style.color, linewidth=thick, label=label, zorder=4)
        dress(line, style)
        ax.fill_between(values, low, high, color=style.color, alpha=0.16, linewidth=0, zorder=3)
        _mark(ax, values, middle, style.color, look, thick, up)
    if _even_in_logs(values):
        ax.set_xscale("log")
    if log:
        ax.set_yscale("log")
        sound = table[np.isfinite(table)]
        if len(sound) and value == "gap":
            first = float(np.nanmax(record.trajectories.loss[:, 0])) - float(record.meta["minimum"])
            ax.set_ylim(top=min(float(sound.max()) * 2, ABOVE * first))
    ax.set_xlabel(lettered(name))
    ax.set_ylabel(QUANTITIES[value].title)
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _spread(rows: NDArray[np.float64], repeats: list[int], up: bool) -> tuple[NDArray[np.float64], ...]:
    """The middle, the lower and the upper end of the band at each value; NaN where most runs fail."""
    if up:
        mean = rows.mean(tuple(range(1, rows.ndim)))
        return mean, mean, mean
    worst = np.where(np.isnan(rows), np.inf, rows)
    kept = np.moveaxis(worst, repeats, range(1, 1 + len(repeats))) if repeats else worst[:, None]
    kept = kept.reshape(len(rows), int(np.prod(kept.shape[1 : 1 + max(len(repeats), 1)])), -1)
    choice = np.median(kept, axis=1).argmin(1)  # the best of the other hyper-parameters
    runs = kept[np.arange(len(rows)), :, choice]
    middle, low, high = np.quantile(runs, (0.5, *BAND), axis=1, method="nearest")
    return tuple(
        np.where(np.isfinite(part), part, np.nan) for part in (middle, low, np.where(np.isfinite(high), high, middle))
    )


def _mark(
    ax: Axes, values: list[Any], middle: NDArray[np.float64], color: Any, look: Theme, thick: float, up: bool
) -> None:
    """The best value, and the last one before runs fail."""
    sound = np.flatnonzero(np.isfinite(middle))
    if not len(sound):
        return
    best = int(sound[np.argmin(-middle[sound] if up else middle[sound])])
    edge = best in (0, len(values) - 1) and len(values) > 2
    ax.plot(
        [values[best]], [middle[best]], "o", markersize=3.6 * thick, zorder=6, clip_on=False, label=f"_{best}",
        markerfacecolor=look.background if edge else to_rgb(color), markeredgecolor=color if edge else look.rim,
        markeredgewidth=0.8 * thick,
    )  # fmt: skip
    last = int(sound[-1])
    if last < len(values) - 1:
        ax.plot(
            [values[last]], [middle[last]], "x", markersize=3.4 * thick, color=color, mew=thick, zorder=5, label="_end"
        )


def _even_in_logs(values: list[Any]) -> bool:
    """Whether values are spread as on a log scale rather than a linear one."""
    numbers = np.array(values, float)
    if len(numbers) < 3 or (numbers <= 0).any():
        return False
    plain, logs = np.diff(numbers), np.diff(np.log(numbers))
    return bool(np.ptp(logs) / abs(logs.mean()) < np.ptp(plain) / abs(plain.mean()))
