"""Animated WebP: lossless, smaller than APNG, and supported by every browser."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from landscapes.errors import InputError
from landscapes.render.writers.base import RGBA, Area, Pixels, Writer, as_uint32, crop_changed

EFFORT = {"quality": 0, "method": 2}
"""Compressor settings: less effort gives files five times as large; more takes 50 % longer and saves 10 %."""

ANIMATION, XMP, ALPHA = 0x02, 0x04, 0x10
"""Feature flags of the file header."""

DRAW_OVER, REPLACE = 0, 2
"""Blend methods: draw over the canvas, or replace its pixels. The canvas is kept afterwards."""


class WebP(Writer):
    """Writes lossless animations. Equal consecutive frames are merged.

    Pillow compresses each rectangle. The container is written here, because Pillow's encoder collects all frames.
    """

    suffixes = (".webp",)
    max_fps = 90
    fps_reason = "browsers play frames shorter than 11 ms at 10 fps"

    @classmethod
    def check(cls, path: Path) -> None:
        if not features.check("webp"):
            raise InputError(".webp needs a Pillow with WebP: pip install --upgrade pillow, or choose .gif")

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._width = width
        self._waiting: tuple[Area, bytes, int] | None = None
        self._time = self._time_written = 0.0
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(b"RIFF\0\0\0\0WEBP")
        flags = ANIMATION | ALPHA | (XMP if self.comment else 0)
        self._chunk(b"VP8X", struct.pack("<I", flags) + _three(width - 1) + _three(height - 1))
        self._chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, 0 if self.timeline.loop else 1))

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        if len(changed):
            self._flush()
            # the format stores offsets in units of two pixels
            area, picture = crop_changed(as_uint32(rgba)[changed], changed, self._width, even=True)
            pixels = picture.view(np.uint8).reshape(*picture.shape, 4)
            self._waiting = area, _image(pixels), REPLACE if self._time == 0 else DRAW_OVER
        self._time += 1000 / self.timeline.fps + 1000 * extra_seconds

    def end(self) -> None:
        self._flush()
        if self.comment:
            self._chunk(b"XMP ", XMP_PACKET.format(escape(self.comment)).encode())
        size = self._file.tell()
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))
        self._file.close()

    def abort(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def _flush(self) -> None:
        if self._waiting is None:
            return
        (rows, cols), data, blend = self._waiting
        delay = min(round(self._time - self._time_written), 0xFFFFFF)
        self._time_written += delay  # rounding errors do not accumulate
        place = (cols.start // 2, rows.start // 2, cols.stop - cols.start - 1, rows.stop - rows.start - 1, delay)
        self._chunk(b"ANMF", b"".join(map(_three, place)) + bytes([blend]) + data)
        self._waiting = None

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._file.write(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2))


def _image(rgba: RGBA) -> bytes:
    """Return the pixel chunk of a still WebP, without its container."""
    stream = io.BytesIO()
    Image.fromarray(rgba).save(stream, "WEBP", lossless=True, exact=False, **EFFORT)
    return stream.getvalue()[12:]


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


XMP_PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">{}</rdf:li>'
    "</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
)
"""The XMP packet that stores the comment."""
