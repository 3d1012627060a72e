"""Level lines on a rendered surface, equally wide wherever the camera stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.render.plots.level_lines import line_colors
from landscapes.render.plots.surface_image import shades
from landscapes.render.theme import Theme

Points = NDArray[np.float64]
Grid = NDArray[np.float32]

LINE, STRONG = (0.45, 0.26), (0.7, 0.5)
"""Half width in pixels and opacity of level lines, and of every fifth."""

EVERY = 5

CROWDED = 3.0, 7.0
"""Distances in pixels between level lines at which they are invisible and fully visible."""

OUTLINED = 1.9
"""How much more opaque the lines of outlined surfaces are; no line is more opaque than these."""

USUAL = 0.17
"""Opacity of the theme's lines for which the opacities above hold."""

FINE = 65536
"""Entries of the table of levels by height."""


class LevelLines:
    """The level lines of a surface.

    Args:
        levels: heights of the levels, ascending; the first and the last are the ends of the range and have no line.
        look: the theme.
    """

    def __init__(self, levels: Points, look: Theme) -> None:
        self._low, self._span = float(levels[0]), float(levels[-1] - levels[0]) or 1.0
        heights = np.linspace(self._low, self._low + self._span, FINE)
        self._places = np.interp(heights, levels, np.arange(len(levels))).astype(np.float32)
        strong = (np.arange(len(levels)) - 1) % EVERY == EVERY // 2
        self._width, self._opacity = np.where(strong[:, None], STRONG, LINE).astype(np.float32).T
        self._opacity[[0, -1]] = 0
        self._gap = np.where(strong, EVERY, 1).astype(np.float32)
        ground = shades(look.fill, len(levels))
        colors = np.column_stack([ground, np.ones(len(levels))]) if look.outlined else line_colors(look, ground)
        self._color = (255 * colors[:, :3]).astype(np.float32)
        stronger = np.where(colors[:, 3] == 1, OUTLINED if look.outlined else 1.0, colors[:, 3] / USUAL)
        self._opacity *= np.clip(stronger, 0, OUTLINED).astype(np.float32)

    def draw(self, rgba: NDArray[np.uint8], height: Grid, finer: tuple[int, int]) -> None:
        """Draw the lines on an image.

        Args:
            rgba: the image, shape (rows, columns, 4); changed in place.
            height: the height of the surface at its pixels, shape (rows, columns).
            finer: how many columns and rows of the image make a pixel.
        """
        scaled = height * np.float32((FINE - 1) / self._span)
        scaled -= np.float32(self._low * (FINE - 1) / self._span)
        np.clip(scaled, 0, FINE - 1, out=scaled)
        place = self._places.take(scaled.astype(np.int32), mode="clip")  # 0 at the lowest level, 1 at the next …
        slope = np.empty_like(place)  # levels per pixel, squared
        slope[:, -1] = 0
        along = np.subtract(place[:, 1:], place[:, :-1], out=slope[:, :-1])
        along *= along
        slope *= np.float32(finer[0] ** 2)
        down = np.subtract(place[1:], place[:-1], out=scaled[:-1])
        down *= down
        down *= np.float32(finer[1] ** 2)
        slope[:-1] += down
        number = np.rint(place)
        place -= number
        away = np.square(place, out=place)
        at = np.flatnonzero(away < np.multiply(slope, np.float32((STRONG[0] + 0.5) ** 2), out=scaled))
        level = number.ravel()[at].astype(np.intp)
        steep = np.sqrt(slope.ravel()[at])
        shown = np.clip((self._gap[level] / steep - CROWDED[0]) / (CROWDED[1] - CROWDED[0]), 0, 1)
        shown *= np.clip(self._width[level] + np.float32(0.5) - np.sqrt(away.ravel()[at]) / steep, 0, 1)
        shown *= self._opacity[level]
        flat = rgba.reshape(-1, 4)
        colors = flat[at, :3].astype(np.float32)
        colors += (self._color[level] - colors) * shown[:, None]
        flat[at, :3] = np.rint(colors).astype(np.uint8)
