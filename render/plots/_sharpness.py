"""The largest curvature along each run, beside the bound up to which its optimizer is stable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, optimizer_labels
from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes, pixels
from landscapes.render.artists.level_label import LevelLabel
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.plots._history import HistoryCurve, Numbers, history
from landscapes.render.plots.inputs import check_step, set_limits, show_step, size_factor
from landscapes.render.theme import Theme, as_theme, styles

APART = 8.0
"""Bounds that differ by more than this factor are drawn on a log scale."""

OVER = 2.5
"""The axes reach at most so many times as high as the highest bound; runs that diverge leave them."""

LEAST_LINES = 9.0
"""Axes of fewer lines of text have no steps next to their rings."""

MOST_LABELS = 4
"""More different bounds than this have no labels."""


class _Since(AnimatedArtist):
    """Mixin of artists that are visible from a step on."""

    since: int = 0

    def set_step(self, step: int) -> None:
        self.set_visible(step >= self.since)  # type: ignore[attr-defined]

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        return None if steps[0] < self.since <= steps[-1] else NO_BOXES


class CrossingMark(_Since, Line2D):
    """A ring where the sharpness exceeds the bound for the first time."""


class CrossingLabel(_Since, Annotation):
    """The step of a crossing; low axes have the ring alone."""

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        assert self.axes is not None
        if self.axes.bbox.height >= LEAST_LINES * pixels(renderer, float(self.get_fontsize())):
            super().draw(renderer)


@suggests_arguments
def sharpness(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
) -> Axes:
    """Draw the largest eigenvalue of the Hessian along each run on `ax`, beside its bound, and return `ax`.

    A dashed line of the run's colour is the bound up to which its optimizer is stable, such as 2/lr. A ring marks the
    step from which the eigenvalue is above it. For Adam and RMSprop the Hessian is preconditioned.

    Args:
        record: what `networks.stability` returned.
        ax: where to draw; by default matplotlib's current axes.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the curves, in points; by default as the axes' size asks for.

    Raises:
        InputError: for a record without sharpness, and a step outside the race.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.networks import stability
    >>> found = stability(race("booth", ["sgd(lr=0.1)"], steps=4))
    >>> sharpness(found, Figure().subplots()).get_ylabel()
    'sharpness'
    """
    check_step(record, step)
    metrics, runs = record.trajectories.metrics, record.trajectories.runs
    if not {"sharpness", "stability_bound"} <= metrics.keys():
        raise InputError("this record has no sharpness; draw what landscapes.networks.stability(record) returns")
    look = as_theme(theme)
    ax = history(record, "sharpness", ax, theme=look, linewidth=linewidth)
    wide = size_factor(ax)
    values = metrics["sharpness"]
    bounds = np.nanmax(np.nan_to_num(metrics["stability_bound"], nan=-np.inf), axis=1)
    known = np.isfinite(bounds)
    if not known.any():
        return ax
    _limit(ax, values, bounds[known])
    curves = [line.polyline for line in ax.lines if isinstance(line, HistoryCurve)]
    since = np.asarray(runs.get("crossed", np.full(len(bounds), -1)), float)
    crossings = list(zip(since[since > 0].tolist(), bounds[since > 0].tolist(), strict=True))
    size = 8 * look.text_scale * wide**0.3
    outline = [withStroke(linewidth=2.5, foreground=look.background)]
    labelled: set[str] = set()
    several = len({f"{bound:.3g}" for bound in bounds[known]})
    for run, style in enumerate(styles(optimizer_labels(record), look)):
        if not known[run]:
            continue
        bound, word = float(bounds[run]), f"{bounds[run]:.3g}"
        color = style.color if several > 1 else look.muted
        if word not in labelled:
            ax.axhline(bound, color=color, linewidth=1.3 * wide, dashes=(5, 3), zorder=3)
            if several <= MOST_LABELS:
                words = look.say("bound {value}", value=look.number(word))
                ax.add_artist(LevelLabel(words, bound, curves, look, color, crossings))
            labelled.add(word)
        crossed = int(runs["crossed"][run]) if "crossed" in runs else -1
        if crossed < 0:
            continue
        mark = CrossingMark(
            [crossed],
            [bound],
            linestyle="none",
            marker="o",
            markersize=7 * wide,
            markerfacecolor=look.background,
            markeredgecolor=style.color,
            markeredgewidth=1.6 * wide,
            zorder=5,
            clip_on=False,  # a ring at the first or the last step is whole
        )
        mark.since = crossed
        ax.add_line(mark)
        if len(values) <= MOST_LABELS and crossed > 0:
            words = look.say("step {step}", step=crossed)
            behind = _fits_left_of(ax, crossed, words, size, 5 * wide)
            label = CrossingLabel(
                words,
                (crossed, bound),
                (-5 * wide if behind else 5 * wide, 4 * wide),
                textcoords="offset points",
                ha="right" if behind else "left",
                va="bottom",
                fontsize=size,
                color=style.color,
                zorder=6,
                parse_math=False,
                path_effects=outline,
            )
            label.since = crossed
            ax.add_artist(label)
    show_step(ax, record, step)
    return ax


def _fits_left_of(ax: Axes, step: float, words: str, size: float, gap: float) -> bool:
    """Return whether a text and a gap in points fit between the left end of axes and a step."""
    figure = ax.figure
    assert figure is not None
    space = (ax.transData.transform((step, 1.0))[0] - ax.bbox.x0) * 72 / figure.dpi
    return bool(Ruler(float(figure.dpi)).width(words, size) + gap < space)


def _limit(ax: Axes, values: Numbers, bounds: Numbers) -> None:
    """Set the limits and the scale of the axes so that bounds are inside."""
    finite = values[np.isfinite(values)]
    highest = OVER * float(bounds.max())
    top = min(float(finite.max(initial=0.0)), highest)
    top = max(top, float(bounds.max()))
    positive = finite[finite > 0]
    if float(bounds.max()) > APART * float(bounds.min()) and len(positive):
        low = max(min(float(positive.min()), float(bounds.min())), 1e-3 * float(bounds.min()))
        ax.set_yscale("log")
        set_limits(ax, low / 1.5, 2 * top)
        return
    low = min(float(finite.min(initial=0.0)), 0.0)
    set_limits(ax, low if low == 0 else low - 0.06 * (top - low), top + 0.12 * (top - low))
