"""Sensitivity to the learning rate, from the trials of a comparison with studies."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.trails import set_legend_style
from landscapes.render.plots.inputs import current_axes, plain_log_ticks, size_factor
from landscapes.render.theme import Theme, as_theme, styles

BINS = 16
"""The number of ranges of learning rates, even on a log scale, over which trials are averaged."""

LEAST = 3
"""The smallest number of trials of an average."""


@suggests_arguments
def study_trials(record: Record, ax: Axes | None = None, *, name: str = "lr", theme: str | Theme = "light") -> Axes:
    """Draw the success rate of all trials of a comparison against a hyper-parameter on `ax`, and return `ax`.

    A point is the mean over the trials within one of 16 ranges, of all functions and studies, from the starts that
    choose. A wide range of high success rates means that the optimizer is less sensitive to the value; a high peak,
    that it solves most problems with the right one. Where there are fewer than three trials, the line is broken.

    Args:
        record: what `compare(…, tuning=Tuning(…))` returns.
        ax: where to draw; by default matplotlib's current axes.
        name: the hyper-parameter, one that the studies searched.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for another record, or a hyper-parameter that was not searched.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import Tuning, compare
    >>> record = compare("booth", "sgd", tuning=Tuning(trials=3, studies=2), starts=2, steps=40)
    >>> study_trials(record, Figure().subplots()).get_xlabel()
    'learning rate'
    """
    tuning = record.meta.get("tuning") if isinstance(record, Record) else None
    if not tuning:
        raise InputError("expected a comparison with studies, as returned by compare(…, tuning=Tuning(…))")
    searched = {label: own[name] for label, own in tuning["searched"].items() if name in own}
    if not searched:
        known = sorted({key for own in tuning["searched"].values() for key in own})
        raise InputError(f"the studies did not search {name!r}; they searched {', '.join(known)}")
    look = as_theme(theme)
    ax = current_axes(ax, look)
    low, high = min(ends[0] for ends in searched.values()), max(ends[1] for ends in searched.values())
    log = all(ends[2] == "log" for ends in searched.values())
    edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
    middle = np.sqrt(edges[1:] * edges[:-1]) if log else (edges[1:] + edges[:-1]) / 2
    labels = [str(label) for label in record.axes["optimizer"]]
    for label, style in zip(labels, styles(labels, look), strict=True):
        if label not in searched:
            continue
        values, reached = _trials(tuning, label, name)
        where = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BINS - 1)
        counts = np.bincount(where, minlength=BINS)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(counts >= LEAST, np.bincount(where, reached, BINS) / counts, np.nan)
        (line,) = ax.plot(
            middle, mean, color=style.color, linewidth=1.9 * size_factor(ax), label=label, marker="o", markersize=3
        )
        set_legend_style(line, style)
    if log:
        ax.set_xscale("log")
        plain_log_ticks(ax, float(np.log10(high / low)))
    ax.set_xlim(low, high)
    ax.set_ylim(0, 1.04)
    ax.set_xlabel(look.say("learning rate") if name == "lr" else name)
    ax.set_ylabel(look.say("success rate"))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def _trials(tuning: dict[str, Any], label: str, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values and the success rates of all trials of an optimizer, shape (n,) each."""
    own = [row[label] for row in tuning["found"].values()]
    values = [np.array(one["settings"][name], dtype=np.float64).ravel() for one in own]
    return np.concatenate(values), np.concatenate([np.array(one["reached"], dtype=np.float64).ravel() for one in own])
