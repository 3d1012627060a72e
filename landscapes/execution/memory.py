"""How much memory there is, so that what will not fit is said before the work."""

from __future__ import annotations

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc")


def available() -> int | None:
    """How many bytes can still be used, by this machine and by the limits of a container; None where it cannot be told."""
    free = [size for size in (_machine(), _limit()) if size is not None]
    return min(free) if free else None


def shown(size: float) -> str:
    """A number of bytes as people read it.

    >>> shown(1536), shown(2.5e9), shown(12)
    ('2 kB', '2.5 GB', '12 bytes')
    """
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size:.0f} bytes"


def _machine() -> int | None:
    """What the kernel counts as available: free, or held by caches that give way."""
    try:
        lines = (PROCESS / "meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows, macOS
        return None


def _limit() -> int | None:
    """What the container leaves, the tightest of the groups around this process."""
    try:
        entries = (PROCESS / "self" / "cgroup").read_text().splitlines()
        place = next(line[3:] for line in entries if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    group = CGROUPS / place.strip("/")
    left = [_left(folder) for folder in (group, *group.parents) if folder.is_relative_to(CGROUPS)]
    known = [size for size in left if size is not None]
    return min(known) if known else None


def _left(group: Path) -> int | None:
    """What one group leaves: its limit without what is in use, but for files that are merely cached."""
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        parts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(limit - used + int(parts.get("inactive_file", 0)), 0)
    except (OSError, ValueError):  # no limit is written as "max"
        return None
