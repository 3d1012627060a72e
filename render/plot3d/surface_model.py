"""The geometry and the colours of a surface in 3-D, and the trajectories on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscapes.record import FAILED, Record, Surface, optimizer_labels, step_or_none
from landscapes.render.light import Sun
from landscapes.render.plot3d.heightfield import HeightField
from landscapes.render.plot3d.level_lines import LevelLines
from landscapes.render.plot3d.resampling import resized
from landscapes.render.plot3d.shading import paint, scaled_heights
from landscapes.render.theme import Style, Theme, styles

Points = NDArray[np.float64]

CELLS, MOST_CELLS = 1.5, 2304
"""Cells of colour per pixel of the surface's longer side, and the most per side."""

STRIDE = 0.01
"""Longest straight piece of a trail, as a share of the map's side; longer ones would cut through the surface."""


class SurfaceModel:
    """The geometry and colours of a surface.

    Attributes:
        field: heights and colours over the unit square.
        top: the greatest height.
        levels: heights of the levels, shape (levels,).
        lines: the level lines.
        low, side: lower corner and side lengths of the view, shape (2,) each.
        minima: minima on the surface, shape (k, 3).
    """

    def __init__(self, surface: Surface, look: Theme) -> None:
        self.height, self.levels = scaled_heights(surface)
        height = self.height
        self.field = HeightField(height)
        self.look = look
        self.lines = LevelLines(self.levels, look)
        self._painted_for: tuple[object, ...] = ()
        self.top = float(np.nanmax(height)) if np.isfinite(height).any() else 1.0
        self.low = np.array([surface.x[0], surface.y[0]])
        self.side = np.array([surface.x[-1], surface.y[-1]]) - self.low
        self.minima = self.on_surface(surface.minima.reshape(-1, 2))

    def paint(self, sun: Sun, pixels: float) -> None:
        """Colour the surface in the light of a sun, in cells for a side of so many pixels."""
        side = int(np.clip(np.ceil(CELLS * pixels / 128) * 128, 256, MOST_CELLS))
        if (sun, side) != self._painted_for:
            self.field.paint(paint(resized(self.height, side), self.levels, self.look, sun))
            self._painted_for = sun, side

    def on_surface(self, points: Points) -> Points:
        """Return points (n, 2) of the domain as points (n, 3) on the surface; heights out of view are NaN."""
        unit = (points - self.low) / self.side
        return np.column_stack([unit, self.field.at(unit[:, 0], unit[:, 1])])


@dataclass(frozen=True, eq=False)
class SurfaceRun:
    """A trajectory on the surface.

    Attributes:
        points: the recorded points and interpolated ones between them, shape (n, 3).
        index: the position of each recorded step in `points`, shape (T,).
        style: colour and marker.
        stopped: the step at which the run failed, or None.
    """

    points: Points
    index: NDArray[np.int64]
    style: Style
    stopped: int | None


def runs_on_surface(record: Record, model: SurfaceModel, look: Theme) -> list[SurfaceRun]:
    """Return the trajectories of a race on a surface."""
    runs = record.trajectories.runs
    made = []
    for place, style in enumerate(styles(optimizer_labels(record), look)):
        x = record.trajectories.x[place]
        with np.errstate(invalid="ignore", over="ignore"):
            reach = np.abs(np.diff(x, axis=0) / model.side).max(1)
        pieces = np.clip(np.nan_to_num(np.ceil(reach / STRIDE), nan=1, posinf=1), 1, 2 / STRIDE).astype(np.int64)
        index = np.concatenate([[0], np.cumsum(pieces)])
        at = np.arange(index[-1] + 1)
        dense = np.column_stack([np.interp(at, index, x[:, axis]) for axis in (0, 1)])
        failed = str(runs["status"][place]) in FAILED
        made.append(
            SurfaceRun(model.on_surface(dense), index, style, step_or_none(runs["stopped"], place) if failed else None)
        )
    return made
