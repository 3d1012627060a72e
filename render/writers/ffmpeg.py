"""Video by a pipe to ffmpeg, with colour tags so that players decode the colours correctly."""

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
from landscapes.render.writers.yuv import YuvPlanes

TAGS = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
"""Colour tags of input and output. A player that has to guess one of the four shifts every colour."""

KEYS = "300"
"""Maximum distance between key frames; a key frame is about as large as a hundred others."""

MAX_COMMENT = 20_000
"""Maximum length of a comment; some systems limit a whole command to 32,767 characters."""


class Ffmpeg(Writer):
    """Pipes frames in yuv420p to an encoder. Subclasses set the encoder and its options."""

    encoder: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    container: ClassVar[str]

    @classmethod
    def check(cls, path: Path) -> None:
        ffmpeg_path(path.suffix)

    def begin(self, samples: Iterable[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = next(iter(samples)).shape[:2]
        self._planes = YuvPlanes(width, height)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [
                ffmpeg_path(self.suffixes[0]),
                "-y",
                "-nostdin",
                "-loglevel",
                "error",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "yuv420p",
                "-s",
                f"{self._planes.width}x{self._planes.height}",
                "-framerate",
                f"{self.timeline.fps:g}",
                *TAGS,
                "-i",
                "-",
                "-an",
                "-c:v",
                self.encoder,
                *self.options,
                *TAGS,
                "-threads",
                "1",
                "-fflags",
                "+bitexact",
                "-flags:v",
                "+bitexact",
                "-metadata",
                f"comment={truncated_comment(self.comment)}",
                "-f",
                self.container,
                str(self.path),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )

    def frame(self, rgba: RGBA, changed: Pixels, extra_seconds: float = 0.0) -> None:
        self._planes.update(rgba, changed)
        self._push(1 + round(extra_seconds * self.timeline.fps))

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
    """Writes H.264 in MP4, which plays everywhere."""

    suffixes = (".mp4",)
    encoder = "libx264"
    options = (
        "-preset", "ultrafast", "-qp", "22", "-g", KEYS, "-movflags", "+faststart",
        "-x264-params", "partitions=p8x8,i4x4",  # no panning and no noise: same size, twice as fast
    )  # fmt: skip
    container = "mp4"


class WebM(Ffmpeg):
    """Writes VP9 in WebM, for web pages."""

    suffixes = (".webm",)
    encoder = "libvpx-vp9"
    options = (
        "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-crf", "28", "-b:v", "0", "-g", KEYS,
        "-static-thresh", "1000", "-sharpness", "7",  # nearly equal blocks are not re-encoded; flat colours are exact
    )  # fmt: skip
    container = "webm"


def truncated_comment(comment: str) -> str:
    """Return the comment, shortened to what fits on any command line."""
    return comment if len(comment) <= MAX_COMMENT else comment[:MAX_COMMENT] + " …"


def ffmpeg_path(suffix: str) -> str:
    """Return the path of ffmpeg. Raise `InputError` if it is not installed."""
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise InputError(f"{suffix} needs ffmpeg: pip install imageio-ffmpeg, or choose .gif") from None
