"""What a writer is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from landscapes.files import replacing
from landscapes.render.writers.timeline import Timeline

RGBA = NDArray[np.uint8]

Area = tuple[slice, slice]
"""A rectangle of pixels: rows and columns."""

Pixels = NDArray[np.intp]
"""Some pixels of a picture by their numbers, row by row from 0."""


class Writer(ABC):
    """Writes frames to one file as they come; it keeps none of them.

    Args:
        path: the file to write.
        timeline: how fast frames follow each other.
        comment: text kept in the file, where the format has a place for it.
    """

    suffixes: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path, timeline: Timeline, comment: str = "") -> None:
        self.path = path
        self.timeline = timeline
        self.comment = comment

    @classmethod
    def check(cls, path: Path) -> None:
        """Raises `InputError` where this writer cannot write a file of that name, or lacks something to be installed."""
        return

    @classmethod
    def placing(cls, path: Path) -> AbstractContextManager[Path]:
        """A temporary path to write to, which takes the place of `path` when the block ends well."""
        return replacing(path)

    @abstractmethod
    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        """Opens the file.

        Args:
            samples: frames like those to come, shape (height, width, 4) each, to choose colours by; one at least,
                drawn as they are asked for.
            reserved: colours (k, 3) that the file must hold exactly if it has a palette.
        """

    @abstractmethod
    def frame(self, rgba: RGBA, changed: Pixels, stay: float = 0.0) -> None:
        """Adds a frame; the buffer may change afterwards.

        Args:
            rgba: the whole frame, shape (height, width, 4).
            changed: the pixels that differ from the frame before; of the first frame all.
            stay: how much longer than usual it stays, in seconds.
        """

    @abstractmethod
    def end(self) -> None:
        """Completes the file."""

    @abstractmethod
    def abort(self) -> None:
        """Lets go of the file after an error."""


def numbers(rgba: RGBA) -> NDArray[np.uint32]:
    """A picture's colours as one number a pixel, row by row; a view."""
    return rgba.view(np.uint32).reshape(-1)


def box(pixels: Pixels, width: int) -> Area:
    """The smallest rectangle that holds some pixels, one at least, of a picture of that width."""
    return _around(*np.divmod(pixels, width))


def _around(rows: Pixels, cols: Pixels) -> Area:
    return slice(int(rows.min()), int(rows.max()) + 1), slice(int(cols.min()), int(cols.max()) + 1)


def cut(values: NDArray[Any], changed: Pixels, width: int, even: bool = False) -> tuple[Area, NDArray[Any]]:
    """The rectangle that holds all changed pixels, and their values in it, 0 elsewhere.

    With `even`, it begins in an even row and column.
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
