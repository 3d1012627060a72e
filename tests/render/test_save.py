"""Files: whole or not there, the same each time, refused before anything is drawn."""

from __future__ import annotations

import errno
import gc
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from merged import merged
from PIL import Image
from render_pixels import decode, full_draw, sized
from render_records import arc, converging, diverging, record
from thinned import diagonal

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render._save import check_output
from landscapes.render.animation.frames import Frames
from landscapes.render.writers import WRITERS

STILLS = (".png", ".pdf", ".svg")
SMALL = sized(200, 150)


def quick(suffix, seconds):
    """Return options of a small picture, or of a short animation."""
    return SMALL | ({"seconds": seconds} if suffix in WRITERS else {})


AGAIN = """
import sys
from landscapes.record import Record
from landscapes import render
from landscapes.render.figures.size import from_pixels
for path in sys.argv[2:]:
    quick = {"seconds": 0.2} if path.endswith(".gif") else {}
    render.save(Record.load(sys.argv[1]), path, **from_pixels((200, 150)), **quick)
assert "torch" not in sys.modules and "matplotlib.pyplot" not in sys.modules
"""


@pytest.mark.slow
def test_a_picture_is_the_same_in_a_process_without_torch_and_pyplot(tmp_path, python, environment_here):
    race = diverging()
    race.save(tmp_path / "race.npz")
    race = Record.load(tmp_path / "race.npz")
    theirs = [tmp_path / f"theirs{suffix}" for suffix in (*STILLS, ".gif")]
    result = python(
        "-c", AGAIN, str(tmp_path / "race.npz"), *map(str, theirs), env=environment_here | {"PYTHONHASHSEED": "12345"}
    )
    assert result.returncode == 0, result.stderr
    for path in theirs:
        ours = render.save(race, tmp_path / f"ours{path.suffix}", **quick(path.suffix, 0.2))
        assert ours.read_bytes() == path.read_bytes(), path.suffix


@pytest.mark.slow
def test_a_png_is_the_figure(tmp_path):
    render.save(converging(2), tmp_path / "race.png", step=13, theme="dark", **sized(333, 222))
    with Image.open(tmp_path / "race.png") as image:
        assert image.size == (333, 222)
        assert json.loads(image.info["Comment"])["steps"] == 40
        pixels = np.asarray(image.convert("RGBA"))
    np.testing.assert_array_equal(
        pixels, full_draw(render.figure(converging(2), step=13, theme="dark", **sized(333, 222)))
    )


@pytest.mark.slow
def test_a_pdf_has_fonts_that_journals_take_and_says_what_made_it(tmp_path):
    data = render.save(diverging(), tmp_path / "race.pdf", **sized(640, 400)).read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Type3" not in data
    assert b"/FontFile2" in data
    assert b"CreationDate" not in data
    assert b"bowl" in data


@pytest.mark.slow
def test_text_in_an_svg_is_text(tmp_path):
    text = render.save(diverging(), tmp_path / "race.svg", **sized(640, 400)).read_text()
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    for words in ("SGD", "Momentum", "diverged at step 12", "step 40"):
        assert words in texts
    assert "<image" in text  # the fill
    assert "/tmp" not in text


@pytest.mark.parametrize(("suffix", "most"), [(".pdf", 150_000), (".svg", 500_000)])
@pytest.mark.slow
def test_long_trails_make_no_large_file(tmp_path, suffix, most):
    arcs = [
        arc(9_999, bend) + 0.01 * np.sin(np.linspace(0, 60 + k, 10_000))[:, None]
        for k, bend in enumerate(np.linspace(-0.4, 0.4, 8))
    ]
    path = render.save(record(arcs), tmp_path / f"race{suffix}", **sized(640, 400))
    assert path.stat().st_size < most


@pytest.mark.parametrize("suffix", [*WRITERS, *STILLS])
@pytest.mark.thin(1)
def test_the_suffix_picks_the_writer_in_capitals_too(tmp_path, suffix):
    begin = {
        ".gif": b"GIF89a",
        ".mp4": b"\0\0\0",
        ".webm": b"\x1a\x45\xdf\xa3",
        ".apng": b"\x89PNG",
        ".webp": b"RIFF",
        ".png": b"\x89PNG",
        ".pdf": b"%PDF",
        ".svg": b"<?xml",
    }[suffix]
    path = tmp_path / f"RACE{suffix.upper()}"
    assert render.save(converging(1), path, **quick(suffix, 0.1)) == path
    assert path.read_bytes().startswith(begin)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.slow
def test_a_step_of_the_users(tmp_path):
    early, late = (
        render.save(converging(1), tmp_path / f"{step}.png", step=step, **SMALL).read_bytes() for step in (3, 40)
    )
    assert early != late
    assert late == render.save(converging(1), tmp_path / "last.png", **SMALL).read_bytes()


@pytest.fixture
def drawing_is_an_error(monkeypatch):
    def never(*_args, **_options):
        raise AssertionError("drawn before it was known whether it can be written")

    for name in ("animation._animate.Frames", "animation._animate.draw_figure", "_save.figure"):
        monkeypatch.setattr(f"landscapes.render.{name}", never)


REFUSED = [
    ("race", "needs a suffix"),
    ("race.xyz", "unknown suffix '.xyz'"),
    ("race.gfi", "unknown suffix '.gfi'. Did you mean .*.gif"),
    ("race.bmp", "unknown suffix '.bmp'.* All: .gif, .*.html"),
    ("missing/race.gif", "the folder .* does not exist; make it first"),
    ("missing/race.png", "the folder .* does not exist; make it first"),
    ("folder.gif", "it is a folder"),
    ("folder.svg", "it is a folder"),
]


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_unwritable_targets_are_refused_before_drawing(tmp_path, drawing_is_an_error, name, words):
    for folder in ("folder.gif", "folder.svg"):
        (tmp_path / folder).mkdir()
    for attempt in (check_output, lambda path: render.save(converging(1), path)):
        with pytest.raises(InputError, match=words):
            attempt(tmp_path / name)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder.gif", "folder.svg"]


@pytest.mark.parametrize("name", ["race", "race.xyz", "race.png", "missing/race.gif", "folder.gif"])
def test_an_animation_refuses_them_too(tmp_path, monkeypatch, name):
    (tmp_path / "folder.gif").mkdir()
    animation = render.animate(converging(1), frames=2, **SMALL)
    monkeypatch.setattr("landscapes.render.animation._animate.Frames", None)  # would be a TypeError
    with pytest.raises(InputError):
        animation.save(tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.gif"]


@pytest.mark.parametrize(
    ("suffix", "error", "old"),
    diagonal(WRITERS, [KeyboardInterrupt(), RuntimeError("broken"), SystemExit(3)], [b"the old file", None]),
    ids=repr,
)
def test_an_error_in_the_middle_leaves_the_old_file_and_no_other(tmp_path, suffix, error, old):
    path = tmp_path / f"race{suffix}"
    if old is not None:
        path.write_bytes(old)

    def progress(done: int, total: int) -> None:
        assert len(list(tmp_path.iterdir())) == 1 + (old is not None)
        if done == 3:
            raise error

    with pytest.raises(type(error)):
        render.save(converging(1), path, progress=progress, seconds=0.4, **SMALL)
    assert [entry.name for entry in tmp_path.iterdir()] == ([path.name] if old is not None else [])
    if old is not None:
        assert path.read_bytes() == old


@pytest.mark.parametrize("suffix", STILLS)
def test_an_error_while_a_picture_is_written_leaves_the_old_one(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"race{suffix}"
    path.write_bytes(b"old")

    def broken(self, file, **_options):
        if isinstance(file, Path):
            file.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    with pytest.raises(KeyboardInterrupt):
        render.save(converging(1), path, **SMALL)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "race.gif"
    path.write_bytes(b"old")
    render.save(converging(1), path, seconds=0.2, fps=10, **SMALL)
    assert len(decode(path).frames) == 2
    assert path.stat().st_mode & 0o777 == (tmp_path / "race.gif").stat().st_mode & 0o777


def test_numbered_pictures_appear_together(tmp_path):
    animation = render.animate(converging(1), frames=4, fps=10, hold=(0.2, 0.1), pace="linear", **SMALL)
    seen = []
    animation.save(tmp_path / "race-%03d.png", progress_callback=lambda *_: seen.append(list(tmp_path.glob("*.png"))))
    assert seen == [[]] * 4
    found = sorted(tmp_path.iterdir())
    assert [path.name for path in found] == [f"race-{k:03d}.png" for k in range(2 + 1 + 3 + 1)]
    pictures = [np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB")) for path in found]
    frames = Frames(animation.figure)
    for picture, step in zip(pictures, [0, 0, 0, 13, 27, 40, 40], strict=True):
        np.testing.assert_array_equal(picture, frames.show(step)[..., :3])


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("broken")], ids=repr)
def test_numbered_pictures_that_are_broken_off_leave_the_old_ones(tmp_path, error):
    (tmp_path / "race-000.png").write_bytes(b"old")

    def progress(done: int, total: int) -> None:
        if done == 3:
            raise error

    with pytest.raises(type(error)):
        render.save(converging(1), tmp_path / "race-%03d.png", progress=progress, seconds=0.4, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["race-000.png"]
    assert (tmp_path / "race-000.png").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["race-%d-%d.png", "race-%s.png", "100%.png", "race-%04d-5%.png"])
def test_names_without_one_place_for_the_number_are_refused(tmp_path, drawing_is_an_error, name):
    with pytest.raises(InputError, match="invalid name for numbered frames"):
        render.save(converging(1), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_paths_may_be_plain_text(tmp_path):
    assert render.save(converging(1), str(tmp_path / "race.png"), **SMALL) == tmp_path / "race.png"


@pytest.mark.slow
def test_a_label_in_another_script_is_kept_in_every_files_notes(tmp_path):
    race = converging(1, function="größe → ∞", labels=["Ädam"])
    for suffix in (".gif", ".apng", ".png", ".svg", ".pdf", ".mp4"):
        assert render.save(race, tmp_path / f"race{suffix}", **quick(suffix, 0.1)).stat().st_size > 500
    assert json.loads(decode(tmp_path / "race.gif").comment)["function"] == "größe → ∞"
    with Image.open(tmp_path / "race.png") as image:
        assert json.loads(image.info["Comment"])["function"] == "größe → ∞"


@merged("suffix", [".png", ".pdf", ".gif"])
def test_a_full_disk_leaves_the_old_file_and_is_named(tmp_path, suffix):
    """Files may have 2 kB, so that each format fails in its midst."""
    resource = pytest.importorskip("resource")
    path = tmp_path / f"race{suffix}"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            render.save(converging(2), path, **quick(suffix, 0.2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert path.read_text() == "old"
    path.unlink()
    assert not list(tmp_path.iterdir())
    gc.collect()  # an unclosed file would warn
