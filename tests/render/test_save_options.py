"""Options that `render.save` refuses before it draws, file objects, and formats that a path does not name."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib

import numpy as np
import pytest
from merged import merged
from PIL import Image
from render_pixels import full_draw, psnr, sized
from render_records import converging

from landscapes import render
from landscapes.errors import InputError
from landscapes.render._save import check_output
from landscapes.render.figures.stills import STILLS

SMALL = sized(201, 151)
NAN = float("nan")
PAIR = np.array([1, 2])

BAD = {
    "title": [5, NAN, b"a", ["a"], PAIR],
    "figsize": ["a", 5, (1, 2, 3), (NAN, 1), (0, 1), (1e9, 1)],
    "dpi": [0, -1, NAN, "a", True, 10**9],
    "theme": [5, "lihgt", ["light"] * 3, PAIR],
    "step": [-1, 41, "x", 1.5, NAN, True, PAIR],
    "view": [5, "near", (0, 1), PAIR],
    "panel": [5, "a", PAIR],
    "inset": [0, -1, NAN, "a", PAIR],
    "labels": [5, "tails", PAIR],
    "view3d": [5, "a", (1, 2), PAIR],
    "text_scale": [0, NAN, "big", -1, 100, PAIR],
    "words": [5, {"Nope": "Nein"}, {5: "a"}, {"step": 5}, PAIR],
    "colors": [5, {"Nope": "red"}, {"0": 5}, {"0": "rde"}, PAIR],
    "seconds": [0, -1, NAN, "a", True, 10**9, 0.01],
    "fps": [0, -1, NAN, "a", True, 10**9],
    "frames": [0, -1, 1.5, "a", True, 10**9],
    "pace": [5, "quick", PAIR],
    "pause": [5, {-1: 1}, {"a": 1}, {3: -1}, {3: ""}, {3: 601}],
    "hold": [5, (1,), (1, -1), ("a", 1), (1, 601), PAIR.astype(str)],
    "loop": [5, "a", PAIR],
    "progress": [5, "a"],
    "format": [5, "", "xyz", "pgf", "a/b", NAN],
}
"""Values that no picture, animation or page takes, by option."""


@pytest.mark.parametrize("suffix", [".png", ".svg", ".gif", ".mp4", ".html"])
@merged("option", BAD)
def test_bad_values_are_refused_before_anything_is_drawn(tmp_path, monkeypatch, option, suffix):
    for place in ("animation._animate.Frames", "_save.still", "html._page.build_payload"):
        monkeypatch.setattr(f"landscapes.render.{place}", None)  # would be a TypeError
    race = converging(1)
    if suffix == ".html" and option in ("text_scale", "words", "colors"):
        return  # a page has no such options
    for value in BAD[option]:
        with pytest.raises(InputError) as error:
            render.save(race, tmp_path / f"race{suffix}", **{option: value})
        assert len(str(error.value)) < 600, value
    assert not list(tmp_path.iterdir())


TIMES = {"seconds": 5, "fps": 10, "frames": 20, "pace": "log", "pause": {3: 1}, "hold": (1, 1), "loop": False}
"""The time of an animation."""


def test_a_picture_of_one_step_refuses_the_time_of_an_animation(tmp_path, monkeypatch):
    monkeypatch.setattr("landscapes.render._save.figure", None)
    for name, value in TIMES.items():
        for target, format in ((tmp_path / "race.png", None), (tmp_path / "race.svg", None), (io.BytesIO(), "pdf")):
            with pytest.raises(InputError, match=rf"^{name}: for animations .* leave out {name}, or save an animation"):
                render.save(converging(1), target, format=format, **{name: value})
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"^fps, pace: for animations"):
        check_output("race.png", fps=10, pace="log")
    usual = {"seconds": None, "fps": 25, "frames": None, "pace": "auto", "pause": None, "hold": None, "loop": True}
    assert check_output(tmp_path / "race.png", **usual).name == "race.png"
    assert check_output(tmp_path / "race-%03d.png", **TIMES | {"frames": None}).name == "race-%03d.png"


def test_pauses_after_the_end_are_refused_before_the_figure_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("landscapes.render._save.figure", None)
    with pytest.raises(InputError, match="pause must be at steps from 0 to 40, got 41"):
        render.save(converging(1), tmp_path / "race.gif", pause={41: 1})


@pytest.mark.parametrize("suffix", [*sorted({*STILLS} - {".pgf"}), ".gif", ".html"])
@pytest.mark.slow
@pytest.mark.sample(3)
def test_a_file_object_gets_the_bytes_of_the_file(tmp_path, suffix):
    options = {} if suffix == ".html" else SMALL | ({"seconds": 0.1} if suffix == ".gif" else {})
    path = render.save(converging(1), tmp_path / f"race{suffix}", **options)
    stream = io.BytesIO(b"before")
    stream.seek(6)
    assert render.save(converging(1), stream, format=suffix.upper().strip("."), **options) is None
    assert stream.getvalue() == b"before" + path.read_bytes()
    other = tmp_path / "no suffix"
    assert render.save(converging(1), other, format=suffix, **options) == other
    assert other.read_bytes() == path.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_figures_are_written_to_file_objects_too(tmp_path):
    made = render.figure(converging(1), **SMALL)
    with (tmp_path / "race.bin").open("wb") as file:
        render.save(made, file, format="png")
    assert (tmp_path / "race.bin").read_bytes() == render.save(made, tmp_path / "race.png").read_bytes()


@pytest.mark.parametrize(
    ("target", "format", "words"),
    [
        (io.StringIO(), "png", "a binary file object"),
        (io.BufferedReader(io.BytesIO()), "png", "open for reading only"),
        (5, "png", "path must be a path or a binary file object"),
        (io.BytesIO(), None, 'needs the format of the picture, such as format="png"'),
        (io.BytesIO(), "pgf", "comes with others"),
        (io.BytesIO(), "bmp", "unknown suffix '.bmp'"),
    ],
)
def test_other_targets_are_refused(target, format, words):
    with pytest.raises(InputError, match=re.escape(words)):
        render.save(converging(1), target, format=format, **SMALL)
    assert not isinstance(target, io.BytesIO) or target.getvalue() == b""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_jpeg_is_opaque_and_nearly_exact(tmp_path, theme):
    path = render.save(converging(2), tmp_path / "race.jpg", theme=theme, **SMALL)
    expected = full_draw(render.figure(converging(2), theme=theme, **SMALL))[..., :3].astype(int)
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("RGB", (201, 151))
        assert b'"function": "bowl"' in image.info["comment"]
        assert np.abs(np.asarray(image) - expected).mean() < 1.5


@pytest.mark.slow
def test_eps_contains_the_picture_at_300_dpi(tmp_path):
    path = render.save(converging(2), tmp_path / "race.eps", figsize=(2.4, 1.8))
    text = path.read_text(encoding="ascii")
    assert text.startswith("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 173 130\n")
    assert '"function": "bowl"' in text
    assert all(len(line) <= 255 for line in text.splitlines())
    data = base64.a85decode(text.partition(">> image\n")[2].partition("~>")[0])
    header = b"IHDR" + struct.pack(">IIBBBBB", 720, 540, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + data, b"IEND"]
    png = b"".join(struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks)
    with Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + png)) as image:
        shown = np.asarray(image)
    made = render.figure(converging(2), figsize=(2.4, 1.8))
    made.dpi = 300
    assert psnr(shown, full_draw(made)) > 40
