"""The video writers fed by hand: flat colours come back, frames are counted, the same frames make the same bytes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from landscapes.render.writers import writer_for
from landscapes.render.writers.base import Writer
from landscapes.render.writers.timeline import Timeline

PATCHES = [
    (255, 255, 255), (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178),
    (213, 94, 0), (204, 121, 167), (36, 88, 224), (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128),
]  # fmt: skip
"""The colours that trails have, and the corners of the cube."""

SIDE = 32

Frames = NDArray[np.uint8]


def patches() -> Frames:
    """A picture (height, width, 3) of flat patches."""
    return np.repeat(np.repeat(np.array([PATCHES[:7], PATCHES[7:]], np.uint8), SIDE, 0), SIDE, 1)


def write(path: Path, pictures: Frames, plan: Timeline) -> None:
    """Writes frames (n, height, width, 3)."""
    kind = writer_for(path)
    assert kind is not None
    feed(kind(path, plan, "a comment"), pictures, plan)


def feed(writer: Writer, pictures: Frames, plan: Timeline) -> None:
    rgba = np.concatenate([pictures, np.full((*pictures.shape[:3], 1), 255, np.uint8)], -1)
    writer.begin(list(rgba), np.zeros((0, 3), np.uint8))
    live = rgba[0].copy()  # one buffer for all, as it is when a race is drawn
    for place, frame in enumerate(rgba):
        changed = np.ones(frame.shape[:2], bool) if place == 0 else (frame != rgba[place - 1]).any(-1)
        live[...] = frame
        writer.frame(live, np.flatnonzero(changed), plan.extra_seconds.get(place, 0.0))
    writer.end()


def reported(path: Path) -> str:
    """What ffmpeg says of a video."""
    return subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True).stderr


def decode(path: Path) -> Frames:
    """Frames (n, height, width, 3), brought back to colours as the file's own tags ask for, in full precision."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-sws_flags", "accurate_rnd+full_chroma_int+full_chroma_inp", "-",
    ]  # fmt: skip
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    width, height = map(int, re.search(r"Video:.* (\d+)x(\d+)", reported(path)).groups())
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def ramp(frames: int, height: int = 48, width: int = 64) -> Frames:
    """Each frame of one grey, lighter from one to the next."""
    grey = np.linspace(40, 200, frames).astype(np.uint8)
    return np.broadcast_to(grey[:, None, None, None], (frames, height, width, 3))


VIDEOS = pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mov", ".mkv", ".avi", ".wmv"])


@VIDEOS
@pytest.mark.thin(1)
def test_flat_colours_come_back(tmp_path, suffix):
    path = tmp_path / f"patches{suffix}"
    write(path, np.stack([patches()] * 6), Timeline(np.arange(6), 25.0))  # some encoders refine the first ones
    picture = decode(path)[-1].astype(int)
    middles = picture.reshape(2, SIDE, 7, SIDE, 3)[:, SIDE // 4 : -SIDE // 4, :, SIDE // 4 : -SIDE // 4]
    error = np.abs(middles - np.array([PATCHES[:7], PATCHES[7:]])[:, None, :, None])
    assert error.max() <= (2 if suffix != ".wmv" else 8), error.max((1, 3, 4))


@VIDEOS
@pytest.mark.thin(1)
def test_frames_that_equal_or_stay_are_counted(tmp_path, suffix):
    pictures = ramp(5)[[0, 0, 1, 2, 2, 2, 3, 4]]
    plan = Timeline(np.arange(8), 10.0, {0: 0.3, 4: 0.2, 7: 0.5}, loop=False)
    path = tmp_path / f"ramp{suffix}"
    write(path, pictures, plan)
    shown = decode(path)
    assert len(shown) == 8 + 3 + 2 + 5
    assert len(shown) == pytest.approx(10 * plan.seconds)
    levels = np.repeat(pictures[:, 0, 0, 0], [4, 1, 1, 1, 3, 1, 1, 6]).astype(int)
    assert np.abs(shown[:, 24, 32, 0] - levels).max() <= 6
    assert "10 fps" in reported(path)


@VIDEOS
@pytest.mark.thin(1)
def test_a_single_frame_is_a_video(tmp_path, suffix):
    path = tmp_path / f"one{suffix}"
    write(path, ramp(1), Timeline(np.arange(1), 25.0, loop=False))
    assert len(decode(path)) == 1


@VIDEOS
@pytest.mark.parametrize(("height", "width"), [(49, 64), (48, 65), (49, 65)])
@pytest.mark.thin(3)
def test_odd_sizes_are_padded_and_not_rescaled(tmp_path, suffix, height, width):
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[8:24, 16:32] = 0
    path = tmp_path / f"odd{suffix}"
    write(path, picture[None], Timeline(np.arange(1), 25.0))
    (shown,) = decode(path)
    assert shown.shape == (height + height % 2, width + width % 2, 3)
    dark = shown[..., 1] < 128
    rows, cols = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    assert (rows[0], rows[-1], cols[0], cols[-1]) == (8, 23, 16, 31)
    assert shown[-1].min() > 225
    assert shown[:, -1].min() > 225


AGAIN = """
import sys
import numpy as np
from pathlib import Path
from test_video_writers import patches, ramp, write
from landscapes.render.writers.timeline import Timeline

for name in sys.argv[1:]:
    write(Path(name), np.concatenate([ramp(9, *patches().shape[:2]), patches()[None]]), Timeline(np.arange(10), 25.0))
"""


@pytest.mark.slow
def test_another_process_writes_the_same_bytes(tmp_path, python, environment_here):
    names = [
        f"again{suffix}"
        for suffix in (".mp4", ".webm", ".mov", ".mkv", ".avi", ".wmv", ".mpg", ".webp", ".apng", ".tiff")
    ]
    tests = str(Path(__file__).parent)
    path = f"{tests}{os.pathsep}{environment_here['PYTHONPATH']}"
    result = python("-c", AGAIN, *names, env=environment_here | {"PYTHONPATH": path, "PYTHONHASHSEED": "99"})
    assert result.returncode == 0, result.stderr
    pictures = np.concatenate([ramp(9, *patches().shape[:2]), patches()[None]])
    for name in names:
        ours = tmp_path / f"our-{name}"
        write(ours, pictures, Timeline(np.arange(10), 25.0))
        assert ours.read_bytes() == (tmp_path / name).read_bytes(), name
