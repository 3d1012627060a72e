"""The name of a level, such as a target, next to its line where no curve strikes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import allow_rasterization
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from landscapes.render.artists.animated import IDENTITY
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.polyline import Polyline
from landscapes.render.theme import Theme

PLACES = 40
"""The number of places that are tried along the line."""

LEAST = 6.0
"""The least font size that a label is made smaller to, in points."""

GAP = 2.0
"""The least distance from the line, and from the border, in points."""

ROOM = 1.6
"""The room left free on both sides for the label of a mark, in widths of the label."""

SIZES = 8.0, 6.8, 5.6
"""Font sizes in points, at a text scale of 1; smaller ones are for labels that curves would strike else."""


class LevelLabel(Text):
    """A word above or below a level line, near the right end, where the fewest curves run.

    An arrow says that the line is below the axes. The whole curves count, so that the place is the same in all frames.
    If curves run everywhere, the label is smaller, down to the least size, then it has an outline in the colour of the
    page.

    Args:
        words: the text.
        level: the height of the line in data.
        curves: what to keep clear of.
        theme: colours and text scale.
        color: of the text; by default muted.
        marks: points (step, height) around which room for their own labels stays free.
    """

    def __init__(
        self,
        words: str,
        level: float,
        curves: Sequence[Polyline],
        theme: Theme,
        color: Any = None,
        marks: Sequence[tuple[float, float]] = (),
    ) -> None:
        color = theme.muted if color is None else color
        super().__init__(text=words, fontsize=SIZES[0] * theme.text_scale, color=color, va="bottom", parse_math=False)
        self.set_zorder(5)
        self.level = level
        self.curves = curves
        self.marks = np.reshape(np.array(marks, float), (-1, 2))
        self.background = theme.background
        self.words = words
        self.sizes = [size * theme.text_scale for size in SIZES if size == SIZES[0] or size * theme.text_scale >= LEAST]
        self._layout: tuple[object, ...] = ()

    def get_window_extent(self, renderer: RendererBase | None = None, dpi: float | None = None) -> Bbox:
        self._place(renderer)
        return super().get_window_extent(renderer, dpi)

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        self._place(renderer)
        super().draw(renderer)

    def _place(self, renderer: RendererBase | None) -> None:
        """Choose the place, once per layout of the axes."""
        ax = self.axes
        figure = root_figure(self)
        assert ax is not None
        assert figure is not None
        layout = (ax.get_yscale(), *ax.viewLim.bounds, *ax.bbox.bounds, figure.dpi)
        if layout == self._layout:
            return
        self._layout = layout
        self.set(transform=IDENTITY, clip_on=True, path_effects=[])
        unit = figure.dpi / 72
        with np.errstate(all="ignore"):
            line = float(ax.transData.transform((0.0, self.level))[1])
            paths = [Path(ax.transData.transform(curve.data)) for curve in self.curves]
        below = line < ax.bbox.y0
        self.set_text(f"{self.words} ↓" if below else self.words)
        line = max(line, ax.bbox.y0) if below else line
        best, struck = None, len(paths) + 1
        for font, box in self._places(line, GAP * unit, renderer):
            padded = box.padded(GAP * unit)
            room = ROOM * box.width
            around = Bbox.from_extents(box.x0 - room, box.y0 - box.height, box.x1 + room, box.y1 + box.height)
            count = sum(path.intersects_bbox(padded, filled=False) for path in paths)
            count += sum(around.contains(x, y) for x, y in ax.transData.transform(self.marks).tolist())
            if count < struck:
                best, struck = (font, box.p0), count
            if not struck:
                break
        if best is None:
            self.set_position((ax.bbox.x0 + GAP * unit, line + GAP * unit))
            return
        self.set(fontsize=best[0], position=best[1])
        if struck:
            self.set_path_effects([withStroke(linewidth=3, foreground=self.background)])

    def _places(self, line: float, gap: float, renderer: RendererBase | None) -> Iterator[tuple[float, Bbox]]:
        """Yield font sizes and boxes next to the line, from right to left, the largest size first."""
        assert self.axes is not None
        inner = self.axes.bbox
        for font in self.sizes:
            self.set_fontsize(font)
            wide, high = super().get_window_extent(renderer).size
            for x in np.linspace(inner.x1 - wide - gap, inner.x0 + gap, PLACES).tolist():
                for y in (line + gap, line - gap - high):
                    if inner.y0 + gap <= y and y + high <= inner.y1 - gap:
                        yield font, Bbox.from_bounds(x, y, wide, high)
