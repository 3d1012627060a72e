"""Colours of 3-D surfaces: contour colours in light and shadow, and of their side walls."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.artists.trails import mix
from landscapes.render.light import Sun, illuminate, to_linear, to_srgb
from landscapes.render.plot3d.camera import TALL
from landscapes.render.plot3d.resampling import resized
from landscapes.render.plots.color_levels import color_levels
from landscapes.render.theme import Theme

Points = NDArray[np.float64]
Grid = NDArray[np.float32]
Color = tuple[float, float, float, float]

SHALLOW = 0.04
"""On a log scale wells have no bottom: they are filled up to this quantile of the heights."""

LOG2 = float(np.log10(2.0))

TALLEST = 1.15
"""Heights are clipped at this multiple of the highest level."""

PAPER = 0.12
"""Share of the colour of axes in that of outlined surfaces, which differ from the page."""

SOLID = 0.6
"""Least strength of light on surfaces in 3-D, which would look flat without."""

LIT = 640
"""Grid points per side of the light, which is smooth."""

WALL, WALL_SKY, WALL_GROUND = 0.6, 0.6, 0.06
"""Brightness of side walls in linear light, the sky's part of it, and the background's share in their colours."""

FINE = 8192
"""Entries of the table of colours by height."""

SIDEWAYS = 118.0
"""The sun stands this many degrees to the left of the camera, a little behind the surface."""

SHOULDER, BRIGHTEST = 0.6, 1.8
"""Linear light above which it is compressed, so that bright slopes keep a shape; and the most that is distinguished."""


def scaled_heights(surface: Surface) -> tuple[Points, Points]:
    """Return the drawn heights (ny, nx) and the heights of the levels (levels,).

    The lowest level is 0 and the highest is 1. Heights are NaN where a value is not finite.
    """
    shape = color_levels(surface)
    height, levels = np.ma.filled(shape.height, np.nan), shape.levels
    if surface.scale == "log" and np.isfinite(height).any():
        depth = np.nanquantile(height, SHALLOW)
        with np.errstate(invalid="ignore"):  # NaN stays NaN
            height, levels = (np.logaddexp2(part / LOG2, depth / LOG2) * LOG2 for part in (height, levels))
    low, high = levels[0], levels[-2] if len(levels) > 2 else levels[-1]
    return np.clip((height - low) / (high - low), 0.0, TALLEST), (levels - low) / (high - low)


def lit(colors: Grid, height: Grid, sun: Sun, strength: float) -> NDArray[np.uint8]:
    """Return uint8 colours (n, n, 3) of linear colours on heights (n, n) in light and shadow of a strength.

    Level ground in the open keeps its colour; the sun and its shadows are those of contour plots.
    """
    n = len(height)
    shown = resized(height, min(n, LIT))
    light = illuminate(shown.astype(np.float64), relief=TALL * float(np.ptp(shown)), sun=sun)
    white = np.float32(strength) * resized(light.glint, n) * colors.max(-1)
    linear = colors * (1 + np.float32(strength) * (resized(light.brightness, n) - 1))[..., None]
    linear += white[..., None]
    np.clip(linear, 0, np.float32(BRIGHTEST), out=linear)
    linear *= np.float32(len(DISPLAYED) - 1) / np.float32(BRIGHTEST)
    return DISPLAYED[linear.astype(np.int16)]


def strength(look: Theme) -> float:
    """Return how strongly light shapes surfaces in 3-D: more than on a map, because they need it to look solid."""
    return SOLID + (1 - SOLID) * look.light


def _display_table() -> NDArray[np.uint8]:
    linear = np.linspace(0, BRIGHTEST, 8192)
    bright = SHOULDER + (1 - SHOULDER) * np.tanh((linear - SHOULDER) / (1 - SHOULDER))
    return np.rint(255 * to_srgb(np.where(linear < SHOULDER, linear, bright))).astype(np.uint8)


DISPLAYED = _display_table()
"""The display's levels of linear light from 0 to `BRIGHTEST`, in equal steps."""


def paint(height: Grid, levels: Points, look: Theme, sun: Sun) -> NDArray[np.uint8]:
    """Return uint8 colours (n, n, 3) of heights (n, n): contour colours in the light of a sun."""
    height = np.clip(np.nan_to_num(height), 0, np.float32(TALLEST))  # cubic interpolation reaches beyond
    ramp = _ramp(look.fill)
    table = np.interp(np.linspace(0, TALLEST, FINE), levels, np.linspace(0, len(ramp) - 1, len(levels)))
    place = (height * np.float32((FINE - 1) / TALLEST)).astype(np.int32)
    colors = np.broadcast_to(_paper(look), (*height.shape, 3)) if look.outlined else ramp[table.astype(np.int32)[place]]
    return lit(colors, height, sun, strength(look))


def wall_bands(
    levels: Points, look: Theme, sun: Sun, outward: Points, least: float = 0.0
) -> list[tuple[float, float, Color]]:
    """Return the lower and upper ends of the bands of a side wall, from the highest down, and their colours.

    Args:
        levels: the heights of the levels.
        look: the theme.
        sun: the sun.
        outward: the direction in which the wall faces, shape (2,).
        least: thinner bands are joined.
    """
    facing = max(float(sun.direction[:2] @ outward), 0.0) / float(sun.direction[2])
    bright = WALL * (WALL_SKY + (1 - WALL_SKY) * facing)
    ramp, ground = _ramp(look.fill), to_linear(np.array(to_rgb(look.background)))
    inner = [float(levels[0])]
    for level in levels[1:-1].tolist():
        if level - inner[-1] >= least:
            inner.append(level)
    middles = (np.array(inner) + np.array([*inner[1:], float(levels[-1])])) / 2
    shares = np.interp(middles, levels, np.linspace(0, 1, len(levels)))
    colors = ramp[np.rint((len(ramp) - 1) * shares).astype(int)]
    colors = bright * (np.broadcast_to(_paper(look), colors.shape) if look.outlined else colors)
    shown = np.column_stack([to_srgb(colors + WALL_GROUND * (ground - colors)), np.ones(len(inner))])
    bands = zip([-np.inf, *inner[1:]], [*inner[1:], np.inf], map(tuple, shown.tolist()), strict=True)
    return list(bands)[::-1]


def _paper(look: Theme) -> Grid:
    """Return the linear colour, shape (3,), of a surface that level lines alone describe: a little from the page's."""
    return to_linear(np.array(mix(to_rgb(look.background), to_rgb(look.muted), PAPER))).astype(np.float32)


@lru_cache(maxsize=32)
def _ramp(fill: tuple[str, ...]) -> Grid:
    """Return linear colours from low to high, shape (n, 3)."""
    colors = LinearSegmentedColormap.from_list("fill", list(fill), N=1024)(np.arange(1024))
    return to_linear(np.asarray(colors)[:, :3]).astype(np.float32)
