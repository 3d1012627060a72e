"""Check arguments that all experiments share: integers, points and the precision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.execution.memory import available, format_bytes
from landscapes.objectives.decorators import Function

MAX_STEPS = 10**9
"""Steps of a run, at most."""

MAX_SEEDS = 2**24
"""Repetitions of a run, at most; and values of a range."""


def check_count(name: str, value: Any, least: int = 1) -> int:
    """Return the number as an int. Raises `InputError` unless it is an integer >= `least`.

    >>> check_count("steps", 100)
    100
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} must be an integer >= {least}, got {value!r}")
    if name == "steps" and value > MAX_STEPS:
        raise InputError(f"steps must be <= {MAX_STEPS}, got {value}: such a run takes days")
    if name == "seeds" and value > MAX_SEEDS:
        raise InputError(f"seeds must be <= {MAX_SEEDS:,}, got {value:,}")
    return int(value)


def check_memory(size: int, what: str, advice: str) -> None:
    """Raise `InputError` with advice if `size` bytes are more than this machine has left, before any work."""
    free = available()
    if free is not None and size > free:
        raise InputError(f"{what} needs {format_bytes(size)} of memory, {format_bytes(free)} are available; {advice}")


def check_start(function: Function, start: Sequence[float]) -> tuple[float, ...]:
    """Return the point as d floats. Raises `InputError` unless it is a finite point of the function."""
    try:
        point = tuple(float(coordinate) for coordinate in start)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"a start must be {function.dim} numbers, got {start!r:.80}") from None
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


def check_stop(stop: Any) -> Stop | None:
    """Return the tolerances at which runs stop. Raises `InputError` unless it is a `Stop` or None."""
    if stop is None or isinstance(stop, Stop):
        return stop
    example = f"Stop(gtol={stop!r})" if isinstance(stop, int | float) else "Stop(gtol=1e-8)"
    raise InputError(f"stop must be a Stop, such as stop={example}, got {stop!r}")


def check_metrics(metrics: Any) -> tuple[str, ...]:
    """Return the names of metrics; one text is one name. Raises `InputError` unless all are text.

    >>> check_metrics("lr"), check_metrics(["lr", "seconds"])
    (('lr',), ('lr', 'seconds'))
    """
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics) if isinstance(metrics, Iterable) else (metrics,)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f'metrics must be names, such as metrics=["gradient_norm", "lr"], got {metrics!r}')
    return names
