"""One palette for a whole animation, chosen so that nothing flickers and the trails keep their colours.

Colours that carry meaning (trails, heads, stars) and the most frequent ones are held exactly; the rest,
mostly blends on edges, are the centres of a weighted clustering of what samples of the animation show.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIZE = 255
"""Entries; one of a GIF's 256 means "as before"."""

EXACT = 64
"""How many of the most frequent colours are held exactly at most."""

FREQUENT = 1e-3
"""The share of all pixels that a colour needs to be held exactly."""

CELL = 3
"""Very many colours are merged in cells of so many levels per channel before they are clustered."""

CANDIDATES = 6000
SWEEPS = 8

POWER = 0.75
"""Exponent of weights in the clustering; below 1, rare colours count for more."""

CHUNK = 256
"""Number of colours whose distances to all entries are computed at once.

They fit in the cache, and OpenBLAS starts no threads for products this small: two that wait for each other cost more.
"""

SHORT = 3
"""Runs of equal pixels are counted as such if they have more pixels on average."""

RGB = np.uint32(0xFFFFFF)
"""Mask of the colour bits of a pixel, without alpha."""

Colors = NDArray[np.uint8]


def pack(rgba: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Pack colours (..., 4) into one integer each, without alpha."""
    keys: NDArray[np.uint32] = rgba.view(np.uint32)[..., 0]
    return keys & RGB


def pack_rgb(colors: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint32]:
    """Pack colours (n, 3) into one integer each."""
    red, green, blue = colors.reshape(-1, 3).astype(np.uint32).T
    return np.asarray(red | green << 8 | blue << 16, np.uint32)


def unpack(keys: NDArray[np.uint32]) -> Colors:
    """Return the colours (n, 3) of packed integers (n,)."""
    return np.stack([keys & 255, keys >> 8 & 255, keys >> 16 & 255], -1).astype(np.uint8)


Packed = NDArray[np.uint32]
"""Packed colours."""

Counts = list[tuple[NDArray[np.uint32], NDArray[np.int64]]]
"""The packed colours of each sample and how often each occurs."""


def near_changes(samples: Sequence[Packed], reach: int) -> NDArray[np.bool_]:
    """Return which pixels are at most so many rows and columns from one that differs between packed samples."""
    near: NDArray[np.bool_] = samples[1] != samples[0]
    for other in samples[2:]:
        near |= other != samples[0]
    for axis in (0, 1):
        into = np.moveaxis(near, axis, 0)
        done = 0
        while done < reach:  # 1, 3, 7 … pixels: what is near so far also is near when moved by one more
            move = min(done + 1, reach - done)
            across = np.moveaxis(near.copy(), axis, 0)
            into[move:] |= across[:-move]
            into[:-move] |= across[move:]
            done += move
    return near


def count_each(samples: Sequence[Packed]) -> Counts:
    """Return the packed colours of each packed sample, ascending, and how often each occurs.

    In all samples but the first, only pixels that differ from the first count.
    """
    first = samples[0]
    return [count(pixels) for pixels in (first, *(other[other != first] for other in samples[1:]))]


def count(pixels: Packed) -> tuple[Packed, NDArray[np.int64]]:
    """Return the packed colours of some pixels, ascending, and how often each occurs.

    >>> [column.tolist() for column in count(np.array([7, 7, 7, 7, 5, 5, 5, 5, 7, 7], np.uint32))]
    [[5, 7], [4, 6]]
    """
    pixels = pixels.reshape(-1)
    begins = np.flatnonzero(np.append(True, pixels[1:] != pixels[:-1])[: len(pixels)])
    if len(begins) > len(pixels) / SHORT:
        return np.unique(pixels, return_counts=True)
    runs = np.sort(pixels[begins].astype(np.uint64) << 32 | np.diff(begins, append=len(pixels)).astype(np.uint64))
    keys, lengths = (runs >> 32).astype(np.uint32), (runs & 0xFFFFFFFF).astype(np.int64)
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    return keys[first], np.add.reduceat(lengths, first) if len(first) else lengths


def weigh(counts: Counts, first_weight: float = 1.0) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Return the packed colours of counted samples, those of the largest weight first, and their weights.

    Args:
        counts: from `count_each`. The pixels of all samples but the first have double weight, because they belong to
            moving parts.
        first_weight: the weight of the pixels of the first sample.
    """
    shares = [first_weight] + [2.0] * (len(counts) - 1)
    keys, place = np.unique(np.concatenate([keys for keys, _ in counts]), return_inverse=True)
    weight = np.bincount(
        place, np.concatenate([share * often for share, (_, often) in zip(shares, counts, strict=True)])
    )
    order = np.lexsort((keys, -weight))
    return keys[order].astype(np.uint32), weight[order].astype(np.float64)


def choose_colors(
    keys: NDArray[np.uint32],
    weight: NDArray[np.float64],
    reserved: Colors,
    power: float = POWER,
    frequent: float = FREQUENT,
) -> Colors:
    """Choose a palette (n, 3), n ≤ 255, by weighted clustering.

    Args:
        keys, weight: packed colours and weights from `weigh`.
        reserved: colours (k, 3) that the palette contains exactly.
        power: exponent of the weights; 1 has the smallest error over all pixels.
        frequent: the share of all pixels from which on a colour is held exactly.
    """
    hold_last = pack_rgb(reserved)
    if len(every := np.union1d(hold_last, keys)) <= SIZE:
        return unpack(every)
    often = min(EXACT, int(np.sum(weight >= frequent * weight.sum())), max(SIZE - 16 - len(hold_last), 0))
    exact = unpack(np.union1d(hold_last, keys[:often])[:SIZE]).astype(np.float32)
    rest, heavy = _merged(unpack(keys[often:]).astype(np.float32), weight[often:])
    heavy = heavy**power
    centres = _spread(rest, heavy, exact, SIZE - len(exact))
    for _ in range(SWEEPS):
        entries = np.concatenate([exact, centres])
        owner = np.concatenate([_distance(part, entries).argmin(1) for part in _chunks(rest)]) - len(exact)
        mine = owner >= 0
        total = np.bincount(owner[mine], heavy[mine], len(centres))
        for channel in range(3):
            moment = np.bincount(owner[mine], (heavy * rest[:, channel])[mine], len(centres))
            centres[:, channel] = np.where(total > 0, moment / np.maximum(total, 1e-9), centres[:, channel])
    return unpack(np.unique(pack_rgb(np.rint(np.concatenate([exact, centres])))))


def _merged(
    colors: NDArray[np.float32], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return at most `CANDIDATES` colours with their weights; very many are replaced by the means of cells."""
    if len(colors) <= CANDIDATES:
        return colors, weight
    cells = pack_rgb(colors // CELL)
    _, cell = np.unique(cells, return_inverse=True)
    total = np.bincount(cell, weight).astype(np.float64)
    means = np.column_stack([np.bincount(cell, weight * channel) / total for channel in colors.T])
    order = np.argsort(-total, kind="stable")[:CANDIDATES]
    return means[order].astype(np.float32), total[order]


class Palette:
    """Maps colours to palette indices by lookup tables. Index 0 means "unchanged"; colours start at 1.

    Known packed colours map to their nearest entry. A new colour maps to the entry nearest to the centre of its cell
    of 8 × 8 × 8 colours; the table of cells is made on first use.
    """

    def __init__(self, colors: Colors, known: NDArray[np.uint32] | None = None) -> None:
        self.colors = colors
        entries = colors.astype(np.float32)
        self._closeness = np.vstack([entries.T, -(entries**2).sum(1) / 2])
        self._table = np.zeros(1 << 24, np.uint8)
        self._cells: NDArray[np.uint8] | None = None
        if known is not None:
            self._table[known] = self._nearest(unpack(known))
        self._table[pack_rgb(colors)] = np.arange(1, len(colors) + 1)

    @property
    def table(self) -> bytes:
        """The GIF colour table with 256 entries."""
        full = np.zeros((256, 3), np.uint8)
        full[1 : len(self.colors) + 1] = self.colors
        return full.tobytes()

    def map(self, rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return palette indices (height, width) for pixels (height, width, 4)."""
        return self.entries(pack(rgba))

    def entries(self, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return palette indices for packed colours of any shape."""
        entry = self._table[keys]
        if not entry.all():
            met = keys[entry == 0]
            cell = (met >> 3 & 31) | (met >> 6 & 0x3E0) | (met >> 9 & 0x7C00)
            if self._cells is None:
                self._cells = self._nearest(_middles())
            self._table[met] = self._cells[cell]
            entry = self._table[keys]
        return np.asarray(entry, np.uint8)

    def _nearest(self, colors: Colors) -> NDArray[np.uint8]:
        near = np.empty(len(colors), np.uint8)
        given = np.ones((len(colors), 4), np.float32)
        given[:, :3] = colors
        for at in range(0, len(colors), CHUNK):  # exact halves of integers: chunking does not change the result
            near[at : at + CHUNK] = (given[at : at + CHUNK] @ self._closeness).argmax(1) + 1
        return near


def _middles() -> Colors:
    """Return the middles of all cells (32768, 3)."""
    cell = np.arange(1 << 15)
    return np.stack([(cell & 31) << 3 | 4, (cell >> 5 & 31) << 3 | 4, cell >> 10 << 3 | 4], -1).astype(np.uint8)


def _spread(
    colors: NDArray[np.float32], weight: NDArray[np.float64], exact: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    """Return initial centres: each is the colour worst represented by the previous ones."""
    far = np.concatenate([_distance(part, exact).min(1, initial=np.inf) for part in _chunks(colors)])
    picked = np.zeros(min(count, len(colors)), np.int64)
    norm = (colors**2).sum(1)
    for place in range(len(picked)):
        pick = picked[place] = np.argmax(far * weight)
        far = np.minimum(far, norm + norm[pick] - 2 * (colors @ colors[pick]))
    return colors[picked]


def _chunks(colors: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return colours in parts of `CHUNK`."""
    return [colors[at : at + CHUNK] for at in range(0, max(len(colors), 1), CHUNK)]


def _distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return squared distances, shape (len(a), len(b))."""
    distance = np.asarray(a @ b.T, np.float32)
    distance *= -2
    distance += (a**2).sum(1)[:, None]
    distance += (b**2).sum(1)
    return distance
