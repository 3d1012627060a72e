"""What others make of our files: Chromium, ffmpeg and Pillow show the same pixels."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from render_pixels import Pixels, by_ffmpeg, decode, sized
from render_records import diverging

from landscapes import render
from landscapes.render.animation.frames import Frames

FLAT = render.THEMES["dark"] | {"light": 0.0}
"""Bands of one colour each, which a film must keep."""

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

TYPES = {
    ".gif": "image/gif",
    ".apng": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}

SIZE = (320, 240)

TINT = 7
"""Levels by which an even colour in a video may differ from the frame's."""

PAGE = """<!doctype html><meta charset="utf-8"><body><script>
const type = %s, bytes = Uint8Array.from(atob(%s), c => c.charCodeAt(0));
const grab = (image, wide, high) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, high];
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, wide, high).data;
  let text = "";
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return [wide, high, btoa(text)];
};
const stills = async () => {
  const decoder = new ImageDecoder({data: bytes, type, preferAnimation: true});
  await decoder.tracks.ready;
  await decoder.completed;
  const shown = [];
  for (const frameIndex of [0, decoder.tracks.selectedTrack.frameCount - 1]) {
    const {image} = await decoder.decode({frameIndex});
    shown.push(grab(image, image.displayWidth, image.displayHeight));
  }
  return shown;
};
const film = async () => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(new Blob([bytes], {type}));
  await new Promise((done, no) => { video.onloadeddata = done; video.onerror = () => no(video.error.message); });
  const shown = [];
  for (const time of [0.001, video.duration - 0.02]) {
    video.currentTime = time;
    await new Promise(done => video.onseeked = done);
    let taken;
    for (let k = 0; k < 40; k++) {  // black until the decoder has caught up
      taken = grab(video, video.videoWidth, video.videoHeight);
      if (/[^\\0\\xff]/.test(atob(taken[2]))) break;
      await new Promise(done => setTimeout(done, 50));
    }
    shown.push(taken);
  }
  return shown;
};
(type.startsWith("image") ? stills() : film())
  .then(shown => document.body.textContent = JSON.stringify(shown))
  .catch(error => document.body.textContent = "failed: " + error);
</script>"""


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> dict[str, Path]:
    """One race in every format, half a second long."""
    folder = tmp_path_factory.mktemp("films")
    race = diverging()
    return {
        suffix: render.save(race, folder / f"race{suffix}", **sized(*SIZE), theme=FLAT, seconds=0.5, fps=10)
        for suffix in TYPES
    }


def drawn(step: int) -> Pixels:
    return Frames(render.figure(diverging(), **sized(*SIZE), theme=FLAT)).show(step)[..., :3]


def in_chromium(path: Path, tmp_path: Path) -> list[Pixels]:
    """The first and the last frame as Chromium shows them."""
    page = tmp_path / "page.html"
    data = base64.b64encode(path.read_bytes()).decode()
    page.write_text(PAGE % (json.dumps(TYPES[path.suffix]), json.dumps(data)), encoding="utf-8")
    wait = "--virtual-time-budget=100000000"  # milliseconds of a clock that runs as fast as the page lets it
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", wait, "--dump-dom", page.as_uri()]
    for _ in range(5):
        output = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
        body = re.search(r"<body>(\[.*?\]|failed.*?)</body>", output, re.S)
        if body is not None:
            break
    assert body is not None, "Chromium showed nothing"
    assert not body[1].startswith("failed"), body[1]
    return [
        np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(high, wide, 4)[..., :3]
        for wide, high, pixels in json.loads(body[1])
    ]


@needs_chromium
@pytest.mark.parametrize("suffix", [".gif", ".apng", ".webp"])
@pytest.mark.sample(2)
def test_chromium_shows_the_pixels_that_pillow_shows(films, tmp_path, suffix):
    frames = decode(films[suffix]).frames
    for shown, expected in zip(in_chromium(films[suffix], tmp_path), frames[[0, -1]], strict=True):
        np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("suffix", [".gif", ".apng"])
def test_ffmpeg_shows_the_pixels_that_pillow_shows(films, suffix):
    np.testing.assert_array_equal(by_ffmpeg(films[suffix], *SIZE), decode(films[suffix]).frames)


@needs_chromium
@pytest.mark.parametrize(("suffix", "share"), [(".mp4", 0.998), (".webm", 0.995)])
@pytest.mark.sample(1)
def test_chromium_shows_films_in_their_colours(films, tmp_path, suffix, share):
    for shown, expected in zip(in_chromium(films[suffix], tmp_path), (drawn(0), drawn(40)), strict=True):
        assert shown.shape == expected.shape
        around = sliding_window_view(expected, (9, 9), axis=(0, 1))
        even = np.zeros(expected.shape[:2], bool)
        even[4:-4, 4:-4] = np.ptp(around, axis=(-2, -1)).max(-1) == 0
        assert even.mean() > 0.2
        assert len(np.unique(expected[even], axis=0)) > 3
        apart = np.abs(shown[even].astype(int) - expected[even]).max(1)
        assert np.quantile(apart, share) <= TINT  # the rest is ripples of the codec beside edges
        for color in np.unique(expected[even], axis=0):
            assert np.median(apart[(expected[even] == color).all(1)]) <= TINT
