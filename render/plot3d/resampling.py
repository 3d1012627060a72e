"""Smooth resampling of square grids."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def resized(values: NDArray[Any], side: int) -> NDArray[np.float32]:
    """Resample values (n, m) to a grid of side × side points by cubic interpolation (Catmull and Rom, 1974).

    Points are in the middle of equal cells of the area that the values span. NaN marks holes, which stay.
    """
    rows, cols = (_weights(n, side) for n in values.shape)
    values = np.asarray(values, np.float32)
    unknown = np.isnan(values)
    if not unknown.any():
        return np.asarray(rows @ values @ cols.T)
    holes = rows @ unknown.astype(np.float32) @ cols.T > 0.5
    return np.where(holes, np.float32(np.nan), rows @ _filled(values, unknown) @ cols.T)


@lru_cache(maxsize=8)
def _weights(n: int, side: int) -> NDArray[np.float32]:
    """Return the weights (side, n) of n values at equal distances in `side` points between them."""
    at = np.clip((np.arange(side) + 0.5) / side * (n - 1), 0, max(n - 1, 0))
    first = np.minimum(at.astype(int), max(n - 2, 0))
    t = at - first
    parts = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    weights = np.zeros((side, n), np.float32)
    for offset, part in zip((-1, 0, 1, 2), parts, strict=True):
        np.add.at(weights, (np.arange(side), np.clip(first + offset, 0, n - 1)), part)
    return weights


def _filled(values: NDArray[np.float32], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return values with holes filled from their neighbours in the same row, or with the lowest value."""
    values = values.copy()
    at = np.arange(values.shape[1])
    for row in np.flatnonzero(unknown.any(1)).tolist():
        known = ~unknown[row]
        values[row, ~known] = np.interp(at[~known], at[known], values[row, known]) if known.any() else np.nan
    return np.nan_to_num(values, nan=float(np.nanmin(values)) if np.isfinite(values).any() else 0.0)


def halved(rgba: NDArray[np.uint8], down: int, along: int) -> NDArray[np.uint8]:
    """Downsample an RGBA image by 1 or 2 in each direction."""
    packed = rgba.view(np.uint32)[..., 0]
    if down == 2:
        packed = _averaged(packed[0 : len(packed) // 2 * 2 : 2], packed[1::2])
    if along == 2:
        packed = _averaged(packed[:, 0 : packed.shape[1] // 2 * 2 : 2], packed[:, 1::2])
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def _averaged(one: NDArray[np.uint32], two: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the means of packed RGBA pixels; where their opacity differs, colours count by it."""
    different = one ^ two
    mean = one | two
    mean -= (different & np.uint32(0xFEFEFEFE)) >> np.uint32(1)  # of all four bytes at once
    edge = np.flatnonzero(different & np.frombuffer(bytes([0, 0, 0, 255]), np.uint32)[0])
    if len(edge):
        parts = np.stack([part.ravel()[edge].view(np.uint8).reshape(-1, 4) for part in (one, two)]).astype(float)
        weights = parts[..., 3:] / parts[..., 3:].sum(0)
        mixed = np.column_stack([(parts[..., :3] * weights).sum(0), parts[..., 3].mean(0)])
        mean.ravel()[edge] = np.rint(mixed).astype(np.uint8).view(np.uint32)[:, 0]
    return mean
