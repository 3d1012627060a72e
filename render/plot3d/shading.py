"""Colours of 3-D surfaces: contour colours, lit from the left, with level lines or a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.plots.contours import color_levels
from landscapes.render.theme import Theme

Points = NDArray[np.float64]

STEEP = 0.62
"""Scale of the slopes for shading; unscaled slopes would be either fully lit or fully in shadow."""

LIGHT_DIRECTION = np.array([-0.55, -0.2, 0.81])
"""Direction towards the light: low, from the left."""

SHALLOW = 0.04
"""On a log scale wells have no bottom: they are filled up to this quantile of the heights."""

LOG2 = float(np.log10(2.0))

FINE = 1024
"""Grid points per side of the colours."""

TALLEST = 1.15
"""Heights are clipped at this multiple of the highest level."""

LINE = 1.3
"""Width of a level line in grid points."""

MESH = 80
"""Patches per side; more take longer and look the same."""

VIEW = 34, -124
"""Elevation and azimuth of the view in degrees."""


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


def light(colors: Points, height: Points, look: Theme) -> Points:
    """Shade colours (n, m, 3) by the slopes of heights (n, m)."""
    down, along = np.gradient(np.nan_to_num(height), 1 / (len(height) - 1), 1 / (height.shape[1] - 1))
    bright = (-STEEP * along * LIGHT_DIRECTION[0] - STEEP * down * LIGHT_DIRECTION[1] + LIGHT_DIRECTION[2]) / np.sqrt(
        1 + (STEEP * along) ** 2 + (STEEP * down) ** 2
    )
    bright = np.clip(bright, 0.0, 1.0)[..., None]
    shadow, glow = np.array(to_rgb(look.fill[0])) * 0.55, np.array(to_rgb(look.fill[-1]))
    mixed: Points = shadow + (colors - shadow) * np.clip(bright / 0.75, 0.0, 1.0)
    mixed += (glow - mixed) * np.clip((bright - 0.8) / 0.4, 0.0, 1.0)
    return mixed


def paint(height: Points, levels: Points, look: Theme) -> NDArray[np.uint8]:
    """Return uint8 colours (n, n, 3) of heights (n, n): one shaded colour per band, and a line at each level."""
    ramp = LinearSegmentedColormap.from_list(look.name, list(look.fill))
    inner = levels[1:-1]
    band = np.searchsorted(inner, height, side="right")
    colors = ramp(band / max(len(inner), 1))[..., :3]
    colors = light(colors, height, look)
    slope = np.hypot(*np.gradient(np.nan_to_num(height)))
    if len(inner):
        near = np.abs(height - inner[np.clip(band - 1, 0, len(inner) - 1)])
        near = np.minimum(near, np.abs(height - inner[np.clip(band, 0, len(inner) - 1)]))
        away = near / np.maximum(slope, 1e-9)  # in grid points
        drawn = np.nan_to_num(np.clip(LINE - away, 0.0, 1.0))[..., None]
        colors = colors + (np.array(to_rgb(look.line)) * 0.88 - colors) * 0.8 * drawn
    return np.rint(255 * np.clip(np.nan_to_num(colors), 0.0, 1.0)).astype(np.uint8)


def shaded_mesh(ax: Any, surface: Surface, look: Theme) -> None:
    """Draw a surface on 3-D axes in its contour colours, lit from the left, with mesh lines."""
    height, levels = scaled_heights(surface)
    rows, cols = (np.unique(np.linspace(0, n - 1, MESH + 1).round().astype(int)) for n in surface.values.shape)
    height = height[np.ix_(rows, cols)]
    share = np.interp(height, levels, np.linspace(0, 1, len(levels)))
    colors = LinearSegmentedColormap.from_list(look.name, list(look.fill))(share)[..., :3]
    x, y = np.meshgrid(np.linspace(0, 1, len(cols)), np.linspace(0, 1, len(rows)))
    colors = light(colors, height, look)
    mesh = np.arange(len(x)) % (MESH // 8) == 0, np.arange(x.shape[1]) % (MESH // 8) == 0
    drawn = (mesh[0][:, None] | mesh[1]) * 0.32  # mesh lines are drawn as patches, so that hidden ones disappear
    drawn[[0, -2]] = drawn[:, [0, -2]] = 0.9
    colors += (np.array(to_rgb(look.line)) * 0.88 - colors) * drawn[..., None]
    ax.plot_surface(
        x,
        y,
        height,
        facecolors=colors,
        rstride=1,
        cstride=1,
        shade=False,
        linewidth=0,
        antialiased=False,
        rasterized=True,
    )
    ax.set_box_aspect((1, 1, 0.55))
    ax.view_init(*VIEW)
    ax.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1.05))
    ax.set_axis_off()
    ax.patch.set_alpha(0.0)
