"""Map and losses of a race that is run again and again on one figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from landscapes.record import Record
from landscapes.render.artists.legend import StepCounter
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.artists.trails import Trail, set_legend_style
from landscapes.render.interactive.blit import FOREGROUND_ZORDER
from landscapes.render.plots._loss_curves import Curve, loss_curves, loss_name
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.theme import Style, Theme

CONTOUR = (0.045, 0.17, 0.455, 0.76)
LOSSES = (0.56, 0.57, 0.42, 0.36)
"""Positions of the panels: left, bottom, width and height, as shares of the figure."""

MAX_STEP = 9999
"""Largest step that fits into the counter."""

TARGET_ZORDER = FOREGROUND_ZORDER + 0.1
"""Zorder of the target line, which moves with the start; curves are above it."""


class RacePanels:
    """The contour plot and the loss curves. The function is drawn once, the runs for every race.

    Args:
        figure: the figure to draw on.
        look: the theme.
        styles: styles by label, independent of which optimizers run.

    Attributes:
        contour, losses: the axes.
        counter: the step counter.
    """

    def __init__(self, figure: Figure, look: Theme, styles: Mapping[str, Style]) -> None:
        self._look = look
        self._styles = styles
        self.contour = figure.add_axes(CONTOUR, label="contour")
        self.losses = figure.add_axes(LOSSES, label="losses")
        self._wide, self._high = (72 * float(side) for side in figure.get_size_inches())
        self._dpi = float(figure.dpi)
        self._runs: list[Artist] = []
        left, bottom, width, height = CONTOUR
        self.counter = StepCounter(
            left + width,
            bottom + height + 7 / self._high,
            MAX_STEP,
            ha="right",
            va="baseline",
            fontsize=10,
            color=look.foreground,
            transform=figure.transFigure,
        )
        figure.add_artist(self.counter)

    def draw_function(self, record: Record) -> None:
        """Draw the function of a race without its runs."""
        self.clear()
        self.contour.clear()
        contour(record, self.contour, theme=self._look)
        ruler = Ruler(self._dpi)
        free = self._wide * CONTOUR[2] - ruler.width(f"step {MAX_STEP}", 10, family="monospace") - 10
        words, size = ruler.fit_title(record.meta.get("title", ""), free, 12.0, 8.0, "bold")
        self.contour.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
        self.losses.set_title(f"{loss_name(record)}, by step", loc="left", fontsize=10, pad=7)

    def draw_race(self, record: Record, draft: bool = False) -> None:
        """Replace the runs and show their last step. Loss axes end at integer powers of ten; drafts keep the limits."""
        self.clear()
        before = set(self.contour.get_children())
        last = int(record.trajectories.step[-1])
        trajectories(record, self.contour, step=last, theme=self._look)
        self._runs = [artist for artist in self.contour.get_children() if artist not in before]
        scale, limits = self.losses.get_yscale(), (*self.losses.get_xlim(), *self.losses.get_ylim())
        self.losses.set_yscale("linear")  # loss_curves does not reset the scale
        loss_curves(record, self.losses, step=last, theme=self._look).set(xlabel="", ylabel="")
        if draft and self.losses.get_yscale() == scale:
            self.losses.axis(limits)
        elif self.losses.get_yscale() == "log":
            low, high = np.log10(self.losses.get_ylim())
            self.losses.set_ylim(10.0 ** np.floor(low), 10.0 ** np.ceil(high))
        for mark in [*self.losses.lines, *self.losses.texts]:
            mark.set_zorder(max(mark.get_zorder(), TARGET_ZORDER))
        for artist in [*self.contour.lines, *self.losses.lines]:
            if isinstance(artist, Trail | Curve):
                _restyle(artist, self._styles[str(artist.get_label())])
        self.counter.set_step(last)

    def clear(self) -> None:
        """Remove the runs."""
        for artist in [*self._runs, *self.losses.lines, *self.losses.texts]:
            artist.remove()
        self._runs = []


def _restyle(line: Trail | Curve, style: Style) -> None:
    """Apply the optimizer's fixed style to a line."""
    line.style = style
    line.set_color(style.color)
    set_legend_style(line, style)
    if isinstance(line, Curve):
        line.dashes = tuple(line.get_linewidth() * dash for dash in style.dashes)
