"""Small multiples: many races in one figure, one panel per race or per optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, optimizer_labels
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.panels import check_races, draw_race, legend_names, shared_styles, subset
from landscapes.render.figures.size import DPI, SMALLEST, STRIP_WIDTH, check_dpi, check_figsize, new_figure
from landscapes.render.plots.inputs import labels_of
from landscapes.render.theme import StyleLike, Theme, as_theme, with_letters

MOST = 144
"""The largest number of panels."""

EDGE, GAP, HEAD = 7.5, 5.0, 14.5
"""Margins around and between panels, and above a panel or beside a row for a title, in points."""

FONT = 7.5
"""Font size of the legend; titles are half a point larger."""

LEAST_SIDE = 21.0
"""The smallest side of a panel in points."""


@suggests_arguments
def small_multiples(
    records: Sequence[Record] | Mapping[str, Record],
    *,
    split: bool = False,
    across: int | None = None,
    step: int | None = None,
    theme: str | Theme = "print",
    figsize: tuple[float, float] | None = None,
    dpi: float = DPI,
    legend: bool = True,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return many races as small panels with one legend; pyplot does not know the figure.

    An optimizer has the same colour in all panels. Panels have no tick labels.

    Args:
        records: races in one or two dimensions; a mapping from titles to races, or a sequence titled by the functions.
        split: whether to draw one column per optimizer and one row per race.
        across: panels in a row; by default about the number of rows.
        step: the step to show; by default each race's last.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches; by default as wide as a two-column page, 6.75, and as high as square panels
            need.
        dpi: dots per inch.
        legend: whether to draw a legend; a split figure names the optimizers above its columns.
        text_scale, lang, words, colors: as in `render.figure`.

    Raises:
        InputError: for no records, or so many that there are more than 144 panels, a record without a surface or graph,
            a step that one of the races does not have, a size out of bounds or too small.

    >>> from landscapes import race
    >>> races = [race(name, ["sgd", "adam"], steps=20, resolution=33) for name in ("booth", "beale")]
    >>> len(small_multiples(races).axes), len(small_multiples(races, split=True).axes)
    (3, 4)
    """
    mapped = isinstance(records, Mapping)
    races = check_races(list(records.values()) if isinstance(records, Mapping) else records, MOST)
    titles = [str(title) for title in records] if mapped else [str(race.meta.get("title", "")) for race in races]
    labels = list(dict.fromkeys(label for race in races for label in labels_of(race)))
    look = with_letters(as_theme(theme, text_scale, words, colors, labels, lang), [*labels, *titles])
    if split:
        across = len(labels)
        if across * len(races) > MOST:
            raise InputError(
                f"{len(races)} races of {across} optimizers are {across * len(races)} panels, "
                f"more than {MOST}; give fewer"
            )
    across = math.ceil(math.sqrt(len(races))) if across is None else across
    if isinstance(across, bool) or not isinstance(across, int) or across < 1:
        raise InputError(f"across must be an integer >= 1, got {across!r}")
    down = len(races) if split else -(-len(races) // across)
    check_dpi(dpi)
    if figsize is None:  # as high as square panels need
        scale = look.text_scale
        left, heads = (HEAD * scale, 1) if split else (EDGE, down)
        side = max((72 * STRIP_WIDTH - left - EDGE - GAP * (across - 1)) / across, LEAST_SIDE)
        rows = 14 * scale * -(-len(labels) // 5) + 4 if legend and not split else 0.0
        high = heads * HEAD * scale + down * side + GAP * (down - 1) + 2 * EDGE + rows
        figsize = STRIP_WIDTH, max(high / 72, SMALLEST[1] / dpi)
    else:
        look = fit_scale(look, check_figsize(figsize, dpi))
    with look.context():
        made = new_figure(figsize, dpi)
        named = list(zip(races, titles, strict=True))
        _lay_out(Sheet.of(made, look), named, across, down, labels if split else [], legend, step)
    return made


def _lay_out(
    sheet: Sheet,
    races: Sequence[tuple[Record, str]],
    across: int,
    down: int,
    labels: Sequence[str],
    legend: bool,
    step: int | None,
) -> None:
    """Fill the figure with panels, and a legend unless there is one column per label."""
    look, head = sheet.look, HEAD * sheet.scale
    entries = shared_styles([race for race, _ in races], look)
    names = legend_names(entries) if legend and not labels else []
    rows = sheet.fit_legend(names, sheet.wide - 2 * EDGE, 0.3 * sheet.high, FONT)
    left, heads, base = (head, 1, EDGE) if labels else (EDGE, down, rows.height + 2 * EDGE)
    side = (sheet.wide - left - EDGE - GAP * (across - 1)) / across
    tall = (sheet.high - base - heads * head - GAP * (down - 1)) / down
    if min(side, tall) < LEAST_SIDE:
        raise InputError(
            f"{across} × {down} panels do not fit into {sheet.wide / 72:.1f} × {sheet.high / 72:.1f} inches; "
            "give a larger figsize"
        )
    panels: list[tuple[Record, str, str | None]] = [(race, title, None) for race, title in races]
    if labels:
        panels = [(race, title, label) for race, title in races for label in labels]
    for place, (race, title, label) in enumerate(panels):
        row, column = divmod(place, across)
        x, above = left + column * (side + GAP), head if labels else head * (row + 1)
        ax = sheet.axes((x, sheet.high - above - tall * (row + 1) - GAP * row, side, tall))
        chosen = [run for run, name in enumerate(optimizer_labels(race)) if name == label]
        draw_race(race if label is None else subset(race, chosen), ax, look, entries, step)
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
        font = (FONT + 0.5) * sheet.scale
        if label is None or row == 0:
            words, size = sheet.ruler.fit_title(title if label is None else label, side, font, LEAST, "bold")
            ax.set_title(words, loc="left", fontsize=size, fontweight="bold", pad=3)
        if label is not None and column == 0:
            words, size = sheet.ruler.fit_title(title, tall, font, LEAST, "bold")
            ax.set_ylabel(words, fontsize=size, fontweight="bold", labelpad=3)
    if rows.height:
        sheet.legend(rows, (EDGE, EDGE, sheet.wide - 2 * EDGE, rows.height))
