"""GIF, streamed: one palette, and of each frame only the rectangle that changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landscapes.render.writers.base import RGBA, Pixels, Writer, cut, numbers
from landscapes.render.writers.palette import RGB, Palette, choose, tally

SHORTEST = 2
"""Hundredths of a second; browsers slow anything shorter down to a tenth of a second."""

AS_BEFORE = 0
"""The index of pixels that stay as they were."""


class Gif(Writer):
    """Frames are compared with the one before; pixels that stay are transparent, equal frames merge.

    Delays are whole hundredths of a second: what rounding takes from one frame the next gets back, so the
    speed is right on average.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".gif",)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        looks = list(samples)
        keys, weight = tally(looks)
        self.palette = Palette(choose(keys, weight, reserved), keys)
        height, width = looks[0].shape[:2]
        self._width = width
        self._shown = np.zeros(height * width, np.uint8)
        self._waiting: tuple[bytes, bool] | None = None
        self._delay = 0
        self._time = self._written = 0.0
        self._count = 0
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(b"GIF89a" + _short(width) + _short(height) + b"\xf7\x00\x00" + self.palette.table)
        if self.timeline.loop:
            self._file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        if self.comment:
            self._file.write(b"!\xfe" + _blocks(self.comment.encode()))

    def frame(self, rgba: RGBA, changed: Pixels, stay: float = 0.0) -> None:
        image = self._image(rgba, changed)
        if image is not None:
            self._flush()
            self._waiting = image, self._count == 0
            self._delay = 0
        self._count += 1
        self._time += 100 / self.timeline.fps + 100 * stay
        step = max(round(self._time - self._written), SHORTEST)
        self._written += step
        self._delay += step

    def end(self) -> None:
        self._flush()
        self._file.write(b";")
        self._file.close()

    def abort(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def _image(self, rgba: RGBA, changed: Pixels) -> bytes | None:
        """The image block of what changed, or None where that does not show in the palette."""
        entries = self.palette.entries(numbers(rgba)[changed] & RGB)
        seen = np.flatnonzero(entries != self._shown[changed])
        if not len(seen):
            return None
        changed, entries = changed[seen], entries[seen]
        self._shown[changed] = entries
        area, picture = cut(entries, changed, self._width)
        return _image(picture, area[1].start, area[0].start)

    def _flush(self) -> None:
        if self._waiting is None:
            return
        image, first = self._waiting
        disposal = b"\x04" if first else b"\x05"  # keep what is there; the first frame has no transparency
        delay = self._delay
        head = b"!\xf9\x04" + disposal + _short(min(delay, 0xFFFF)) + bytes([AS_BEFORE]) + b"\x00"
        self._file.write(head + image)
        self._waiting = None


def _image(entries: NDArray[np.uint8], left: int, top: int) -> bytes:
    """An image block at a place, compressed by Pillow."""
    height, width = entries.shape
    descriptor = b"," + _short(left) + _short(top) + _short(width) + _short(height) + b"\x00"
    return descriptor + b"\x08" + Image.fromarray(entries).tobytes("gif", "L") + b"\x00"


def _short(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _blocks(data: bytes) -> bytes:
    """Data in GIF's sub-blocks of at most 255 bytes."""
    parts = [data[i : i + 255] for i in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"
