"""Temporary files that name their process, so that those of killed processes can be removed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
from functools import cache
from pathlib import Path

STEM, SUFFIX = 40, 60
"""At most so many bytes of the target's stem and suffix are part of a temporary name."""

NAME = re.compile(
    r"\.(?P<stem>.*)\.(?P<host>[0-9a-f]{12})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{8}(?P<suffix>\.[^.]*)?", re.DOTALL
)


def temporary_path(target: Path, folder: bool = False) -> Path:
    """Return an unused path next to the target: hidden, named after the target and this process.

    A file has the suffix of the target, a folder has none.
    """
    stem, suffix = _parts(target)
    pid = os.getpid()
    own = f"{_host()}-{pid}-{_start_of(pid)}-{secrets.token_hex(4)}"
    return target.with_name(f".{stem}.{own}{'' if folder else suffix}")


def remove_leftovers(folder: Path, target: Path | None = None) -> None:
    """Remove temporary files and folders of processes of this machine that have ended.

    Nothing is removed on Windows, where a process cannot be looked up safely.

    Args:
        folder: where to look.
        target: only what was left of writing this path; by default of any path in the folder.
    """
    stem, suffix = (None, None) if target is None else _parts(target)
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(".")]
    except OSError:  # write-only folders cannot be listed
        return
    for name in names:
        found = NAME.fullmatch(name)
        if found is None or found["host"] != _host():
            continue
        if target is not None and (found["stem"] != stem or found["suffix"] not in (suffix, None)):
            continue
        if _has_ended(int(found["pid"]), int(found["start"])):
            left = folder / name
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _parts(target: Path) -> tuple[str, str]:
    """Return the parts of the target's name that temporary names have."""
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= SUFFIX else ""
    return os.fsencode(target.stem)[:STEM].decode("utf-8", "ignore"), suffix


@cache
def _host() -> str:
    """Return a digest of this machine, or of this container, whose processes have numbers of their own."""
    facts = [platform.node()]
    with contextlib.suppress(OSError):
        facts.append(Path("/etc/machine-id").read_text(encoding="ascii"))
    with contextlib.suppress(OSError):
        facts.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(facts).encode(errors="replace")).hexdigest()[:12]


def _start_of(pid: int) -> int:
    """Return when a process started, in ticks since boot, since numbers are used again; 0 if that is not known."""
    fields = _status_of(pid)
    return int(fields[19]) if fields else 0


def _has_ended(pid: int, start: int) -> bool:
    """Return whether the process with this number and start is known to have ended."""
    if sys.platform == "win32":  # os.kill would end the process
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    fields = _status_of(pid)
    return bool(fields) and (fields[0] in "ZX" or int(fields[19]) != start)


def _status_of(pid: int) -> list[str]:
    """Return the fields of a process that Linux shows after its name, from its state; empty on other systems."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
