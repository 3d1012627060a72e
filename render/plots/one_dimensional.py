"""A race over one coordinate: the landscape as a curve, and the runs that slide on it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase

from landscapes.errors import InputError
from landscapes.record import FAILED, Record, Surface, step_or_none
from landscapes.render.artists.animated import Boxes, bounds_of, pixels, set_step, stroke, windows
from landscapes.render.artists.heads import Head, Start
from landscapes.render.artists.trails import Trail
from landscapes.render.plots.contours import is_known, star
from landscapes.render.plots.inputs import filled_forward, size_factor
from landscapes.render.theme import Theme, styles

STEPS, SHARE = 8, 0.03
"""A tail is so many steps long, or so large a share of the race where that is more."""


class Tail(Trail):
    """The last steps of a run, with its halo: on a curve all runs take one way, so whole trails would hide each other."""

    extra: float = 0.0
    """How much wider the halo is, in points; 0 for none."""

    @property
    def length(self) -> int:
        """How many steps are shown."""
        return max(STEPS, round(SHARE * self.span))

    def _begin(self, step: int) -> int:
        """The point where the tail of a step begins."""
        return max(self.route.reached(step - self.length) - 1, 0)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        self.route.update(self, renderer)
        moved = self.route.pixels[max(self._begin(steps[0]) - 1, 0) : self.route.reached(steps[-1])]
        return bounds_of(moved, 2 + pixels(renderer, self.get_linewidth() + self.extra))

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.route.count < 2:
            return
        self.route.update(self, renderer)
        width = self.get_linewidth()
        wide = width + self.extra
        ink = self.route.whole.near(windows(renderer), 1 + pixels(renderer, wide))
        begin, end = self._begin(self.route.shown), self.route.count - 1
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


def draw_on_curve(record: Record, ax: Axes, shown: int, look: Theme, linewidth: float | None, heads: bool) -> Axes:
    """Draw a one-dimensional race on `ax`: the graph of the function, and the last steps of each run on it.

    Straight segments join successive points, so a run that jumps across a valley is visible.
    """
    trajectories = record.trajectories
    if record.curve is None:
        raise InputError("this record has no curve of its function; race again to record one")
    _ground(record.curve, ax, look, known=is_known(record))
    width = 2.3 * size_factor(ax) if linewidth is None else linewidth
    labels = [str(label) for label in trajectories.runs["label"]]
    points = filled_forward(np.stack([trajectories.x[..., 0], trajectories.loss], -1))
    for run, (label, style) in enumerate(zip(labels, styles(labels, look), strict=True)):
        x, y = points[run].T
        tail = Tail(x, y, trajectories.step, style=style, theme=look, width=width, label=label)
        tail.extra = look.halo_width * width
        ax.add_line(tail)
        if heads:
            failed = str(trajectories.runs["status"][run]) in FAILED
            stopped = step_or_none(trajectories.runs["stopped"], run)
            ax.add_artist(Head(tail, stopped=stopped if failed else None, size=3.7 * width))
    for start in {tuple(line[0]) for line in points.tolist()}:
        ax.add_artist(Start(start, look, 2.9 * width))
    set_step(ax, shown)
    return ax


def _ground(curve: Surface, ax: Axes, look: Theme, *, known: bool) -> None:
    """The curve with the ground beneath it, a star on each known minimum, and limits that hold it."""
    height = np.where(np.isfinite(curve.values[0]), curve.values[0], np.nan)
    if np.isnan(height).all():
        raise InputError("this curve has no finite value to draw")
    low, high = float(np.nanmin(height)), float(np.nanmax(height))
    margin = 0.08 * max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-9)
    ax.set_xlim(curve.x[0], curve.x[-1])
    ax.set_ylim(low - 1.5 * margin, high + margin)
    ax.fill_between(curve.x, height, low - 1.5 * margin, color=look.old, linewidth=0, zorder=0.5)
    ax.plot(curve.x, height, color=look.muted, linewidth=1.4 * size_factor(ax), zorder=0.6, label="_curve")
    if len(curve.minima) and np.isfinite(curve.minimum):
        at = curve.minima[:, 0]
        star(ax, np.column_stack([at, np.full(len(at), curve.minimum)]), look, size_factor(ax), known=known)
