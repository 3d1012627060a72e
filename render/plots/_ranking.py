"""Optimizers of a sweep from best to worst, with the runs of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.standings_columns import short_number
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.plots.categories import set_names
from landscapes.render.plots.inputs import HUGE, MARGIN, current_axes, size_factor, write_note
from landscapes.render.plots.run_table import REPEATS, Numbers, measure_of, nothing_found, run_values
from landscapes.render.theme import Theme, as_theme, styles

BAND = (0.25, 0.75)
"""Quantiles of the thick part of a row."""

MOST_RUNS = 200
"""Rows of more runs than this have no dots of runs."""

FONT = 9.0
"""Font size of values in points, at a text scale of 1."""


@suggests_arguments
def ranking(record: Record, ax: Axes | None = None, *, measure: str = "gap", theme: str | Theme = "light") -> Axes:
    """Draw the optimizers of a sweep on `ax`, from best to worst, and return `ax`.

    A dot is the median over starts and seeds, written at the right end of its row; it is the best one over the
    hyper-parameters that the sweep varies. A thick line reaches from the quantile 0.25 to 0.75, strokes are single
    runs. Optimizers of which most runs fail or miss the target are last, with the number of the others. Learning rates
    are stated where an optimizer has one.

    Args:
        record: a `sweep` over optimizers, of one function.
        ax: where to draw; by default matplotlib's current axes.
        measure: as in `render.heatmap`.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record that is not a sweep over optimizers, several functions, unknown names, and quantities
            that the record lacks.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import sweep
    >>> tried = sweep("booth", ["sgd(lr=0.05)", "adam(lr=0.5)"], steps=40)
    >>> ax = ranking(tried, Figure().subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['SGD, lr 0.05', 'Adam, lr 0.5']
    """
    look = as_theme(theme)
    numbers = run_values(record, measure)
    if "optimizer" not in record.axes:
        raise InputError("this sweep has one optimizer: a ranking needs several, as in sweep(f, ['sgd', 'adam'])")
    if len(functions := record.axes.get("function", [])) > 1:
        raise InputError(
            f'this record has {len(functions)} functions: choose one, as in record.sel(function="{functions[0]}")'
        )
    ax = current_axes(ax, look)
    up, kind = measure == "success", measure_of(record, measure)
    names = [str(name) for name in record.axes["optimizer"]]
    runs = _runs(record, numbers, up)
    rows = [_spread(own, up) for own in runs]
    held = np.isfinite(runs).mean(1)
    order = sorted(range(len(names)), key=lambda row: (_key(rows[row][0], up), -held[row] * (not up), row))
    thick, shades = size_factor(ax), styles(names, look)
    shown = np.array([own for own in runs[order].ravel() if np.isfinite(own)])
    log = kind.log and bool((shown > 0).any()) and float(shown.max(initial=0.0)) <= HUGE
    if log:
        ax.set_xscale("log")
    stems: list[tuple[float, float, Any]] = []
    for place, row in enumerate(order):
        (middle, low, high), color, y = rows[row], shades[row].color, place + 0.5
        ax.axhline(y, color=look.muted, alpha=0.3, linewidth=0.6, zorder=1)
        if not up and 1 < runs.shape[1] <= MOST_RUNS:
            ax.plot(runs[row], np.full(runs.shape[1], y), "|", color=color, markersize=7 * thick, alpha=0.7, zorder=2)
        if np.isfinite(middle):
            if runs.shape[1] > 1 and low < high:
                ax.plot([low, high], [y, y], color=color, linewidth=4.5 * thick, alpha=0.45, solid_capstyle="butt")
            elif runs.shape[1] == 1 or up:
                stems.append((middle, y, color))
            ax.plot(
                middle,
                y,
                shades[row].marker,
                color=color,
                markersize=9 * thick,
                zorder=5,
                clip_on=False,
                markeredgecolor=look.background,
                markeredgewidth=0.8 * thick,
            )
        words = look.number(short_number(middle)) if np.isfinite(middle) else look.say(_missing(middle))
        if not np.isfinite(middle) and held[row]:
            words = f"{round(held[row] * runs.shape[1])}/{runs.shape[1]}"
        weight = "bold" if place == 0 and np.isfinite(middle) else "normal"
        ax.annotate(
            words,
            (1, y),
            (5, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=FONT * look.text_scale,
            color=look.foreground,
            weight=weight,
            parse_math=False,
            annotation_clip=False,
            label=MARGIN,
        )
    ax.set_ylim(len(names), 0)
    set_names(ax.yaxis, [_name(record, names[row], row, look) for row in order], look)
    ax.tick_params(axis="y", length=0)
    if up:
        ax.set_xlim(-0.02, 1.02)
    elif not len(shown):
        ax.set_xticks([])
        write_note(ax, nothing_found(measure), look)
    elif log:
        low, high = float(shown[shown > 0].min()), float(shown.max())
        room = max((high / low) ** 0.06, 1.3)
        ax.set_xlim(low / room, min(high * room, HUGE))
    else:
        ax.set_xlim(*ax.get_xlim())
    left = ax.get_xlim()[0]
    for middle, y, color in stems:
        ax.plot([left, middle], [y, y], color=color, linewidth=2.2 * thick, alpha=0.6, zorder=3)
    ax.set_xlabel(look.say(kind.title))
    ax.grid(True, axis="x", color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def _runs(record: Record, numbers: Numbers, up: bool) -> Numbers:
    """Return the measure of the runs of each optimizer, shape (optimizers, repeats), at its best setting."""
    names = list(record.axes)
    repeats = [name for name in REPEATS if name in names]
    others = [name for name in names if name not in ("optimizer", "function", *repeats)]
    fixed = [name for name in names if name == "function"]
    table = np.transpose(numbers, [names.index(name) for name in ("optimizer", *fixed, *others, *repeats)])
    count = int(np.prod([len(record.axes[name]) for name in repeats])) if repeats else 1
    table = table.reshape(len(record.axes["optimizer"]), -1, count)
    best = [min(range(table.shape[1]), key=lambda setting: _key(_spread(own[setting], up)[0], up)) for own in table]
    return np.asarray(table[np.arange(len(table)), best])


def _spread(runs: Numbers, up: bool) -> tuple[float, float, float]:
    """Return the median of runs and the ends of the band; NaN if at least half fail, inf if these miss the target."""
    if up:
        share = float(np.mean(runs))
        return share, share, share
    if np.isnan(runs).mean() >= 0.5:
        return np.nan, np.nan, np.nan
    worst = np.where(np.isnan(runs), np.inf, runs)
    low, middle, high = (float(part) for part in np.quantile(worst, (BAND[0], 0.5, BAND[1]), method="nearest"))
    return middle, low, high if np.isfinite(high) else float(worst[np.isfinite(worst)].max(initial=middle))


def _key(middle: float, up: bool) -> tuple[bool, float]:
    """Return what optimizers are sorted by: failed ones are last."""
    return bool(np.isnan(middle)), -middle if up else (0.0 if np.isnan(middle) else middle)


def _missing(middle: float) -> str:
    return "fails" if np.isnan(middle) else "never"


def _name(record: Record, name: str, row: int, look: Theme) -> str:
    """Return the name of an optimizer, with its learning rate if it has the same in all runs."""
    rates = record.trajectories.runs.get("lr")
    if rates is None or "lr" in record.axes:
        return name
    own = np.moveaxis(record.grid(np.asarray(rates, float)), list(record.axes).index("optimizer"), 0)[row].ravel()
    if not np.isfinite(own).all() or len(set(own.tolist())) > 1:
        return name
    return f"{clean_text(name)}, {look.say('lr')} {look.number(f'{own[0]:.2g}')}"
