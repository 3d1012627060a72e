"""The page of a race: what its one file holds. What it does is tried in `test_page_browser`."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_records import KINDS, VIEW, arc, converging, diverging, record, scenery, unbounded

from landscapes import race, render
from landscapes.cli import main
from landscapes.errors import InputError
from landscapes.record import Record, Trajectories, filled
from landscapes.render.html._page import document
from landscapes.render.html.payload import simplify
from landscapes.render.plots.color_levels import color_levels

DARK = render.THEMES["dark"].background

NASTY = ["</script><script>alert(1)</script>", "\"'<!--", "&lt;b&gt;\u2028</title>", "{{data}}", "größe → ∞ 🎢"]


class Reader(HTMLParser):
    """The elements of a page, and the text in each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.texts.append((self.elements[-1][0], data))

    def text(self, tag: str) -> str:
        return "".join(data for name, data in self.texts if name == tag)


def never(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def reported(text: str) -> dict[str, Any]:
    """The page's data."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return dict(json.loads(data, parse_constant=never))


def rows(data: dict[str, Any]) -> tuple[np.ndarray[Any, Any], list[dict[str, np.ndarray[Any, Any]]]]:
    """The heights of the map (0 × 0 where there is none) and the arrays of each run, as the script reads them."""
    planes = np.frombuffer(zlib.decompress(base64.b64decode(data["numbers"])), np.uint8).reshape(4, -1)
    words = planes.T.copy().view("<u4").ravel().astype(np.int64)
    numbers = iter((words >> 1) ^ -(words & 1))

    def take(count: int) -> np.ndarray[Any, Any]:
        return np.array([next(numbers) for _ in range(count)], float)

    heights = np.zeros((0, 0))
    if data["surface"] is not None:
        heights = take(data["surface"]["heights"]).reshape(data["surface"]["rows"], -1).cumsum(0).cumsum(1)
        take(data["surface"]["holes"])
    runs = []
    for run in data["runs"]:
        raw = {name: take(count) for name, count in run["arrays"].items()}
        row = {name: raw[name].cumsum() / (1 if name == "step" else 1e5) for name in ("step", "x", "y") if name in raw}
        for name in ("loss", "gap", "lr"):
            if name in raw:
                digits = zip(raw[name], raw[f"{name}_power"].cumsum(), strict=True)
                row[name] = np.array(
                    [np.nan if power == 9999 else float(f"{whole:.0f}e{power:.0f}") for whole, power in digits]
                )
        runs.append(row)
    assert next(numbers, None) is None
    return heights, runs


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_a_race_is_on_its_page(kind):
    shown = KINDS[kind]()
    data = reported(document(shown))
    heights, runs = rows(data)
    paths = shown.trajectories
    assert [run["label"] for run in data["runs"]] == list(paths.runs["label"])
    surface = shown.surface
    levels = color_levels(surface)
    exact = np.interp(levels.height, levels.levels, np.arange(len(levels.levels)))
    np.testing.assert_allclose(heights / data["surface"]["parts"], exact, rtol=0, atol=0.51 / data["surface"]["parts"])
    for run, row in enumerate(runs):
        stopped = int(filled(paths.runs["stopped"])[run])
        ran = slice(None) if stopped < 0 else slice(0, stopped)
        np.testing.assert_array_equal(row["step"], paths.step[ran])
        for axis, (low, high), name in zip(range(2), VIEW, "xy", strict=True):
            share = ((paths.x[run, ran, axis] - low) / (high - low)).clip(-1000, 1000)
            np.testing.assert_allclose(row[name], share, rtol=0, atol=0.51e-5)
        np.testing.assert_allclose(row["loss"], paths.loss[run, ran], rtol=5.1e-4)


@pytest.mark.parametrize("name", ["beale", "rastrigin"])
def test_a_typical_race_is_small(name, tmp_path):
    assert render.save(race(name), tmp_path / "race.html").stat().st_size <= 150_000


def test_a_run_that_fails_ends_at_its_last_good_point():
    shown = diverging(at=12)
    paths = shown.trajectories
    paths.x[2, 12:], paths.loss[2, 12:] = np.nan, np.inf
    paths.x[1, 7], paths.loss[1, 7] = np.nan, np.nan  # and one that only fails to say where it is
    data = reported(document(shown))
    _, runs = rows(data)
    assert runs[2]["step"].tolist() == list(range(12))
    assert data["runs"][2]["stopped"] == data["runs"][2]["since"] == 12
    assert data["runs"][2]["outcome"] == "diverged at step 12"
    assert runs[1]["x"][7] == runs[1]["x"][6]
    assert np.isnan(runs[1]["loss"][7])
    assert np.isfinite(runs[1]["loss"][8:]).all()
    assert data["runs"][1]["stopped"] is None


def test_a_run_without_finite_points_has_no_points():
    shown = converging(2)
    shown.trajectories.x[0] = np.nan
    shown.trajectories.loss[0] = np.nan
    _, runs = rows(reported(document(shown)))
    assert [len(run["step"]) for run in runs] == [0, 41]


def test_a_race_of_no_steps_shows_its_start():
    data = reported(document(converging(2, steps=0)))
    assert data["last"] == 0
    assert [run["step"].tolist() for run in rows(data)[1]] == [[0], [0]]


@pytest.mark.parametrize("target", [np.nan, np.inf, -np.inf])
def test_a_target_that_is_no_number_is_left_out(target):
    assert reported(document(unbounded()))["loss_panel"]["target"] is None
    shown = unbounded()
    assert (
        reported(document(Record(shown.trajectories, shown.surface, {**shown.meta, "target": target})))["loss_panel"][
            "target"
        ]
        is None
    )


def test_losses_keep_four_digits_however_large_or_small():
    values = np.array([[1e300, 1.23456e-300, 0.0, -4.00049, 5e-324, 9.99996]])
    shown = record([arc(5)], values=values, minimum=-np.inf)
    _, runs = rows(reported(document(shown)))
    np.testing.assert_allclose(runs[0]["loss"], values[0], rtol=5.1e-4)
    assert runs[0]["loss"][4] == 5e-324


def test_the_gap_is_reported_next_to_the_loss_where_the_minimum_is_not_zero():
    values = np.array([[-950.0, -959.5, -959.6399999]])
    data = reported(document(record([arc(2)], values=values, minimum=-959.64)))
    _, runs = rows(data)
    np.testing.assert_allclose(runs[0]["gap"], values[0] + 959.64, rtol=5.1e-4)
    assert data["loss_panel"]["name"] == "gap to the minimum"
    assert reported(document(unbounded()))["loss_panel"]["name"] == "loss"
    assert "gap" not in rows(reported(document(unbounded())))[1][0]


def test_learning_rates_that_were_observed_are_reported_step_by_step():
    shown = converging(2)
    paths = shown.trajectories
    rates = np.linspace(1, 0.1, 82).reshape(2, 41)
    more = Trajectories(paths.x, paths.loss, paths.step, paths.runs, {"lr": rates})
    _, runs = rows(reported(document(Record(more, shown.surface, shown.meta))))
    np.testing.assert_allclose([run["lr"] for run in runs], rates, rtol=5.1e-4)


def test_labels_and_titles_are_words_and_nothing_else():
    text = document(converging(len(NASTY), labels=NASTY), title=NASTY[0] + NASTY[1])
    read = Reader(text)
    assert [tag for tag, _ in read.elements].count("script") == 2
    assert read.text("title").strip() == read.text("h1").strip() == NASTY[0] + NASTY[1]
    plain = Reader(document(converging(len(NASTY))))
    assert [tag for tag, _ in read.elements] == [tag for tag, _ in plain.elements]
    assert [run["label"] for run in reported(text)["runs"]] == [name.replace("\u2028", " ") for name in NASTY]


@pytest.mark.parametrize("kind", ["converging", "diverging"])
def test_the_caption_stands_for_the_picture(kind):
    shown = KINDS[kind]()
    words = render.caption(shown)
    read = Reader(document(shown))
    assert words in [facts.get("aria-label") for tag, facts in read.elements if tag == "canvas"]
    assert read.text("p").strip() == words  # where scripts are switched off


def test_the_page_asks_for_nothing():
    text = document(diverging())
    for tag, facts in Reader(text).elements:
        assert not {"src", "href", "srcset", "action", "data"} & set(facts), tag
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\b|sendBeacon|localStorage", text)
    assert set(re.findall(r"\w+://[^\s\"'`]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


@pytest.mark.slow
def test_the_same_race_gives_the_same_bytes(tmp_path, python, environment_here):
    race = twisted()
    race.save(tmp_path / "race.npz")
    ours = render.save(Record.load(tmp_path / "race.npz"), tmp_path / "ours.html").read_bytes()
    script = """
import sys
from landscapes import render
from landscapes.record import Record
render.save(Record.load('race.npz'), 'theirs.html')
assert not {'torch', 'matplotlib.pyplot'} & set(sys.modules)
"""
    done = python("-c", script, env=environment_here | {"PYTHONHASHSEED": "12345"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "theirs.html").read_bytes() == ours
    assert render.save(race, tmp_path / "again.html").read_bytes() == ours


def twisted(runs: int = 12) -> Record:
    """Runs of more colours than there are, some on one way."""
    return record([arc(40, bend) for bend in np.repeat(np.linspace(-0.4, 0.3, runs // 2), 2)])


@pytest.mark.slow
def test_runs_have_the_same_colours_everywhere():
    shown = twisted()
    for look, data in zip(("light", "dark"), reported(document(shown))["looks"], strict=True):
        labels = [str(label) for label in shown.trajectories.runs["label"]]
        run_styles = render.theme.styles(labels, render.THEMES[look])
        assert [run["marker"] for run in data["runs"]] == [style.marker for style in run_styles]
        colors = [tuple(int(run["color"][i : i + 2], 16) for i in (1, 3, 5)) for run in data["runs"]]
        np.testing.assert_allclose(colors, 255 * np.array([style.color for style in run_styles]), atol=0.51)


def test_two_themes_are_for_two_kinds_of_systems():
    both, one = document(converging(2)), document(converging(2), theme="dark")
    assert "@media (prefers-color-scheme: dark)" in both
    assert "@media (prefers-color-scheme: dark)" not in one
    assert [look["background"] for look in reported(both)["looks"]] == ["#ffffff", DARK]
    assert [look["background"] for look in reported(one)["looks"]] == [DARK]
    red = render.THEMES["print"] | {"background": "red"}
    both = reported(document(converging(2), theme=(red, "dark")))
    assert [look["background"] for look in both["looks"]] == ["#ff0000", DARK]


def test_a_race_without_a_map_has_its_losses():
    arcs = np.linspace(3, 0.1, 21)[:, None] * np.ones(5)
    values = (arcs**2).sum(1)[None]
    data = reported(document(record([arcs], values=values)))
    assert data["surface"] is None
    assert data["title"] == "Bowl, 5 coordinates"
    _, runs = rows(data)
    assert set(runs[0]) == {"step", "loss"}
    np.testing.assert_allclose(runs[0]["loss"], values[0], rtol=5.1e-4)


def test_a_view_is_a_piece_of_the_map():
    data = reported(document(converging(2), view=((-1.0, 1.5), (-0.5, 1.0))))
    left, right, bottom, top = data["surface"]["box"]
    assert -1.1 <= left <= -1.0 < 1.5 <= right <= 1.6
    assert -0.6 <= bottom <= -0.5 < 1.0 <= top <= 1.1


def test_holes_in_the_surface_are_holes():
    values = scenery().values.copy()
    values[10:20, 5:30] = np.nan
    values[50:] = np.inf
    data = reported(document(converging(2, surface=scenery(values=values))))
    heights, _ = rows(data)
    assert data["surface"]["holes"] == heights.size
    assert (heights >= 0).all()
    assert (heights <= data["surface"]["bands"] * data["surface"]["parts"]).all()


@pytest.mark.parametrize("points", [3, 61, 257, 900])
@pytest.mark.thin(1)
def test_any_grid_fits(points):
    shape = color_levels(scenery(points=points))
    data = reported(document(converging(1, surface=scenery(points=points))))
    heights, _ = rows(data)
    assert heights.shape == (min(points, 257),) * 2
    assert heights[0, 0] / 256 == pytest.approx(
        np.interp(shape.height[0, 0], shape.levels, np.arange(len(shape.levels))), abs=0.01
    )
    if points > 3:
        wild = scenery(points=points)
        bent = wild.x[0] + (wild.x - wild.x[0]) ** 2 / np.ptp(wild.x)
        bowed = type(wild)(bent, wild.y, wild.values, wild.minima, wild.minimum, wild.scale)
        uneven, _ = rows(reported(document(converging(1, surface=bowed))))
        middle = np.interp(0.25, np.linspace(0, 1, heights.shape[1]), uneven[0])
        half = np.interp(0.5, np.linspace(0, 1, heights.shape[1]), heights[0])
        assert middle == pytest.approx(half, abs=0.05 * np.ptp(heights))


@pytest.mark.slow
def test_a_long_race_stays_small(tmp_path):
    arcs = [
        arc(9_999, bend) + 0.02 * np.sin(np.linspace(0, 900 + k, 10_000))[:, None]
        for k, bend in enumerate((-0.4, 0.0, 0.3))
    ]
    long = record(arcs)
    path = render.save(long, tmp_path / "race.html")
    assert path.stat().st_size < 250_000
    _, runs = rows(reported(path.read_text(encoding="utf-8")))
    assert sum(len(run["step"]) for run in runs) <= 24_000
    steps = np.arange(10_000)
    for run, row in enumerate(runs):
        assert (row["step"][0], row["step"][-1]) == (0, 9_999)
        for axis, (low, high), name in zip(range(2), VIEW, "xy", strict=True):
            share = (long.trajectories.x[run, :, axis] - low) / (high - low)
            away = np.abs(np.interp(steps, row["step"], row[name]) - share)
            assert away.max() < 2e-3  # a pixel of a small map
        np.testing.assert_allclose(row["loss"], long.trajectories.loss[run, row["step"].astype(int)], rtol=5.1e-4)


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=2, max_size=60), st.floats(0, 1))
def test_thinning_moves_nothing_by_more_than_it_may(points, least):
    points = np.array(points)
    time = np.cumsum(1 + np.arange(len(points)) % 3)
    kept = simplify(points, time, len(points), least)
    assert (kept[0], kept[-1]) == (0, len(points) - 1)
    assert (np.diff(kept) > 0).all()
    for column in points.T:
        assert np.abs(np.interp(time, time[kept], column[kept]) - column).max() <= least + 1e-12
    few = simplify(points, time, 2, least)
    assert few.tolist() == [0, len(points) - 1]


def test_thinning_keeps_what_shows_most():
    column = np.zeros(101)
    column[[20, 50, 80]] = 0.5, 3.0, 1.0
    peaks = [set(simplify(column[:, None], np.arange(101), most, 1e-9).tolist()) & {20, 50, 80} for most in (3, 9, 99)]
    assert peaks[0] == {50}
    assert peaks[1] >= {50, 80}
    assert peaks[2] == {20, 50, 80}


SMALLEST = Trajectories(np.zeros((0, 5, 2)), np.zeros((0, 5)), np.arange(5), {"label": np.zeros(0, str)})


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (
            {"record": "race"},
            "expected a Record, as returned by race(), sweep(), basins(), compare() or tune(), "
            "or a FunctionSummary, got 'race'",
        ),
        ({"record": Record(SMALLEST)}, "this record has no runs or no steps"),
        ({"record": converging(201, steps=2)}, "a page shows at most 200 runs, got 201; race fewer optimizers"),
        ({"theme": "drak"}, "unknown theme 'drak'. Did you mean dark?"),
        ({"theme": ("light", "dark", "print")}, "theme must be one theme, or two"),
        ({"theme": 3}, "theme must be one theme, or two"),
        ({"seconds": 0}, "seconds must be a finite number > 0, got 0"),
        ({"seconds": float("nan")}, "seconds must be a finite number > 0, got nan"),
        ({"view": "rase"}, "unknown view 'rase'. Did you mean race?"),
        ({"path": "race.htm5"}, "unknown suffix '.htm5'. Did you mean .html?"),
        ({"path": "race"}, "'race' needs a suffix"),
        ({"path": "missing/race.html"}, "does not exist; make it first"),
        ({"path": "folder.html"}, "it is a folder; give a file name in it"),
    ],
)
def test_records_without_a_page_are_refused_and_the_old_page_stays(tmp_path, monkeypatch, arguments, wrong):
    monkeypatch.chdir(tmp_path)
    Path("race.html").write_text("old")
    Path("folder.html").mkdir()
    with pytest.raises(InputError, match=re.escape(wrong)):
        render.save(**{"record": converging(2), "path": "race.html"} | arguments)
    assert Path("race.html").read_text() == "old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder.html", "race.html"]


def test_save_and_the_command_line_make_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    diverging().save("race.npz")
    page = render.save(Record.load("race.npz"), "page.html", seconds=3).read_bytes()
    assert render.save(diverging(), "saved.HTML", seconds=3).read_bytes() == page
    assert main.main(["replay", "race.npz", "-o", "replay.html", "--seconds", "3"]) == 0
    assert "replay.html  " in capsys.readouterr().out
    assert Path("replay.html").read_bytes() == page
    assert main.main(["replay", "race.npz", "-o", "dark.html", "--theme", "dark", "--view", "race"]) == 0
    assert reported(Path("dark.html").read_text(encoding="utf-8"))["looks"][0]["background"] == DARK
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--inset",), "a page always has losses and a legend, can be zoomed, and has no norm balls: leave out inset"),
        (
            ("--labels", "direct"),
            "a page always has losses and a legend, can be zoomed, and has no norm balls: leave out inset",
        ),
        (("--size", "800x600"), "--size does not apply to .html: the page fills its window"),
        (("--step", "3"), "is an animation of every step"),
    ],
)
def test_options_that_a_page_lacks_are_refused(tmp_path, monkeypatch, capsys, words, wrong):
    monkeypatch.chdir(tmp_path)
    diverging().save("race.npz")
    assert main.main(["replay", "race.npz", "-o", "race.html", *words]) == 2
    assert wrong in capsys.readouterr().err
    assert not Path("race.html").exists()


def test_save_refuses_what_a_page_cannot_have(tmp_path):
    for more in ({"inset": True}, {"labels": "direct"}, {"panel": False}):
        with pytest.raises(InputError, match="leave out"):
            render.save(converging(2), tmp_path / "race.html", **more)


def test_a_notebook_shows_a_race_by_its_page():
    shown = diverging()
    frame = shown._repr_html_()
    ((tag, facts),) = Reader(frame).elements
    assert (tag, facts["title"], facts["sandbox"]) == ("iframe", "Bowl", "allow-scripts")
    assert facts["srcdoc"] == document(shown)
    assert html.escape(document(shown)) in frame


def test_a_notebook_shows_other_records_as_text():
    assert converging(201, steps=2)._repr_html_() is None
    assert converging(2, experiment="tune", optimizers={})._repr_html_() is None
