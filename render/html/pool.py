"""Whole numbers as text: deflated, and in an order that deflates well."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 9999
"""The exponent of a number that is NaN or infinite; see `digits`."""


@dataclass
class Pool:
    """Arrays of whole numbers that become one text."""

    parts: list[NDArray[np.int64]] = field(default_factory=list)

    def put(self, values: NDArray[np.int64]) -> int:
        """Adds numbers below 2³⁰ in size, and returns how many they are."""
        self.parts.append(values.ravel())
        return values.size

    @property
    def text(self) -> str:
        """All numbers, in the order they came in: their sign as the last bit, the bytes of equal weight together,
        deflated, in base64.

        >>> pool = Pool()
        >>> pool.put(np.array([1, -1, 300]))
        3
        >>> list(zlib.decompress(base64.b64decode(pool.text)))
        [2, 1, 88, 0, 0, 2, 0, 0, 0, 0, 0, 0]
        """
        whole = np.concatenate([np.zeros(0, np.int64), *self.parts])
        signed = ((whole << 1) ^ (whole >> 63)).astype("<u4")
        planes = signed.view(np.uint8).reshape(-1, 4).T
        return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def steps(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first of some numbers, and then by how much each is more than the one before.

    >>> steps(np.array([5, 7, 4])).tolist()
    [5, 2, -3]
    """
    return np.diff(values, prepend=0)


def digits(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers in four digits: a whole number and the power of ten to multiply it by.

    >>> [part.tolist() for part in digits(np.array([0.0123456, -2.5, 0.0, np.inf]))]
    [[1235, -2500, 0, 0], [-5, -3, -3, 9999]]
    """
    told = [f"{value:.3e}".split("e") if np.isfinite(value) else ["0", str(UNKNOWN + 3)] for value in values.tolist()]
    whole = [(int(front.replace(".", "")), int(power) - 3) for front, power in told]
    front, power = np.array(whole, np.int64).reshape(-1, 2).T
    return front, power
