"""Whatever else can be written: videos and stacks of pages by imageio."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.render.writers.base import RGBA, Pixels, Writer
from landscapes.render.writers.ffmpeg import TAGS, brief, executable
from landscapes.render.writers.timeline import Timeline

PAGES = (".tif", ".tiff")

COLORS = (
    "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709", *TAGS,
)  # fmt: skip
"""Without the filter ffmpeg converts colours for television of old."""

MPEG2 = ("mpeg2video", (*COLORS, "-q:v", "2"))

OTHERS = {".mpg": MPEG2, ".mpeg": MPEG2, ".wmv": ("msmpeg4", ("-q:v", "3"))}
"""Codecs with their settings where H.264 does not belong. That of .wmv has no tags for colours, so they stay television's."""

H264 = ("libx264", (*COLORS, "-preset", "veryfast", "-crf", "18"))


class Imageio(Writer):
    """Frames to imageio, one by one. Odd sizes of videos are padded by repeating the last line.

    A frame that stays is there several times in a video; a stack of pages has no clock, so there it is one page.
    """

    suffixes = ()

    @classmethod
    def check(cls, path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix not in PAGES:
            executable(suffix)
        elif find_spec("tifffile") is None:
            raise InputError(f"{suffix} needs tifffile: pip install tifffile, or choose numbered .png: frames-%04d.png")
        _try(suffix)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._pages = self.path.suffix.lower() in PAGES
        pad = (0, 0) if self._pages else (height % 2, width % 2)
        self._padded = np.zeros((height + pad[0], width + pad[1], 3), np.uint8)
        self._count = 0
        self._writer = self._pages_writer() if self._pages else self._video_writer()

    def frame(self, rgba: RGBA, changed: Pixels, stay: float = 0.0) -> None:
        height, width = rgba.shape[:2]
        if len(changed):
            rows, cols = np.divmod(changed, width)
            self._padded[rows, cols] = rgba[rows, cols, :3]
            self._padded[height:] = self._padded[height - 1]
            self._padded[:, width:] = self._padded[:, width - 1 : width]
        for _ in range(1 if self._pages else 1 + round(stay * self.timeline.fps)):
            try:
                self._writer.append_data(self._padded, self._facts() if self._pages else {})
            except OSError as error:
                raise self._failure() from error
            self._count += 1

    def end(self) -> None:
        self._writer.close()
        if not self._pages:
            import imageio_ffmpeg

            try:  # imageio does not tell how ffmpeg ended
                written, _ = imageio_ffmpeg.count_frames_and_secs(str(self.path))
            except RuntimeError as error:
                raise self._failure() from error
            if written != self._count:
                raise self._failure()

    def abort(self) -> None:
        if hasattr(self, "_writer"):
            self._writer.close()

    def _video_writer(self) -> Any:
        import imageio.v2

        codec, settings = OTHERS.get(self.path.suffix.lower(), H264)
        return imageio.v2.get_writer(
            self.path, format="FFMPEG", mode="I", fps=self.timeline.fps, codec=codec,
            pixelformat="yuv420p", macro_block_size=1, ffmpeg_log_level="quiet",
            output_params=[
                *settings, "-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
                "-metadata", f"comment={brief(self.comment)}",
            ],
        )  # fmt: skip

    def _pages_writer(self) -> Any:
        import imageio.v2

        large = len(self.timeline.steps) * math.prod(self._padded.shape) > 2**32 - 2**20
        return imageio.v2.get_writer(self.path, format="TIFF", mode="I", bigtiff=large)

    def _facts(self) -> dict[str, Any]:
        """How a page is written: compressed, the first with the comment."""
        return {"compression": "zlib"} | ({} if self._count else {"description": self.comment})

    def _failure(self) -> OSError:
        return OSError(f"imageio could not write {self.path.name!r}: ffmpeg ended early")


def knows(suffix: str) -> bool:
    """Whether imageio writes videos or stacks of pages of this suffix."""
    if find_spec("imageio") is None:
        raise InputError(f"{suffix} needs imageio: pip install imageio imageio-ffmpeg, or choose .gif")
    from imageio.config import known_extensions

    return suffix in PAGES or any("FFMPEG" in entry.priority for entry in known_extensions.get(suffix, ()))


@cache
def _try(suffix: str) -> None:
    """Writes two small frames. Raises `InputError` where that fails, since codecs can be missing."""
    with tempfile.TemporaryDirectory() as folder:
        writer = Imageio(Path(folder) / f"trial{suffix}", Timeline(np.arange(2), 25.0))
        try:
            sample = np.zeros((64, 64, 4), np.uint8)
            writer.begin([sample], np.zeros((0, 3), np.uint8))
            for _ in range(2):
                writer.frame(sample, np.arange(64 * 64))
            writer.end()
        except Exception as error:
            writer.abort()
            raise InputError(f"imageio cannot write {suffix} with what is installed; choose .mp4 or .gif") from error
