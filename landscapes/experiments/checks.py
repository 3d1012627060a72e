"""Check arguments that all experiments share: integers, points and the precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return the number as an int. Raises `InputError` unless it is an integer >= `least`.

    >>> check_count("steps", 100)
    100
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} must be an integer >= {least}, got {value!r}")
    return int(value)


def check_start(function: Function, start: Sequence[float]) -> tuple[float, ...]:
    """Return the point as d floats. Raises `InputError` unless it is a finite point of the function."""
    try:
        point = tuple(float(coordinate) for coordinate in start)
    except (TypeError, ValueError):
        raise InputError(f"a start must be {function.dim} numbers, got {start!r}") from None
    if len(point) != function.dim:
        raise InputError(f"{function.name} has {function.dim} coordinates; the start {list(point)} has {len(point)}")
    if not all(math.isfinite(coordinate) for coordinate in point):
        raise InputError(f"a start must be finite, got {list(point)}")
    return point


def check_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the precision. Raises `InputError` unless it is float64 or float32."""
    if dtype not in (torch.float64, torch.float32):
        raise InputError(f"dtype must be torch.float64 or torch.float32, got {dtype}")
    return dtype
