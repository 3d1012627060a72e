"""The smooth line around which gradient descent zigzags at the edge of stability."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.plots.inputs import current_axes, size_factor
from landscapes.render.theme import Theme, as_theme


@suggests_arguments
def central_flow(
    record: Record,
    ax: Axes | None = None,
    *,
    theme: str | Theme = "light",
    linewidth: float | None = None,
) -> Axes:
    """Draw the central flow of each run of gradient descent on `ax` as a smooth line, and return `ax`.

    `networks.stability` computes the flow of runs of gradient descent on two coordinates whose sharpness exceeds 1/lr
    somewhere. There a run zigzags. The flow is the line that it follows on average; it stays where the sharpness is at
    most 2/lr (Cohen et al., 2025).

    Args:
        record: what `networks.stability` returned.
        ax: where to draw; by default matplotlib's current axes.
        theme: colours, by name or as a `Theme`.
        linewidth: in points; by default as the axes' size asks for.

    Raises:
        InputError: for a record without a central flow.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.networks import stability
    >>> found = stability(race("booth", ["sgd(lr=0.1)"], steps=20))
    >>> len(central_flow(found, Figure().subplots()).lines)
    1
    """
    flows = record.trajectories.metrics.get("central_flow")
    if flows is None:
        raise InputError(
            "this record has no central flow: draw what landscapes.networks.stability(record) returns, for gradient "
            "descent on two coordinates whose sharpness exceeds 1/lr"
        )
    look = as_theme(theme)
    ax = current_axes(ax, look)
    wide = size_factor(ax)
    thick = 1.9 * look.line_scale * wide if linewidth is None else linewidth
    lines = flows.reshape(len(flows), -1, 2)
    drawn = np.flatnonzero(np.isfinite(lines).all((1, 2)))
    for run in drawn:
        ax.plot(
            *lines[run].T,
            color=look.background,
            linewidth=thick,
            solid_capstyle="round",
            zorder=5.5,
            scalex=False,
            scaley=False,
            label=look.say("central flow"),
            gid=f"central-flow-{run}",
            path_effects=[withStroke(linewidth=thick + 2.2 * wide, foreground=look.foreground)],
        )
    if len(drawn):
        _name(ax, lines[drawn[0]], look, wide)
    localize(ax, look)
    return ax


def _name(ax: Axes, flow: NDArray[np.float64], look: Theme, wide: float) -> None:
    """Write what the line is, where half of its length within the axes is behind."""
    pixels = ax.transData.transform(flow)
    inside = ax.get_window_extent().padded(-12).contains
    seen = np.array([bool(inside(*pixel)) for pixel in pixels])
    if not seen.any():
        return
    lengths = np.r_[0.0, np.hypot(*np.diff(pixels, axis=0).T)] * seen
    middle = int(np.searchsorted(np.cumsum(lengths), 0.5 * lengths.sum()))
    box = ax.get_window_extent()
    left = pixels[middle, 0] > 0.5 * (box.x0 + box.x1)  # towards the middle of the picture
    ax.annotate(
        look.say("central flow"),
        flow[middle],
        (-9 * wide if left else 9 * wide, 9 * wide),
        textcoords="offset points",
        ha="right" if left else "left",
        va="bottom",
        color=look.foreground,
        zorder=7,
        fontsize=8.5 * look.text_scale * wide**0.3,
        parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground=look.background)],
    )
