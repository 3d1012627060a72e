"""Pictures as arrays: drawn in full by matplotlib, decoded from files, compared."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from landscapes.render.figures.size import from_pixels

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Decoded:
    """An animation as Pillow shows it.

    Attributes:
        frames: shape (n, height, width, 3).
        durations: of each frame, in milliseconds.
        loop: how often it repeats, 0 for ever, None where it says nothing.
        comment: its text.
    """

    frames: Pixels
    durations: list[int]
    loop: int | None
    comment: str


def full_draw(figure: Figure, dpi: float | None = None) -> Pixels:
    """The figure as matplotlib itself saves it, shape (height, width, 4)."""
    if not isinstance(figure.canvas, FigureCanvasAgg):
        FigureCanvasAgg(figure)  # stays with the figure, so that numbers are laid out once for all its pictures
    stream = io.BytesIO()
    scale = figure.dpi if dpi is None else dpi
    figure.savefig(stream, format="rgba", dpi=scale)
    width, height = (int(side) for side in figure.get_size_inches() * scale)
    return np.frombuffer(stream.getbuffer(), np.uint8).reshape(height, width, 4)


def decode(path: Path) -> Decoded:
    """Reads a GIF, APNG or WebP whole."""
    frames, durations = [], []
    with Image.open(path) as image:
        loop = image.info.get("loop")
        comment = image.info.get("comment", b"").decode()
        for place in range(image.n_frames):
            image.seek(place)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])  # known once the frame is read
    return Decoded(np.array(frames), durations, loop, comment)


def by_ffmpeg(path: Path, width: int, height: int) -> Pixels:
    """All frames of a file as ffmpeg shows them, shape (n, height, width, 3)."""
    newest = re.search(r"\d+", imageio_ffmpeg.get_ffmpeg_version())
    mode = "-fps_mode" if newest and int(newest[0]) > 5 else "-vsync"  # which version 9 no longer has
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), mode, "passthrough"]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([*command, *raw], capture_output=True, check=True, timeout=120)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def levels_apart(a: Pixels, b: Pixels) -> int:
    """The largest difference of two pictures in any channel."""
    return int(np.abs(a[..., :3].astype(int) - b[..., :3]).max())


def psnr(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = np.mean((a[..., :3].astype(float) - b[..., :3]) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def count(picture: Pixels, color: tuple[float, float, float]) -> int:
    """How many pixels have a colour (components from 0 to 1) exactly."""
    wanted = np.rint(255 * np.array(color)).astype(int)
    return int((picture[..., :3] == wanted).all(-1).sum())


def sized(width: int, height: int) -> dict[str, Any]:
    """The options of a figure of a size in pixels."""
    return from_pixels((width, height))
