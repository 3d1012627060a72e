"""What whole figures share: lengths in points, margins that follow the texts, titles, step counters and legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter

from landscapes.errors import warn
from landscapes.render.artists.legend import FONT, Entry, Legend, StepCounter, draw_legend, fit_legend
from landscapes.render.artists.localization import localize
from landscapes.render.artists.text_fit import CUT, Ruler, clean_text, text_renderer
from landscapes.render.plots.categories import NameLocator, fit_names
from landscapes.render.plots.inputs import MARGIN
from landscapes.render.theme import Theme

Box = tuple[float, float, float, float]
"""Left, bottom, width and height in points."""

LEAST = 6.0
"""The smallest font size of titles and counters in points."""

COUNTER_GAP = 10.0
"""The least gap between a title and the step counter in points."""

ONE_LINE = 0.8
"""Labels are made smaller to this share of their size before they have two lines."""

LEVEL = 1.2
"""How many times as large as labels at the side those below may be."""

MANY = 24
"""With more runs, a legend that leaves some out hints at plots of many runs."""

MOST_TICKS = 9
"""The largest number of intervals between ticks."""


def fit_scale(look: Theme, figsize: tuple[float, float]) -> Theme:
    """Return a theme whose text scale leaves about half of a figure's height to its panels; 1 is always kept."""
    width, height = figsize
    most = max(min(0.55 * 72 * height - 18, 0.3 * 72 * width) / 36, 1.0)
    return look | {"text_scale": most} if look.text_scale > most else look


@dataclass(frozen=True)
class Room:
    """The lengths in points that tick labels need around axes."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure with lengths in points, and a theme whose text scale fits it (see `fit_scale`)."""

    figure: Figure
    look: Theme
    ruler: Ruler
    wide: float
    high: float
    _given: WeakKeyDictionary[Text, tuple[str, float]] = field(default_factory=WeakKeyDictionary)

    @classmethod
    def of(cls, figure: Figure, look: Theme) -> Sheet:
        """Return the sheet of a figure."""
        wide, high = (72 * float(inches) for inches in figure.get_size_inches())
        return cls(figure, look, Ruler(figure.dpi), wide, high)

    @property
    def scale(self) -> float:
        """The text scale."""
        return self.look.text_scale

    @property
    def head(self) -> float:
        """The height above panels for titles."""
        return 12 + 18 * self.scale

    @property
    def bottom(self) -> float:
        """The usual height below panels for tick labels."""
        return 6 + 18 * self.scale

    def place(self, ax: Axes, box: Box) -> Axes:
        """Move axes to a box."""
        x, y, wide, high = box
        ax.set_position((x / self.wide, y / self.high, max(wide, 1) / self.wide, max(high, 1) / self.high))
        return ax

    def axes(self, box: Box, **options: Any) -> Any:
        """Add axes in a box."""
        return self.place(self.figure.add_axes((0, 0, 1, 1), **options), box)

    def write(self, x: float, y: float, text: str, size: float, **style: Any) -> Text:
        """Write a text whose baseline begins at a place."""
        style = {"color": self.look.foreground, "va": "baseline"} | style
        return self.figure.text(x / self.wide, y / self.high, text, fontsize=size, **style)

    def counter(self, right: float, y: float, last: int, width: float) -> float:
        """Add a step counter that ends at a place, and return the width that it takes with a gap.

        It takes at most three quarters of a width, in a smaller font if need be, else it is left out, as where there is
        no step to count.
        """
        size = 10 * self.scale
        while (taken := self._counter_width(last, size)) > 0.75 * width and size > LEAST:
            size = max(size - 0.5, LEAST)
        if last < 1 or taken > 0.75 * width:
            return 0.0
        self._count(right, y, last, size)
        return taken + COUNTER_GAP

    def _counter_width(self, last: int, size: float) -> float:
        template = self.look.say("step {step}")
        return self.ruler.width(template.format(step=last), size, family=self._counter_families(template))

    def _counter_families(self, template: str) -> tuple[str, ...]:
        return ("monospace",) if template.isascii() else ("monospace", *self.look.families)

    def _count(self, right: float, y: float, last: int, size: float) -> None:
        """Add a step counter in a font size."""
        template = self.look.say("step {step}")
        options: dict[str, Any] = {
            "family": list(self._counter_families(template)),
            "ha": "right",
            "va": "baseline",
            "color": self.look.foreground,
        }
        place = right / self.wide, y / self.high
        self.figure.add_artist(
            StepCounter(*place, last, template, fontsize=size, transform=self.figure.transFigure, **options)
        )

    def heading(self, ax: Axes, text: object, last: int, box: Box, reach: float) -> None:
        """Write the title of axes above their box, and a step counter at its right end.

        A long title takes the room above what is right of the box, up to `reach`; the counter ends there, then. Before
        a name is cut, both become smaller, and the title has two lines.
        """
        x, y, w, h = box
        words, full, count = clean_text(text), 12.0 * self.scale, 10 * self.scale
        small, up = max(0.66 * full, LEAST), y + h + 7

        def fits(size: float, end: float, counter: float) -> bool:
            taken = self._counter_width(last, counter) + COUNTER_GAP if last >= 1 else 0.0
            return self.ruler.width(words, size, "bold", math=True) <= end - x - taken

        tries = [(0.8 * full, x + w, count), (0.8 * full, reach, count), (small, reach, count)]
        tries += [(small, reach, max(part * count, LEAST)) for part in (0.85, 0.7)]
        size, end, count = next((one for one in tries if fits(*one)), (small, reach, count))
        taken = 0.0
        if last >= 1 and fits(size, end, count):
            self._count(end, up, last, count)
            taken = self._counter_width(last, count) + COUNTER_GAP
        else:
            taken = self.counter(end, up, last, end - x)
        self.title(ax, text, end - x - taken, 12.0)

    def title(self, ax: Axes, text: object, width: float, size: float, weight: str = "bold", lines: int = 2) -> None:
        """Write the title of axes above them, fitted to a width: smaller, then in more lines, then cut."""
        least = max(0.66 * size * self.scale, LEAST)
        words, fit = self.ruler.fit_title(text, width, size * self.scale, least, weight)
        if lines > 1 and words.endswith(CUT):
            parts = self.ruler.wrap(clean_text(text, math=False), width, least, lines, weight)
            words, fit = "\n".join(parts).replace("$", r"\$"), least
        ax.set_title(words, loc="left", fontweight=weight, fontsize=fit, pad=7, linespacing=1.1)

    def fit_legend(self, entries: Sequence[Entry], width: float, tall: float, font: float = FONT) -> Legend:
        """Return the fullest legend that fits a box; the font size is that at a text scale of 1."""
        return fit_legend(entries, width, max(tall, 0.0), self.ruler, self.look, font)

    def legend(self, legend: Legend, box: Box) -> Axes:
        """Draw a legend in a box. Warns if many runs are left out of it."""
        total = legend.hidden + len(legend.entries) - 1
        if legend.hidden and total > MANY:
            warn(
                f"the legend leaves out {legend.hidden} of {total} runs: choose a larger figsize, or draw the runs of "
                "each optimizer together, their points with render.ensemble or their losses with render.loss_quantiles"
            )
        return draw_legend(self.axes(box, label="legend"), legend, self.look, self.ruler)

    def drop_notes(self, ax: Axes) -> None:
        """Hide the notes in axes that do not lie within them; those for their margin stay."""
        for note in ax.texts:
            if note.get_label() == MARGIN:
                continue
            box = note.get_window_extent(text_renderer(self.figure.dpi))
            inside = ax.bbox.x0 <= box.x0 and box.x1 <= ax.bbox.x1 and ax.bbox.y0 <= box.y0 and box.y1 <= ax.bbox.y1
            note.set_visible(inside)

    def fit_labels(self, ax: Axes) -> None:
        """Fit title and labels of axes to their width and height: smaller, then in two lines, then cut."""
        unit = 72 / self.figure.dpi
        self.fit_ticks(ax)
        texts: list[tuple[Any, float]] = [
            (ax.xaxis.label, ax.bbox.width * unit),
            (ax.yaxis.label, ax.bbox.height * unit),
        ]
        for text, room in [(ax._left_title, ax.bbox.width * unit), *texts]:  # type: ignore[attr-defined]
            if text.get_text():
                self._fit(text, room)

    def _fit(self, text: Text, room: float) -> None:
        """Fit a text to a length: a little smaller, then in two lines, then in still smaller ones, then cut."""
        shown, size = text.get_text(), float(text.get_fontsize())
        words, full = self._given.get(text, (shown, size))
        if words.split() != shown.split():
            words, full = shown, size
        self._given[text] = words, full  # before it was wrapped and made smaller
        measure, lines = self.ruler, words.split("\n")
        most = max(len(lines), 2)
        while max(measure.width(line, size, math=True) for line in lines) > room:
            parts = [part for line in lines for part in measure.wrap(line, room, size, 3)]
            if size <= LEAST or (
                size <= ONE_LINE * full and len(parts) <= most and not any(CUT in part for part in parts)
            ):
                lines = parts
                break
            size = max(size - 0.5, LEAST)
        text.set(fontsize=size, text="\n".join(lines))

    def level_sizes(self, panels: Sequence[Axes]) -> None:
        """Give the titles of panels one font size, and so their labels: the least of those that fit.

        Labels below are not much larger than those at the side, and so leave them more height.
        """
        kinds: list[list[Text]] = [
            [ax._left_title for ax in panels],  # type: ignore[attr-defined]
            [ax.xaxis.label for ax in panels],
            [ax.yaxis.label for ax in panels],
        ]
        for texts in kinds:
            sizes = [float(text.get_fontsize()) for text in texts if text.get_text()]
            for text in texts:
                text.set_fontsize(min(sizes, default=LEAST))
        upright = [float(ax.yaxis.label.get_fontsize()) for ax in panels if ax.get_ylabel()]
        most = max(LEVEL * min(upright, default=float("inf")), LEAST)
        for label in kinds[1]:
            label.set_fontsize(min(float(label.get_fontsize()), most))

    def fit_ticks(self, ax: Axes) -> Room:
        """Thin out the tick labels of axes until none touches another, and return the room that they need."""
        for axis in (ax.xaxis, ax.yaxis):
            _pin(axis)
        localize(ax, self.look)
        for axis in (ax.xaxis, ax.yaxis):
            _thin(axis, self.figure.dpi, 3.0 if axis is ax.xaxis else 0.0)
        measure, unit = text_renderer(self.figure.dpi), 72 / self.figure.dpi
        boxes = [box for axis in (ax.xaxis, ax.yaxis) if (box := axis.get_tightbbox(measure)) is not None]
        inner = ax.bbox
        return Room(
            left=unit * max([0.0, *(inner.x0 - box.x0 for box in boxes)]),
            right=unit * max([0.0, *(box.x1 - inner.x1 for box in boxes)]),
            bottom=unit * max([0.0, *(inner.y0 - box.y0 for box in boxes)]),
            top=unit * max([0.0, *(box.y1 - inner.y1 for box in boxes)]),
        )


def _pin(axis: Axis) -> None:
    """Give ticks the present settings: matplotlib reads them again when it draws, and creates ticks only then."""
    name = f"{axis.axis_name}tick"  # type: ignore[attr-defined]
    known = axis.get_tick_params()
    wanted = {
        "labelsize": f"{name}.labelsize",
        "color": f"{name}.color",
        "labelcolor": f"{name}.labelcolor",
        "pad": f"{name}.major.pad",
    }
    settings: Any = mpl.rcParams  # names are computed
    axis.set_tick_params(**{key: settings[setting] for key, setting in wanted.items() if key not in known})


def _thin(axis: Axis, dpi: float, gap: float) -> None:
    """Lower the number of ticks until their labels are a gap in points apart."""
    if axis.get_minor_ticks() and _touch(axis, dpi, gap):
        axis.set_minor_formatter(NullFormatter())
    locator = axis.get_major_locator()
    if isinstance(locator, NameLocator):
        fit_names(axis)
        return
    if isinstance(locator, FixedLocator):
        _thin_fixed(axis, dpi, gap)
    if not isinstance(locator, MaxNLocator | LogLocator) or axis.get_scale() == "symlog":
        return
    for count in range(MOST_TICKS, 0, -1):
        if not _touch(axis, dpi, gap):
            return
        if isinstance(locator, MaxNLocator):
            locator.set_params(nbins=count)
        else:
            locator.set_params(numticks=count)
    if _touch(axis, dpi, gap):
        _thin_fixed(axis, dpi, gap)


def _thin_fixed(axis: Axis, dpi: float, gap: float) -> None:
    """Make fixed tick labels smaller, then keep only every second, third … of them."""
    settings: Any = mpl.rcParams  # names are computed
    size = float(settings[f"{axis.axis_name}tick.labelsize"])  # type: ignore[attr-defined]
    for part in (0.85, 0.7):
        if _touch(axis, dpi, gap):
            axis.set_tick_params(labelsize=max(size * part, min(size, LEAST)))
    ticks, labels = axis.get_majorticklocs(), [label.get_text() for label in axis.get_majorticklabels()]
    stride = 1
    while _touch(axis, dpi, gap) and stride < len(ticks):
        stride += 1
        axis.set_ticks(ticks[::stride], labels[::stride])


def _touch(axis: Axis, dpi: float, gap: float) -> bool:
    """Return whether two tick labels in view touch."""
    boxes = _label_boxes(axis, dpi)
    pad = gap * dpi / 72
    return any(
        one.x0 < two.x1 + pad and two.x0 < one.x1 + pad and one.y0 < two.y1 and two.y0 < one.y1
        for place, one in enumerate(boxes)
        for two in boxes[:place]
    )


def _label_boxes(axis: Axis, dpi: float) -> list[Any]:
    """Return the extents of the visible tick labels of an axis, in pixels."""
    measure = text_renderer(dpi)
    if axis.get_visible():
        axis._update_ticks()  # type: ignore[attr-defined]  # sets texts and places; get_tightbbox takes ten times longer
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    shown = [tick for tick in ticks if low <= tick.get_loc() <= high]
    labels = [label for tick in shown for label in (tick.label1, tick.label2) if label.get_text()]  # 2: of colour bars
    return [label.get_window_extent(measure) for label in labels if label.get_visible()]
