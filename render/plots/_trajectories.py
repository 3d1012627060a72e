"""The runs on the landscape: trails with halos, and heads that tell how a run ended."""

from __future__ import annotations

from matplotlib.axes import Axes

from landscapes.errors import InputError
from landscapes.record import FAILED, Record, step_or_none
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.heads import Head, Start
from landscapes.render.artists.overlap import shared
from landscapes.render.artists.trails import Halo, Trail
from landscapes.render.plots.inputs import check_step, current_axes, filled_forward, size_factor
from landscapes.render.plots.one_dimensional import draw_on_curve
from landscapes.render.theme import Theme, as_theme, styles
from landscapes.views import extent


def trajectories(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    linewidth: float | None = None,
    heads: bool = True,
) -> Axes:
    """Draws the trails of a race on `ax`, up to a step, and returns `ax`.

    The view stays as it is when something was drawn there before, else it holds all paths that did not
    fail. A run that left the view ends in an arrow on the border, a stopped one in a cross.

    Args:
        record: a race in two dimensions.
        ax: where to draw; by default matplotlib's current axes.
        step: the last step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        linewidth: of the trails, in points, heads and halos in proportion; by default as the axes' size asks for.
        heads: whether to mark where each run is.

    Raises:
        InputError: for a record that is not two-dimensional, a step outside the race, an unknown theme.
    """
    shown = check_step(record, step)
    dim = record.trajectories.x.shape[-1]
    look = as_theme(theme)
    if dim == 1:
        return draw_on_curve(record, current_axes(ax), shown, look, linewidth, heads)
    if dim != 2:
        raise InputError(f"trajectories are drawn in one or two dimensions; this record has {dim}")
    ax = current_axes(ax)
    if not ax.has_data():
        _hold(ax, record)
    thick = 2.3 * size_factor(ax) if linewidth is None else linewidth
    runs(record, ax, look, thick, Head if heads else None)
    set_step(ax, shown)
    return ax


def runs(record: Record, ax: Axes, look: Theme, thick: float, head: type[Head] | None) -> None:
    """Adds trails of a width in points, their halos and heads, and the rings where they begin."""
    trajectories = record.trajectories
    labels = [str(label) for label in trajectories.runs["label"]]
    ways = filled_forward(trajectories.x)
    parts = shared(list(ways), (ax.get_xlim(), ax.get_ylim()))
    for run, (label, style) in enumerate(zip(labels, styles(labels, look), strict=True)):
        x, y = ways[run].T
        trail = Trail(x, y, trajectories.step, style=style, theme=look, width=thick, label=label)
        trail.parts, trail.since = parts[run]
        ax.add_line(trail)
        if look.halo_width:
            ax.add_artist(Halo(trail, look.halo_width * thick)).set_clip_path(ax.patch)
        if head is not None:
            failed = str(trajectories.runs["status"][run]) in FAILED
            stopped = step_or_none(trajectories.runs["stopped"], run)
            ax.add_artist(head(trail, stopped=stopped if failed else None, size=3.7 * thick))
    for start in {tuple(point) for point in trajectories.x[:, 0].tolist()}:
        ax.add_artist(Start(start, look, 2.9 * thick))


def _hold(ax: Axes, record: Record) -> None:
    """Limits that hold every run that did not fail, with a margin."""
    box = extent(record.trajectories)
    if box is not None:
        margin = 0.05 * (box[:, 1] - box[:, 0]) + 1e-9
        ax.set_xlim(box[0, 0] - margin[0], box[0, 1] + margin[0])
        ax.set_ylim(box[1, 0] - margin[1], box[1, 1] + margin[1])
