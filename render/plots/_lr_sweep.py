"""The learning rates of a race, where they lie in the sweep that they were chosen from."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.plots._sensitivity import sensitivity
from landscapes.render.plots.inputs import check_step, current_axes, size_factor
from landscapes.render.theme import Theme, as_theme, styles

EDGE = 0.02
"""How far from the end of a grid a rate still lies at its edge, as a share of it."""


def lr_sweep(
    record: Record, ax: Axes | None = None, *, sweep: Record, value: str = "gap", theme: str | Theme = "light"
) -> Axes:
    """Draws a sweep over learning rates on `ax` with the rates of a race marked on it, and returns `ax`.

    A rate is a dashed line in its optimizer's colour. Where it lies at the edge of the grid, or beyond it, that is said: a
    better one may not have been tried.

    Args:
        record: a race.
        ax: where to draw, such as a thin strip beside the race; by default matplotlib's current axes.
        sweep: a sweep over `lr`: `sweep("beale", ["sgd", "adam"], lr=(1e-4, 1))`.
        value: what of the sweep is shown, as in `render.sensitivity`.
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
        raise InputError('this marks learning rates on a sweep over "lr", which sweep(…, lr=(1e-4, 1)) records')
    look, grid = as_theme(theme), np.array(sweep.axes["lr"], float)
    who = [str(label) for label in sweep.axes.get("optimizer", sweep.trajectories.runs["label"][:1].tolist())]
    runs = record.trajectories.runs
    chosen = {
        str(label): float(lr)
        for label, lr in zip(runs["label"], runs["lr"], strict=True)
        if str(label) in who and not math.isnan(lr)
    }
    if not chosen:
        raise InputError(
            f"none of the sweep's optimizers ({', '.join(who)}) is in the race: {', '.join(map(str, runs['label']))}"
        )
    ax = current_axes(ax)
    sensitivity(sweep, ax, value=value, along="lr", theme=look)
    colors = {label: style.color for label, style in zip(who, styles(who, look), strict=True)}
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, *chosen.values()), max(high, *chosen.values()))
    said = []
    for label, rate in chosen.items():
        ax.axvline(
            rate, color=colors[label], linewidth=1.3 * size_factor(ax), linestyle=(0, (3, 2)), zorder=2, label="_rate"
        )
        if words := _edge(rate, grid):
            said.append(f"{label}: {words}")
    if said:
        ax.annotate(
            "; ".join(said), (1, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points",
            ha="right", va="bottom", fontsize=7.5, color=look.foreground, parse_math=False,
        )  # fmt: skip
    return ax


def _edge(rate: float, grid: NDArray[np.float64]) -> str:
    """What to say of a rate at the end of a grid, "" within it; grids of rates are told by powers.

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
