"""An inset that magnifies the minimum, in the corner where it covers least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.heads import Head
from landscapes.render.artists.marks import NO_MARKS, Mark
from landscapes.render.plots._trajectories import runs
from landscapes.render.plots.contours import contour, draw_minima, is_known
from landscapes.render.plots.inputs import check_step, current_axes, show_step, size_factor
from landscapes.render.theme import Theme, as_theme

MAGNIFICATION = 6.0
"""Default magnification."""

SHARES = (0.4, 0.34, 0.28)
"""Sides of the inset relative to the axes; the largest one that covers no trajectory is used."""

APART = 0.025
"""Distance from the border, relative to the axes."""

Box = tuple[float, float, float, float]
"""Left, bottom, width and height relative to the axes."""


class HeadInView(Head):
    """A head that is drawn only if it is in view."""

    def marks(self, renderer: RendererBase) -> list[Mark]:
        route = self.trail.polyline
        route.update(self.trail, renderer)
        x, y = route.pixels[route.count - 1].tolist()
        return super().marks(renderer) if route.count and self._in_view(x, y, 0.5) else NO_MARKS


@suggests_arguments
def zoom_inset(
    record: Record,
    ax: Axes | None = None,
    *,
    magnification: float = MAGNIFICATION,
    step: int | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Magnify the surroundings of the minimum in a corner of axes that show the race.

    The inset shows the known minimum nearest to the end of the best run; that end if no minimum is known or no run
    comes near it. The surface is interpolated by cubic convolution (Keys, 1981), which is exact for quadratic
    functions.

    Args:
        record: a race in two dimensions.
        ax: where to draw; by default matplotlib's current axes.
        magnification: magnification relative to `ax`, > 1 and at most 1000.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.

    Returns:
        The new axes.

    Raises:
        InputError: for a record without a surface, one whose minimum and best run lie outside the view, a magnification
            out of range, a step outside the race, an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.render import contour, trajectories
    >>> record = race("beale", ["sgd", "adam"], steps=100)
    >>> ax = trajectories(record, contour(record, Figure().subplots()))
    >>> zoom_inset(record, ax, magnification=10).get_label()
    'inset'
    """
    check_step(record, step)
    look = as_theme(theme)
    ax = current_axes(ax, look)
    if record.surface is None:
        raise InputError("this record has no surface to magnify: only races in two dimensions do")
    check_magnification(magnification)
    view = np.array([ax.get_xlim(), ax.get_ylim()])
    middle = _middle(record, view, magnification)
    box = corner(record, view, middle)
    lens = middle[:, None] + (view - view.mean(1, keepdims=True)) * np.array([[box[2]], [box[3]]]) / magnification
    made = ax.inset_axes(box, zorder=7)
    made.set_label("inset")
    with look.context():
        made.set(xticks=[], yticks=[], facecolor=look.background)
        made.spines[:].set_visible(False)
    frame = Rectangle((0, 0), 1, 1, transform=made.transAxes, fill=False, edgecolor=look.foreground, zorder=9)
    made.add_patch(frame).set(linewidth=0.9, clip_on=False)
    close = replace(record, surface=refined(record.surface, lens), grids={})
    scale = max(size_factor(made), 0.8 * size_factor(ax))
    contour(close, made, theme=look, levels=9, stars=False)
    made.set(xlim=lens[0], ylim=lens[1])
    draw_minima(made, record.surface.minima, look, scale, known=is_known(record))
    runs(close, made, look, 2.3 * scale, HeadInView)
    (left, right), (low, high) = made.get_xlim(), made.get_ylim()
    ax.indicate_inset(
        (left, low, right - left, high - low), made, edgecolor=look.foreground, alpha=0.45, linewidth=0.7, zorder=3.3
    )
    show_step(ax, record, step)
    return made


def corner(record: Record, view: NDArray[np.float64], middle: NDArray[np.float64]) -> Box:
    """Return the nearest corner of the largest size that covers nothing, else the one that covers least."""
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


def check_magnification(value: float, name: str = "magnification") -> None:
    """Raise `InputError` unless a magnification is > 1 and at most 1000."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 < value <= 1000:
        raise InputError(f"{name} must be > 1 and <= 1000, got {value!r:.80}")


def _middle(record: Record, view: NDArray[np.float64], magnification: float) -> NDArray[np.float64]:
    """Return the known minimum nearest to the end of the best run if a run comes near it, else that end.

    Near means within the part of the view that the largest inset shows.
    """
    points = record.trajectories.x[record.order[0]]
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        raise InputError("the best run has no finite point; there is nothing to magnify")
    end, sides = points[-1], np.ptp(view, axis=1)
    if record.surface is not None and len(record.surface.minima):
        minimum = min(record.surface.minima, key=lambda point: float(np.hypot(*((point - end) / sides))))
        half = 0.5 * SHARES[0] * sides / magnification
        lens, box = np.stack([minimum - half, minimum + half], 1), (np.zeros(2), np.ones(2))
        inside = ((minimum > view[:, 0]) & (minimum < view[:, 1])).all()
        if inside and _inside(_samples(record.trajectories.x, lens), *box).any():
            return np.asarray(minimum, float)
    if not ((end > view[:, 0]) & (end < view[:, 1])).all():
        raise InputError(f"the best run ends at ({end[0]:.4g}, {end[1]:.4g}), out of view; there is nothing to magnify")
    return np.asarray(end, float)


def _samples(x: NDArray[np.float64], view: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (n, 2) along the trajectories (R, T, 2), relative to the view."""
    unit = np.clip(np.nan_to_num((x - view[:, 0]) / np.ptp(view, axis=1), nan=-9.0, posinf=9.0, neginf=-9.0), -9.0, 9.0)
    begin, move = unit[:, :-1], np.diff(unit, axis=1)
    share = np.linspace(0, 1, int(np.clip(5000 // x.shape[1], 2, 9)))[:, None, None, None]
    return np.asarray((begin + share * move).reshape(-1, 2))


def _inside(points: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(((points > low) & (points < high)).all(1))


LARGEST = float(np.finfo(np.float64).max)

POINTS = 129
"""Points per side of the finer grid."""


def refined(surface: Surface, box: NDArray[np.float64]) -> Surface:
    """Interpolate a part of a surface on a finer grid by cubic convolution."""
    x, y = (np.linspace(low, high, POINTS) for low, high in box)
    finite = surface.values[np.isfinite(surface.values)]
    unit = 2.0**10 if np.max(np.abs(finite), initial=0.0) > 1e300 else 1.0  # sums of larger values overflow
    with np.errstate(invalid="ignore"):  # holes and poles stay holes
        values = _between(surface.y, _between(surface.x, surface.values.T / unit, x).T, y)
    values = np.clip(values, -LARGEST / unit, LARGEST / unit) * unit
    if np.isfinite(surface.minimum):
        values = np.maximum(values, surface.minimum)
    return replace(surface, x=x, y=y, values=values)


def _between(
    axis: NDArray[np.float64], values: NDArray[np.float64], requested: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate values (n, …) on an even axis (n,) at other places; outside, the border's cell is extended."""
    place = (requested - axis[0]) / (axis[-1] - axis[0]) * (len(axis) - 1)
    first = np.clip(np.floor(place).astype(int), 0, len(axis) - 2)
    t = (place - first)[:, None]
    before, behind = (3 * (end[:1] - end[1:2]) + end[2:3] for end in (values, values[::-1]))
    padded = np.concatenate([before, values, behind])
    a, b, c, d = (padded[first + k] for k in range(4))
    return np.asarray(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
