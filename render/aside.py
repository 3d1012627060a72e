"""A surface as it is seen from aside."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.levels import relief
from landscapes.render.theme import Theme

MESH = 80
"""Patches a side; more cost time and show no more."""

SIGHT = 34, -124
"""Where the eye is, in degrees above the floor and around it."""

STEEP = 0.62
"""How steep light finds the slopes, as a share of what they are: in full, all would be light or shadow."""


def aside(ax: Any, surface: Surface, look: Theme) -> None:
    """Draws a surface on 3-D axes, in the colours of its contours, lit from the left, with a mesh."""
    shape = relief(surface)
    rows, cols = (np.unique(np.linspace(0, n - 1, MESH + 1).round().astype(int)) for n in surface.values.shape)
    low, high = shape.levels[0], shape.levels[-2] if len(shape.levels) > 2 else shape.levels[-1]
    height = np.ma.filled(shape.height, np.nan)[np.ix_(rows, cols)]
    height = np.clip((height - low) / (high - low), 0.0, 1.15)
    share = np.interp(height * (high - low) + low, shape.levels, np.linspace(0, 1, len(shape.levels)))
    colors = LinearSegmentedColormap.from_list(look.name, list(look.fill))(share)[..., :3]
    x, y = np.meshgrid(np.linspace(0, 1, len(cols)), np.linspace(0, 1, len(rows)))
    colors = _lit(colors, height, look)
    mesh = np.arange(len(x)) % (MESH // 8) == 0, np.arange(x.shape[1]) % (MESH // 8) == 0
    drawn = (mesh[0][:, None] | mesh[1]) * 0.32  # lines made of patches are hidden where patches are
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
    ax.view_init(*SIGHT)
    ax.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1.05))
    ax.set_axis_off()
    ax.patch.set_alpha(0.0)


def _lit(colors: NDArray[np.float64], height: NDArray[np.float64], look: Theme) -> NDArray[np.float64]:
    """Colours as a light shows them that stands low on the left."""
    down, along = np.gradient(np.nan_to_num(height), 1 / (len(height) - 1), 1 / (height.shape[1] - 1))
    light = np.array([-0.55, -0.2, 0.81])
    bright = (-STEEP * along * light[0] - STEEP * down * light[1] + light[2]) / np.sqrt(
        1 + (STEEP * along) ** 2 + (STEEP * down) ** 2
    )
    bright = np.clip(bright, 0.0, 1.0)[..., None]
    shadow, glow = np.array(to_rgb(look.fill[0])) * 0.55, np.array(to_rgb(look.fill[-1]))
    mixed: NDArray[np.float64] = shadow + (colors - shadow) * np.clip(bright / 0.75, 0.0, 1.0)
    mixed += (glow - mixed) * np.clip((bright - 0.8) / 0.4, 0.0, 1.0)
    return mixed
