"""Numbered locks between processes; the system releases them when a process ends, for whatever reason."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class Locks:
    """Locks on single bytes of a file, which stays empty. If the system has no locks, every lock is granted.

    All objects of one process share its locks; a process never blocks itself.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it. Raises `OSError` if that fails."""
        self._handle: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def acquire(self, number: int, *, wait: bool = False) -> bool:
        """Acquire a lock; return False if another process holds it, unless `wait`."""
        if sys.platform == "win32" or self._handle is None:
            return True
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, number)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # the file system has no locks
            return True
        return True

    def release(self, number: int) -> None:
        """Release a lock."""
        if sys.platform != "win32" and self._handle is not None:
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, number)
            except OSError:
                return

    @contextmanager
    def locked(self, number: int) -> Iterator[None]:
        """Wait for a lock, and hold it within the block."""
        self.acquire(number, wait=True)
        try:
            yield
        finally:
            self.release(number)

    def close(self) -> None:
        """Release all locks."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
