"""Small multiples: many races in one figure, one panel per race or per optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.legend import column_count, draw_legend, fit_names, legend_height
from landscapes.render.artists.text_fit import fit_text
from landscapes.render.figures.panels import check_races, draw_race, legend_names, shared_styles, subset
from landscapes.render.theme import Theme, as_theme

MOST = 144
"""The largest number of panels."""

EDGE, GAP, HEAD, NAME = 0.06, 0.07, 0.2, 0.2
"""Margins around and between panels, above a panel for its title, and for a row's name, in inches."""

FONT = 7.5


@suggests_arguments
def small_multiples(
    records: Sequence[Record] | Mapping[str, Record],
    *,
    split: bool = False,
    across: int | None = None,
    step: int | None = None,
    theme: str | Theme = "print",
    width: float = 6.75,
    legend: bool = True,
) -> Figure:
    """Return many races as small panels with one legend; pyplot does not know the figure.

    An optimizer has the same colour in all panels. Panels have no tick labels.

    Args:
        records: races in one or two dimensions; a mapping from titles to races, or a sequence titled by the functions.
        split: whether to draw one column per optimizer and one row per race.
        across: panels in a row; by default about the number of rows.
        step: the step to show; by default each race's last.
        theme: colours, by name or as a `Theme`.
        width: width of the figure in inches, by default that of a two-column page; panels are square.
        legend: whether to draw a legend; a split figure names the optimizers above its columns.

    Raises:
        InputError: for no records, or so many that there are more than 144 panels, a record without a surface or graph,
            a step that one of the races does not have, a width too small.

    >>> from landscapes import race
    >>> races = [race(name, ["sgd", "adam"], steps=20, resolution=33) for name in ("booth", "beale")]
    >>> len(small_multiples(races).axes), len(small_multiples(races, split=True).axes)
    (3, 4)
    """
    look = as_theme(theme)
    mapped = isinstance(records, Mapping)
    races = check_races(list(records.values()) if isinstance(records, Mapping) else records, MOST)
    titles = [str(title) for title in records] if mapped else [str(race.meta.get("title", "")) for race in races]
    by_label = shared_styles(races, look)
    if split:
        across = len(by_label)
        if across * len(races) > MOST:
            raise InputError(
                f"{len(races)} races of {across} optimizers are {across * len(races)} panels, "
                f"more than {MOST}; give fewer"
            )
    across = math.ceil(math.sqrt(len(races))) if across is None else across
    if isinstance(across, bool) or not isinstance(across, int) or across < 1:
        raise InputError(f"across must be an integer >= 1, got {across!r}")
    down = len(races) if split else -(-len(races) // across)
    left = NAME if split else EDGE
    side = (width - left - EDGE - GAP * (across - 1)) / across if math.isfinite(width) else 0.0
    if side < 0.3:
        raise InputError(
            f"{across} panels in a row need a width of at least {0.4 * across + 0.4:.1f} inches, not {width!r}"
        )
    heads = HEAD if split else HEAD * down
    entries = legend_names(by_label)
    many = column_count(entries, 72 * (width - 2 * EDGE), FONT)
    entries = fit_names(entries, 72 * (width - 2 * EDGE) / many, FONT)
    beneath = legend_height(entries, many, FONT) / 72 + 2 * EDGE if legend and not split else EDGE
    tall = heads + down * side + GAP * (down - 1) + beneath
    with look.context():
        made = Figure(figsize=(width, tall), dpi=100)
        panels: list[tuple[Record, str, str | None]] = [
            (race, title, None) for race, title in zip(races, titles, strict=True)
        ]
        if split:
            panels = [(race, title, label) for race, title, _ in panels for label in by_label]
        for place, (race, title, label) in enumerate(panels):
            row, column = divmod(place, across)
            x = left + column * (side + GAP)
            y = tall - (HEAD if split else HEAD * (row + 1)) - side * (row + 1) - GAP * row
            ax = made.add_axes((x / width, y / tall, side / width, side / tall))
            runs = race.trajectories.runs["label"] == label if label is not None else None
            draw_race(race if runs is None else subset(race, runs.nonzero()[0]), ax, look, by_label, step)
            ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
            if label is None or row == 0:
                words, size = fit_text(title if label is None else label, 72 * side, FONT + 0.5, 6.0, "bold")
                ax.set_title(words, loc="left", fontsize=size, fontweight="bold", pad=3)
            if label is not None and column == 0:
                words, size = fit_text(title, 72 * side, FONT + 0.5, 6.0, "bold")
                ax.set_ylabel(words, fontsize=size, fontweight="bold", labelpad=3)
        if legend and not split:
            ax = made.add_axes(
                (EDGE / width, EDGE / tall, 1 - 2 * EDGE / width, (beneath - 2 * EDGE) / tall), label="legend"
            )
            draw_legend(ax, entries, look, across=many, font=FONT)
    return made
