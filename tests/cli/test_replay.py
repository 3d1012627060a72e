"""`landscapes replay`: a saved race drawn again, without running it and without torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from render_pixels import sized
from render_records import converging, diverging, record, way

from landscapes import render
from landscapes.cli import main

Said = Callable[..., tuple[int, str, str]]

QUICK = ("--seconds", "0.4", "--fps", "10", "--size", "240x180")


@pytest.fixture
def said(tmp_path, monkeypatch, capsys) -> Said:
    """Runs a command in a folder that holds a saved race: its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    diverging().save(tmp_path / "race.npz")

    def run(*words: str) -> tuple[int, str, str]:
        code = main.main(words)
        return code, *capsys.readouterr()

    return run


def test_a_saved_race_is_drawn_again(said, tmp_path):
    code, out, err = said("replay", "race.npz", "-o", "again.gif", *QUICK)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Bowl: 40 steps from (-1.5, 1)"
    assert lines[2].startswith("place")
    assert lines[-1].startswith("again.gif  ")
    assert lines[-1].endswith(" s")
    ours = render.save(diverging(), tmp_path / "ours.gif", seconds=0.4, fps=10, **sized(240, 180))
    assert (tmp_path / "again.gif").read_bytes() == ours.read_bytes()


def test_view_inset_and_labels_are_heard(said, tmp_path):
    words = ("--view", "-1.9,1.4,-0.5,1.2", "--inset", "--labels", "direct", "--size", "320x200")
    assert said("replay", "race.npz", "-o", "close.png", *words)[::2] == (0, "")
    close = {"view": ((-1.9, 1.4), (-0.5, 1.2)), "inset": True, "labels": "direct"}
    ours = render.save(diverging(), tmp_path / "ours.png", **sized(320, 200), **close)
    assert (tmp_path / "close.png").read_bytes() == ours.read_bytes()
    assert said("replay", "race.npz", "-o", "race.png", "--view", "race")[0] == 0


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (("--aside",), {"view3d": True}),
        (("--camera", "-30,50"), {"view3d": render.Camera(-30, 50)}),
        (("--aside", "--camera=-60,42,90"), {"view3d": render.Camera(-60, 42, 90)}),
        (("--aside", "--view", "-1.9,1.4,-0.5,1.2"), {"view3d": True, "view": ((-1.9, 1.4), (-0.5, 1.2))}),
    ],
)
@pytest.mark.parametrize("name", ["relief.png", "relief.gif"])
def test_it_is_seen_from_aside(said, tmp_path, words, settings, name):
    film = name.endswith("gif")
    assert said("replay", "race.npz", "-o", name, *QUICK, *words)[::2] == (0, "")
    ours = render.save(diverging(), tmp_path / f"ours-{name}", seconds=0.4, fps=10, **sized(240, 180), **settings)
    flat = render.save(diverging(), tmp_path / f"flat-{name}", seconds=0.4, fps=10, **sized(240, 180))
    assert (tmp_path / name).read_bytes() == ours.read_bytes() != flat.read_bytes()
    with Image.open(ours) as picture:
        assert getattr(picture, "n_frames", 1) > 3 if film else picture.size == (240, 180)


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_a_relief_goes_into_papers(said, tmp_path, suffix):
    assert said("replay", "race.npz", "-o", f"relief{suffix}", "--aside", "--theme", "print", *QUICK)[::2] == (0, "")
    assert (tmp_path / f"relief{suffix}").stat().st_size > 5_000


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--camera", "-60"), "AZIMUTH,ELEVATION or AZIMUTH,ELEVATION,TURN in degrees, as in -60,42,90; not '-60'"),
        (("--camera", "1,2,3,4"), "not '1,2,3,4'"),
        (("--camera", "a,b"), "not 'a,b'"),
        (("--camera", "-60,0"), "elev is above 0 and at most 90 degrees"),
        (("--camera=nan,10",), "azim is an angle in degrees, not nan"),
        (("--aside", "--inset"), "a 3-D view has neither an inset, direct labels nor losses"),
        (("--aside", "--labels", "direct"), "leave out inset, labels and panel"),
        (("--camera=-60,42", "-o", "page.html"), "a page has no 3-D view: leave out view3d"),
    ],
)
def test_a_relief_that_cannot_be_is_refused(said, tmp_path, words, wrong):
    code, out, err = said("replay", "race.npz", "-o", "relief.png", *words)
    assert (code, out) == (2, "")
    assert wrong in err
    assert [path.name for path in tmp_path.iterdir()] == ["race.npz"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--view", "rase"), "a view is domain, race or X0,X1,Y0,Y1, not 'rase'"),
        (("--view", "1,2,3"), "a view is domain, race or X0,X1,Y0,Y1, not '1,2,3'"),
        (("--view=2,1,0,1",), "finite and ascending"),
        (("--view", "-9,9,-9,9"), "what is recorded can be cut but not widened"),
        (("--view", "domain"), "does not say what the function's domain is"),
        (("--labels", "diret"), "unknown kind of labels 'diret'. Did you mean direct?"),
    ],
)
def test_views_and_labels_that_are_none_are_refused(said, tmp_path, words, wrong):
    code, out, err = said("replay", "race.npz", "-o", "close.png", *words)
    assert (code, out) == (2, "")
    assert wrong in err
    assert not (tmp_path / "close.png").exists()


def test_a_caption_is_printed(said):
    assert render.caption(diverging()) in said("replay", "race.npz", "-o", "close.png")[1].splitlines()


def test_torch_is_not_loaded(tmp_path, python):
    converging(2).save(tmp_path / "race.npz")
    words = ["replay", "race.npz", "-o", "again.webp", *QUICK]
    code = f"import sys; from landscapes.cli import main; assert main.main({words}) == 0; print('torch' in sys.modules)"
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "False"
    assert (tmp_path / "again.webp").is_file()


def test_theme_size_and_step_are_heard(said, tmp_path):
    assert said("replay", "race.npz", "-o", "dark.png", "--theme", "dark", "--size", "320x200", "--step", "7")[0] == 0
    ours = render.save(diverging(), tmp_path / "ours.png", theme="dark", **sized(320, 200), step=7)
    assert (tmp_path / "dark.png").read_bytes() == ours.read_bytes()
    with Image.open(ours) as picture:
        assert picture.size == (320, 200)


def test_a_race_has_size_and_step_too(said, tmp_path):
    words = ("race", "booth", "--with", "adam(lr=0.5)", "--steps", "20", "--size", "300x200")
    assert said(*words, "-o", "early.png", "--step", "0", "--save", "booth.npz")[0] == 0
    assert said("replay", "booth.npz", "-o", "again.png", "--size", "300x200", "--step", "0")[0] == 0
    assert said("replay", "booth.npz", "-o", "late.png", "--size", "300x200")[0] == 0
    early, again, late = ((tmp_path / f"{name}.png").read_bytes() for name in ("early", "again", "late"))
    assert early == again != late


REFUSED = [
    (["missing.npz"], "there is no file 'missing.npz'"),
    (["words.npz"], "'words.npz' is not a saved record"),
    (["."], "'.' is not a saved record"),
    (["race.npz", "--theme", "drak"], "unknown theme 'drak'. Did you mean dark?"),
    (["race.npz", "--step", "41", "-o", "a.png"], "--step must be from 0 to 40, the last step of the race, not 41"),
    (["race.npz", "--step", "-1", "-o", "a.png"], "--step"),
    (["race.npz", "--step", "7"], "'race.gif' is an animation of every step; for one step choose .png"),
    (["race.npz", "--step", "7", "-o", "a-%d.png"], "'a-%d.png' is an animation"),
    (["race.npz", "--size", "800"], "must be width x height in pixels, as in 800x600, not '800'"),
    (["race.npz", "--size", "80x60"], "size must be at least 160 × 120"),
    (["race.npz", "--fps", "60"], "fps must be > 0 and <= 50"),
    (["race.npz", "--seconds", "1e9"], "frames must be an integer from 1 to 100000"),
    (["race.npz", "-o", "race.xyz"], "unknown suffix '.xyz'"),
    (["race.npz", "-o", "frames-%s.png"], "needs one place for the number"),
    (["race.npz", "-o", "nowhere/race.gif"], "the folder 'nowhere' does not exist"),
    (["flat.npz", "--inset"], "this record has no surface"),
    ([], "FILE.npz"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_cannot_be_used_is_refused_in_one_line(said, tmp_path, words, message):
    (tmp_path / "words.npz").write_text("no record", encoding="utf-8")
    record([np.hstack([way(5), way(5)])]).save(tmp_path / "flat.npz")
    before = sorted(file.name for file in tmp_path.iterdir())
    code, out, err = said("replay", *words)
    assert (code, out) == (2, "")
    assert err.startswith("landscapes: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--step", "21", "--steps", "20", "-o", "a.pdf"], "--step must be from 0 to 20"),
        (["--step", "5"], "'race.gif' is an animation"),
        (["--size", "99999x2"], "size must be"),
        (["--fps", "51"], "fps must be"),
    ],
)
def test_a_race_does_not_start_for_a_picture_that_cannot_be(said, monkeypatch, words, message):
    monkeypatch.setattr("landscapes.experiments._race.race", None)  # would be a TypeError
    code, _, err = said("race", "booth", *words)
    assert code == 2
    assert message in err


def test_help_tells_of_replay(said):
    code, out, _ = said("--help")
    assert code == 0
    assert "landscapes replay race.npz" in out
