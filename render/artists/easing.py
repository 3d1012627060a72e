"""Smooth beginnings and ends of movements."""

from __future__ import annotations


def smootherstep(share: float) -> float:
    """Return 6 s⁵ - 15 s⁴ + 10 s³ for a share s from 0 to 1: without speed and acceleration at both ends.

    Perlin, Improving noise, 2002.

    >>> smootherstep(0.0), smootherstep(0.5), smootherstep(1.0)
    (0.0, 0.5, 1.0)
    """
    s = min(max(share, 0.0), 1.0)
    return s * s * s * (s * (6 * s - 15) + 10)
