"""The leaderboard of a race: a legend in the order of the present losses, whose rows change place smoothly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from landscapes.analysis.live_standings import LiveStandings
from landscapes.render.artists.animated import IDENTITY, NO_BOXES, AnimatedArtist, Boxes, Canvas, in_use, paste, pixels
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.legend import Entry
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.sprites import ASCENT, DESCENT, Image, Lettering, Numerals, sprite, text_width
from landscapes.render.artists.standings_columns import FAILED, REACHED, Columns, has_arrivals, measure, short_number
from landscapes.render.theme import Theme

RAISE = 0.36
"""How far a baseline lies below the middle of its row, in font sizes."""

REST = 0.25
"""The share of the time between two orders, at either end, in which rows that change place do not move."""

LETTERS = 1.05
"""The height of letters with their gaps, in font sizes: rows closer than this would touch."""

SHADES = 8
"""The number of opacities of rows that fade."""

PALE = 0.65
"""Opacity of learning rates and headings."""

KEPT = 512
"""The largest number of remembered states."""

MARGIN = 6
"""The margin of the image of a leaderboard in pixels."""

State = tuple[Any, ...]
"""What the rows depend on."""


@dataclass(frozen=True)
class Row:
    """A row of the leaderboard at a step, as it is read.

    Attributes:
        entry: the number of the optimizer in the record.
        slot: where the row is: 0 for the first place, with fractions while it moves.
        place: its place, equal for equal runs; "–" for a failed one.
        value: the present gap or loss; "" if it failed.
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


ALL_BUT_VALUE = attrgetter("entry", "slot", "place", "mark", "outcome", "leads", "failed")


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
        self.theme = theme
        self.span = int(live.steps[-1])
        self.step: float = self.span
        self._keys: NDArray[np.int64] | None = None
        self._slots: NDArray[np.float64] = np.zeros((0, len(columns.entries)))
        self._reads: list[float] = []
        self._rows: dict[State, list[Row]] = {}
        self._states: dict[float, State] = {}
        self._prepared: tuple[Any, ...] = ()
        self._left = self._top = 0.0
        self._origin = 0, 0
        self._board: Canvas
        self._board_of: State | None = None
        self._board_rows: list[Row] = []
        self._image: Image
        ends: list[Iterable[float]] = [*live.reached, *live.failed]
        ends.append([entry.since for entry in columns.entries if entry.symbol or entry.ended])
        self._events = sorted({float(step) for own in ends for step in own})
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
        at, true = [int(step) for step in keys], [int(step) for step in exact]
        self._keys = np.array(at)
        self._slots = np.argsort(self.live.steady_orders(at, true), axis=1).astype(float)
        more = [float(step) for step in reads]
        self._reads = sorted({*more, *true, at[0], at[-1]}) if more else []
        self._rows.clear()
        self._states.clear()

    def rows(self, step: float | None = None) -> list[Row]:
        """Return the rows from top to bottom at a step, by default the present one."""
        step = self.step if step is None else step
        state = self._state(step)
        if state not in self._rows:
            if len(self._rows) >= KEPT:
                self._rows.clear()
            self._rows[state] = self._read(step)
        return self._rows[state]

    def slots(self, step: float) -> NDArray[np.float64]:
        """Return where each optimizer's row is at a step: 0 for the first place."""
        if self._keys is None:
            return np.argsort(self.live.order(step)).astype(float)
        before, share = self._movement(step)
        one = np.asarray(self._slots[before])
        return one + share * (self._slots[before + 1] - one) if share else one

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

    def _state(self, step: float) -> State:
        """Return what the rows at a step depend on: the step of their losses, what has happened, and their order."""
        if self._keys is None:
            return (step,)
        if step not in self._states:
            if len(self._states) >= KEPT:
                self._states.clear()
            self._states[step] = self._read_at(step), bisect_right(self._events, step), *self._movement(step)
        return self._states[step]

    def _read(self, step: float) -> list[Row]:
        live, entries, slots, read = self.live, self.columns.entries, self.slots(step), self._read_at(step)
        keys, values, arrived, ended = live.keys(read), live.values(read), live.arrived(step), live.ended(step)
        over = ended == live.runs
        order = np.argsort(slots, kind="stable").tolist()
        places: list[str] = []
        above: list[int] = []  # rows that have not failed
        for row in order:
            tied = bool(above) and (keys[row] == keys[above[-1]]).all()
            place = places[order.index(above[-1])] if tied else str(len(above) + 1)
            places.append("–" if over[row] else place)
            if not over[row]:
                above.append(row)
        made = []
        for place, row in zip(places, order, strict=True):
            entry, failed = entries[row], bool(over[row])
            mark, outcome = self._marks(entry, row, step, int(arrived[row]), int(ended[row]))
            value = "" if failed else self.theme.number(short_number(float(values[row])))
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

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        if self.axes is None or not isinstance(renderer, RendererAgg):
            return None
        self._prepare(renderer)
        shown = {self._state(step): step for step in steps}
        states = [{row.entry: row for row in self.rows(step)} for step in shown.values()]
        columns, boxes = self.columns, []
        for entry in range(len(columns.entries)):
            own = [state[entry] for state in states]
            if len(set(own)) == 1:
                continue
            low, high = min(row.slot for row in own), max(row.slot for row in own)
            still = low == high and len({(row.leads, row.failed, row.place) for row in own}) == 1
            left = self._x(columns.start if still else 0)
            same = still and len({(row.mark, row.outcome) for row in own}) == 1
            right = self._x(columns.value if same else columns.width)
            if not still:  # rows next to one that moves fade
                low, high = max(low - 1, 0), min(high + 1, len(columns.entries) - 1)
            boxes.append([left - 1, self._edge(high + 1) - 2, right + 2, self._edge(low) + 2])
        return np.array(boxes) if boxes else NO_BOXES

    def differs(self, one: float, two: float) -> bool:
        return self._state(one) != self._state(two)

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        self._place(renderer)
        if isinstance(renderer, RendererAgg):
            self._prepare(renderer)
        if not isinstance(renderer, Canvas):
            self._draw_board(renderer)
        elif in_use(
            (self._x(0), self._edge(len(self.columns.entries)) - 2, self._x(self.columns.width) + 2, self._top + 2),
            renderer,
        ):
            self._paste_board(renderer)
        self.stale = False

    def _draw_board(self, renderer: RendererBase) -> None:
        rows = self.rows()
        self._draw_heading(renderer)
        for at, row in enumerate(rows):
            self._write(renderer, self.columns.place, at, row.place, self._small(PALE), "right")
        for row, opacity in self._opacities(rows):
            if opacity:
                self._draw_row(renderer, row, opacity)

    def _paste_board(self, renderer: Canvas) -> None:
        """Draw the image of all, or what of it lies in regions in use."""
        image, (left, bottom) = self._board_image(), self._origin
        if renderer.sides is not None:
            high, wide = image.shape[:2]
            sides = np.array(renderer.sides, int) - [left, bottom, left, bottom]
            sides = sides[(sides[:, 2:] > 0).all(1) & (sides[:, :2] < (wide, high)).all(1)]
            if not len(sides):
                return
            (x, y), (right, top) = sides[:, :2].min(0).clip(0).tolist(), sides[:, 2:].max(0).tolist()
            left, bottom, image = left + x, bottom + y, image[y:top, x:right]
        paste(renderer, left, bottom, image)

    def _board_image(self) -> Image:
        """Return the image of all, which is drawn anew when something changes."""
        state = self._state(self.step)
        if state == self._board_of:
            return self._image
        before, self._board_rows = self._board_rows, self.rows()
        if not self._replace_values(before, self._board_rows):
            left, top = self._left, self._top
            try:
                self._left, self._top = left - self._origin[0], top - self._origin[1]
                self._board.clear()  # type: ignore[no-untyped-call]
                self._draw_board(self._board)
            finally:
                self._left, self._top = left, top
            page = np.asarray(self._board.buffer_rgba())  # type: ignore[no-untyped-call]
            self._image = page[::-1].copy()  # Agg counts rows upwards
        self._board_of = state
        return self._image

    def _opacities(self, rows: Sequence[Row]) -> list[tuple[Row, float]]:
        """Return the rows from back to front with their opacity: one that is passed fades before letters touch."""
        order = sorted(rows, key=self._depth)
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

    def _replace_values(self, before: list[Row], now: list[Row]) -> bool:
        """Replace the losses in the image if nothing else changes and no row moves. Return whether it is complete."""
        if list(map(ALL_BUT_VALUE, before)) != list(map(ALL_BUT_VALUE, now)):
            return False
        right = round(self._x(self.columns.value)) - self._origin[0]
        widest = max(len(row.value) for row in [*before, *now]) * self._numerals.widest
        others = self._x(self.columns.start if self.columns.lr is None else self.columns.lr) + 2 - self._origin[0]
        if any(row.slot != int(row.slot) for row in now) or right - widest < others:
            return False
        for old, new in zip(before, now, strict=True):
            if old.value != new.value and not new.outcome:
                low = round(self._baseline(new.slot)) - self._origin[1] - self._numerals.below
                images = [self._numerals.image(row.value) for row in (old, new)]
                cells = [self._image[low : low + len(image), right - image.shape[1] : right] for image in images]
                cells[0][images[0][..., 3] > 0] = 0
                np.copyto(cells[1], images[1], where=images[1][..., 3:] > 0)
        return True

    def _depth(self, row: Row) -> tuple[int, float]:
        """Return how far in front a row is: those that climb before those that stay, and these before the others."""
        assert self._keys is not None or row.slot == int(row.slot)
        if self._keys is None or row.slot == int(row.slot):
            return 1, -row.slot
        climbs = self._slots[self._movement(self.step)[0] + 1, row.entry] < row.slot
        return (2 if climbs else 0), -row.slot

    # places in pixels

    def _place(self, renderer: RendererBase) -> None:
        assert self.axes is not None
        self._unit = pixels(renderer, 1.0)
        self._left, _, _, self._top = (float(side) for side in self.axes.bbox.extents)
        if isinstance(renderer, RendererAgg):
            self._left, self._top = round(self._left), round(self._top)

    def _x(self, points: float) -> float:
        return self._left + points * self._unit

    def _edge(self, slot: float) -> float:
        """Return the upper edge of a slot."""
        return float(self._top - (self.columns.head + slot * self.columns.row) * self._unit)

    def _baseline(self, slot: float) -> float:
        return self._edge(slot + 0.5) - RAISE * self.columns.font * self._unit

    # drawing

    def _small(self, alpha: float = 1.0) -> Lettering:
        return Lettering(self.columns.small, self.theme.foreground, tuple(self._families), alpha=alpha)

    def _draw_heading(self, renderer: RendererBase) -> None:
        columns, theme = self.columns, self.theme
        look = Lettering(columns.heading, theme.foreground, tuple(self._families), alpha=PALE)
        y = self._top - (columns.head - 0.3 * columns.font) * self._unit
        heads = [(columns.value, theme.say(measure(self.live)), "right")]
        if columns.lr is not None:
            heads.append((columns.lr, theme.say("lr"), "right"))
        if columns.mark is not None and has_arrivals(self.live, columns.entries):
            heads.append((columns.mark, theme.say("target"), "left"))
        for x, words, align in heads:
            self._paste(renderer, self._x(x), y, words, look, align)

    def _draw_row(self, renderer: RendererBase, row: Row, opacity: float) -> None:
        columns, slot = self.columns, row.slot
        if isinstance(renderer, RendererAgg):
            image, low = self._row_image(renderer, row)
            left, bottom = round(self._x(columns.sample)), round(self._baseline(slot)) - low
            paste(renderer, left, bottom, _faded(image, opacity))
        else:
            self._paint(renderer, row, self._x(columns.sample), self._baseline(slot), opacity)
        look = self._small(opacity)
        words = row.outcome or ""
        if words:
            self._write(renderer, columns.width, slot, words, look, "right")
            return
        if row.value:
            if isinstance(renderer, RendererAgg):
                image = self._numerals.image(row.value)
                x = round(self._x(columns.value)) - image.shape[1]
                paste(renderer, x, round(self._baseline(slot)) - self._numerals.below, _faded(image, opacity))
            else:
                self._write(renderer, columns.value, slot, row.value, look, "right")
        if row.mark and columns.mark is not None:
            self._write(renderer, columns.mark, slot, row.mark, look, "left")

    def _paint(self, renderer: RendererBase, row: Row, x: float, y: float, opacity: float = 1.0) -> None:
        """Draw trail, name and learning rate of a row, from x on, with the baseline at y."""
        columns, entry, unit = self.columns, self.columns.entries[row.entry], self._unit
        middle, scale = y + RAISE * columns.font * unit, min(columns.font / 9, 1.0)
        left, right = x + 0.3 * columns.font * unit, x + (columns.name - columns.sample - 0.9 * columns.font) * unit
        sample = Line2D(
            [left, right], [middle, middle], color=entry.style.color, linewidth=2.2 * scale, solid_capstyle="round",
            marker=entry.style.marker, markevery=[1], markersize=5.5 * scale, transform=IDENTITY,
            alpha=opacity,
        )  # fmt: skip
        if entry.style.dashes:
            sample.set_dashes(entry.style.dashes)
        page = root_figure(self)
        assert page is not None
        sample.set_figure(page)
        sample.draw(renderer)
        weight, alpha = "bold" if row.leads else "normal", opacity * (PALE if row.failed else 1.0)
        name = Lettering(columns.font, self.theme.foreground, tuple(self._families), weight, alpha)
        name.text(self, entry.name, x + (columns.name - columns.sample) * unit, y).draw(renderer)
        if entry.lr and columns.lr is not None:
            self._small(PALE * opacity).text(self, entry.lr, x + (columns.lr - columns.sample) * unit, y, "right").draw(
                renderer
            )

    def _write(self, renderer: RendererBase, x: float, slot: float, words: str, look: Lettering, align: str) -> None:
        """Write a text in a slot, from or up to a place in points."""
        self._paste(renderer, self._x(x), self._baseline(slot), words, look, align)

    def _paste(self, renderer: RendererBase, x: float, y: float, words: str, look: Lettering, align: str) -> None:
        """Write a text at a place in pixels; on Agg from an image."""
        if not isinstance(renderer, RendererAgg):
            look.text(self, words, x, y, align).draw(renderer)
            return
        key = words, look
        if key not in self._texts:
            text = look.text(self, words, 0, 0)
            wide = text_width(renderer, text)
            low, high = self._reach(look.size)
            draw = lambda page, base: look.text(self, words, 1, base).draw(page)  # noqa: E731
            self._texts[key] = sprite(wide + 3, low, high, renderer.dpi, draw), wide
        image, wide = self._texts[key]
        left = x - wide if align == "right" else x
        paste(renderer, round(left) - 1, round(y) - self._reach(look.size)[0], image)

    def _row_image(self, renderer: RendererAgg, row: Row) -> tuple[Image, int]:
        """Return the image of trail, name and learning rate, and how far it reaches below the baseline."""
        key = row.entry, row.leads, row.failed
        if key not in self._images:
            columns = self.columns
            low, high = self._reach(columns.font)
            wide = ((columns.lr or self.columns.start) - columns.sample) * self._unit
            image = sprite(wide + 2, low, high, renderer.dpi, lambda page, y: self._paint(page, row, 0.0, y))
            self._images[key] = image, low
        return self._images[key]

    def _reach(self, size: float) -> tuple[int, int]:
        """Return how far letters of a size reach below and above their baseline, in whole pixels."""
        return int(np.ceil(DESCENT * size * self._unit)), int(np.ceil(ASCENT * size * self._unit))

    def _prepare(self, renderer: RendererAgg) -> None:
        """Forget all images if the layout has changed."""
        self._place(renderer)
        key = self._left, self._top, self._unit, renderer.dpi
        if key != self._prepared:
            self._prepared = key
            self._texts: dict[tuple[str, Lettering], tuple[Image, float]] = {}
            self._images: dict[tuple[Any, ...], tuple[Image, int]] = {}
            self._numerals = Numerals(self, self._small(), renderer)
            self._board_of, self._board_rows = None, []
            low, bottom = int(self._left) - MARGIN, int(self._edge(len(self.columns.entries))) - MARGIN
            self._origin = low // 2 * 2, bottom // 2 * 2  # even, so that halves are rounded alike
            wide, high = self._x(self.columns.width) + MARGIN - self._origin[0], self._top + MARGIN - self._origin[1]
            self._board = Canvas(int(np.ceil(wide)), int(np.ceil(high)), float(renderer.dpi))

    @property
    def _families(self) -> list[str]:
        if not hasattr(self, "_fonts"):
            self._fonts = list(self.theme.families)
        return self._fonts


def _faded(image: Image, opacity: float) -> Image:
    """Return an image of which a share of its opacity is left."""
    if opacity == 1:
        return image
    pale = image.copy()
    pale[..., 3] = (opacity * image[..., 3].astype(np.float64)).round()
    return pale
