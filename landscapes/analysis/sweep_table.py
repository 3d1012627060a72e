"""The table of a sweep: the best settings, over all starts and seeds. Numpy only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis.table_formats import Cell, Table
from landscapes.errors import InputError
from landscapes.record import FAILED, Record, status_words, steps_or_inf

REPEATS = ("start", "seed")
"""The axes of a sweep that are no settings."""

FLOOR = 1e-16
"""Gaps below this share of the first one are equal, as in plots of sweeps."""

MOST = 10
"""The number of settings in a table."""


def best_settings(record: Record, most: int = MOST) -> Table:
    """Return the best settings of a sweep, by the median final loss, as the sensitivity plot shows it.

    The best setting of each optimizer is always among them. With several starts or seeds, there are the success rate
    and the medians over all runs, "> n" for a target that less than half of them reach; else the status of the run.

    Args:
        record: what `sweep` returns.
        most: how many settings.

    Raises:
        InputError: for the record of another experiment.

    >>> from landscapes import sweep
    >>> print(best_settings(sweep("booth", "adam", lr=[0.1, 1.0], starts=4, steps=60)).markdown().splitlines()[2])
    | Adam | 1 | 0 % | > 60 | 0.0564 |
    """
    meta, runs = record.meta, record.trajectories.runs
    if meta.experiment != "sweep":
        raise InputError(f"settings are in the record of sweep(), got that of a {meta.experiment}")
    if "function" in record.axes:
        return _by_function(record, most)
    repeats = math.prod(len(record.axes[name]) for name in REPEATS if name in record.axes)
    first = np.arange(0, len(record.trajectories), repeats)  # starts and seeds are the last axes
    failed = np.isin(runs["status"], FAILED).reshape(-1, repeats)
    final = np.where(failed, np.inf, np.nan_to_num(runs["final"], nan=np.inf).reshape(-1, repeats))
    loss = np.median(final, axis=1)
    steps = steps_or_inf(runs["reached"]).reshape(-1, repeats)
    order = np.argsort(np.median(np.maximum(final, _floor(record)), axis=1), kind="stable").tolist()
    labels = [str(label) for label in runs["label"][first]]
    leaders = {next(i for i in order if labels[i] == name) for name in dict.fromkeys(labels)}
    rest = [i for i in order if i not in leaders][: max(most - len(leaders), 0)]
    shown = [i for i in order if i in leaders or i in rest]
    names = ["lr", *(name for name in meta["scales"] if name != "lr")]
    several = repeats > 1
    header = ["optimizer", *names]
    header += ["success rate"] if several and meta.target is not None else []
    header += ([f"{'median ' * several}steps to target"] if meta.target is not None else []) + (
        ["median final loss"] if several else ["final loss", "status"]
    )
    rows: list[list[str | Cell]] = []
    for i in shown:
        row: list[str | Cell] = [labels[i], *(_setting(runs[name][first[i]]) for name in names)]
        if meta.target is not None:
            reached = np.isfinite(steps[i])
            row += [Cell(float(reached.mean()), percent=True)] if several else []
            row.append(Cell(float(np.median(steps[i])), above=_bound(steps[i], failed[i], meta.steps)))
        row.append(f"{loss[i]:.3g}" if several else f"{runs['final'][first[i]]:.4g}")
        rows.append(row if several else [*row, status_words(runs["status"][first[i]])])
    caption = f"{meta.title}: the best {len(shown)} of {len(first)} settings, {repeats} runs each"
    return Table(f"{caption}, {meta.steps} steps." if several else f"{meta.title}, {meta.steps} steps.", header, rows)


def _by_function(record: Record, most: int) -> Table:
    """Return the best settings of a sweep over several functions, function after function."""
    names = record.axes["function"]
    parts = [best_settings(record.sel(function=name), most) for name in names]
    header = list(dict.fromkeys(column for part in parts for column in part.header))
    rows: list[list[str | Cell]] = []
    for name, part in zip(names, parts, strict=True):
        for row in part.rows:
            cells = dict(zip(part.header, row, strict=True))
            rows.append([str(name), *(cells.get(column, "–") for column in header)])
    caption = f"The best settings on each of {len(names)} functions, {record.meta.steps} steps."
    return Table(caption, ["function", *header], rows)


def status_counts(record: Record) -> str:
    """Return how many runs have each status, as in "3 converged, 2 out of steps"."""
    statuses, counts = np.unique(record.trajectories.runs["status"], return_counts=True)
    return ", ".join(f"{count} {status_words(name)}" for name, count in zip(statuses, counts.tolist(), strict=True))


def _floor(record: Record) -> float:
    """Return the loss below which plots of sweeps do not distinguish losses; -inf if the minimum is unknown."""
    minimum = float(record.meta.minimum)
    if not math.isfinite(minimum):
        return -math.inf
    highest = float(np.fmax.reduce(record.trajectories.loss[:, 0]))
    return -math.inf if math.isnan(highest) else minimum + FLOOR * (highest - minimum)  # NaN if no run was done


def _bound(steps: NDArray[np.float64], failed: NDArray[np.bool_], last: int) -> float:
    """Return what a median of steps exceeds if it is infinite; NaN if most runs failed."""
    bound = float(np.median(np.where(np.isfinite(steps), steps, np.where(failed, math.inf, last))))
    return bound if math.isfinite(bound) else math.nan


def _setting(value: Any) -> str:
    if isinstance(value, np.bool_):
        return "on" if value else "off"
    if isinstance(value, np.str_):
        return str(value)
    return "–" if math.isnan(value) else f"{value:.4g}"
