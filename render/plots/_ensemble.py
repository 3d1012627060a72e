"""Ensembles of many runs: points with median trajectories, and quantile bands of the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import FAILED, Record, filled, optimizer_labels
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, Boxes, bounds_of, pixels
from landscapes.render.artists.heads import Head
from landscapes.render.artists.localization import localize
from landscapes.render.artists.trails import Trail, halos
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.plots.inputs import check_step, current_axes, set_limits, show_step, size_factor, write_note
from landscapes.render.theme import Style, Theme, as_theme, styles

TAIL_SHARES = (0.1, 0.25)
"""Shares of runs below the outer and below the inner band; the same shares lie above."""

FAINT = 0.16
"""Opacity of a band; the inner one lies on the outer one."""

SMALL = 3.0
"""Diameter of a point in points."""


class RunPoints(Artist, AnimatedArtist):
    """The points of many runs at a step; runs that failed before have none.

    Args:
        x: points, shape (R, T, 2).
        step: the recorded steps, shape (T,).
        stopped: the step at which each run failed, shape (R,), -1 if it did not.
    """

    def __init__(
        self, x: NDArray[np.float64], step: NDArray[np.int64], stopped: NDArray[np.int64], style: Style, size: float
    ) -> None:
        super().__init__()
        self.x, self.steps, self.stopped = x, step, stopped
        self.style = style
        self.size = size
        self.span = self.step = int(step[-1])
        self.set_zorder(3.2)

    def set_step(self, step: int) -> None:
        self.step = step

    def at(self, step: int) -> NDArray[np.float64]:
        """Return the points of the runs that have not failed, shape (n, 2)."""
        place = max(int(np.searchsorted(self.steps, step, side="right")) - 1, 0)
        here = self.x[(self.stopped < 0) | (self.stopped > step), place]
        return np.asarray(here[np.isfinite(here).all(1)])

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        begin, end = np.searchsorted(self.steps, (steps[0], steps[-1]), side="right")
        if self.axes is None:
            return None
        moved = self.axes.transData.transform(self.x[:, max(begin - 1, 0) : end].reshape(-1, 2))
        low, high = np.array(self.axes.bbox.extents).reshape(2, 2)
        return bounds_of(np.clip(moved[np.isfinite(moved).all(1)], low, high), 2 + pixels(renderer, self.size))

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        here = self.axes.transData.transform(self.at(self.step))
        gc = renderer.new_gc()
        self._set_gc_clip(gc)  # type: ignore[attr-defined]
        gc.set_linewidth(0.0)
        gc.set_alpha(opacity(len(self.x)))
        gc.set_foreground(self.style.color)
        mark = Affine2D().scale(pixels(renderer, self.size))
        renderer.draw_markers(gc, Head.shape("o"), mark, Path(here), IDENTITY, (*self.style.color, 1.0))
        gc.restore()
        self.stale = False


def opacity(count: int) -> float:
    """Return the opacity of a point among many: more points are fainter.

    >>> opacity(10), opacity(1000)
    (0.85, 0.35)
    """
    return round(float(np.clip(0.85 - 0.25 * np.log10(max(count, 10) / 10), 0.2, 0.85)), 3)


@suggests_arguments
def ensemble(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    middle: bool = True,
) -> Axes:
    """Draw many runs of few optimizers on `ax` and return `ax`: one point per run, and the median as a trail.

    The median of an optimizer is taken per coordinate over the runs that have not failed. `render.animate` animates it.

    Args:
        record: runs in two dimensions, several with the same label: `sweep("beale", ["adam", "sgd"], starts=500,
            record_steps=5)`.
        ax: where to draw; by default matplotlib's current axes, on which `render.contour` has drawn.
        step: the step to show; by default the last.
        theme: colours, by name or as a `Theme`.
        middle: whether to draw the median trails.

    Raises:
        InputError: for a record that is not two-dimensional, a step outside the race, an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import sweep
    >>> from landscapes.render import contour
    >>> runs = sweep("beale", ["adam(lr=0.1)", "sgd(lr=0.01)"], starts=20, steps=30, record_steps=5)
    >>> ax = ensemble(runs, contour(runs, Figure().subplots()), step=10)
    """
    check_step(record, step)
    runs = record.trajectories
    if runs.x.shape[-1] != 2:
        raise InputError(f"an ensemble is drawn in two dimensions; this record has {runs.x.shape[-1]}")
    look = as_theme(theme)
    ax = current_axes(ax, look)
    thick = 2.3 * size_factor(ax)
    for style, entries in groups(record, look):
        failed = np.isin(runs.runs["status"][entries], FAILED)
        stopped = np.where(failed, filled(runs.runs["stopped"])[entries], -1)
        points = RunPoints(runs.x[entries], runs.step, stopped, style, SMALL * size_factor(ax))
        ax.add_artist(points).set_clip_path(ax.patch)
        if middle:
            alive = (stopped[:, None] < 0) | (stopped[:, None] > runs.step)
            median = _median(np.where(alive[..., None], runs.x[entries], np.nan))
            trail = Trail(median[:, 0], median[:, 1], runs.step, style=style, theme=look, width=thick)
            ax.add_line(trail)
            for halo in halos(trail, look.halo_width * thick):
                ax.add_artist(halo).set_clip_path(ax.patch)
            ax.add_artist(Head(trail, size=3.7 * thick))
    show_step(ax, record, step)
    localize(ax, look)
    return ax


@suggests_arguments
def loss_quantiles(
    record: Record, ax: Axes | None = None, *, step: int | None = None, theme: str | Theme = "light"
) -> Axes:
    """Draw the losses of many runs of few optimizers on `ax` and return `ax`: medians with quantile bands.

    The inner band spans the quantiles 0.25 to 0.75 of an optimizer's runs, the outer one 0.1 to 0.9. If the minimum is
    known, the gap to it is drawn on a log scale, else the loss, on a log scale if all losses are positive. Failed runs
    count as worse than all others from then on; runs that became unbounded keep their last loss.

    Args:
        record: several runs with the same label, as from `sweep("beale", ["adam", "sgd"], seeds=40, record_steps=1)`.
        ax: where to draw; by default matplotlib's current axes.
        step: the step up to which the medians are shown; by default the last.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a step outside the race, or an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import sweep
    >>> runs = sweep("beale", ["adam(lr=0.1)", "sgd(lr=0.01)"], starts=20, steps=30, record_steps=1)
    >>> loss_quantiles(runs, Figure().subplots()).get_yscale()
    'log'
    """
    check_step(record, step)
    look = as_theme(theme)
    ax = current_axes(ax, look)
    runs = record.trajectories
    origin = record.gap_origin
    bounded = bool(np.isfinite(origin))
    value = runs.loss - origin if bounded else runs.loss
    first = float(np.max(value[:, 0], initial=1e-300, where=np.isfinite(value[:, 0])))
    if bounded:
        value = np.maximum(value, 1e-16 * first)
    stopped = np.where(np.isin(runs.runs["status"], FAILED), filled(runs.runs["stopped"]), np.iinfo(np.int64).max)
    value = np.where((runs.step < stopped[:, None]) & np.isfinite(value), value, np.inf)
    ended = (runs.runs["status"] == "unbounded")[:, None] & np.isinf(value)
    value = np.where(ended, np.minimum.accumulate(value, axis=1), value)  # below all others, not above them
    some = bool(np.isfinite(value).any())
    if not some:
        write_note(ax, "no run has a finite loss", look)
    for style, entries in groups(record, look) if some else []:
        for share in TAIL_SHARES:
            low, high = (np.quantile(value[entries], q, axis=0, method="nearest") for q in (share, 1 - share))
            ax.fill_between(
                runs.step, low, np.minimum(high, 1e30 * first), color=style.color, alpha=FAINT, linewidth=0, zorder=2
            )
        middle = np.quantile(value[entries], 0.5, axis=0, method="nearest")
        ran = np.isfinite(middle)
        if ran.any():
            label = str(np.array(optimizer_labels(record))[entries][0])
            ax.add_line(Curve(runs.step[ran], middle[ran], style=style, label=label, width=1.8 * size_factor(ax)))
    if bounded and some:
        ax.set_yscale("log")
        set_limits(ax, ax.get_ylim()[0], 10 * first)
    elif some and record.meta.minimum != -np.inf and float(np.min(value)) > 0:  # losses of networks, say
        ax.set_yscale("log")
    elif some:
        lowest = float(np.min(value, where=np.isfinite(value), initial=first))
        margin = 0.05 * (first - lowest) or 1.0
        set_limits(ax, lowest - margin, first + margin)
    ax.set_xlim(0, max(int(runs.step[-1]), 1))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def groups(record: Record, look: Theme) -> list[tuple[Style, NDArray[np.bool_]]]:
    """Return for each optimizer the style, and which runs are its own."""
    given = np.array(optimizer_labels(record))
    labels = list(dict.fromkeys(str(label) for label in given))
    return [(style, np.asarray(given == label)) for label, style in zip(labels, styles(labels, look), strict=True)]


def _median(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median over runs (R, T, 2), shape (T, 2), of finite points; the previous value if there is none."""
    finite = np.asarray(np.isfinite(x).all(2))
    middle = np.full(x.shape[1:], np.nan)
    some = np.asarray(finite.any(0))
    middle[some] = np.nanmedian(np.where(finite[..., None], x, np.nan)[:, some], axis=0)
    last = np.maximum.accumulate(np.where(some, np.arange(len(some)), 0))
    return np.asarray(middle[last])
