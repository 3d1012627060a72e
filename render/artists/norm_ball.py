"""The unit ball of an optimizer's norm, drawn such that the last step ends on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.path import Path
from matplotlib.transforms import Transform
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY, NO_BOXES, AnimatedArtist, Boxes, in_use, pixels, stroke
from landscapes.render.artists.trails import RGB

Points = NDArray[np.float64]

Norm = Callable[[Points, int], NDArray[np.float64]]
"""Takes vectors in the plane, shape (n, 2), and the number of a recorded step; returns their norms, shape (n,)."""

CORNERS = 256
"""Directions of the outline; a multiple of 8, so that squares have their corners."""

LEAST = 15.0
"""The least distance between head and centre in points; shorter steps are enlarged."""


class NormBall(Artist, AnimatedArtist):
    """The ball around the point before the last step that has the current point on its border.

    On the way to the next step, it is already the ball of that step. A ball of a short step is enlarged from the point
    on its border, with its shape and its direction.

    Args:
        points: the points of the run, shape (T, 2).
        steps: the steps at which they were recorded, ascending, shape (T,).
        norm: the norm; balls of NaN are not drawn.
        color: of border and area.
        rim: of the line below the border.
        stopped: the step after which the run stays where it is, or None.
        width: of the border in points.
    """

    fractional = True

    def __init__(
        self,
        points: Points,
        steps: NDArray[np.int64],
        norm: Norm,
        color: RGB,
        rim: RGB,
        stopped: int | None,
        width: float,
    ) -> None:
        super().__init__()
        self.points, self.steps, self.norm, self.color = points, steps, norm, color
        self.rim, self.stopped, self.width = rim, stopped, width
        self.span = int(steps[-1])
        self.step: float = self.span
        angles = np.arange(CORNERS) * (2 * np.pi / CORNERS)
        self.directions = np.column_stack([np.cos(angles), np.sin(angles)])
        self.set_zorder(5.2)

    def set_step(self, step: float) -> None:
        self.step = step

    def outline(self, step: float, transform: Transform, scale: float = 1.0) -> Points | None:
        """Return the border in pixels, shape (n, 2); None before the first step, and where the run did not move.

        Args:
            step: the step that led to the head, or leads to it.
            transform: from data to pixels.
            scale: pixels per point.
        """
        last = min(math.ceil(step), self.span if self.stopped is None else self.stopped)
        index = int(np.searchsorted(self.steps, last, side="right")) - 1
        if index < 1 or self.steps[index] != self.steps[index - 1] + 1:
            return None
        head, move = self.points[index], self.points[index] - self.points[index - 1]
        with np.errstate(all="ignore"):
            radii = self.norm(move[None], index)[0] / self.norm(self.directions, index)
        if not (np.isfinite(radii).all() and (radii > 0).all()):
            return None
        border, center, tip = (
            transform.transform(part)
            for part in (head - move + radii[:, None] * self.directions, (head - move)[None], head[None])
        )
        length = float(np.hypot(*(tip - center)[0]))
        if not (np.isfinite(border).all() and length > 0):
            return None
        larger = max(LEAST * scale / length, 1.0)
        enlarged: Points = tip + larger * (border - tip)
        return enlarged

    def dirty_boxes(self, steps: Sequence[int], renderer: RendererBase) -> Boxes | None:
        scale, found = pixels(renderer, 1.0), []
        for step in range(math.ceil(steps[0]), math.ceil(steps[-1]) + 1):
            outline = self.outline(step, self.get_transform(), scale)
            if outline is not None:
                found.append(outline)
        if not found:
            return NO_BOXES
        every, margin = np.concatenate(found), 2 * pixels(renderer, self.width) + 2
        return np.concatenate([every.min(0) - margin, every.max(0) + margin])[None]

    def draw(self, renderer: RendererBase) -> None:
        outline = self.outline(self.step, self.get_transform(), pixels(renderer, 1.0)) if self.get_visible() else None
        if outline is None:
            return
        margin = 2 * pixels(renderer, self.width)
        left, bottom = (outline.min(0) - margin).tolist()
        right, top = (outline.max(0) + margin).tolist()
        if not in_use((left, bottom, right, top), renderer):
            return
        closed = Path(np.concatenate([outline, outline[:1]]))
        gc = stroke(self, renderer, 2.4 * self.width)
        gc.set_foreground((*self.rim, 0.6), isRGBA=True)
        renderer.draw_path(gc, closed, IDENTITY, (*self.color, 0.16))
        gc.set_linewidth(self.width)
        gc.set_foreground((*self.color, 1.0), isRGBA=True)
        renderer.draw_path(gc, closed, IDENTITY)
