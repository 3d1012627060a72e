"""The rows of a leaderboard at a step: their places, losses and marks, and where they are while they change place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis.live_standings import LiveStandings
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.legend import Entry
from landscapes.render.artists.standings_columns import FAILED, REACHED, Columns, short_number
from landscapes.render.theme import Theme

REST = 0.25
"""The share of the time between two orders, at either end, in which rows that change place do not move."""

LETTERS = 1.05
"""The height of letters with their gaps, in font sizes: rows closer than this would touch."""

SHADES = 8
"""The number of opacities of rows that fade."""

KEPT = 512
"""The largest number of remembered states."""

State = tuple[Any, ...]
"""What the rows depend on."""


@dataclass(frozen=True)
class Row:
    """A row of the leaderboard at a step, as it is read.

    Attributes:
        entry: the number of the optimizer in the record.
        slot: where the row is: 0 for the first place, with fractions while it moves.
        place: its place, equal for equal runs; "–" for a failed one.
        value: the present gap or loss; "" if it failed, and where a mark takes its place.
        mark: "✓ 120" from the step on from which it stays at the target, "✕ 30" if it failed; "2/3" of several runs.
        outcome: how it failed, in words, if there is room.
        leads: whether it alone is first.
        failed: whether it failed.
    """

    entry: int
    slot: float
    place: str
    value: str
    mark: str
    outcome: str
    leads: bool
    failed: bool


class StandingsRows:
    """The rows of a leaderboard at any step.

    Until `settle` is called, each step has its own order, as in a still. All states depend on the step alone.

    Args:
        live: the standings at every step.
        columns: rows and columns.
        theme: the theme, which writes the numbers.
    """

    def __init__(self, live: LiveStandings, columns: Columns, theme: Theme) -> None:
        self.live = live
        self.columns = columns
        self.theme = theme
        self._keys: NDArray[np.int64] | None = None
        self._slots: NDArray[np.float64] = np.zeros((0, len(columns.entries)))
        self._reads: list[float] = []
        self._rows: dict[State, list[Row]] = {}
        self._states: dict[float, State] = {}
        ends: list[Iterable[float]] = [*live.reached, *live.failed]
        ends.append([entry.since for entry in columns.entries if entry.symbol or entry.ended])
        self._events = sorted({float(step) for own in ends for step in own})

    def settle(self, keys: Iterable[int], exact: Iterable[int], reads: Iterable[float]) -> None:
        """Change the order smoothly between some steps, and only if it lasts; see `Standings.settle`."""
        at, true = [int(step) for step in keys], [int(step) for step in exact]
        self._keys = np.array(at)
        self._slots = np.argsort(self.live.steady_orders(at, true), axis=1).astype(float)
        more = [float(step) for step in reads]
        self._reads = sorted({*more, *true, at[0], at[-1]}) if more else []
        self._rows.clear()
        self._states.clear()

    def at(self, step: float) -> list[Row]:
        """Return the rows from top to bottom at a step."""
        state = self.state(step)
        if state not in self._rows:
            if len(self._rows) >= KEPT:
                self._rows.clear()
            self._rows[state] = self._read(step)
        return self._rows[state]

    def state(self, step: float) -> State:
        """Return what the rows at a step depend on: the step of their losses, what has happened, and their order."""
        if self._keys is None:
            return (step,)
        if step not in self._states:
            if len(self._states) >= KEPT:
                self._states.clear()
            self._states[step] = self._read_at(step), bisect_right(self._events, step), *self._movement(step)
        return self._states[step]

    def slots(self, step: float) -> NDArray[np.float64]:
        """Return where each optimizer's row is at a step: 0 for the first place."""
        if self._keys is None:
            return np.argsort(self.live.order(step)).astype(float)
        before, share = self._movement(step)
        one = np.asarray(self._slots[before])
        return one + share * (self._slots[before + 1] - one) if share else one

    def opacities(self, step: float) -> list[tuple[Row, float]]:
        """Return the rows from back to front with their opacity: one that is passed fades before letters touch."""
        order = sorted(self.at(step), key=lambda row: self._depth(row, step))
        slots = np.array([row.slot for row in order])
        if self._keys is None or (slots == slots.round()).all():
            return [(row, 1.0) for row in order]
        touch = LETTERS * self.columns.font / self.columns.row
        made = []
        for place, row in enumerate(order):
            apart = float(np.abs(slots[place + 1 :] - row.slot).min(initial=1.0))
            free = min(max((apart - touch) / (1 - touch), 0.0), 1.0)
            made.append((row, round(SHADES * (1 - (1 - free) ** 2)) / SHADES))
        return made

    def _depth(self, row: Row, step: float) -> tuple[int, float]:
        """Return how far in front a row is: those that climb before those that stay, and these before the others."""
        assert self._keys is not None or row.slot == int(row.slot)
        if self._keys is None or row.slot == int(row.slot):
            return 1, -row.slot
        climbs = self._slots[self._movement(step)[0] + 1, row.entry] < row.slot
        return (2 if climbs else 0), -row.slot

    def _movement(self, step: float) -> tuple[int, float]:
        """Return the last order up to a step, and the share of the way to the next one; 0 where no row moves."""
        assert self._keys is not None
        last = len(self._keys) - 1
        before = min(max(int(np.searchsorted(self._keys, step, side="right")) - 1, 0), last)
        if before == last or (self._slots[before] == self._slots[before + 1]).all():
            return before, 0.0
        share = float((step - self._keys[before]) / (self._keys[before + 1] - self._keys[before]))
        share = smootherstep((share - REST) / (1 - 2 * REST))
        return (before + 1, 0.0) if share == 1 else (before, share)

    def _read_at(self, step: float) -> float:
        """Return the step whose losses are shown."""
        return self._reads[max(bisect_right(self._reads, step) - 1, 0)] if self._reads else step

    def _read(self, step: float) -> list[Row]:
        live, entries, slots, read = self.live, self.columns.entries, self.slots(step), self._read_at(step)
        keys, values, arrived, ended = live.keys(read), live.values(read), live.arrived(step), live.ended(step)
        over = ended == live.runs
        order = np.argsort(slots, kind="stable").tolist()
        places = _places(order, keys, over)
        made = []
        for place, row in zip(places, order, strict=True):
            entry, failed = entries[row], bool(over[row])
            mark, outcome = self._marks(entry, row, step, int(arrived[row]), int(ended[row]))
            hidden = failed or (bool(mark) and self.columns.compact)
            value = "" if hidden else self.theme.number(short_number(float(values[row])))
            leads = place == "1" and places.count("1") == 1 and len(order) > 1
            made.append(Row(row, float(slots[row]), place, value, mark, outcome, leads, failed))
        return made

    def _marks(self, entry: Entry, row: int, step: float, arrived: int, ended: int) -> tuple[str, str]:
        """Return the mark of a row, and its outcome in words instead."""
        runs = int(self.live.runs[row])
        if runs > 1:
            parts = [f"{sign} {count}/{runs}" for sign, count in ((REACHED, arrived), (FAILED, ended)) if count]
            return (parts[-1] if ended else parts[0]) if parts else "", ""
        if entry.ended and step >= entry.since:
            return f"{entry.symbol} {entry.since}", entry.outcome if self.columns.in_words else ""
        if arrived:
            return f"{REACHED} {int(self.live.reached[row][0])}", ""
        return (f"{entry.symbol} {entry.since}" if entry.symbol and step >= entry.since else ""), ""


def _places(order: Sequence[int], keys: NDArray[np.float64], over: NDArray[np.bool_]) -> list[str]:
    """Return the places of rows in an order: equal for equal keys, none for failed rows."""
    places: list[str] = []
    above: list[int] = []  # rows that have not failed
    for row in order:
        tied = bool(above) and (keys[row] == keys[above[-1]]).all()
        place = places[order.index(above[-1])] if tied else str(len(above) + 1)
        places.append("–" if over[row] else place)
        if not over[row]:
            above.append(row)
    return places
