"""`landscapes replay`: drawing a saved record, without torch."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from render_pixels import sized
from render_records import arc, converging, diverging, record

from landscapes import render

SMALL = ("--size", "240x180")
QUICK = ("--seconds", "0.8", "--fps", "10", *SMALL)


@pytest.fixture(autouse=True)
def saved_race(tmp_path):
    """Save a race in the folder of the commands."""
    diverging().save(tmp_path / "race.npz")


def test_replay_writes_the_same_file_as_render_save(cli, tmp_path):
    code, out, err = cli("replay", "race.npz", "-o", "again.gif", *QUICK)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Bowl: 40 steps from (-1.5, 1)"
    assert lines[2].startswith("place")
    assert lines[-1].startswith("again.gif  ")
    assert lines[-1].endswith(" s")
    ours = render.save(diverging(), tmp_path / "ours.gif", seconds=0.8, fps=10, **sized(240, 180))
    assert (tmp_path / "again.gif").read_bytes() == ours.read_bytes()


@pytest.mark.slow
def test_pauses_and_a_plain_legend(cli, tmp_path):
    arguments = ("--seconds", "6", "--fps", "5", "--size", "480x270")
    pauses = ("--pause", "10=Momentum overshoots", "--pause", "20=0.5")
    assert cli("replay", "race.npz", "-o", "slow.gif", *arguments, *pauses, "--no-standings")[::2] == (0, "")
    look = {"seconds": 6, "fps": 5, **sized(480, 270)}
    pause = {10: "Momentum overshoots", 20: 0.5}
    ours = render.save(diverging(), tmp_path / "ours.gif", pause=pause, standings=False, **look)
    assert (tmp_path / "slow.gif").read_bytes() == ours.read_bytes()
    for changed in ({"standings": False}, {"pause": pause}):
        other = render.save(diverging(), tmp_path / "other.gif", **changed, **look)
        assert other.read_bytes() != ours.read_bytes(), changed


@pytest.mark.slow
def test_view_inset_and_labels(cli, tmp_path):
    arguments = ("--view", "-1.9,1.4,-0.5,1.2", "--inset", "--labels", "direct", "--size", "320x200")
    assert cli("replay", "race.npz", "-o", "close.png", *arguments)[::2] == (0, "")
    close = {"view": ((-1.9, 1.4), (-0.5, 1.2)), "inset": True, "labels": "direct"}
    ours = render.save(diverging(), tmp_path / "ours.png", **sized(320, 200), **close)
    assert (tmp_path / "close.png").read_bytes() == ours.read_bytes()
    assert cli("replay", "race.npz", "-o", "race.png", "--view", "race")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("--3d",), {"view3d": True}),
        (("--camera", "-30,50"), {"view3d": render.Camera(-30, 50)}),
        (("--3d", "--camera=-60,42,90"), {"view3d": render.Camera(-60, 42, 90)}),
        (("--3d", "--view", "-1.9,1.4,-0.5,1.2"), {"view3d": True, "view": ((-1.9, 1.4), (-0.5, 1.2))}),
    ],
)
@pytest.mark.parametrize("name", ["surface.png", "surface.gif"])
@pytest.mark.sample(2)
@pytest.mark.thin(1)
def test_3d_surface(cli, tmp_path, arguments, settings, name):
    film = name.endswith("gif")
    look = sized(240, 180) | ({"seconds": 0.8, "fps": 10} if film else {})
    assert cli("replay", "race.npz", "-o", name, *(QUICK if film else SMALL), *arguments)[::2] == (0, "")
    ours = render.save(diverging(), tmp_path / f"ours-{name}", **look, **settings)
    flat = render.save(diverging(), tmp_path / f"flat-{name}", **look)
    assert (tmp_path / name).read_bytes() == ours.read_bytes() != flat.read_bytes()
    with Image.open(ours) as picture:
        assert getattr(picture, "n_frames", 1) > 2 if film else picture.size == (240, 180)


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
@pytest.mark.thin(1)
def test_3d_surface_as_vector_graphics(cli, tmp_path, suffix):
    assert cli("replay", "race.npz", "-o", f"surface{suffix}", "--3d", "--theme", "print", *SMALL)[::2] == (0, "")
    assert (tmp_path / f"surface{suffix}").stat().st_size > 5_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--camera", "-60"), "--camera must be AZIM,ELEV or AZIM,ELEV,ROTATE in degrees, as in -60,42,90, got '-60'"),
        (("--camera", "1,2,3,4"), "got '1,2,3,4'"),
        (("--camera", "a,b"), "got 'a,b'"),
        (("--camera", "-60,0"), "elev must be > 0 and <= 90 degrees"),
        (("--camera=nan,10",), "azim must be an angle in degrees, got nan"),
        (("--3d", "--inset"), "a 3-D view has no inset, direct labels, losses or norm balls"),
        (("--3d", "--labels", "direct"), "leave out inset, labels, panel and norm_balls"),
        (("--camera=-60,42", "-o", "page.html"), "a page has no 3-D view: leave out view3d"),
    ],
)
def test_invalid_3d_options(cli, tmp_path, arguments, message):
    code, out, err = cli("replay", "race.npz", "-o", "surface.png", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert [path.name for path in tmp_path.iterdir()] == ["race.npz"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--view", "rase"), "--view must be domain, race or X0,X1,Y0,Y1, got 'rase'"),
        (("--view", "1,2,3"), "--view must be domain, race or X0,X1,Y0,Y1, got '1,2,3'"),
        (("--view=2,1,0,1",), "finite and ascending"),
        (("--view", "-9,9,-9,9"), "what is recorded can be cut but not widened"),
        (("--view", "domain"), "does not say what the function's domain is"),
        (("--labels", "diret"), "unknown kind of labels 'diret'. Did you mean direct?"),
    ],
)
def test_invalid_views_and_labels(cli, tmp_path, arguments, message):
    code, out, err = cli("replay", "race.npz", "-o", "close.png", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "close.png").exists()


def test_a_caption_is_printed(cli):
    assert render.caption(diverging()) in cli("replay", "race.npz", "-o", "close.png")[1].splitlines()


@pytest.mark.slow
def test_torch_is_not_loaded(tmp_path, python):
    converging(2).save(tmp_path / "race.npz")
    arguments = ["replay", "race.npz", "-o", "again.webp", *QUICK]
    run = f"from landscapes.cli import main; assert main.main({arguments}) == 0"
    code = f"import sys; {run}; print('torch' in sys.modules)"
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "False"
    assert (tmp_path / "again.webp").is_file()


def test_theme_size_and_step(cli, tmp_path):
    assert cli("replay", "race.npz", "-o", "dark.png", "--theme", "dark", "--size", "320x200", "--step", "7")[0] == 0
    ours = render.save(diverging(), tmp_path / "ours.png", theme="dark", **sized(320, 200), step=7)
    assert (tmp_path / "dark.png").read_bytes() == ours.read_bytes()
    with Image.open(ours) as picture:
        assert picture.size == (320, 200)


@pytest.mark.slow
def test_size_and_step_of_race(cli, tmp_path):
    arguments = ("race", "booth", "--optimizer", "adam(lr=0.5)", "--steps", "20", "--size", "300x200")
    assert cli(*arguments, "-o", "early.png", "--step", "0", "--record", "booth.npz")[0] == 0
    assert cli("replay", "booth.npz", "-o", "again.png", "--size", "300x200", "--step", "0")[0] == 0
    assert cli("replay", "booth.npz", "-o", "late.png", "--size", "300x200")[0] == 0
    early, again, late = ((tmp_path / f"{name}.png").read_bytes() for name in ("early", "again", "late"))
    assert early == again != late


INVALID = [
    (["missing.npz"], "there is no file 'missing.npz'"),
    (["arguments.npz"], "'arguments.npz' is not a saved record"),
    (["."], "'.' is not a saved record"),
    (["race.npz", "--theme", "drak"], "unknown theme 'drak'. Did you mean dark?"),
    (["race.npz", "--step", "41", "-o", "a.png"], "--step must be from 0 to 40, the last step of the race, got 41"),
    (["race.npz", "--step", "-1", "-o", "a.png"], "--step"),
    (["race.npz", "--step", "7"], "'race.gif' is an animation of every step; for one step choose .png"),
    (["race.npz", "--step", "7", "-o", "a-%d.png"], "'a-%d.png' is an animation"),
    (["race.npz", "--size", "800"], "--size must be WIDTHxHEIGHT in pixels, as in 800x600, got '800'"),
    (["race.npz", "--size", "80x60"], "size must be at least 160 × 120"),
    (["race.npz", "--fps", "60"], "fps must be > 0 and <= 50 for .gif"),
    (["race.npz", "--seconds", "1e9"], "seconds must be <= 14400"),
    (["race.npz", "-o", "race.xyz"], "unknown suffix '.xyz'"),
    (["race.npz", "-o", "frames-%s.png"], "use one placeholder for the number, as in frames-%04d.png"),
    (["race.npz", "-o", "nowhere/race.gif"], "the folder 'nowhere' does not exist"),
    (["flat.npz", "--inset"], "this record has no surface"),
    ([], "FILE.npz"),
]


@pytest.mark.parametrize(("arguments", "message"), INVALID, ids=[" ".join(arguments) for arguments, _ in INVALID])
def test_invalid_input_prints_one_line(cli, tmp_path, arguments, message):
    (tmp_path / "arguments.npz").write_text("no record", encoding="utf-8")
    record([np.hstack([arc(5), arc(5)])]).save(tmp_path / "flat.npz")
    before = sorted(file.name for file in tmp_path.iterdir())
    code, out, err = cli("replay", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("landscapes: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--step", "21", "--steps", "20", "-o", "a.pdf"], "--step must be from 0 to 20"),
        (["--pause", "21=late", "--steps", "20"], "--pause must be at a step from 0 to 20"),
        (["--step", "5"], "'race.gif' is an animation"),
        (["--size", "99999x2"], "size must be"),
        (["--fps", "51"], "fps must be"),
    ],
)
def test_race_checks_the_figure_before_any_work(cli, monkeypatch, arguments, message):
    monkeypatch.setattr("landscapes.experiments._race.race", None)  # would be a TypeError
    code, _, err = cli("race", "booth", *arguments)
    assert code == 2
    assert message in err


def test_help_of_replay(cli):
    code, out, _ = cli("replay", "--help")
    assert code == 0
    assert "landscapes replay race.npz" in out
