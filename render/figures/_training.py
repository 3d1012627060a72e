"""The figure of a watched training run: its loss, norms, learning rates and cosines, and its layers as a strip."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscapes.record import Record
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.artists.thinning import MANY, curve_points
from landscapes.render.figures.layout import LEAST
from landscapes.render.plots.inputs import set_limits, size_factor, write_note
from landscapes.render.theme import Theme

Numbers = NDArray[np.float64]

LOG_RATIO = 20.0
"""Positive quantities whose largest value is so many times their smallest are drawn on a log scale."""

DEPTH = 1e-12
"""Log scales reach down to this share of the largest value."""

SMOOTHED, NOISE = 100, 0.25
"""A curve of so many points with so large a share of its range in steps up and down also has a running mean."""

MOST_COLUMNS = 400
"""A strip with more steps shows medians of neighbours."""

ROW = 7.0
"""The least height in points of a layer with a name."""


def draw_training(figure: Figure, record: Record, look: Theme) -> None:
    """Fill a figure with the panels of one training run."""
    t = record.trajectories
    metrics = {name: values[0] for name, values in t.metrics.items()}
    axes = figure.subplots(3, 2, gridspec_kw={"height_ratios": [1.15, 1.0, 1.0]})
    curve(axes[0, 0], t.step, [("", t.loss[0])], "loss", look, smooth=True)
    norms = [
        ("before clipping", metrics.get("gradient_norm")),
        ("after clipping", metrics.get("clipped_gradient_norm")),
    ]
    if not _differ(*(values for _, values in norms)):
        norms = [("", norms[0][1])]
    curve(axes[1, 0], t.step, norms, "gradient norm", look)
    curve(axes[2, 0], t.step, [("", metrics.get("step_length"))], "step length", look)
    groups = metrics.get("group_lr")
    rates = [("", metrics.get("lr"))] if groups is None else [("", group) for group in groups.T[: len(look.colors)]]
    curve(axes[0, 1], t.step, rates, "learning rate", look)
    curve(axes[1, 1], t.step, [("", metrics.get("cosine"))], "cosine between steps", look, span=(-1.08, 1.08))
    layer_strip(axes[2, 1], record, look)
    for ax in axes[2]:
        ax.set_xlabel(look.say("step"))
    for ax in axes[:2].ravel():
        ax.tick_params(labelbottom=False)
    figure.draw_without_rendering()
    for ax in axes.ravel():  # a legend that does not fit is left out; it has no other place
        if (legend := ax.get_legend()) is not None and legend.get_window_extent().width > 0.9 * ax.bbox.width:
            legend.remove()


def curve(
    ax: Axes,
    step: NDArray[np.int64],
    curves: list[tuple[str, Numbers | None]],
    name: str,
    look: Theme,
    *,
    smooth: bool = False,
    span: tuple[float, float] | None = None,
) -> None:
    """Draw a quantity by step. Crosses at the upper edge mark losses that are infinite, or NaN until the end."""
    ax.set_ylabel(look.say(name))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlim(int(step[0]), max(int(step[-1]), int(step[0]) + 1))
    ax.locator_params(axis="x", integer=True)
    known = [(label, values) for label, values in curves if values is not None and np.isfinite(values).any()]
    if not known:
        ax.set_yticks([])
        write_note(ax, "not logged" if name == "loss" else "not measured", look)
        return
    every = np.concatenate([values[np.isfinite(values)] for _, values in known])
    floor = _set_scale(ax, every, span)
    thick = max(1.6 * size_factor(ax), 1.0)
    for (label, values), color in zip(known, look.colors, strict=False):
        shown = np.isfinite(values)
        points = np.column_stack([step[shown], np.maximum(values[shown], floor)])
        mean = _running_mean(points[:, 1], ax.get_yscale() == "log") if smooth else None
        if len(points) >= MANY:
            points = points[curve_points(points, ax)]
        faint: dict[str, Any] = {"alpha": 0.35, "linewidth": 0.6 * thick} if mean is not None else {"linewidth": thick}
        ax.plot(
            *points.T,
            color=color,
            label=look.say(label) if label else "",
            solid_joinstyle="round",
            marker="o" if len(points) == 1 else "",
            **faint,
        )
        if mean is not None:
            ax.plot(step[shown], mean, color=color, linewidth=thick, solid_joinstyle="round")
        wrong = ~np.isfinite(values) & _after_first(shown)
        if name == "loss" and (np.isinf(values[wrong]).any() or wrong[-1]):
            ends = step[wrong]
            ax.plot(
                ends,
                np.full(len(ends), 0.95),
                transform=ax.get_xaxis_transform(),
                linestyle="",
                marker="x",
                markersize=3 + 2 * size_factor(ax),
                color=look.foreground,
                zorder=4,
            )
    if len(known) > 1 and known[0][0]:
        size = max(8.5 * look.text_scale * min(1.0, size_factor(ax)), LEAST)
        ax.legend(loc="lower left", fontsize=size, frameon=False, handlelength=1.4, labelspacing=0.2, borderaxespad=0.2)


def _after_first(shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.arange(len(shown)) > np.argmax(shown))


def _set_scale(ax: Axes, values: Numbers, span: tuple[float, float] | None) -> float:
    """Set the y axis for finite values, and return the lowest one that it can show."""
    if span is not None:
        set_limits(ax, *span)
        return -math.inf
    low, high = float(values.min()), float(values.max())
    positive = values[values > 0]
    if low >= 0 and len(positive) > 1 and high > LOG_RATIO * float(np.quantile(positive, 0.01)):
        least = max(float(positive.min()), high * DEPTH)
        ax.set_yscale("log")
        margin = max((high / least) ** 0.06, 1.1)
        set_limits(ax, least / margin, high * margin)
        return float(least / margin)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    set_limits(ax, low - margin, high + margin)
    return -math.inf


def _running_mean(values: Numbers, log: bool) -> Numbers | None:
    """Return a running mean (of logarithms on a log scale) of noisy values, None for others."""
    if len(values) < SMOOTHED:
        return None
    logs = np.log(values) if log else values
    steps = np.diff(logs)
    if not np.ptp(logs) or min((steps > 0).mean(), (steps < 0).mean()) < NOISE:
        return None
    width = max(5, len(values) // 25) | 1
    padded = np.pad(logs, width // 2, mode="edge")
    mean = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    return np.exp(mean) if log else mean


def _differ(raw: Numbers | None, clipped: Numbers | None) -> bool:
    """Return whether clipping changed a gradient."""
    if raw is None or clipped is None:
        return False
    both = np.isfinite(raw) & np.isfinite(clipped)
    return bool((np.abs(raw[both] - clipped[both]) > 1e-3 * raw[both]).any())


def layer_strip(ax: Axes, record: Record, look: Theme) -> None:
    """Draw the length of each layer's update relative to its weights as colours: one row per layer, steps across."""
    t, names = record.trajectories, list(record.meta.get("layers", []))
    steps, ratios = _ratios(record)
    title = look.say("update / weights, per layer")
    if not ratios.size or not np.isfinite(ratios).any():
        ax.set_yticks([])
        ax.set_xlim(int(t.step[0]), max(int(t.step[-1]), int(t.step[0]) + 1))
        write_note(ax, "not measured", look)
        return
    low, high = np.nanquantile(ratios[np.isfinite(ratios)], [0.02, 0.98])
    ramp = LinearSegmentedColormap.from_list(look.name, list(look.ramp)).with_extremes(bad=look.background)
    norm = LogNorm(max(low, 1e-3 * high), max(high, 1.01 * low), clip=True)
    edges = np.append(steps, 2 * steps[-1] - steps[-2] if len(steps) > 1 else steps[-1] + 1).astype(float)
    ax.pcolormesh(
        edges, np.arange(len(names) + 1), np.ma.masked_invalid(ratios.T), norm=norm, cmap=ramp, rasterized=True
    )
    ax.set_xlim(int(t.step[0]), max(int(t.step[-1]), int(t.step[0]) + 1))
    ax.set_ylim(len(names), 0)
    ax.locator_params(axis="x", integer=True)
    room = ax.bbox.height * 72 / ax.figure.dpi / (ROW * look.text_scale)
    stride = max(1, math.ceil(len(names) / max(room, 1)))
    shown = range(0, len(names), stride)
    ax.set_yticks(
        [i + 0.5 for i in shown], [clean_text(_short(names[i]), math=False) for i in shown], fontsize="x-small"
    )
    ax.tick_params(axis="y", length=0)
    bar = ax.figure.colorbar(ScalarMappable(norm, ramp), ax=ax, pad=0.015, aspect=14)
    bar.ax.tick_params(labelsize="x-small")
    bar.outline.set_visible(False)
    ax.set_title(title, loc="left", fontsize=9 * look.text_scale)


def _short(name: str) -> str:
    """Return the end of a long name.

    >>> _short("transformer.encoder.layers.11.self_attn")
    '…layers.11.self_attn'
    """
    return name if len(name) <= 20 else "\N{HORIZONTAL ELLIPSIS}" + name[-19:]


def _ratios(record: Record) -> tuple[NDArray[np.int64], Numbers]:
    """Return the measured steps (n,) and the ratios there (n, L), medians of neighbours if there are many."""
    t = record.trajectories
    lengths, weights = t.metrics.get("layer_step_length"), t.metrics.get("layer_parameter_norm")
    if lengths is None or weights is None:
        return t.step, np.zeros((0, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(weights[0] > 0, lengths[0] / weights[0], np.nan)
    ratios[~(ratios > 0)] = np.nan
    there = np.isfinite(ratios).any(1)
    steps, ratios = t.step[there], ratios[there]
    if len(steps) <= MOST_COLUMNS:
        return steps, ratios
    pieces = np.array_split(np.arange(len(steps)), MOST_COLUMNS)
    return np.array([steps[piece[0]] for piece in pieces]), np.stack([_median(ratios[piece]) for piece in pieces])


def _median(rows: Numbers) -> Numbers:
    """Return the median of each column, NaN where nothing is known."""
    known = np.isfinite(rows).any(0)
    found = np.full(rows.shape[1], np.nan)
    found[known] = np.nanmedian(rows[:, known], axis=0)
    return found
