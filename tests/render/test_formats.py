"""Every suffix: who writes it, what must be installed for it, and what the file says of itself."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from render_pixels import full_draw, sized
from render_records import arc, converging, record
from test_video_writers import decode

import landscapes.render.writers.imageio as by_imageio
from landscapes import render
from landscapes.errors import InputError
from landscapes.render._save import check_output
from landscapes.render.animation._animate import describe
from landscapes.render.writers import Imageio, Numbered, writer_for

SMALL = sized(201, 151)
QUICK = {"seconds": 0.4, "fps": 10}


@pytest.mark.parametrize(
    "suffix", [".mov", ".avi", *(pytest.param(suffix, marks=pytest.mark.slow) for suffix in (".mkv", ".wmv", ".mpg"))]
)
@pytest.mark.thin(1)
@pytest.mark.sample(2)
def test_imageio_writes_other_videos(tmp_path, suffix):
    path = render.save(converging(2), tmp_path / f"race{suffix}", **SMALL, seconds=1.2, fps=25)
    shown = decode(path)
    assert shown.shape == (30, 152, 202, 3)  # with the holds of the first and last frame
    last = full_draw(render.figure(converging(2), **SMALL))[..., :3].astype(int)
    assert np.abs(shown[-1, :151, :201] - last).mean() < 4
    assert np.abs(shown[0, :151, :201] - last).mean() > np.abs(shown[-1, :151, :201] - last).mean()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
def test_imageio_writes_pages(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    path = render.save(converging(2), tmp_path / "race.tiff", **SMALL, **QUICK, hold=(0, 0))
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 4  # a stack has no clock
        assert file.pages[0].compression.name.endswith("DEFLATE")
        assert json.loads(file.pages[0].description)["function"] == "bowl"
    with Image.open(path) as image:
        assert image.n_frames == 4
        image.seek(3)
        last = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(last - full_draw(render.figure(converging(2), **SMALL))[..., :3]).max() <= 2


def test_each_suffix_has_its_writer():
    assert writer_for(Path("a.MOV")) is Imageio
    assert writer_for(Path("a-%d.PNG")) is Numbered
    for name in ("a.jpg", "a.avif", "a.pdf", "a.npz", "a.xyz", "a"):
        assert writer_for(Path(name)) is None


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # imageio-ffmpeg leaves a broken pipe open
def test_a_codec_that_is_missing_is_reported_before_anything_is_drawn(tmp_path, monkeypatch):
    """An ffmpeg without H.264 is found out by two small frames."""
    poor = tmp_path / "ffmpeg"
    poor.write_text(f'#!/bin/sh\ncase "$*" in *libx264*) exit 1;; esac\nexec {imageio_ffmpeg.get_ffmpeg_exe()} "$@"\n')
    poor.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg._io, "get_ffmpeg_exe", lambda: str(poor))
    monkeypatch.setattr("landscapes.render._save.animate", None)  # would be a TypeError
    by_imageio._check_codec.cache_clear()
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(
        InputError, match=r"imageio cannot write \.mkv with the installed packages; choose \.mp4 or \.gif"
    ):
        render.save(converging(1), out / "race.mkv", **SMALL, **QUICK)
    assert check_output(out / "race.wmv")
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("missing", "name", "words"),
    [
        ("imageio_ffmpeg", "race.mov", ".mov needs ffmpeg: pip install imageio-ffmpeg"),
        ("tifffile", "race.tif", ".tif needs tifffile: pip install tifffile"),
        ("imageio", "race.mkv", ".mkv needs imageio: pip install imageio imageio-ffmpeg"),
        ("imageio", "race.xyz", ".xyz needs imageio"),
    ],
)
def test_missing_packages_are_named(tmp_path, monkeypatch, missing, name, words):
    found = by_imageio.find_spec
    monkeypatch.setattr(by_imageio, "find_spec", lambda module: None if module == missing else found(module))
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=re.escape(words)):
        check_output(tmp_path / name)


def test_a_pillow_without_webp_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("landscapes.render.writers.webp.features.check", lambda feature: feature != "webp")
    with pytest.raises(InputError, match=r"\.webp needs a Pillow with WebP"):
        check_output(tmp_path / "race.webp")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # imageio leaves its pipe open
@pytest.mark.parametrize(
    "script",
    [
        "exit 3",
        "head -c 100000 >/dev/null; exit 3",
        "cat >/dev/null; exit 3",
        f'(head -c 200000; cat >/dev/null) | {imageio_ffmpeg.get_ffmpeg_exe()} "$@"',
    ],
    ids=["at once", "midway", "at the end", "losing frames"],
)
@pytest.mark.slow
@pytest.mark.sample(1)
def test_an_ffmpeg_that_fails_under_imageio_leaves_nothing_behind(tmp_path, monkeypatch, script):
    broken = tmp_path / "ffmpeg"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    out = tmp_path / "out"
    out.mkdir()
    (out / "race.mov").write_bytes(b"old")
    assert check_output(out / "race.mov")
    monkeypatch.setattr(imageio_ffmpeg._io, "get_ffmpeg_exe", lambda: str(broken))
    with pytest.raises(OSError, match="imageio could not write"):
        render.save(converging(1), out / "race.mov", **SMALL, **QUICK)
    gc.collect()  # here, and not in the next test
    assert [file.name for file in out.iterdir()] == ["race.mov"]
    assert (out / "race.mov").read_bytes() == b"old"


@pytest.mark.slow
def test_an_error_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "race.mkv"
    path.write_bytes(b"old")

    def progress(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render.save(converging(1), path, **SMALL, **QUICK, progress=progress)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"


@pytest.mark.slow
def test_numbered_pictures_play_at_the_animations_speed(tmp_path):
    animation = render.animate(
        converging(1), **SMALL, frames=5, fps=10, pace="linear", hold=(0.2, 0.3), pause={20: 0.2}
    )
    animation.save(tmp_path / "race-%03d.png")
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == [f"race-{number:03d}.png" for number in range(5 + 2 + 3 + 2)]
    pages = [(tmp_path / name).read_bytes() for name in names]
    changes = [place for place in range(1, len(pages)) if pages[place] != pages[place - 1]]
    assert changes == [3, 4, 7, 8]
    with Image.open(tmp_path / names[4]) as image:
        shown = np.asarray(image).astype(int)
    assert np.abs(shown - full_draw(render.figure(converging(1), step=20, **SMALL))[..., :3]).max() <= 2


def test_leftover_frames_of_a_longer_animation_are_refused(tmp_path):
    for number in (0, 3, 17, 170):
        (tmp_path / f"race-{number:03d}.png").write_bytes(b"old")
    for other in ("race-0018.png", "race-x.png", "race-.png", "other-018.png"):
        (tmp_path / other).write_bytes(b"other")
    animation = render.animate(converging(1), **SMALL, frames=4, fps=10, hold=(0, 0))
    with pytest.warns(UserWarning, match=r"2 older frames with higher numbers remain: race-017.png … race-170.png"):
        animation.save(tmp_path / "race-%03d.png")
    assert (tmp_path / "race-017.png").read_bytes() == b"old"
    assert (tmp_path / "race-003.png").read_bytes().startswith(b"\x89PNG")


def notes(path: Path) -> str:
    """What a file says of itself, by a reader of its own kind."""
    if path.suffix in (".mp4", ".webm", ".mov", ".mkv", ".avi", ".wmv"):
        found = comment_lines(path)[0]
    elif path.suffix == ".pdf":
        found = re.search(rb"/Subject \(((?:\\.|[^\\)])*)\)", path.read_bytes()).group(1).decode("latin-1")
        found = re.sub(r"\\(.)", r"\1", found)
    elif path.suffix == ".svg":
        found = re.search("<dc:description>(.*?)</dc:description>", path.read_text(encoding="utf-8"), re.S).group(1)
    elif path.suffix == ".webp":
        with Image.open(path) as image:
            found = re.search('x-default">(.*?)<', image.info["xmp"].decode()).group(1)
    else:
        with Image.open(path) as image:
            kept = image.info.get("comment") or image.info["Comment"]
            found = kept.decode() if isinstance(kept, bytes) else kept
    return found.replace("&quot;", '"')


def comment_lines(path: Path) -> list[str]:
    """What a film's comment fields say; ffmpeg's own words about a file cut them short."""
    tool = imageio_ffmpeg.get_ffmpeg_exe()
    done = subprocess.run([tool, "-v", "error", "-i", path, "-f", "ffmetadata", "-"], capture_output=True, text=True)
    return [re.sub(r"\\(.)", r"\1", found) for found in re.findall(r"(?mi)^comment=(.*)$", done.stdout)]


@pytest.mark.parametrize(
    "name",
    [
        "a.gif",
        "a.mp4",
        "a.webm",
        "a.webp",
        "a.apng",
        "a-%d.png",
        "a.mov",
        "a.mkv",
        "a.avi",
        "a.wmv",
        "a.png",
        "a.pdf",
        "a.svg",
    ],
)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_every_file_says_what_made_it(tmp_path, name):
    race = record([arc(20), arc(20, 0.2)], seed=7)
    race.trajectories.runs["seed"] = np.array([3, 4])
    still = name in ("a.png", "a.pdf", "a.svg")
    render.save(race, tmp_path / name, **SMALL, **({} if still else QUICK))
    facts = json.loads(notes(tmp_path / (name % 2 if "%" in name else name)))
    assert facts == json.loads(describe(race))
    assert facts["function"] == "bowl"
    assert facts["start"] == [-1.5, 1.0]
    assert facts["steps"] == 20
    assert facts["labels"] == ["SGD", "Momentum"]
    assert facts["optimizers"] == ["adam(lr=0.01)", "adam(lr=0.02)"]
    assert facts["caption"] == render.caption(race)
    assert (facts["seed"], facts["seeds"]) == (7, [3, 4])
    assert {"numpy", "matplotlib"} <= set(facts["versions"])


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_comment_too_long_for_a_command_line_is_cut(tmp_path, suffix):
    race = converging(2)
    race.trajectories.runs["optimizer"] = np.array([f"adam(lr=0.1, note={'x' * 150_000})"] * 2)
    path = render.save(race, tmp_path / f"race{suffix}", **SMALL, **QUICK)
    assert comment_lines(path)[0].startswith('{"function": "bowl"')
