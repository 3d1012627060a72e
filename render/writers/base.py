"""The base class of all writers, and helpers for rectangles of changed pixels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.files import replacing
from landscapes.render.writers.timeline import MAX_FPS, Timeline, check_fps

RGBA = NDArray[np.uint8]

Area = tuple[slice, slice]
"""A rectangle of pixels: rows and columns."""

Pixels = NDArray[np.intp]
"""Flat indices of pixels, row-major from 0."""


class Writer(ABC):
    """Encodes frames to one file as they arrive, without keeping any.

    Args:
        path: the file to write.
        timeline: the frame rate and the extra seconds per frame.
        comment: text stored in the file, if the format supports comments.
    """

    suffixes: ClassVar[tuple[str, ...]]
    max_fps: ClassVar[float] = MAX_FPS
    fps_reason: ClassVar[str] = ""
    """Why a format with a lower limit has it."""

    def __init__(self, path: Path, timeline: Timeline, comment: str = "") -> None:
        self.path = path
        self.timeline = timeline
        self.comment = comment
        self._rest = 0.0

    @classmethod
    def check(cls, path: Path) -> None:
        """Raise `InputError` if this writer cannot write such a file name, or if a required package is missing."""
        return

    @classmethod
    def check_fps(cls, path: Path, fps: float) -> None:
        """Raise `InputError` if files of this format cannot play at a frame rate."""
        if check_fps(fps) > cls.max_fps:
            raise InputError(
                f"fps must be > 0 and <= {cls.max_fps:g} for {path.suffix.lower()}, got {fps:g}: {cls.fps_reason}; "
                f".mp4 and .webm allow {MAX_FPS}"
            )

    def copies(self, extra_seconds: float) -> int:
        """Return how many frames of equal duration show one frame; rounding errors are carried over to the next."""
        self._rest += extra_seconds * self.timeline.fps
        extra = math.floor(self._rest + 0.5)
        self._rest -= extra
        return 1 + extra

    @classmethod
    def temporary_path(cls, path: Path) -> AbstractContextManager[Path]:
        """Return a context manager with a temporary path that replaces `path` when the block succeeds."""
        return replacing(path)

    @abstractmethod
    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        """Open the file.

        Args:
            samples: at least one typical frame, shape (height, width, 4) each, to choose a palette from. The iterable
                is lazy: a sample is drawn when it is requested.
            reserved: colours that a palette must contain exactly, shape (k, 3).
        """

    @abstractmethod
    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        """Append a frame. The caller may change the buffer afterwards.

        Args:
            rgba: the whole frame, shape (height, width, 4).
            changed: the pixels that differ from the previous frame; all pixels for the first frame.
            extra_seconds: how much longer than 1 / fps the frame is shown, in seconds.
        """

    @abstractmethod
    def end(self) -> None:
        """Complete the file."""

    @abstractmethod
    def abort(self) -> None:
        """Close the file after an error."""


def as_uint32(rgba: RGBA) -> NDArray[np.uint32]:
    """Return a view of the frame with one integer per pixel, row-major."""
    return rgba.view(np.uint32).reshape(-1)


def bounding_box(pixels: Pixels, width: int) -> Area:
    """Return the smallest rectangle that contains these pixels (at least one) of a frame of this width."""
    return _around(*np.divmod(pixels, width))


def _around(rows: Pixels, cols: Pixels) -> Area:
    return slice(int(rows.min()), int(rows.max()) + 1), slice(int(cols.min()), int(cols.max()) + 1)


def crop_changed(values: NDArray[Any], changed: Pixels, width: int, even: bool = False) -> tuple[Area, NDArray[Any]]:
    """Return the bounding box of the changed pixels, and an array with their values there and 0 elsewhere.

    Args:
        values: one value per changed pixel.
        changed: flat indices of the pixels.
        width: the width of the frame in pixels.
        even: start the rectangle at an even row and column.
    """
    rows, cols = np.divmod(changed, width)
    area = _around(rows, cols)
    if even:
        area = slice(area[0].start // 2 * 2, area[0].stop), slice(area[1].start // 2 * 2, area[1].stop)
    rows -= area[0].start
    cols -= area[1].start
    picture = np.zeros((area[0].stop - area[0].start, area[1].stop - area[1].start), values.dtype)
    picture[rows, cols] = values
    return area, picture
