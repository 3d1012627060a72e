"""How far each run still is from the minimum, step by step."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.errors import suggests_arguments
from landscapes.record import FAILED, Record, optimizer_labels, steps_or_inf
from landscapes.render.artists.animated import AnimatedArtist, Boxes, bounds_of, pixels, stroke, windows
from landscapes.render.artists.heads import Head
from landscapes.render.artists.level_label import LevelLabel
from landscapes.render.artists.localization import localize
from landscapes.render.artists.overlap import CELLS, MOST, Pieces, merge_segments
from landscapes.render.artists.polyline import Polyline, Strokes
from landscapes.render.artists.thinning import MANY, curve_points
from landscapes.render.artists.trails import layout_strokes, set_legend_style
from landscapes.render.plots.inputs import check_step, current_axes, set_limits, show_step, size_factor
from landscapes.render.theme import Style, Theme, as_theme, styles

DEPTH = 1e-9
"""Gaps below this share of the first one are clipped."""

EMPTY = 0.5
"""How far the limits extend below the curves to a target, relative to the range of the curves on a log scale."""

BELOW = Path([(-0.5, 0.55), (0.5, 0.55), (0.0, -0.2), (-0.5, 0.55)], closed=True)
"""The mark on the border where a curve continues below."""


class Curve(Line2D, AnimatedArtist):
    """A curve over the steps with a dot at its end."""

    fractional = True

    def __init__(
        self, step: NDArray[np.int64], value: NDArray[np.float64], *, style: Style, label: str = "", width: float = 1.9
    ) -> None:
        super().__init__(step, value, color=style.color, linewidth=width, label=label)
        self.polyline = Polyline(step, value, step)
        self.style = style
        set_legend_style(self, style)
        self.dashes = tuple(width * dash for dash in style.dashes)
        self.parts: Pieces = [(0, len(step) - 1, 0)]
        self._laid_for: NDArray[np.float64] | None = None
        self._fallen: tuple[int, float, list[int], list[float]] = (0, 0.0, [], [])
        self.span = int(step[-1])
        self.set_zorder(4)

    def set_step(self, step: int) -> None:
        self.polyline.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        self.polyline.update(self, renderer)
        return bounds_of(self.polyline.between(steps[0], steps[-1]), 2 + 2 * pixels(renderer, self.get_linewidth()))

    @property
    def color(self) -> tuple[float, float, float]:
        """The colour of the curve."""
        return to_rgb(self.get_color())

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.polyline.count < 1:
            return
        self.polyline.update(self, renderer)
        width = self.get_linewidth()
        gc = stroke(self, renderer, width)
        gc.set_foreground((*self.color, 1.0), isRGBA=True)
        alone = not any(depth for *_, depth in self.parts)
        ink = self.polyline.whole if alone else self._ink(pixels(renderer, 1.0))
        if alone and self.dashes:
            gc.set_dashes(0, self.dashes)  # cutting would move the dashes
        else:
            ink = ink.near(windows(renderer), 1 + pixels(renderer, width))
        ink.stroke(renderer, gc, 0, self.polyline.count - 1)
        self._draw_falls(renderer, gc, width)
        x, y = self.polyline.tip.tolist()
        if math.isfinite(x) and math.isfinite(y):
            gc.set_dashes(0, None)
            gc.set_linewidth(0.0)
            if self.axes is not None and self.axes.bbox.padded(1).contains(x, y):
                gc.set_clip_rectangle(None)  # a dot on the border is not clipped
                gc.set_clip_path(None)
            scale = pixels(renderer, 2.9 * width)
            dot = Affine2D.from_values(scale, 0, 0, scale, x, y)
            renderer.draw_path(gc, Head.shape(self.style.marker), dot, (*self.color, 1.0))
        gc.restore()
        self.stale = False

    def _draw_falls(self, renderer: RendererBase, gc: GraphicsContextBase, width: float) -> None:
        """Mark where the curve has left the axes through the bottom so far."""
        if self.axes is None or self.axes.get_yscale() != "log":
            return
        gc.set_dashes(0, None)
        gc.set_linewidth(0.0)
        floor, scale = float(self.axes.bbox.y0), pixels(renderer, 4.2 * width)
        at, places = self._falls(floor)
        for x in places[: bisect_right(at, self.polyline.count - 2)]:
            renderer.draw_path(gc, BELOW, Affine2D.from_values(scale, 0, 0, scale, x, floor), (*self.color, 1.0))

    def _falls(self, floor: float) -> tuple[list[int], list[float]]:
        """Return the segments that fall through the bottom of the axes, and where they cross it."""
        if self._fallen[:2] != (id(self.polyline.pixels), floor):
            x, y = self.polyline.pixels.T
            with np.errstate(all="ignore"):
                through = np.flatnonzero((y[:-1] >= floor) & (y[1:] < floor))
                share = (y[through] - floor) / (y[through] - y[through + 1])
            places = x[through] + share * (x[through + 1] - x[through])
            self._fallen = id(self.polyline.pixels), floor, through.tolist(), places.tolist()
        return self._fallen[2], self._fallen[3]

    def _ink(self, unit: float) -> Strokes:
        """Return the strokes with gaps that show earlier curves; `unit` is a point in pixels."""
        if self._laid_for is not self.polyline.pixels:
            self._laid_for = self.polyline.pixels
            self._inked = Strokes(
                self.polyline, *layout_strokes(self.polyline, self.parts, self.dashes, unit, self.get_linewidth())
            )
        return self._inked


@suggests_arguments
def loss_curves(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
) -> Axes:
    """Draw the loss of each run against steps on `ax` and return `ax`.

    If the minimum is known (or was found), the gap to it is drawn on a log scale, with a dashed line at the target;
    otherwise the loss, on a log scale if all losses are positive, else on a linear one (see `Record.gap_origin`).
    Diverging runs do not affect the limits. The axes get labels, and
    curves have the labels of the runs, for `ax.legend()`.

    Args:
        record: a race.
        ax: where to draw; by default matplotlib's current axes.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the curves in points; by default according to the size of the axes.

    Raises:
        InputError: for a step outside the race or an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> ax = loss_curves(race("booth", ["sgd", "adam(lr=0.5)"], steps=20), Figure().subplots())
    >>> ax.get_ylabel(), ax.get_yscale()
    ('gap to the minimum', 'log')
    """
    look = as_theme(theme)
    ax = current_axes(ax, look)
    check_step(record, step)
    thick = 1.8 * look.line_scale * size_factor(ax) if linewidth is None else linewidth
    trajectories = record.trajectories
    origin = record.gap_origin
    from_minimum = math.isfinite(origin)
    values = trajectories.loss - origin if from_minimum else trajectories.loss
    level = None if record.meta.target is None else record.meta.target - (origin if from_minimum else 0.0)
    hold_last = ~np.isin(trajectories.runs["status"], FAILED)
    finite = values[hold_last] if hold_last.any() and not hold_last.all() else values
    if from_minimum and (finite > 0).any():
        first = max(_begin(finite), 1e-300)
        values = np.maximum(values, first * DEPTH / 10)
        ax.set_yscale("log")
        lowest = _lowest(finite)
        top = 4 * _top(finite, first)
        if level is not None and level / 3 < lowest:  # a target far below all curves would leave the axes empty
            lowest = max(level / 3, min(lowest / 3, lowest * (lowest / top) ** EMPTY))
        set_limits(ax, max(lowest, first * DEPTH), top)
    elif not from_minimum and record.meta.minimum != -math.inf and _all_positive(finite):
        lowest = _lowest(finite)
        ax.set_yscale("log")
        set_limits(ax, lowest / 1.5, 1.5 * _top(finite, _begin(finite)))
    else:
        set_limits(ax, *_span(finite))
    if level is not None:
        ax.axhline(level, color=look.muted, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    ax.set_xlim(0, max(int(trajectories.step[-1]), 1))
    ax.set_xlabel(look.say("step"))
    ax.set_ylabel(look.say(loss_name(record)))
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    labels = [str(label) for label in trajectories.runs["label"]]
    stops = np.maximum(steps_or_inf(trajectories.runs["stopped"]), 1)  # runs stay where they were stopped
    gaps, polylines = len(values) <= MOST, []
    depths = _depths(np.where(trajectories.step < stops[:, None], values, np.nan), ax) if gaps else None
    for run, (label, style) in enumerate(zip(labels, styles(optimizer_labels(record), look), strict=True)):
        kept = np.flatnonzero(trajectories.step < stops[run])
        if values.size >= MANY:
            kept = kept[curve_points(np.column_stack([trajectories.step[kept], values[run, kept]]), ax)]
        curve = Curve(trajectories.step[kept], values[run, kept], style=style, label=label, width=thick)
        curve.polyline.thinned = values.size >= MANY
        if depths is not None:
            curve.parts = _parts(curve, depths[run, kept], ax)
        ax.add_line(curve)
        polylines.append(curve.polyline)
    if level is not None:
        ax.add_artist(LevelLabel(look.say("target"), level, polylines[:MOST], look))
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def loss_name(record: Record) -> str:
    """Return the name of what `loss_curves` draws: the gap to the minimum, or the loss."""
    return "gap to the minimum" if math.isfinite(record.gap_origin) else "loss"


def _depths(values: NDArray[np.float64], ax: Axes) -> NDArray[np.int64]:
    """Return for each value (R, T) how many earlier curves are as high there, to the eye."""
    depths = np.zeros(values.shape, np.int64)
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(np.array(ax.get_ylim()))
    with np.errstate(all="ignore"):
        heights = (scale.transform(values.ravel()).reshape(values.shape) - low) / (high - low)
        for run in range(1, len(values)):
            depths[run] = (np.abs(heights[:run] - heights[run]) < 1 / CELLS).sum(0)
    return depths


def _parts(curve: Curve, depth: NDArray[np.int64], ax: Axes) -> Pieces:
    """Return the parts of a curve in which it has the same values as earlier ones, so that those show through."""
    view = ax.transScale.transform(np.transpose([ax.get_xlim(), ax.get_ylim()]))
    with np.errstate(all="ignore"):
        x, y = ((ax.transScale.transform(curve.polyline.data) - view[0]) / (view[1] - view[0])).T
        length = np.nan_to_num(np.hypot(np.diff(x), np.diff(y)), posinf=0.0)
    return merge_segments(np.minimum(depth[:-1], depth[1:]), length)


def _all_positive(values: NDArray[np.float64]) -> bool:
    """Return whether all finite values are positive, and there is one."""
    finite = np.isfinite(values)
    return bool(finite.any() and np.all(values > 0, where=finite))


def _top(values: NDArray[np.float64], first: float) -> float:
    """Return the upper limit: the initial gap, or somewhat above it for runs that overshoot."""
    return float(np.clip(_highest(values), first, 30 * first))


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return linear limits with margins."""
    low, high = _lowest(values), _begin(values)
    margin = 0.05 * (max(high - low, 1e-9 * abs(low)) or 1.0)
    return low - margin, high + 3 * margin


def _begin(values: NDArray[np.float64]) -> float:
    """Return the largest value at the start, or anywhere if none is finite there."""
    start = values[:, 0]
    return _highest(start if np.isfinite(start).any() else values)


def _highest(values: NDArray[np.float64]) -> float:
    """Return the largest finite value, 0 if there is none."""
    highest = float(np.max(values, initial=-np.inf, where=np.isfinite(values)))
    return highest if math.isfinite(highest) else 0.0


def _lowest(values: NDArray[np.float64]) -> float:
    """Return the smallest finite value, 0 if there is none."""
    lowest = float(np.min(values, initial=np.inf, where=np.isfinite(values)))
    return lowest if math.isfinite(lowest) else 0.0
