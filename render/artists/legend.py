"""The legend of a race and the step counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.analysis.race_table import learning_rates
from landscapes.record import Record, Surface, optimizer_labels, status_step
from landscapes.render.artists.animated import NO_BOXES, AnimatedArtist, Boxes, Canvas, in_use, paste
from landscapes.render.artists.resting_text import RestingText
from landscapes.render.artists.sprites import Image
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.theme import Style, Theme, styles

FONT = 9.0
"""Font size in points at a text scale of 1."""

LEAST_POINTS, LEAST_PIXELS = 5.5, 6.5
"""The smallest font size; the larger of the two counts."""

ROW = 17.0
"""Height of a row in points at a font size of 9; all else scales with the font."""

INDENT = 3.4
"""Where names begin, in font sizes."""

GAP = 0.9
"""The gap after a name and after a learning rate, in font sizes."""

SMALL = 0.9
"""The size of learning rates and outcomes, relative to the font size, unless it is the smallest."""


@dataclass(frozen=True)
class Entry:
    """A row of the legend.

    Style, name, learning rate, outcome in words and as a symbol, its step, the bare rate, whether the row has a sample
    of the trail, and whether the outcome ended the run; one that is out of view goes on.
    """

    style: Style
    name: str
    lr: str
    outcome: str
    symbol: str
    since: int
    bare_lr: str = ""
    sample: bool = True
    ended: bool = False


@dataclass(frozen=True)
class Legend:
    """The rows of a legend, their number of columns, font size and total height in points, and the entries left out."""

    entries: list[Entry]
    across: int
    font: float
    height: float
    hidden: int = 0


class OutcomeText(RestingText):
    """The outcome of a run, visible from its step on."""

    since: int = 0

    def set_step(self, step: int) -> None:
        self.set_visible(step >= self.since)

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        if not steps[0] < self.since <= steps[-1]:
            return NO_BOXES
        return np.array([self.box(renderer)])

    def differs(self, one: float, two: float) -> bool:
        return (one < self.since) != (two < self.since)


def legend_entries(record: Record, theme: Theme) -> list[Entry]:
    """Return one entry per optimizer, in the record's order; of its runs from several starts it counts outcomes."""
    names, entries = optimizer_labels(record), run_entries(record, theme)
    if "name" not in record.trajectories.runs:
        return entries
    found = []
    for name in dict.fromkeys(names):
        own = [entry for entry, label in zip(entries, names, strict=True) if label == name]
        ended = [entry for entry in own if entry.outcome]
        last = max(ended, key=lambda entry: entry.since, default=own[0])
        outcome = f"{last.symbol} {len(ended)}/{len(own)}" if ended else ""
        found.append(replace(own[0], name=clean_text(name, math=False), outcome=outcome, symbol="", since=last.since))
    return found


def run_entries(record: Record, theme: Theme) -> list[Entry]:
    """Return one entry per run, in the record's order."""
    runs = record.trajectories.runs
    labels = [str(label) for label in runs["label"]]
    facts = zip(styles(optimizer_labels(record), theme), labels, runs["lr"], runs.get("optimizer", labels), strict=True)
    return [
        Entry(
            style,
            clean_text(label, math=False),
            full,
            *_outcome(record, run, theme),
            bare,
            ended=str(runs["status"][run]) in OUTCOMES,
        )
        for run, (style, label, lr, spec) in enumerate(facts)
        for full, bare in [_rates(float(lr), label, str(spec), theme)]
    ]


def abbreviated(shown: Sequence[Entry]) -> list[Entry]:
    """Return the entries in fewer words, for small figures."""
    return [
        replace(entry, lr=entry.bare_lr, outcome=f"{entry.symbol} {entry.since}" if entry.symbol else entry.outcome)
        for entry in shown
    ]


def fit_legend(
    shown: Sequence[Entry], width: float, tall: float, ruler: Ruler, theme: Theme, size: float = FONT
) -> Legend:
    """Return the fullest legend in the largest font that fits a box in points.

    In this order: a smaller font, fewer words, shorter names, no learning rates, an even smaller font, and in the end
    fewer rows, with the number of the others in the last one.
    """
    if not shown:
        return Legend([], 1, size * theme.text_scale, 0.0)
    usual = [points * theme.text_scale for points in (size, 0.89 * size, 0.78 * size)]
    least = min(max(LEAST_POINTS, LEAST_PIXELS * 72 / ruler.dpi), usual[-1])
    most = int(tall // (ROW * least / 9)) * max(int(width // ((INDENT + GAP + 1) * least)), 1)  # even without names
    few = abbreviated(shown if len(shown) <= most else shown[: most + 1])
    names = [replace(entry, lr="") for entry in few]
    smaller = [*np.arange(usual[-1] - 0.5, least, -0.5).tolist(), least]
    rounds = [(shown, False, usual), (few, False, usual), (few, True, usual), (names, True, [usual[-1], *smaller])]
    for words, cut, fonts in rounds if len(shown) <= most else []:
        for font in fonts:
            fit = fit_names(words, width, font, ruler) if cut else list(words)
            across = column_count(fit, width, font, ruler)
            height = legend_height(fit, across, font)
            if row_width(fit, font, ruler) <= width and height <= tall:
                return Legend(fit, across, font, height)
    rows = int(tall // (ROW * least / 9))
    kept = fit_names(names, width, least, ruler)
    more = Entry(
        kept[0].style, theme.say("+ {count} more", count=len(shown)), "", "", "", 0, sample=False
    )  # at least as wide as needed
    across = column_count([*kept, more], width, least, ruler)
    count = rows * across - 1
    if count < 1:
        return Legend([], 1, least, 0.0, len(shown))
    hidden = len(shown) - count
    named = [*kept[:count], replace(more, name=theme.say("+ {count} more", count=hidden))]
    return Legend(named, across, least, legend_height(named, across, least), hidden)


def fit_names(shown: Sequence[Entry], width: float, font: float, ruler: Ruler) -> list[Entry]:
    """Shorten names so that a row fits a width in points; their ends stay, because they distinguish runs."""
    sample, _, rate, outcome = _widths(shown, font, ruler)
    space = max(width - sample - rate - outcome - GAP * font, 3 * font)
    return [replace(entry, name=ruler.shorten(entry.name, space, font, tail=0.4)) for entry in shown]


def column_count(shown: Sequence[Entry], width: float, font: float, ruler: Ruler) -> int:
    """Return how many columns fit a width in points."""
    return max(1, min(int(width // (row_width(shown, font, ruler) + font)), len(shown)))


def row_width(shown: Sequence[Entry], font: float, ruler: Ruler) -> float:
    """Return the width of a row in points."""
    return sum(_widths(shown, font, ruler))


def legend_height(shown: Sequence[Entry], across: int, font: float) -> float:
    """Return the height of the legend in points."""
    return -(-len(shown) // across) * ROW * font / 9


def draw_legend(ax: Axes, legend: Legend, theme: Theme, ruler: Ruler) -> Axes:
    """Draw the legend on empty axes, and return them."""
    shown, across, font = legend.entries, legend.across, legend.font
    rows = max(-(-len(shown) // across), 1)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(rows, 0)
    if not shown:
        return ax
    width = 72 * ax.get_window_extent().width / ruler.dpi
    indent, name, rate, _ = (part / width for part in _widths(shown, font, ruler))
    unit, small = font / width, _small(font)
    for place, entry in enumerate(shown):
        column, row = divmod(place, rows)
        x, y = column / across, row + 0.5
        if entry.sample:
            _draw_sample(ax, entry.style, x, y, unit, font / 9)
        text: dict[str, Any] = {"va": "center", "color": theme.foreground, "parse_math": False}
        ax.text(x + indent, y, entry.name, fontsize=font, **text)
        if entry.lr:
            ax.text(x + indent + name, y, entry.lr, fontsize=small, alpha=0.65, **text)
        if entry.outcome:
            after = x + indent + name + rate
            outcome = OutcomeText(after, y, entry.outcome, fontsize=small, **text)
            outcome.since = entry.since
            ax.add_artist(outcome)
    return ax


def _draw_sample(ax: Axes, style: Style, x: float, y: float, unit: float, scale: float) -> None:
    """Draw a piece of a trail with its head, one font size long per `unit`."""
    sample = Line2D(
        [x + 0.2 * unit, x + 2.4 * unit],
        [y, y],
        color=style.color,
        linewidth=2.2 * min(scale, 1.0),
        solid_capstyle="round",
        marker=style.marker,
        markevery=[1],
        markersize=5.5 * min(scale, 1.0),
    )
    if style.dashes:
        sample.set_dashes(style.dashes)
    ax.add_line(sample)


def _widths(shown: Sequence[Entry], font: float, ruler: Ruler) -> tuple[float, float, float, float]:
    """Return the widths of sample, name, learning rate and outcome, each with its gap, in points."""
    name = max(ruler.width(entry.name, font) for entry in shown) + GAP * font
    rate = max(ruler.width(entry.lr, _small(font)) for entry in shown)
    outcome = max(ruler.width(entry.outcome, _small(font)) for entry in shown)
    return INDENT * font, name, rate + GAP * font * (rate > 0), outcome


def _small(font: float) -> float:
    """Return the font size of learning rates and outcomes."""
    return max(SMALL * font, min(font, LEAST_POINTS))


def _rates(lr: float, label: str, spec: str, theme: Theme) -> tuple[str, str]:
    """Return a learning rate in words, with those of parameter groups, and bare; "" if the label has it."""
    if lr != lr or f"lr={lr:g}" in label:
        return "", ""
    text = f"{lr:.3g}" if " lr=" in label else learning_rates(f"{lr:.3g}", spec)
    return theme.say("lr {lr}", lr=theme.number(text)), theme.number(f"{lr:.3g}")


OUTCOMES = {
    "diverged": "diverged at step {step}",
    "non-finite": "non-finite at step {step}",
    "unbounded": "unbounded at step {step}",
}
"""The outcomes of runs that did not end well, by their status."""


def _outcome(record: Record, run: int, theme: Theme) -> tuple[str, str, int]:
    """Return the outcome of a run in words and as a symbol, and its step."""
    runs, steps = record.trajectories.runs, record.trajectories.step
    status, at = str(runs["status"][run]), status_step(record, run)
    if status in OUTCOMES and at is not None:
        return theme.say(OUTCOMES[status], step=at), "↗" if status == "unbounded" else "✕", at
    ground = record.surface or record.curve
    if ground is not None and not (seen := _in_view(record.trajectories.x[run], ground))[-1]:
        since = int(steps[len(seen) - np.argmax(seen[::-1])]) if seen.any() else 0
        return theme.say("out of view from step {step}", step=since), "↗", since
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

    def __init__(self, x: float, y: float, last: int, template: str = "step {step}", **kwargs: Any) -> None:
        self.digits, self.step = len(str(last)), last
        self.template = template
        super().__init__(x, y, self.words(last), parse_math=False, **({"family": "monospace"} | kwargs))
        self._key: tuple[Any, ...] | None = None
        self._canvas: Canvas | None = None
        self._words = ""
        self._image: Image

    def words(self, step: int) -> str:
        return self.template.format(step=f"{step:>{self.digits}}")

    @property
    def first_digit(self) -> int:
        """The place of the first digit in the text."""
        return len(self.template.partition("{step}")[0])

    def set_step(self, step: int) -> None:
        self.step = step
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
            paste(renderer, self._left, self._bottom, self._assembled(self.get_text()))
        self.stale = False

    def _assembled(self, text: str) -> Image:
        """Return the image of a text; only letters that differ from the last one are replaced."""
        first, last = self.first_digit, self.first_digit + self.digits
        for place, (letter, before) in enumerate(zip(text, self._words, strict=True)):
            if letter != before:
                one, two = self._cuts[place : place + 2]
                self._image[:, one:two] = self._pages[letter if first <= place < last else "0"][:, one:two]
        self._words = text
        return self._image

    def _prepare(self, renderer: RendererAgg) -> None:
        """Draw the text once per layout with each digit in every place, and find where to cut the digits apart."""
        if renderer is self._canvas:
            return
        self._canvas = renderer if isinstance(renderer, Canvas) else None
        key = (
            *(renderer.width, renderer.height, renderer.dpi),
            *(self.get_color(), self.get_fontsize(), self.get_position()),
        )
        if key == self._key:
            return
        self._key = key
        kept = self.get_text()
        left, bottom, right, top = np.clip(self.get_window_extent(renderer).padded(4).extents, 0, None)
        rows = slice(int(max(renderer.height - top, 0)), int(renderer.height - bottom))
        cols = slice(int(left), min(int(right), int(renderer.width)))
        begin, low = (side // 2 * 2 for side in (cols.start, int(renderer.height) - rows.stop))  # halves round alike
        page = RendererAgg(cols.stop - begin, renderer.height - rows.start - low, renderer.dpi)
        place, clipped = self.get_transform(), self.get_clip_on()
        self.set_transform(place + Affine2D().translate(-begin, -low))
        self.set_clip_on(False)
        pages = {}
        for digit in "0123456789":
            self.set_text(self.template.format(step=digit * self.digits))
            page.clear()
            super().draw(page)
            drawn = np.asarray(page.buffer_rgba())
            pages[digit] = drawn[: rows.stop - rows.start, cols.start - begin :].copy()
        self.set_transform(place)
        self.set_clip_on(clipped)
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
        if not kept.isascii():  # letters of other scripts are wider than digits
            font = self.get_fontproperties()
            wide = [page.get_text_width_height_descent(kept[:place], font, False)[0] for place in range(1, len(kept))]
            ideal = np.array(wide)
        near = [gaps[np.argmin(abs(gaps - x))] if len(gaps) else x for x in ideal]
        cuts = [round(float(gap if abs(gap - x) <= 3 else x)) for gap, x in zip(near, ideal, strict=True)]
        self._cuts = [0, *cuts, int(right - left)]
        self._words = "\0" * len(kept)
        self._image = np.zeros_like(self._pages["0"], order="C")
