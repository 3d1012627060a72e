"""Videos, decoded: right size, number of frames, colours and tags; ffmpeg's failures are reported."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_pixels import sized
from render_records import converging

from landscapes import render
from landscapes.errors import InputError
from landscapes.render._save import check_output
from landscapes.render.animation.frames import Frames
from landscapes.render.writers.ffmpeg import YuvPlanes

SUFFIXES = (".mp4", ".webm")


def decode(path: Path) -> np.ndarray:
    """A video's frames (n, height, width, 3)."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    width, height = map(int, re.search(r"Video:.* (\d+)x(\d+)", reported(path)).groups())
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def reported(path: Path) -> str:
    """What ffmpeg says of a video."""
    return subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True).stderr


def flat(picture: np.ndarray, around: int = 3) -> np.ndarray:
    """Where a picture (height, width, 3) has one colour in a neighbourhood."""
    keys = picture.astype(np.int64) @ [1, 256, 65536]
    same = np.ones(keys.shape, bool)
    for axis in (0, 1):
        for shift in range(1, around + 1):
            same &= (np.roll(keys, shift, axis) == keys) & (np.roll(keys, -shift, axis) == keys)
    return same


@pytest.fixture(scope="module", params=SUFFIXES)
def saved(request, tmp_path_factory):
    animation = render.animate(
        converging(3), **sized(321, 241), frames=12, fps=20, hold=(0.5, 1.0), pace="linear", standings=False
    )
    path = tmp_path_factory.mktemp("video") / f"race{request.param}"
    animation.save(path)
    return animation, path


def test_the_number_of_frames_is_that_of_the_timeline(saved):
    animation, path = saved
    assert "20 fps" in reported(path)
    assert len(decode(path)) == 12 + 10 + 20 == animation.timeline.seconds * 20
    assert re.search(r"Duration: 00:00:02\.(0[5-9]|1[0-5])", reported(path))


def test_odd_sizes_are_padded_and_not_rescaled(saved):
    animation, path = saved
    frames = decode(path)
    assert frames.shape[1:] == (242, 322, 3)
    drawn = Frames(animation.figure)
    drawn.show(40)
    page = drawn.rgba[..., :3]
    error = np.abs(frames[-1][:241, :321].astype(int) - page)
    assert error[flat(page)].mean() < 2
    # where edges are sharp, a shift by a pixel would show
    shifted = np.abs(frames[-1][1:, 1:].astype(int) - page)
    assert error.mean() < 0.5 * shifted.mean()
    assert np.abs(frames[-1][241].astype(int) - frames[-1][240]).max() <= 6


def test_colours_stay_within_a_few_levels(saved):
    animation, path = saved
    frames = decode(path)
    drawn = Frames(animation.figure)
    for place, step in ((0, 0), (-1, 40)):
        page = drawn.show(step)[..., :3]
        even = flat(page)
        assert even.mean() > 0.3
        error = np.abs(frames[place][:241, :321].astype(int) - page)[even]
        assert np.quantile(error, 0.99) <= 4
        assert error.max() <= 32  # beside sharp edges the encoder rings
        assert np.abs(frames[place][:241, :321].mean((0, 1)) - page.mean((0, 1))).max() < 2


def test_the_frames_are_in_order(saved):
    animation, path = saved
    frames = decode(path)
    drawn = Frames(animation.figure)
    pages = [drawn.show(int(step))[..., :3].copy() for step in animation.timeline.steps]
    for place, page in enumerate(pages[1:-1], 1):
        mine = frames[10 + place][:241, :321].astype(int)
        errors = [np.abs(mine - other).mean() for other in pages]
        assert int(np.argmin(errors)) == place, page.shape


def test_all_colour_tags_are_set(saved):
    _, path = saved
    info = reported(path)
    assert "yuv420p(tv, bt709" in info
    assert "bt470" not in info
    assert "unknown" not in info.split("Video:")[1].splitlines()[0]


def test_the_file_says_what_made_it(saved):
    _, path = saved
    assert '"function": "bowl"' in reported(path)


def test_a_browser_can_begin_before_all_is_loaded(saved):
    _, path = saved
    if path.suffix == ".mp4":
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


@given(st.integers(1, 11), st.integers(1, 9), st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
def test_updated_planes_equal_new_planes(width, height, seeds):
    kept, before = YuvPlanes(width, height), None
    for seed in seeds:
        rng = np.random.default_rng(seed)
        fresh = np.full((height, width, 4), 255, np.uint8)
        fresh[..., :3] = rng.integers(0, 256, (height, width, 3))
        frame = fresh if before is None else np.where(rng.random((height, width, 1)) < 0.3, fresh, before)
        everything = np.arange(height * width)
        kept.update(frame, everything if before is None else np.flatnonzero((frame != before).any(-1)))
        anew = YuvPlanes(width, height)
        anew.update(frame, everything)
        np.testing.assert_array_equal(kept.data, anew.data)
        before = frame


@pytest.mark.parametrize("rgb", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (36, 88, 224)])
def test_planes_hold_the_colours_of_bt_709(rgb):
    planes = YuvPlanes(2, 2)
    planes.update(np.full((2, 2, 4), (*rgb, 255), np.uint8), np.arange(4))
    r, g, b = np.array(rgb) / 255
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    wanted = [16 + 219 * luma] * 4 + [128 + 224 * (b - luma) / 1.8556, 128 + 224 * (r - luma) / 1.5748]
    np.testing.assert_allclose(planes.data, wanted, atol=1)


@pytest.fixture
def drawing_is_an_error(monkeypatch):
    def never(*_args, **_options):
        raise AssertionError("drawn before it was known whether it can be written")

    monkeypatch.setattr("landscapes.render.animation._animate.Frames", never)
    return never


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_ffmpeg_is_reported_before_anything_is_drawn(tmp_path, monkeypatch, drawing_is_an_error, suffix):
    animation = render.animate(converging(1), **sized(160, 120), frames=2)
    path = tmp_path / f"race{suffix}"

    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found")

    def check() -> None:
        for write in (animation.save, check_output, lambda to: render.save(converging(1), to)):
            with pytest.raises(InputError, match=f"{suffix} needs ffmpeg: pip install imageio-ffmpeg"):
                write(path)
        assert not list(tmp_path.iterdir())

    with monkeypatch.context() as patch:
        patch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
        check()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "imageio_ffmpeg", None)
        check()


@pytest.mark.parametrize(
    "script",
    [
        "echo boom >&2; exit 3",
        "head -c 100000 >/dev/null; echo boom >&2; exit 3",
        "cat >/dev/null; echo boom >&2; exit 3",
    ],
    ids=["at once", "in the middle", "at the end"],
)
def test_an_ffmpeg_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, script):
    broken = tmp_path / "ffmpeg"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    out = tmp_path / "out"
    out.mkdir()
    (out / "race.mp4").write_bytes(b"old")
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(broken))
    with pytest.raises(OSError, match=r"ffmpeg could not write .*: boom"):
        render.animate(converging(1), **sized(320, 240), frames=8).save(out / "race.mp4")
    assert [entry.name for entry in out.iterdir()] == ["race.mp4"]
    assert (out / "race.mp4").read_bytes() == b"old"
