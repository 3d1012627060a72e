"""Video through a pipe to ffmpeg, with the colours tagged so that players show them without a tint."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.render.writers.base import RGBA, Pixels, Writer
from landscapes.render.writers.yuv import Planes

TAGS = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
"""What the planes mean, said of the input too: a player that must guess one of the four shifts every colour."""

KEYS = "300"
"""A frame of its own comes after so many at the latest; each is as large as a hundred others."""

LONGEST = 20_000
"""Characters of a comment; some systems allow 32,767 for all of a command."""


class Ffmpeg(Writer):
    """Frames in yuv420p to an encoder. A subclass names the encoder and its settings."""

    encoder: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    container: ClassVar[str]

    @classmethod
    def check(cls, path: Path) -> None:
        executable(path.suffix)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._planes = Planes(width, height)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [
                executable(self.suffixes[0]), "-y", "-nostdin", "-loglevel", "error",
                "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{self._planes.width}x{self._planes.height}",
                "-framerate", f"{self.timeline.fps:g}", *TAGS, "-i", "-", "-an",
                "-c:v", self.encoder, *self.options, *TAGS, "-threads", "1",
                "-fflags", "+bitexact", "-flags:v", "+bitexact", "-metadata", f"comment={brief(self.comment)}",
                "-f", self.container, str(self.path),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
        )  # fmt: skip

    def frame(self, rgba: RGBA, changed: Pixels, stay: float = 0.0) -> None:
        self._planes.update(rgba, changed)
        self._push(1 + round(stay * self.timeline.fps))

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait() != 0:
            raise self._failure()
        self._errors.close()

    def abort(self) -> None:
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            self._errors.close()

    def _push(self, times: int) -> None:
        assert self._process.stdin is not None
        try:
            for _ in range(times):
                self._process.stdin.write(self._planes.data.data)
        except BrokenPipeError:
            self._process.wait()
            raise self._failure() from None

    def _failure(self) -> OSError:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        return OSError(f"ffmpeg could not write {self.path.name!r}: {words[-1] if words else 'no reason given'}")


class Mp4(Ffmpeg):
    """H.264 in MP4: plays everywhere."""

    suffixes = (".mp4",)
    encoder = "libx264"
    options = (
        "-preset", "ultrafast", "-qp", "22", "-g", KEYS, "-movflags", "+faststart",
        "-x264-params", "partitions=p8x8,i4x4",  # nothing pans and nothing is noisy: as small and twice as fast
    )  # fmt: skip
    container = "mp4"


class WebM(Ffmpeg):
    """VP9 in WebM, for the web."""

    suffixes = (".webm",)
    encoder = "libvpx-vp9"
    options = (
        "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-crf", "28", "-b:v", "0", "-g", KEYS,
        "-static-thresh", "1000", "-sharpness", "7",  # blocks that are as good as equal stay; flat colours are exact
    )  # fmt: skip
    container = "webm"


def brief(comment: str) -> str:
    """As much of a comment as fits on a command line anywhere."""
    return comment if len(comment) <= LONGEST else comment[:LONGEST] + " …"


def executable(suffix: str) -> str:
    """The path of ffmpeg. Raises `InputError` where there is none."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise InputError(f"{suffix} needs ffmpeg: pip install imageio-ffmpeg, or choose .gif") from None
