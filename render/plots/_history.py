"""Metrics of a race against steps, evaluations or time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import FAILED, Record, optimizer_labels, steps_or_inf
from landscapes.render.artists.localization import localize
from landscapes.render.artists.polyline import Polyline
from landscapes.render.artists.thinning import MANY, curve_points
from landscapes.render.plots._loss_curves import DEPTH, Curve
from landscapes.render.plots.inputs import check_step, current_axes, set_limits, show_step, size_factor, write_note
from landscapes.render.theme import Style, Theme, as_theme, styles

Numbers = NDArray[np.float64]

ABSCISSAE = ("steps", "evaluations", "time")
"""The quantities for the x axis."""


class HistoryCurve(Curve):
    """A growing curve over something other than steps."""

    def __init__(
        self, along: Numbers, value: Numbers, step: NDArray[np.int64], *, style: Style, label: str, width: float
    ) -> None:
        super().__init__(step, value, style=style, label=label, width=width)
        self.set_xdata(along)
        self.polyline = Polyline(along, value, step)


@suggests_arguments
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
    """Draw a metric of each run as a curve on `ax` and return `ax`; `render.animate` animates it.

    Failed runs do not affect the limits. A run without the metric has no curve; if no run has it, a note says so.

    Args:
        record: a race.
        metric: "loss", "gap" (to the minimum), "gradient_norm", "distance" (to the nearest known minimum),
            "step_length", "cosine" (between successive steps: 1 straight on, -1 reversed) or "lr". For the gradient
            norm and the learning rate the race is to be run with `metrics=["gradient_norm", "lr"]`. Of an optimizer
            with parameter groups it is the largest learning rate. Or any other metric of the record with one number
            per step, such as "accuracy" of `train_race`.
        ax: where to draw; by default matplotlib's current axes.
        x: "steps"; "evaluations" of the function, for a race with `metrics=["evaluations"]`; or "time", the processor
            time in seconds or milliseconds, for a race with `metrics=["seconds"]`.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the curves, in points; by default as the axes' size asks for.

    Raises:
        InputError: for an unknown metric, a record without the data it needs, a step outside the race.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=40)
    >>> history(record, "cosine", Figure().subplots()).get_ylabel()
    'cosine between steps'
    """
    check_step(record, step)
    if metric not in METRICS and not _is_own(record, metric):
        raise unknown(
            "metric", str(metric), [*METRICS, *filter(lambda name: _is_own(record, name), record.trajectories.metrics)]
        )
    if x not in ABSCISSAE:
        raise unknown("quantity for x", str(x), ABSCISSAE)
    look, runs = as_theme(theme), record.trajectories.runs
    chosen = METRICS.get(metric) or Metric(metric.replace("_", " "), False, lambda record: recorded(record, metric))
    values = np.asarray(chosen.of(record), float)
    steps = record.trajectories.step
    along, title = _along(record, x)
    stopped = np.maximum(steps_or_inf(runs["stopped"]), 1)
    values = np.where(steps < stopped[:, None], values, np.nan)  # runs stay where they were stopped
    ax = current_axes(ax, look)
    failed = np.isin(runs["status"], FAILED)
    calm = values[~failed] if np.isfinite(values[~failed]).any() else values
    some = bool(np.isfinite(values).any())
    if not some:
        low, high = 0.0, 1.0
        write_note(ax, f"no run has a finite {chosen.title}", look)
    elif chosen.log and (calm > 0).any():
        low, high = _decades(calm)
        values = np.where(np.isnan(values), np.nan, np.maximum(values, low / 10))
        ax.set_yscale("log")
    else:
        low, high = chosen.span or _span(calm)
    set_limits(ax, low, high)
    ax.set_xlim(0, float(np.max(along, initial=0.0, where=np.isfinite(along))) or 1.0)
    ax.set_xlabel(look.say(title))
    ax.set_ylabel(look.say(chosen.title))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    thick = 1.8 * size_factor(ax) if linewidth is None else linewidth
    labels = [str(label) for label in runs["label"]]
    for run, (label, style) in enumerate(zip(labels, styles(optimizer_labels(record), look), strict=True)):
        known = np.flatnonzero(~np.isnan(values[run]) & np.isfinite(along[run]))
        if not len(known):
            continue
        part = slice(known[0], known[-1] + 1)
        points, step_of = np.column_stack([along[run, part], values[run, part]]), steps[part]
        if values.size >= MANY:
            kept = curve_points(points, ax)
            points, step_of = points[kept], step_of[kept]
        curve = HistoryCurve(points[:, 0], points[:, 1], step_of, style=style, label=label, width=thick)
        curve.polyline.thinned = values.size >= MANY
        ax.add_line(curve)
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def _is_own(record: Record, metric: str) -> bool:
    """Return whether a record has a metric with one number per run and step."""
    values = record.trajectories.metrics.get(metric)
    return values is not None and values.ndim == 2


def _along(record: Record, x: str) -> tuple[Numbers, str]:
    """Return the x values, (R, T), and the label of the x axis."""
    if x == "evaluations":
        return evaluations(record), "evaluations"
    if x == "time":
        spent = recorded(record, "seconds")
        short = np.nanmax(spent) < 1
        return (1000 if short else 1) * spent, f"processor time [{'ms' if short else 's'}]"
    return np.broadcast_to(record.trajectories.step, record.trajectories.loss.shape).astype(float), "step"


def _decades(values: Numbers) -> tuple[float, float]:
    """Return limits on a log scale."""
    finite = values[np.isfinite(values) & (values > 0)]
    high = float(finite.max())
    return max(float(finite.min()), high * DEPTH) / 1.5, 1.5 * high


def _span(values: Numbers) -> tuple[float, float]:
    """Return limits on a linear scale, with a margin."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    margin = 0.06 * (max(high - low, 1e-9 * max(abs(low), abs(high))) or 1.0)
    return low - margin, high + margin


@dataclass(frozen=True)
class Metric:
    """A metric that each run has at each step.

    Attributes:
        title: the axis label.
        log: whether it is drawn on a log scale.
        of: returns its values (R, T) from a record, NaN if undefined; raises `InputError` if the record lacks data.
        span: the limits of its axis, if fixed.
    """

    title: str
    log: bool
    of: Callable[[Record], Numbers]
    span: tuple[float, float] | None = None


def recorded(record: Record, name: str) -> Numbers:
    """Return a recorded metric, (R, T) or (R, T, d). Raise `InputError` if it was not recorded."""
    if name not in record.trajectories.metrics:
        raise InputError(f"this race did not record {name!r}; race again with metrics=[{name!r}]")
    return record.trajectories.metrics[name]


def evaluations(record: Record) -> Numbers:
    """Return the evaluations of each run up to each step, (R, T).

    Values, gradients and Hessian-vector products count 1, a Hessian counts d.
    """
    weights = np.array([1.0, 1.0, 1.0, record.trajectories.x.shape[-1]])
    return np.asarray(recorded(record, "evaluations") @ weights)


def _loss(record: Record) -> Numbers:
    return record.trajectories.loss


def _gap(record: Record) -> Numbers:
    minimum = float(record.meta.minimum)
    if not np.isfinite(minimum) or record.meta.minimum_is == "contradicted" or record.below_minimum.any():
        reason = "runs go below its declared minimum" if np.isfinite(minimum) else "it has no known minimum"
        raise InputError(f'no gap is defined for this function: {reason}; use metric="loss"')
    return record.trajectories.loss - minimum


def _gradient_norm(record: Record) -> Numbers:
    return recorded(record, "gradient_norm")


def _distance(record: Record) -> Numbers:
    """Return the distance to the nearest known minimum."""
    surface, dim = record.surface or record.curve, record.trajectories.x.shape[-1]
    if surface is None or not len(surface.minima) or dim > 2:
        raise InputError('this record has no known minimum to measure the distance from; use metric="gap"')
    away = record.trajectories.x[:, :, None] - surface.minima[:, :dim]
    return np.asarray(np.linalg.norm(away, axis=-1).min(2))


def _moves(record: Record) -> Numbers:
    """Return the steps, (R, T - 1, d); NaN after a run was stopped."""
    trajectories = record.trajectories
    if (np.diff(trajectories.step) != 1).any():
        raise InputError('this record lacks some steps; race again with record_steps="all"')
    moves = np.diff(trajectories.x, axis=1)
    stopped = steps_or_inf(trajectories.runs["stopped"])[:, None]
    return np.where((trajectories.step[1:] < stopped)[..., None], moves, np.nan)


def _step_length(record: Record) -> Numbers:
    return _padded(np.linalg.norm(_moves(record), axis=-1), 1)


def _cosine(record: Record) -> Numbers:
    """Return the cosine between successive steps; NaN if one of them has length 0."""
    moves = _moves(record)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = moves / np.abs(moves).max(-1, keepdims=True)  # squares of very short steps would underflow
        all_points = moves / np.linalg.norm(moves, axis=-1, keepdims=True)
    return _padded(np.clip((all_points[:, 1:] * all_points[:, :-1]).sum(-1), -1.0, 1.0), 2)


def _padded(values: Numbers, late: int) -> Numbers:
    """Pad values that begin some steps after the start."""
    return np.pad(values, ((0, 0), (late, 0)), constant_values=np.nan)


def _lr(record: Record) -> Numbers:
    values = recorded(record, "lr")
    return values if values.ndim == 2 else values.max(-1)  # of parameter groups, the largest


METRICS = {
    "loss": Metric("loss", False, _loss),
    "gap": Metric("gap to the minimum", True, _gap),
    "gradient_norm": Metric("gradient norm", True, _gradient_norm),
    "distance": Metric("distance to the minimum", True, _distance),
    "step_length": Metric("step length", True, _step_length),
    "cosine": Metric("cosine between steps", False, _cosine, (-1.08, 1.08)),
    "lr": Metric("learning rate", True, _lr),
}
"""The metrics that `render.history` draws, by name."""
