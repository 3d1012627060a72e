"""The picture of a surface: colours of heights in the light of `render.light`, computed for each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.light import display_levels, illuminate, to_linear
from landscapes.render.palette import Palette, choose_colors, count, pack, weigh
from landscapes.render.plots.color_levels import ColorLevels
from landscapes.render.theme import Theme

Grid = NDArray[np.float64]

RELIEF = 0.16
"""The range of the colours as a height, in widths of the picture."""

SMOOTH = 0.5
"""Fourth differences above this share of the second ones belong to kinks, cliffs and noise: no cubic passes there."""

VECTOR_DPI = 130
"""Pixels per inch of the image in vector files."""

MOST_PIXELS = 4_000_000
"""Larger images are computed at a lower resolution and repeat pixels."""

SHADES = 1024
"""Number of colours between the lowest and the highest level."""


class SurfaceImage(Artist):
    """The colours of a surface in its axes, at the resolution of the page.

    Heights between grid points come from a cubic spline of the values, so that valleys are smooth on a log scale; where
    the values have kinks or jumps, from linear interpolation. Points without a finite value stay transparent.
    """

    def __init__(self, surface: Surface, shape: ColorLevels, theme: Theme) -> None:
        super().__init__()
        self.surface = surface
        self.shape = shape
        self.theme = theme
        self.set_zorder(0.5)
        self._drawn: tuple[object, ...] = ()
        self._image = np.zeros((0, 0, 4), np.uint8)

    def draw(self, renderer: RendererBase) -> None:
        axes = self.axes
        if not self.get_visible() or not isinstance(axes, Axes):
            return
        left, bottom, right, top = axes.bbox.extents
        scale = 1.0
        if renderer.option_scale_image():
            scale = VECTOR_DPI / (72 * float(renderer.points_to_pixels(1.0)))  # type: ignore[arg-type]
        low = np.floor([left, bottom]).astype(int)
        high = np.ceil([right, top]).astype(int)
        count = np.maximum(np.rint((high - low) * scale).astype(int), 1)
        if count.prod() > MOST_PIXELS:
            count = np.maximum((count * np.sqrt(MOST_PIXELS / count.prod())).astype(int), 1)
        places = [low[axis] + (np.arange(count[axis]) + 0.5) * (high - low)[axis] / count[axis] for axis in (0, 1)]
        needed = (*count.tolist(), *axes.get_xlim(), *axes.get_ylim(), left, bottom, right, top)
        if needed != self._drawn:
            back = axes.transData.inverted()
            x = back.transform(np.column_stack([places[0], np.full(count[0], bottom)]))[:, 0]
            y = back.transform(np.column_stack([np.full(count[1], left), places[1]]))[:, 1]
            self._image, self._drawn = paint(self.surface, self.shape, self.theme, x, y), needed
        gc = renderer.new_gc()
        self._set_gc_clip(gc)  # type: ignore[attr-defined]
        wide, tall = (high - low).tolist()
        corner = int(low[0]), int(low[1])
        if renderer.option_scale_image():
            change = Affine2D().scale(wide, tall)  # moved to the corner by `draw_image`
            renderer.draw_image(gc, *corner, _few_colors(self._image), change)
        else:
            image = self._image
            if image.shape[:2] != (tall, wide):
                rows, columns = (np.arange(n) * m // n for n, m in zip((tall, wide), image.shape[:2], strict=True))
                image = np.ascontiguousarray(image[np.ix_(rows, columns)])
            renderer.draw_image(gc, *corner, image)
        gc.restore()
        self.stale = False


def paint(surface: Surface, shape: ColorLevels, theme: Theme, x: Grid, y: Grid) -> NDArray[np.uint8]:
    """Return the colours (len(y), len(x), 4) of a surface at ascending coordinates, row 0 at the bottom."""
    height = heights_at(surface, shape, x, y)
    known = np.isfinite(height)
    share = smooth_share(np.where(known, height, shape.levels[0]), shape.levels)
    ramp, place = shades(theme.fill, SHADES), np.rint(share * (SHADES - 1)).astype(np.int32)
    picture = np.zeros((*height.shape, 4), np.uint8)
    if theme.light:
        lit = illuminate(np.where(known, share, np.nan), relief=RELIEF, aspect=len(y) / len(x))
        picture[..., :3] = display_levels(lit.shade_linear(to_linear(ramp)[place], theme.light))
    else:
        picture[..., :3] = np.rint(255 * ramp).astype(np.uint8)[place]
    picture[..., 3] = 255 * known
    return picture


def shades(fill: tuple[str, ...], count: int) -> Grid:
    """Return colours (count, 3) from the lowest to the highest."""
    stops = np.array([to_rgb(color) for color in fill])
    at = np.linspace(0, 1, len(stops))
    return np.column_stack([np.interp(np.linspace(0, 1, count), at, channel) for channel in stops.T])


def smooth_share(height: Grid, levels: Grid) -> Grid:
    """Return where heights lie among ascending levels, from 0 to 1, without kinks at the levels.

    A monotone cubic (Fritsch and Carlson, 1980; slopes as Fritsch and Butland, 1984) through the levels.

    >>> smooth_share(np.array([-1.0, 0.0, 1.0, 3.0, 9.0]), np.array([0.0, 1.0, 3.0])).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    at, width = np.linspace(0, 1, len(levels)), np.diff(levels)
    secant = np.diff(at) / width
    slope = np.empty(len(levels))
    slope[[0, -1]] = secant[[0, -1]]
    one, two = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    slope[1:-1] = (one + two) / (one / secant[:-1] + two / secant[1:])
    place = np.clip(np.searchsorted(levels, height, side="right") - 1, 0, len(width) - 1)
    h = width[place]
    s = np.clip((height - levels[place]) / h, 0.0, 1.0)
    bend = s * (1 - s)
    rise = secant[place] * s * s * (3 - 2 * s) + slope[place] * bend * (1 - s) - slope[place + 1] * bend * s
    return np.clip(at[place] + h * rise, 0.0, 1.0)


def heights_at(surface: Surface, shape: ColorLevels, x: Grid, y: Grid) -> Grid:
    """Return heights (len(y), len(x)) on the colour scale; NaN where a value is not finite, or outside the grid."""
    columns, rows = (
        np.interp(at, axis, np.arange(len(axis)), left=np.nan, right=np.nan)
        for at, axis in ((x, surface.x), (y, surface.y))
    )
    outside = np.isnan(rows)[:, None] | np.isnan(columns)
    rows, columns = np.nan_to_num(rows), np.nan_to_num(columns)
    grid = np.ma.filled(shape.height.astype(float), np.nan)
    found = _linear(grid, rows, columns)
    if np.isfinite(grid).all() and min(grid.shape) >= 8:
        values = grid if shape.zero is None else surface.values
        smooth = _is_smooth(values)
        if smooth.any():
            curved = _spline(_spline(values, rows).T, columns).T
            if shape.zero is not None and shape.offset is not None:
                curved = np.log10(np.maximum(curved - shape.zero, 0.0) + shape.offset)
            use = smooth[np.ix_(rows.astype(int), columns.astype(int))]
            found = np.where(use, curved, found)
    found[outside] = np.nan
    return found


def _linear(values: Grid, rows: Grid, columns: Grid) -> Grid:
    """Return values at fractional rows and columns, linear between grid points."""
    for axis, at in enumerate((rows, columns)):
        low = np.minimum(at.astype(int), max(values.shape[axis] - 2, 0))
        high = np.minimum(low + 1, values.shape[axis] - 1)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        one, two = values.take(low, axis), values.take(high, axis)
        values = np.where(share == 0, one, (1 - share) * one + share * two)  # NaN times 0 is NaN
    return values


def _is_smooth(values: Grid) -> NDArray[np.bool_]:
    """Return for each grid point whether a cubic spline fits the values around it."""
    rough = np.zeros(values.shape, bool)
    for axis in (0, 1):
        second = np.abs(np.diff(values, 2, axis))
        fourth = np.abs(np.diff(values, 4, axis))
        middle = [slice(None)] * 2
        middle[axis] = slice(2, -2)
        inner = [slice(None)] * 2
        inner[axis] = slice(1, -1)
        around = np.maximum.reduce([np.roll(second, move, axis) for move in (-1, 0, 1)])[tuple(inner)]
        rough[tuple(middle)] |= fourth > SMOOTH * around + 1e-12 * np.abs(values).max()
    grown = rough.copy()
    for axis in (0, 1):
        for move in (-2, -1, 1, 2):
            grown |= np.roll(rough, move, axis)
        rough = grown.copy()
    return ~grown


def _spline(values: Grid, at: Grid) -> Grid:
    """Return values (n, m) at fractional rows, from cubic splines with not-a-knot ends along each column."""
    n = len(values)
    bend = np.zeros_like(values)  # second derivatives over 6: neighbours with weights 1, 4, 1 add up to differences
    bend[1:-1] = np.diff(values, 2, axis=0)
    bend[[1, -2]] /= 6  # at a not-a-knot end, the outermost three lie on a line
    bend[2] -= bend[1]
    bend[-3] -= bend[-2]
    pivot = np.full(n, 4.0)
    for row in range(3, n - 2):
        pivot[row] -= 1 / pivot[row - 1]
        bend[row] -= bend[row - 1] / pivot[row - 1]
    bend[n - 3] /= pivot[n - 3]
    for row in range(n - 4, 1, -1):
        bend[row] = (bend[row] - bend[row + 1]) / pivot[row]
    bend[0], bend[-1] = 2 * bend[1] - bend[2], 2 * bend[-2] - bend[-3]
    low = np.minimum(at.astype(int), n - 2)
    s = (at - low)[:, None]
    t = 1 - s
    return np.asarray(t * values[low] + s * values[low + 1] + (t**3 - t) * bend[low] + (s**3 - s) * bend[low + 1])


def _few_colors(image: NDArray[np.uint8]) -> Any:
    """Return an image with the colours of one palette, which vector files store in a third of the bytes."""
    keys, weight = weigh([count(pack(image))])
    palette = Palette(choose_colors(keys, weight, np.zeros((0, 3), np.uint8)), keys)
    drawn = image.copy()
    drawn[..., :3] = palette.colors[palette.map(image) - 1]
    return drawn
