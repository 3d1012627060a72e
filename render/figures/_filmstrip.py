"""A race at several steps side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.legend import column_count, draw_legend, fit_names, legend_entries, legend_height
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step
from landscapes.render.theme import Theme, as_theme


@suggests_arguments
def filmstrip(
    record: Record,
    steps: Sequence[int] | None = None,
    *,
    theme: str | Theme = "print",
    width: float = 6.75,
    legend: bool = True,
) -> Figure:
    """Return a row of contour plots with the trajectories at several steps, with one legend.

    Args:
        record: a race in two dimensions.
        steps: the steps to show; by default four with growing gaps.
        theme: colours, by name or as a `Theme`.
        width: width of the figure in inches, by default that of a two-column page; the height follows.
        legend: whether to draw a legend.

    Returns:
        The figure with square panels; pyplot does not know it.

    Raises:
        InputError: for a record without a surface, no steps, steps outside the race, an unknown theme.

    >>> from landscapes import race
    >>> len(filmstrip(race("booth", ["adam(lr=0.5)"], steps=40), [5, 20, 40]).axes)
    4
    """
    look = as_theme(theme)
    last = int(record.trajectories.step[-1])
    shown = [check_step(record, step) for step in (spread(last) if steps is None else steps)]
    if not shown:
        raise InputError("a filmstrip needs at least one step")
    if not width > 1:
        raise InputError(f"width must be > 1 inch, got {width!r}")
    left, right, top, bottom, gap = 0.34, 0.06, 0.22, 0.22, 0.08
    side = (width - left - right - gap * (len(shown) - 1)) / len(shown)
    entries = legend_entries(record, look)
    font = 7.0
    across = column_count(entries, 72 * (width - left - right), font)
    entries = fit_names(entries, 72 * (width - left - right) / across, font)
    beneath = legend_height(entries, across, font) / 72 + 0.06 if legend else 0.0
    tall = top + side + bottom + beneath
    with look.context():
        made = Figure(figsize=(width, tall), dpi=100)
        for place, step in enumerate(shown):
            x = left + place * (side + gap)
            ax = made.add_axes((x / width, (bottom + beneath) / tall, side / width, side / tall))
            contour(record, ax, theme=look)
            trajectories(record, ax, step=step, theme=look)
            ax.set_title(f"step {step}", loc="left", fontsize=8, pad=3)
            ax.tick_params(labelsize=6.5, length=2.5, pad=2, labelleft=place == 0)
        if legend:
            ax = made.add_axes(
                (left / width, 0.02, 1 - (left + right) / width, (beneath - 0.06) / tall), label="legend"
            )
            draw_legend(ax, entries, look, across=across, font=font)
    return made


def spread(last: int, count: int = 4) -> list[int]:
    """Return steps from early to the last one, with growing gaps.

    >>> spread(250)
    [4, 16, 62, 250]
    """
    return sorted({int(step) for step in np.rint(last * 4.0 ** np.arange(1 - count, 1))})
