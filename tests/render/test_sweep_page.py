"""The page of a sweep: its runs in node are those of the record; its map, its boundary, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import node
import numpy as np
import pytest
from browser import CHROMIUM
from test_html import reported
from test_live_page import asset, tilted_bowl

from landscapes import InputError, Range, Stop, emit_sweep, render, sweep
from landscapes.cli.main import main
from landscapes.record import Record, filled
from landscapes.render.html._sweep_page import document

in_node = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

SWEEPS: dict[str, tuple[Any, ...]] = {
    "momentum": ("booth", "momentum", {"lr": Range(1e-3, 0.5, n=7), "momentum": [0.0, 0.5, 0.9, 1.0]}),
    "strip": ("beale", ["sgd", "nesterov", "adam"], {"lr": Range(1e-4, 2.0, n=9)}),
    "hidden": ("booth", "adam", {"beta2": [0.9, 0.99], "lr": [0.01, 0.1], "beta1": [0.0, 0.9], "starts": 3}),
    "stopped": ("booth", "momentum", {"lr": [0.01, 0.05], "weight_decay": [0.0, 0.1], "stop": Stop(gtol=1e-2)}),
    "unbounded": ("saddle", ["sgd", "adam"], {"lr": [0.01, 0.1, 1.0]}),
}


def swept(kind: str) -> Record:
    function, optimizers, options = SWEEPS[kind]
    return sweep(function, optimizers, steps=60, **options)


@in_node
@pytest.mark.parametrize("kind", SWEEPS)
def test_the_runs_of_all_cells_are_those_of_the_sweep(kind):
    record = swept(kind)
    facts = reported(document(record, measure="final"))
    source = emit_sweep(record).source
    found = node.run(
        f"{source}\n{asset('live_race')}\n{asset('cell_runs')}\nconst out=[];"
        "data.map.maps.forEach((one,map)=>{"
        "for(let row=0;row<one.rows;row++)for(let column=0;column<one.columns;column++){"
        "const setting=cellSetting(data.map,{map,row,column}),runs=cellRuns(data.live,emitted,setting);"
        "for(const run of runs)for(let k=11;!run.advance(k);)k+=11;"
        "out.push({...setting,runs:runs.map(({x,loss,...run})=>run)})}});result=out;",
        facts,
    )
    runs, labels = record.trajectories.runs, list(record.meta.optimizers)
    starts = len(facts["live"]["starts"])
    assert len(found) * starts == len(runs["final"]) / (2 if kind == "hidden" else 1)
    for cell in found:
        mine = runs["label"] == labels[cell["optimizer"]]
        for name, value in cell["values"].items():
            mine &= runs[name] == value
        where = np.flatnonzero(mine)
        assert len(where) == starts
        for run, i in zip(cell["runs"], where, strict=True):
            assert (run["status"], run["reason"]) == (runs["status"][i], runs["reason"][i])
            assert float(run["final"]) == pytest.approx(runs["final"][i], rel=1e-9, abs=1e-12, nan_ok=True)
            for name in ("stopped", "reached"):
                assert (-1 if run[name] is None else run[name]) == filled(runs[name])[i]


def test_the_map_has_the_shades_and_the_boundary_of_the_heat_map():
    record = sweep("booth", "momentum", lr=[0.01, 0.1, 1.0], momentum=[0.0, 0.5, 1.0], steps=40)
    page = reported(document(record))
    (drawn,) = page["map"]["maps"]
    assert (drawn["rows"], drawn["columns"], drawn["best"]) == (3, 3, [1, 1])
    assert drawn["failed"]
    boundary = drawn["boundary"]
    assert boundary["along"] == "down"
    assert boundary["curvature"] == pytest.approx(18)
    assert boundary["places"][:2] == pytest.approx([1.5 + np.log10(2 / 1.8), 1.5 + np.log10(3 / 1.8)])
    assert boundary["places"][2] is None  # no momentum of 1 is stable
    assert boundary["formulas"][1] == "2(1 + β)/λ"
    assert reported(document(record, along="momentum"))["map"]["strip"]


@pytest.mark.parametrize(
    ("optimizer", "bound"),
    [("sgd", 2 / 18), ("heavy_ball", 3.8 / 18), ("averaged_momentum", 38 / 18), ("nesterov", 3.8 / 2.8 / 18)],
)
@pytest.mark.sample(2)
def test_runs_are_stable_just_below_the_boundary_and_unstable_just_above(optimizer, bound):
    record = sweep("booth", optimizer, lr=[0.98 * bound, 1.02 * bound], steps=4000, record_steps=1000)
    (stable,) = (one["stable"] for one in emit_sweep(record).facts["optimizers"])
    assert stable["lr"] == pytest.approx([bound])
    below, above = record.trajectories.loss[:, -1] / record.trajectories.loss[:, 0]
    assert below < 1e-6
    assert not above < 1


@pytest.mark.parametrize(
    ("function", "optimizer", "options"),
    [
        ("booth", "adam", {"lr": [0.1, 1.0]}),  # its scaling changes along the run
        ("booth", "sgd(lr=0.1)", {"weight_decay": [0.0, 0.1]}),
        ("booth", "sgd", {"lr": [0.1, 1.0], "weight_decay": [0.0, 0.1]}),
        ("saddle", "sgd", {"lr": [0.1, 1.0]}),  # no minimum
    ],
)
def test_no_boundary_is_drawn_where_theory_knows_none(function, optimizer, options):
    record = sweep(function, optimizer, steps=5, **options)
    assert emit_sweep(record).facts["optimizers"][0]["stable"] is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (lambda: sweep("booth", "sgd", lr=Range(0.01, 1), design="sobol", count=4, steps=5), "drawn, and a map needs"),
        (lambda: sweep("booth", "sgd(lr=0.1)", starts=3, steps=5), "this plot needs 1 hyper-parameter"),
        (lambda: sweep("forrester", "sgd", lr=[0.1, 0.2], steps=5), "needs a function of 2 coordinates; save the"),
        (lambda: sweep("booth", "clip(sgd, norm=1)", lr=[0.1, 0.2], steps=5), "Clip|lr"),
        (lambda: sweep("booth", "bfgs", max_step=[0.1, 0.2], steps=5), "save the sweep as a picture|unknown"),
        (lambda: sweep(tilted_bowl, "sgd", lr=[0.1, 0.2], steps=5), "pass it: live=landscapes.emit_sweep"),
    ],
)
def test_what_no_page_can_repeat_is_refused(record, reason, tmp_path):
    with pytest.raises(InputError, match=reason):
        render.save(record(), tmp_path / "sweep.html")
    assert not list(tmp_path.iterdir())


def test_a_function_of_ones_own_is_passed(tmp_path):
    record = sweep(tilted_bowl, "sgd", lr=[0.1, 0.2], steps=5)
    path = render.save(record, tmp_path / "own.html", live=emit_sweep(record, tilted_bowl))
    assert reported(path.read_text(encoding="utf-8"))["live"]["function"] == "tilted_bowl"
    for options, reason in (({"live": False}, "live must be True"), ({"seconds": 3}, "no duration")):
        with pytest.raises(InputError, match=reason):
            render.save(record, tmp_path / "other.html", **options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--dtype", "float32"], "computes in float64"),
        (["--design", "sobol", "--count", "4"], "needs a grid"),
        (["--size", "300x200"], "--size does not apply to .html"),
    ],
)
def test_the_command_line_refuses_before_the_sweep(options, reason, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "booth", "-O", "sgd", "--set", "lr=0.01..0.1", "-o", "sweep.html", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, list(tmp_path.iterdir())) == ("", [])
    assert reason in err


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    command = ["sweep", "booth", "-O", "momentum", "--set", "lr=0.001,0.01,0.1,1", "--set", "momentum=0,0.5,0.9"]
    assert main([*command, "--steps", "40", "-o", str(folder / "sweep.html")]) == 0
    return folder / "sweep.html"


@in_browser
@pytest.mark.slow
def test_the_cell_under_the_pointer_draws_its_run(browser, saved):
    browser.open(saved.as_uri(), wide=1280, high=720)
    best = browser.text("#cell")
    assert best.startswith("Momentum: learning rate 0.1, momentum 0")
    x, y, wide, _ = browser.box("#map")
    before = browser.picture()
    browser.point(x + wide - 20, y + 20)
    hovered = browser.text("#cell")
    assert "learning rate 1, momentum 0.9" in hovered
    assert "diverged at step" in hovered
    assert "above 2(1 + β)/λ = 0.2111" in hovered
    assert browser.picture() != before
    browser.point(2, 2)
    assert browser.text("#cell") == best
    browser.run("document.querySelector('#map').focus()")
    browser.key("ArrowLeft")
    browser.key("ArrowRight")
    browser.key("ArrowRight")
    pinned = browser.text("#cell")
    assert "momentum 0.5" in pinned or "momentum 0.9" in pinned
    assert "below 2(1 + β)/λ" in pinned
    assert browser.run("document.querySelector('#race').getAttribute('aria-label')").startswith(pinned[:30])
    address = browser.run("location.hash")
    assert address.startswith("#cell=0,2,")
    browser.ask("Page.navigate", url="about:blank")
    browser.open(saved.as_uri() + address, wide=360, high=740, dark=True)
    assert browser.text("#cell") == pinned
    assert browser.run("document.documentElement.scrollWidth") <= 360
    assert browser.complaints() == []
    assert {url.partition("#")[0] for url in browser.requests() if not url.startswith("blob:")} == {saved.as_uri()}


def test_all_texts_of_the_page_are_words():
    texts = {text for name in ("map", "sweep") for text in re.findall(r'say\("([^"]+)"', asset(name))}
    assert texts <= set(render.words())
