"""What names the runs of a figure: a leaderboard where there is room, else a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from landscapes.analysis.live_standings import LiveStandings, live_standings
from landscapes.record import Record
from landscapes.render.artists.legend import Entry, Legend, legend_entries
from landscapes.render.artists.standings import Standings
from landscapes.render.artists.standings_columns import MOST, Columns, fit_columns
from landscapes.render.figures.layout import Box, Sheet

Fitted = Columns | Legend
"""A leaderboard or a legend that fits; both have a height."""


@dataclass(frozen=True, eq=False)
class Key:
    """The rows of a leaderboard or of a legend.

    Attributes:
        entries: one per optimizer; empty for neither.
        live: the standings; None for a legend.
    """

    sheet: Sheet
    entries: Sequence[Entry]
    live: LiveStandings | None = None

    @classmethod
    def of(cls, sheet: Sheet, record: Record, standings: bool) -> Key:
        """Return the key of a race; an empty one for a plane around one network, whose only run is a point."""
        if record.meta.plane is not None and record.trajectories.loss.shape == (1, 1):
            return cls(sheet, [])
        entries = legend_entries(record, sheet.look)
        return cls(sheet, entries, live_standings(record) if standings and 0 < len(entries) <= MOST else None)

    def leaderboard(self, width: float, tall: float, cut: bool = True, compact: bool = True) -> Columns | None:
        """Return the leaderboard that fits a box in points, None if there is no room or none is wanted.

        Args:
            width, tall: the box.
            cut: whether names may be cut.
            compact: whether marks may take the place of losses.
        """
        if self.live is None:
            return None
        ruler, look = self.sheet.ruler, self.sheet.look
        return fit_columns(self.entries, self.live, width, max(tall, 0.0), ruler, look, cut=cut, compact=compact)

    def fit(self, width: float, tall: float) -> Fitted:
        """Return the leaderboard that fits a box, else the fullest legend that does."""
        return self.leaderboard(width, tall) or self.sheet.fit_legend(self.entries, width, tall)

    def beside(self, width: float, tall: float, shares: tuple[float, float]) -> tuple[Fitted, float] | None:
        """Return what fits beside a plot with all names in full, and its width, else None.

        That is a leaderboard, else a legend, which becomes wider before it loses its learning rates.

        Args:
            width: the width of the figure in points.
            tall: the height beside the plot in points.
            shares: the usual and the largest share of the width.
        """
        if not self.entries:
            return None
        if rows := self.leaderboard(shares[0] * width, tall, cut=False):
            return rows, rows.width
        bare = [replace(entry, lr="") for entry in self.entries]
        for entries in (self.entries, bare):
            for share in shares:
                legend = self.sheet.fit_legend(entries, share * width, tall)
                kept = [(row.name, bool(row.lr)) for row in legend.entries]
                if kept == [(entry.name, bool(entry.lr)) for entry in entries]:
                    return legend, share * width
        return None

    def draw(self, fitted: Fitted, box: Box) -> None:
        """Draw the leaderboard or the legend in a box."""
        if isinstance(fitted, Legend):
            self.sheet.legend(fitted, box)
            return
        assert self.live is not None
        ax = self.sheet.axes(box, label="standings")
        ax.set_axis_off()
        ax.add_artist(Standings(self.live, fitted, self.sheet.look))
