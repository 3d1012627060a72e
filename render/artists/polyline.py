"""Polylines in pixels: transformed once per layout; each frame strokes a part of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.render.artists.animated import IDENTITY, Boxes, Canvas
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.thinning import new_segments, spaced, straightened

MOST_KEPT = 16
"""The largest number of remembered paths of strokes."""

FAR = 1e4
"""Segments count as at most this many pixels long; longer ones have no dashes."""

Numbers = NDArray[np.int64]
Points = NDArray[np.float64]


@dataclass(slots=True)
class PixelPath:
    """A path as Agg reads it. Creating a `Path` of matplotlib takes longer than stroking it."""

    vertices: Points
    codes: NDArray[np.uint8] | None
    should_simplify: bool = False  # pixels must not depend on distant vertices
    simplify_threshold: float = 0.0


class Polyline:
    """The polyline of a run or a curve, and how much of it is shown.

    Attributes:
        shown: the step up to which it is shown.
        count: the number of points up to that step, with the next one if part of the way to it is shown.
        end: the last point shown, with the fraction of the way from the point before.
        pixels: the points in pixels, shape (n, 2).
        length: the length up to each point in pixels.
        kept: the numbers of the points that a picture needs.
        thinned: whether it belongs to a very large race, so that its strokes drop vertices that no pixel shows.
        upright: whether all segments are horizontal or vertical.
        whole: the strokes of the whole polyline.
    """

    def __init__(self, x: Points | Numbers, y: Points, step: Numbers) -> None:
        self.data = np.column_stack([x, y])
        self.step = step
        self.thinned = False
        self.shown: float = int(step[-1])
        self.count = len(step)
        self.end: float = self.count - 1
        self._steps: list[int] = step.tolist()
        self._key: bytes | None = None
        self._canvas: Canvas | None = None
        self._repeats: bool | None = None

    def set_step(self, step: float) -> None:
        """Show the points up to a step; of a fraction, part of the way to the next step, eased at both ends."""
        if step == self.shown:
            return
        self.shown = step
        self.count = self.reached(step)
        self.end = self.count - 1
        share = step - int(step)
        if share and 0 < self.count < len(self._steps) and self._steps[self.count] == int(step) + 1:
            self.end += smootherstep(share)
            self.count += 1

    @property
    def tip(self) -> Points:
        """The pixels of the last point shown, shape (2,)."""
        return self._pixel(self.end)

    def at(self, steps: Points) -> Points:
        """Return the pixels of the last point shown at some steps, shape (len(steps), 2)."""
        whole = np.floor(steps)
        counts, shares = np.searchsorted(self.step, steps, side="right"), steps - whole
        after = np.minimum(counts, len(self.step) - 1)
        moving = (shares > 0) & (counts > 0) & (counts < len(self.step)) & (self.step[after] == whole + 1)
        first = np.maximum(counts - 1, 0)
        places = self.pixels[first]
        for row in np.flatnonzero(moving).tolist():
            places[row] = self._pixel(float(first[row]) + smootherstep(float(shares[row])))
        return places

    def _pixel(self, end: float) -> Points:
        """Return the pixels of a point, with the fraction of the way to the next one."""
        first = int(end)
        at = np.asarray(self.pixels[first])
        if first == end or not np.isfinite(self.pixels[first + 1]).all():
            return at
        return np.asarray(at + (end - first) * (self.pixels[first + 1] - at))

    def reached(self, step: float) -> int:
        """Return the number of points up to a step."""
        return bisect_right(self._steps, step)

    def since(self, step: float) -> int:
        """Return the point at a step; the last one for later steps."""
        return bisect_left(self._steps, step, 0, len(self._steps) - 1)

    def between(self, first: float, last: float) -> Points:
        """Return the pixels of what changes between two steps, with the segment before, whose end becomes a joint."""
        return self.pixels[max(self.reached(first) - 2, 0) : self.reached(last) + (last != int(last))]

    def update(self, artist: Artist, renderer: RendererBase | None = None) -> None:
        """Update the pixels if the layout of the artist's axes has changed."""
        if renderer is not None and renderer is self._canvas:
            return
        self._canvas = renderer if isinstance(renderer, Canvas) else None
        transform = artist.get_transform()
        key = transform.get_affine().get_matrix().tobytes()
        if key == self._key:
            return
        self._key = key
        with np.errstate(all="ignore"):
            self.pixels = transform.transform(self.data)
            moves = np.diff(self.pixels, axis=0)
            self.upright = not (np.abs(moves) >= 1e-4).all(1).any()  # as matplotlib's snapping decides
            moves = np.nan_to_num(np.hypot(*moves.T), posinf=FAR)
        self.length = np.concatenate([[0.0], np.cumsum(np.minimum(moves, FAR))])
        self.kept = np.flatnonzero(spaced(self.length) | ~np.isfinite(self.pixels).all(1))
        if self.thinned:
            self.kept = straightened(self.pixels, self.kept)
        self.whole = Strokes(self, *solid(self, 0, len(self.pixels) - 1))
        self._repeats = None

    @property
    def repeats(self) -> bool:
        """Whether a segment repeats an earlier one."""
        if self._repeats is None:
            kept = self.pixels[self.kept]
            self._repeats = not new_segments(kept, np.ones(max(len(kept) - 1, 0), bool)).all()
        return self._repeats

    def piece(self, begin: int, end: int) -> Path:
        """Return the path through points begin … end - 1, at least two."""
        return self.lean(self.whole.between(begin, end - 1))

    def lean(self, path: Path) -> Path:
        """Return the path as vector files hold it; subclasses may drop vertices."""
        return path


class Strokes:
    """The strokes of a polyline, one after another.

    Args:
        route: the polyline, with pixels.
        points: the vertices as numbers of points, with fractions between them, ascending.
        continuing: for each vertex, whether it continues the stroke of the previous one.
        vertices: their pixels, if known.

    Attributes:
        empty: whether there is none.
    """

    def __init__(
        self, route: Polyline, points: Points, continuing: NDArray[np.bool_], vertices: Points | None = None
    ) -> None:
        self._route = route
        self._pixels = route.pixels
        self._points = points
        self._continuing = continuing
        self._vertices = _places(route.pixels, points) if vertices is None else vertices
        self._simple = bool(continuing[1:].all())
        self.empty = not len(points)
        self._boxes: Boxes | None = None
        self._old: dict[tuple[int, int], PixelPath] = {}

    @cached_property
    def _numbers(self) -> list[float]:
        return self._points.tolist()  # type: ignore[no-any-return]

    @cached_property
    def _codes(self) -> NDArray[np.uint8]:
        return np.where(self._continuing, Path.LINETO, Path.MOVETO).astype(Path.code_type)

    @cached_property
    def _reach(self) -> tuple[Points, Points, Points, Points]:
        """Left, bottom, right and top of each segment."""
        x, y = np.ascontiguousarray(self._vertices.T)
        one, two = (x[:-1], y[:-1]), (x[1:], y[1:])
        left, bottom = map(np.minimum, one, two)
        right, top = map(np.maximum, one, two)
        return left, bottom, right, top

    def between(self, begin: int, end: float) -> Path:
        """Return the strokes between two points, both ends exact, as one path; it may be empty.

        The second one may lie between points.
        """
        path = Path(*self._cut_out(begin, end))
        path.should_simplify = len(path) > 128
        path.simplify_threshold = 1 / 9
        return path

    def _cut_out(self, begin: int, end: float) -> tuple[Points, NDArray[np.uint8] | None]:
        """Return the vertices and the codes of the strokes between two points."""
        i = bisect_right(self._numbers, begin)
        j = bisect_left(self._numbers, end, i)
        before, after = self._inside(i), self._inside(j)
        if before and self._numbers[i - 1] == begin:
            i, before = i - 1, False
        if after and self._numbers[j] == end:
            j, after = j + 1, False
        vertices = self._vertices[i:j]
        if before or after:
            last = [_places(self._pixels, np.array([float(end)]))] if after else []
            vertices = np.concatenate([self._pixels[begin : begin + before], vertices, *last])
        if self._simple:
            return vertices, None
        codes = self._codes[i - before : j + after].copy()
        codes[:1] = Path.MOVETO
        return vertices, codes

    def stroke(self, renderer: RendererBase, gc: GraphicsContextBase, begin: int, end: int) -> None:
        """Draw the strokes between two points."""
        path = self.path(renderer, begin, end)
        if path is not None:
            gc.set_snap(self._route.upright if isinstance(renderer, RendererAgg) else None)
            renderer.draw_path(gc, path, IDENTITY)  # type: ignore[arg-type]
        gc.set_snap(None)

    def path(self, renderer: RendererBase, begin: int, end: int) -> PixelPath | Path | None:
        """Return the strokes between two points as the renderer takes them; None without a segment."""
        if self.empty:
            return None
        if isinstance(renderer, RendererAgg):
            own = self._pixel_path(begin, end)
            return own if len(own.vertices) >= 2 else None
        path = self._route.lean(self.between(begin, self._end(end)))
        return path if len(path) >= 2 else None

    def _pixel_path(self, begin: int, end: int) -> PixelPath:
        """Return the strokes between two points for Agg; those that end before the last point shown are kept."""
        if end == self._route.count - 1:
            return PixelPath(*self._cut_out(begin, self._end(end)))
        if (begin, end) not in self._old:
            if len(self._old) >= MOST_KEPT:
                self._old.clear()
            self._old[begin, end] = PixelPath(*self.once(begin)._cut_out(begin, end))
        return self._old[begin, end]

    def _end(self, end: int) -> float:
        """Return the last point of a stroke, with the fraction of the way to the last one shown."""
        return self._route.end if end == self._route.count - 1 else end

    def near(self, boxes: Boxes | None, margin: float) -> Strokes:
        """Return the strokes without those that are far from all boxes."""
        if boxes is None or self.empty:
            return self
        if boxes is not self._boxes:
            self._boxes = boxes
            self._near = self._cut(boxes, margin)
        return self._near

    def _cut(self, boxes: Boxes, margin: float) -> Strokes:
        left, bottom, right, top = self._reach
        low_x, low_y, high_x, high_y = (
            np.asarray(boxes.T[..., None]) + np.array([-margin, -margin, margin, margin])[:, None, None]
        )
        with np.errstate(invalid="ignore"):
            meets = ~((left > high_x) | (right < low_x) | (bottom > high_y) | (top < low_y)).all(0)
        meets[1:] |= meets[:-1].copy()  # joints shape the segments that they join
        meets[:-1] |= meets[1:].copy()
        meets &= self._continuing[1:]
        return self._chosen(self._points, self._vertices, meets)

    def once(self, begin: int) -> Strokes:
        """Return the strokes from a point on without repeated segments, for Agg.

        Agg adds up what segments of one path cover, so that many equal ones would have hard edges.
        """
        if not self._route.repeats:
            return self
        first = bisect_right(self._numbers, begin)
        inside = int(self._inside(first))
        points = np.append(np.full(inside, begin), self._points[first:])
        vertices = np.concatenate([self._pixels[begin : begin + inside], self._vertices[first:]])
        drawn = np.append(np.full(inside, True), self._continuing[first + 1 :])[: max(len(points) - 1, 0)]
        return self._chosen(points, vertices, new_segments(vertices, drawn))

    def _chosen(self, points: Points, vertices: Points, drawn: NDArray[np.bool_]) -> Strokes:
        """Return strokes of these vertices with the segments that are to be drawn."""
        after = np.append(False, drawn)
        keep = np.flatnonzero(after | np.append(drawn, False))
        return Strokes(self._route, points[keep], after[keep], vertices[keep])

    def _inside(self, place: int) -> bool:
        """Return whether a stroke continues to that vertex."""
        return place < len(self._numbers) and bool(self._continuing[place])


class GrowingPath:
    """The path of strokes from a point to the last one shown, for Agg; only its end changes.

    Attributes:
        path: the path; its vertices are valid until the next call of `extend`.
    """

    def __init__(self, strokes: Strokes, begin: int) -> None:
        numbers = strokes._numbers
        first = bisect_right(numbers, begin)
        inside = strokes._inside(first)
        self._least = 0
        if inside and numbers[first - 1] == begin:
            first, inside, self._least = first - 1, False, 1
        self._before = int(inside)
        self._pixels = strokes._pixels
        self._numbers = numbers[first:]
        self._own = np.concatenate([self._pixels[begin : begin + inside], strokes._vertices[first:]])
        self._vertices = self._own.copy()
        self._codes = None if strokes._simple else strokes._codes[first - self._before :].copy()
        if self._codes is not None:
            self._codes[:1] = Path.MOVETO
        self._continuing: list[bool] = strokes._continuing[first:].tolist()
        self._changed: int | None = None
        self.path = PixelPath(self._vertices, self._codes)

    def extend(self, end: float) -> bool:
        """Let the path end at a point, with the fraction of the way to the next one. Return whether it has two."""
        if self._changed is not None:
            self._vertices[self._changed] = self._own[self._changed]
            self._changed = None
        last = bisect_left(self._numbers, end, self._least)
        count = self._before + last
        if last < len(self._numbers) and self._continuing[last]:
            if self._numbers[last] != end:
                whole = int(end)
                place = self._pixels[whole]
                if end > whole:
                    place = place + (end - whole) * (self._pixels[whole + 1] - place)
                self._vertices[count] = place
                self._changed = count
            count += 1
        self.path.vertices = self._vertices[:count]
        if self._codes is not None:
            self.path.codes = self._codes[:count]
        return count >= 2


def _places(pixels: Points, points: Points) -> Points:
    """Return the pixels of points, with fractions between them."""
    whole = points.astype(np.int64)
    places = pixels[whole]
    between = np.flatnonzero(points > whole)
    share = (points - whole)[between, None]
    places[between] += share * (pixels[whole[between] + 1] - pixels[whole[between]])
    return places


StrokeVertices = tuple[Points, NDArray[np.bool_]]
"""Vertices as numbers of points, and whether each continues a stroke."""


def solid(route: Polyline, first: int, last: int) -> StrokeVertices:
    """Return one solid stroke from a point to another."""
    inner = route.kept[slice(*np.searchsorted(route.kept, (first + 1, last)))]
    points = np.concatenate([[first], inner, [last] if last > first else []]).astype(np.float64)
    return points, np.arange(len(points)) > 0


def dashed(route: Polyline, first: int, last: int, pattern: Sequence[float], width: float) -> Iterator[StrokeVertices]:
    """Yield dashes from a point to another, where the pattern in pixels puts them on the whole polyline.

    They are shorter by one width, which their round caps add.
    """
    begin = first
    for far in (np.flatnonzero(np.diff(route.length[first : last + 1]) >= FAR) + first).tolist():
        yield _dashes(route, begin, far, pattern, width)
        yield solid(route, far, far + 1)
        begin = far + 1
    yield _dashes(route, begin, last, pattern, width)


def closed(route: Polyline, points: Points, continuing: NDArray[np.bool_], shut: NDArray[np.bool_]) -> StrokeVertices:
    """Close the gaps before the vertices for which `shut` is true."""
    after = np.searchsorted(points, route.kept)
    within = (after > 0) & (after < len(points))
    within[within] = shut[after[within]] & (points[after[within]] > route.kept[within])
    after = after[within]
    return np.insert(points, after, route.kept[within]), np.insert(continuing | shut, after, True)


def _dashes(route: Polyline, first: int, last: int, pattern: Sequence[float], width: float) -> StrokeVertices:
    length = route.length[first : last + 1]
    period = float(sum(pattern))
    edges = np.cumsum([0.0, *pattern])
    starts = period * np.arange(np.floor(length[0] / period), np.ceil(length[-1] / period) + 1)[:, None]
    one = (starts + edges[:-1:2] + width / 2).ravel()
    two = np.maximum((starts + edges[1::2] - width / 2).ravel(), one + 0.01)
    hold_last = (two > length[0]) & (one < length[-1])
    one, two = np.maximum(one[hold_last], length[0]), np.minimum(two[hold_last], length[-1])
    inner = route.kept[slice(*np.searchsorted(route.kept, (first + 1, last)))]
    place = np.searchsorted(one, route.length[inner]) - 1
    inner = inner[(place >= 0) & (route.length[inner] < np.append(two, 0.0)[place])]
    begins, ends = (np.interp(side, length, np.arange(first, last + 1)) for side in (one, two))
    points = np.concatenate([begins, inner, ends])
    order = np.argsort(points, kind="stable")
    return points[order], (np.arange(len(points)) >= len(begins))[order]
