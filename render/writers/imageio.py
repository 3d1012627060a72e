"""Other videos and multi-page TIFF, by imageio."""

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
from landscapes.render.writers.ffmpeg import TAGS, ffmpeg_path, truncated_comment
from landscapes.render.writers.timeline import Timeline

PAGES = (".tif", ".tiff")

COLORS = (
    "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709", *TAGS,
)  # fmt: skip
"""Without this filter ffmpeg converts colours with the BT.601 matrix."""

MPEG2 = ("mpeg2video", (*COLORS, "-q:v", "2"))

OTHERS = {".mpg": MPEG2, ".mpeg": MPEG2, ".wmv": ("msmpeg4", ("-q:v", "3"))}
"""Codecs and options of containers without H.264. The codec of .wmv has no colour tags, so it keeps BT.601."""

H264 = ("libx264", (*COLORS, "-preset", "veryfast", "-crf", "18"))


class Imageio(Writer):
    """Passes frames to imageio one by one. Odd video sizes are padded by repeating the last line.

    In a video, a frame shown longer is written several times. TIFF pages have no duration, so each is written once.
    """

    suffixes = ()

    @classmethod
    def check(cls, path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix not in PAGES:
            ffmpeg_path(suffix)
        elif find_spec("tifffile") is None:
            raise InputError(f"{suffix} needs tifffile: pip install tifffile, or choose numbered .png: frames-%04d.png")
        _check_codec(suffix)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._pages = self.path.suffix.lower() in PAGES
        pad = (0, 0) if self._pages else (height % 2, width % 2)
        self._padded = np.zeros((height + pad[0], width + pad[1], 3), np.uint8)
        self._count = 0
        self._writer = self._pages_writer() if self._pages else self._video_writer()

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        height, width = rgba.shape[:2]
        if len(changed):
            rows, cols = np.divmod(changed, width)
            self._padded[rows, cols] = rgba[rows, cols, :3]
            self._padded[height:] = self._padded[height - 1]
            self._padded[:, width:] = self._padded[:, width - 1 : width]
        for _ in range(1 if self._pages else self.copies(extra_seconds)):
            try:
                self._writer.append_data(self._padded, self._facts() if self._pages else {})
            except OSError as error:
                raise self._failure() from error
            self._count += 1

    def end(self) -> None:
        self._writer.close()
        if not self._pages:
            import imageio_ffmpeg

            try:  # imageio does not report the exit status of ffmpeg
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
            self.path,
            format="FFMPEG",
            mode="I",
            fps=self.timeline.fps,
            codec=codec,
            pixelformat="yuv420p",
            macro_block_size=1,
            ffmpeg_log_level="quiet",
            output_params=[
                *settings,
                "-threads",
                "1",
                "-fflags",
                "+bitexact",
                "-flags:v",
                "+bitexact",
                "-metadata",
                f"comment={truncated_comment(self.comment)}",
            ],
        )

    def _pages_writer(self) -> Any:
        import imageio.v2

        large = len(self.timeline.steps) * math.prod(self._padded.shape) > 2**32 - 2**20
        return imageio.v2.get_writer(self.path, format="TIFF", mode="I", bigtiff=large)

    def _facts(self) -> dict[str, Any]:
        """Return the options of a page: compression, and the comment on the first page."""
        return {"compression": "zlib"} | ({} if self._count else {"description": self.comment})

    def _failure(self) -> OSError:
        return OSError(f"imageio could not write {self.path.name!r}: ffmpeg ended early")


def can_write(suffix: str) -> bool:
    """Return whether imageio writes videos or multi-page files with this suffix."""
    if find_spec("imageio") is None:
        raise InputError(f"{suffix} needs imageio: pip install imageio imageio-ffmpeg, or choose .gif")
    from imageio.config import known_extensions

    return suffix in PAGES or any("FFMPEG" in entry.priority for entry in known_extensions.get(suffix, ()))


@cache
def _check_codec(suffix: str) -> None:
    """Write two small frames. Raise `InputError` if that fails, for example because a codec is missing."""
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
            raise InputError(
                f"imageio cannot write {suffix} with the installed packages; choose .mp4 or .gif"
            ) from error
