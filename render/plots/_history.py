"""Any quantity of a race, step by step or by what it cost."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown
from landscapes.record import FAILED, Record, steps_or_inf
from landscapes.render.artists.polyline import Route
from landscapes.render.plots._loss_curves import DEPTH, Curve
from landscapes.render.plots.inputs import check_step, current_axes, size_factor
from landscapes.render.plots.metrics import QUANTITIES, evaluations, observed
from landscapes.render.theme import Style, Theme, as_theme, styles

Numbers = NDArray[np.float64]

ABSCISSAE = ("steps", "evaluations", "time")
"""What a trace can run along."""


class Trace(Curve):
    """A curve that grows with the race along something other than its steps."""

    def __init__(
        self, along: Numbers, value: Numbers, step: NDArray[np.int64], *, style: Style, label: str, width: float
    ) -> None:
        super().__init__(step, value, style=style, label=label, width=width)
        self.set_xdata(along)
        self.route = Route(along, value, step)


def history(
    record: Record,
    metric: str = "gap",
    ax: Axes | None = None,
    *,
    x: str = "steps",
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
) -> Axes:
    """Draws a quantity of each run as a curve on `ax`, and returns `ax`; `render.animate` lets the curves grow.

    Runs that failed leave the picture and rescale nothing; a run that has no such quantity has no curve.

    Args:
        record: a race.
        metric: "value", "gap" (to the minimum), "gradient_norm", "distance" (to the nearest known minimum), "step_length",
            "cosine" (between a step and the one before: 1 straight on, -1 back again) or "lr". For the gradient norm and
            the learning rate the race is to be run with `metrics=["gradient_norm", "lr"]`.
        ax: where to draw; by default matplotlib's current axes.
        x: "steps"; "evaluations" of the function, for a race with `metrics=["evaluations"]`; or "time", in seconds
            or milliseconds of the processor that measured them, for a race with `metrics=["seconds"]`.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the curves, in points; by default as the axes' size asks for.

    Raises:
        InputError: for an unknown quantity, a record that does not hold what it needs, a step outside the race.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=40)
    >>> history(record, "cosine", Figure().subplots()).get_ylabel()
    'cosine between steps'
    """
    shown = check_step(record, step)
    if metric not in QUANTITIES:
        raise unknown("metric", str(metric), QUANTITIES)
    if x not in ABSCISSAE:
        raise unknown("quantity for x", str(x), ABSCISSAE)
    look, chosen, runs = as_theme(theme), QUANTITIES[metric], record.trajectories.runs
    values = np.asarray(chosen.of(record), float)
    steps = record.trajectories.step
    along, title = _along(record, x)
    stopped = np.maximum(steps_or_inf(runs["stopped"]), 1)
    values = np.where(steps < stopped[:, None], values, np.nan)  # nothing happened afterwards
    if not np.isfinite(values).any():
        raise InputError(f"no run of this race has a {chosen.title}")
    ax = current_axes(ax)
    failed = np.isin(runs["status"], FAILED)
    calm = values[~failed] if np.isfinite(values[~failed]).any() else values
    if chosen.log and (calm > 0).any():
        low, high = _decades(calm)
        values = np.where(np.isnan(values), np.nan, np.maximum(values, low / 10))
        ax.set_yscale("log")
    else:
        low, high = chosen.span or _span(calm)
    ax.set_ylim(low, high)
    ax.set_xlim(0, float(np.nanmax(along)) or 1.0)
    ax.set_xlabel(title)
    ax.set_ylabel(chosen.title)
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    thick = 1.8 * size_factor(ax) if linewidth is None else linewidth
    labels = [str(label) for label in runs["label"]]
    for run, (label, style) in enumerate(zip(labels, styles(labels, look), strict=True)):
        known = np.flatnonzero(~np.isnan(values[run]) & np.isfinite(along[run]))
        if not len(known):
            continue
        part = slice(known[0], known[-1] + 1)
        curve = Trace(along[run, part], values[run, part], steps[part], style=style, label=label, width=thick)
        ax.add_line(curve)
        curve.set_step(shown)
    return ax


def _along(record: Record, x: str) -> tuple[Numbers, str]:
    """What the runs are drawn along, (R, T), and what its axis is called."""
    if x == "evaluations":
        return evaluations(record), "evaluations"
    if x == "time":
        spent = observed(record, "seconds")
        short = np.nanmax(spent) < 1
        return (1000 if short else 1) * spent, f"processor time [{'ms' if short else 's'}]"
    return np.broadcast_to(record.trajectories.step, record.trajectories.loss.shape).astype(float), "step"


def _decades(values: Numbers) -> tuple[float, float]:
    """Limits on a log scale."""
    sound = values[np.isfinite(values) & (values > 0)]
    high = float(sound.max())
    return max(float(sound.min()), high * DEPTH) / 1.5, 1.5 * high


def _span(values: Numbers) -> tuple[float, float]:
    """Limits on a linear scale, with a margin."""
    sound = values[np.isfinite(values)]
    low, high = float(sound.min()), float(sound.max())
    margin = 0.06 * max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-9)
    return low - margin, high + margin
