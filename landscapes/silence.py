"""Ignoring warnings in one thread.

`warnings.catch_warnings` replaces the filters of the whole process. Where threads interleave, the filters of one would
be restored by another, and stay.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


class _OfThread:
    """Stands for a regular expression in `warnings.filters`; matches messages of one thread alone."""

    def __init__(self, pattern: str = "") -> None:
        self.pattern = re.compile(pattern, re.IGNORECASE)
        self.thread: int | None = threading.get_ident()

    def match(self, text: str) -> bool:
        return threading.get_ident() == self.thread and self.pattern.match(text) is not None


@contextmanager
def ignored_warnings(raised: str = "", category: type[Warning] = Warning) -> Iterator[None]:
    """Ignore the warnings of this thread within the block; those of other threads are left alone.

    Args:
        raised: beginning of the messages that raise instead, as a regular expression; none by default.
        category: category of the warnings that raise.

    >>> with ignored_warnings():
    ...     warnings.warn("unseen")
    """
    entries: list[Any] = [("ignore", _OfThread(), Warning, None, 0)]
    if raised:
        entries.insert(0, ("error", _OfThread(raised), category, None, 0))
    _filters()[:0] = entries
    _changed()
    try:
        yield
    finally:
        for entry in entries:
            entry[1].thread = None  # `catch_warnings` in another thread may keep a copy of the filters
        _filters()[:] = [entry for entry in _filters() if entry not in entries]
        _changed()


def _filters() -> list[Any]:
    return cast(list[Any], warnings.filters)


def _changed() -> None:
    cast(Any, warnings)._filters_mutated()
