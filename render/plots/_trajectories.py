"""Trajectories of a race on a contour plot or on the graph of a one-dimensional function."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import FAILED, Record, Surface, optimizer_labels, step_or_none
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, Boxes, bounds_of, pixels, stroke, windows
from landscapes.render.artists.fan import MOST as MOST_HEADS
from landscapes.render.artists.fan import Fan, Leaders
from landscapes.render.artists.heads import Head, Start
from landscapes.render.artists.localization import localize
from landscapes.render.artists.overlap import MOST, find_overlaps
from landscapes.render.artists.thinning import MANY, trail_points
from landscapes.render.artists.trails import LAYER, Trail, halos, mix
from landscapes.render.plots.contours import draw_minima, is_known
from landscapes.render.plots.inputs import check_step, current_axes, filled_forward, show_step, size_factor
from landscapes.render.theme import Theme, as_theme, styles
from landscapes.views import extent


@suggests_arguments
def trajectories(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
    heads: bool = True,
) -> Axes:
    """Draw the trajectories of a race up to a step on `ax`, and return `ax`.

    In two dimensions, the limits stay if something was drawn on the axes, else they hold all runs that did not fail. In
    one dimension, the graph of the function is drawn with the last steps of each run. A run that left the view ends in
    an arrow on the border, a stopped one in a cross.

    Args:
        record: a race in one or two dimensions.
        ax: where to draw; by default matplotlib's current axes.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the trails in points; by default according to the size of the axes.
        heads: whether to mark where each run is.

    Raises:
        InputError: for a record in more dimensions or without its graph, a step outside the race, an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.render import contour
    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=20)
    >>> ax = trajectories(record, contour(record, Figure().subplots()), step=10)
    """
    check_step(record, step)
    dim = record.trajectories.x.shape[-1]
    look = as_theme(theme)
    if dim == 1:
        return draw_on_curve(record, current_axes(ax, look), step, look, linewidth, heads)
    if dim != 2:
        raise InputError(f"trajectories are drawn in one or two dimensions; this record has {dim}")
    ax = current_axes(ax, look)
    if not ax.has_data() and ax.get_autoscale_on():  # a surface without level lines is no data, but has set limits
        _hold(ax, record)
    thick = 2.3 * look.line_scale * size_factor(ax) if linewidth is None else linewidth
    runs(record, ax, look, thick, Head if heads else None)
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def runs(record: Record, ax: Axes, look: Theme, thick: float, head: type[Head] | None) -> None:
    """Add trails of a width in points, their halos and heads, and rings at their starts."""
    trajectories = record.trajectories
    labels = [str(label) for label in trajectories.runs["label"]]
    all_points, steps = _thinned(trajectories.x, trajectories.step, ax)
    parts = find_overlaps(all_points, (ax.get_xlim(), ax.get_ylim()), steps)
    made, marks, ends = [], [], []
    for run, (label, style) in enumerate(zip(labels, styles(optimizer_labels(record), look), strict=True)):
        x, y = all_points[run].T
        trail = Trail(x, y, steps[run], style=style, theme=look, width=thick, label=label)
        trail.set_zorder(trail.get_zorder() + LAYER * run)
        trail.parts, trail.since = parts[run]
        trail.polyline.thinned = trajectories.loss.size >= MANY
        ax.add_line(trail)
        if look.halo_width:
            for halo in halos(trail, look.halo_width * thick, crossing=0 < run < MOST):
                ax.add_artist(halo).set_clip_path(ax.patch)
        made.append(trail)
        ends.append(stop_of(record, run))
        if head is not None:
            marks.append(head(trail, stopped=ends[run], reached=reach_of(record, run), size=3.7 * thick))
            ax.add_artist(marks[-1])
    if 1 < len(marks) <= MOST_HEADS:
        stars = np.zeros((0, 2)) if record.surface is None else record.surface.minima.reshape(-1, 2)
        fan = Fan(made, ends, stars, 3.7 * thick)
        ax.add_artist(Leaders(fan))
        for run, mark in enumerate(marks):
            mark.fan = fan, run
    for start in {tuple(point) for point in trajectories.x[:, 0].tolist()}:
        ax.add_artist(Start(start, look, 2.9 * thick))


def stop_of(record: Record, run: int) -> int | None:
    """Return the step at which a run failed, or None."""
    runs = record.trajectories.runs
    return step_or_none(runs["stopped"], run) if str(runs["status"][run]) in FAILED else None


def reach_of(record: Record, run: int) -> int | None:
    """Return the step from which a run stayed at the target, or None."""
    runs = record.trajectories.runs
    return step_or_none(runs["reached"], run) if str(runs["status"][run]) == "converged" else None


def _thinned(
    x: NDArray[np.float64], step: NDArray[np.int64], ax: Axes
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.int64]]]:
    """Return the points and the steps of each run, given points (R, T, 2); for very many, those that are visible."""
    many = step.size * len(x) >= MANY
    all_points, steps = [], []
    for run in range(len(x)):
        points = filled_forward(x[run : run + 1])[0]
        kept = trail_points(points, ax) if many else slice(None)
        all_points.append(points[kept])
        steps.append(step[kept])
    return all_points, steps


def _hold(ax: Axes, record: Record) -> None:
    """Set limits that hold every run that did not fail, with a margin."""
    box = extent(record.trajectories)
    if box is not None:
        wide = box[:, 1] - box[:, 0]
        margin = 0.05 * np.where(wide > 0, wide, np.maximum(np.abs(box[:, 0]), 1.0)) + 1e-9
        ax.set_xlim(box[0, 0] - margin[0], box[0, 1] + margin[0])
        ax.set_ylim(box[1, 0] - margin[1], box[1, 1] + margin[1])


STEPS, SHARE = 8, 0.03
"""A tail has this many steps, or this share of the race if that is more."""


class Tail(Trail):
    """The last steps of a run with a halo; on a graph, whole trails would cover each other."""

    extra: float = 0.0
    """Additional width of the halo in points; 0 for none."""

    @property
    def length(self) -> int:
        """The number of steps shown."""
        return max(STEPS, round(SHARE * self.span))

    def _begin(self, step: float) -> int:
        """Return the first point of the tail at a step."""
        return max(self.polyline.reached(step - self.length) - 1, 0)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        self.polyline.update(self, renderer)
        moved = self.polyline.pixels[max(self._begin(steps[0]) - 1, 0) : self.polyline.reached(steps[-1]) + 1]
        return bounds_of(moved, 2 + pixels(renderer, self.get_linewidth() + self.extra))

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.polyline.count < 2:
            return
        self.polyline.update(self, renderer)
        width = self.get_linewidth()
        wide = width + self.extra
        ink = self.polyline.whole.near(windows(renderer), 1 + pixels(renderer, wide))
        begin, end = self._begin(self.polyline.shown), self.polyline.count - 1
        gc = stroke(self, renderer, wide)
        if self.extra:
            gc.set_foreground(self.theme.halo)
            ink.stroke(renderer, gc, begin, end)
        gc.set_linewidth(width)
        cuts = np.rint(np.linspace(begin, end, len(self.colors) + 1)).astype(int).tolist()
        for color, (one, two) in zip(self.colors, pairwise(cuts), strict=True):
            if two > one:
                gc.set_foreground((*color, 1.0), isRGBA=True)
                ink.stroke(renderer, gc, one, two)
        gc.restore()
        self.stale = False


PAST, DOT = 0.4, 1.8
"""Width of older moves relative to the tail, and diameter of the dots at their ends relative to the tail's width."""

FAINT = 0.4
"""How far older moves mix with the middle of the fill."""


class Past(Artist, AnimatedArtist):
    """The moves of a run before its tail: thin, with a dot at each point, below all tails."""

    fractional = True

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail
        self.set_zorder(3.5)
        self.color = mix(tail.color, tail.theme.faded, FAINT)
        self.colors = [self.color]
        self._dots: tuple[object, NDArray[np.int64]] = None, np.zeros(0, np.int64)

    def set_step(self, step: int) -> None:
        self.tail.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        return self.tail.dirty_boxes(steps, renderer)

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        line = self.tail.polyline
        if not (self.get_visible() and self.tail.get_visible()) or line.count < 2:
            return
        line.update(self.tail, renderer)
        width, end = self.tail.get_linewidth(), self.tail._begin(line.shown)
        if not end:
            return
        gc = stroke(self, renderer, PAST * width)
        gc.set_foreground((*self.color, 1.0), isRGBA=True)
        line.whole.near(windows(renderer), 1 + pixels(renderer, DOT * width)).stroke(renderer, gc, 0, end)
        gc.set_linewidth(0.0)
        disc = Affine2D().scale(pixels(renderer, DOT * width))
        seen = self._seen()
        places = Path(line.pixels[seen[: np.searchsorted(seen, end)]])
        renderer.draw_markers(gc, Head.shape("o"), disc, places, IDENTITY, (*self.color, 1.0))
        gc.restore()
        self.stale = False

    def _seen(self) -> NDArray[np.int64]:
        """Return the points that are the first ones on their half pixel, ascending."""
        pixels_ = self.tail.polyline.pixels
        if self._dots[0] is not pixels_:
            cells = np.floor(2 * np.nan_to_num(pixels_, nan=-1e9, posinf=1e9, neginf=-1e9))
            self._dots = pixels_, np.sort(np.unique(cells, axis=0, return_index=True)[1])
        return self._dots[1]


def draw_on_curve(
    record: Record, ax: Axes, step: int | None, look: Theme, linewidth: float | None, heads: bool
) -> Axes:
    """Draw a one-dimensional race on `ax`: the graph of the function, and the moves of each run on it.

    Straight segments join successive points, so a run that jumps across a valley is visible. The last moves are bold,
    older ones thin.
    """
    trajectories = record.trajectories
    if record.curve is None:
        raise InputError("this record has no curve of its function; race again to record one")
    _ground(record.curve, ax, look, known=is_known(record))
    width = 2.3 * look.line_scale * size_factor(ax) if linewidth is None else linewidth
    labels = [str(label) for label in trajectories.runs["label"]]
    points, steps = _thinned(np.stack([trajectories.x[..., 0], trajectories.loss], -1), trajectories.step, ax)
    for run, (label, style) in enumerate(zip(labels, styles(optimizer_labels(record), look), strict=True)):
        x, y = points[run].T
        tail = Tail(x, y, steps[run], style=style, theme=look, width=width, label=label)
        tail.polyline.thinned = trajectories.loss.size >= MANY
        tail.extra = look.halo_width * width
        ax.add_line(tail)
        ax.add_artist(Past(tail)).set_clip_path(ax.patch)
        if heads:
            ends = {"stopped": stop_of(record, run), "reached": reach_of(record, run)}
            ax.add_artist(Head(tail, **ends, size=3.7 * width))
    for start in {tuple(line[0].tolist()) for line in points}:
        ax.add_artist(Start(start, look, 2.9 * width))
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def _ground(curve: Surface, ax: Axes, look: Theme, *, known: bool) -> None:
    """Draw the graph, a star on each known minimum, and set limits that hold it."""
    height = np.where(np.isfinite(curve.values[0]), curve.values[0], np.nan)
    if np.isnan(height).all():
        raise InputError("this curve has no finite value to draw")
    low, high = float(np.nanmin(height)), float(np.nanmax(height))
    margin = 0.08 * max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-9)
    ax.set_xlim(curve.x[0], curve.x[-1])
    ax.set_ylim(low - 1.5 * margin, high + margin)
    ax.fill_between(curve.x, height, low - 1.5 * margin, color=look.faded, linewidth=0, zorder=0.5)
    ax.plot(curve.x, height, color=look.muted, linewidth=1.4 * size_factor(ax), zorder=0.6, label="_curve")
    if len(curve.minima) and np.isfinite(curve.minimum):
        at = curve.minima[:, 0]
        draw_minima(ax, np.column_stack([at, np.full(len(at), curve.minimum)]), look, size_factor(ax), known=known)
