"""Variants of a race side by side."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.legend import StepCounter, draw_legend, legend_height
from landscapes.render.artists.text_fit import fit_text, text_width
from landscapes.render.figures.panels import check_races, draw_race, legend_names, restyle, shared_styles
from landscapes.render.figures.race import BOTTOM, TOP, fitted_legend
from landscapes.render.figures.size import DPI, FIGSIZE, new_figure
from landscapes.render.plots._loss_curves import loss_curves
from landscapes.render.plots.inputs import check_step
from landscapes.render.theme import Theme, as_theme

MOST = 4
"""The largest number of records."""

PANEL_FROM = 360.0
"""Figures of at least this height in points have room for the losses."""

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

    Raises:
        InputError: for fewer than two records or more than four, another number of titles, a record without a surface
            or graph, a size out of bounds, a step outside the longest race.

    >>> from landscapes import race
    >>> specs = "sgd(lr=0.01)", "clip(sgd(lr=0.01), norm=1)"
    >>> plain, clipped = (race("beale", [spec], steps=20) for spec in specs)
    >>> [ax.get_title(loc="left") for ax in side_by_side(plain, clipped).axes[:2]]
    ['sgd(lr=0.01)', 'clip(sgd(lr=0.01), norm=1.0)']
    """
    look = as_theme(theme)
    if len(records) < 2:
        raise InputError("side_by_side needs at least two records; render.figure draws one")
    races = check_races(records, MOST)
    longest = max(races, key=lambda race: int(race.trajectories.step[-1]))
    shown = check_step(longest, step)
    words = _titles(races) if titles is None else [str(title) for title in titles]
    if len(words) != len(races):
        raise InputError(f"got {len(races)} records and {len(words)} titles; give one title per record")
    with look.context():
        made = new_figure(figsize, dpi)
        wide, high = (72 * inches for inches in made.get_size_inches())
        by_label = shared_styles(races, look)
        entries, across, font = fitted_legend(legend_names(by_label), wide - 2 * RIGHT, 0.25 * (high - TOP - BOTTOM))
        tall = legend_height(entries, across, font)
        space, side = high - TOP - BOTTOM - tall - 4, (wide - LEFT - RIGHT - GAP * (len(races) - 1)) / len(races)
        low = 0.3 * space if (high >= PANEL_FROM if panel is None else panel) else 0.0
        apart = 26.0 if low else 0.0

        def place(column: int, y: float, tall: float) -> Axes:
            return made.add_axes(((LEFT + column * (side + GAP)) / wide, y / high, side / wide, tall / high))

        counter = StepCounter(
            1 - RIGHT / wide,
            1 - (TOP - 7) / high,
            int(longest.trajectories.step[-1]),
            ha="right",
            va="baseline",
            fontsize=10,
            color=look.foreground,
            transform=made.transFigure,
        )
        made.add_artist(counter)
        taken = text_width(counter.get_text(), 10, family="monospace") + 10
        base = BOTTOM + tall + 4
        for column, (race, title) in enumerate(zip(races, words, strict=True)):
            ax = place(column, base + low + apart, space - low - apart)
            draw_race(race, ax, look, by_label)
            free = side - (taken if column == len(races) - 1 else 0.0)
            title, size_ = fit_text(title, free, 11.0, 7.0, "bold")
            ax.set_title(title, loc="left", fontweight="bold", fontsize=size_, pad=7)
        if low:
            curves = [loss_curves(race, place(column, base, low), theme=look) for column, race in enumerate(races)]
            for ax in curves:
                restyle(ax, by_label)
                ax.set(xlabel="", ylabel="")
            _share(curves)
        draw_legend(
            made.add_axes((RIGHT / wide, 6 / high, 1 - 2 * RIGHT / wide, tall / high), label="legend"),
            entries,
            look,
            across=across,
            font=font,
        )
    set_step(made, shown)
    return made


def _titles(races: Sequence[Record]) -> list[str]:
    """Return what distinguishes the races: their functions, else their optimizers."""
    titles = [str(race.meta.get("title", "")) for race in races]
    if len(set(titles)) > 1:
        return titles
    return [", ".join(str(spec) for spec in race.trajectories.runs["optimizer"]) for race in races]


def _share(curves: Sequence[Axes]) -> None:
    """Give axes of one kind a common scale."""
    if len({ax.get_yscale() for ax in curves}) == 1:
        lows, highs = zip(*(ax.get_ylim() for ax in curves), strict=True)
        for ax in curves:
            ax.set_ylim(min(lows), max(highs))
    last = max(ax.get_xlim()[1] for ax in curves)
    for ax in curves:
        ax.set_xlim(0, last)
