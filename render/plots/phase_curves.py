"""A quantity of a run against steps, coloured by the phases of its diagnosis."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from landscapes.diagnosis import HEALTHY
from landscapes.diagnosis._phases import Phase
from landscapes.render.artists.thinning import curve_points
from landscapes.render.plots.inputs import set_limits, size_factor, write_note
from landscapes.render.theme import Theme

Numbers = NDArray[np.float64]

LOG_RATIO, DEPTH = 30.0, 1e-12
"""From this ratio of the largest to the smallest value on an axis is logarithmic, and it ends at this share."""

LONG = 20_000
"""Curves of more points keep those that change pixels."""

USUAL = 0
"""The place of the usual colour in the colours of a theme."""

RED, GREEN = 0.0, 0.36
"""Hues of failures and of healthy ends, in turns."""

VIVID = 0.35
"""The least saturation and value of a colour whose hue is seen."""

NEAR = 0.02
"""Hues that are farther by at most so much count as equally near, in turns."""


def phase_color(phase: Phase, look: Theme) -> tuple[float, float, float]:
    """Return the colour of a phase: red for a failure, green for a healthy end, else blue; grey if unclear."""
    if phase.part != "verdict":
        return to_rgb(look.colors[USUAL])
    if phase.name == "unclear":
        return to_rgb(look.muted)
    return _nearest(look, GREEN if phase.name in HEALTHY else RED)


def _nearest(look: Theme, hue: float) -> tuple[float, float, float]:
    """Return the most vivid colour of a theme near a hue; of one without vivid colours the usual one."""

    def distance(color: tuple[float, float, float]) -> float:
        return abs((colorsys.rgb_to_hsv(*color)[0] - hue + 0.5) % 1 - 0.5)

    def strength(color: tuple[float, float, float]) -> float:
        return math.prod(colorsys.rgb_to_hsv(*color)[1:])

    colors = [to_rgb(color) for color in look.colors]
    vivid = [color for color in colors if min(colorsys.rgb_to_hsv(*color)[1:]) >= VIVID]
    nearest = min(map(distance, vivid), default=0.0)
    return max((color for color in vivid if distance(color) <= nearest + NEAR), key=strength, default=colors[USUAL])


def phase_curve(
    ax: Axes,
    step: NDArray[np.int64],
    values: Numbers,
    phases: Sequence[Phase],
    name: str,
    look: Theme,
    infinite: NDArray[np.int64] | None = None,
) -> None:
    """Draw a quantity by step on axes, each phase in its colour, with lines where the verdict's steps begin and end.

    Args:
        ax: where to draw.
        step: the steps (T,).
        values: the quantity (T,), finite or NaN.
        phases: the phases of the run.
        name: the label of the y axis, before its translation.
        look: the theme; in one for print, phases differ by hatching too.
        infinite: steps of infinite values, marked at the upper edge.
    """
    known = np.isfinite(values)
    ax.set_xlim(phases[0].start, phases[-1].stop)
    ax.locator_params(axis="x", integer=True)
    ax.set_ylabel(look.say(name))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    if known.any():
        values = _scale(ax, values, known)
    else:
        ax.set_yticks([])
        write_note(ax, "not finite", look)
    thick = max(1.7 * size_factor(ax), 1.1)
    points = np.column_stack([step, values])[known]
    if infinite is not None and len(infinite):  # the curve goes up to the edge there
        top = np.column_stack([infinite, np.full(len(infinite), ax.get_ylim()[1])])
        points = np.insert(points, np.searchsorted(points[:, 0], infinite), top, axis=0)
    if len(points) > LONG:
        points = points[curve_points(points, ax)]
    for phase in phases:
        color = phase_color(phase, look)
        judged = phase.part == "verdict"
        ax.axvspan(phase.start, phase.stop, color=color, alpha=0.16 if judged else 0.05, linewidth=0, zorder=0)
        if judged:
            for edge in {phase.start, phase.stop} - set(ax.get_xlim()):
                ax.axvline(edge, color=color, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        if judged and look.distinct and len(phases) > 1:
            ax.axvspan(phase.start, phase.stop, fill=False, hatch="//", edgecolor=look.line, linewidth=0, zorder=0.1)
        inside = np.flatnonzero((points[:, 0] >= phase.start) & (points[:, 0] <= phase.stop))
        if len(inside):
            part = points[max(inside[0] - 1, 0) : inside[-1] + 1]
            part = part[part[:, 0] >= phase.start] if phase is phases[0] else part
            ax.plot(
                *part.T,
                color=color,
                linewidth=thick,
                solid_joinstyle="round",
                zorder=3 if judged else 2,
                marker="o" if len(points) == 1 else "",
            )
    if infinite is not None and len(infinite):
        ax.plot(
            infinite,
            np.full(len(infinite), 0.97),
            transform=ax.get_xaxis_transform(),
            linestyle="",
            marker="^",
            markersize=4 + 3 * size_factor(ax),
            color=_nearest(look, RED),
            zorder=4,
        )


def _scale(ax: Axes, values: Numbers, known: NDArray[np.bool_]) -> Numbers:
    """Set scale and limits of the y axis, and return the values; on a log scale, zeros are at its lower end."""
    shown = values[known]
    low, high = float(shown.min()), float(shown.max())
    positive = shown[shown > 0]
    if low >= 0 and len(positive) > 1 and high > LOG_RATIO * float(np.quantile(positive, 0.02)):
        least = max(float(positive.min()), high * DEPTH)
        ax.set_yscale("log")
        margin = (high / least) ** 0.05
        set_limits(ax, least / margin, high * margin)
        return np.asarray(np.maximum(values, least / margin))
    margin = 0.06 * ((high - low) if np.isfinite(high - low) else high) or 0.1 * abs(high) or 1.0
    set_limits(ax, low - margin, high + margin)
    return values
