"""The board of a leaderboard: its rows at their places, on Agg as one image that is kept while nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.lines import Line2D
from matplotlib.transforms import BboxBase

from landscapes.render.artists.animated import IDENTITY, Canvas, in_use, paste, pixels
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.sprites import ASCENT, DESCENT, Image, Lettering, Numerals, sprite, text_width
from landscapes.render.artists.standings_columns import Columns, has_arrivals, measure
from landscapes.render.artists.standings_rows import Row, StandingsRows, State

RAISE = 0.36
"""How far a baseline lies below the middle of its row, in font sizes."""

PALE = 0.65
"""Opacity of learning rates and headings."""

MARGIN = 6
"""The margin of the image of a leaderboard in pixels."""

ALL_BUT_VALUE = attrgetter("entry", "slot", "place", "mark", "outcome", "leads", "failed")


class Board:
    """Draws the rows of a leaderboard.

    Args:
        owner: the artist whose board it is.
        rows: the rows at every step.
    """

    def __init__(self, owner: Artist, rows: StandingsRows) -> None:
        self._owner = owner
        self._rows = rows
        self._columns = rows.columns
        self._theme = rows.theme
        self._prepared: tuple[Any, ...] = ()
        self._left = self._top = 0.0
        self._origin = 0, 0
        self._page: Canvas
        self._image: Image
        self._shown: State | None = None
        self._shown_rows: list[Row] = []

    def draw(self, renderer: RendererBase, box: BboxBase, step: float) -> None:
        """Draw the rows of a step in a box."""
        self.place(renderer, box)
        if not isinstance(renderer, Canvas):
            self._draw(renderer, step)
            return
        low, high = self.edge(len(self._columns.entries)) - 2, self._top + 2
        if in_use((self.x(0), low, self.x(self._columns.width) + 2, high), renderer):
            self._paste_image(renderer, step)

    # places in pixels

    def place(self, renderer: RendererBase, box: BboxBase) -> None:
        """Use a box, and forget all images if the layout has changed."""
        self._unit = pixels(renderer, 1.0)
        self._left, _, _, self._top = (float(side) for side in box.extents)
        if not isinstance(renderer, RendererAgg):
            return
        self._left, self._top = round(self._left), round(self._top)
        key = self._left, self._top, self._unit, renderer.dpi
        if key == self._prepared:
            return
        self._prepared = key
        self._texts: dict[tuple[str, Lettering], tuple[Image, float]] = {}
        self._images: dict[tuple[Any, ...], tuple[Image, int]] = {}
        self._numerals = Numerals(self._owner, self._small(), renderer)
        self._shown, self._shown_rows = None, []
        low, bottom = int(self._left) - MARGIN, int(self.edge(len(self._columns.entries))) - MARGIN
        self._origin = low // 2 * 2, bottom // 2 * 2  # even, so that halves are rounded alike
        wide, high = self.x(self._columns.width) + MARGIN - self._origin[0], self._top + MARGIN - self._origin[1]
        self._page = Canvas(int(np.ceil(wide)), int(np.ceil(high)), float(renderer.dpi))

    def x(self, points: float) -> float:
        """Return where a place in points from the left end is."""
        return self._left + points * self._unit

    def edge(self, slot: float) -> float:
        """Return the upper edge of a slot."""
        return float(self._top - (self._columns.head + slot * self._columns.row) * self._unit)

    def _baseline(self, slot: float) -> float:
        return self.edge(slot + 0.5) - RAISE * self._columns.font * self._unit

    # the image of all

    def _paste_image(self, renderer: Canvas, step: float) -> None:
        """Draw the image of all, or what of it lies in regions in use."""
        image, (left, bottom) = self._image_at(step), self._origin
        if renderer.sides is not None:
            high, wide = image.shape[:2]
            sides = np.array(renderer.sides, int) - [left, bottom, left, bottom]
            sides = sides[(sides[:, 2:] > 0).all(1) & (sides[:, :2] < (wide, high)).all(1)]
            if not len(sides):
                return
            (x, y), (right, top) = sides[:, :2].min(0).clip(0).tolist(), sides[:, 2:].max(0).tolist()
            left, bottom, image = left + x, bottom + y, image[y:top, x:right]
        paste(renderer, left, bottom, image)

    def _image_at(self, step: float) -> Image:
        """Return the image of all, which is drawn anew when something changes."""
        state = self._rows.state(step)
        if state == self._shown:
            return self._image
        before, self._shown_rows = self._shown_rows, self._rows.at(step)
        if not self._replace_values(before, self._shown_rows):
            left, top = self._left, self._top
            try:
                self._left, self._top = left - self._origin[0], top - self._origin[1]
                self._page.clear()  # type: ignore[no-untyped-call]
                self._draw(self._page, step)
            finally:
                self._left, self._top = left, top
            page = np.asarray(self._page.buffer_rgba())  # type: ignore[no-untyped-call]
            self._image = page[::-1].copy()  # Agg counts rows upwards
        self._shown = state
        return self._image

    def _replace_values(self, before: list[Row], now: list[Row]) -> bool:
        """Replace the losses in the image if nothing else changes and no row moves. Return whether it is complete."""
        if list(map(ALL_BUT_VALUE, before)) != list(map(ALL_BUT_VALUE, now)):
            return False
        columns = self._columns
        right = round(self.x(columns.value)) - self._origin[0]
        widest = max(len(row.value) for row in [*before, *now]) * self._numerals.widest
        others = self.x(columns.start if columns.lr is None else columns.lr) + 2 - self._origin[0]
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

    # drawing

    def _small(self, alpha: float = 1.0) -> Lettering:
        return Lettering(self._columns.small, self._theme.foreground, self._families, alpha=alpha)

    def _draw(self, renderer: RendererBase, step: float) -> None:
        rows = self._rows.at(step)
        self._draw_heading(renderer, has_losses(rows, self._columns))
        for at, row in enumerate(rows):
            self._write(renderer, self._columns.place, at, row.place, self._small(PALE), "right")
        for row, opacity in self._rows.opacities(step):
            if opacity:
                self._draw_row(renderer, row, opacity)

    def _draw_heading(self, renderer: RendererBase, losses: bool) -> None:
        columns, theme, live = self._columns, self._theme, self._rows.live
        look = Lettering(columns.heading, theme.foreground, self._families, alpha=PALE)
        y = self._top - (columns.head - 0.3 * columns.font) * self._unit
        heads = [(columns.value, theme.say(measure(live)), "right")] if losses else []
        if columns.lr is not None:
            heads.append((columns.lr, theme.say("lr"), "right"))
        if columns.mark is not None and has_arrivals(live, columns.entries):
            heads.append((columns.mark, theme.say("target"), "left"))
        if columns.rule:
            heads.append((0.0, columns.rule, "left"))
        for x, words, align in heads:
            self._paste(renderer, self.x(x), y, words, look, align)

    def _draw_row(self, renderer: RendererBase, row: Row, opacity: float) -> None:
        columns, slot = self._columns, row.slot
        if isinstance(renderer, RendererAgg):
            image, low = self._row_image(renderer, row)
            left, bottom = round(self.x(columns.sample)), round(self._baseline(slot)) - low
            paste(renderer, left, bottom, _faded(image, opacity))
        else:
            self._paint(renderer, row, self.x(columns.sample), self._baseline(slot), opacity)
        look = self._small(opacity)
        if row.outcome:
            self._write(renderer, columns.width, slot, row.outcome, look, "right")
            return
        if row.value:
            if isinstance(renderer, RendererAgg):
                image = self._numerals.image(row.value)
                x = round(self.x(columns.value)) - image.shape[1]
                paste(renderer, x, round(self._baseline(slot)) - self._numerals.below, _faded(image, opacity))
            else:
                self._write(renderer, columns.value, slot, row.value, look, "right")
        if row.mark and columns.compact:
            self._write(renderer, columns.value, slot, row.mark, look, "right")
        elif row.mark and columns.mark is not None:
            self._write(renderer, columns.mark, slot, row.mark, look, "left")

    def _paint(self, renderer: RendererBase, row: Row, x: float, y: float, opacity: float = 1.0) -> None:
        """Draw trail, name and learning rate of a row, from x on, with the baseline at y."""
        columns, entry, unit = self._columns, self._columns.entries[row.entry], self._unit
        middle, scale = y + RAISE * columns.font * unit, min(columns.font / 9, 1.0)
        left, right = x + 0.3 * columns.font * unit, x + (columns.name - columns.sample - 0.9 * columns.font) * unit
        sample = Line2D(
            [left, right], [middle, middle], color=entry.style.color, linewidth=2.2 * scale, solid_capstyle="round",
            marker=entry.style.marker, markevery=[1], markersize=5.5 * scale, transform=IDENTITY,
            alpha=opacity,
        )  # fmt: skip
        if entry.style.dashes:
            sample.set_dashes(entry.style.dashes)
        page = root_figure(self._owner)
        assert page is not None
        sample.set_figure(page)
        sample.draw(renderer)
        weight, alpha = "bold" if row.leads else "normal", opacity * (PALE if row.failed else 1.0)
        name = Lettering(columns.font, self._theme.foreground, self._families, weight, alpha)
        name.text(self._owner, entry.name, x + (columns.name - columns.sample) * unit, y).draw(renderer)
        if entry.lr and columns.lr is not None:
            lr = self._small(PALE * opacity)
            lr.text(self._owner, entry.lr, x + (columns.lr - columns.sample) * unit, y, "right").draw(renderer)

    def _write(self, renderer: RendererBase, x: float, slot: float, words: str, look: Lettering, align: str) -> None:
        """Write a text in a slot, from or up to a place in points."""
        self._paste(renderer, self.x(x), self._baseline(slot), words, look, align)

    def _paste(self, renderer: RendererBase, x: float, y: float, words: str, look: Lettering, align: str) -> None:
        """Write a text at a place in pixels; on Agg from an image."""
        if not isinstance(renderer, RendererAgg):
            look.text(self._owner, words, x, y, align).draw(renderer)
            return
        key = words, look
        if key not in self._texts:
            text = look.text(self._owner, words, 0, 0)
            wide = text_width(renderer, text)
            low, high = self._reach(look.size)
            draw = lambda page, base: look.text(self._owner, words, 1, base).draw(page)  # noqa: E731
            self._texts[key] = sprite(wide + 3, low, high, renderer.dpi, draw), wide
        image, wide = self._texts[key]
        left = x - wide if align == "right" else x
        paste(renderer, round(left) - 1, round(y) - self._reach(look.size)[0], image)

    def _row_image(self, renderer: RendererAgg, row: Row) -> tuple[Image, int]:
        """Return the image of trail, name and learning rate, and how far it reaches below the baseline."""
        key = row.entry, row.leads, row.failed
        if key not in self._images:
            columns = self._columns
            low, high = self._reach(columns.font)
            wide = ((columns.lr or columns.start) - columns.sample) * self._unit
            image = sprite(wide + 2, low, high, renderer.dpi, lambda page, y: self._paint(page, row, 0.0, y))
            self._images[key] = image, low
        return self._images[key]

    def _reach(self, size: float) -> tuple[int, int]:
        """Return how far letters of a size reach below and above their baseline, in whole pixels."""
        return int(np.ceil(DESCENT * size * self._unit)), int(np.ceil(ASCENT * size * self._unit))

    @property
    def _families(self) -> tuple[str, ...]:
        if not hasattr(self, "_fonts"):
            self._fonts = tuple(self._theme.families)
        return self._fonts


def has_losses(rows: Sequence[Row], columns: Columns) -> bool:
    """Return whether losses have a heading: not where none is shown, or where the rule of the places names them."""
    return any(row.value and not row.outcome for row in rows) and not (columns.compact and columns.rule)


def _faded(image: Image, opacity: float) -> Image:
    """Return an image of which a share of its opacity is left."""
    if opacity == 1:
        return image
    pale = image.copy()
    pale[..., 3] = (opacity * image[..., 3].astype(np.float64)).round()
    return pale
