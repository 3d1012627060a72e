"""The size of figures: inches and dots per inch, or pixels for the command line."""

from __future__ import annotations

import math
import operator
from typing import Any

from matplotlib.figure import Figure

from landscapes.errors import InputError

FIGSIZE = (9.6, 5.4)
"""Default width and height in inches."""

DPI = 100.0
"""Default resolution in dots per inch."""

STRIP_WIDTH = 6.75
"""Default width in inches of figures whose height follows from their panels: that of a two-column page."""

PAGE = 9.6, 3.6
"""Sizes in pixels become figures at least this large in inches, so that text has the same share of all of them."""

LEAST_DPI = 72.0
"""The lowest resolution that a size in pixels becomes."""

SMALLEST, LARGEST = (160, 120), (8192, 8192)
"""Bounds of a figure in pixels."""

ROUND = 1e-6
"""Pixels to add, because matplotlib truncates inches × dpi."""


def new_figure(figsize: tuple[float, float], dpi: float, **options: Any) -> Figure:
    """Return an empty figure that is unknown to pyplot.

    Raises `InputError` unless `figsize` is two positive numbers and the size in pixels is within bounds.
    """
    width, height = check_figsize(figsize, dpi)
    return Figure(figsize=((width * dpi + ROUND) / dpi, (height * dpi + ROUND) / dpi), dpi=dpi, **options)


MANY_INCHES = 100
"""Larger sides were meant in pixels."""


def check_figsize(figsize: tuple[float, float], dpi: float) -> tuple[float, float]:
    """Return width and height in inches. Raise `InputError` for sizes that cannot be drawn."""
    check_dpi(dpi)
    try:
        width, height = (float(side) for side in figsize)
    except (TypeError, ValueError):
        width = height = math.nan
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise InputError(f"figsize must be width and height in inches, as in (9.6, 5.4), got {figsize!r}")
    pixels = width * dpi, height * dpi
    if any(not low - 0.5 <= side <= high + 0.5 for low, side, high in zip(SMALLEST, pixels, LARGEST, strict=True)):
        least, most = (f"{a} × {b}" for a, b in (SMALLEST, LARGEST))
        raise InputError(
            f"figsize × dpi must be at least {least} and at most {most} pixels, got {pixels[0]:.0f} × {pixels[1]:.0f}"
            + ("; figsize is in inches, as in (9.6, 5.4)" if max(width, height) > MANY_INCHES else "")
        )
    return width, height


def check_dpi(dpi: float) -> float:
    """Return the resolution. Raise `InputError` unless it is a positive number."""
    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not 0 < dpi < math.inf:
        raise InputError(f"dpi must be > 0, got {dpi!r}")
    return float(dpi)


def from_pixels(
    size: tuple[int, int], page: tuple[float, float] = PAGE, least_dpi: float = LEAST_DPI
) -> dict[str, Any]:
    """Return the options `figsize` and `dpi` of a figure with a width and height in pixels.

    >>> from_pixels((960, 540))
    {'figsize': (9.6, 5.4), 'dpi': 100.0}
    """
    try:
        width, height = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise InputError(f"a size in pixels must be two integers, as in (800, 600), got {size!r}") from None
    if not (SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]):
        least, most = (f"{a} × {b}" for a, b in (SMALLEST, LARGEST))
        raise InputError(f"the size must be at least {least} and at most {most} pixels, got {width} × {height}")
    dpi = max(min(width / page[0], height / page[1]), least_dpi)
    return {"figsize": (width / dpi, height / dpi), "dpi": dpi}
