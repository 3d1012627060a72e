"""Fact sheets: what they show is so, and all of it fits the page."""

from __future__ import annotations

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from function_cases import CATALOGUE, each_apart, every
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.lines import Line2D
from matplotlib.quiver import Quiver
from matplotlib.text import Text
from merged import merged
from PIL import Image
from thinned import FEW_THEMES, diagonal

from landscapes import FunctionSummary, function, render, summarize
from landscapes.cli import main
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives.derivatives import gradient
from landscapes.render.artists.formulas import fit_formula, formula_height, formula_size
from landscapes.render.figures._fact_sheet import PAGE
from landscapes.render.figures.size import from_pixels

FEW = {"points": 33, "arrows": 9}


def words(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


# The summary


@every
def test_a_fact_sheet_states_the_facts(f):
    summary = summarize(f, **FEW)
    assert (summary.title, summary.latex, summary.description) == (
        f.title,
        f.latex,
        f.description,
    )
    assert np.isfinite(summary.surface.values).all()
    assert np.isfinite(summary.slope).all()
    assert summary.at.shape == summary.slope.shape
    assert summary.is_line == (f.dim == 1)
    if f.dim == 2:
        expected = gradient(f, torch.from_numpy(summary.at)).numpy()
        np.testing.assert_array_equal(summary.slope, expected)
        assert summary.marks["start"].tolist() == [list(f.start)]
        assert sum(map(len, summary.marks.values())) == 1 + len(f.stationary)
    assert {"coordinates", "domain", "start", "minima", "minimum", "tags", "reference"} <= set(summary.facts)


@merged("item", [item for item in CATALOGUE if item.dim > 2 and item.minima], ids=lambda item: item.name)
def test_a_plane_holds_the_start_and_the_minimum(item):
    """At (1, 0) and (0, 0); the gradient at the start lies in the plane, so that it shows the way down."""
    summary = summarize(item, points=51, arrows=9)
    value = item(item.start).item()
    x, y = summary.surface.x, summary.surface.y
    at_start = summary.surface.values[abs(y).argmin(), abs(x - 1).argmin()]
    at_minimum = summary.surface.values[abs(y).argmin(), abs(x).argmin()]
    assert math.isclose(at_start, value, rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(at_minimum, item.minimum, rel_tol=1e-6, abs_tol=1e-6)
    assert [0.0, 0.0] in np.round(summary.surface.minima, 9).tolist()
    assert summary.axes == ("from the minimum to the start", "across")


def test_a_local_minimum_does_not_replace_the_minimum():
    """Local minima have rows of the same name: "minimum"."""
    assert summarize("forrester", **FEW).facts["minimum"] == "-6.0207"


def test_more_coordinates_are_seen_in_a_plane():
    summary = summarize("rosenbrock", dim=10, **FEW)
    assert summary.facts["coordinates"] == "10; any, at least 2"
    assert summary.facts["domain"] == "[-5, 10] for each coordinate"
    assert summary.surface.minima.tolist() == [[0.0, 0.0]]


def test_a_plane_where_the_minimum_is_not_known_or_the_start():
    @function((-2, 2), (-3, 3), (-2, 2), start=(0, 0, 0), minima=[(0, 0, 0)])
    def resting(x, y, z):
        return x * x + y * y + z * z

    @function((-2, 2), (-3, 3), (-2, 2), start=(1, 1, 1))
    def unknown(x, y, z):
        return x + y + z

    for f in (resting, unknown):
        assert np.ptp(summarize(f, **FEW).surface.values) > 0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("beal", {}, r"unknown function 'beal'. Did you mean beale\?"),
        ("beale", {"dim": 3}, r"beale has 2 coordinates"),
        ("beale", {"points": 1}, r"points must be an integer >= 2, got 1"),
        ("beale", {"arrows": 2.5}, r"arrows must be an integer >= 2, got 2.5"),
    ],
)
def test_invalid_arguments_of_a_fact_sheet_are_refused(name, settings, message):
    with pytest.raises(InputError, match=message):
        summarize(name, **settings)


# The formula


@each_apart(CATALOGUE, one_in=5)
@pytest.mark.sample(60)
@pytest.mark.thin(4)
def test_every_formula_fits_and_can_be_read(f):
    lines, size = fit_formula(f"f = {f.latex}", 776, 76, 17)
    assert size >= 9
    assert max(formula_size(line)[0] for line in lines) * size <= 776
    assert sum(formula_size(line)[0] for line in lines) > formula_size("f =")[0] + 0.8, "there is one"
    assert formula_height(lines) * size <= 76 + 1e-9
    assert re.sub(r"\s|\\q?quad", "", "".join(lines)) == re.sub(r"\s|\\q?quad", "", f"f = {f.latex}")


def test_a_formula_is_cut_outside_brackets_only():
    latex = r"\left[ a + b \right]^2 + |c - d| - \frac{e + f}{g + h} + \sum_{i + 1} (j + k), \quad l = m + n"
    for width in (60, 100, 150, 300):
        lines, _ = fit_formula(latex, width, 400, 12)
        for line in lines:
            assert line.count("{") == line.count("}")
            assert line.count("|") % 2 == 0
            assert line.count(r"\left") == line.count(r"\right")
            assert line.count("(") == line.count(")")
            formula_size(line)


def test_a_formula_without_a_place_to_cut_gets_small():
    lines, size = fit_formula("x" * 200, 300, 50, 14)
    assert lines == ["x" * 200]
    assert formula_size(lines[0])[0] * size <= 300.001


# The page


@pytest.mark.parametrize(
    ("name", "theme"),
    diagonal(["himmelblau", "absolute", "deceptive", "hartmann_n6", "saddle"], FEW_THEMES),
)
@pytest.mark.thin(1)
def test_all_of_a_fact_sheet_lies_on_its_page(name, theme):
    figure = render.fact_sheet(summarize(name, **FEW), theme=theme)
    page = figure.bbox
    canvas = RendererAgg(int(page.width), int(page.height), figure.dpi)
    texts = [text for text in figure.texts if text.get_text()]
    for text in texts:
        box = text.get_window_extent(canvas)
        assert page.x0 <= box.x0, text.get_text()
        assert box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0, text.get_text()
        assert box.y1 <= page.y1, text.get_text()
    boxes = [text.get_window_extent(canvas).padded(-1) for text in texts]
    for place, box in enumerate(boxes):
        assert box.count_overlaps(boxes[:place]) == 0, texts[place].get_text()
    assert get(name).title in words(figure)


@pytest.mark.parametrize("item", [item for item in CATALOGUE if item.dim == 2][::18], ids=lambda item: item.name)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_a_fact_sheet_shows_the_special_points_and_names_them(item):
    figure = render.fact_sheet(summarize(item, **FEW))
    above = figure.axes[0]
    shown = {line.get_label(): len(line.get_xdata()) for line in above.lines}
    visible = lambda points: sum(all(a <= c <= b for c, (a, b) in zip(p, item.view, strict=True)) for p in points)  # noqa: E731
    expected = {"start": 1, "global minimum": visible(item.minima)}
    for kind, name in (("minimum", "local minimum"), ("saddle", "saddle"), ("maximum", "maximum")):
        expected[name] = visible([place.point for place in item.stationary if place.kind == kind])
    assert shown == {name: count for name, count in expected.items() if count}
    for name, count in shown.items():
        assert (name if count == 1 else f"{count} {name.replace('imum', 'ima')}") in words(figure)


@pytest.mark.parametrize("size", [(6.4, 4.8), (12.0, 7.6)])
def test_marks_in_the_key_lie_apart_from_their_names(size):
    figure = render.fact_sheet(summarize("himmelblau", **FEW), figsize=size)
    canvas = RendererAgg(int(figure.bbox.width), int(figure.bbox.height), figure.dpi)
    marks = [artist for artist in figure.artists if isinstance(artist, Line2D)]
    assert len(marks) > 2
    for mark in marks:
        box = mark.get_window_extent(canvas)
        assert not any(box.overlaps(text.get_window_extent(canvas)) for text in figure.texts if text.get_text())


def test_arrows_point_down():
    summary = summarize("beale", **FEW)
    (quiver,) = render.fact_sheet(summary).findobj(Quiver)
    arcs, places = np.stack([quiver.U, quiver.V], 1), quiver.XY
    assert len(arcs) == 81
    slopes = gradient(get("beale"), torch.from_numpy(np.array(places))).numpy()
    assert ((arcs * slopes).sum(1) < 0).all()


def test_flat_regions_have_no_arrows():
    assert not render.fact_sheet(summarize("step_n1", **FEW)).findobj(Quiver)


@pytest.mark.parametrize(
    ("suffix", "most"), [(".png", 400_000), pytest.param(".pdf", 250_000, marks=pytest.mark.slow), (".svg", 900_000)]
)
@pytest.mark.slow
@pytest.mark.sample(1)
def test_a_fact_sheet_is_saved_as_the_same_bytes_each_time(tmp_path, suffix, most):
    summary = summarize("booth", **FEW)
    paths = [render.save(summary, tmp_path / f"{place}{suffix}", theme="dark") for place in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < most, "the surface in 3-D is an image"
    if suffix == ".png":
        with Image.open(paths[0]) as picture:
            assert picture.size == (1200, 760)
    if suffix == ".svg":
        assert "Booth" in paths[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [(1200, 760), (600, 380), (2400, 1200), (300, 900)])
@pytest.mark.slow
def test_a_fact_sheet_has_the_size_that_is_asked_for(size):
    figure = render.fact_sheet(summarize("booth", **FEW), **from_pixels(size, PAGE, 0.0))
    assert tuple(map(int, figure.bbox.size)) == size
    assert all(side >= least - 1e-3 for side, least in zip(figure.get_size_inches(), PAGE, strict=True))


@pytest.mark.parametrize(
    ("summary", "settings", "message"),
    [
        ("beale", {}, r"expected a FunctionSummary, as returned by summarize\('beale'\), got 'beale'"),
        (None, {"theme": "drak"}, r"unknown theme 'drak'. Did you mean dark\?"),
        (None, {"figsize": (1, 0.5)}, r"at least 160 × 120"),
    ],
)
def test_records_that_cannot_be_drawn_are_refused(summary, settings, message):
    with pytest.raises(InputError, match=message):
        render.fact_sheet(summary or summarize("booth", **FEW), **settings)


# The command


@pytest.mark.parametrize("suffix", [".png", *(pytest.param(name, marks=pytest.mark.slow) for name in (".pdf", ".svg"))])
@pytest.mark.sample(1)
def test_show_draws(tmp_path, monkeypatch, capsys, suffix):
    monkeypatch.chdir(tmp_path)
    assert main.main(["show", "beale", "-o", f"sheet{suffix}", "--theme", "dark", "--size", "600x400"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Beale\n")
    assert re.search(rf"^sheet\{suffix}  [\d.]+ [kM]B$", out, re.M)
    assert [file.name for file in tmp_path.iterdir()] == [f"sheet{suffix}"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            ["beale", "-o", "sheet.gif"],
            r"a fact sheet is saved as a picture, .png, .*, not as 'sheet.gif'",
        ),
        (["beale", "-o", "sheet"], r"'sheet' needs a suffix"),
        (["beale", "-o", "none/sheet.png"], r"the folder 'none' does not exist"),
        (["beale", "-o", "sheet.png", "--theme", "drak"], r"unknown theme 'drak'. Did you mean dark\?"),
        (["beale", "-o", "sheet.png", "--size", "10x10"], r"size must be at least"),
        (["beale", "--dim", "3"], r"beale has 2 coordinates and supports no other number, got 3"),
        (["rosenbrock", "--dim", "1"], r"supports these numbers of coordinates: any, at least 2; got 1"),
        (["rosenbrock", "--dim", "-3"], r"--dim must be an integer >= 1, got '-3'"),
    ],
)
def test_show_refuses(tmp_path, monkeypatch, capsys, more, message):
    monkeypatch.chdir(tmp_path)
    assert main.main(["show", *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"landscapes: error: [^\n]*{message}[^\n]*\n", err), err
    assert not list(tmp_path.iterdir())


# Races of more coordinates


@pytest.mark.parametrize(("name", "dim"), [("rosenbrock", 10), ("sphere", 3)])
def test_a_race_without_a_map_shows_its_losses(tmp_path, monkeypatch, capsys, name, dim):
    monkeypatch.chdir(tmp_path)
    words_ = [
        "race",
        name,
        "--dim",
        str(dim),
        "--optimizer",
        "adam(lr=0.1)",
        "--steps",
        "20",
        "-o",
        "r.png",
        "--record",
        "r.npz",
    ]
    assert main.main(words_) == 0
    assert capsys.readouterr().out.startswith(get(name).title)
    record = render.figure.__globals__["Record"].load(tmp_path / "r.npz")
    assert record.surface is None
    assert record.trajectories.x.shape == (1, 21, dim)
    figure = render.figure(record)
    assert f"{dim} coordinates" in figure.axes[0].get_title(loc="left")
    with Image.open(tmp_path / "r.png") as picture:
        assert picture.size == (960, 540)


@pytest.mark.slow
def test_a_race_without_a_map_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main.main(["race", "wood", "--optimizer", "adam(lr=0.1)", "--steps", "20", "--seconds", "0.5"]) == 0
    with Image.open("race.gif") as picture:
        assert picture.n_frames > 3


@pytest.mark.parametrize("more", [["--view", "domain"], ["--inset"], ["--labels", "direct"]])
def test_a_race_without_a_map_refuses_what_needs_one(tmp_path, monkeypatch, capsys, more):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("landscapes.experiments._race.race", None)  # it would be a TypeError
    assert main.main(["race", "rosenbrock", "--dim", "10", *more]) == 2
    assert (
        "needs a function of 2 coordinates; rosenbrock has 10, so that only its loss curves are drawn"
        in capsys.readouterr().err
    )


def test_a_formula_has_its_own_coordinates(capsys):
    assert main.main(["race", "--formula", "x + y", "--dim", "3"]) == 2
    assert "--dim does not apply to --formula: its variables are its coordinates" in capsys.readouterr().err


@pytest.mark.slow
def test_drawing_a_fact_sheet_needs_no_torch():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, landscapes.render.figures._fact_sheet, landscapes.summary; assert 'torch' not in sys.modules",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert FunctionSummary.__module__ == "landscapes.summary"


def test_negative_bounds_have_the_minus_sign_of_tick_labels():
    facts = words(render.fact_sheet(summarize("beale", **FEW)))
    assert "[\u22124.5, 4.5]" in facts
    assert "[-4.5" not in facts
