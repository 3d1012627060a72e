"""Sensitivity to one hyper-parameter, and the learning rates of a race on it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.artists.trails import set_legend_style
from landscapes.render.plots._heatmap import choose_axes, even_in_logs, math_name, over_text
from landscapes.render.plots.categories import is_categorical, set_names
from landscapes.render.plots.inputs import HUGE, check_step, current_axes, set_limits, size_factor, write_note
from landscapes.render.plots.run_table import (
    MEASURES,
    REPEATS,
    measure_of,
    median,
    nothing_found,
    run_values,
    settings_over,
)
from landscapes.render.theme import Theme, as_theme, styles

BAND = (0.25, 0.75)
"""Quantiles of the band around a line."""

ABOVE = 30.0
"""On a log scale, losses above this multiple of the first one are not shown."""


@suggests_arguments
def sensitivity(
    record: Record,
    ax: Axes | None = None,
    *,
    measure: str = "gap",
    along: str | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draw the sensitivity to one hyper-parameter on `ax` and return `ax`: one line per optimizer.

    A line is the median over starts and seeds, with a band from the quantile 0.25 to 0.75. A dot marks the best value;
    it is hollow at the edge of the grid, beyond which there may be better ones. A line ends with a cross where most
    runs fail. If no setting has a value, a note says so.

    Args:
        record: a `sweep`; the best over other hyper-parameters is shown at each value, and the title says so.
        ax: where to draw; by default matplotlib's current axes.
        measure: as in `render.heatmap`.
        along: which hyper-parameter, or "function", over which a gap is the share of the initial gap that remains; by
            default the first hyper-parameter.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record that is not a sweep, unknown names, and quantities that the record lacks.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import sweep
    >>> grid = sweep("booth", ["sgd", "adam"], lr=[0.001, 0.01, 0.1, 1.0], steps=40)
    >>> ax = sensitivity(grid, Figure().subplots())
    >>> ax.get_xlabel(), ax.get_xscale()
    ('learning rate', 'log')
    """
    look = as_theme(theme)
    (name,) = choose_axes(record, None if along is None else [along], 1)
    numbers = run_values(record, measure)
    ax = current_axes(ax, look)
    thick = 1.9 * size_factor(ax)
    if len(functions := record.axes.get("function", [])) > 1 and name != "function":
        raise InputError(
            f'this record has {len(functions)} functions: choose one, as in record.sel(function="{functions[0]}")'
        )
    axes = list(record.axes)
    entries = record.axes[name]
    categories = is_categorical(entries)
    values: list[Any] = [place + 0.5 for place in range(len(entries))] if categories else entries
    labels = record.axes.get("optimizer") or [str(record.trajectories.runs["label"][0])]
    if "optimizer" not in axes:
        axes, numbers = ["optimizer", *axes], numbers[None]
    order = ["optimizer", name, *(other for other in axes if other not in ("optimizer", name))]
    table = np.transpose(numbers, [axes.index(other) for other in order])
    repeats = [place for place, other in enumerate(order) if place > 1 and other in REPEATS]
    kind = measure_of(record, measure)
    log = kind.log
    up = measure == "success"
    empty = True
    for label, style, rows in zip(labels, styles(labels, look), table, strict=True):
        middle, low, high = _spread(rows, [place - 1 for place in repeats], up)
        empty = empty and not np.isfinite(middle).any()
        (line,) = ax.plot(values, middle, color=style.color, linewidth=thick, label=label, zorder=4)
        set_legend_style(line, style)
        if categories:  # nothing lies between names
            line.set(linestyle="none", marker="o", markersize=3.6 * thick)
            ax.vlines(values, low, high, color=style.color, linewidth=0.6 * thick, zorder=3)
            continue
        ax.fill_between(values, low, high, color=style.color, alpha=0.16, linewidth=0, zorder=3)
        _mark(ax, values, middle, style.color, look, thick, up)
    if categories:
        ax.set_xlim(0, len(entries))
        set_names(ax.xaxis, entries, look)
    elif even_in_logs(values):
        ax.set_xscale("log")
    finite = table[np.isfinite(table)]
    if empty:
        ax.set_yticks([])
        write_note(ax, nothing_found(measure), look)
        if even_in_logs(values) and not categories:
            ax.set_xlim(values[0], values[-1])  # matplotlib finds no limits without finite points
    elif log and (finite > 0).any():
        top = float(finite.max())
        ax.set_autoscaley_on(top <= HUGE)  # else its margin overflows
        ax.set_yscale("log")
        bottom = ax.get_ylim()[0] if top <= HUGE else float(finite[finite > 0].min()) / 2
        if kind is MEASURES["gap"]:
            first = float(np.nanmax(record.trajectories.loss[:, 0])) - float(record.meta["minimum"])
            if first > 0:
                set_limits(ax, bottom, min(2 * top, ABOVE * first))
        elif top > HUGE:
            set_limits(ax, bottom, 2 * top)
    ax.set_xlabel(math_name(name, look))
    ax.set_ylabel(look.say(kind.title))
    if over := settings_over(record, [name, "optimizer"]):
        ax.set_title(over_text(over, look), loc="left", fontsize=8 * look.text_scale, color=look.foreground)
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def _spread(rows: NDArray[np.float64], repeats: list[int], up: bool) -> tuple[NDArray[np.float64], ...]:
    """Return the median and the ends of the band at each value; NaN if most runs fail."""
    if up:
        rates = rows.mean(tuple(repeats), keepdims=True)
        best = rates.max(tuple(range(1, rows.ndim)))  # of the other hyper-parameters
        return best, best, best
    worst = np.where(np.isnan(rows), np.inf, rows)
    kept = np.moveaxis(worst, repeats, range(1, 1 + len(repeats))) if repeats else worst[:, None]
    kept = kept.reshape(len(rows), int(np.prod(kept.shape[1 : 1 + max(len(repeats), 1)])), -1)
    choice = median(kept, 1).argmin(1)  # the best of the other hyper-parameters
    runs = kept[np.arange(len(rows)), :, choice]
    middle, low, high = np.quantile(runs, (0.5, *BAND), axis=1, method="nearest")
    return tuple(
        np.where(np.isfinite(part), part, np.nan) for part in (middle, low, np.where(np.isfinite(high), high, middle))
    )


def _mark(
    ax: Axes, values: list[Any], middle: NDArray[np.float64], color: Any, look: Theme, thick: float, up: bool
) -> None:
    """Mark the best value, and the last one before runs fail."""
    finite = np.flatnonzero(np.isfinite(middle))
    if not len(finite):
        return
    best = int(finite[np.argmin(-middle[finite] if up else middle[finite])])
    edge = best in (0, len(values) - 1) and len(values) > 2
    ax.plot(
        [values[best]],
        [middle[best]],
        "o",
        markersize=3.6 * thick,
        zorder=6,
        clip_on=False,
        label=f"_{best}",
        markerfacecolor=look.background if edge else to_rgb(color),
        markeredgecolor=color if edge else look.rim,
        markeredgewidth=0.8 * thick,
    )
    last = int(finite[-1])
    if last < len(values) - 1:
        size = (6.0 if last == best else 3.4) * thick  # around the dot
        ax.plot([values[last]], [middle[last]], "x", markersize=size, color=color, mew=thick, zorder=5, label="_end")


EDGE = 0.02
"""Distance from the end of a grid, relative to its length, within which a rate lies at its edge."""


@suggests_arguments
def lr_sweep(
    record: Record, ax: Axes | None = None, *, sweep: Record, measure: str = "gap", theme: str | Theme = "light"
) -> Axes:
    """Draw the sensitivity to the learning rate on `ax`, with the rates of a race marked, and return `ax`.

    A rate is a dashed line in its optimizer's colour. A note says which rates lie at the edge of the grid or beyond
    it.

    Args:
        record: a race.
        ax: where to draw, such as a thin strip beside the race; by default matplotlib's current axes.
        sweep: a sweep over `lr`: `sweep("beale", ["sgd", "adam"], lr=(1e-4, 1))`.
        measure: what of the sweep is shown, as in `render.sensitivity`.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a sweep that has no axis `lr`, or whose optimizers are not in the race.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race, sweep
    >>> tried = sweep("booth", ["sgd", "adam"], lr=[0.001, 0.01, 0.1, 1.0], steps=40)
    >>> raced = race("booth", ["sgd(lr=0.03)", "adam(lr=1.0)"], steps=40)
    >>> ax = lr_sweep(raced, Figure().subplots(), sweep=tried)
    >>> [text.get_text() for text in ax.texts]
    ['Adam: at the edge of the grid']
    """
    check_step(record, None)
    check_step(sweep, None)
    if "lr" not in sweep.axes:
        raise InputError('sweep= needs a sweep over "lr", as returned by sweep(…, lr=(1e-4, 1))')
    look, grid = as_theme(theme), np.array(sweep.axes["lr"], float)
    labels = [str(label) for label in sweep.axes.get("optimizer", sweep.trajectories.runs["label"][:1].tolist())]
    runs = record.trajectories.runs
    chosen = {
        str(label): float(lr)
        for label, lr in zip(runs["label"], runs["lr"], strict=True)
        if str(label) in labels and not math.isnan(lr)
    }
    if not chosen:
        raise InputError(
            f"none of the sweep's optimizers ({', '.join(labels)}) is in the race: {', '.join(map(str, runs['label']))}"
        )
    ax = current_axes(ax, look)
    sensitivity(sweep, ax, measure=measure, along="lr", theme=look)
    colors = {label: style.color for label, style in zip(labels, styles(labels, look), strict=True)}
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, *chosen.values()), max(high, *chosen.values()))
    notes = []
    for label, rate in chosen.items():
        ax.axvline(
            rate, color=colors[label], linewidth=1.3 * size_factor(ax), linestyle=(0, (3, 2)), zorder=2, label="_rate"
        )
        if words := _edge(rate, grid):
            notes.append(f"{clean_text(label, math=False)}: {look.say(words)}")
    if notes:
        ax.annotate(
            "; ".join(notes),
            (1, 1),
            xycoords="axes fraction",
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=7.5 * look.text_scale,
            color=look.foreground,
            parse_math=False,
        )
    localize(ax, look)
    return ax


def _edge(rate: float, grid: NDArray[np.float64]) -> str:
    """Return a note for a rate at the end of a grid, "" within it.

    >>> grid = np.array([0.01, 0.1, 1.0])
    >>> _edge(0.1, grid), _edge(1.0, grid), _edge(2.0, grid)
    ('', 'at the edge of the grid', 'beyond the grid')
    """
    if not (rate > 0 and grid.min() > 0) or len(grid) < 2:
        return ""
    place = math.log(rate / grid.min()) / math.log(grid.max() / grid.min())
    if not -EDGE <= place <= 1 + EDGE:
        return "beyond the grid"
    return "" if EDGE < place < 1 - EDGE else "at the edge of the grid"
