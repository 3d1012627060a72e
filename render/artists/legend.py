"""Who is who: rows of sample, name, learning rate and fate, outside the panels so that no path is covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.record import Record, Surface, step_or_none
from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes
from landscapes.render.artists.text_fit import shortened, text_width
from landscapes.render.theme import Style, Theme, styles

ROW = 17.0
"""Height of a row in points at a font size of 9; all else scales with the font."""

INDENT = 3.4
"""Where names begin, in font sizes: behind the sample."""

GAP = 0.9
"""What is left behind a name and a rate, in font sizes."""

SMALL = 0.9
"""The size of what stands behind a name, as a share of the font size."""


@dataclass(frozen=True)
class Entry:
    """What the legend says of a run."""

    style: Style
    name: str
    rate: str
    fate: str
    sign: str
    since: int


class Fate(Text, AnimatedArtist):
    """How a run ended, shown from that step on."""

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


def entries(record: Record, theme: Theme) -> list[Entry]:
    """One entry a run, in the record's order."""
    runs = record.trajectories.runs
    labels = [str(label) for label in runs["label"]]
    facts = zip(styles(labels, theme), labels, runs["lr"], strict=True)
    return [
        Entry(style, label, _rate(float(lr), label), *_fate(record, run))
        for run, (style, label, lr) in enumerate(facts)
    ]


def compact(shown: Sequence[Entry]) -> list[Entry]:
    """The same in fewer words, for small pictures."""
    return [
        replace(entry, rate=entry.rate.removeprefix("lr "), fate=entry.fate and f"{entry.sign} {entry.since}")
        for entry in shown
    ]


def trimmed(shown: Sequence[Entry], width: float, font: float) -> list[Entry]:
    """The same with names cut so that a row fits a width in points; their ends stay, since they tell runs apart."""
    sample, _, rate, fate = _widths(shown, font)
    room = max(width - sample - rate - fate - GAP * font, 3 * font)
    return [replace(entry, name=shortened(entry.name, room, font, tail=0.4)) for entry in shown]


def columns(shown: Sequence[Entry], width: float, font: float) -> int:
    """How many columns fit a width in points."""
    return max(1, min(int(width // (row(shown, font) + font)), len(shown)))


def row(shown: Sequence[Entry], font: float) -> float:
    """How wide a row is, in points."""
    return sum(_widths(shown, font))


def height(shown: Sequence[Entry], across: int, font: float) -> float:
    """The legend's height in points."""
    return -(-len(shown) // across) * ROW * font / 9


def key(ax: Axes, shown: Sequence[Entry], theme: Theme, *, across: int = 1, font: float = 9.0) -> Axes:
    """Fills an empty `ax` with the legend, and returns it."""
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
            [x + 0.2 * unit, x + 2.4 * unit], [y, y], color=entry.style.color, linewidth=2.2, solid_capstyle="round",
            marker=entry.style.marker, markevery=[1], markersize=5.5,
        )  # fmt: skip
        if entry.style.dashes:
            sample.set_dashes(entry.style.dashes)
        ax.add_line(sample)
        ax.text(x + indent, y, entry.name, va="center", fontsize=font, color=theme.foreground, parse_math=False)
        small = font * SMALL
        ax.text(x + indent + name, y, entry.rate, va="center", fontsize=small, color=theme.foreground, alpha=0.65)
        if entry.fate:
            after = x + indent + name + rate
            fate = Fate(after, y, entry.fate, va="center", fontsize=small, color=theme.foreground)
            fate.since = entry.since
            ax.add_artist(fate)
    return ax


def _widths(shown: Sequence[Entry], font: float) -> tuple[float, float, float, float]:
    """How wide sample, names, rates and fates are, each with its gap, in points."""
    name = max(text_width(entry.name, font) for entry in shown) + GAP * font
    rate = max(text_width(entry.rate, font * SMALL) for entry in shown) + GAP * font
    fate = max(text_width(entry.fate, font * SMALL) for entry in shown)
    return INDENT * font, name, rate, fate


def _rate(lr: float, label: str) -> str:
    return "" if lr != lr or f"lr={lr:g}" in label else f"lr {lr:.3g}"


def _fate(record: Record, run: int) -> tuple[str, str, int]:
    """What to say of how a run ended, in words and as a sign, and from which step on."""
    runs, steps = record.trajectories.runs, record.trajectories.step
    words = {"diverged": "diverged at step", "non-finite": "NaN at step", "unbounded": "left at step"}
    status, stopped = str(runs["status"][run]), step_or_none(runs["stopped"], run)
    if status in words and stopped is not None:
        return f"{words[status]} {stopped}", "↗" if status == "unbounded" else "✕", stopped
    ground = record.surface or record.curve
    if ground is not None and not (seen := _in_view(record.trajectories.x[run], ground))[-1]:
        since = int(steps[len(seen) - np.argmax(seen[::-1])]) if seen.any() else 0
        return f"out of view from step {since}", "↗", since
    return "", "", int(steps[-1])


def _in_view(way: NDArray[np.float64], surface: Surface) -> NDArray[np.bool_]:
    """Which points (T, d) lie on the surface, or on the curve."""
    sides = zip(way.T, (surface.x, surface.y), strict=False)  # a curve has one coordinate
    return np.asarray(np.all([(at >= side[0]) & (at <= side[-1]) for at, side in sides], axis=0))
