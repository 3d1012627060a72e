"""Save to file objects, and to paths whose suffix is not that of the format."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from landscapes.errors import InputError
from landscapes.files import check_target, replacing

SEVERAL = (".pgf",)
"""Formats whose files come with others."""


def save_as(target: Any, format: str | None, write: Callable[[Path], object]) -> Path | None:
    """Write a file of a format to a path or to a binary file object; return the path, or None.

    Args:
        target: the path or the file object. It is not touched before the file is complete.
        format: a suffix, with or without its dot.
        write: called with a temporary path of that suffix.

    Raises:
        InputError: for another object, a file for text, or an unsuitable format, and for whatever `write` refuses.
    """
    stem = "picture"
    if isinstance(target, str | os.PathLike):
        stem = check_target(target).stem.replace("%", "") or stem
    elif isinstance(target, io.TextIOBase) or not callable(getattr(target, "write", None)):
        raise InputError(
            f"path must be a path or a binary file object, as io.BytesIO() or open(name, 'wb'), got {target!r:.80}"
        )
    elif not _writable(target):
        raise InputError(f"{target!r:.80} is closed or open for reading only; open it with mode 'wb'")
    elif format is None:
        raise InputError('a file object needs the format of the picture, such as format="png"')
    if not isinstance(format, str) or not (suffix := format.lower().removeprefix(".")).isalnum():
        raise InputError(f'format must be a suffix, such as "png", got {format!r:.80}')
    if f".{suffix}" in SEVERAL:
        raise InputError(f"a .{suffix} file comes with others for its images: save to a path that ends in .{suffix}")
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{stem[:40]}.{suffix}"
        write(file)
        with file.open("rb") as source:
            if not isinstance(target, str | os.PathLike):
                shutil.copyfileobj(source, target)
                return None
            with replacing(target) as temporary, temporary.open("wb") as goal:
                shutil.copyfileobj(source, goal)
    return Path(target)


def _writable(file: Any) -> bool:
    """Return whether a file object may be written to; one without this method may be."""
    if getattr(file, "closed", False):
        return False
    return not isinstance(file, io.IOBase) or file.writable()
