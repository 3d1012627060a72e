"""Variants of a race side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.figures.layout import Sheet, fit_scale
from landscapes.render.figures.panels import check_races, draw_race, legend_names, restyle, shared_styles
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.plots._loss_curves import loss_curves
from landscapes.render.plots.inputs import check_step, labels_of
from landscapes.render.theme import StyleLike, Theme, as_theme, with_letters

MOST = 4
"""The largest number of records."""

LEAST_PANEL = 44.0
"""The smallest height of the losses in points; where there is no room for it, they are left out."""

LEFT, RIGHT, GAP = 34.0, 12.0, 40.0
"""Margins and gaps for tick labels, in points."""


@suggests_arguments
def side_by_side(
    *records: Record,
    titles: Sequence[str] | None = None,
    step: int | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    panel: bool | None = None,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return variants of a race side by side; pyplot does not know the figure.

    `render.animate(a, figure=render.side_by_side(a, b))` animates all of them. An optimizer has the same colour in all
    panels; the losses below share one scale.

    Args:
        records: two to four races in one or two dimensions.
        titles: one per record; by default the functions, or the optimizers if the functions are equal.
        step: the step to show; by default the last of the longest race; shorter ones stay at their ends.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches.
        dpi: dots per inch.
        panel: whether to draw the losses below; by default if there is room.
        text_scale, lang, words, colors: as in `render.figure`.

    Raises:
        InputError: for fewer than two records or more than four, another number of titles, a record without a surface
            or graph, a size out of bounds, a step outside the longest race.

    >>> from landscapes import race
    >>> specs = "sgd(lr=0.01)", "clip(sgd(lr=0.01), norm=1)"
    >>> plain, clipped = (race("beale", [spec], steps=20) for spec in specs)
    >>> [ax.get_title(loc="left") for ax in side_by_side(plain, clipped).axes[:2]]
    ['sgd(lr=0.01)', 'clip(sgd(lr=0.01), norm=1.0)']
    """
    if len(records) < 2:
        raise InputError("side_by_side needs at least two records; render.figure draws one")
    races = check_races(records, MOST)
    longest = max(races, key=lambda race: int(race.trajectories.step[-1]))
    shown = check_step(longest, step)
    headings = _titles(races) if titles is None else [str(title) for title in titles]
    if len(headings) != len(races):
        raise InputError(f"got {len(races)} records and {len(headings)} titles; give one title per record")
    labels = dict.fromkeys(label for race in races for label in labels_of(race))
    size = check_figsize(figsize, dpi)
    look = with_letters(as_theme(theme, text_scale, words, colors, labels, lang), [*labels, *headings])
    look = fit_scale(look, size)
    with look.context():
        made = new_figure(figsize, dpi)
        _lay_out(Sheet.of(made, look), races, headings, int(longest.trajectories.step[-1]), panel)
    set_step(made, shown)
    return made


def _lay_out(sheet: Sheet, races: Sequence[Record], headings: Sequence[str], last: int, panel: bool | None) -> None:
    """Fill the figure: one column per race, the losses below, the legend at the bottom."""
    look, entries = sheet.look, shared_styles(races, sheet.look)
    width = sheet.wide - 2 * RIGHT
    rows = sheet.fit_legend(legend_names(entries), width, 0.25 * (sheet.high - sheet.head - sheet.bottom))
    base = rows.height + sheet.bottom + 4
    space, apart = sheet.high - sheet.head - base, 8 + 18 * sheet.scale
    low = max(0.3 * space, LEAST_PANEL) if panel is not False else 0.0
    if not panel and space - low - apart < low:
        low = 0.0
    apart = apart if low else 0.0
    left, right, gap = LEFT, RIGHT, GAP
    side = (sheet.wide - left - right - gap * (len(races) - 1)) / len(races)
    maps = [sheet.axes((0, 0, side, space - low - apart)) for _ in races]
    curves = [sheet.axes((0, 0, side, low)) for _ in races] if low else []
    for ax, race in zip(maps, races, strict=True):
        draw_race(race, ax, look, entries)
    for ax, race in zip(curves, races, strict=False):
        loss_curves(race, ax, theme=look).set(xlabel="", ylabel="")  # the same in all columns
        restyle(race, ax, entries)
    _share(curves)
    for _ in range(3):
        rooms = [sheet.fit_ticks(ax) for ax in (*maps, *curves)]
        right = max(RIGHT, *(room.right + 4 for room in rooms))
        left = max(LEFT, *(room.left + 4 for room in rooms))
        gap = max(GAP, *(room.left + room.right + 6 for room in rooms))
        side = (sheet.wide - left - right - gap * (len(races) - 1)) / len(races)
        for column, ax in enumerate(maps):
            x = left + column * (side + gap)
            sheet.place(ax, (x, base + low + apart, side, space - low - apart))
            if low:
                sheet.place(curves[column], (x, base, side, low))
    for ax in curves:
        sheet.drop_notes(ax)
    y = sheet.high - sheet.head + 7
    taken = sheet.counter(sheet.wide - right, y, last, side)
    for column, (ax, heading) in enumerate(zip(maps, headings, strict=True)):
        sheet.title(ax, heading, side - (taken if column == len(races) - 1 else 0.0), 11.0)
    sheet.level_sizes(maps)
    sheet.legend(rows, (RIGHT, 6, width, rows.height))


def _titles(races: Sequence[Record]) -> list[str]:
    """Return what distinguishes the races: their functions, else their optimizers."""
    titles = [str(race.meta.get("title", "")) for race in races]
    if len(set(titles)) > 1:
        return titles
    return [", ".join(str(spec) for spec in race.trajectories.runs["optimizer"]) for race in races]


def _share(curves: Sequence[Axes]) -> None:
    """Give axes of one kind a common scale."""
    if not curves:
        return
    if len({ax.get_yscale() for ax in curves}) == 1:
        lows, highs = zip(*(ax.get_ylim() for ax in curves), strict=True)
        for ax in curves:
            ax.set_ylim(min(lows), max(highs))
    last = max(ax.get_xlim()[1] for ax in curves)
    for ax in curves:
        ax.set_xlim(0, last)
