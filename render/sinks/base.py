"""What a sink is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from landscapes.files import replacing
from landscapes.render.timeline import Timeline

RGBA = NDArray[np.uint8]

Area = tuple[slice, slice]
"""A rectangle of pixels: rows and columns."""


class Sink(ABC):
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
        """Raises `InputError` where this sink cannot write a file of that name, or lacks something to be installed."""
        return

    @classmethod
    def placing(cls, path: Path) -> AbstractContextManager[Path]:
        """A temporary path to write to, which takes the place of `path` when the block ends well."""
        return replacing(path)

    @abstractmethod
    def begin(self, samples: Sequence[RGBA], reserved: NDArray[np.uint8]) -> None:
        """Opens the file.

        Args:
            samples: frames like those to come, shape (height, width, 4) each, to choose colours by.
            reserved: colours (k, 3) that the file must hold exactly if it has a palette.
        """

    @abstractmethod
    def frame(self, rgba: RGBA, area: Area | None, stay: float = 0.0) -> None:
        """Adds a frame; the buffer may change afterwards.

        Args:
            rgba: the whole frame, shape (height, width, 4).
            area: the rectangle outside which nothing changed since the frame before; None where nothing did.
                The first frame's is all of it.
            stay: how much longer than usual it stays, in seconds.
        """

    @abstractmethod
    def end(self) -> None:
        """Completes the file."""

    @abstractmethod
    def abort(self) -> None:
        """Lets go of the file after an error."""


class Changes:
    """Tells frames from the ones before them: pixels that stay as they were become transparent."""

    def __init__(self) -> None:
        self._before: NDArray[np.uint32] | None = None

    def since(self, rgba: RGBA, area: Area) -> RGBA:
        """The pixels (rows, columns, 4) of an area that changed; the first frame's are all of them."""
        colors: NDArray[np.uint32] = rgba[area].view(np.uint32)[..., 0]
        if self._before is None:
            self._before = colors.copy()
            fresh = colors
        else:
            before = self._before[area]
            fresh = np.where(colors == before, np.uint32(0), colors)
            before[...] = colors
        return np.ascontiguousarray(fresh).view(np.uint8).reshape(*fresh.shape, 4)


def bounds(mask: NDArray[np.bool_]) -> Area | None:
    """The smallest rectangle that holds all True pixels, None where there are none."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return None
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    cols = np.flatnonzero(mask[band].any(0))
    return band, slice(int(cols[0]), int(cols[-1]) + 1)
