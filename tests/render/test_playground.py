"""Playgrounds: pages of several functions and optimizers, and what their controls do in a real browser."""

from __future__ import annotations

import ast
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from browser import CHROMIUM, Browser
from PIL import Image
from test_html import NASTY, reported

import landscapes
from landscapes import InputError, formula, function, playground, render
from landscapes.experiments.function_code import code_of
from landscapes.functions import get
from landscapes.record import filled
from landscapes.render.html._page import document

in_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@function((-3, 3), (-3, 3), title=NASTY[0])
def own(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x**2 + 3 * torch.sin(y) ** 2 + x * y / 4


FUNCTIONS = ["beale", get("booth").shifted((1, 0.5)), formula("x**2 + 3*y**2", [(-2, 2), (-1, 3)]), own]

RACING = {"SGD": "sgd(lr=0.01)", "Momentum": "momentum(lr=0.003)", NASTY[0]: "adam(lr=0.1)"}

MORE = ["rmsprop(lr=0.02)", "noise(adamw(lr=0.1), sigma=0.2)"]


@pytest.fixture(scope="module")
def made() -> landscapes.Playground:
    return playground(FUNCTIONS, RACING, more=MORE, steps=60, resolution=33)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (([],), "functions must be 1 to 50 functions"),
        ((["rosenbrock", "forrester"],), "needs functions of 2 coordinates, forrester has 1"),
        ((["beale", "beale"],), "two functions have the name 'beale'"),
        ((["noisy_bowl"],), "noisy_bowl cannot be written as JavaScript: it is stochastic"),
        ((["booth"], ["bfgs"]), "BFGS cannot be written as JavaScript: it is not a first-order optimizer"),
        ((["booth"], []), "needs an optimizer that races at first"),
        ((["booth"], 3), "an optimizer must be a name"),
        ((["booth"], [f"sgd(lr={n}e-3)" for n in range(1, 42)]), "at most 40 optimizers, got 41"),
    ],
)
def test_what_no_page_can_hold_is_refused(arguments, reason):
    with pytest.raises(InputError, match=reason):
        playground(*arguments)


def test_a_playground_is_saved_as_a_page_alone(made, tmp_path):
    with pytest.raises(InputError, match=r"a playground is saved as a page, .html, not as 'play.png'"):
        render.save(made, tmp_path / "play.png")
    with pytest.raises(InputError, match="a playground is always live"):
        render.save(made, tmp_path / "play.html", live=False)
    assert not list(tmp_path.iterdir())


def test_functions_have_the_python_that_makes_them():
    for f in FUNCTIONS[1:3]:
        code = code_of(f)
        space: dict[str, Any] = {}
        exec("\n".join([*code.imports, f"f = {code.expression}"]), space)
        assert torch.equal(space["f"]([0.3, 0.7]), f([0.3, 0.7]))
    assert code_of(own).expression == "own"
    changed = get("beale").with_view([(0, 1), (0, 1)])
    assert code_of(changed).expression == '"beale"'


@pytest.mark.slow
def test_pages_are_small():
    one = playground("beale")
    assert len(document(one).encode()) <= 120_000
    rates = [f"{name}(lr=0.01)" for name in TWENTY]
    ten = playground(TEN, rates, steps=20)
    assert len(document(ten).encode()) <= 250_000
    assert len(ten.optimizers) == 20


TEN = (
    "beale", "himmelblau", "rosenbrock", "ackley", "rastrigin", "booth", "three_hump_camel", "griewank", "levy",
    "goldstein_price",
)  # fmt: skip

TWENTY = (
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "adamax", "nadam", "radam", "amsgrad", "lion",
    "adadelta", "rprop", "asgd", "adabelief", "yogi", "adan", "heavy_ball", "rmsprop_centered",
)  # fmt: skip


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render.save(made, tmp_path_factory.mktemp("play") / "play.html")


@pytest.fixture
def show(browser, saved):
    """Opens the page; what it complains of or asks for fails the test in the end."""

    def opened(fragment: str = "", **window) -> Browser:
        browser.ask("Page.navigate", url="about:blank")
        browser.open(saved.as_uri() + fragment, **{"wide": 1280, "high": 860} | window)
        browser.frames(4)
        return browser

    yield opened
    assert browser.complaints() == []
    assert {url.partition("#")[0] for url in browser.requests() if not url.startswith("blob:")} == {saved.as_uri()}


def choose(browser: Browser, selector: str, value: str) -> None:
    browser.run(
        f"(s => {{ s.value = {json.dumps(value)}; s.dispatchEvent(new Event('change', {{bubbles: true}})); }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )
    browser.frames(4)


def losses(browser: Browser) -> dict[str, str]:
    """What the standings show: loss and outcome of each optimizer."""
    rows = browser.run(
        "[...document.querySelectorAll('#legend li')].map(row => [row.querySelector('.name').textContent, "
        "row.querySelector('.loss').textContent, row.querySelector('.outcome').textContent])"
    )
    return {name: f"{loss} {outcome}".strip() for name, loss, outcome in rows}


def python(browser: Browser) -> str:
    browser.run("document.querySelector('#copy').click()")
    code = browser.run("document.querySelector('#code').value")
    browser.run("document.querySelector('dialog').close()")
    return str(code)


def repeated(code: str) -> dict[str, str]:
    """What the standings show of the race that lines of Python give."""
    space: dict[str, Any] = {"function": own}
    exec(code.replace("from test_playground import own", "").replace("    own,", "    function,"), space)
    record = space["record"]
    words = {"diverged": "diverged at step {}", "converged": "target at step {}", "max_steps": "target not reached"}
    if record.meta.target is None:
        words["max_steps"] = ""
    runs, shown = record.trajectories.runs, {}
    for i, label in enumerate(runs["label"].tolist()):
        status, loss = str(runs["status"][i]), float(record.trajectories.loss[i, -1])
        step = filled(runs["stopped" if status == "diverged" else "reached"])[i]
        text = (
            f"{loss:.4g}" if 1e-4 <= abs(loss) < 1e5 else re.sub(r"e([+-])0?", r"e\1", f"{loss:.4g}").replace("e+", "e")
        )
        shown[label] = f"{'' if status == 'diverged' else text.replace('-', '−')} {words[status].format(step)}".strip()
    return shown


@in_browser
@pytest.mark.slow
def test_the_lines_of_python_repeat_what_the_page_shows(show):
    page = show()
    assert losses(page) == repeated(python(page))
    choose(page, "#function", "1")
    assert page.run("document.title") == "Booth, shifted by (1, 0.5)"
    choose(page, "#add", "3")
    choose(page, "#add", "0")
    choose(page, "#noise", "normal")
    choose(page, "#clip", "norm")
    choose(page, "#schedule", "cosine")
    choose(page, "[aria-label='noise: sigma']", "0.5")
    choose(page, "[aria-label='seed']", "7")
    choose(page, ".number[aria-label='SGD 2: momentum']", "0.5")
    choose(page, "#steps", "80")
    found, code = losses(page), python(page)
    assert list(found) == [*RACING, "RMSprop", "SGD 2"]
    assert "cosine(sgd(lr=0.01, momentum=0.5))" in code
    assert found == repeated(code)

    page.wait("location.hash.includes('steps=80') && location.hash.includes('copy')")
    address = page.run("location.hash")
    again = show(address)
    assert losses(again) == found
    assert python(again) == code
    again.run("document.querySelector('#legend li:last-child .remove').click()")
    again.frames(3)
    assert list(losses(again)) == [*RACING, "RMSprop"]
    again.run("document.querySelector('#reset').click()")
    again.frames(3)
    assert list(losses(again)) == list(RACING)
    assert again.run("document.querySelector('#function').value") == "1"

    for fragment in (
        "#around=lookahead,4,0.7&schedule=plateau,0.5,3",
        "#around=sam,0.2&schedule=multi_step,0.5,20,30,30&noise=0.1&seed=3",
        "#around=reset,0,20,0&clip=1",
    ):
        page = show(fragment)
        assert page.text("#note") == ""
        assert losses(page) == repeated(python(page))
    choose(page, "#schedule", "multi_step")
    choose(page, "[aria-label='schedule: at']", "9, 5")
    assert "multi_step(reset(sgd(lr=0.01), at=0, every=20, patience=0), at=(5, 9))" in python(page)
    choose(page, "[aria-label='other wrappers: every']", "0")
    assert "> 0" in page.text("#note")
    page = show()

    for place in ("2", "3"):
        choose(page, "#function", place)
        assert losses(page) == repeated(python(page))


@in_browser
@pytest.mark.slow
def test_a_reader_types_a_formula(show):
    page = show()
    choose(page, "#function", "formula")
    choose(page, "#formula", "(x - 1)**2 + 2*y**4 + sin(3*x)*y")
    code = python(page)
    assert 'formula("(x - 1)**2 + 2*y**4 + sin(3*x)*y", [(-5, 5), (-5, 5)])' in code
    found, expected = losses(page), repeated(code)
    assert {name: text.split(" ")[0] for name, text in found.items()} == {
        name: text.split(" ")[0] for name, text in expected.items()
    }
    page.wait("document.querySelector('#found').textContent.startsWith('found at (')")
    page.frames(4)
    assert losses(page) == repeated(code)
    choose(page, "#lowest", "-3")
    assert page.text("#found") == "given"
    given = python(page)
    assert "[(-5, 5), (-5, 5)], minimum=-3)" in given
    assert losses(page) == repeated(given)
    choose(page, "#lowest", "")
    assert python(page) == code
    choose(page, "#formula", "x + flor(y)")
    wrong = page.text("#wrong").splitlines()
    assert wrong[0] == "character 5: unknown function 'flor'. Did you mean floor?"
    assert wrong[1:] == ["  x + flor(y)", "      ^^^^"]
    assert python(page) == code
    choose(page, "#formula", "x + y + 1e400")
    assert "exceeds the largest floating-point number" in page.text("#wrong")
    page = show("#formula=x**2%2By**2&box=-1,2,-3,4&start=1,2")
    assert 'formula("x**2+y**2", [(-1, 2), (-3, 4)])' in python(page)
    assert page.run("document.querySelector('#function').value") == "formula"


@in_browser
@pytest.mark.slow
def test_a_surface_that_is_no_longer_wanted_is_never_drawn(show):
    page = show()
    time.sleep(0.3)
    drawn = "document.querySelector('#surface').toDataURL()"
    expected = page.wait(f"{drawn}.length > 20000 && {drawn}")
    slow = " + ".join(["sin(x*y)**2"] * 150)
    page.run(
        "(choose => { choose('#function', 'formula'); choose('#formula', "
        f"{json.dumps(slow)}); choose('#function', '0'); }})"
        "((s, v) => { const e = document.querySelector(s); e.value = v; "
        "e.dispatchEvent(new Event('change', {bubbles: true})); })"
    )
    for _ in range(20):
        page.frames(2)
        assert page.run(drawn) == expected
        time.sleep(0.05)
    page.run("location.hash = '#formula=' + encodeURIComponent('x**2 + 2*y**2')")
    page.wait("document.querySelector('#found').textContent === 'found at (0, 0), not proven'")


@in_browser
@pytest.mark.slow
def test_rubbish_in_the_address_is_ignored_and_said(show):
    page = show("#f=nothing&formula=alert(1)&noise=-1&noise=a,b&schedule=x&clip=0&race=99&copy99=1&seed=-1&%=%")
    for part in ("f=nothing", "formula=alert(1)", "noise=-1", "schedule=x", "clip=0", "race=99"):
        assert part in page.text("#note")
    assert losses(page) == repeated(python(page))


@in_browser
@pytest.mark.slow
def test_a_finger_drags_the_start(show):
    page = show(wide=390, high=844)
    x, y, wide, high = page.box("#start")
    x, y = x + wide / 2, y + high / 2
    page.ask("Emulation.setTouchEmulationEnabled", enabled=True)
    page.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    for k in (10, 20, 40):
        page.ask("Input.dispatchTouchEvent", type="touchMove", touchPoints=[{"x": x + k, "y": y + k}])
    page.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    page.ask("Emulation.setTouchEmulationEnabled", enabled=False)
    page.frames(4)
    assert "start=(0.6, 1.4)" not in python(page)
    assert losses(page) == repeated(python(page))


@in_browser
@pytest.mark.slow
def test_controls_have_names_and_are_reached_by_keys(show):
    page = show("#noise=0.1&schedule=one_cycle")
    nameless = page.run(
        "[...document.querySelectorAll('button, select, input, textarea')].filter(e => e.checkVisibility() && "
        "!(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim())).map(e => e.outerHTML)"
    )
    assert nameless == []
    reached = set()
    page.run("document.body.focus()")
    for _ in range(60):
        page.ask("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        reached.add(page.run("document.activeElement.id || document.activeElement.className"))
    assert {"function", "start", "add", "noise", "schedule", "copy", "png", "more", "toggle"} <= reached


@in_browser
@pytest.mark.slow
@pytest.mark.parametrize(("wide", "high"), [(390, 800), (1280, 860)])
def test_the_picture_shows_the_plots(show, tmp_path, wide, high):
    page = show("#noise=0.1", wide=wide, high=high)
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("document.querySelector('#png').click()")
    end = time.monotonic() + 20
    while not (files := list(tmp_path.glob("*.png"))) and time.monotonic() < end:
        time.sleep(0.1)
    pixels = np.asarray(Image.open(io.BytesIO(files[0].read_bytes())).convert("RGB"))
    assert files[0].name == "beale.png"
    assert pixels.shape[1] > 0.9 * min(wide, 1000)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


@in_browser
@pytest.mark.slow
@pytest.mark.parametrize(("wide", "high"), [(390, 800), (1280, 720)])
def test_nothing_is_wider_than_the_window(show, wide, high):
    page = show("#f=own&noise=student,0.1,3&schedule=one_cycle&clip=1&race=1,2,3,4,5", wide=wide, high=high)
    assert page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_hostile_titles_and_labels_are_text(made):
    text = document(made)
    assert "<img" not in text.replace("\\u003c", "")
    assert reported(text)["scenes"][3]["title"] == NASTY[0].strip() or "\\u003c" in text
    assert ast.literal_eval(repr(made.optimizers))[2] == NASTY[0]
