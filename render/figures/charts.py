"""Figures of sweeps, basins, comparisons and tunings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from landscapes.analysis.costs import judged_tolerance
from landscapes.analysis.selection import only
from landscapes.record import Record
from landscapes.render.artists.trails import mix
from landscapes.render.figures.size import DPI, FIGSIZE, new_figure
from landscapes.render.plots._basins import basin_color, basin_shares, basins, hatching
from landscapes.render.plots._heatmap import choose_axes, color_scale, heatmap, missing_legend
from landscapes.render.plots._performance_profile import performance_profile
from landscapes.render.plots._sensitivity import sensitivity
from landscapes.render.plots._tuning_trials import tuning_trials
from landscapes.render.plots.run_table import REPEATS, grid_values
from landscapes.render.theme import Theme, as_theme

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
) -> Figure:
    """Return the figure of a sweep, a map of basins, a comparison or a tuning; see `render.figure` for the options."""
    look = as_theme(theme)
    experiment = str(record.meta.get("experiment"))
    with look.context():
        made = new_figure(figsize, dpi, layout="constrained")
        made.suptitle(
            title or str(record.meta.get("title", "Comparison")),
            x=0.012,
            ha="left",
            fontweight="bold",
            fontsize=12,
            color=look.foreground,
        )
        CHARTS[experiment](made, record, look, measure, along)
    return made


def _sweep(made: Figure, record: Record, look: Theme, measure: str, along: str | Sequence[str] | None) -> None:
    names = [name for name in record.axes if name not in (*REPEATS, "optimizer")]
    requested = names[:2] if along is None else [along] if isinstance(along, str) else list(along)
    if len(requested) == 1:
        ax = made.subplots()
        sensitivity(record, ax, measure=measure, along=requested[0], theme=look)
        _key(ax, look)
        return
    requested = choose_axes(record, requested)
    entries = record.axes.get("optimizer", [None])[:MOST_PANELS]
    across = int(np.ceil(np.sqrt(len(entries))))
    panels = made.subplots(-(-len(entries) // across), across, squeeze=False).ravel().tolist()
    for ax, label in zip(panels, entries, strict=False):
        mine = record if label is None else only(record, "optimizer", label)
        heatmap(mine, ax, measure=measure, along=requested, theme=look)
        shown = grid_values(mine, measure, requested)
        bar = made.colorbar(color_scale(shown, look), ax=ax, pad=0.02, aspect=30)
        bar.outline.set_linewidth(0.5)
        bar.set_label(shown.measure.title, fontsize=8)
        findings = ax.get_title(loc="left").removeprefix(f"{shown.measure.title}: ")  # the colour bar has it
        lines = (findings if label is None else f"{label}: {findings}").split("; ")
        ax.set_title("\n".join(lines), loc="left", fontsize=8)
        marks = missing_legend(shown, look)
        if marks:
            ax.legend(handles=marks, loc="lower left", fontsize=7, framealpha=0.9, facecolor=look.background)
    for ax in panels[len(entries) :]:
        ax.remove()


def _basins(made: Figure, record: Record, look: Theme, measure: str, along: str | Sequence[str] | None) -> None:
    ax = made.subplots()
    basins(record, ax, theme=look)
    ax.set_title(
        f"{record.meta['label']}, {record.meta['steps']} steps; stronger colour: more steps to arrive",
        loc="left",
        fontsize=9,
    )
    marks: list[Line2D | Patch] = []
    percent = r"\%" if mpl.rcParams["text.usetex"] else "%"
    for words, number, share in basin_shares(record):
        text = f"{words}  {100 * share:.1f} {percent}".replace("-", "\N{MINUS SIGN}")
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
        else:
            marks.append(Patch(facecolor=look.muted, alpha=0.85 if number == -2 else 0.35, label=text))
    made.legend(
        handles=marks[:24],
        loc="outside right upper",
        fontsize=9,
        frameon=False,
        title="basin, share of starts",
        title_fontsize=9,
        alignment="left",
    )


def _compare(made: Figure, record: Record, look: Theme, measure: str, along: str | Sequence[str] | None) -> None:
    left, right = made.subplots(1, 2)
    performance_profile(record, left, kind="performance", theme=look)
    performance_profile(record, right, kind="ecdf", theme=look)
    count = len(record.axes["function"])
    left.set_title(
        f"{count} function{'s' * (count > 1)}, tolerance {judged_tolerance(record.meta):g}", loc="left", fontsize=9
    )
    right.set_title(f"{len(record.meta['tolerances'])} targets per problem", loc="left", fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    made.legend(
        handles, labels, loc="outside lower left", ncols=6, fontsize=9, frameon=False, labelcolor=look.foreground
    )


def _tune(made: Figure, record: Record, look: Theme, measure: str, along: str | Sequence[str] | None) -> None:
    tuning_trials(record, made.subplots(), theme=look)


CHARTS: Mapping[str, Callable[[Figure, Record, Theme, str, str | Sequence[str] | None], None]] = {
    "sweep": _sweep,
    "basins": _basins,
    "compare": _compare,
    "tune": _tune,
}
"""The function that fills the figure of each experiment."""


def _key(ax: Axes, look: Theme) -> None:
    """Draw the legend above the axes."""
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=6,
        fontsize=9,
        frameon=False,
        borderaxespad=0.2,
        labelcolor=look.foreground,
    )
