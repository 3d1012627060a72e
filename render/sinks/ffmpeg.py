"""MP4 through a pipe to ffmpeg, with the colours tagged so that players show them without a tint."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.render.sinks.base import RGBA, Area, Sink

COLORS = (
    "scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
)
"""All four tags: with some of them missing, browsers guess and shift every colour."""


class Mp4(Sink):
    """H.264 in MP4: plays everywhere. Odd sizes are padded by a pixel, never rescaled."""

    suffixes: ClassVar[tuple[str, ...]] = (".mp4",)

    @classmethod
    def check(cls) -> None:
        _executable()

    def begin(self, samples: Sequence[RGBA], reserved: NDArray[np.uint8]) -> None:
        height, width = samples[0].shape[:2]
        corner = "0x{:02x}{:02x}{:02x}".format(*(int(c) for c in samples[0][-1, -1, :3]))
        pad = f"pad=ceil(iw/2)*2:ceil(ih/2)*2:0:0:color={corner}"
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [
                _executable(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{height}",
                "-r", f"{self.timing.fps:g}", "-i", "-", "-an", "-vf", f"{pad},{COLORS}", "-c:v", "libx264",
                "-preset", "veryfast", "-crf", "18", "-threads", "1", "-movflags", "+faststart", "-fflags", "+bitexact",
                "-flags:v", "+bitexact", "-metadata", f"comment={self.comment}", "-f", "mp4", str(self.path),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._errors,
        )  # fmt: skip
        self._count = 0
        self._last = b""

    def frame(self, rgba: RGBA, area: Area | None) -> None:
        if area is not None:
            self._last = rgba.tobytes()
        self._push(1 + (round(self.timing.first * self.timing.fps) if self._count == 0 else 0))
        self._count += 1

    def end(self) -> None:
        self._push(round(self.timing.last * self.timing.fps))
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait() != 0:
            raise self._failure()
        self._errors.close()

    def abort(self) -> None:
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.communicate()
            self._errors.close()

    def _push(self, times: int) -> None:
        assert self._process.stdin is not None
        try:
            for _ in range(times):
                self._process.stdin.write(self._last)
        except BrokenPipeError:
            self._process.wait()
            raise self._failure() from None

    def _failure(self) -> OSError:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        return OSError(f"ffmpeg could not write {self.path.name!r}: {words[-1] if words else 'no reason given'}")


def _executable() -> str:
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise InputError("MP4 needs ffmpeg: pip install imageio-ffmpeg, or choose .gif") from None
