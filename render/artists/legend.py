"""The legend of a race and the step counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.record import FAILED, Record, Surface, status_words, step_or_none
from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes, in_use
from landscapes.render.artists.text_fit import shorten, text_width
from landscapes.render.theme import Style, Theme, styles

ROW = 17.0
"""Height of a row in points at a font size of 9; all else scales with the font."""

INDENT = 3.4
"""Where names begin, in font sizes."""

GAP = 0.9
"""The gap after a name and after a learning rate, in font sizes."""

SMALL = 0.9
"""The size of learning rates and outcomes, relative to the font size."""


@dataclass(frozen=True)
class Entry:
    """A row of the legend: style, name, learning rate, outcome in words and as a symbol, and its step."""

    style: Style
    name: str
    lr: str
    outcome: str
    symbol: str
    since: int


class OutcomeText(Text, AnimatedArtist):
    """The outcome of a run, visible from its step on."""

    since: int = 0

    def set_step(self, step: int) -> None:
        self.set_visible(step >= self.since)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        if not steps[0] < self.since <= steps[-1]:
            return NO_BOXES
        before = self.get_visible()
        self.set_visible(True)
        box = self.get_window_extent(renderer).padded(2)
        self.set_visible(before)
        return np.array([box.extents])


def legend_entries(record: Record, theme: Theme) -> list[Entry]:
    """Return one entry per run, in the record's order."""
    runs = record.trajectories.runs
    labels = [str(label) for label in runs["label"]]
    facts = zip(styles(labels, theme), labels, runs["lr"], strict=True)
    return [
        Entry(style, label, _rate(float(lr), label), *_fate(record, run))
        for run, (style, label, lr) in enumerate(facts)
    ]


def abbreviated(shown: Sequence[Entry]) -> list[Entry]:
    """Return the entries in fewer words, for small figures."""
    return [
        replace(entry, lr=entry.lr.removeprefix("lr "), outcome=entry.outcome and f"{entry.symbol} {entry.since}")
        for entry in shown
    ]


def fit_names(shown: Sequence[Entry], width: float, font: float) -> list[Entry]:
    """Shorten names so that a row fits a width in points; their ends stay, because they distinguish runs."""
    sample, _, rate, outcome_text = _widths(shown, font)
    space = max(width - sample - rate - outcome_text - GAP * font, 3 * font)
    return [replace(entry, name=shorten(entry.name, space, font, tail=0.4)) for entry in shown]


def column_count(shown: Sequence[Entry], width: float, font: float) -> int:
    """Return how many columns fit a width in points."""
    return max(1, min(int(width // (row_width(shown, font) + font)), len(shown)))


def row_width(shown: Sequence[Entry], font: float) -> float:
    """Return the width of a row in points."""
    return sum(_widths(shown, font))


def legend_height(shown: Sequence[Entry], across: int, font: float) -> float:
    """Return the height of the legend in points."""
    return -(-len(shown) // across) * ROW * font / 9


def draw_legend(ax: Axes, shown: Sequence[Entry], theme: Theme, *, across: int = 1, font: float = 9.0) -> Axes:
    """Draw the legend on empty axes, and return them."""
    rows = -(-len(shown) // across)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(rows, 0)
    root = ax.get_figure(root=True)
    dpi = 72.0 if root is None else root.dpi
    width = 72 * ax.get_window_extent().width / dpi
    indent, name, rate, _ = (part / width for part in _widths(shown, font))
    unit = font / width
    for place, entry in enumerate(shown):
        column, row = divmod(place, rows)
        x, y = column / across, row + 0.5
        sample = Line2D(
            [x + 0.2 * unit, x + 2.4 * unit],
            [y, y],
            color=entry.style.color,
            linewidth=2.2,
            solid_capstyle="round",
            marker=entry.style.marker,
            markevery=[1],
            markersize=5.5,
        )
        if entry.style.dashes:
            sample.set_dashes(entry.style.dashes)
        ax.add_line(sample)
        ax.text(x + indent, y, entry.name, va="center", fontsize=font, color=theme.foreground, parse_math=False)
        small = font * SMALL
        ax.text(x + indent + name, y, entry.lr, va="center", fontsize=small, color=theme.foreground, alpha=0.65)
        if entry.outcome:
            after = x + indent + name + rate
            outcome_text = OutcomeText(after, y, entry.outcome, va="center", fontsize=small, color=theme.foreground)
            outcome_text.since = entry.since
            ax.add_artist(outcome_text)
    return ax


def _widths(shown: Sequence[Entry], font: float) -> tuple[float, float, float, float]:
    """Return the widths of sample, name, learning rate and outcome, each with its gap, in points."""
    name = max(text_width(entry.name, font) for entry in shown) + GAP * font
    rate = max(text_width(entry.lr, font * SMALL) for entry in shown) + GAP * font
    outcome_text = max(text_width(entry.outcome, font * SMALL) for entry in shown)
    return INDENT * font, name, rate, outcome_text


def _rate(lr: float, label: str) -> str:
    return "" if lr != lr or f"lr={lr:g}" in label else f"lr {lr:.3g}"


def _fate(record: Record, run: int) -> tuple[str, str, int]:
    """Return the outcome of a run in words and as a symbol, and its step."""
    runs, steps = record.trajectories.runs, record.trajectories.step
    status, stopped = str(runs["status"][run]), step_or_none(runs["stopped"], run)
    if status in (*FAILED, "unbounded") and stopped is not None:
        return f"{status_words(status)} at step {stopped}", "↗" if status == "unbounded" else "✕", stopped
    surface = record.surface or record.curve
    if surface is not None and not (visible := _in_view(record.trajectories.x[run], surface))[-1]:
        since = int(steps[len(visible) - np.argmax(visible[::-1])]) if visible.any() else 0
        return f"out of view from step {since}", "↗", since
    return "", "", int(steps[-1])


def _in_view(points: NDArray[np.float64], surface: Surface) -> NDArray[np.bool_]:
    """Return which points (T, d) lie on the surface or on the curve."""
    sides = zip(points.T, (surface.x, surface.y), strict=False)  # a curve has one coordinate
    return np.asarray(np.all([(at >= side[0]) & (at <= side[-1]) for at, side in sides], axis=0))


class StepCounter(Text, AnimatedArtist):
    """A text "step 120" whose number follows the race, right-aligned in a fixed-width font.

    On the Agg renderer the ten digits are drawn once per layout and pasted, about a hundred times faster than a new
    text layout per frame. Elsewhere it is an ordinary text.
    """

    def __init__(self, x: float, y: float, last: int, **kwargs: Any) -> None:
        self.digits = len(str(last))
        super().__init__(x, y, self.words(last), family="monospace", **kwargs)
        self._key: tuple[Any, ...] | None = None

    def words(self, step: int) -> str:
        return f"step {step:>{self.digits}}"

    def set_step(self, step: int) -> None:
        self.set_text(self.words(step))

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        if not isinstance(renderer, RendererAgg):
            return None
        self._prepare(renderer)
        return np.array([self._box])

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible():
            return
        if not isinstance(renderer, RendererAgg):
            super().draw(renderer)
            return
        self._prepare(renderer)
        if in_use(self._box, renderer):
            text = self.get_text()
            pages = [self._pages["0"]] * (len(text) - self.digits) + [
                self._pages[digit] for digit in text[-self.digits :]
            ]
            places = [page[:, one:two] for page, (one, two) in zip(pages, pairwise(self._cuts), strict=True)]
            renderer.draw_image(renderer.new_gc(), self._left, self._bottom, np.concatenate(places, axis=1))
        self.stale = False

    def _prepare(self, renderer: RendererAgg) -> None:
        """Draw the text once per layout with each digit in every place, and find where to cut the digits apart."""
        key = (
            *(renderer.width, renderer.height, renderer.dpi),
            *(self.get_color(), self.get_fontsize(), self.get_position()),
        )
        if key == self._key:
            return
        self._key = key
        kept = self.get_text()
        word = kept[: -self.digits]
        page = RendererAgg(int(renderer.width), int(renderer.height), renderer.dpi)
        left, bottom, right, top = np.clip(self.get_window_extent(renderer).padded(4).extents, 0, None)
        rows = slice(int(max(renderer.height - top, 0)), int(renderer.height - bottom))
        cols = slice(int(left), int(right))
        pages = {}
        for digit in "0123456789":
            self.set_text(word + digit * self.digits)
            page.clear()
            super().draw(page)
            pages[digit] = np.asarray(page.buffer_rgba())[rows, cols].copy()
        self.set_text(kept)
        ink = np.any([page[..., 3] for page in pages.values()], axis=0)
        (top, bottom), (left, right) = (np.flatnonzero(ink.any(axis))[[0, -1]] + [0, 1] for axis in (1, 0))
        self._left, self._bottom = cols.start + int(left), int(renderer.height) - rows.start - int(bottom)
        self._box = (self._left, self._bottom, self._left + int(right - left), self._bottom + int(bottom - top))
        self._pages = {
            digit: page[top:bottom, left:right][::-1] for digit, page in pages.items()
        }  # Agg counts rows upwards
        self._pages[" "] = np.zeros_like(self._pages["0"])
        gaps = np.flatnonzero(~ink[:, left:right].any(0))
        ideal = np.arange(1, len(kept)) * (right - left) / len(kept)
        near = [gaps[np.argmin(abs(gaps - x))] if len(gaps) else x for x in ideal]
        cuts = [round(float(gap if abs(gap - x) <= 3 else x)) for gap, x in zip(near, ideal, strict=True)]
        self._cuts = [0, *cuts, int(right - left)]
