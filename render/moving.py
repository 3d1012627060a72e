"""What moving artists are made of: paths in pixels, and strokes that cost little.

They are ordinary matplotlib artists, so they draw into raster and vector files alike. What makes them
fast is that points are transformed to pixels once, and that each frame strokes whole paths.
"""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

LONG = 1000
"""From this many points on, a trail keeps one vertex each half pixel."""

IDENTITY = IdentityTransform()


class Moving:
    """What an artist is that follows the race."""

    def show(self, step: int) -> None:
        """Shows what was so after `step` steps."""
        raise NotImplementedError


def moving(page: Artist) -> list[Moving]:
    """The artists on a figure or on axes that follow the race."""
    return [artist for artist in page.findobj() if isinstance(artist, Moving)]


def show(page: Artist, step: int) -> None:
    """Shows every moving artist of a figure or of axes at a step."""
    for artist in moving(page):
        artist.show(step)


class Route:
    """A path in pixels: transformed once a layout, thinned where it is finer than the picture."""

    def __init__(
        self, x: NDArray[np.float64] | NDArray[np.int64], y: NDArray[np.float64], step: NDArray[np.int64]
    ) -> None:
        self.data = np.column_stack([x, y])
        self.step = step
        self.count = len(step)
        self._key: bytes | None = None

    def show(self, step: int) -> None:
        self.count = int(np.searchsorted(self.step, step, side="right"))

    def update(self, artist: Artist) -> None:
        """Brings the pixels up to date with the layout of the artist's axes."""
        transform = artist.get_transform()
        key = transform.get_affine().get_matrix().tobytes()
        if key == self._key:
            return
        self._key = key
        with np.errstate(all="ignore"):
            self.pixels = transform.transform(self.data)
            moves = np.nan_to_num(np.hypot(*np.diff(self.pixels, axis=0).T), posinf=0.0)
        self.length = np.concatenate([[0.0], np.cumsum(moves)])
        if len(self.pixels) > LONG:
            self.kept = np.unique(np.concatenate([[0], np.flatnonzero(np.diff(np.floor(self.length * 2))) + 1]))
        else:
            self.kept = np.arange(len(self.pixels))
        self.thin = self.pixels[self.kept]

    def piece(self, begin: int, end: int) -> Path:
        """The path through points begin … end - 1, both ends exact; there must be two points at least."""
        if len(self.thin) == len(self.pixels):
            vertices = self.pixels[begin:end]
        else:
            first, last = np.searchsorted(self.kept, (begin + 1, end - 1))
            ends = self.pixels[begin : begin + 1], self.pixels[end - 1 : end]
            vertices = np.concatenate([ends[0], self.thin[first:last], ends[1]])
        path = Path(vertices, closed=False)
        path.should_simplify = len(vertices) > 128
        path.simplify_threshold = 1 / 9
        return path


def stroke(artist: Artist, renderer: RendererBase, width: float) -> GraphicsContextBase:
    """A graphics context for round strokes of `width` points, clipped as the artist is."""
    gc = renderer.new_gc()
    artist._set_gc_clip(gc)  # type: ignore[attr-defined]
    gc.set_linewidth(width)
    gc.set_capstyle("round")
    gc.set_joinstyle("round")
    gc.set_antialiased(True)
    return gc


def pixels(renderer: RendererBase, points: float) -> float:
    """A length in points as one in pixels."""
    return float(renderer.points_to_pixels(points))  # type: ignore[arg-type]
