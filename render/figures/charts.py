"""Figures of sweeps, basins, comparisons, tunings and training runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from landscapes.analysis.costs import judged_tolerance
from landscapes.analysis.selection import only
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.text_fit import clean_text, text_renderer
from landscapes.render.artists.trails import mix
from landscapes.render.figures._training import draw_training
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.panels import legend_names
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.plots._basins import basin_color, basin_shares, basins, hatching
from landscapes.render.plots._ensemble import ensemble, loss_quantiles
from landscapes.render.plots._heatmap import best_texts, choose_axes, color_scale, heatmap, missing_legend
from landscapes.render.plots._loss_curves import loss_name
from landscapes.render.plots._performance_profile import performance_profile
from landscapes.render.plots._ranking import ranking
from landscapes.render.plots._sensitivity import sensitivity
from landscapes.render.plots._tuning_trials import tuning_trials
from landscapes.render.plots.categories import fit_cells, is_categorical
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import labels_of, plain_bar_ticks
from landscapes.render.plots.run_table import REPEATS, grid_values, known_measure
from landscapes.render.theme import StyleLike, Theme, as_theme, styles, with_letters
from landscapes.silence import ignored_warnings

EDGE = 8.0
"""Left and right margin of the legend in points."""

LEAST_PANEL, LEGIBLE = 0.4, 7.0
"""The least height of panels as a share of their part of the figure, and the least size of their labels in points;
larger texts than usual become smaller for them."""

MOST_PANELS = 12
"""The largest number of optimizers in a figure of heat maps."""


def chart(
    record: Record,
    *,
    measure: str = "gap",
    along: str | Sequence[str] | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    title: str | None = None,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return the figure of an experiment other than a race; see `render.figure` for the options."""
    labels = [*record.axes.get("optimizer", ()), *labels_of(record)]
    look = as_theme(theme, text_scale, words, colors, labels, lang)
    look = with_letters(look, [*map(str, labels), str(title or record.meta.get("title", ""))])
    look = fit_scale(look, _panel_size(record, check_figsize(figsize, dpi)))
    while True:
        with look.context():
            made = _drawn(record, Sheet.of(new_figure(figsize, dpi, layout="constrained"), look), title, measure, along)
        if look.text_scale <= 1 or _is_roomy(made):
            return made
        look = look | {"text_scale": max(look.text_scale - 0.15, 1.0)}


def _drawn(record: Record, sheet: Sheet, title: str | None, measure: str, along: str | Sequence[str] | None) -> Figure:
    """Fill a figure, and fit its texts to the panels."""
    made, look, experiment = sheet.figure, sheet.look, str(record.meta.get("experiment"))
    share = 0.42 if experiment == "basins" else 0.97  # its legend is beside the title
    usual = labels_of(record)[0] if experiment == "training" else look.say("Comparison")
    words = title or record.meta.get("title") or usual
    heading, size = sheet.ruler.fit_title(words, share * sheet.wide, 12 * sheet.scale, LEAST, "bold")
    made.suptitle(heading, x=0.012, ha="left", fontweight="bold", fontsize=size, color=look.foreground)
    CHARTS[experiment](sheet, record, measure, along)
    with ignored_warnings():  # of panels without room; `_is_roomy` finds them
        for _ in range(3):  # first to the usual panels, then to those that the labels leave
            for ax in made.axes:
                sheet.fit_labels(ax)
            sheet.level_sizes([ax for ax in made.axes if ax.get_label() not in ("legend", BAR)])
            made.draw_without_rendering()
    for ax in made.axes:
        sheet.fit_ticks(ax)
        fit_cells(ax, sheet.scale)
        sheet.drop_notes(ax)
    return made


def _is_roomy(made: Figure) -> bool:
    """Return whether the panels of a figure have room beside the texts, and labels and titles of a legible size."""
    panels = [ax for ax in made.axes if ax.get_label() not in ("legend", BAR)]
    rows = max(ax.get_subplotspec().get_gridspec().nrows for ax in panels)  # type: ignore[union-attr]
    texts = [text for ax in panels for text in (ax.yaxis.label, ax._left_title) if text.get_text()]  # type: ignore[attr-defined]
    if min(ax.bbox.height for ax in panels) < LEAST_PANEL * made.bbox.height / rows:
        return False
    if min((float(text.get_fontsize()) for text in texts), default=LEGIBLE) < LEGIBLE:
        return False
    boxes = [box for ax in panels if (box := ax.get_tightbbox(text_renderer(made.dpi))) is not None]
    page = made.bbox.padded(1.0)
    inside = all(page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1) for box in boxes)
    return inside and not any(one.overlaps(two) for one, two in itertools.combinations(boxes, 2))


def _panel_size(record: Record, figsize: tuple[float, float]) -> tuple[float, float]:
    """Return the width and height in inches that a panel of a chart has about."""
    count = {"compare": 2, "training": 4}.get(record.meta["experiment"], 1)
    if record.meta["experiment"] == "sweep" and len([name for name in record.axes if name not in REPEATS]) > 2:
        count = min(math.prod(len(record.axes.get(name, [0])) for name in ("function", "optimizer")), MOST_PANELS)
    across = math.ceil(math.sqrt(count))
    return figsize[0] / across, figsize[1] / -(-count // across)


def _sweep(sheet: Sheet, record: Record, measure: str, along: str | Sequence[str] | None) -> None:
    made, look = sheet.figure, sheet.look
    measure = known_measure(record, measure)
    named = [name for name in ("function", "optimizer") if name in record.axes]
    names = [name for name in record.axes if name not in (*REPEATS, *named)]
    if along is None and named and (not names or (len(names) == 1 and is_categorical(record.axes[names[0]]))):
        both = [*named, *names][-2:]
        names = both if len(both) > 1 or "function" in both else names
    repeated = any(len(record.axes.get(name, ())) > 1 for name in REPEATS)
    ranked = "optimizer" in named and not (repeated and len(record.trajectories.step) > 2)
    if (not names and along is None and ranked) or along in ("optimizer", ["optimizer"]):
        _optimizers(sheet, record, measure)
        return
    if not names and along is None:
        _repeats(sheet, record)
        return
    requested = names[:2] if along is None else [along] if isinstance(along, str) else list(along)
    if len(requested) == 1:
        repeats = math.prod(len(record.axes[name]) for name in REPEATS if name in record.axes)
        middle = look.say("median and quartiles of {count} runs", count=repeats)
        panels = [] if requested == ["function"] else record.axes.get("function", [])
        functions = panels[:MOST_PANELS] or [""]
        for ax, function in zip(_panels(made, len(functions)), functions, strict=True):
            mine = record.sel(function=function) if function else record
            sensitivity(mine, ax, measure=measure, along=requested[0], theme=look)
            facts = [middle * (repeats > 1 and measure != "success"), ax.get_title(loc="left")]
            text = ": ".join(filter(None, [clean_text(function), "; ".join(filter(None, facts))]))
            ax.set_title(text, loc="left", fontsize=9 * sheet.scale)
        _key(sheet, record)
        return
    requested = choose_axes(record, requested)
    panel_axes = [name for name in named if name not in requested]
    entries = list(itertools.product(*(record.axes[name] for name in panel_axes)))[:MOST_PANELS]
    marks: dict[str, Patch] = {}
    across = math.ceil(math.sqrt(len(entries)))
    for place, (ax, entry) in enumerate(zip(_panels(made, len(entries)), entries, strict=True)):
        mine, label = record, ", ".join(map(str, entry))
        for name, one in zip(panel_axes, entry, strict=True):
            mine = mine.sel(function=one) if name == "function" else only(mine, name, one)
        heatmap(mine, ax, measure=measure, along=requested, theme=look)
        shown = grid_values(mine, measure, requested)
        bar = made.colorbar(color_scale(shown, look), ax=ax, pad=0.02, aspect=30)
        bar.outline.set_linewidth(0.5)
        plain_bar_ticks(bar, look)
        bar.set_label(look.say(shown.measure.title), fontsize=8 * sheet.scale)  # so the title need not have it
        first, *others = best_texts(shown, look) or [""]
        heading = ": ".join(filter(None, [clean_text(label), first]))
        side = MAP_SHARE * sheet.wide / across
        if label and sheet.ruler.width(max([heading, *others], key=len), LEAST, math=True) > side:
            best = float(shown.values[shown.best])  # where it lies is marked
            heading = f"{clean_text(label)}: {look.number(f'{best:.3g}')}" if math.isfinite(best) else heading
            others = [look.say("at the edge of the grid")] if others else []
        ax.set_title("\n".join([heading, *others]), loc="left", fontsize=8 * sheet.scale)
        if place % across:
            ax.set_ylabel("")
        if place + across < len(entries):
            ax.set_xlabel("")
        if place % across < across - 1 and place + 1 < len(entries):
            bar.set_label("")
        for mark in missing_legend(shown, look):
            marks.setdefault(str(mark.get_label()), mark)
    if marks:
        made.legend(
            handles=list(marks.values()), loc="outside lower left", ncols=2, fontsize=8 * sheet.scale, frameon=False
        )


def _panels(made: Figure, count: int) -> list[Axes]:
    """Return so many panels, in a grid that is about as wide as high."""
    across = math.ceil(math.sqrt(count))
    panels: list[Axes] = made.subplots(-(-count // across), across, squeeze=False).ravel().tolist()
    for ax in panels[count:]:
        ax.remove()
    return panels[:count]


def _optimizers(sheet: Sheet, record: Record, measure: str) -> None:
    """Draw a sweep of optimizers alone: their ranking, and the quantiles of the losses that were recorded."""
    dense = len(record.trajectories.step) > 2
    panels = sheet.figure.subplots(1, 1 + dense, squeeze=False)[0].tolist()
    ranking(record, panels[0], measure=measure, theme=sheet.look)
    count = math.prod(len(record.axes[name]) for name in REPEATS if name in record.axes)
    if count > 1 and measure != "success":
        words = sheet.look.say("median and quartiles of {count} runs", count=count)
        panels[0].set_title(words, loc="left", fontsize=9 * sheet.scale)
    if dense:
        loss_quantiles(record, panels[-1], theme=sheet.look)
        words = sheet.look.say(f"{loss_name(record)}, by step")
        panels[-1].set_title(words, loc="left", fontsize=9 * sheet.scale)


def _repeats(sheet: Sheet, record: Record) -> None:
    """Draw a sweep of starts or seeds alone: the runs in two dimensions, and the quantiles of their losses."""
    flat, dense = record.trajectories.x.shape[-1] == 2, len(record.trajectories.step) > 2
    if not flat and not dense:
        raise InputError(
            "this sweep varies only starts or seeds, and holds only the ends of its runs; "
            "sweep(…, record_steps=1) records losses to draw"
        )
    panels = sheet.figure.subplots(1, flat + dense, squeeze=False)[0].tolist()
    if flat:
        if record.surface is not None:
            contour(record, panels[0], theme=sheet.look)
        ensemble(record, panels[0], theme=sheet.look, middle=dense)
    if dense:
        loss_quantiles(record, panels[-1], theme=sheet.look)
        words = sheet.look.say(f"{loss_name(record)}, by step")
        panels[-1].set_title(words, loc="left", fontsize=9 * sheet.scale)
    _key(sheet, record)


BAR = "<colorbar>"
"""The label that matplotlib gives the axes of a colour bar."""

MAP_SHARE = 0.5
"""The share of a panel's width that a heat map has at least, between its labels and its colour bar."""

MORE = -3
"""The number of the row for minima without a row of their own."""


def _basins(sheet: Sheet, record: Record, measure: str, along: str | Sequence[str] | None) -> None:
    made, look = sheet.figure, sheet.look
    ax = made.subplots()
    basins(record, ax, theme=look)
    words = look.say(
        "{label}, {steps} steps; stronger colour: more steps to arrive",
        label=clean_text(record.meta["label"]),
        steps=record.meta["steps"],
    )
    ax.set_title(words, loc="left", fontsize=9 * sheet.scale)
    marks: list[Line2D | Patch] = []
    percent = r"\%" if mpl.rcParams["text.usetex"] else "%"
    size, rows = 9 * sheet.scale, basin_shares(record)
    most = max(min(int((sheet.high - sheet.head) / (1.6 * size)) - 2, 24), 1)
    if len(rows) > most:
        minima, lost = [row for row in rows if row[1] >= 0], [row for row in rows if row[1] < 0]
        kept = max(most - len(lost) - 1, 0)
        more = look.say("+ {count} more", count=len(minima) - kept)
        rows = [*minima[:kept], (more, MORE, sum(share for *_, share in minima[kept:])), *lost]
    for words, number, share in rows:
        name = look.say(words) if number in (-1, -2) else look.number(words)
        text = f"{name}  {look.number(f'{100 * share:.1f}')} {percent}".replace("-", "\N{MINUS SIGN}")
        if number >= 0 and look.distinct:
            color = mix(basin_color(number, look), to_rgb(look.background), 0.5)
            marks.append(
                Patch(
                    facecolor=color, edgecolor=look.foreground, linewidth=0.6, hatch=hatching(number, look), label=text
                )
            )
        elif number >= 0:
            marks.append(
                Line2D([], [], linestyle="none", marker="*", markersize=11, color=basin_color(number, look), label=text)
            )
        elif number == MORE:
            marks.append(Line2D([], [], linestyle="none", label=text))
        else:
            marks.append(Patch(facecolor=look.muted, alpha=0.85 if number == -2 else 0.35, label=text))
    heading = look.say("basin, share of starts")
    widest = [heading, *(str(mark.get_label()) for mark in marks)]
    while size > LEAST and max(sheet.ruler.width(text, size) for text in widest) > 0.36 * sheet.wide:
        size = max(size - 0.5, LEAST)
    made.legend(
        handles=marks,
        loc="outside right upper",
        fontsize=size,
        frameon=False,
        title=heading,
        title_fontsize=size,
        alignment="left",
        labelcolor=look.foreground,
    )


def _compare(sheet: Sheet, record: Record, measure: str, along: str | Sequence[str] | None) -> None:
    made, look = sheet.figure, sheet.look
    left, right = made.subplots(1, 2)
    performance_profile(record, left, kind="performance", theme=look)
    performance_profile(record, right, kind="ecdf", theme=look)
    count = len(record.axes["function"])
    text = "1 function, tolerance {tolerance}" if count == 1 else "{count} functions, tolerance {tolerance}"
    text = look.say(text, count=count, tolerance=look.number(f"{judged_tolerance(record.meta):g}"))
    left.set_title(text, loc="left", fontsize=9 * sheet.scale)
    text = look.say("{count} targets per problem", count=len(record.meta["tolerances"]))
    right.set_title(text, loc="left", fontsize=9 * sheet.scale)
    _key(sheet, record)


def _tune(sheet: Sheet, record: Record, measure: str, along: str | Sequence[str] | None) -> None:
    made, look = sheet.figure, sheet.look
    tuning_trials(record, made.subplots(), theme=look)


def _training(sheet: Sheet, record: Record, measure: str, along: str | Sequence[str] | None) -> None:
    draw_training(sheet.figure, record, sheet.look)


CHARTS: Mapping[str, Callable[[Sheet, Record, str, str | Sequence[str] | None], None]] = {
    "sweep": _sweep,
    "basins": _basins,
    "compare": _compare,
    "tune": _tune,
    "training": _training,
}
"""The function that fills the figure of each experiment."""


def _key(sheet: Sheet, record: Record) -> None:
    """Draw the legend of the optimizers below the panels."""
    labels = [str(label) for label in record.axes.get("optimizer") or record.trajectories.runs["label"][:1]]
    entries = legend_names(dict(zip(labels, styles(labels, sheet.look), strict=True)))
    rows = sheet.fit_legend(entries, sheet.wide - 2 * EDGE, 0.3 * sheet.high)
    if not rows.height:
        return
    ax = sheet.legend(rows, (EDGE, 4.0, sheet.wide - 2 * EDGE, rows.height))
    ax.set_in_layout(False)
    engine = sheet.figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    base = (rows.height + 6) / sheet.high
    engine.set(rect=(0.0, base, 1.0, 1.0 - base))
