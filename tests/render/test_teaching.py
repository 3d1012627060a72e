"""Explained steps on live pages, and the game of guessing names, in a real browser; formulas are tested in node."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from test_live_page import asset

from landscapes import race, render
from landscapes.experiments._emit_race import emit_race

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def record():
    return race("booth", ["sgd(lr=0.1)", "momentum(lr=0.02)", "prodigy"], steps=40, resolution=33)


@pytest.fixture(scope="module")
def saved(record, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render.save(record, tmp_path_factory.mktemp("teaching") / "race.html", live=True)


def choose(browser: Browser, label: str) -> None:
    browser.run(
        "(s => { s.value = [...s.options].find(o => o.text === '" + label + "').value;"
        "s.dispatchEvent(new Event('change')); })(document.querySelector('#lesson select'))"
    )
    browser.frames(3)


def numbers(text: str) -> list[float]:
    return [float(one) for one in text.replace("−", "-").strip("()").split(",")]


@pytest.mark.slow
@pytest.mark.parametrize(("wide", "high"), [(1280, 720), (390, 844)])
def test_a_reader_goes_through_the_steps(browser, saved, record, wide, high):
    browser.open(saved.as_uri(), wide=wide, high=high)
    before = browser.picture()
    browser.run("document.querySelector('#explain').click()")
    browser.frames(3)
    assert browser.text("#update") == "step 1 of 40"
    assert browser.picture() != before
    moves = record.trajectories.x[:, 1:] - record.trajectories.x[:, :-1]
    choose(browser, "Momentum")
    browser.run("document.querySelector('#on').click()")
    browser.key("ArrowRight")
    assert browser.text("#update") == "step 3 of 40"
    text = browser.text("#lines")
    assert "b ← μ·b + g= 0.9·(" in text
    assert "Δx ← −lr·b= −0.02·(" in text
    found = re.findall(r"\([^()]*\)(?=the arrows|$)", text.replace("the arrows", "the arrows", 1))
    assert numbers(found[0]) == pytest.approx(moves[1, 2], rel=6e-3)
    browser.run("document.querySelector('#back').click()")
    browser.frames(3)
    assert browser.text("#update") == "step 2 of 40"
    choose(browser, "Prodigy")
    assert "this step has no formula here: gradient and step are shown" in browser.text("#lines")
    assert browser.run("document.documentElement.scrollWidth") <= wide
    assert browser.complaints() == []


@pytest.mark.slow
def test_raised_momentum_changes_the_formula(browser, saved):
    browser.open(saved.as_uri() + "#1.momentum=0.5", wide=1280, high=720)
    browser.run("document.querySelector('#explain').click()")
    browser.frames(3)
    assert "μ·b" in browser.text("#lines")


@pytest.mark.slow
def test_names_are_hidden_and_revealed(browser, saved):
    browser.open(saved.as_uri(), wide=1280, high=720)
    names = "[...document.querySelectorAll('#legend .name')].map(e => e.textContent)"
    assert browser.run(names) == ["SGD", "Momentum", "Prodigy"]
    colors = "[...document.querySelectorAll('#legend li')].map(e => e.querySelector('path').getAttribute('stroke'))"
    own = dict(zip(browser.run(names), browser.run(colors), strict=True))
    browser.click("#game")
    assert browser.run(names) == ["A", "B", "C"]
    shuffled = browser.run(colors)
    assert not re.search("SGD|Momentum|Prodigy", browser.run("document.querySelector('#legend').innerText"))
    assert "Momentum" not in browser.run("document.querySelector('#race').getAttribute('aria-label')")
    browser.click("#game")
    revealed = dict(text.split(" = ")[::-1] for text in browser.run(names))
    assert {name: shuffled["ABC".index(letter)] for name, letter in revealed.items()} == own
    assert browser.complaints() == []


def test_all_texts_are_words():
    texts = {text for name in ("teaching", "lesson") for text in re.findall(r'say\("([^"]+)"', asset(name))}
    assert texts <= set(render.words())


def test_optimizers_without_formulas_say_so(record):
    facts = emit_race(record).facts["optimizers"]
    assert [one["lesson"] is None for one in facts] == [False, False, True]
    assert facts[0]["raised_lesson"]["lines"][-1][2] == "−lr·b"
