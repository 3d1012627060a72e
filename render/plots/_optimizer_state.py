"""The state of optimizers at their current points: momentum as an arrow, effective step sizes as an ellipse."""

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
from landscapes.record import Record, filled, optimizer_labels
from landscapes.render.artists.animated import AnimatedArtist, Boxes, in_use, pixels, stroke
from landscapes.render.artists.localization import localize
from landscapes.render.artists.polyline import Polyline
from landscapes.render.plots.inputs import check_step, current_axes, filled_forward, moderate, show_step, size_factor
from landscapes.render.theme import Style, Theme, as_theme, styles

Numbers = NDArray[np.float64]

ARROW, SHORT = 38.0, 0.4
"""Length of the longest arrow on large axes in points, and the relative length of the shortest."""

DECADES = 3.0
"""Momenta smaller than the largest by this many powers of ten have the shortest arrow."""

ROUND, FLAT = 22.0, 0.08
"""Half the longer axis of an ellipse on large axes in points, and the least ratio of its axes."""


class StateMarks(Artist, AnimatedArtist):
    """The momentum of a run as an arrow, and its effective step size per coordinate as an ellipse.

    Args:
        x: points, shape (T, 2).
        step: the recorded steps, shape (T,).
        push: direction of the momentum term in data, times its length in 0 … 1, shape (T, 2); NaN for none.
        reach: relative step size per coordinate, shape (T, 2); NaN for none.
        stopped: the step at which the run was stopped, -1 if it was not.
    """

    def __init__(
        self,
        x: Numbers,
        step: NDArray[np.int64],
        push: Numbers,
        reach: Numbers,
        stopped: int,
        style: Style,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.polyline = Polyline(x[:, 0], x[:, 1], step)
        self.push, self.reach = push, reach
        self.stopped = stopped
        self.style, self.theme = style, theme
        self.scale = 1.0
        self.span = int(step[-1])
        self.set_zorder(5.8)

    def set_step(self, step: int) -> None:
        self.polyline.set_step(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        self.polyline.update(self, renderer)
        points = self.polyline.pixels[max(self.polyline.reached(steps[0]) - 1, 0) : self.polyline.reached(steps[-1])]
        margin = self._margin(renderer)
        return np.concatenate([points.min(0) - margin, points.max(0) + margin])[None]

    def _margin(self, renderer: RendererBase) -> float:
        return pixels(renderer, self.scale * max(ARROW, ROUND) + 4)

    def arrow(self, renderer: RendererBase) -> Numbers | None:
        """Return the arrow from the current point, in pixels."""
        points = self._turned(self.push[self.polyline.count - 1])
        size, text = float(np.hypot(*points)), float(np.hypot(*self.push[self.polyline.count - 1]))
        if not np.isfinite(size) or size == 0:
            return None
        return np.asarray(points / size * pixels(renderer, self.scale * ARROW * text))

    def axes_of_ellipse(self, renderer: RendererBase) -> Numbers | None:
        """Return half the axes of the ellipse in pixels."""
        far = np.abs(self._turned(self.reach[self.polyline.count - 1]))
        if not np.isfinite(far).all() or not far.max() > 0:
            return None
        return np.asarray(np.maximum(far / far.max(), FLAT) * pixels(renderer, self.scale * ROUND))

    def _turned(self, vector: Numbers) -> Numbers:
        """Transform a vector from data to pixels."""
        assert self.axes is not None
        return np.asarray(self.axes.transData.get_matrix()[:2, :2] @ vector)

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None or 0 <= self.stopped <= self.polyline.shown:
            return
        self.polyline.update(self, renderer)
        x, y = self.polyline.pixels[self.polyline.count - 1].tolist()
        margin = self._margin(renderer)
        if not self.axes.bbox.contains(x, y) or not in_use((x - margin, y - margin, x + margin, y + margin), renderer):
            return
        gc = stroke(self, renderer, 1.1 * self.scale)
        ellipse, arrow = self.axes_of_ellipse(renderer), self.arrow(renderer)
        if ellipse is not None:
            gc.set_foreground(self.style.color)
            put = Affine2D().scale(*ellipse.tolist()).translate(x, y)
            renderer.draw_path(gc, Path.unit_circle(), put, (*self.style.color, 0.22))
        if arrow is not None:
            gc.set_foreground(self.theme.halo)
            put = Affine2D().scale(pixels(renderer, self.scale)).rotate(np.arctan2(arrow[1], arrow[0])).translate(x, y)
            length = float(np.hypot(*arrow)) / pixels(renderer, self.scale)
            renderer.draw_path(gc, _outline(length), put, (*self.style.color, 1.0))
        gc.restore()
        self.stale = False


@suggests_arguments
def optimizer_state(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draw the state of optimizers at their current points on `ax` and return `ax`; `render.animate` animates it.

    An arrow shows the direction of the momentum term (against the mean gradient); its length grows with the logarithm
    of its norm. An ellipse shows the relative step size 1/√v of an adaptive optimizer per coordinate; only its shape
    counts. Runs without state, stopped runs and runs out of view have no marks.

    Args:
        record: a race in two dimensions with `metrics=["momentum", "second_moment"]`, or one of them.
        ax: where to draw; by default matplotlib's current axes, on which `render.trajectories` has drawn the race.
        step: the step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record that is not two-dimensional or has neither, a step outside the race.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=20, metrics=["momentum", "second_moment"])
    >>> sum(isinstance(artist, StateMarks) for artist in optimizer_state(record, Figure().subplots()).get_children())
    1
    """
    check_step(record, step)
    look, trajectories = as_theme(theme), record.trajectories
    if (dim := trajectories.x.shape[-1]) != 2:
        raise InputError(f"optimizer states are drawn in two dimensions; this record has {dim}")
    none = np.full(trajectories.x.shape, np.nan)
    momentum, second = (trajectories.metrics.get(name, none) for name in ("momentum", "second_moment"))
    if momentum is none and second is none:
        raise InputError(
            "this race did not record the state of its optimizers; "
            'race again with metrics=["momentum", "second_moment"]'
        )
    ax = current_axes(ax, look)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(second > 0, second, np.nan) ** -0.5
        momentum = np.stack([moderate(run) for run in momentum])  # lengths are relative to the run's longest
        size = np.linalg.norm(momentum, axis=-1, keepdims=True)
        largest = np.max(size, axis=(1, 2), keepdims=True, initial=0.0, where=np.isfinite(size))
        text = SHORT + (1 - SHORT) * np.clip(1 + np.log10(size / largest) / DECADES, 0, 1)
        push = -momentum / size * text
    all_points = filled_forward(trajectories.x)
    for run, style in enumerate(styles(optimizer_labels(record), look)):
        if any(np.isfinite(kept[run]).all(-1).any() for kept in (push, reach)):
            stopped = int(filled(trajectories.runs["stopped"])[run])
            state = StateMarks(all_points[run], trajectories.step, push[run], reach[run], stopped, style, look)
            state.scale = size_factor(ax)
            ax.add_artist(state).set_clip_path(ax.patch)
    show_step(ax, record, step)
    localize(ax, look)
    return ax


def _outline(length: float) -> Path:
    """Return an arrow to the right, of a length in points."""
    head = min(9.0, 0.6 * length)
    half, barb = 1.3, 0.5 * head
    tip = length - head
    corners = [(0, half), (tip, half), (tip, barb), (length, 0), (tip, -barb), (tip, -half), (0, -half), (0, half)]
    return Path(np.array(corners, float), closed=True)
