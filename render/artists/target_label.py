"""The name of the target in loss curves, where no curve strikes it."""

from __future__ import annotations

from collections.abc import Sequence

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

GAP = 2.0
"""The least distance from the line, and from the border, in points."""


class TargetLabel(Text):
    """The word "target" above or below its line, near the right end, where the fewest curves run.

    An arrow says that the line is below the axes. The whole curves count, so that the place is the same in all frames.
    If curves run everywhere, the label has an outline in the colour of the page.
    """

    def __init__(self, level: float, curves: Sequence[Polyline], theme: Theme) -> None:
        super().__init__(text=theme.say("target"), fontsize=8 * theme.text_scale, color=theme.muted, va="bottom")
        self.set_zorder(5)
        self.level = level
        self.curves = curves
        self.background = theme.background
        self.words = self.get_text()
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
        size = super().get_window_extent(renderer).size
        right, up = ax.bbox.x1 - size[0] - GAP * unit, np.array([line + GAP * unit, line - GAP * unit - size[1]])
        up = up[(up >= ax.bbox.y0) & (up + size[1] <= ax.bbox.y1)]
        spots = [(x, y) for x in np.linspace(right, ax.bbox.x0 + GAP * unit, PLACES).tolist() for y in up.tolist()]
        struck = len(paths)
        self.set_position((right, line + GAP * unit))
        for spot in spots:
            box = Bbox.from_bounds(*spot, *size).padded(GAP * unit)
            count = sum(path.intersects_bbox(box, filled=False) for path in paths)
            if count < struck or spot == spots[0]:
                struck = count
                self.set_position(spot)
            if not struck:
                return
        self.set_path_effects([withStroke(linewidth=3, foreground=self.background)])
