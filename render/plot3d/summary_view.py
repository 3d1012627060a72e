"""A surface as it is seen from aside."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from landscapes.record import Surface
from landscapes.render.plot3d.shading import heights, lit
from landscapes.render.theme import Theme

MESH = 80
"""Patches a side; more cost time and show no more."""

SIGHT = 34, -124
"""Where the eye is, in degrees above the floor and around it."""


def aside(ax: Any, surface: Surface, look: Theme) -> None:
    """Draws a surface on 3-D axes, in the colours of its contours, lit from the left, with a mesh."""
    height, levels = heights(surface)
    rows, cols = (np.unique(np.linspace(0, n - 1, MESH + 1).round().astype(int)) for n in surface.values.shape)
    height = height[np.ix_(rows, cols)]
    share = np.interp(height, levels, np.linspace(0, 1, len(levels)))
    colors = LinearSegmentedColormap.from_list(look.name, list(look.fill))(share)[..., :3]
    x, y = np.meshgrid(np.linspace(0, 1, len(cols)), np.linspace(0, 1, len(rows)))
    colors = lit(colors, height, look)
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
