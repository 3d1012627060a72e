"""Weights in full at some steps of a training run, in memory or in a file of fixed slots that survives a kill."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.files import check_target

Points = NDArray[np.float32]

MAGIC = b"landscapes points 1\n"
HEADER = struct.Struct(f"<{len(MAGIC)}sq")
"""The mark of the file, and the number of weights."""

SLOT = struct.Struct("<qII")
"""The step of a point, the checksum of its weights, and padding."""

BYTES, MOST_POINTS, LEAST_POINTS = 2**28, 256, 32
"""Points that are chosen automatically take at most this much; at most and at least so many."""


def slots_for(dim: int) -> int:
    """Return how many points of this many weights are kept automatically; 0 if too few fit.

    >>> slots_for(1000), slots_for(10**6), slots_for(10**7)
    (256, 67, 0)
    """
    count = min(MOST_POINTS, BYTES // (4 * dim))
    return count if count >= LEAST_POINTS else 0


class PointStore:
    """Points by step. With `slots`, every second one is given up whenever they are full, and the spacing doubles.

    In a file each slot has a step and a checksum of its own, so that one which a kill tore is left out on reading.
    """

    def __init__(self, dim: int, slots: int | None, path: Path | None = None) -> None:
        self.dim, self.slots, self.path = dim, slots, path
        self._stride = 1
        self._offered = 0
        self._numbers: list[int] = []
        """The number of the point in each slot."""
        self._kept: dict[int, tuple[int, Points]] = {}
        self._file: BinaryIO | None = None
        if path is not None:
            self._file = check_target(path).open("wb+")
            self._file.write(HEADER.pack(MAGIC, dim))
            self._file.flush()

    def wants(self) -> bool:
        """Return whether the next point is to be kept; if not, it counts as offered."""
        if self._offered % self._stride:
            self._offered += 1
            return False
        return True

    def put(self, step: int, point: Points) -> None:
        """Keep a point that `wants` asked for."""
        number, self._offered = self._offered, self._offered + 1
        place = len(self._numbers)
        while self.slots is not None and place >= self.slots:
            free = [place for place, held in enumerate(self._numbers) if held % self._stride]
            if free:
                place = free[0]
            else:
                self._stride *= 2
        self._numbers[place : place + 1] = [number]
        if self._file is None:
            self._kept[place] = (step, point)
            return
        data = np.ascontiguousarray(point, "<f4").data.cast("B")  # not copied
        self._file.seek(HEADER.size + place * (SLOT.size + len(data)))
        self._file.write(SLOT.pack(step, zlib.crc32(data), 0))
        self._file.write(data)

    def sync(self) -> None:
        """Bring the file to the disk."""
        if self._file is not None and not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; points can still be read."""
        if self._file is not None:
            self._file.close()

    def points(self) -> tuple[NDArray[np.int64], Points]:
        """Return the steps (n,) and the points (n, d), in the order of steps."""
        if self._file is not None and self.path is not None:
            if not self._file.closed:
                self._file.flush()
            return load_points(self.path)
        return _sorted(list(self._kept.values()), self.dim)


def load_points(path: Path) -> tuple[NDArray[np.int64], Points]:
    """Return the steps (n,) and the points (n, d) in a file, also after its process was killed.

    Raises:
        InputError: if there is no such file, or it holds something else.
    """
    try:
        with path.open("rb") as file:
            return _read(file, str(path))
    except FileNotFoundError:
        raise InputError(f'there is no file {str(path)!r}: watch with points="full" to keep the weights') from None


def _read(file: BinaryIO, name: str) -> tuple[NDArray[np.int64], Points]:
    head = file.read(HEADER.size)
    if len(head) < HEADER.size or not head.startswith(MAGIC):
        raise InputError(f"{name!r} does not hold points of a training run")
    dim = HEADER.unpack(head)[1]
    found = []
    while len(slot := file.read(SLOT.size + 4 * dim)) == SLOT.size + 4 * dim:
        step, check, _ = SLOT.unpack_from(slot)
        if zlib.crc32(memoryview(slot)[SLOT.size :]) == check:
            found.append((step, np.frombuffer(slot, "<f4", offset=SLOT.size)))
    return _sorted(found, dim)


def _sorted(found: list[tuple[int, Points]], dim: int) -> tuple[NDArray[np.int64], Points]:
    by_step = dict(found)
    steps = sorted(by_step)
    points = np.stack([by_step[step] for step in steps]) if steps else np.zeros((0, dim), np.float32)
    return np.array(steps, dtype=np.int64), points
