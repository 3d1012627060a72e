"""Locks between processes, one a number, that the system lets go of when a process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class Locks:
    """Locks on single bytes of a file, which stays empty. Where the system has none, every lock is granted.

    A process never stands in its own way: its locks are the same however often it opens the file.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it. Raises `OSError` where that cannot be."""
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def take(self, number: int, *, wait: bool = False) -> bool:
        """Takes a lock; False where another process has it, unless we wait for it."""
        if sys.platform == "win32" or self._handle is None:
            return True
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, number)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def free(self, number: int) -> None:
        """Lets go of a lock."""
        if sys.platform != "win32" and self._handle is not None:
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, number)
            except OSError:
                return

    @contextmanager
    def held(self, number: int) -> Iterator[None]:
        """Holds a lock, once it is to be had."""
        self.take(number, wait=True)
        try:
            yield
        finally:
            self.free(number)

    def close(self) -> None:
        """Lets go of all of them."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
