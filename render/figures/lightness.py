"""Paths for files whose size counts: fewer vertices, in round numbers."""

from __future__ import annotations

from typing import Self

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Transform

from landscapes.render.artists.animated import IDENTITY
from landscapes.render.artists.polyline import Route

DIGITS = 2
"""Behind the point, in units of the file, 72 to an inch."""

COLUMN = 0.5
"""How wide a column of a curve over steps is: within one, only how far the curve goes up and down shows."""


class Light(Route):
    """A route without the vertices that do not show."""

    @classmethod
    def of(cls, route: Route) -> Self:
        """The same route, shown as far."""
        made = cls(np.asarray(route.data[:, 0], np.float64), np.asarray(route.data[:, 1], np.float64), route.step)
        made.set_step(route.shown)
        return made

    def lean(self, path: Path) -> Path:
        return light(path, IDENTITY)


class Columns(Light):
    """A route that goes to the right and swings up and down."""

    def lean(self, path: Path) -> Path:
        way = np.asarray(path.vertices, float)
        if path.codes is not None:
            strokes = np.split(way, np.flatnonzero(path.codes == Path.MOVETO)[1:])
            return Path.make_compound_path(*[self.lean(Path(stroke)) for stroke in strokes if len(stroke) > 1])
        if not np.isfinite(way).all():
            return super().lean(path)
        column = np.floor(way[:, 0] / COLUMN)
        order = np.lexsort((way[:, 1], column))
        border = np.flatnonzero(np.diff(column, prepend=np.nan, append=np.nan) != 0)
        extremes = np.concatenate([order[border[:-1]], order[border[1:] - 1]])
        kept = np.unique(np.concatenate([extremes, border[:-1], border[1:] - 1]))
        return light(Path(way[kept]), IDENTITY)


def light(path: Path, change: Transform, digits: int = DIGITS) -> Path:
    """A path transformed, simplified and rounded."""
    clean = path.cleaned(change, remove_nans=True, simplify=True)
    made = Path(np.asarray(clean.vertices)[:-1].round(digits), np.asarray(clean.codes)[:-1])  # the last says stop
    made.should_simplify = False
    return made
