"""What figures of several races share: panels, one colour per optimizer, one legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.axes import Axes

from landscapes.errors import InputError
from landscapes.record import Record, labels_of, optimizer_labels
from landscapes.render.artists.legend import Entry
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.artists.trails import Trail, set_legend_style
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step, has_plot
from landscapes.render.theme import Style, Theme, styles


def check_races(records: Sequence[Record], most: int) -> list[Record]:
    """Return the records, checked: a number of races with a surface or a graph."""
    races = list(records)
    if not 1 <= len(races) <= most:
        raise InputError(f"expected 1 to {most} records, got {len(races)}")
    for record in races:
        check_step(record, None)
        if record.meta.experiment == "basins":
            raise InputError("expected records of races, got a map of basins: draw it by itself, with render.figure")
        if not has_plot(record):
            raise InputError(
                f"the record of {record.meta.get('title')!r} has no surface or graph; "
                "races in one or two dimensions have one"
            )
    return races


def shared_styles(records: Sequence[Record], look: Theme) -> dict[str, Style]:
    """Return one style per label, the same in all records."""
    labels = list(dict.fromkeys(label for record in records for label in optimizer_labels(record)))
    return dict(zip(labels, styles(labels, look), strict=True))


def legend_names(entries: dict[str, Style]) -> list[Entry]:
    """Return the legend entries of all panels: names alone."""
    return [Entry(style, clean_text(label, math=False), "", "", "", 0) for label, style in entries.items()]


def draw_race(record: Record, ax: Axes, look: Theme, entries: dict[str, Style], step: int | None = None) -> None:
    """Draw the function and the runs in the shared styles."""
    if record.surface is None:
        trajectories(record, ax, theme=look, step=step)
    else:
        contour(record, ax, theme=look)
        if len(record.trajectories):
            trajectories(record, ax, theme=look, step=step)
    restyle(record, ax, entries)


def restyle(record: Record, ax: Axes, entries: dict[str, Style]) -> None:
    """Give trails and curves of runs the styles of their optimizers."""
    optimizers = dict(zip(labels_of(record), optimizer_labels(record), strict=True))
    for line in ax.lines:
        style = entries.get(optimizers.get(str(line.get_label()), ""))
        if isinstance(line, Trail | Curve) and style is not None and line.style != style:
            line.style = style
            line.set_color(style.color)
            set_legend_style(line, style)
            if isinstance(line, Curve):
                line.dashes = tuple(line.get_linewidth() * dash for dash in style.dashes)


def subset(record: Record, runs: Sequence[int]) -> Record:
    """Return the record with some of its runs."""
    whole, chosen = record.trajectories, list(runs)
    part = replace(
        whole,
        x=whole.x[chosen],
        loss=whole.loss[chosen],
        runs={name: column[chosen] for name, column in whole.runs.items()},
        metrics={name: values[chosen] for name, values in whole.metrics.items()},
    )
    return replace(record, trajectories=part)
