"""A race at several steps side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.legend import legend_entries
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.size import DPI, STRIP_WIDTH, check_figsize, new_figure
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step, has_plot, labels_of
from landscapes.render.theme import StyleLike, Theme, as_theme, with_letters

LEFT, RIGHT, GAP = 24.5, 4.5, 6.0
"""The least margins left and right, and between panels, in points."""

TITLE, TICK, LEGEND = 8.0, 6.5, 7.0
"""Font sizes in points."""

LEAST_SIDE = 20.0
"""The least width and height of a panel in points; larger texts than usual become smaller for it."""

MANY = 5
"""More panels than this are by default drawn in several rows."""


@suggests_arguments
def filmstrip(
    record: Record,
    steps: Sequence[int] | None = None,
    *,
    columns: int | None = None,
    theme: str | Theme = "print",
    figsize: tuple[float, float] | None = None,
    dpi: float = DPI,
    legend: bool = True,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return plots of the trajectories at several steps, in one or more rows, with one legend.

    Args:
        record: a race in one or two dimensions.
        steps: the steps to show; by default four with growing gaps.
        columns: panels per row; by default all up to five, and more in rows of nearly equal length.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches; by default as wide as a two-column page, 6.75, and as high as square panels
            need.
        dpi: dots per inch.
        legend: whether to draw a legend.
        text_scale, lang, words, colors: as in `render.figure`.

    Returns:
        The figure; pyplot does not know it.

    Raises:
        InputError: for a record without a surface or graph, no steps, steps outside the race, an unknown theme,
            columns < 1, a size out of bounds, and one that is too small for the panels.

    >>> from landscapes import race
    >>> len(filmstrip(race("booth", ["adam(lr=0.5)"], steps=40), [5, 20, 40]).axes)
    4
    """
    look = with_letters(as_theme(theme, text_scale, words, colors, labels_of(record), lang), labels_of(record))
    last = int(record.trajectories.step[-1])
    if not has_plot(record):
        raise InputError("this record has no surface or graph: races in one or two dimensions have one")
    if steps is not None and not isinstance(steps, Sequence | np.ndarray):
        raise InputError(f"steps must be a sequence of steps, as in [5, 20, 40], got {steps!r:.80}")
    shown = [check_step(record, step) for step in (spread(last) if steps is None else steps)]
    if not shown:
        raise InputError("a filmstrip needs at least one step")
    if columns is not None and (isinstance(columns, bool) or not isinstance(columns, int) or columns < 1):
        raise InputError(f"columns must be an integer >= 1, got {columns!r}")
    down = -(-len(shown) // (columns or MANY))
    across = min(columns or -(-len(shown) // down), len(shown))
    if figsize is None:  # as high as square panels need
        scale = look.text_scale
        side = (72 * STRIP_WIDTH - LEFT * scale - RIGHT - GAP * (across - 1)) / across
        rows = 16 * scale * -(-len(record.trajectories) // 4) if legend else 0.0
        figsize = STRIP_WIDTH, (down * (side + 16 * scale) + 16 * scale + rows + 8) / 72
    else:
        look = fit_scale(look, check_figsize(figsize, dpi))
    while True:
        with look.context():
            made = new_figure(figsize, dpi)
            if _lay_out(Sheet.of(made, look), record, shown, across, legend):
                return made
        if look.text_scale <= 1:
            raise InputError(
                f"{len(shown)} panels in rows of {across} do not fit into {figsize[0]:.1f} × {figsize[1]:.1f} inches; "
                "give a larger figsize or other columns"
            )
        look = look | {"text_scale": max(look.text_scale - 0.2, 1.0)}


def _lay_out(sheet: Sheet, record: Record, steps: Sequence[int], across: int, legend: bool) -> bool:
    """Fill the figure with rows of panels, and return whether they fit; only the outer ones have tick labels."""
    look, scale = sheet.look, sheet.scale
    down = -(-len(steps) // across)
    entries = legend_entries(record, look) if legend else []
    panels = [sheet.axes((0, 0, 99, 99)) for _ in steps]
    left, right, low, gap = LEFT * scale, RIGHT, 16 * scale, GAP
    for again in range(3):
        rows = sheet.fit_legend(entries, sheet.wide - left - RIGHT, 0.4 * sheet.high, LEGEND)
        base = low + (rows.height + 6 if rows.height else 3)
        head = (TITLE + 6) * scale + 3
        side = (sheet.wide - left - right - gap * (across - 1)) / across
        tall = (sheet.high - base - 2 - head * down - GAP * (down - 1)) / down
        if side < LEAST_SIDE or tall < LEAST_SIDE:
            return False
        for place, ax in enumerate(panels):
            row, column = divmod(place, across)
            sheet.place(
                ax, (left + column * (side + gap), sheet.high - 2 - (row + 1) * (head + tall) - row * GAP, side, tall)
            )
            if not again:
                if record.surface is None:
                    trajectories(record, ax, step=steps[place], theme=look)
                else:
                    contour(record, ax, theme=look)
                outer = place + across >= len(steps)  # nothing below
                ax.tick_params(labelsize=TICK * scale, length=2.5, pad=2, labelleft=column == 0, labelbottom=outer)
        rooms = [sheet.fit_ticks(ax) for ax in panels]
        left = max(LEFT * scale, *(room.left + 3 for room in rooms[::across]))
        right = max(RIGHT, *(room.right + 3 for room in rooms))
        low = max(room.bottom + 3 for room in rooms)
        beside = [one.right + two.left + 3 for place, (one, two) in enumerate(pairwise(rooms), 1) if place % across]
        gap = max([GAP, *beside])  # the last label of a panel and the first one of the next
    for ax, step in zip(panels, steps, strict=True):
        if record.surface is not None:
            trajectories(record, ax, step=step, theme=look)
        words, size = sheet.ruler.fit_title(look.say("step {step}", step=step), side, TITLE * scale, LEAST)
        ax.set_title(words, loc="left", fontsize=size, pad=3)
    if rows.height:
        sheet.legend(rows, (left, 3, sheet.wide - left - RIGHT, rows.height))
    return True


def spread(last: int, count: int = 4) -> list[int]:
    """Return steps from early to the last one, with growing gaps.

    >>> spread(250)
    [4, 16, 62, 250]
    """
    return sorted({int(step) for step in np.rint(last * 4.0 ** np.arange(1 - count, 1))})
