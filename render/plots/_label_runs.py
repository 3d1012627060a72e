"""Labels next to the current points, instead of a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.errors import suggests_arguments
from landscapes.record import Record, optimizer_labels
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, pixels, stroke
from landscapes.render.artists.animated import Boxes as Areas
from landscapes.render.artists.label_placement import Boxes, Points, key_steps, plan, settle
from landscapes.render.artists.legend import Entry, abbreviated, run_entries
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.plots.contours import STAR
from landscapes.render.plots.inputs import check_step, current_axes, show_step, size_factor
from landscapes.render.plots.level_lines import LEVEL_LABEL
from landscapes.render.theme import Theme, as_theme

FONT = 9.0
"""Font size on large axes, in points."""

MOST = 60
"""The largest number of labels; more would hide the function, and finding their places takes time."""

LEAD = 0.9
"""Labels farther from their point than this many font sizes get a leader line."""

Place = tuple[int, Points, Points, Points]
"""A run, the centre of its label, half the sides of the label, and the current point."""


class RunLabels(Artist, AnimatedArtist):
    """The labels of all runs, each next to its current point.

    Args:
        record: the race.
        shown: the legend entries of the first runs, which get labels.
        theme: the theme.
        font: font size in points.
        head: diameter of a current point in points.
        star: diameter of a minimum's star in points.
    """

    def __init__(
        self,
        record: Record,
        shown: list[Entry],
        theme: Theme,
        font: float = FONT,
        head: float = 8.5,
        star: float = STAR,
    ) -> None:
        super().__init__()
        self.points = record.trajectories.x[: len(shown)]
        self.steps = record.trajectories.step
        self.minima = np.zeros((0, 2)) if record.surface is None else record.surface.minima
        self.shown = shown
        self.theme = theme
        self.font = font
        self.head = head
        self.star = star
        self.step = self.span = int(self.steps[-1])
        self.set_zorder(6.5)
        self._key: tuple[Any, ...] | None = None
        self._places: dict[int, list[Place]] = {}
        self._sprites: dict[tuple[int, bool], NDArray[np.uint8]] = {}

    def set_step(self, step: int) -> None:
        self.step = step

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Areas | None:
        if self.axes is None:
            return None
        scale = pixels(renderer, 1.0)
        self._places.clear()  # all of these steps will be drawn, others not
        reach = 2 + self.font * scale
        found: dict[int, set[tuple[float, ...]]] = {}
        for step in steps:
            for run, middle, half, head in self.places(scale, step):
                low, high = np.minimum(middle - half, head), np.maximum(middle + half, head)
                found.setdefault(run, set()).add((*(low - reach).round(2).tolist(), *(high + reach).round(2).tolist()))
            for run in set(range(len(self.shown))) - {run for run, *_ in self.places(scale, step)}:
                found.setdefault(run, set()).add((np.inf, np.inf, -np.inf, -np.inf))
        changed = [sides for sides in found.values() if len(sides) > 1]
        union = [[*np.min(list(sides), 0)[:2], *np.max(list(sides), 0)[2:]] for sides in changed]
        return np.array(union).reshape(-1, 4)

    def places(self, scale: float, step: int | None = None) -> list[Place]:
        """Return the visible labels at a step: run, centre, half sides and current point, in pixels.

        Args:
            scale: a point's length in pixels.
            step: by default the one shown.
        """
        self._prepare(scale)
        shown = self.step if step is None else step
        if shown not in self._places:
            self._places[shown] = self._placed(shown)
        return self._places[shown]

    def _placed(self, step: int) -> list[Place]:
        now = int(np.searchsorted(self.steps, step, side="right")) - 1
        heads = self._heads[now]
        in_view = np.isfinite(heads).all(1)
        if not in_view.any():
            return []
        half = self._half[self._ended(step), np.arange(len(self.shown))]
        middle = np.stack([np.interp(now, self._keys, track) for track in self._plan.reshape(len(self._keys), -1).T])
        discs = Boxes(heads[in_view], np.full((int(in_view.sum()), 2), self._radius))
        walls = Boxes(np.vstack([self._fixed.middle, discs.middle]), np.vstack([self._fixed.half, discs.half]))
        found, placed = settle(Boxes(middle.reshape(-1, 2)[in_view], half[in_view]), walls, self._low, self._high)
        return [
            (int(run), found[k], half[run], heads[run]) for k, run in enumerate(np.flatnonzero(in_view)) if placed[k]
        ]

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.axes is None:
            return
        scale = pixels(renderer, 1.0)
        ended = self._ended(self.step)
        placed = self.places(scale)
        for run, middle, half, head in placed:
            self._lead(renderer, run, middle, half, head, scale)
        for run, middle, _, _ in placed:
            if isinstance(renderer, RendererAgg):
                sprite = self._sprite(renderer, run, bool(ended[run]))
                high, wide = sprite.shape[:2]
                gc = renderer.new_gc()
                renderer.draw_image(gc, round(middle[0] - wide / 2), round(middle[1] - high / 2), sprite)
                gc.restore()
            else:  # draw the halo as an outline, then the text
                for outlined in (True, False):
                    text = self._text(run, bool(ended[run]), outlined)
                    text.set_position((middle[0], middle[1]))
                    text.draw(renderer)
        self.stale = False

    def _ended(self, step: int) -> NDArray[np.int64]:
        """Return for each run whether its outcome is known at a step."""
        return np.array([bool(entry.outcome) and step >= entry.since for entry in self.shown]).astype(np.int64)

    def _words(self, run: int, ended: bool) -> str:
        entry = self.shown[run]
        return f"{entry.name} {entry.outcome}" if ended else entry.name

    def _text(self, run: int, ended: bool, outlined: bool = True) -> Text:
        """Return a label as a matplotlib text, with or without its halo."""
        halo = [withStroke(linewidth=0.28 * self.font, foreground=self.theme.halo)]
        text = Text(
            0,
            0,
            self._words(run, ended),
            fontfamily=self.theme.families,
            fontsize=self.font,
            color=self.shown[run].style.color,
            ha="center",
            va="center",
            parse_math=False,
            fontweight="bold",
            path_effects=halo if outlined else None,
        )
        page = root_figure(self)
        assert page is not None
        text.set_figure(page)
        text.set_transform(IDENTITY)
        return text

    def _sprite(self, renderer: RendererAgg, run: int, ended: bool) -> NDArray[np.uint8]:
        """Return the pixels of a label, drawn once per layout; Agg counts rows upwards."""
        if (run, ended) not in self._sprites:
            half = np.ceil(self._half[int(ended), run] + 0.5 * self.font * pixels(renderer, 1.0)).astype(int)
            page = RendererAgg(2 * int(half[0]), 2 * int(half[1]), renderer.dpi)
            text = self._text(run, ended)
            text.set_position((half[0], half[1]))
            text.draw(page)
            self._sprites[run, ended] = np.ascontiguousarray(np.asarray(page.buffer_rgba())[::-1])
        return self._sprites[run, ended]

    def _lead(self, renderer: RendererBase, run: int, middle: Points, half: Points, head: Points, scale: float) -> None:
        """Draw a leader line from a label to its point if they are apart."""
        near = np.clip(head, middle - half, middle + half)
        far = float(np.hypot(*(near - head)))
        if far - self._radius < LEAD * self.font * scale:
            return
        gc = stroke(self, renderer, 0.09 * self.font)
        gc.set_foreground((*self.shown[run].style.color, 1.0), isRGBA=True)
        renderer.draw_path(gc, Path([near, head + (near - head) * self._radius / far]), IDENTITY)
        gc.restore()

    def _prepare(self, scale: float) -> None:
        """Plan the places for the whole race, once per layout."""
        assert self.axes is not None
        transform = self.axes.transData
        key = (transform.get_affine().get_matrix().tobytes(), scale, *self.axes.bbox.extents)
        if key == self._key:
            return
        self._key = key
        self._sprites.clear()
        self._places.clear()
        gap = 0.25 * self.font * scale
        self._low, self._high = (corner for corner in np.array(self.axes.bbox.extents).reshape(2, 2))
        self._low, self._high = self._low + gap, self._high - gap
        self._radius = 0.58 * self.head * scale  # including the edge
        self._heads = np.stack(
            [head_positions(transform.transform(points), self.axes.bbox.extents) for points in self.points], 1
        )
        ruler = Ruler(72 * scale)
        families = tuple(self.theme.families)
        wide = [
            [ruler.width(self._words(run, late), self.font, "bold", families) for run in range(len(self.shown))]
            for late in (False, True)
        ]
        self._half = np.stack([np.array(wide) / 2 + 0.15 * self.font, np.full_like(wide, 0.58 * self.font)], 2) * scale
        minima = transform.transform(self.minima) if len(self.minima) else np.zeros((0, 2))
        boxes = [child.bbox for child in self.axes.child_axes]
        numbers = [text for text in self.axes.texts if text.get_label() == LEVEL_LABEL]
        self._fixed = Boxes(
            np.vstack(
                [
                    minima,
                    *[box.get_points().mean(0) for box in boxes],
                    *[transform.transform(text.get_position()) for text in numbers],
                ]
            ),
            np.vstack(
                [
                    np.full_like(minima, 0.5 * self.star * scale),
                    *[[box.width / 2, box.height / 2] for box in boxes],
                    *[scale * _half(text, ruler) for text in numbers],
                ]
            ),
        )
        self._keys = key_steps(self._heads)
        widest = self._half.max(0)
        self._plan = plan(self._heads[self._keys], widest, self._radius, gap, self._fixed, self._low, self._high)


def _half(text: Text, ruler: Ruler) -> NDArray[np.float64]:
    """Return half the sides of a turned text in points, without a renderer."""
    size, angle = float(text.get_fontsize()), np.deg2rad(text.get_rotation())
    turn = np.abs([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(turn @ [ruler.width(text.get_text(), size) / 2, size / 2])


@suggests_arguments
def label_runs(
    record: Record,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    fontsize: float | None = None,
) -> Axes:
    """Write the name of each run next to its current point on axes that show the race, and return them.

    Labels follow their points steadily and avoid points, minima, insets, level numbers and each other. A leader line
    links a label that is not adjacent to its point. A label without a free place is hidden. Of more than 60 runs, the
    first 60 have labels.

    Args:
        record: a race in two dimensions.
        ax: where to draw; by default matplotlib's current axes.
        step: the step to show; by default the race's last.
        theme: colours, by name or as a `Theme`.
        fontsize: of the labels, in points; by default as the axes' size asks for.

    Raises:
        InputError: for a step outside the race, or an unknown theme.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import race
    >>> from landscapes.render import trajectories
    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=20)
    >>> ax = label_runs(record, trajectories(record, Figure().subplots()))
    """
    look = as_theme(theme)
    check_step(record, step)
    ax = current_axes(ax, look)
    scale = size_factor(ax)
    font = FONT * look.text_scale * scale**0.35 if fontsize is None else fontsize
    names = [clean_text(label, math=False) for label in optimizer_labels(record)[:MOST]]
    entries = [replace(entry, name=name) for entry, name in zip(run_entries(record, look), names, strict=False)]
    shown_runs = entries if scale > 0.9 else abbreviated(entries)
    ruler = Ruler((root_figure(ax) or ax.figure).dpi)
    wide = 72 * ax.get_window_extent().width / ruler.dpi
    shown_runs = [
        replace(entry, name=ruler.shorten(entry.name, 0.4 * wide, font, "bold", tail=0.4)) for entry in shown_runs
    ]
    ax.add_artist(RunLabels(record, shown_runs, look, font, 8.5 * scale, STAR * scale))
    show_step(ax, record, step)
    return ax


def head_positions(points: Points, extents: Any) -> Points:
    """Return where the head is drawn at each point (T, 2): there, or where it last left the axes; NaN before."""
    low, high = np.array(extents).reshape(2, 2)
    finite = np.isfinite(points).all(axis=1)
    last = np.maximum.accumulate(np.where(finite, np.arange(len(points)), 0))
    points = points[last]
    inside = np.asarray(((points >= low) & (points <= high)).all(axis=1))
    since = np.maximum.accumulate(np.where(inside, np.arange(len(points)), -1))
    begin, end = points[np.maximum(since, 0)], points[np.minimum(since + 1, len(points) - 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = np.where(end > begin, (high - begin) / (end - begin), (low - begin) / (end - begin))
    share = np.nan_to_num(ahead, nan=1.0, posinf=1.0, neginf=1.0).min(1).clip(0, 1)[:, None]
    drawn = np.where((since == np.arange(len(points)))[:, None], points, begin + share * (end - begin))
    return np.where((since < 0)[:, None], np.nan, drawn)
