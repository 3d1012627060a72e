"""Axes of names: their ticks, and values written into the cells of a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FixedLocator

from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.light import luminance
from landscapes.render.theme import Theme

CELL = "cell value"
"""The label of texts in cells."""

LARGEST, SMALLEST = 9.0, 4.5
"""The font sizes of texts in cells, in points; smaller ones are left out."""

LEAST_SHARE = 0.8
"""Names below a map shrink to this share of their size before they stand upright."""

MOST_OF_FIGURE = 0.35
"""Names take at most this share of the width or height of a figure; longer ones are shortened."""

MOST_CELLS = 400
"""In larger maps no values are written."""


class NameLocator(FixedLocator):
    """Ticks at names, none of which may be left out."""


def is_categorical(entries: Sequence[Any]) -> bool:
    """Return whether the entries of an axis are names or flags."""
    return any(isinstance(entry, str | bool) for entry in entries)


def name_of(entry: Any, look: Theme) -> str:
    """Return an entry of an axis of names as a picture writes it; flags are "on" and "off"."""
    return look.say("on" if entry else "off") if isinstance(entry, bool) else clean_text(entry)


def write_cells(
    ax: Axes, values: np.ndarray[Any, Any], scale: ScalarMappable, empty: Any, look: Theme, zero: float
) -> None:
    """Write the values into the cells of a heat map; "never" for infinity, "fails" for NaN.

    `empty` are the colours of cells without a value: of infinity and of NaN. Values up to `zero` are written as 0.
    """
    if values.size > MOST_CELLS:
        return
    for (row, column), value in np.ndenumerate(values):
        finite = np.isfinite(value)
        color = scale.to_rgba(value)[:3] if finite else to_rgb(empty[int(np.isnan(value))])
        number = "0" if abs(value) <= zero else look.number(f"{value:.3g}")
        words = number if finite else look.say("fails" if np.isnan(value) else "never")
        ax.text(
            column + 0.5,
            row + 0.5,
            words,
            ha="center",
            va="center",
            color="#000000" if float(luminance(np.array(color))) > 0.18 else "#ffffff",
            fontsize=LARGEST * look.text_scale,
            label=CELL,
            clip_on=True,
            parse_math=False,
            zorder=5,
        )
    fit_cells(ax, look.text_scale)


def fit_cells(ax: Axes, text_scale: float = 1.0) -> None:
    """Give the texts in cells the font size that fits all of them, and hide them if that is too small."""
    texts = [text for text in ax.texts if text.get_label() == CELL]
    page = root_figure(ax)
    if not texts or page is None:
        return
    ruler, unit = Ruler(page.dpi), 72 / page.dpi
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    wide = 0.86 * ax.bbox.width * unit / max(abs(right - left), 1)
    tall = 0.86 * ax.bbox.height * unit / max(abs(high - low), 1)
    longest = max((text.get_text() for text in texts), key=lambda word: ruler.width(word, LARGEST))
    size = min(LARGEST * text_scale, LARGEST * wide / max(ruler.width(longest, LARGEST), 1e-9), tall / 1.2)
    for text in texts:
        text.set(fontsize=max(size, SMALLEST), visible=size >= SMALLEST)


def set_names(axis: Axis, entries: Sequence[Any], look: Theme) -> None:
    """Put a tick with its name at each cell."""
    axis.set_major_locator(NameLocator([place + 0.5 for place in range(len(entries))]))
    axis.set_ticklabels([name_of(entry, look) for entry in entries])
    fit_names(axis)


def fit_names(axis: Axis) -> None:
    """Set names below a heat map upright if they do not fit side by side; shrink and shorten those without room."""
    page = root_figure(axis.axes)
    if page is None or not isinstance(axis.get_major_locator(), NameLocator):
        return
    ruler, unit = Ruler(page.dpi), 72 / page.dpi
    labels = [label for label in axis.get_ticklabels() if label.get_text()]
    across = axis is axis.axes.xaxis
    box = axis.axes.bbox
    room = (box.width if across else box.height) * unit / max(len(labels), 1)
    settings: Any = mpl.rcParams  # names are computed
    usual = FontProperties(size=settings[f"{'x' if across else 'y'}tick.labelsize"]).get_size_in_points()
    widest = max((ruler.width(label.get_text(), usual, math=True) for label in labels), default=0.0)
    beside = 0.94 * room / max(widest, 1e-9)
    upright = across and beside < LEAST_SHARE
    size = usual * min(beside, 1.0) if across and not upright else min(usual, max(room / 1.25, SMALLEST))
    axis.set_tick_params(labelsize=size, labelrotation=90 if upright else 0)
    if across and not upright:
        return
    most = MOST_OF_FIGURE * unit * (page.bbox.height if across else page.bbox.width)
    if any(ruler.width(label.get_text(), size, math=True) > most for label in labels):
        axis.set_ticklabels([ruler.shorten(label.get_text(), most, size) for label in labels])
