"""Map and losses of a race that is run again and again on one figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from landscapes.record import Record
from landscapes.render.artists.step_counter import Counter
from landscapes.render.artists.text_fit import fitted, text_width
from landscapes.render.artists.trails import Trail, dress
from landscapes.render.interactive.blit import FRONT
from landscapes.render.plots._loss_curves import Curve, loss_curves
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.theme import Style, Theme

MAP = (0.045, 0.17, 0.455, 0.76)
LOSSES = (0.56, 0.57, 0.42, 0.36)
"""Where the panels are: left, bottom, width and height, as shares of the figure."""

MOST = 9999
"""Steps that the counter has room for."""

LIFTED = FRONT + 0.1
"""How high the target lies, which moves with the start; curves lie higher."""


class RacePanels:
    """Two panels: the landscape is drawn once, the runs upon it as often as there is another race.

    Args:
        figure: where to.
        look: the colours.
        styles: how each optimizer is drawn, by label, whoever runs beside it.

    Attributes:
        map, losses: the panels.
        counter: of the steps.
    """

    def __init__(self, figure: Figure, look: Theme, styles: Mapping[str, Style]) -> None:
        self._look = look
        self._styles = styles
        self.map = figure.add_axes(MAP, label="map")
        self.losses = figure.add_axes(LOSSES, label="losses")
        self._wide, self._high = (72 * float(side) for side in figure.get_size_inches())
        self._runs: list[Artist] = []
        left, bottom, width, height = MAP
        self.counter = Counter(
            left + width, bottom + height + 7 / self._high, MOST, ha="right", va="baseline", fontsize=10,
            color=look.foreground, transform=figure.transFigure,
        )  # fmt: skip
        figure.add_artist(self.counter)

    def ground(self, record: Record) -> None:
        """Draws the landscape of a race, and none of its runs."""
        self.clear()
        self.map.clear()
        contour(record, self.map, theme=self._look)
        free = self._wide * MAP[2] - text_width(f"step {MOST}", 10, family="monospace") - 10
        words, size = fitted(str(record.meta.get("title", "")), free, 12.0, 8.0, "bold")
        self.map.set_title(words, loc="left", fontweight="bold", fontsize=size, pad=7)
        bounded = np.isfinite(record.meta["minimum"])
        words = "gap to the minimum, by step" if bounded else "value, by step"
        self.losses.set_yscale("linear")  # where the value is drawn it is left to whoever comes before
        self.losses.set_title(words, loc="left", fontsize=10, pad=7)

    def draw(self, record: Record, draft: bool = False) -> None:
        """Draws the runs instead of those before, at their end. The losses get limits of whole powers of ten.

        A draft leaves them those that they have.
        """
        self.clear()
        before = set(self.map.get_children())
        trajectories(record, self.map, theme=self._look)
        self._runs = [artist for artist in self.map.get_children() if artist not in before]
        limits = *self.losses.get_xlim(), *self.losses.get_ylim()
        loss_curves(record, self.losses, theme=self._look)
        if draft:
            self.losses.axis(limits)
        elif self.losses.get_yscale() == "log":
            low, high = np.log10(self.losses.get_ylim())
            self.losses.set_ylim(10.0 ** np.floor(low), 10.0 ** np.ceil(high))
        for mark in [*self.losses.lines, *self.losses.texts]:
            mark.set_zorder(max(mark.get_zorder(), LIFTED))
        for artist in [*self.map.lines, *self.losses.lines]:
            if isinstance(artist, Trail | Curve):
                _restyle(artist, self._styles[str(artist.get_label())])
        self.counter.set_step(int(record.trajectories.step[-1]))

    def clear(self) -> None:
        """Takes the runs away."""
        for artist in [*self._runs, *self.losses.lines, *self.losses.texts]:
            artist.remove()
        self._runs = []


def _restyle(line: Trail | Curve, style: Style) -> None:
    """Gives a line the style that it has in any company."""
    line.style = style
    line.set_color(style.color)
    dress(line, style)
    if isinstance(line, Curve):
        line.dashes = tuple(line.get_linewidth() * dash for dash in style.dashes)
