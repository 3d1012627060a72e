"""The live pages of studies: in node, their runs are those of `race`, and their verdicts follow the slider."""

from __future__ import annotations

import importlib
import importlib.util
from importlib.resources import files
from pathlib import Path

import node
import numpy as np
import pytest
from browser import CHROMIUM

from landscapes import race

STUDIES = Path(__file__).resolve().parents[2] / "gallery" / "studies"
SPEC = importlib.util.spec_from_file_location("studies_page", STUDIES / "page.py")
assert SPEC is not None
page = importlib.util.module_from_spec(SPEC)
assert SPEC.loader is not None
SPEC.loader.exec_module(page)
live = page.load_live()

VERDICTS = {
    "01_saddle": ("Only when", "Does not hold"),
    "03_rate_too_high": ("Does not hold", "Does not hold"),
    "08_data_scaling": ("Holds", "Does not hold"),
    "10_ravine": ("Holds", "Holds"),
    "11_plateau_and_cliff": ("Holds", "Holds"),
    "12_bias_correction": ("Holds", "Does not hold"),
    "13_two_momenta": ("Does not hold", "Does not hold"),
    "14_weight_decay": ("Does not hold", "Holds"),
    "15_unfair_races": ("Does not hold", "Does not hold"),
    "16_betas": ("Does not hold", "Holds"),
    "17_zero_grad": ("With momentum 0", "Holds"),
    "18_vanishing_gradients": ("Does not hold", "Holds"),
}
"""How the verdict begins at both ends of the slider; the studies say which holds in general."""


def test_each_study_has_a_page_with_one_slider(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDIES))
    measured = set(importlib.import_module("measure").STUDIES)
    assert set(live.LIVE) | measured == {script.stem for script in page.STUDIES}
    assert set(live.MEASURED) <= measured
    assert not set(live.LIVE) & set(live.MEASURED)
    text = (STUDIES.parent / "STUDIES.md").read_text(encoding="utf-8")
    assert all(f"{page.live_line(script, live)}\n" in text for script in page.STUDIES)


def asset(name: str) -> str:
    return files("landscapes.render.html").joinpath("assets", f"{name}.js").read_text(encoding="utf-8")


@pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
@pytest.mark.slow
@pytest.mark.parametrize("name", live.LIVE)
@pytest.mark.sample(3)
@pytest.mark.thin(4)
def test_runs_are_those_of_race_and_the_verdict_follows_the_slider(name):
    study, made = live.LIVE[name], live.playground(name)
    found = node.run(
        f"{made.script.source}\n{asset('live_race')}\n"
        "result=data.study.positions.map(({value,function:place,start,values})=>{"
        "const live=data.functions[place],f=emitted.functions[place],terms=raceTerms(live,f,start);emitted.f=f;"
        "const runs={},ends=[];data.optimizers.forEach((one,i)=>{"
        "const run=beginRun(live,emitted,one,start,live.steps,values[i],terms);run.advance(live.steps);"
        "runs[one.label]=verdictRun(run,live.origin);ends.push([run.status,run.stopped,run.final])});"
        "return[verdict(runs,value,x=>x.toPrecision(4)),ends]});",
        dict(made.script.facts),
    )
    assert len({sentence for sentence, _ in found}) > 1
    begins = VERDICTS[name]
    for (sentence, ends), value, beginning in zip(
        (found[0], found[-1]), (study.values[0], study.values[-1]), begins, strict=True
    ):
        assert sentence.startswith(beginning)
        record = race(
            study.function(value), study.optimizers(value), start=study.start(value), steps=study.steps, resolution=2
        )
        runs = record.trajectories.runs
        assert [status for status, _, _ in ends] == runs["status"].tolist()
        final = [float(last) for _, _, last in ends]
        np.testing.assert_allclose(final, record.trajectories.loss[:, -1], rtol=1e-6, atol=1e-12)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.slow
def test_the_page_has_one_slider_and_a_sentence(browser, tmp_path):
    name = "12_bias_correction"
    path = live.write(name, tmp_path / "study.html", *page.parse(STUDIES / f"{name}.py")[:2])
    browser.open(path.as_uri(), wide=1280, high=720)
    browser.wait("document.querySelector('#verdict').textContent.includes('3.162 times')")
    sliders = "[...document.querySelectorAll('input[type=range]')].filter(e => e.checkVisibility()).map(e => e.id)"
    assert browser.run(sliders) == ["scrub", "position"]
    browser.run("document.querySelector('#position').focus()")
    browser.key("Home")
    browser.wait("document.querySelector('#verdict').textContent.startsWith('Holds here: at β₂ = 0.5')")
    assert browser.text("#study output") == "0.5"
    assert browser.complaints() == []
    assert path.stat().st_size < 120_000


@pytest.mark.parametrize("name", live.MEASURED)
def test_measured_runs_are_whole_and_their_sentences_follow_the_slider(name):
    study = live.MEASURED[name]
    positions = study["positions"]
    assert len(positions) >= 4
    assert len({one["verdict"] for one in positions}) == len(positions)
    assert 0 <= study["usual"] < len(positions)
    assert len({tuple(run["label"] for run in one["runs"]) for one in positions}) == 1
    for run in (run for one in positions for run in one["runs"]):
        assert len(run["steps"]) == len(run["values"]) > 20
        assert run["steps"] == sorted(set(run["steps"]))
        assert any(value is not None for value in run["values"])


@pytest.mark.slow
def test_measuring_again_gives_the_same_curves_and_sentence(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDIES))
    measure = importlib.import_module("measure")
    kept = live.MEASURED["19_adam_fails"]["positions"][2]
    [made] = measure.adam_fails([kept["value"]])["positions"]
    assert made["runs"] == kept["runs"]
    assert made["verdict"].replace("-", "−") == kept["verdict"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.slow
def test_the_page_of_measured_runs_shows_the_curves_of_its_position(browser, tmp_path):
    name = "19_adam_fails"
    path = live.write(name, tmp_path / "study.html", *page.parse(STUDIES / f"{name}.py")[:2])
    positions, usual = live.MEASURED[name]["positions"], live.MEASURED[name]["usual"]
    browser.open(path.as_uri(), wide=1280, high=720)
    assert browser.text("#verdict") == positions[usual]["verdict"]
    losses = "[...document.querySelectorAll('#legend .loss')].map(e => e.textContent)"
    before = browser.run(losses)
    browser.run("document.querySelector('#position').focus()")
    browser.key("End")
    assert browser.text("#verdict") == positions[-1]["verdict"]
    shown = [f"{run['values'][-1]:.4g}".replace("-", "−") for run in positions[-1]["runs"]]
    assert browser.run(losses) == shown != before
    assert "measured runs" in browser.text("#study .differs:last-child")
    address = browser.run("location.hash")
    browser.ask("Page.navigate", url="about:blank")
    browser.open(path.as_uri() + address, wide=390, high=844)
    assert browser.text("#verdict") == positions[-1]["verdict"]
    assert browser.run("document.documentElement.scrollWidth") == 390
    assert browser.complaints() == []
    assert path.stat().st_size < 120_000


def test_the_site_links_to_the_pages_that_it_has(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(STUDIES.parents[1] / "docs" / "_ext"))
    links, pages = (importlib.import_module(f"landscapes_docs.{name}") for name in ("live_studies", "pages"))
    site = pages.Site(tmp_path / "docs")
    (site.extra / links.FOLDER).mkdir(parents=True)
    (site.extra / links.FOLDER / "16_betas.html").touch()
    lines = [page.live_line(STUDIES / f"{name}.py", live) for name in ("16_betas", "01_saddle")]
    assert links.linked(site, "\n".join(lines)).splitlines() == [
        '<a href="studies/live/16_betas.html">Live page, with a slider (β₁)</a>',
        lines[1],
    ]
