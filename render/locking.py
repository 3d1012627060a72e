"""One lock around all drawing.

Matplotlib keeps its settings (`rcParams`), which decide fonts and formats while a file is written, in one mapping for
the whole process, and neither its formula parser nor its figures may be used by two threads at once. Some settings,
such as those of vector formats and a theme's `rc`, cannot be given to artists instead. So every function that draws
holds `DRAWING`: threads draw one after the other, and the settings are restored before the next one begins.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

DRAWING = threading.RLock()
"""Held by the thread that draws."""


def drawing(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that holds `DRAWING` while it runs."""

    @functools.wraps(function)
    def locked(*args: P.args, **kwargs: P.kwargs) -> T:
        with DRAWING:
            return function(*args, **kwargs)

    return locked
