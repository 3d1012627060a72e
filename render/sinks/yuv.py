"""Frames as planes of brightness and colour, as video encoders want them; only what changed is converted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.render.sinks.base import RGBA, Area

# BT.709 in limited range, the one that every player assumes for such sizes, in 16-bit fixed point.
_LUMA = np.rint(65536 * 219 / 255 * np.array([0.2126, 0.7152, 0.0722])).astype(np.int32)
_BLUE = np.rint(65536 * 112 / 255 * np.array([-0.2126 / 0.9278, -0.7152 / 0.9278, 1.0])).astype(np.int32)
_RED = np.rint(65536 * 112 / 255 * np.array([1.0, -0.7152 / 0.7874, -0.0722 / 0.7874])).astype(np.int32)


class Planes:
    """A frame in yuv420p, kept up to date. Odd sizes are padded by repeating the last line.

    Attributes:
        width, height: the even size of the planes.
        data: the three planes one after the other.
    """

    def __init__(self, width: int, height: int) -> None:
        self._odd = width % 2, height % 2
        self.width, self.height = width + width % 2, height + height % 2
        luma = self.width * self.height
        self.data = np.zeros(luma * 3 // 2, np.uint8)
        self._luma = self.data[:luma].reshape(self.height // 2, 2, self.width // 2, 2)
        self._blue, self._red = self.data[luma:].reshape(2, self.height // 2, self.width // 2)
        self._before = np.zeros((self.height, self.width), np.uint32)

    def update(self, rgba: RGBA, area: Area) -> None:
        """Converts the blocks of 2 × 2 pixels that changed within a rectangle."""
        colors: NDArray[np.uint32] = rgba.view(np.uint32)[..., 0]
        if any(self._odd):
            colors = np.pad(colors, ((0, self._odd[1]), (0, self._odd[0])), mode="edge")
        rows, cols = (slice(part.start // 2 * 2, -(-part.stop // 2) * 2) for part in area)
        fresh, before = colors[rows, cols], self._before[rows, cols]
        changed = fresh != before
        lines = changed[::2] | changed[1::2]
        y, x = np.nonzero(lines[:, ::2] | lines[:, 1::2])
        before[...] = fresh
        y, x = y + rows.start // 2, x + cols.start // 2
        quad = self._before.reshape(self.height // 2, 2, self.width // 2, 2)[y, :, x, :]
        channels = [(quad >> shift & 255).astype(np.int32) for shift in (0, 8, 16)]
        self._luma[y, :, x, :] = _dot(channels, _LUMA, 16, 16)
        sums = [channel.sum((1, 2), dtype=np.int32) for channel in channels]
        self._blue[y, x] = _dot(sums, _BLUE, 128, 18)
        self._red[y, x] = _dot(sums, _RED, 128, 18)


def _dot(channels: list[NDArray[np.int32]], weights: NDArray[np.int32], offset: int, shift: int) -> NDArray[np.uint8]:
    """offset + Σ weight·channel / 2^shift, rounded."""
    total = channels[0] * weights[0]
    total += channels[1] * weights[1]
    total += channels[2] * weights[2]
    total += (offset << shift) + (1 << (shift - 1))
    total >>= shift
    return np.asarray(total, np.uint8)
