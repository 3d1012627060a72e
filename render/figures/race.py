"""The figure of a race: function, loss curves, legend and step counter."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes.errors import InputError, unknown
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.legend import (
    Entry,
    StepCounter,
    abbreviated,
    column_count,
    draw_legend,
    fit_names,
    legend_entries,
    legend_height,
    row_width,
)
from landscapes.render.artists.text_fit import fit_text, text_renderer, text_width
from landscapes.render.figures.size import DPI, FIGSIZE, new_figure
from landscapes.render.plots._crop import crop
from landscapes.render.plots._label_runs import label_runs
from landscapes.render.plots._loss_curves import loss_curves, loss_name
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots._zoom_inset import MAGNIFICATION, zoom_inset
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step
from landscapes.render.theme import Theme, as_theme
from landscapes.views import View

LABELS = ("legend", "direct")
"""Where the names of the runs are written."""

TOP, BOTTOM = 30.0, 24.0
"""Room above and below the panels for titles and tick labels, in points."""

PANEL_FROM = 8.33, 3.33
"""Figures of at least this width and height in inches have room for the losses beside the function."""

Box = tuple[float, float, float, float]


def race_figure(
    record: Record,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    title: str | None = None,
    view: View | None = None,
    panel: bool | None = None,
    inset: bool | float = False,
    labels: str = "legend",
) -> Figure:
    """Return the figure of a race at a step; see `render.figure` for the options."""
    look = as_theme(theme)
    shown = check_step(record, step)
    if record.surface is None and (
        inset is not False or labels == "direct" or (panel is False and record.curve is None)
    ):
        drawn = "only losses" if record.curve is None else "only a curve"
        raise InputError(f"this record has no surface to draw, {drawn}: races in two dimensions have one")
    if view is not None:
        record = crop(record, view)
    if labels not in LABELS:
        raise unknown("kind of labels", str(labels), LABELS)
    with look.context():
        made = new_figure(figsize, dpi)
        width, height = made.get_size_inches()
        if panel is None:
            panel = bool(width >= 1.35 * height and width >= PANEL_FROM[0] and height >= PANEL_FROM[1])
        if record.surface is None and record.curve is None:
            _lay_out_losses(made, record, look, title)
        else:
            _lay_out(made, record, look, panel, title, legend=labels == "legend")
        if inset is not False:
            zoom_inset(record, made.axes[0], theme=look, magnification=MAGNIFICATION if inset is True else inset)
        if labels == "direct":
            label_runs(record, made.axes[0], theme=look)
    set_step(made, shown)
    return made


@dataclass(frozen=True)
class Panels:
    """The boxes of the panels: left, bottom, width and height in points, None if absent."""

    map: Box
    losses: Box | None
    legend: Box | None


def _lay_out(made: Figure, record: Record, look: Theme, beside: bool, title: str | None, legend: bool) -> None:
    """Fill the figure: first with usual tick labels, then with room for the actual ones."""
    wide, high = (72 * inches for inches in made.get_size_inches())
    side = 0.36 * (wide - 46) if beside else wide - 46
    entries: list[Entry] = []
    across, font, tall = 1, 9.0, 0.0
    if legend:
        entries, across, font = fitted_legend(
            legend_entries(record, look), side, (0.6 if beside else 0.4) * (high - TOP - BOTTOM)
        )
        tall = legend_height(entries, across, font)

    def place(ax: Axes, box: Box | None) -> Axes:
        assert box is not None
        x, y, w, h = box
        ax.set_position((x / wide, y / high, w / wide, h / high))
        return ax

    panels = _panels((wide, high), beside, tall, 34.0, 12.0, 46.0)
    ax = place(made.add_axes((0, 0, 1, 1)), panels.map)
    if record.surface is None:
        trajectories(record, ax, theme=look)
    else:
        contour(record, ax, theme=look)
    curves = place(made.add_axes((0, 0, 1, 1)), panels.losses) if beside else None
    if curves is not None:
        loss_curves(record, curves, theme=look).set(xlabel="", ylabel="")  # the title names them
    (left, right), (gap, ends) = _needed(ax), (0.0, 0.0) if curves is None else _needed(curves)
    gap, right = (gap + right, ends) if beside else (gap, right)
    panels = _panels((wide, high), beside, tall, max(left + 4, 34.0), max(right + 2, 12.0), max(gap + 4, 46.0))
    place(ax, panels.map)
    if record.surface is not None:
        trajectories(record, ax, theme=look)
    x, y, w, h = panels.map
    counter = StepCounter(
        (x + w) / wide,
        (y + h + 7) / high,
        int(record.trajectories.step[-1]),
        ha="right",
        va="baseline",
        fontsize=10,
        color=look.foreground,
        transform=made.transFigure,
    )
    made.add_artist(counter)
    free = w - text_width(counter.get_text(), 10, family="monospace") - 10
    words, size = fit_text(title or str(record.meta.get("title", "")), free, 12.0, 8.0, "bold")
    ax.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
    if curves is not None:
        place(curves, panels.losses)
        words, size = fit_text(f"{loss_name(record)}, by step", side, 10.0, 7.0)
        curves.set_title(words, loc="left", fontsize=size, pad=7)
    if legend:
        draw_legend(
            place(made.add_axes((0, 0, 1, 1), label="legend"), panels.legend), entries, look, across=across, font=font
        )


def _lay_out_losses(made: Figure, record: Record, look: Theme, title: str | None) -> None:
    """Fill the figure with the losses of a race in more than two dimensions, and a legend below."""
    wide, high = (72 * inches for inches in made.get_size_inches())
    side = wide - 46
    entries, across, font = fitted_legend(legend_entries(record, look), side, 0.4 * (high - TOP - BOTTOM))
    tall = legend_height(entries, across, font)
    ax = made.add_axes((0.1, 0.1, 0.8, 0.8))
    loss_curves(record, ax, theme=look).set(xlabel="", ylabel="")
    left, right = _needed(ax)
    x, y, w, h = _panels((wide, high), False, tall, max(left + 4, 34.0), max(right + 2, 12.0), 0.0).map
    ax.set_position((x / wide, y / high, w / wide, h / high))
    counter = StepCounter(
        (x + w) / wide,
        (y + h + 7) / high,
        int(record.trajectories.step[-1]),
        ha="right",
        va="baseline",
        fontsize=10,
        color=look.foreground,
        transform=made.transFigure,
    )
    made.add_artist(counter)
    gap = loss_name(record)
    count = record.trajectories.x.shape[-1]
    words = title or f"{record.meta.get('title', '')}, {count} coordinate{'' if count == 1 else 's'}: {gap}, by step"
    words, size = fit_text(words, w - text_width(counter.get_text(), 10, family="monospace") - 10, 12.0, 8.0, "bold")
    ax.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
    below = made.add_axes((left / wide, 6.0 / high, side / wide, tall / high), label="legend")
    draw_legend(below, entries, look, across=across, font=font)


def _panels(page: tuple[float, float], beside: bool, tall: float, left: float, right: float, gap: float) -> Panels:
    """Return the panels on a page of a size, with a legend of a height (0 for none) and room for tick labels."""
    wide, high = page
    space = high - TOP - BOTTOM
    if not beside:
        side, apart = wide - left - right, 4.0 if tall else 0.0
        return Panels((left, BOTTOM + tall + apart, side, space - tall - apart), None, (left, 6.0, side, tall))
    side, apart = 0.36 * (wide - left - right), 20.0 if tall else 0.0
    split = wide - right - side
    return Panels(
        (left, BOTTOM, split - gap - left, space),
        (split, BOTTOM + tall + apart, side, space - tall - apart),
        (split, BOTTOM - 8, side, tall),
    )


def _needed(ax: Axes) -> tuple[float, float]:
    """Return the room that tick labels need to the left and right of axes, in points."""
    page = ax.get_figure(root=True)
    assert page is not None
    measure = text_renderer(page.dpi)
    y, x = ax.yaxis.get_tightbbox(measure), ax.xaxis.get_tightbbox(measure)
    unit = 72 / page.dpi
    return unit * (ax.bbox.x0 - y.x0 if y else 0.0), unit * max(x.x1 - ax.bbox.x1 if x else 0.0, 0.0)


def fitted_legend(entries: list[Entry], width: float, tall: float) -> tuple[list[Entry], int, float]:
    """Return the legend entries, columns and font size: the fullest text and the largest font that fit."""
    few = abbreviated(entries)
    for words, cut in ((entries, False), (few, False), (few, True)):
        for font in (9.0, 8.0, 7.0):
            fit = fit_names(words, width, font) if cut else words
            across = column_count(fit, width, font)
            if row_width(fit, font) <= width and legend_height(fit, across, font) <= tall:
                return fit, across, font
    font = min(7.0 * tall / legend_height(few, column_count(few, width, 7.0), 7.0), 7.0)
    fit = fit_names(few, width, font)
    return fit, column_count(fit, width, font), font
