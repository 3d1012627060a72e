"""APNG: lossless. Each frame stores only the rectangle that changed, compressed on arrival."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from landscapes.render.writers.base import RGBA, Area, Pixels, Writer, as_uint32, bounding_box

LEVEL = 1
"""zlib compression level. Higher levels take several times as long and save 10 %."""

KEEP, REPLACE, OVER = 0, 0, 1
"""PNG dispose and blend operations: keep the canvas; replace its pixels, or draw over them."""


class Apng(Writer):
    """Writes lossless animations. Equal consecutive frames are merged."""

    suffixes = (".apng",)
    max_fps = 90
    fps_reason = "browsers play frames shorter than 11 ms at 10 fps"

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._width = width
        self._sequence = self._count = self._frames = 0
        self._waiting: tuple[Area, bytes, int] | None = None
        self._time = self._time_written = 0.0
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
        self._control = self._file.tell()
        self._chunk(b"acTL", struct.pack(">II", 0, 0))
        if self.comment:
            self._chunk(b"tEXt", b"Comment\0" + self.comment.encode("latin-1", "replace"))

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        if len(changed):
            self._flush()
            area = bounding_box(changed, self._width)
            rows, cols = np.divmod(changed, self._width)
            lines = _lines(as_uint32(rgba)[changed], rows - area[0].start, cols - area[1].start)
            first = self._count == 0
            self._waiting = area, _compressed(lines, sparse=not first), REPLACE if first else OVER
        self._time += 1 / self.timeline.fps + extra_seconds
        self._count += 1

    def end(self) -> None:
        self._flush()
        self._chunk(b"IEND", b"")
        self._file.seek(self._control)
        self._chunk(b"acTL", struct.pack(">II", self._frames, 0 if self.timeline.loop else 1))
        self._file.close()

    def abort(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def _flush(self) -> None:
        if self._waiting is None:
            return
        (rows, cols), data, blend = self._waiting
        shown = self._time - self._time_written
        unit = next(unit for unit in (1000, 100, 10, 1) if unit * shown <= 0xFFFF)  # delays have 16 bits
        delay = round(unit * shown)
        self._time_written += delay / unit  # rounding errors do not accumulate
        place = (cols.stop - cols.start, rows.stop - rows.start, cols.start, rows.start)
        self._chunk(b"fcTL", struct.pack(">IIIIIHHBB", self._next(), *place, delay, unit, KEEP, blend))
        if self._frames == 0:
            self._chunk(b"IDAT", data)
        else:
            self._chunk(b"fdAT", struct.pack(">I", self._next()) + data)
        self._frames += 1
        self._waiting = None

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _chunk(self, kind: bytes, data: bytes) -> None:
        self._file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def _lines(colors: NDArray[np.uint32], rows: Pixels, cols: Pixels) -> NDArray[np.uint8]:
    """Return the scan lines of the pixels' bounding box, transparent elsewhere; filter type 0 starts each line."""
    line = 1 + 4 * (int(cols.max()) + 1)
    data = np.zeros((int(rows.max()) + 1) * line, np.uint8)
    data[(rows * line + 1 + 4 * cols)[:, None] + np.arange(4)] = colors.view(np.uint8).reshape(-1, 4)
    return data


def _compressed(lines: NDArray[np.uint8], sparse: bool) -> bytes:
    """Return the scan lines as a zlib stream. For sparse lines, run-length matching alone is a third smaller."""
    packer = zlib.compressobj(LEVEL, strategy=zlib.Z_RLE if sparse else zlib.Z_DEFAULT_STRATEGY)
    return packer.compress(lines.data) + packer.flush()
