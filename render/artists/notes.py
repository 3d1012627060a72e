"""Texts over an animation: sentences at which it stops, and the pace where it changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY, NO_BOXES, AnimatedArtist, Boxes, pixels
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.polyline import Polyline
from landscapes.render.artists.resting_text import RestingText
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.theme import Theme

FONT = 11.0
"""Font size of sentences on large axes, in points."""

LEAST_FONT = 7.0

WIDTH = 0.6, 0.92
"""The largest widths of a sentence as shares of the axes': usually, and on axes narrower than `NARROW` points."""

NARROW = 260.0

LINES = 6
"""The largest number of lines; a smaller font comes before a cut."""

PADDING = 0.7
"""Distance of a sentence from its frame, and of the frame from the axes, in font sizes."""

PLACES = ((0, 0), (0.5, 0), (1, 0), (0, 1), (0.5, 1), (1, 1), (0, 0.5), (1, 0.5))
"""Where sentences may be, as shares of the free width and height, the usual place first."""

MORE_PLACES = (*PLACES, *((x / 4, y / 4) for y in range(5) for x in range(5) if x % 2 or y % 2))
"""Where they may be if all of those cover a head."""

SLIM = 0.4
"""The largest width of a sentence then, as a share of the axes'."""

HEAD, STAR, CUT = 1000.0, 100.0, 3000.0
"""What it costs to cover the present point of a run and a minimum, and to cut the sentence; a trail costs the share of
its points."""


Image = NDArray[np.uint8]
"""Pixels (height, width, 4)."""

HEAD_RADIUS = 6.0
"""How near to a head a frame may come, in points."""


class PauseNotes(Artist, AnimatedArtist):
    """The sentence of the present step, in a frame on axes, where it covers no head if there is such a place.

    Args:
        notes: sentences by step.
        theme: the theme.
        minima: points that should stay visible, shape (k, 2), in the axes' coordinates.
    """

    fractional = True  # a sentence is for its step alone

    def __init__(self, notes: Mapping[int, str], theme: Theme, minima: NDArray[np.float64]) -> None:
        super().__init__()
        self.notes = {step: clean_text(note, math=False) for step, note in notes.items()}
        self.theme = theme
        self.minima = minima
        self.step = 0
        self.set_zorder(20)
        self._laid_for: tuple[Any, ...] = ()
        self._laid: dict[int, tuple[list[str], float, Bbox]] = {}

    def set_step(self, step: int) -> None:
        self.step = step

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        shown = [step for step in self.notes if steps[0] <= step <= steps[-1]]
        if not shown or len(set(steps)) == 1:
            return NO_BOXES
        return np.array([self.layout(step, renderer)[2].padded(3).extents for step in shown])

    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.step not in self.notes:
            return
        lines, font, box = self.layout(self.step, renderer)
        unit = pixels(renderer, 1.0)
        page = root_figure(self)
        assert page is not None
        frame = FancyBboxPatch(
            (box.x0, box.y0),
            box.width,
            box.height,
            boxstyle=f"round,pad=0,rounding_size={0.4 * font * unit}",
            facecolor=self.theme.background,
            edgecolor=self.theme.muted,
            linewidth=0.8,
            alpha=0.92,
            transform=IDENTITY,
        )
        frame.set_figure(page)
        frame.draw(renderer)
        for row, line in enumerate(lines):
            text = Text(
                box.x0 + PADDING * font * unit,
                box.y1 - (PADDING + 0.9 + 1.35 * row) * font * unit,
                line,
                fontsize=font,
                color=self.theme.foreground,
                fontfamily=self.theme.families,
                parse_math=False,
            )
            text.set_figure(page)
            text.set_transform(IDENTITY)
            text.draw(renderer)
        self.stale = False

    def layout(self, step: int, renderer: RendererBase) -> tuple[list[str], float, Bbox]:
        """Return the lines of a sentence, their font size, and the frame in pixels."""
        assert self.axes is not None
        unit = pixels(renderer, 1.0)
        key = unit, *self.axes.bbox.extents
        if key != self._laid_for:
            self._laid_for = key
            self._laid.clear()
        if step not in self._laid:
            self._laid[step] = self._lay(step, unit)
        return self._laid[step]

    def _lay(self, step: int, unit: float) -> tuple[list[str], float, Bbox]:
        """Return the first layout that covers no head, else the one that covers least: smaller, elsewhere, slimmer."""
        assert self.axes is not None
        wide = float(self.axes.bbox.width / unit)
        usual, font = WIDTH[int(wide < NARROW)], FONT * self.theme.text_scale * min(max(wide / 400, 0.75), 1.0)
        small = min(font, LEAST_FONT)
        best = self._fit(step, unit, usual, font, PLACES)
        for share, size in ((usual, font), (usual, small), (SLIM, font), (SLIM, small)):
            if best[0] < HEAD:
                break
            best = min(best, self._fit(step, unit, share, size, MORE_PLACES), key=lambda layout: layout[0])
        return best[1:]

    def _fit(
        self, step: int, unit: float, share: float, font: float, places: Sequence[tuple[float, float]]
    ) -> tuple[float, list[str], float, Bbox]:
        """Return the cost of the best place, the lines, their font size and the frame, at most so wide and large."""
        assert self.axes is not None
        inner, ruler = self.axes.bbox, Ruler(72 * unit)
        most = share * float(inner.width / unit)
        while True:
            lines = ruler.wrap(self.notes[step], most - 2 * PADDING * font, font, LINES)
            size = np.array(
                [
                    max(ruler.width(line, font) for line in lines) + 2 * PADDING * font,
                    (1.35 * len(lines) - 0.1 + 2 * PADDING) * font,
                ]
            )
            whole = not lines[-1].endswith("…")
            if font <= LEAST_FONT or (size[1] < 0.5 * inner.height / unit and whole):
                break
            font = max(font - 0.5, LEAST_FONT)
        size, gap = size * unit, PADDING * font * unit
        free = np.array([inner.width, inner.height]) - size - 2 * gap
        corner = np.array([inner.x0, inner.y0]) + gap
        boxes = [Bbox.from_bounds(*(corner + np.array(place) * free), *size) for place in places]
        costs = [self._cost(box, step) + (0.0 if whole else CUT) for box in boxes]
        found = int(np.argmin(costs))
        return costs[found], lines, font, boxes[found]

    def _cost(self, box: Bbox, step: int) -> float:
        """Return how bad it is to cover a place."""
        assert self.axes is not None
        change, cost = self.axes.transData, 0.0
        if not self.axes.lines and box.y0 < self.axes.bbox.y0 + 0.4 * self.axes.bbox.height:
            cost += 1.0  # a surface in 3-D is in the lower part, with its tick labels
        around = box.padded(HEAD_RADIUS * self._laid_for[0])
        for line in self.axes.lines:
            route = getattr(line, "polyline", None)
            if isinstance(line, Line2D) and isinstance(route, Polyline) and (count := route.reached(step)):
                with np.errstate(all="ignore"):
                    points = change.transform(route.data[:count])
                inside = _inside(points, box)
                cost += HEAD * float(_inside(points[-1:], around).any()) + float(inside.mean())
        if len(self.minima):
            cost += STAR * float(_inside(change.transform(self.minima), box).sum())
        return cost


class PaceNote(RestingText):
    """How many steps a frame takes, where that changes.

    Args:
        since: ascending steps from which on a text holds, the first one 0.
        texts: the texts.
    """

    def __init__(self, x: float, y: float, since: Sequence[int], texts: Sequence[str], **style: Any) -> None:
        super().__init__(x, y, texts[-1], parse_math=False, **style)
        self.since = list(since)
        self.texts = list(texts)

    def set_step(self, step: int) -> None:
        self.set_text(self.at(step))

    def at(self, step: int) -> str:
        """Return the text at a step."""
        return self.texts[max(bisect_right(self.since, step) - 1, 0)]

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes:
        shown = {self.at(step) for step in steps}
        if len(shown) == 1:
            return NO_BOXES
        before, boxes = self.get_text(), []
        for words in sorted(shown):
            self.set_text(words)
            boxes.append(self.box(renderer))
        self.set_text(before)
        return np.array(boxes)

    def differs(self, one: float, two: float) -> bool:
        return self.at(int(one)) != self.at(int(two))


def _inside(points: NDArray[np.float64], box: Bbox) -> NDArray[np.bool_]:
    x, y = points.T
    return np.asarray((x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1))
