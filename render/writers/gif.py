"""GIF, streamed: one palette for the first frame and one for all others, which store only the rectangle that changed.

The first frame shows the surface, whose many colours would leave few entries for moving parts. Its own palette is left
out if one palette holds all colours exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landscapes.render.palette import (
    RGB,
    SIZE,
    Palette,
    choose_colors,
    count_each,
    near_changes,
    pack,
    pack_rgb,
    weigh,
)
from landscapes.render.writers.base import RGBA, Pixels, Writer, as_uint32, crop_changed

MIN_DELAY = 2
"""Shortest delay in hundredths of a second; browsers slow down shorter ones to 0.1 s."""

MAX_DELAY = 0xFFFF
"""Longest delay in hundredths of a second, 655 s; a longer one is split over several frames."""

REVEALED = 0.5
"""Weight of the first frame's colours in the palette of the others, which show its pixels again behind moving parts."""

REACH = 12
"""How near to changing pixels those are that moving parts reveal."""

OPENING = 0.9
"""Exponent of weights in the palette of the first frame, which has the smallest error of lit pictures."""

LARGE = 1e-2
"""The share of the first frame from which on a colour, such as the page's, is held exactly there."""

UNCHANGED = 0
"""Palette index of pixels that did not change (transparent)."""


class Gif(Writer):
    """Writes GIFs. Unchanged pixels are transparent, and equal consecutive frames are merged.

    GIF delays are multiples of 0.01 s. Rounding errors are carried over to the next frame, so the average speed
    is correct.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".gif",)
    max_fps = 100 / MIN_DELAY
    fps_reason = "a GIF stores delays in hundredths of a second, and browsers play those below 2 at 10 fps"

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        looks = [pack(sample) for sample in samples]
        counts = count_each(looks)
        keys, weight = weigh(counts)
        known = keys
        self._opening: Palette | None = None
        if len(keys) + len(reserved) > SIZE and len(looks) > 1:
            shown, often = weigh(counts[:1])
            present = reserved[np.isin(pack_rgb(reserved), shown)]
            self._opening = Palette(choose_colors(shown, often, present, power=OPENING, frequent=LARGE), shown)
            revealed = looks[0][near_changes(looks, REACH)]
            keys, weight = weigh([*count_each([revealed]), *counts[1:]], REVEALED)
        self.palette = Palette(choose_colors(keys, weight, reserved), known)
        height, width = looks[0].shape
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

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        image = self._image(rgba, changed)
        if image is not None:
            self._flush()
            self._waiting = image, self._count == 0
            self._delay = 0
        self._count += 1
        self._time += 100 / self.timeline.fps + 100 * extra_seconds
        step = max(round(self._time - self._written), MIN_DELAY)
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
        """Return the image block of the changed pixels, or None if no palette index changed."""
        opening, self._opening = self._opening, None
        if opening is not None:  # `_shown` stays "unchanged", so what changes later takes the palette of all frames
            picture = opening.map(rgba)
            return _image(picture, 0, 0, opening)
        entries = self.palette.entries(as_uint32(rgba)[changed] & RGB)
        visible = np.flatnonzero(entries != self._shown[changed])
        if not len(visible):
            return None
        changed, entries = changed[visible], entries[visible]
        self._shown[changed] = entries
        area, picture = crop_changed(entries, changed, self._width)
        return _image(picture, area[1].start, area[0].start)

    def _flush(self) -> None:
        if self._waiting is None:
            return
        image, first = self._waiting
        disposal = b"\x04" if first else b"\x05"  # keep the canvas; the first frame has no transparency
        while self._delay > 0:
            delay = min(self._delay, MAX_DELAY)
            self._file.write(b"!\xf9\x04" + disposal + _short(delay) + bytes([UNCHANGED]) + b"\x00" + image)
            self._delay -= delay
            disposal, image = b"\x05", STILL
        self._waiting = None


def _image(entries: NDArray[np.uint8], left: int, top: int, palette: Palette | None = None) -> bytes:
    """Return an image block at an offset, compressed by Pillow, with its own palette if there is one."""
    height, width = entries.shape
    own = b"\x00" if palette is None else b"\x87" + palette.table
    descriptor = b"," + _short(left) + _short(top) + _short(width) + _short(height) + own
    return descriptor + b"\x08" + Image.fromarray(entries).tobytes("gif", "L") + b"\x00"


def _short(number: int) -> bytes:
    return number.to_bytes(2, "little")


STILL = _image(np.full((1, 1), UNCHANGED, np.uint8), 0, 0)
"""An image that changes nothing."""


def _blocks(data: bytes) -> bytes:
    """Split data into GIF sub-blocks of at most 255 bytes."""
    parts = [data[i : i + 255] for i in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\x00"
