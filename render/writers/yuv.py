"""Conversion of frames to yuv420p planes for video encoders; only changed blocks are converted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.render.writers.base import RGBA, Pixels, as_uint32

# BT.709, limited range, in 16-bit fixed point: what players assume for these sizes.
_LUMA = np.rint(65536 * 219 / 255 * np.array([0.2126, 0.7152, 0.0722])).astype(np.int32)
_BLUE = np.rint(65536 * 112 / 255 * np.array([-0.2126 / 0.9278, -0.7152 / 0.9278, 1.0])).astype(np.int32)
_RED = np.rint(65536 * 112 / 255 * np.array([1.0, -0.7152 / 0.7874, -0.0722 / 0.7874])).astype(np.int32)


class YuvPlanes:
    """A frame in yuv420p that is updated in place. Odd sizes are padded by repeating the last line.

    Attributes:
        width, height: the even size of the planes in pixels.
        data: the three planes, concatenated.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self.width, self.height = width + width % 2, height + height % 2
        luma = self.width * self.height
        self.data = np.zeros(luma * 3 // 2, np.uint8)
        self._dirty = np.zeros(luma // 4, bool)
        self._luma = self.data[:luma]
        self._blue, self._red = self.data[luma:].reshape(2, luma // 4)

    def update(self, rgba: RGBA, changed: Pixels) -> None:
        """Convert the 2 × 2 blocks that contain changed pixels."""
        row, col = np.divmod(changed, self._width)
        self._dirty[row // 2 * (self.width // 2) + col // 2] = True
        block = np.flatnonzero(self._dirty)
        self._dirty[block] = False
        top, left = (2 * part for part in np.divmod(block, self.width // 2))
        below, right = np.minimum(top + 1, self._height - 1), np.minimum(left + 1, self._width - 1)
        places = np.stack([row * self._width + col for row in (top, below) for col in (left, right)])
        quad = as_uint32(rgba)[places]
        channels = [(quad >> shift & 255).astype(np.int32) for shift in (0, 8, 16)]
        first = top * self.width + left
        self._luma[np.stack([first, first + 1, first + self.width, first + self.width + 1])] = _dot(
            channels, _LUMA, 16, 16
        )
        sums = [channel.sum(0, dtype=np.int32) for channel in channels]
        self._blue[block] = _dot(sums, _BLUE, 128, 18)
        self._red[block] = _dot(sums, _RED, 128, 18)


def _dot(channels: list[NDArray[np.int32]], weights: NDArray[np.int32], offset: int, shift: int) -> NDArray[np.uint8]:
    """Return offset + Σ weight·channel / 2^shift, rounded."""
    total = channels[0] * weights[0]
    total += channels[1] * weights[1]
    total += channels[2] * weights[2]
    total += (offset << shift) + (1 << (shift - 1))
    total >>= shift
    return np.asarray(total, np.uint8)
