"""The camera of a 3-D view."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from landscapes.errors import InputError, suggests_arguments
from landscapes.render.plot3d.heightfield import Projection

TALL = 0.5
"""Drawn height of the highest level, as a multiple of the side of the domain."""

Window = tuple[float, float, float, float]
"""Left, bottom, width and height, in pixels."""


@suggests_arguments
@dataclass(frozen=True)
class Camera:
    """An upright orthographic view from above, as matplotlib's `view_init` with `proj_type="ortho"`.

    Args:
        azim: azimuth in degrees; default -60. At -90, the camera is in front, and y points away from it.
        elev: elevation above the floor in degrees, > 0 and <= 90; default 42.
        rotate: change of the azimuth during the race in degrees; default 0, a fixed camera.

    Raises:
        InputError: if an angle is not a finite number, or elev is out of range.

    >>> Camera(rotate=90).at(0.5).azim
    -15.0
    """

    azim: float = -60.0
    elev: float = 42.0
    rotate: float = 0.0

    def __post_init__(self) -> None:
        for name in ("azim", "elev", "rotate"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"camera: {name} must be an angle in degrees, got {value!r}")
        if not 0 < self.elev <= 90:
            raise InputError(f"camera: elev must be > 0 and <= 90 degrees, got {self.elev!r}")

    def at(self, share: float) -> Camera:
        """Return the camera after a share of the race."""
        return replace(self, azim=self.azim + share * self.rotate)

    def onto(self, window: Window, height: float, low: float = 0.0, stretch: float = 1.0) -> Projection:
        """Return the largest projection of the unit square with heights from `low` to `height` that fits a window.

        In a wide window, it is drawn up to `stretch` times as wide. If the camera rotates, it is not stretched, and the
        scale is the same from all sides.
        """
        azimuth, elevation = math.radians(self.azim), math.radians(self.elev)
        c, s = math.cos(azimuth), math.sin(azimuth)
        wide = math.sqrt(2) if self.rotate else abs(c) + abs(s)
        tall = wide * math.sin(elevation) + TALL * (height - low) * math.cos(elevation)
        left, bottom, width, up = window
        scale = min(width / wide, up / tall)
        wider = 1.0 if self.rotate else float(np.clip(width / (wide * scale), 1.0, stretch))
        across = scale * np.array([-s * wider, -math.sin(elevation) * c])
        along = scale * np.array([c * wider, -math.sin(elevation) * s])
        rise = scale * TALL * math.cos(elevation)
        middle = np.array([left + width / 2, bottom + up / 2])
        origin = middle - (across + along) / 2 - np.array([0.0, rise * (height + low) / 2])
        return Projection(origin, across, along, rise)
