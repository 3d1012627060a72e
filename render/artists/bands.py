"""The marks of a line whose age bands have colours and widths of their own."""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_

from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg

from landscapes.render.artists.marks import NO_MARKS, Color, Mark
from landscapes.render.artists.polyline import GrowingPath, Strokes

Band = tuple[int, int, float, Color]
"""The first and the last point, the width in points and the colour."""


class BandMarks:
    """Keeps the marks of a line. From frame to frame only the end of the youngest one changes."""

    def __init__(self) -> None:
        self._ink: Strokes | None = None
        self._ends: list[int] = []
        self._look: tuple[object, ...] = ()
        self._growing: GrowingPath | None = None
        self._all = self._grown = NO_MARKS

    def outdated(self, ink: Strokes, ends: list[int], *look: object) -> bool:
        """Return whether the marks must be made anew; if so, the caller does that.

        Args:
            ink: the strokes that may be drawn.
            ends: the last points of the bands; the last one is the last point shown.
            look: objects on which widths and colours depend.
        """
        kept = ink is self._ink and ends[:-1] == self._ends and ends[-1] > ends[-2] and all(map(is_, look, self._look))
        self._ink, self._ends, self._look = ink, ends[:-1], look
        return not kept

    def renew(self, renderer: RendererBase, bands: Iterable[Band], last: int) -> None:
        """Make the marks of bands that end before the last point shown, or there."""
        ink, agg = self._ink, isinstance(renderer, RendererAgg)
        assert ink is not None
        self._growing, self._grown = None, []
        for begin, until, width, color in bands if not ink.empty else ():
            if until <= begin:
                continue
            if agg and until == last:
                self._growing = GrowingPath(ink.once(begin), begin)
                self._all = [*self._grown, Mark(self._growing.path, width, color)]
            elif (path := ink.path(renderer, begin, until)) is not None:
                self._grown.append(Mark(path, width, color))
        if not agg:
            self._ink = None  # paths of vector files hold what is shown now

    def marks(self, end: float) -> list[Mark]:
        """Return the marks up to the last point shown."""
        if self._growing is not None and self._growing.extend(end):
            return self._all
        return self._grown
