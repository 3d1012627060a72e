"""A bounded cache for values that are expensive to make."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """A bounded least-recently-used cache that several threads may share.

    Key: any hashable value. Two requests share an entry where their keys are equal.
    Size: at most `capacity` entries. A new entry beyond it evicts the least recently used one.
    Lifetime: until eviction, `clear()` or the end of the process. Values are returned as they are, not copied.
    Threads: a lock guards the entries, and `make` runs outside the lock. Two threads that request one new key at the
    same time may both call `make`. Both then receive the value that was stored first.

    Raises `ValueError` for a capacity below 1.

    >>> squares = Cache[int, int](capacity=2)
    >>> [squares.get_or_make(n, lambda: n * n) for n in (3, 4, 3, 5)]
    [9, 16, 9, 25]
    >>> squares.items()
    [(3, 9), (5, 25)]
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be >= 1, got {capacity}")
        self.capacity = capacity
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`; call `make` and store its result if there is none.

        An exception in `make` is raised, and nothing is stored.
        """
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        made = make()
        with self._lock:
            value = self._entries.setdefault(key, made)
            self._entries.move_to_end(key)
            while len(self._entries) > self.capacity:
                self._entries.popitem(last=False)
            return value

    def items(self) -> list[tuple[K, V]]:
        """Return a snapshot of the entries, least recently used first."""
        with self._lock:
            return list(self._entries.items())

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()

    def __contains__(self, key: object) -> bool:
        with self._lock:
            return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
