"""The trials of a tuning, by optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.analysis.tuning import FAILED_EFFORT
from landscapes.analysis.tuning import columns as trial_columns
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.artists.trails import mix
from landscapes.render.plots.inputs import current_axes, plain_log_ticks, size_factor
from landscapes.render.theme import Style, Theme, as_theme, styles

Columns = Mapping[str, NDArray[Any]]

FACTS = ("label", "round", "rung", "steps", "effort", "evaluations")
"""The columns of a tuning that are not hyper-parameters."""

THICK = 0.2
"""Vertical spread of the trials of one optimizer, in rows, so that they do not cover each other."""


@suggests_arguments
def tuning_trials(record: Record | Columns, ax: Axes | None = None, *, theme: str | Theme = "light") -> Axes:
    """Draw the trials of each optimizer on `ax` and return `ax`: best optimizer on top, better trials to the left.

    A point is a trial at its effort (see `landscapes.tune`): faint if it ran for a part of the steps only. The large
    dot is the best trial, the ring the given settings. Trials left of the dashed line reach the target. The text
    states the number of settings, the evaluations, and the ranges of the hyper-parameters.

    Args:
        record: what `tune` returns, or its columns: `label`, `rung`, `steps`, `effort`, `evaluations`, and one column
            per hyper-parameter, all of one length. The first row of an optimizer holds its given settings.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for columns that lack one of these, are empty or of different lengths.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import tune
    >>> found = tune("booth", ["sgd", "adam"], vary=["lr"], steps=60, candidates=9, starts=1)
    >>> sorted(tick.get_text() for tick in tuning_trials(found, Figure().subplots()).get_yticklabels())
    ['Adam', 'SGD']
    """
    look = as_theme(theme)
    table = _checked(record)
    ax = current_axes(ax, look)
    labels = list(dict.fromkeys(str(label) for label in table["label"]))
    rows = {label: np.flatnonzero(table["label"] == label) for label in labels}
    best = {label: _best(table, trials) for label, trials in rows.items()}
    order = sorted(labels, key=lambda label: float(table["effort"][best[label]]))
    scale = size_factor(ax)
    extent = ax.get_window_extent()
    figure = root_figure(ax)
    ruler = Ruler(72.0 if figure is None else figure.dpi)
    wide, font, below = 72 * extent.width / ruler.dpi, 7 * look.text_scale, 0.55
    for label, style in zip(labels, styles(labels, look), strict=True):
        y = order.index(label)
        _settings(ax, table, rows[label], best[label], y, style, look, scale)
        lines = ruler.wrap(_told(table, rows[label], look), wide - 8, font, 2)
        if y == len(order) - 1:
            below = _space_below(1.2 * len(lines) * font * ruler.dpi / 72 / extent.height, len(order))
        ax.annotate(
            "\n".join(lines),
            (0, y + 1.3 * THICK),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            fontsize=font,
            va="top",
            color=mix(to_rgb(look.foreground), to_rgb(look.background), 0.2),
            parse_math=False,
            linespacing=1.15,
            zorder=5,
            bbox={"facecolor": look.background, "linewidth": 0, "pad": 1},  # over the dashed line
        )
    ax.axvline(1.0, color=look.muted, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    finite = table["effort"][table["effort"] > 0]
    ax.set_xscale("log")
    ax.set_xlim(0.8 * min(float(finite.min(initial=1.0)), 0.8), 1.15 * max(float(table["effort"].max()), FAILED_EFFORT))
    plain_log_ticks(ax, float(np.log10(ax.get_xlim()[1] / ax.get_xlim()[0])))
    ax.set_ylim(len(labels) - 1 + below, -0.45)
    ax.set_yticks(range(len(order)), [clean_text(label) for label in order])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(
        look.say(
            "effort: share of steps to the target (> 1: not reached, {failed}: failed)",
            failed=look.number(f"{FAILED_EFFORT:g}"),
        )
    )
    ax.grid(True, axis="x", color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def _settings(
    ax: Axes, table: Columns, trials: NDArray[np.int64], best: int, y: int, style: Style, look: Theme, scale: float
) -> None:
    """Draw the trials of one optimizer around a height."""
    effort, whole = table["effort"], table["steps"] == table["steps"].max()
    lifts = THICK * (2 * (0.5 + 0.618034 * np.arange(len(trials)) % 1.0) % 2 - 1)
    for chosen, alpha, size in ((~whole[trials], 0.16, 2.6), (whole[trials], 0.6, 3.2)):
        ax.plot(
            effort[trials][chosen],
            y + lifts[chosen],
            "o",
            color=style.color,
            alpha=alpha,
            markersize=size * scale,
            markeredgewidth=0,
            zorder=3,
            label="_settings",
        )
    given = _given(table, trials)
    ax.plot(
        [effort[given]],
        [y],
        style.marker,
        markersize=9 * scale,
        markerfacecolor=look.background,
        markeredgecolor=style.color,
        markeredgewidth=1.6 * scale,
        zorder=4,
        label="_given",
    )
    ax.plot(
        [effort[best]],
        [y],
        style.marker,
        markersize=10.5 * scale,
        markerfacecolor=style.color,
        markeredgecolor=look.rim,
        markeredgewidth=1.2 * scale,
        zorder=4.5,
        label="_chosen",
    )


def _best(table: Columns, trials: NDArray[np.int64]) -> int:
    """Return the row of the best trial among the longest ones, the latest of equal ones."""
    longest = trials[table["steps"][trials] == table["steps"][trials].max()][::-1]
    return int(longest[np.argmin(table["effort"][longest])])


def _given(table: Columns, trials: NDArray[np.int64]) -> int:
    """Return the row of the longest trial of the given settings."""
    same = np.ones(len(trials), bool)
    for name, column in table.items():
        if name not in FACTS:
            same &= (column[trials] == column[trials[0]]) | (np.isnan(column[trials]) & np.isnan(column[trials[0]]))
    equal_trials = trials[same]
    return int(equal_trials[np.argmax(table["steps"][equal_trials])])


def _told(table: Columns, trials: NDArray[np.int64], look: Theme) -> str:
    """Return the budget of an optimizer and the ranges of its hyper-parameters."""
    begun = int((table["rung"][trials] == table["rung"].min()).sum())
    text = "1 setting, {evaluations} evaluations" if begun == 1 else "{count} settings, {evaluations} evaluations"
    evaluations = look.number(f"{int(table['evaluations'][trials].sum()):,}")
    words = [look.say(text, count=look.number(f"{begun:,}"), evaluations=evaluations)]
    for name, column in table.items():
        if name not in FACTS and np.isfinite(column[trials]).any():
            low, high = np.nanmin(column[trials]), np.nanmax(column[trials])
            least, most = look.number(_short(low)), look.number(_short(high))
            values = look.say("{low} to {high}", low=least, high=most) if low < high else look.number(f"{low:g}")
            words.append(f"{name} {values}")
    return words[0] + (f"; {', '.join(words[1:])}" if len(words) > 1 else "")


def _short(value: float) -> str:
    """Return a bound with two digits; of one just below 1, as of a decay, with those that tell it from 1.

    >>> _short(0.0123), _short(0.9994), _short(86.4)
    ('0.012', '0.9994', '86')
    """
    if 0.9 < value < 1:
        return f"{value:.{min(int(np.ceil(-np.log10(1 - value))), 9)}f}".rstrip("0")
    return f"{value:.2g}"


def _space_below(height: float, rows: int) -> float:
    """Return how many rows the axes need below the last one for a text of a height, as a share of the axes."""
    share = min(height, 0.5)
    return max(0.55, (1.5 * THICK + (rows - 0.55) * share) / (1 - share))


def _checked(columns: Columns | Record) -> dict[str, NDArray[Any]]:
    """Return the columns as arrays, checked."""
    if isinstance(columns, Record):
        columns = trial_columns(columns)
    if not isinstance(columns, Mapping):
        raise InputError(f"expected a record of tune(), or its columns, got {columns!r:.80}")
    table = {str(name): np.asarray(column) for name, column in columns.items()}
    missing = [name for name in FACTS if name not in table and name != "round"]
    if missing:
        raise InputError(f"these columns lack {', '.join(missing)}; the record of tune() has them all")
    count = {column.shape for column in table.values()}
    if len(count) != 1 or count == {(0,)} or len(next(iter(count))) != 1:
        raise InputError(f"columns must have one length, at least 1, got {', '.join(map(str, sorted(count)))}")
    return table
