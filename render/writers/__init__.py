"""Writers: one class per file format, chosen by the suffix."""

from __future__ import annotations

from pathlib import Path

from landscapes.render.writers.apng import Apng
from landscapes.render.writers.base import Writer
from landscapes.render.writers.ffmpeg import Mp4, WebM
from landscapes.render.writers.gif import Gif
from landscapes.render.writers.imageio import Imageio, can_write
from landscapes.render.writers.numbered import Numbered
from landscapes.render.writers.webp import WebP

WRITERS: dict[str, type[Writer]] = {
    suffix: writer for writer in (Gif, Mp4, WebM, WebP, Apng) for suffix in writer.suffixes
}
"""Writer classes by suffix. `writer_for` adds numbered .png files and the formats of imageio."""


def writer_for(path: Path) -> type[Writer] | None:
    """Return the writer class for a file name, or None if no writer supports its suffix.

    Raises:
        InputError: if a required package is missing, or a numbered name lacks its %d placeholder.
    """
    suffix = path.suffix.lower()
    found = WRITERS.get(suffix)
    if found is None and suffix:
        found = Numbered if suffix == ".png" else Imageio if can_write(suffix) else None
    if found is not None:
        found.check(path)
    return found


__all__ = ["WRITERS", "Apng", "Gif", "Imageio", "Mp4", "Numbered", "WebM", "WebP", "Writer", "writer_for"]
