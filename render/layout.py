"""The whole picture of a race: landscape, growing losses, legend, step counter."""

from __future__ import annotations

import operator

from matplotlib.figure import Figure

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.contours import contour
from landscapes.render.counter import Counter
from landscapes.render.curves import losses
from landscapes.render.legend import Entry, columns, compact, entries, height, key
from landscapes.render.moving import show
from landscapes.render.theme import Theme, as_theme
from landscapes.render.trajectories import check_step, paths

SIZE = (960, 540)
"""Default size in pixels."""

INCHES = 9.6, 3.6
"""A figure is about this wide, and at least this high, whatever its pixels, so that small and large ones look alike."""

SMALLEST, LARGEST = (160, 120), (8192, 8192)
"""Bounds of a size in pixels."""

ROUND = 1e-6
"""Pixels to add, since matplotlib rounds down what floating point leaves of inches × dpi."""


def figure(
    record: Record,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    size: tuple[int, int] = SIZE,
    panel: bool | None = None,
    title: str | None = None,
) -> Figure:
    """The picture of a race at a step, as a matplotlib figure of its own (pyplot knows nothing of it).

    Args:
        record: a race in two dimensions.
        step: the step to show; by default the last.
        theme: colours, by name or as a `Theme`.
        size: width and height in pixels, at least 160 × 120.
        panel: whether to draw the losses beside the landscape; by default where there is room.
        title: by default the function's.

    Raises:
        InputError: for a record without a surface, a size out of bounds, a step outside the race.
    """
    look = as_theme(theme)
    shown = check_step(record, step)
    if record.surface is None:
        raise InputError("this record has no surface to draw: only races in two dimensions do")
    wide, high = check_size(size)
    dpi = max(min(wide / INCHES[0], high / INCHES[1]), 72)
    beside = wide >= 1.35 * high and wide >= 600 and high >= 240 if panel is None else panel
    with look.context():
        made = Figure(figsize=((wide + ROUND) / dpi, (high + ROUND) / dpi), dpi=dpi)
        _lay_out(made, record, look, beside, title)
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


def _lay_out(made: Figure, record: Record, look: Theme, beside: bool, title: str | None) -> None:
    """Places the panels, in points from the edges."""
    wide, high = (72 * inches for inches in made.get_size_inches())
    left, right, top, bottom, gap = 34.0, 12.0, 30.0, 24.0, 46.0
    side = 0.36 * (wide - left - right) if beside else wide - left - right
    room = high - top - bottom
    who, across, font = _fitted(entries(record, look), side, (0.6 if beside else 0.4) * room)
    tall = height(who, across, font)
    if beside:
        split = wide - right - side
        area = (left, bottom, split - gap - left, room)
        below = (split, bottom - 8, side, tall)
        above = (split, bottom + tall + 20, side, room - tall - 20)
    else:
        area = (left, bottom + tall + 4, side, room - tall - 4)
        below = (left, 6.0, side, tall)
        above = None

    def place(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x, y, w, h = box
        return x / wide, y / high, w / wide, h / high

    ax = made.add_axes(place(area))
    contour(record, ax, theme=look)
    paths(record, ax, theme=look)
    ax.set_title(title or str(record.meta.get("title", "")), loc="left", fontweight="bold", fontsize=12, pad=7)
    x, y = area[0] + area[2], area[1] + area[3] + 7
    last = int(record.trajectories.step[-1])
    made.add_artist(
        Counter(
            x / wide,
            y / high,
            last,
            ha="right",
            va="baseline",
            fontsize=10,
            color=look.foreground,
            transform=made.transFigure,
        )
    )
    if above is not None:
        curves = made.add_axes(place(above))
        losses(record, curves, theme=look)
        bounded = record.meta["minimum"] > float("-inf")
        curves.set_title("gap to the minimum, by step" if bounded else "value, by step", loc="left", fontsize=10, pad=7)
    key(made.add_axes(place(below), label="legend"), who, look, across=across, font=font)


def _fitted(who: list[Entry], width: float, tall: float) -> tuple[list[Entry], int, float]:
    """The legend in the fullest words and the largest font that fit, with its number of columns."""
    for words in (who, compact(who)):
        for font in (9.0, 8.0, 7.0):
            across = columns(words, width, font)
            if height(words, across, font) <= tall:
                return words, across, font
    font = 7.0 * tall / height(words, across, 7.0)
    return words, columns(words, width, font), font
