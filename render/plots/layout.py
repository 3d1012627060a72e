"""The whole picture of a race: landscape, growing losses, legend, step counter."""

from __future__ import annotations

import operator
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes.errors import InputError, unknown
from landscapes.record import Record
from landscapes.render.artists.animated import show
from landscapes.render.artists.legend import Entry, columns, compact, entries, height, key, row, trimmed
from landscapes.render.artists.step_counter import Counter
from landscapes.render.artists.text_fit import fitted, ruler, text_width
from landscapes.render.plots._crop import focus
from landscapes.render.plots._label_runs import names
from landscapes.render.plots._loss_curves import losses
from landscapes.render.plots._trajectories import check_step, paths
from landscapes.render.plots._zoom_inset import MAGNIFICATION
from landscapes.render.plots._zoom_inset import inset as lens
from landscapes.render.plots.contours import contour
from landscapes.render.plots.one_dimensional import slide
from landscapes.render.theme import Theme, as_theme
from landscapes.views import View

SIZE = (960, 540)
"""Default size in pixels."""

INCHES = 9.6, 3.6
"""A figure is about this wide, and at least this high, whatever its pixels, so that small and large ones look alike."""

LABELS = ("legend", "heads")
"""Where the names of the runs may stand."""

TOP, BOTTOM = 30.0, 24.0
"""What titles and numbers take above and beneath the panels, in points."""

SMALLEST, LARGEST = (160, 120), (8192, 8192)
"""Bounds of a size in pixels."""

ROUND = 1e-6
"""Pixels to add, since matplotlib rounds down what floating point leaves of inches × dpi."""


Box = tuple[float, float, float, float]


def figure(
    record: Record,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    size: tuple[int, int] = SIZE,
    panel: bool | None = None,
    title: str | None = None,
    view: View | None = None,
    inset: bool | float = False,
    labels: str = "legend",
) -> Figure:
    """The picture of a race at a step, as a matplotlib figure of its own (pyplot knows nothing of it).

    Args:
        record: a race; over one coordinate it is drawn on a curve, over more than two its losses alone are.
        step: the step to show; by default the last.
        theme: colours, by name or as a `Theme`.
        size: width and height in pixels, at least 160 × 120.
        panel: whether to draw the losses beside the landscape; by default where there is room.
        title: by default the function's.
        view: a piece of the surface, as in `render.focus`; by default all that was recorded.
        labels: "legend" for one beneath or beside the panels, "heads" for names beside the heads.
        inset: whether to magnify the minimum in a corner, or how much (True: 6 times).

    Raises:
        InputError: for a size out of bounds, a step outside the race, a view that was not recorded, an inset where
            the minimum is out of view; for a view, an inset or names at the heads where there is no surface.
    """
    look = as_theme(theme)
    shown = check_step(record, step)
    if record.surface is None and (
        inset is not False or labels == "heads" or (panel is False and record.curve is None)
    ):
        seen = "only losses" if record.curve is None else "only a curve"
        raise InputError(f"this record has no surface to draw, {seen}: races in two dimensions have one")
    if view is not None:
        record = focus(record, view)
    if labels not in LABELS:
        raise unknown("kind of labels", str(labels), LABELS)
    wide, high = check_size(size)
    dpi = max(min(wide / INCHES[0], high / INCHES[1]), 72)
    beside = wide >= 1.35 * high and wide >= 600 and high >= 240 if panel is None else panel
    with look.context():
        made = Figure(figsize=((wide + ROUND) / dpi, (high + ROUND) / dpi), dpi=dpi)
        if record.surface is None and record.curve is None:
            _lay_out_losses(made, record, look, title)
        else:
            _lay_out(made, record, look, beside, title, legend=labels == "legend")
        if inset is not False:
            lens(record, made.axes[0], theme=look, magnification=MAGNIFICATION if inset is True else inset)
        if labels == "heads":
            names(record, made.axes[0], theme=look)
    show(made, shown)
    return made


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height, once they are sure to be drawable."""
    try:
        wide, high = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise InputError(f"size is two whole numbers of pixels, as in (800, 600), not {size!r}") from None
    if not (SMALLEST[0] <= wide <= LARGEST[0] and SMALLEST[1] <= high <= LARGEST[1]):
        least, most = (f"{a} × {b}" for a, b in (SMALLEST, LARGEST))
        raise InputError(f"size must be at least {least} and at most {most} pixels, not {wide} × {high}")
    return wide, high


@dataclass(frozen=True)
class Panels:
    """Where the parts of a picture are: left, bottom, width and height in points, None for what is left out."""

    map: Box
    losses: Box | None
    legend: Box | None


def _lay_out(made: Figure, record: Record, look: Theme, beside: bool, title: str | None, legend: bool) -> None:
    """Fills the figure: panels first where numbers of usual length fit, then where those that stand there do."""
    wide, high = (72 * inches for inches in made.get_size_inches())
    side = 0.36 * (wide - 46) if beside else wide - 46
    who: list[Entry] = []
    across, font, tall = 1, 9.0, 0.0
    if legend:
        who, across, font = fitted_key(entries(record, look), side, (0.6 if beside else 0.4) * (high - TOP - BOTTOM))
        tall = height(who, across, font)

    def place(ax: Axes, box: Box | None) -> Axes:
        assert box is not None
        x, y, w, h = box
        ax.set_position((x / wide, y / high, w / wide, h / high))
        return ax

    panels = _panels((wide, high), beside, tall, 34.0, 12.0, 46.0)
    ax = place(made.add_axes((0, 0, 1, 1)), panels.map)
    if record.surface is None:
        slide(record, ax, theme=look)
    else:
        contour(record, ax, theme=look)
    curves = place(made.add_axes((0, 0, 1, 1)), panels.losses) if beside else None
    if curves is not None:
        losses(record, curves, theme=look)
    (left, right), (gap, ends) = _needed(ax), (0.0, 0.0) if curves is None else _needed(curves)
    gap, right = (gap + right, ends) if beside else (gap, right)
    panels = _panels((wide, high), beside, tall, max(left + 4, 34.0), max(right + 2, 12.0), max(gap + 4, 46.0))
    place(ax, panels.map)
    if record.surface is not None:
        paths(record, ax, theme=look)
    x, y, w, h = panels.map
    counter = Counter(
        (x + w) / wide, (y + h + 7) / high, int(record.trajectories.step[-1]),
        ha="right", va="baseline", fontsize=10, color=look.foreground, transform=made.transFigure,
    )  # fmt: skip
    made.add_artist(counter)
    free = w - text_width(counter.get_text(), 10, family="monospace") - 10
    words, size = fitted(title or str(record.meta.get("title", "")), free, 12.0, 8.0, "bold")
    ax.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
    if curves is not None:
        place(curves, panels.losses)
        bounded = record.meta["minimum"] > float("-inf")
        words, size = fitted("gap to the minimum, by step" if bounded else "value, by step", side, 10.0, 7.0)
        curves.set_title(words, loc="left", fontsize=size, pad=7)
    if legend:
        key(place(made.add_axes((0, 0, 1, 1), label="legend"), panels.legend), who, look, across=across, font=font)


def _lay_out_losses(made: Figure, record: Record, look: Theme, title: str | None) -> None:
    """Fills the figure with the losses of a race that has no map, and a legend below."""
    wide, high = (72 * inches for inches in made.get_size_inches())
    side = wide - 46
    who, across, font = fitted_key(entries(record, look), side, 0.4 * (high - TOP - BOTTOM))
    tall = height(who, across, font)
    ax = made.add_axes((0.1, 0.1, 0.8, 0.8))
    losses(record, ax, theme=look)
    left, right = _needed(ax)
    x, y, w, h = _panels((wide, high), False, tall, max(left + 4, 34.0), max(right + 2, 12.0), 0.0).map
    ax.set_position((x / wide, y / high, w / wide, h / high))
    counter = Counter(
        (x + w) / wide, (y + h + 7) / high, int(record.trajectories.step[-1]),
        ha="right", va="baseline", fontsize=10, color=look.foreground, transform=made.transFigure,
    )  # fmt: skip
    made.add_artist(counter)
    gap = "gap to the minimum" if record.meta["minimum"] > float("-inf") else "value"
    count = record.trajectories.x.shape[-1]
    words = title or f"{record.meta.get('title', '')}, {count} coordinate{'' if count == 1 else 's'}: {gap}, by step"
    words, size = fitted(words, w - text_width(counter.get_text(), 10, family="monospace") - 10, 12.0, 8.0, "bold")
    ax.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
    below = made.add_axes((left / wide, 6.0 / high, side / wide, tall / high), label="legend")
    key(below, who, look, across=across, font=font)


def _panels(page: tuple[float, float], beside: bool, tall: float, left: float, right: float, gap: float) -> Panels:
    """The panels on a page of a size, with a legend of a height (0 for none) and room for numbers."""
    wide, high = page
    room = high - TOP - BOTTOM
    if not beside:
        side, apart = wide - left - right, 4.0 if tall else 0.0
        return Panels((left, BOTTOM + tall + apart, side, room - tall - apart), None, (left, 6.0, side, tall))
    side, apart = 0.36 * (wide - left - right), 20.0 if tall else 0.0
    split = wide - right - side
    return Panels(
        (left, BOTTOM, split - gap - left, room),
        (split, BOTTOM + tall + apart, side, room - tall - apart),
        (split, BOTTOM - 8, side, tall),
    )


def _needed(ax: Axes) -> tuple[float, float]:
    """What the numbers of axes need, in points: to the left of the axes, and to their right."""
    page = ax.get_figure(root=True)
    assert page is not None
    measure = ruler(page.dpi)
    y, x = ax.yaxis.get_tightbbox(measure), ax.xaxis.get_tightbbox(measure)
    unit = 72 / page.dpi
    return unit * (ax.bbox.x0 - y.x0 if y else 0.0), unit * max(x.x1 - ax.bbox.x1 if x else 0.0, 0.0)


def fitted_key(who: list[Entry], width: float, tall: float) -> tuple[list[Entry], int, float]:
    """The legend in the fullest words and the largest font that fit, with its number of columns."""
    few = compact(who)
    for words, cut in ((who, False), (few, False), (few, True)):
        for font in (9.0, 8.0, 7.0):
            fit = trimmed(words, width, font) if cut else words
            across = columns(fit, width, font)
            if row(fit, font) <= width and height(fit, across, font) <= tall:
                return fit, across, font
    font = min(7.0 * tall / height(few, columns(few, width, 7.0), 7.0), 7.0)
    fit = trimmed(few, width, font)
    return fit, columns(fit, width, font), font
