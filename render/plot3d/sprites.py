"""Small soft pictures: the glow around a head, and the shadow below it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.backend_bases import RendererBase
from numpy.typing import NDArray

Sprite = NDArray[np.uint8]

FLAT = 0.6
"""Height of a shadow divided by its width."""


@lru_cache(maxsize=256)
def glow(size: int, color: tuple[float, float, float], strength: float = 0.62) -> Sprite:
    """Return a glow, shape (size, size, 4): a colour whose opacity falls off as (1 - r^2)^2."""
    return _soft(size, size, tuple(0.75 * part + 0.25 for part in color), strength)


@lru_cache(maxsize=64)
def shadow(size: int, strength: float = 0.5) -> Sprite:
    """Return the shadow of a ball on the ground, `size` pixels wide."""
    return _soft(size, round(FLAT * size), (0.0, 0.0, 0.0), strength)


def draw_sprite(renderer: RendererBase, sprite: Sprite, x: float, y: float) -> None:
    """Draw a sprite with its middle at a place in pixels."""
    finer = renderer.get_image_magnification()
    height, width = sprite.shape[:2]
    gc = renderer.new_gc()
    renderer.draw_image(gc, round(x - width / finer / 2), round(y - height / finer / 2), sprite)
    gc.restore()


def _soft(width: int, height: int, color: tuple[float, ...], strength: float) -> Sprite:
    x, y = ((np.arange(max(n, 1)) + 0.5) / max(n, 1) * 2 - 1 for n in (width, height))
    inside = np.clip(1 - np.add.outer(y**2, x**2), 0, None)
    sprite = np.zeros((*inside.shape, 4), np.uint8)
    sprite[..., :3] = np.rint(255 * np.array(color))
    sprite[..., 3] = np.rint(255 * strength * inside**2)
    return sprite
