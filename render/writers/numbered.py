"""Numbered PNG files, one per frame: frames-0000.png, frames-0001.png and so on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from landscapes.errors import InputError, warn
from landscapes.files import replacing_all
from landscapes.render.writers.base import RGBA, Pixels, Writer

PLACE = re.compile(r"%(?:0(?P<digits>\d+))?d")
"""Placeholder of the frame number."""

MAX_DIGITS = 9
"""Digits of a frame number, at most."""


def is_numbered(path: Path) -> bool:
    """Return whether a path names numbered frames.

    >>> is_numbered(Path("frames-%04d.png")), is_numbered(Path("race.png"))
    (True, False)
    """
    return path.suffix.lower() == ".png" and len(PLACE.findall(path.name)) == 1


def numbered_files(path: Path) -> list[Path]:
    """Return the existing frames of a numbered name such as frames-%04d.png, by number."""
    found = {frame_number(path.name, file.name): file for file in path.parent.iterdir()}
    return [found[number] for number in sorted(found) if number >= 0]


def frame_number(pattern: str, name: str) -> int:
    """Return the number in a file name, or -1 if the name does not match the pattern.

    >>> frame_number("frames-%04d.png", "frames-0012.png"), frame_number("frames-%04d.png", "frames-12.png")
    (12, -1)
    """
    place = PLACE.search(pattern)
    if place is None:
        return -1
    before, after = pattern[: place.start()], pattern[place.end() :]
    digits = name[len(before) : len(name) - len(after)]
    fits = name.startswith(before) and name.endswith(after) and digits.isdecimal()
    return int(digits) if fits and pattern % int(digits) == name else -1


class Numbered(Writer):
    """Writes PNG files numbered from 0, as in frames-%04d.png.

    The files represent equal time intervals: a frame shown longer is written several times. All files appear
    together when the last one is complete.
    """

    suffixes = ()

    @classmethod
    def check(cls, path: Path) -> None:
        places = list(PLACE.finditer(path.name))
        if len(places) != 1 or path.name.count("%") != 1:
            raise InputError(
                f"invalid name for numbered frames: {path.name!r}; use one placeholder for the number, as in "
                "frames-%04d.png, or no % at all for a still picture"
            )
        digits = (places[0]["digits"] or "1").lstrip("0")
        if len(digits) > 1 or int(digits or 0) > MAX_DIGITS:
            raise InputError(
                f"the numbers of {path.name!r:.80} have more than {MAX_DIGITS} digits; write frames-%04d.png for four"
            )

    @classmethod
    def temporary_path(cls, path: Path) -> AbstractContextManager[Path]:
        return replacing_all(path)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        self._count = 0
        self._facts = PngInfo()
        if self.comment:
            self._facts.add_text("Comment", self.comment)

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        last = self._path(self._count - 1)
        for again in range(self.copies(extra_seconds)):
            here = self._path(self._count)
            if again or not len(changed):
                shutil.copyfile(last, here)
            else:
                Image.fromarray(rgba[..., :3]).save(here, pnginfo=self._facts, compress_level=1)
            last = here
            self._count += 1

    def end(self) -> None:
        target = self.path.parent.parent / self.path.name  # the path is in a temporary folder
        old = [file.name for file in numbered_files(target) if frame_number(target.name, file.name) >= self._count]
        if old:
            warn(f"{len(old)} older frames with higher numbers remain: {old[0]} … {old[-1]}")

    def abort(self) -> None:
        return

    def _path(self, number: int) -> Path:
        return self.path.with_name(self.path.name % number)
