"""`landscapes race`: its files and its report."""

from __future__ import annotations

import re
import shlex
import sys
import types

import numpy as np
import pytest
from PIL import Image, ImageSequence

from landscapes import Record, functions

SMALL = ("--size", "320x240")
"""Options for a small picture."""


def test_race_writes_an_animation_and_prints_the_winner(cli, tmp_path):
    code, out, err = cli("race", "booth", "--steps", "40", "--seconds", "1", "--fps", "10", *SMALL)
    assert (code, err) == (0, "")
    with Image.open(tmp_path / "race.gif") as picture:
        assert picture.format == "GIF"
        assert picture.n_frames > 5
    lines = out.splitlines()
    assert lines[0] == "Booth: 40 steps from (-8, 8)"
    assert lines[2].split("  ")[0] == "place"
    names = {re.split(r"\s{2,}", line)[1] for line in lines[3:9]}
    assert names == {"SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam"}
    assert [line[0] for line in lines[3:9]] == list("123456")
    winner = re.split(r"\s{2,}", lines[3])[1]
    assert f"; {winner} reaches the target (a loss of 0.017) first" in lines[10]
    assert re.fullmatch(r"race\.gif  \d+ kB, drawn in [\d.]+ s", lines[11])
    assert [file.name for file in tmp_path.iterdir()] == ["race.gif"]


@pytest.mark.slow
def test_rotating_and_fixed_cameras(cli, tmp_path):
    arguments = shlex.split("race booth --steps 8 --optimizer adam(lr=1) --record r.npz --seconds 0.5 --fps 8")
    assert cli(*arguments, "--camera", "-60,42,90", *SMALL)[::2] == (0, "")
    with Image.open(tmp_path / "race.gif") as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    assert np.mean(frames[0] != frames[-1]) > 0.1, "every part of the surface rotates"
    still = (*SMALL, "--seconds", "0.5", "--fps", "8")
    assert cli("replay", "r.npz", "-o", "still.gif", "--3d", *still)[::2] == (0, "")
    with Image.open(tmp_path / "still.gif") as picture:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
    assert 0 < np.mean(frames[0] != frames[-1]) < 0.1, "only the run moves"


@pytest.mark.parametrize("option", [["--3d"], ["--camera", "-60,42"]])
def test_3d_needs_two_coordinates(cli, tmp_path, option):
    code, _, err = cli("race", "rosenbrock", "--dim", "10", *option)
    assert code == 2
    assert f"{option[0]} needs a function of 2 coordinates" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "start", [["--start", "-1,2"], ["--start=-1,2"], ["--start", "-1.0,+2e0"], ["--start", "-1, 2"]]
)
@pytest.mark.thin(1)
def test_start_with_a_minus_sign(cli, start, tmp_path):
    code, _, err = cli(
        "race", "booth", *start, "--steps", "5", "--optimizer", "adam(lr=1)", "--record", "r.npz", "-o", "r.png", *SMALL
    )
    assert (code, err) == (0, "")
    record = Record.load(tmp_path / "r.npz")
    assert record.meta["start"] == [-1, 2]
    assert record.trajectories.x[0, 0].tolist() == [-1, 2]


def test_several_starts(cli):
    starts = ["--start", "-1,2", "--start=3,1"]
    code, out, err = cli("race", "booth", *starts, "-O", "adam(lr=1)", "--steps", "5", "-o", "r.html")
    assert (code, err) == (0, "")
    assert out.startswith("Booth: 5 steps from (-1, 2) and (3, 1)\n\nstart    place  optimizer")


@pytest.mark.slow
def test_labels_and_settings_of_optimizers(cli, tmp_path):
    arguments = [
        w
        for optimizer in ("adam", "slow=adam(lr=0.001)", "sgd(lr=0.01, momentum=0.5)")
        for w in ("--optimizer", optimizer)
    ]
    code, out, _ = cli("race", "booth", *arguments, "--steps", "9", "-o", "race.svg", "--record", "race.npz")
    assert code == 0
    runs = Record.load(tmp_path / "race.npz").trajectories.runs
    assert runs["label"].tolist() == ["Adam", "slow", "Momentum"]
    assert runs["optimizer"].tolist()[1:] == ["adam(lr=0.001)", "sgd(lr=0.01, momentum=0.5)"]
    assert runs["lr_source"].tolist() == ["tuned", "given", "given"]
    assert re.search(r"Adam\s+[\d.]+ \(tuned\)", out)


@pytest.mark.slow
def test_texts_pace_and_precision(cli, tmp_path):
    (tmp_path / "de.json").write_text('{"step {step}": "Schritt {step}", "play": "Los"}', encoding="utf-8-sig")
    texts = ["--title", "Zwei Täler", "--words", "de.json", "--text-scale", "1.4"]
    how = ["--dtype", "float32", "--steps", "9", "-o", "a.svg", "--record", "a.npz"]
    assert cli("race", "booth", "-O", "adam(lr=1)", *how, *texts)[::2] == (0, "")
    record, drawn = Record.load(tmp_path / "a.npz"), (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert record.meta.dtype == "float32"
    assert record.trajectories.x.astype(np.float32).tolist() == record.trajectories.x.tolist()
    assert "Zwei Täler" in drawn
    assert "Schritt 9" in drawn
    assert cli("replay", "a.npz", "-o", "b.svg", *texts)[0] == 0
    assert "Zwei Täler" in (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert cli("replay", "a.npz", "-o", "b.html", *texts)[0] == 0
    assert '"Los"' in (tmp_path / "b.html").read_text(encoding="utf-8")
    for pace in ("log", "linear"):
        quick = ("--seconds", "1", "--fps", "5", *SMALL)
        assert cli("replay", "a.npz", "-o", f"{pace}.gif", "--pace", pace, *quick)[::2] == (0, "")
    assert (tmp_path / "log.gif").read_bytes() != (tmp_path / "linear.gif").read_bytes()


@pytest.mark.slow
def test_suffix_and_theme(cli, tmp_path):
    for theme in ("light", "dark"):
        arguments = ("--steps", "9", "--theme", theme, "-o", f"{theme}.png", *SMALL)
        assert cli("race", "booth", "--optimizer", "adam", *arguments)[0] == 0
    light, dark = (Image.open(tmp_path / f"{theme}.png").convert("L") for theme in ("light", "dark"))
    assert light.getpixel((1, 1)) > 200 > 60 > dark.getpixel((1, 1))


@pytest.mark.parametrize("source", ["module", "file", "path"])
@pytest.mark.thin(1)
def test_user_defined_function_and_optimizer(cli, user_module, source, tmp_path):
    place = {"module": user_module, "file": f"{user_module}.py", "path": str(tmp_path / f"{user_module}.py")}[source]
    chosen = ["--optimizer", f"{place}:Mine(lr=0.25)", "--optimizer", f"{place}:calm", "--optimizer", "adam(lr=0.2)"]
    code, out, err = cli("race", f"{place}:bowl", *chosen, "-o", "own.png", "--record", "own.npz", *SMALL)
    assert (code, err) == (0, "")
    runs = Record.load(tmp_path / "own.npz").trajectories.runs
    assert runs["label"].tolist() == ["Mine", "Adam lr=0.1", "Adam lr=0.2"]
    assert runs["lr"].tolist() == [0.25, 0.1, 0.2]
    assert out.startswith("Bowl: 30 steps from (1.5, 1)")


def test_a_user_file_shadows_no_module(cli, user_module, tmp_path):
    (tmp_path / "functions.py").write_text(
        (tmp_path / f"{user_module}.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    assert cli("race", "functions.py:bowl", "--optimizer", "adam", "-o", "own.png", *SMALL)[0] == 0
    assert isinstance(functions, types.ModuleType)
    assert functions.get("booth").name == "booth"


def test_race_on_a_formula(cli, tmp_path):
    arguments = [
        "race",
        "--formula",
        "x**2 + 3*sin(y)",
        "--domain",
        "-4,4",
        "--start",
        "-3,1",
        "--optimizer",
        "adam(lr=0.1)",
    ]
    code, out, err = cli(*arguments, "--steps", "5", "-o", "own.png", "--record", "own.npz", *SMALL)
    assert (code, err) == (0, "")
    assert out.startswith("x**2 + 3*sin(y)")
    record = Record.load(tmp_path / "own.npz")
    assert record.meta["domain"] == [[-4, 4], [-4, 4]]
    assert record.trajectories.x[0, 0].tolist() == [-3, 1]


@pytest.mark.slow
def test_warnings_become_notes(cli, user_module, tmp_path):
    code, _, err = cli("race", "booth", "--start", "30,0", "--optimizer", "adam", "--steps", "3", "-o", "far.png")
    assert code == 0
    assert re.fullmatch(r"landscapes: note: the start lies outside the view of booth; the view widens [^\n]*\n", err)
    code, _, err = cli("race", f"{user_module}:single", "--optimizer", "adam", "-o", "slow.png")
    assert code == 0
    assert re.fullmatch(r"landscapes: note: function 'single' cannot take a batch [^\n]*\n", err)


def test_progress_bars_need_a_terminal(cli, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    arguments = ("--steps", "50", "-o", "race.gif", "--seconds", "0.4", *SMALL)
    _, _, err = cli("race", "booth", "--optimizer", "adam", *arguments)
    assert "racing" in err
    assert "drawing" in err
    assert "\n" not in err.strip("\n")


def test_live_pages_of_wrapped_optimizers(cli, tmp_path):
    wrapped = ("-O", "lookahead(adam(lr=0.1))", "-O", "cosine(clip(sam(sgd(lr=0.01)), norm=1))")
    code, _, err = cli("race", "booth", *wrapped, "--steps", "5", "-o", "race.html", "--live")
    assert (code, err) == (0, "")
    assert "Adam · lookahead" in (tmp_path / "race.html").read_text("utf-8")
