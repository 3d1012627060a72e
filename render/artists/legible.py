"""Give axes that were made outside a theme's context texts that stand out on their ground."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.light import luminance
from landscapes.render.theme import Theme

LEAST_CONTRAST = 3.0
"""Texts with less contrast to the figure get the colour of the theme, if that has more."""


def keep_legible(ax: Axes, look: Theme) -> None:
    """Give labels, titles, ticks and frame the colours of a theme if they would be lost on the figure's ground.

    Matplotlib's own are black, as on a dark figure that was made without the theme's settings.
    """
    page = root_figure(ax)
    if page is None:
        return
    ground: Any = page.get_facecolor()
    if to_rgba(ground)[3] < 1 or contrast(look.foreground, ground) < LEAST_CONTRAST:
        return
    titles = (ax.title, ax._left_title, ax._right_title)  # type: ignore[attr-defined]
    for text in (*titles, ax.xaxis.label, ax.yaxis.label):
        if contrast(text.get_color(), ground) < LEAST_CONTRAST:
            text.set_color(look.foreground)
    for axis in (ax.xaxis, ax.yaxis):
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if contrast(tick.label1.get_color(), ground) < LEAST_CONTRAST:
                axis.set_tick_params(which="both", color=look.muted, labelcolor=look.foreground)
                break
    for spine in ax.spines.values():
        if spine.get_visible() and contrast(spine.get_edgecolor(), ground) < min(
            LEAST_CONTRAST, contrast(look.muted, ground)
        ):
            spine.set_edgecolor(look.muted)


def contrast(one: Any, other: Any) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.1).

    >>> round(contrast("white", "black")), round(contrast("black", "black"))
    (21, 1)
    """
    light = sorted(float(luminance(np.array(to_rgba(color)[:3]))) for color in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)
