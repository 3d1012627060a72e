"""The band of losses along many random directions, and the loss along the worst one, behind their median."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from landscapes.record import Record
from landscapes.render.plots.inputs import size_factor
from landscapes.render.theme import Theme, styles

HEADROOM = 1.5
"""The height of the axes as a multiple of the highest value of the band; the worst direction may leave them."""


def draw_slices(ax: Axes, record: Record, look: Theme) -> None:
    """Draw what `networks.slices` recorded besides the median, if it did."""
    curve, facts = record.curve, record.meta.plane or {}
    if curve is None or "slices" not in facts or not {"low", "high", "worst"} <= record.grids.keys():
        return
    low, high, worst = (record.grids[name][0] for name in ("low", "high", "worst"))
    band, line = (style.color for style in styles(["median", "worst"], look))
    wide = size_factor(ax)
    for fill in ax.collections:  # the ground below a curve would hide the band
        fill.set_visible(False)
    ax.plot(curve.x, curve.values[0], color=band, linewidth=2 * wide, zorder=2.4)
    ax.fill_between(curve.x, low, high, color=band, alpha=0.25, linewidth=0, zorder=1.5)
    ax.plot(curve.x, worst, color=line, linewidth=2 * wide, dashes=(4, 2), zorder=2.5)
    top = HEADROOM * float(np.max(high, initial=0.0, where=np.isfinite(high)))
    bottom = min(float(np.nanmin(low)), float(np.nanmin(worst)))
    if top > bottom:
        ax.set_ylim(bottom - 0.04 * (top - bottom), top)
    size = 8 * look.text_scale * wide**0.3
    words = (
        ("median of {count} random directions, 10–90 %", band),
        ("eigenvector of the largest curvature, as long", line),
    )
    for place, (text, color) in enumerate(words):
        ax.annotate(
            look.say(text, count=facts["slices"]),
            (0, 1),
            xytext=(6 * wide, -6 * wide - 1.3 * size * place),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=size,
            color=color,
            zorder=6,
            parse_math=False,
            bbox={"facecolor": look.background, "edgecolor": "none", "alpha": 0.7, "pad": 1},
        )
