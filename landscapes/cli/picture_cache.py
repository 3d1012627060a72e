"""A folder of pictures with a manifest, in which only pictures whose content changed are drawn again."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landscapes.errors import InputError
from landscapes.files import replacing

if TYPE_CHECKING:
    from landscapes.record import Record

MANIFEST = "gallery.json"
"""The name of the manifest in its folder."""

DRAWN_WITH = ("matplotlib", "numpy", "pillow", "imageio-ffmpeg")
"""Packages whose version is part of a picture's key."""


class PictureCache:
    """The pictures of a folder and what they were drawn from.

    The key of a picture is a digest of its record, the options of drawing, the source of `render` and the versions of
    the packages that draw. Records are computed anew each time, so a change of a function, an optimizer or a tuned
    rate is seen in the numbers. A picture that was edited or removed is drawn again.

    Args:
        folder: is made if it does not exist.

    Raises:
        InputError: if the folder cannot be made, or its manifest is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {str(folder)!r}: {error.strerror or error}") from error
        self.path = folder / MANIFEST
        self.entries: dict[str, dict[str, str]] = {}
        if self.path.exists():
            self.entries = self._read()

    def is_current(self, name: str, key: str) -> bool:
        """Return whether a picture with this key lies in the folder unchanged."""
        entry, file = self.entries.get(name, {}), self.folder / name
        return entry.get("key") == key and file.is_file() and entry.get("sha256") == _digest(file.read_bytes())

    def add(self, name: str, key: str) -> None:
        """Note that a picture was drawn, at once, so that an interrupted command does not draw it again."""
        self.entries[name] = {"key": key, "sha256": _digest((self.folder / name).read_bytes())}
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(dict(sorted(self.entries.items())), indent=1) + "\n", encoding="utf-8")

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot read {str(self.path)!r}: {error}; remove it to draw all pictures again"
            ) from error
        if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
            raise InputError(f"{str(self.path)!r} is not the manifest of a gallery; choose another folder")
        return found


def picture_key(record: Record, options: Mapping[str, Any]) -> str:
    """Return the key of the picture of a record, drawn with these options."""
    paths = record.trajectories
    arrays = {"x": paths.x, "loss": paths.loss, "step": paths.step, **paths.metrics}
    for part in (record.surface, record.curve):
        arrays |= {} if part is None else {f"{name}, {part.x.shape}": value for name, value in vars(part).items()}
    numbers = [f"{name} {_digest(np.ascontiguousarray(value).tobytes())}" for name, value in arrays.items()]
    texts = [f"{name} {column.tolist()}" for name, column in paths.runs.items()]  # the width of a dtype is no content
    content = json.dumps([dict(record.meta), numbers, texts])
    drawn = json.dumps({name: repr(option) for name, option in sorted(options.items())})
    return _digest(f"{content}{drawn}{_drawing_digest()}".encode())


@functools.cache
def _drawing_digest() -> str:
    """Return a digest of the code that draws and of the versions it draws with."""
    from landscapes import render

    root = Path(str(render.__file__)).parent
    sources = sorted(file for file in root.rglob("*") if file.suffix in (".py", ".js", ".css", ".html"))
    parts = [f"{file.relative_to(root)} {_digest(file.read_bytes())}" for file in sources]
    parts += [f"{name} {version(name)}" for name in DRAWN_WITH] + [platform.machine()]
    return _digest("\n".join(parts).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
