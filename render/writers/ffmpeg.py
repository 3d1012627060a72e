"""Video by a pipe to ffmpeg, with colour tags so that players decode the colours correctly.

Frames are sent in yuv420p; only blocks that changed are converted.
"""

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
from landscapes.render.writers.base import RGBA, Pixels, Writer, as_uint32

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
        self._push(self.copies(extra_seconds))

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


# BT.709, limited range, in 16-bit fixed point: what players assume for these sizes.
_LUMA = np.rint(65536 * 219 / 255 * np.array([0.2126, 0.7152, 0.0722])).astype(np.int32)
_BLUE = np.rint(65536 * 112 / 255 * np.array([-0.2126 / 0.9278, -0.7152 / 0.9278, 1.0])).astype(np.int32)
_RED = np.rint(65536 * 112 / 255 * np.array([1.0, -0.7152 / 0.7874, -0.0722 / 0.7874])).astype(np.int32)


class YuvPlanes:
    """A frame in yuv420p that is updated in place. Odd sizes are padded by repeating the last line.

    Attributes:
        width, height: the even size of the planes in pixels.
        data: the three planes, concatenated.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self.width, self.height = width + width % 2, height + height % 2
        luma = self.width * self.height
        self.data = np.zeros(luma * 3 // 2, np.uint8)
        self._dirty = np.zeros(luma // 4, bool)
        self._luma = self.data[:luma]
        self._blue, self._red = self.data[luma:].reshape(2, luma // 4)

    def update(self, rgba: RGBA, changed: Pixels) -> None:
        """Convert the 2 × 2 blocks that contain changed pixels."""
        row, col = np.divmod(changed, self._width)
        self._dirty[row // 2 * (self.width // 2) + col // 2] = True
        block = np.flatnonzero(self._dirty)
        self._dirty[block] = False
        top, left = (2 * part for part in np.divmod(block, self.width // 2))
        below, right = np.minimum(top + 1, self._height - 1), np.minimum(left + 1, self._width - 1)
        places = np.stack([row * self._width + col for row in (top, below) for col in (left, right)])
        quad = as_uint32(rgba)[places]
        channels = [(quad >> shift & 255).astype(np.int32) for shift in (0, 8, 16)]
        first = top * self.width + left
        self._luma[np.stack([first, first + 1, first + self.width, first + self.width + 1])] = _dot(
            channels, _LUMA, 16, 16
        )
        sums = [channel.sum(0, dtype=np.int32) for channel in channels]
        self._blue[block] = _dot(sums, _BLUE, 128, 18)
        self._red[block] = _dot(sums, _RED, 128, 18)


def _dot(channels: list[NDArray[np.int32]], weights: NDArray[np.int32], offset: int, shift: int) -> NDArray[np.uint8]:
    """Return offset + Σ weight·channel / 2^shift, rounded."""
    total = channels[0] * weights[0]
    total += channels[1] * weights[1]
    total += channels[2] * weights[2]
    total += (offset << shift) + (1 << (shift - 1))
    total >>= shift
    return np.asarray(total, np.uint8)
