"""Integers as compact text: zigzag-encoded, split into byte planes, deflated, in base64."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 9999
"""Exponent that marks NaN and infinity; see `four_digits`."""


@dataclass
class IntegerBlock:
    """Arrays of integers that are encoded as one text."""

    parts: list[NDArray[np.int64]] = field(default_factory=list)

    def append(self, values: NDArray[np.int64]) -> int:
        """Append integers with absolute values below 2³⁰, and return their number."""
        self.parts.append(values.ravel())
        return values.size

    @property
    def text(self) -> str:
        """All integers in order: sign as the last bit, bytes of equal weight together, deflated, in base64.

        >>> block = IntegerBlock()
        >>> block.append(np.array([1, -1, 300]))
        3
        >>> list(zlib.decompress(base64.b64decode(block.text)))
        [2, 1, 88, 0, 0, 2, 0, 0, 0, 0, 0, 0]
        """
        whole = np.concatenate([np.zeros(0, np.int64), *self.parts])
        signed = ((whole << 1) ^ (whole >> 63)).astype("<u4")
        planes = signed.view(np.uint8).reshape(-1, 4).T
        return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def differences(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first number, then the difference of each to the previous one.

    >>> differences(np.array([5, 7, 4])).tolist()
    [5, 2, -3]
    """
    return np.diff(values, prepend=0)


def four_digits(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Round numbers to four digits. Return integers, and the powers of ten to multiply them by.

    >>> [part.tolist() for part in four_digits(np.array([0.0123456, -2.5, 0.0, np.inf]))]
    [[1235, -2500, 0, 0], [-5, -3, -3, 9999]]
    """
    parts = [f"{value:.3e}".split("e") if np.isfinite(value) else ["0", str(UNKNOWN + 3)] for value in values.tolist()]
    whole = [(int(front.replace(".", "")), int(power) - 3) for front, power in parts]
    front, power = np.array(whole, np.int64).reshape(-1, 2).T
    return front, power
