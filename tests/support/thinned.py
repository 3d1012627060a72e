"""Products of test cases: every case in each run, every combination in exhaustive ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

FEW_THEMES = ("dark", "print")
"""A dark theme, and a light one that tells runs apart without colours; most other tests draw in "light"."""


def diagonal(*axes: Iterable[Any]) -> list[Any]:
    """Return all combinations; those in which the axes do not advance together are exhaustive.

    Use it where the code under test does not branch on a pair of cases: each case of each axis is tested by default.

    Shorter axes repeat, shifted by one each time, so that they do not stay in phase with the longest.

    >>> [case.values for case in diagonal("abcd", [1, 2]) if not case.marks]
    [('a', 1), ('b', 2), ('c', 2), ('d', 1)]
    """
    lists = [list(axis) for axis in axes]
    longest = max(map(len, lists))
    default = {tuple((k + k // len(axis)) % len(axis) for axis in lists) for k in range(longest)}
    return [
        pytest.param(
            *(axis[i] for axis, i in zip(lists, places, strict=True)),
            marks=() if places in default else pytest.mark.exhaustive,
        )
        for places in product(*(range(len(axis)) for axis in lists))
    ]
