"""The minimum through a lens: an inset in the corner where the race leaves the most room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.heads import Head
from landscapes.render.plots._trajectories import runs
from landscapes.render.plots.contours import contour, is_known, star
from landscapes.render.plots.inputs import check_step, current_axes, size_factor
from landscapes.render.plots.interpolation import refined
from landscapes.render.theme import Theme, as_theme

MAGNIFICATION = 6.0
"""How much larger the inset shows things."""

SHARES = (0.4, 0.34, 0.28)
"""How long its sides may be, as shares of the axes'; the largest one that covers no path is taken."""

APART = 0.025
"""How far it stays from the border, as a share of the axes' sides."""

Box = tuple[float, float, float, float]
"""Left, bottom, width and height, as shares of the axes."""


class Near(Head):
    """A head that is shown only where it is in view."""

    def draw(self, renderer: RendererBase) -> None:
        route = self.trail.route
        route.update(self.trail)
        if route.count and self._in_view(*route.pixels[route.count - 1]):
            super().draw(renderer)


def zoom_inset(
    record: Record,
    ax: Axes | None = None,
    *,
    magnification: float = MAGNIFICATION,
    step: int | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draws what happens around the minimum, magnified, in a corner of axes that show the race already.

    The minimum is the known one next to where the best run ends; where none is known, that end itself.
    The surface in between the recorded points is interpolated (Keys, "Cubic convolution interpolation for
    digital image processing", 1981), which is exact for a quadratic function.

    Args:
        record: a race in two dimensions.
        ax: where to draw; by default matplotlib's current axes.
        magnification: how much larger than on `ax`, above 1.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.

    Returns:
        The new axes.

    Raises:
        InputError: for a record without a surface, one whose minimum lies outside the view, a magnification
            that is none, a step outside the race, an unknown theme.
    """
    shown = check_step(record, step)
    look = as_theme(theme)
    ax = current_axes(ax)
    if record.surface is None:
        raise InputError("this record has no surface to magnify: only races in two dimensions do")
    if isinstance(magnification, bool) or not isinstance(magnification, int | float) or not 1 < magnification <= 1000:
        raise InputError(f"magnification must be a number above 1, at most 1000, not {magnification!r}")
    view = np.array([ax.get_xlim(), ax.get_ylim()])
    middle = _middle(record, view)
    box = corner(record, view, middle)
    lens = middle[:, None] + (view - view.mean(1, keepdims=True)) * np.array([[box[2]], [box[3]]]) / magnification
    made = ax.inset_axes(box, zorder=7)
    made.set_label("inset")
    with look.context():
        made.set(xticks=[], yticks=[], facecolor=look.background)
        made.spines[:].set_visible(False)
    frame = Rectangle((0, 0), 1, 1, transform=made.transAxes, fill=False, edgecolor=look.foreground, zorder=9)
    made.add_patch(frame).set(linewidth=0.9, clip_on=False)
    close = replace(record, surface=refined(record.surface, lens))
    scale = max(size_factor(made), 0.8 * size_factor(ax))
    contour(close, made, theme=look, levels=9, stars=False)
    made.set(xlim=lens[0], ylim=lens[1])
    star(made, record.surface.minima, look, scale, known=is_known(record))
    runs(close, made, look, 2.3 * scale, Near)
    ax.indicate_inset(inset_ax=made, edgecolor=look.foreground, alpha=0.45, linewidth=0.7, zorder=3.3)
    set_step(made, shown)
    return made


def corner(record: Record, view: NDArray[np.float64], middle: NDArray[np.float64]) -> Box:
    """The nearest corner of the largest size that no path enters, else the one that the paths enter least."""
    samples = _samples(record.trajectories.x, view)
    minima = np.zeros((0, 2)) if record.surface is None else record.surface.minima
    marks = (np.vstack([minima, middle, record.trajectories.x[:, 0]]) - view[:, 0]) / np.ptp(view, axis=1)
    where = (middle - view[:, 0]) / np.ptp(view, axis=1)
    best: tuple[float, Box] | None = None
    for share in SHARES:
        far = 1 - APART - share
        corners = [(left, bottom) for left in (APART, far) for bottom in (APART, far)]
        for left, bottom in sorted(corners, key=lambda place: float(np.hypot(*(np.array(place) + share / 2 - where)))):
            low, high = np.array([left, bottom]) - APART, np.array([left, bottom]) + share + APART
            entered = float(_inside(samples, low, high).sum() + 1e6 * _inside(marks, low, high).sum())
            if entered == 0:
                return left, bottom, share, share
            if best is None or entered < best[0]:
                best = entered, (left, bottom, share, share)
    assert best is not None
    return best[1]


def _middle(record: Record, view: NDArray[np.float64]) -> NDArray[np.float64]:
    """What to look at: the known minimum next to the end of the best run, else that end."""
    ends = record.trajectories.x[record.order[0]]
    ends = ends[np.isfinite(ends).all(1)]
    middle = ends[-1]
    if record.surface is not None and len(record.surface.minima):
        middle = min(
            record.surface.minima, key=lambda point: float(np.hypot(*((point - middle) / np.ptp(view, axis=1))))
        )
    if not ((middle > view[:, 0]) & (middle < view[:, 1])).all():
        raise InputError(
            f"the minimum at ({middle[0]:.4g}, {middle[1]:.4g}) lies outside the view; there is nothing to magnify"
        )
    return np.asarray(middle, float)


def _samples(x: NDArray[np.float64], view: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) all along the paths (R, T, 2), as shares of the view."""
    unit = np.clip(np.nan_to_num((x - view[:, 0]) / np.ptp(view, axis=1), nan=-9.0, posinf=9.0, neginf=-9.0), -9.0, 9.0)
    begin, move = unit[:, :-1], np.diff(unit, axis=1)
    share = np.linspace(0, 1, int(np.clip(5000 // x.shape[1], 2, 9)))[:, None, None, None]
    return np.asarray((begin + share * move).reshape(-1, 2))


def _inside(points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(((points > low) & (points < high)).all(1))
