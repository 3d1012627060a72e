"""The leaderboard of a race: a legend in the order of the present losses, whose rows change place smoothly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from numpy.typing import NDArray

from landscapes.analysis.live_standings import LiveStandings
from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes
from landscapes.render.artists.standings_board import Board, has_losses
from landscapes.render.artists.standings_columns import Columns
from landscapes.render.artists.standings_rows import Row, StandingsRows
from landscapes.render.theme import Theme


class Standings(Artist, AnimatedArtist):
    """The leaderboard of a race, on axes of its own.

    Until `settle` is called, each step shows its own order, as a still does. All states depend on the step alone.

    Args:
        live: the standings at every step.
        columns: rows and columns.
        theme: the theme.
    """

    fractional = True

    def __init__(self, live: LiveStandings, columns: Columns, theme: Theme) -> None:
        super().__init__()
        self.live = live
        self.columns = columns
        self.span = int(live.steps[-1])
        self.step: float = self.span
        self._rows = StandingsRows(live, columns, theme)
        self._board = Board(self, self._rows)
        self.set_zorder(10)

    def set_step(self, step: float) -> None:
        self.step = step

    def settle(self, keys: Iterable[int], exact: Iterable[int] = (), reads: Iterable[float] = ()) -> None:
        """Change the order smoothly between some steps, and only if it lasts.

        Args:
            keys: ascending steps at which no row moves.
            exact: steps of `keys` with the exact order; the first and the last one have it, too.
            reads: more steps at which losses are read, so that their digits rest in between; `exact` are among them.
                By default losses are those of each step.
        """
        self._rows.settle(keys, exact, reads)

    def rows(self, step: float | None = None) -> list[Row]:
        """Return the rows from top to bottom at a step, by default the present one."""
        return self._rows.at(self.step if step is None else step)

    def opacities(self) -> list[tuple[Row, float]]:
        """Return the present rows from back to front with their opacity."""
        return self._rows.opacities(self.step)

    def slots(self, step: float) -> NDArray[np.float64]:
        """Return where each optimizer's row is at a step: 0 for the first place."""
        return self._rows.slots(step)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        if self.axes is None or not isinstance(renderer, RendererAgg):
            return None
        board, columns, boxes = self._board, self.columns, []
        board.place(renderer, self.axes.bbox)
        shown = {self._rows.state(step): step for step in steps}
        states = [{row.entry: row for row in self.rows(step)} for step in shown.values()]
        if len({has_losses(self.rows(step), columns) for step in shown.values()}) > 1:
            boxes.append([board.x(columns.start) - 1, board.edge(0), board.x(columns.value) + 2, self.axes.bbox.y1 + 2])
        for entry in range(len(columns.entries)):
            own = [state[entry] for state in states]
            if len(set(own)) == 1:
                continue
            low, high = min(row.slot for row in own), max(row.slot for row in own)
            still = low == high and len({(row.leads, row.failed, row.place) for row in own}) == 1
            left = board.x(columns.start if still else 0)
            same = still and len({(row.mark, row.outcome) for row in own}) == 1
            right = board.x(columns.value if same else columns.width)
            if not still:  # rows next to one that moves fade
                low, high = max(low - 1, 0), min(high + 1, len(columns.entries) - 1)
            boxes.append([left - 1, board.edge(high + 1) - 2, right + 2, board.edge(low) + 2])
        return np.array(boxes) if boxes else NO_BOXES

    def differs(self, one: float, two: float) -> bool:
        return self._rows.state(one) != self._rows.state(two)

    def draw(self, renderer: RendererBase) -> None:
        if self.get_visible() and self.axes is not None:
            self._board.draw(renderer, self.axes.bbox, self.step)
            self.stale = False
