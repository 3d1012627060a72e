"""The colours of a surface that is seen from aside: those of its contours, lit from the left, with level lines on it."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.plots.levels import relief
from landscapes.render.theme import Theme

Points = NDArray[np.float64]

STEEP = 0.62
"""How steep light finds the slopes, as a share of what they are: in full, all would be light or shadow."""

LIGHT = np.array([-0.55, -0.2, 0.81])
"""Where the light comes from: low, from the left."""

SHALLOW = 0.04
"""On a log scale wells are bottomless: they are filled where this share of the map lies lower."""

LOG2 = float(np.log10(2.0))

FINE = 1024
"""Points a side of the colours."""

TALLEST = 1.15
"""Where what rises above the coloured levels is cut off, in units of their height."""

LINE = 1.3
"""Width of a level line, in points of the grid of colours."""


def heights(surface: Surface) -> tuple[Points, Points]:
    """A surface's heights as they are drawn, 0 at its lowest level and 1 at the highest, and where its levels lie.

    Shapes (ny, nx) and (levels,); NaN where a value is not finite.
    """
    shape = relief(surface)
    height, levels = np.ma.filled(shape.height, np.nan), shape.levels
    if surface.scale == "log" and np.isfinite(height).any():
        depth = np.nanquantile(height, SHALLOW)
        with np.errstate(invalid="ignore"):  # holes stay holes
            height, levels = (np.logaddexp2(part / LOG2, depth / LOG2) * LOG2 for part in (height, levels))
    low, high = levels[0], levels[-2] if len(levels) > 2 else levels[-1]
    return np.clip((height - low) / (high - low), 0.0, TALLEST), (levels - low) / (high - low)


def lit(colors: Points, height: Points, look: Theme) -> Points:
    """Colours (n, m, 3) as the light shows them on heights (n, m)."""
    down, along = np.gradient(np.nan_to_num(height), 1 / (len(height) - 1), 1 / (height.shape[1] - 1))
    bright = (-STEEP * along * LIGHT[0] - STEEP * down * LIGHT[1] + LIGHT[2]) / np.sqrt(
        1 + (STEEP * along) ** 2 + (STEEP * down) ** 2
    )
    bright = np.clip(bright, 0.0, 1.0)[..., None]
    shadow, glow = np.array(to_rgb(look.fill[0])) * 0.55, np.array(to_rgb(look.fill[-1]))
    mixed: Points = shadow + (colors - shadow) * np.clip(bright / 0.75, 0.0, 1.0)
    mixed += (glow - mixed) * np.clip((bright - 0.8) / 0.4, 0.0, 1.0)
    return mixed


def painted(height: Points, levels: Points, look: Theme) -> NDArray[np.uint8]:
    """The colours of heights (n, n), uint8 (n, n, 3): a colour a band between levels, shaded, with a line at each level."""
    ramp = LinearSegmentedColormap.from_list(look.name, list(look.fill))
    inner = levels[1:-1]
    band = np.searchsorted(inner, height, side="right")
    colors = ramp(band / max(len(inner), 1))[..., :3]
    colors = lit(colors, height, look)
    slope = np.hypot(*np.gradient(np.nan_to_num(height)))
    if len(inner):
        near = np.abs(height - inner[np.clip(band - 1, 0, len(inner) - 1)])
        near = np.minimum(near, np.abs(height - inner[np.clip(band, 0, len(inner) - 1)]))
        away = near / np.maximum(slope, 1e-9)  # in points of the grid
        drawn = np.nan_to_num(np.clip(LINE - away, 0.0, 1.0))[..., None]
        colors = colors + (np.array(to_rgb(look.line)) * 0.88 - colors) * 0.8 * drawn
    return np.rint(255 * np.clip(np.nan_to_num(colors), 0.0, 1.0)).astype(np.uint8)
