"""The trail of a run and its halo."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType
from numpy.typing import NDArray

from landscapes.render.moving import IDENTITY, Moving, Route, pixels, stroke
from landscapes.render.overlap import Pieces
from landscapes.render.theme import Style, Theme

RGB = tuple[float, float, float]

BANDS = (0.4, 0.15, 0.04)
"""Where a trail changes colour: ages as shares of the race; what is older than the first is oldest."""

THROUGH = 5.0
"""Length in points of the dashes of a trail on a way that others took before it."""


def mix(color: RGB, other: RGB, share: float) -> RGB:
    """A colour on the way from one to another."""
    a, b, c = ((1 - share) * one + share * two for one, two in zip(color, other, strict=True))
    return a, b, c


class Trail(Line2D, Moving):
    """The way of one run so far: strong where it is young, quieter where it is old.

    Old pieces mix with the surface's colour instead of becoming transparent, so that joints do not show
    and a palette can hold each colour exactly.
    """

    def __init__(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        step: NDArray[np.int64],
        *,
        style: Style,
        theme: Theme,
        width: float = 2.3,
        label: str = "",
    ) -> None:
        super().__init__(
            x, y, color=style.color, linewidth=width, label=label, solid_capstyle="round", solid_joinstyle="round"
        )
        self.set_zorder(4)
        self.route = Route(x, y, step)
        self.style = style
        self.theme = theme
        self._steps = step.tolist()
        self.span = max(self._steps[-1], 1)
        dress(self, style)
        self.parts: Pieces = [(0, max(len(step) - 1, 0), 0)]

    def show(self, step: int) -> None:
        self.route.show(step)

    def set_color(self, color: ColorType) -> None:
        """Sets the colour of the trail and its head."""
        super().set_color(color)
        self.__dict__.pop("colors", None)

    @property
    def color(self) -> RGB:
        """The colour where the trail is youngest."""
        return to_rgb(self.get_color())

    @cached_property
    def colors(self) -> list[RGB]:
        """The trail's colours from its oldest part to its youngest; just its own where nothing fades."""
        if self.theme.fade == 0:
            return [self.color]
        shares = np.linspace(self.theme.fade, 0.0, len(BANDS) + 1)
        return [mix(self.color, self.theme.old, float(share)) for share in shares]

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        if not self.get_visible() or self.route.count < 2:
            return
        self.route.update(self)
        gc = stroke(self, renderer, self.get_linewidth())
        borders = [*self._band_ends(), self.route.count - 1]
        unit = 1 / pixels(renderer, 1.0)
        dashed = False
        for color, begin, until in zip(self.colors, [0, *borders], borders, strict=False):
            if until <= begin:
                continue
            gc.set_foreground((*color, 1.0), isRGBA=True)
            for first, last, depth in self.parts:
                first, last = max(first, begin), min(last, until)
                if last <= first:
                    continue
                dashes = self._dashes(depth)
                if dashes or dashed:
                    gc.set_dashes(unit * self.route.length[first] if dashes else 0, dashes or None)
                    gc.set_capstyle("butt" if dashes else "round")
                    dashed = bool(dashes)
                renderer.draw_path(gc, self.route.piece(first, last + 1), IDENTITY)
        gc.restore()
        self.stale = False

    def _band_ends(self) -> list[int]:
        """The last point of each band but the youngest."""
        last = self.route.count - 1
        now = self._steps[last]
        return [bisect_left(self._steps, now - age * self.span, 0, last) for age in BANDS[: len(self.colors) - 1]]

    def _dashes(self, depth: int) -> tuple[float, ...]:
        """Gaps through which the trails beneath show; else the style's own dashes."""
        if depth == 0:
            return tuple(self.get_linewidth() * dash for dash in self.style.dashes)
        return (THROUGH, THROUGH * min(depth, 4))


def dress(line: Line2D, style: Style) -> None:
    """Gives a line the dashes and marker that a legend of matplotlib's own should show."""
    if style.dashes:
        line.set_dashes(style.dashes)
        line.set_marker(style.marker)
        line.set_markersize(2.6 * line.get_linewidth())


class Halo(Artist, Moving):
    """What parts a trail from the surface: a wider stroke beneath all trails."""

    def __init__(self, trail: Trail, extra: float = 2.4) -> None:
        super().__init__()
        self.trail = trail
        self.extra = extra
        self.set_zorder(3.5)

    def show(self, step: int) -> None:
        self.trail.show(step)

    @allow_rasterization  # type: ignore[untyped-decorator]
    def draw(self, renderer: RendererBase) -> None:
        trail = self.trail
        if not (self.get_visible() and trail.get_visible()):
            return
        trail.route.update(trail)
        if trail.route.count < 2:
            return
        gc = stroke(self, renderer, trail.get_linewidth() + self.extra)
        gc.set_foreground(trail.theme.halo)
        renderer.draw_path(gc, trail.route.piece(0, trail.route.count), IDENTITY)
        gc.restore()
