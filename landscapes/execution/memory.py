"""Available memory, so that an experiment that cannot fit is rejected before it starts."""

from __future__ import annotations

import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
PROCESS = Path("/proc")


def available() -> int | None:
    """Return the bytes that this machine and its containers leave to this process; None if unknown."""
    free = [size for size in (_machine(), _containers()) if size is not None]
    return min(free) if free else None


def format_bytes(size: float) -> str:
    """Return a number of bytes as text.

    >>> format_bytes(1536), format_bytes(2.5e9), format_bytes(12)
    ('2 kB', '2.5 GB', '12 bytes')
    """
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size:.0f} bytes"


def _machine() -> int | None:
    """Return the memory that the kernel counts as available: free, or used by caches that it can drop."""
    try:
        lines = (PROCESS / "meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows, macOS
        return None


def _containers() -> int | None:
    """Return what the tightest of the control groups around this process leaves."""
    try:
        entries = (PROCESS / "self" / "cgroup").read_text().splitlines()
        path = next(line[3:] for line in entries if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    group = CGROUPS / path.strip("/")
    left = [_group(directory) for directory in (group, *group.parents) if directory.is_relative_to(CGROUPS)]
    known = [size for size in left if size is not None]
    return min(known) if known else None


def _group(group: Path) -> int | None:
    """Return what one control group leaves: its limit minus its usage, except for cached files."""
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        parts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(limit - used + int(parts.get("inactive_file", 0)), 0)
    except (OSError, ValueError):  # "max" stands for no limit
        return None
