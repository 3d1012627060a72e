"""The figure of a race: function, loss curves, legend and step counter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes.errors import InputError, unknown
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.figures.key import Fitted, Key
from landscapes.render.figures.layout import Box, Room, Sheet, fit_scale
from landscapes.render.figures.plane_note import PlaneNote, label_plane
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.figures.slice_band import draw_slices
from landscapes.render.plots._central_flow import central_flow
from landscapes.render.plots._crop import crop
from landscapes.render.plots._history import history
from landscapes.render.plots._label_runs import label_runs
from landscapes.render.plots._loss_curves import loss_curves, loss_name
from landscapes.render.plots._norm_balls import norm_balls as draw_norm_balls
from landscapes.render.plots._sharpness import sharpness
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots._zoom_inset import MAGNIFICATION, zoom_inset
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step, has_plot, labels_of
from landscapes.render.theme import StyleLike, Theme, as_theme, with_letters
from landscapes.views import View

LABELS = ("legend", "direct")
"""Where the names of the runs are written."""

LEFT, RIGHT, GAP = 34.0, 12.0, 46.0
"""The least lengths left, right and between panels for tick labels, in points."""

ASIDE, ASIDE_GAP = 0.4, 10.0
"""The largest share of a figure's width for a leaderboard beside the function, and the gap before it in points."""

BESIDE, BELOW = 0.36, 0.6
"""The share of the width for the losses beside the function, and of the height for a leaderboard or a legend below."""

LEAST_SHAPE = 0.85, 0.75
"""The least width of the function beside a leaderboard, relative to its height: usually, and beside a compact one."""

NARROW = 120.0
"""The least width of the function beside a compact leaderboard or a legend in points."""

FLAT = 0.45
"""Where the function would be flatter than this above a legend, the legend stands beside it."""

LEAST_PLOT = 0.36
"""The least share of a figure's height for the function; larger texts than usual become smaller for it."""

SHOWN = ("sharpness", "validation_accuracy", "accuracy")
"""Metrics of networks that have a panel of their own; the first one that was recorded is drawn."""

PANEL_FROM = 7.6, 3.33
"""Figures of at least this width and height in inches have room for the losses beside the function."""

PER_TEXT = 0.7
"""How many more inches that takes per text scale above 1, so that the leaderboard has room below the losses."""


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
    standings: bool = True,
    norm_balls: bool = False,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return the figure of a race at a step; see `render.figure` for the options."""
    look = as_theme(theme, text_scale, words, colors, labels_of(record), lang)
    shown = check_step(record, step)
    drawn = "only a curve" if record.curve is not None else "only trajectories" if has_plot(record) else "only losses"
    if (
        (inset is not False and record.surface is None)
        or (labels == "direct" and record.surface is None and drawn != "only trajectories")
        or (panel is False and not has_plot(record))
        or (norm_balls and record.trajectories.x.shape[-1] != 2)
    ):
        raise InputError(f"this record has no surface to draw, {drawn}: races in two dimensions have one")
    if view is not None:
        record = crop(record, view)
    if labels not in LABELS:
        raise unknown("kind of labels", str(labels), LABELS)
    look = with_letters(look, [*labels_of(record), str(title or record.meta.title)])
    look = fit_scale(look, check_figsize(figsize, dpi))
    while True:
        with look.context():
            made = new_figure(figsize, dpi)
            _fill(Sheet.of(made, look), record, panel, title, labels, standings)
            first = made.axes[0]
            if look.text_scale <= 1 or first.bbox.height >= LEAST_PLOT * made.bbox.height:
                break
        look = look | {"text_scale": max(look.text_scale - 0.15, 1.0)}
    with look.context():
        if norm_balls:
            draw_norm_balls(record, first, theme=look)
        if inset is not False:
            zoom_inset(record, first, theme=look, magnification=MAGNIFICATION if inset is True else inset)
        if labels == "direct":
            label_runs(record, first, theme=look)
    set_step(made, shown)
    return made


def _fill(sheet: Sheet, record: Record, panel: bool | None, title: str | None, labels: str, standings: bool) -> None:
    """Fill a figure with the function and the losses, or with the losses alone."""
    look = sheet.look
    if not has_plot(record):
        _lay_out_losses(sheet, record, title, standings)
        return
    key = Key.of(sheet, record, standings) if labels == "legend" else Key(sheet, [])
    if panel is None:
        width, height = sheet.wide / 72, sheet.high / 72
        room = max(0.5 * look.text_scale, 1.0)
        least = max(room * PANEL_FROM[0], PANEL_FROM[0] + PER_TEXT * (look.text_scale - 1))
        panel = bool(width >= max(1.3 * height, least) and height >= room * PANEL_FROM[1])
        panel = panel and len(record.trajectories.step) > 1 and not _needs_height(key)
    _lay_out(sheet, record, panel, title, key)


def _needs_height(key: Key) -> bool:
    """Return whether a leaderboard has room only beside the function without the losses above it."""
    sheet = key.sheet
    space = sheet.high - sheet.head - sheet.bottom
    below = key.leaderboard(BESIDE * (sheet.wide - LEFT - RIGHT), BELOW * space)
    return below is None and key.leaderboard(ASIDE * sheet.wide, space, cut=False) is not None


def _lay_out(sheet: Sheet, record: Record, beside: bool, title: str | None, key: Key) -> None:
    """Fill the figure: first with usual margins, then with room for the actual tick labels."""
    look = sheet.look
    ax = sheet.axes((LEFT, sheet.bottom, 0.6 * sheet.wide, 0.6 * sheet.high))
    margins: dict[str, Any] = {"map": Room(LEFT, RIGHT, 0, 0), "losses": Room(GAP, RIGHT, 0, 0) if beside else None}
    note = PlaneNote.of(sheet, record)
    margins["foot"] = note.height
    panels, rows = _panels(sheet, key, **margins)
    sheet.place(ax, panels["map"])
    if record.surface is None:
        trajectories(record, ax, theme=look)
    else:
        contour(record, ax, theme=look)
    label_plane(ax, record, look)
    draw_slices(ax, record, look)
    metric = _metric(record) if beside else None
    curves = _losses(sheet, record, panels["losses"]) if beside else None
    second = _second(sheet, record, metric, panels.get("losses"))
    for _ in range(2):  # fewer ticks may need less room, and the other way around
        if record.meta.plane is not None:
            sheet.fit_labels(ax)
        room = None if curves is None else sheet.fit_ticks(curves)
        if room is not None and second is not None:
            room = _larger(room, sheet.fit_ticks(second))
        margins |= {"map": sheet.fit_ticks(ax), "losses": room}
        panels, rows = _panels(sheet, key, **margins)
        sheet.place(ax, panels["map"])
        if curves is not None:
            sheet.place(curves, panels["losses"])
        if curves is not None and second is not None:
            upper, lower = _halves(panels["losses"], sheet)
            sheet.place(curves, upper)
            sheet.place(second, lower)
            sheet.fit_ticks(second)
    if record.surface is not None:
        trajectories(record, ax, theme=look)
    if "central_flow" in record.trajectories.metrics:
        central_flow(record, ax, theme=look)
    x, _, w, _ = panels["map"]
    aside = curves is None and panels["legend"][0] > x + w
    reach = sheet.wide - RIGHT if aside else x + w
    sheet.heading(ax, title or record.meta.get("title", ""), int(record.trajectories.step[-1]), panels["map"], reach)
    if curves is not None:
        words = look.say(f"{loss_name(record)}, by step")
        sheet.title(curves, words, sheet.wide - panels["losses"][0] - 4, 10.0, "normal")
        sheet.drop_notes(curves)
    if curves is not None and second is not None and metric is not None:
        _title_second(sheet, curves, second, metric, sheet.wide - panels["losses"][0] - 4)
    if key.entries:
        key.draw(rows, panels["legend"])
    note.write(sheet, x)


def _larger(one: Room, other: Room) -> Room:
    """Return the room that the tick labels of two axes need."""
    return Room(*(max(pair) for pair in zip(astuple(one), astuple(other), strict=True)))


def _lay_out_losses(sheet: Sheet, record: Record, title: str | None, standings: bool) -> None:
    """Fill the figure with the losses of a race in more than two dimensions, and a leaderboard or a legend."""
    look, key = sheet.look, Key.of(sheet, record, standings)
    panels, rows = _panels(sheet, key, Room(LEFT, RIGHT, 0, 0), None)
    ax = _losses(sheet, record, panels["map"])
    metric = _metric(record)
    second = _second(sheet, record, metric, panels["map"])
    for _ in range(2):
        room = sheet.fit_ticks(ax)
        if second is not None:
            room = _larger(room, sheet.fit_ticks(second))
        panels, rows = _panels(sheet, key, room, None)
        upper, lower = (panels["map"], None) if second is None else _halves(panels["map"], sheet, 0.55)
        sheet.place(ax, upper)
        if second is not None and lower is not None:
            sheet.place(second, lower)
    if second is not None and metric is not None:
        _title_second(sheet, ax, second, metric, panels["map"][2])
    x, _, w, _ = panels["map"]
    reach = sheet.wide - RIGHT if panels["legend"][0] > x + w else x + w
    measure = look.say(f"{loss_name(record)}, by step")
    name = full_title(record, look)
    sheet.heading(ax, title or f"{name}: {measure}", int(record.trajectories.step[-1]), panels["map"], reach)
    sheet.drop_notes(ax)
    key.draw(rows, panels["legend"])


def _metric(record: Record) -> str | None:
    """Return the metric of networks to show below the losses: the accuracy, best on data that were held out."""
    return next((name for name in SHOWN if name in record.trajectories.metrics), None)


def _second(sheet: Sheet, record: Record, metric: str | None, box: Box | None) -> Axes | None:
    """Draw a metric in a box, if there is one."""
    if metric is None or box is None:
        return None
    if metric == "sharpness":
        return sharpness(record, sheet.axes(box), theme=sheet.look)
    return history(record, metric, sheet.axes(box), theme=sheet.look)


def _title_second(sheet: Sheet, curves: Axes, second: Axes, metric: str, width: float) -> None:
    """Write the title of a metric below the losses, which needs no axis labels then."""
    second.set(xlabel="", ylabel="")
    curves.tick_params(labelbottom=False)
    words = sheet.look.say("{metric}, by step", metric=sheet.look.say(metric.replace("_", " ")))
    sheet.title(second, words, width, 10.0, "normal", lines=1)


def _halves(box: Box, sheet: Sheet, share: float = 0.42) -> tuple[Box, Box]:
    """Return the upper part of a box for losses, and the lower one for a metric, with a title between."""
    x, y, wide, high = box
    title = 13 + 12 * sheet.scale
    lower = max(share * (high - title), 1.0)
    return (x, y + lower + title, wide, high - lower - title), (x, y, wide, lower)


def _losses(sheet: Sheet, record: Record, box: Box) -> Axes:
    """Draw the loss curves in a box; their title names the axes."""
    ax = loss_curves(record, sheet.axes(box), theme=sheet.look)
    ax.set(xlabel="", ylabel="")
    return ax


def full_title(record: Record, look: Theme) -> str:
    """Return the title above losses alone: with the number of coordinates, and without the share of a plane."""
    title = str(record.meta.get("title", ""))
    if "plane" in record.meta:
        return re.sub(r": \d+ % of the movement in this plane$", "", title)
    return with_coordinates(title, record.trajectories.x.shape[-1], look)


def with_coordinates(title: str, count: int, look: Theme) -> str:
    """Return a title with the number of coordinates; without a title that number alone."""
    words = "{title}, 1 coordinate" if count == 1 else "{title}, {count} coordinates"
    text = look.say(words, title=title, count=count)
    return text if title else text.lstrip(" ,;:、，")


def _panels(sheet: Sheet, key: Key, map: Room, losses: Room | None, foot: float = 0.0) -> tuple[dict[str, Box], Fitted]:
    """Return the boxes of the panels with room for tick labels and a foot, and the leaderboard or legend that fits.

    It is below the losses if they are beside the function. Else a leaderboard is beside the function in a wide figure,
    and a legend, or the leaderboard of a high figure, is below it.
    """
    low = max(map.bottom + 6, sheet.bottom) + foot
    space = sheet.high - sheet.head - low
    left = max(map.left + 4, LEFT)
    if losses is None:
        right = max(map.right + 4, RIGHT)
        side = sheet.wide - left - right
        gap = right + ASIDE_GAP
        shapes = LEAST_SHAPE[0] * space, max(LEAST_SHAPE[1] * space, NARROW)
        aside, compact = (min(ASIDE * sheet.wide, side - gap - least) for least in shapes)
        board = key.leaderboard(aside, space, cut=False, compact=False)
        if board is None and key.leaderboard(side, 0.35 * space, cut=False, compact=False) is None:
            board = key.leaderboard(compact, space)
        if board is not None:
            x = sheet.wide - RIGHT - board.width
            return {
                "map": (left, low, x - gap - left, space),
                "legend": (x, low + space - board.height, board.width, board.height),
            }, board
        rows = key.fit(side, 0.4 * space)
        apart = 4.0 if rows.height else 0.0
        box = left, low + rows.height + apart, side, space - rows.height - apart
        if box[3] < FLAT * side and (found := key.beside(sheet.wide, space, (compact / sheet.wide, ASIDE))):
            fitted, wide = found
            x = sheet.wide - RIGHT - wide
            if x - gap - left >= NARROW and min(x - gap - left, space) > box[3]:
                return {
                    "map": (left, low, x - gap - left, space),
                    "legend": (x, low + space - fitted.height, wide, fitted.height),
                }, fitted
        return {"map": box, "legend": (left, 6.0 + foot, side, rows.height)}, rows
    right, gap = max(losses.right + 4, RIGHT), max(losses.left + map.right + 6, GAP)
    side = BESIDE * (sheet.wide - left - right)
    split = sheet.wide - right - side
    rows = key.fit(side, BELOW * space)
    apart = max(losses.bottom + 2, 20.0) if rows.height else 0.0
    return {
        "map": (left, low, split - gap - left, space),
        "losses": (split, low + rows.height + apart, side, space - rows.height - apart),
        "legend": (split, low - 8, side, rows.height),
    }, rows
