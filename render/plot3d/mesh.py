"""A shaded mesh of a surface on matplotlib's 3-D axes, for fact sheets."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from landscapes.record import Surface
from landscapes.render.plot3d.shading import light, scaled_heights
from landscapes.render.theme import Theme

MESH = 80
"""Patches per side; more take longer and look the same."""

VIEW = 34, -124
"""Elevation and azimuth of the view in degrees."""


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
