"""Explain one step of one optimizer: gradient, momentum, scaling and the step itself."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record, Surface, optimizer_labels, steps_or_inf
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.plots._crop import crop
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step, size_factor
from landscapes.render.theme import Style, Theme, as_theme, styles

Vector = NDArray[np.float64]

TITLES = {
    "gradient": "negative gradient",
    "momentum": "momentum",
    "scaling": "scaled by 1/√v",
    "step": "step",
}
"""The parts of a step in the order in which an optimizer computes them, with their titles."""

LONG = 0.36
"""The length of an arrow that shows a direction only, relative to the panel."""

SHARE, CELLS = 0.3, 12
"""The share of the panel that a step fills, and the least number of grid cells in view."""

EDGE, GAP, HEAD, TITLE = 0.08, 0.08, 0.22, 0.28
"""Margins around and between panels, and room for titles, in inches."""


@suggests_arguments
def explain_step(
    record: Record,
    step: int = 1,
    *,
    run: str | None = None,
    theme: str | Theme = "light",
    width: float = 6.75,
) -> Figure:
    """Return a strip of panels that explains one step of one optimizer; pyplot does not know it.

    The first panel shows the negative gradient where the step begins. If the race recorded them, the next panels show
    the momentum, and the momentum with each coordinate divided by √v over an ellipse with axes 1/√v. The last panel
    shows the step in its true length; the other arrows show directions only. Gradients are central differences of the
    surface.

    Args:
        record: a race in two dimensions that recorded the step and the one before, best with
            `metrics=["momentum", "second_moment"]`.
        step: the number of the step, from 1 on.
        run: the label of the run; by default the first.
        theme: colours, by name or as a `Theme`.
        width: width of the figure in inches; the height follows.

    Raises:
        InputError: for a record without a surface, a step that was not recorded or after which the run was stopped, a
        point
            out of view, an unknown label.

    >>> from landscapes import race
    >>> raced = race("beale", ["sgd", "adam"], steps=20, metrics=["momentum", "second_moment"])
    >>> len(explain_step(raced, 5, run="SGD").axes), len(explain_step(raced, 5, run="Adam").axes)
    (2, 4)
    """
    look = as_theme(theme)
    number = check_step(record, step)
    trajectories, surface = record.trajectories, record.surface
    if surface is None:
        raise InputError("this record has no surface to draw: only races in two dimensions do")
    labels = [str(label) for label in trajectories.runs["label"]]
    if run is not None and run not in labels:
        raise unknown("run", str(run), labels)
    index = labels.index(labels[0] if run is None else run)
    if not (math.isfinite(width) and width > 1):
        raise InputError(f"width must be > 1 inch, got {width!r}")
    begin, end = (np.flatnonzero(trajectories.step == at) for at in (number - 1, number))
    if not len(begin) or not len(end):
        raise InputError(f"step must be from 1 on, and recorded together with the one before, got {number}")
    if steps_or_inf(trajectories.runs["stopped"])[index] <= number:
        raise InputError(f"{labels[index]} was stopped before the end of step {number}")
    at, to = trajectories.x[index, int(begin[0])], trajectories.x[index, int(end[0])]
    vectors: dict[str, Vector] = {"gradient": -_slope(surface, at)}
    momentum, second = (_kept(record, name, index, int(end[0])) for name in ("momentum", "second_moment"))
    reach = None
    if momentum is not None:
        vectors["momentum"] = -momentum
    if second is not None and (second > 0).all():
        reach = second**-0.5
        vectors["scaling"] = reach * vectors.get("momentum", vectors["gradient"])
    vectors["step"] = to - at
    count = len(vectors)
    side = (width - 2 * EDGE - GAP * (count - 1)) / count
    figure_height = EDGE + side + HEAD + TITLE
    shown = crop(record, _box(surface, at, to).tolist())
    style = styles(optimizer_labels(record), look)[index]
    with look.context():
        made = Figure(figsize=(width, figure_height), dpi=150)
        made.text(
            EDGE / width,
            1 - 0.7 * TITLE / figure_height,
            look.say("{label}, step {step}", label=clean_text(labels[index], math=False), step=number),
            fontsize=10 * look.text_scale,
            fontweight="bold",
            color=look.foreground,
            va="baseline",
            parse_math=False,
        )
        for place, (part, points) in enumerate(vectors.items()):
            box = ((EDGE + place * (side + GAP)) / width, EDGE / figure_height, side / width, side / figure_height)
            ax = made.add_axes(box, label=part)
            contour(shown, ax, theme=look)
            ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
            words, size = Ruler(made.dpi).fit_title(look.say(TITLES[part]), 72 * side, 8 * look.text_scale, 6.0)
            ax.set_title(words, loc="left", fontsize=size, pad=3)
            if part == "scaling" and reach is not None:
                _ellipse(ax, at, reach, style)
            if part == "step":
                for before in list(vectors.values())[:-1]:
                    _arrow(ax, at, _long(ax, before), style, look, faint=True)
            _arrow(ax, at, points if part == "step" else _long(ax, points), style, look)
    return made


def _kept(record: Record, name: str, run: int, place: int) -> Vector | None:
    """Return a recorded vector of a run at a step, or None."""
    values = record.trajectories.metrics.get(name)
    vector = None if values is None else values[run, place]
    return vector if vector is not None and vector.shape == (2,) and np.isfinite(vector).all() else None


def _slope(surface: Surface, at: Vector) -> Vector:
    """Return the gradient of a surface at a point, interpolated between the four grid points around it."""
    x, y = surface.x, surface.y
    if not (x[0] <= at[0] <= x[-1] and y[0] <= at[1] <= y[-1]):
        raise InputError(
            f"the step begins out of view, at ({at[0]:.4g}, {at[1]:.4g}); race again with a view that holds it"
        )
    column, row = (
        int(np.clip(np.searchsorted(grid, c) - 1, 0, len(grid) - 2)) for grid, c in zip((x, y), at, strict=True)
    )
    rows, columns = slice(max(row - 1, 0), row + 3), slice(max(column - 1, 0), column + 3)
    around = surface.values[rows, columns]
    huge = np.abs(around).max() > 1e290
    around = around / 2.0**30 if huge else around  # sums of larger values overflow
    parts = np.gradient(around, x[columns], axis=1), np.gradient(around, y[rows], axis=0)
    slope = [
        float(np.interp(at[1], y[rows], [np.interp(at[0], x[columns], line) for line in np.asarray(part)]))
        for part in parts
    ]
    if not np.isfinite(slope).all():
        raise InputError(f"the surface has a hole at ({at[0]:.4g}, {at[1]:.4g}), where the step begins")
    with np.errstate(over="ignore"):
        return np.nan_to_num(np.array(slope) * (2.0**30 if huge else 1.0))


def _box(surface: Surface, at: Vector, to: Vector) -> Vector:
    """Return the part of the view around a step, with the view's proportions."""
    low, high = np.array([surface.x[0], surface.y[0]]), np.array([surface.x[-1], surface.y[-1]])
    cells = np.array([len(surface.x) - 1, len(surface.y) - 1])
    share = max(float((np.abs(to - at) / (high - low)).max()) / SHARE / 2, float((CELLS / cells).max()))
    half = min(share, 0.5) * (high - low)
    middle = np.clip((at + to) / 2, low + half, high - half)
    return np.stack([np.maximum(middle - half, low), np.minimum(middle + half, high)], 1)


def _long(ax: Axes, points: Vector) -> Vector:
    """Scale a direction to the common length of arrows."""
    sides = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    length = float(np.hypot(*(points / sides)))
    return np.asarray(points * (LONG / length if length > 0 else 0.0))


def _arrow(ax: Axes, at: Vector, points: Vector, style: Style, look: Theme, faint: bool = False) -> None:
    """Draw an arrow with a halo, and a ring at its start."""
    scale = size_factor(ax)
    tip = at + points
    layers = [(style.color, 1.1, 0.35)] if faint else [(look.halo, 5.0, 1.0), (style.color, 2.6, 1.0)]
    for color, wide, alpha in layers if np.any(points != 0) else []:
        ax.annotate(
            "",
            tuple(tip),
            tuple(at),
            zorder=3 if faint else 5,
            arrowprops={
                "arrowstyle": "-|>",
                "color": color,
                "linewidth": wide * scale,
                "alpha": alpha,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": (9 if faint else 15) * scale,
                "label": "_faint" if faint else "_way",
            },
        )
    if not faint:
        ax.plot(
            *at[:, None],
            "o",
            markersize=6.5 * scale,
            markerfacecolor=look.halo,
            markeredgecolor=look.foreground,
            markeredgewidth=1.6 * scale,
            zorder=6,
            label="_begin",
        )


def _ellipse(ax: Axes, at: Vector, reach: Vector, style: Style) -> None:
    """Draw how far equal gradients move the run along each coordinate; the shape counts, not the size."""
    sides = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    wide, high = (reach * (LONG / float((reach / sides).max()))).tolist()
    ax.add_patch(
        Ellipse(
            (at[0], at[1]), wide, high, facecolor=(*style.color, 0.2), edgecolor=style.color, linewidth=1.0, zorder=2
        )
    )
