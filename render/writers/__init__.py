"""Where frames go: one class a format, told apart by the file's suffix."""

from __future__ import annotations

from pathlib import Path

from landscapes.render.writers.apng import Apng
from landscapes.render.writers.base import Writer
from landscapes.render.writers.ffmpeg import Mp4, WebM
from landscapes.render.writers.gif import Gif
from landscapes.render.writers.imageio import Imageio, knows
from landscapes.render.writers.numbered import Numbered
from landscapes.render.writers.webp import WebP

WRITERS: dict[str, type[Writer]] = {
    suffix: writer for writer in (Gif, Mp4, WebM, WebP, Apng) for suffix in writer.suffixes
}
"""Which writer writes a suffix; for numbered .png and for what imageio writes see `writer_for`."""


def writer_for(path: Path) -> type[Writer] | None:
    """Which writer writes a file of this name, once it is sure that it can; None where none does.

    Raises `InputError` where something must be installed for it, or numbered frames have no place for the number.
    """
    suffix = path.suffix.lower()
    found = WRITERS.get(suffix)
    if found is None and suffix:
        found = Numbered if suffix == ".png" else Imageio if knows(suffix) else None
    if found is not None:
        found.check(path)
    return found


__all__ = ["WRITERS", "Apng", "Gif", "Imageio", "Mp4", "Numbered", "WebM", "WebP", "Writer", "writer_for"]
