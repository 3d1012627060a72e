"""The page of a race in a real browser: what each control does, what is drawn, and that nothing leaves the page."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from browser import CHROMIUM, Browser
from numpy.typing import NDArray
from PIL import Image
from render_records import GOAL, START, VIEW, arc, converging, diverging, leaving, record
from test_words import OTHER, english

from landscapes import render
from landscapes.record import Record
from landscapes.render.theme import THEMES, styles

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]

LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 26
"""Margins of the map in its element, as in map.js."""

PLAY, SCRUB, COUNTER, NOTE = "#play", "#scrub", "#counter", "#tooltip"

Pixels = NDArray[np.uint8]


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of a race; what it complains of or asks for fails the test in the end."""

    def opened(
        race: Record, *, seconds: float = 8.0, theme=("light", "dark"), title=None, options=None, **window
    ) -> Browser:
        more = options or {}
        path = render.save(race, tmp_path / "race.html", seconds=seconds, theme=theme, title=title, **more)
        browser.open(path.as_uri(), **window)
        browser.point(2, 2)
        return browser

    yield opened
    assert browser.complaints() == []
    assert browser.requests() == [(tmp_path / "race.html").as_uri()]


def step(browser: Browser) -> int:
    return int(re.sub(r"\D", "", browser.text(COUNTER)))


def place(browser: Browser, point: tuple[float, float], race: Record | None = None) -> tuple[float, float]:
    """Where a point of the landscape is in the window, while the map shows all of it."""
    x, y, wide, high = browser.box("#race")
    across, up = ((part - low) / (high_ - low) for part, (low, high_) in zip(point, VIEW, strict=True))
    return x + LEFT + across * (wide - LEFT - RIGHT), y + TOP + (1 - up) * (high - TOP - BOTTOM)


def pixels(browser: Browser) -> Pixels:
    return np.array(Image.open(io.BytesIO(browser.picture())).convert("RGB"))


def within(browser: Browser, selector: str) -> Pixels:
    """The pixels of an element, at one pixel a CSS pixel."""
    x, y, wide, high = (round(part) for part in browser.box(selector))
    return pixels(browser)[y : y + high, x : x + wide]


def colors(labels: list[str], theme: str = "light") -> list[tuple[int, ...]]:
    return [tuple(round(255 * part) for part in style.color) for style in styles(labels, THEMES[theme])]


def faded(label: str) -> tuple[int, ...]:
    """The colour of a run's trail where it is oldest, in the light theme."""
    look = THEMES["light"]
    pairs = zip(styles([label], look)[0].color, look.faded, strict=True)
    return tuple(round(255 * (one + look.fade * (other - one))) for one, other in pairs)


def count(picture: Pixels, color: tuple[int, ...]) -> int:
    """How many pixels have a colour, or nearly."""
    return int((np.abs(picture.astype(int) - color).max(-1) <= 2).sum())


def test_it_plays_by_itself_and_again_and_stops_at_the_space_bar(show):
    page = show(converging(2), seconds=1.0, still=False)
    page.wait(f"document.querySelector('{COUNTER}').textContent.endsWith('40')")
    assert page.run(f"document.querySelector('{PLAY}').getAttribute('aria-label')") == "pause"
    page.wait(f"parseInt(document.querySelector('{SCRUB}').value) < 20")  # it has begun again
    assert page.run(PERIOD) == pytest.approx(1.0, abs=0.15)
    page.key(" ")
    now = step(page)
    time.sleep(0.3)
    assert step(page) == now
    assert page.run(f"document.querySelector('{PLAY}').getAttribute('aria-label')") == "play"


def test_a_reader_who_wants_no_motion_sees_the_end_and_may_play(show):
    page = show(converging(2), seconds=1.0, still=True)
    assert step(page) == 40
    time.sleep(0.4)
    assert step(page) == 40
    page.click(PLAY)
    page.wait(f"parseInt(document.querySelector('{SCRUB}').value) < 30")
    page.wait(f"parseInt(document.querySelector('{SCRUB}').value) === 40")


def test_scrubbing_shows_that_step(show):
    race = converging(1)
    page = show(race, still=False)
    page.run(
        f"(bar => {{ bar.value = 13; bar.dispatchEvent(new Event('input')); }})(document.querySelector('{SCRUB}'))"
    )
    page.frames()
    assert step(page) == 13
    time.sleep(0.2)
    assert step(page) == 13  # it plays no longer
    assert page.run(f"document.querySelector('{SCRUB}').getAttribute('aria-valuetext')") == "step 13 of 40"
    x, y, wide, high = page.box(SCRUB)
    for kind in ("mousePressed", "mouseReleased"):
        page.point(x + 0.5 * wide, y + high / 2, kind, button="left", clickCount=1)
    assert abs(step(page) - 20) <= 1


def test_keys_step_and_jump(show):
    page = show(converging(2))
    for key, shift, expected in [
        ("Home", False, 0), ("ArrowRight", False, 1), ("ArrowRight", True, 11), ("ArrowLeft", False, 10),
        ("ArrowLeft", True, 0), ("ArrowLeft", False, 0), ("End", False, 40), ("ArrowRight", False, 40),
    ]:  # fmt: skip
        page.key(key, shift=shift)
        assert step(page) == expected, key


PERIOD = """new Promise(done => {
  const bar = document.querySelector("#scrub");
  let before = 0, begin = null;
  const look = now => {
    const step = Number(bar.value), again = step < before;
    if (again && begin !== null) done((now - begin) / 1000);
    if (again && begin === null) begin = now;
    before = step;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
"""Seconds from one restart to the next while it plays."""


PACE = """new Promise(done => {
  const bar = document.querySelector("#scrub");
  let from = null, begin = 0;
  const look = now => {
    const step = Number(bar.value);
    if (from === null && step > 0) [from, begin] = [step, now];
    if (from !== null && step - from >= 300) done(1000 * (step - from) / (now - begin));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
"""Steps a second while it plays."""


def test_an_invalid_speed_is_refused(show):
    page = show(converging(2, steps=4000), seconds=6.4)  # 4 seconds of motion
    pace = {}
    for speed in (0.5, 2):
        page.key("Home")
        choose = f"choice.value = '{speed}'; choice.dispatchEvent(new Event('change'));"
        page.run(f"(choice => {{ {choose} }})(document.querySelector('#speed'))")
        page.click(PLAY)
        pace[speed] = page.run(PACE)
    assert 300 < pace[0.5] < 600  # a busy machine may be slower, never faster
    assert 2.2 * pace[0.5] < pace[2] < 2400


@pytest.mark.parametrize("dark", [False, True])
def test_heads_are_where_the_runs_are_in_their_colours(show, dark):
    race = record([arc(40, bend) for bend in (-0.35, -0.1, 0.12)])
    inks = colors(["SGD", "Momentum", "Nesterov"], "dark" if dark else "light")
    page = show(race, dark=dark)
    for now in (3, 12, 17):
        page.key("Home")
        for _ in range(now // 10):
            page.key("ArrowRight", shift=True)
        for _ in range(now % 10):
            page.key("ArrowRight")
        assert step(page) == now
        picture = pixels(page)
        for run, ink in enumerate(inks):
            x, y = place(page, race.trajectories.x[run, now])
            assert np.abs(picture[int(y), int(x)].astype(int) - ink).max() <= 2


def test_the_map_is_the_function_in_the_theme(show):
    page = show(converging(1), theme="light", wide=960, high=560)
    picture = pixels(page)
    rgb = [np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) for color in THEMES["light"].fill]
    low, high = rgb[0], rgb[-1]
    bright = []
    for away in (0.15, 0.5, 0.9):
        x, y = (round(part) for part in place(page, (GOAL[0] + away, GOAL[1] - away / 2)))
        bright.append(int(np.median(picture[y - 8 : y + 8, x - 8 : x + 8].astype(int).sum(-1))))
    assert low.sum() - 5 <= bright[0] < bright[1] < bright[2] <= high.sum()
    x, y = place(page, (GOAL[0], GOAL[1]))
    assert (
        np.abs(picture[int(y) - 30 : int(y) + 30, int(x) - 30 : int(x) + 30].astype(int) - (0xFF, 0xD2, 0x3F)).max(-1)
        < 3
    ).any()


def test_each_run_can_be_switched_off_and_on(show):
    page = show(converging(3))
    inks = colors(["SGD", "Momentum", "Nesterov"])
    page.key("Home")
    page.key("ArrowRight", shift=True)
    before = [(count(within(page, "#contour"), ink), count(within(page, "#panel"), ink)) for ink in inks]
    assert all(min(both) > 20 for both in before)
    for run, ink in enumerate(inks, 1):
        button = f"#legend li:nth-child({run}) button"
        page.click(button)
        page.point(2, 2)
        assert page.run(f"document.querySelector('{button}').getAttribute('aria-pressed')") == "false"
        assert count(within(page, "#contour"), ink) == count(within(page, "#panel"), ink) == 0
        page.click(button)
        page.point(2, 2)
        assert page.run(f"document.querySelector('{button}').getAttribute('aria-pressed')") == "true"
    assert [(count(within(page, "#contour"), ink), count(within(page, "#panel"), ink)) for ink in inks] == before


def test_an_overlapping_trail_has_gaps_only_while_the_other_is_shown(show):
    twins = record([arc(40, 0.2)] * 2)
    page = show(twins)
    first, second = faded("SGD"), faded("Momentum")
    both = within(page, "#contour")
    assert count(both, first) > 40  # seen through the gaps
    page.click("#legend li:nth-child(1) button")
    page.point(2, 2)
    alone = within(page, "#contour")
    assert count(alone, first) == 0
    assert count(alone, second) > 1.3 * count(both, second)


def test_hovering_states_step_loss_and_learning_rate(show):
    race = converging(3)
    page = show(race)
    for run, at, label in ((0, 5, "SGD"), (1, 9, "Momentum"), (2, 3, "Nesterov")):
        x, y = place(page, race.trajectories.x[run, at])
        page.point(x + 2, y - 2)
        assert page.run(f"!document.querySelector('{NOTE}').hidden")
        reported = page.text(NOTE)
        loss = float(f"{race.trajectories.loss[run, at]:.4g}")
        assert re.fullmatch(rf"{label}step {at}\nloss ([\d.e−]+)\nlearning rate {0.01 * (run + 1):g}", reported), (
            reported
        )
        assert float(re.search(r"loss (\S+)", reported)[1].replace("−", "-")) == loss
    page.point(*place(page, (-1.9, -1.4)))
    assert page.run(f"document.querySelector('{NOTE}').hidden")
    x, y = place(page, race.trajectories.x[1, 9])
    page.point(x, y)
    page.key("Escape")
    assert page.run(f"document.querySelector('{NOTE}').hidden")


def test_hovering_over_a_curve_states_the_same(show):
    race = converging(1)
    page = show(race)
    x, y, wide, high = page.box("#loss-curves")
    hits = set()
    for share in np.linspace(0.1, 0.9, 9):
        for up in np.linspace(TOP, high - BOTTOM, 12):
            page.ask(
                "Input.dispatchMouseEvent", type="mouseMoved", x=x + LEFT + share * (wide - LEFT - RIGHT), y=y + up
            )
            reported = page.text(NOTE) if page.run(f"!document.querySelector('{NOTE}').hidden") else ""
            if reported:
                hits.add(int(re.search(r"step (\d+)", reported)[1]))
                assert abs(int(re.search(r"step (\d+)", reported)[1]) - 40 * share) < 6
    assert len(hits) >= 5


def test_the_wheel_zooms_about_the_pointer_and_the_button_goes_back(show):
    race = converging(2)
    page = show(race)
    whole = within(page, "#contour")
    spot = place(page, race.trajectories.x[0, 4])
    x, y = (int(part) - 3 for part in spot)
    for _ in range(8):
        page.point(x, y, "mouseWheel", deltaX=0, deltaY=-100)
    time.sleep(0.4)
    page.point(2, 2)
    close = pixels(page)
    x, y = (at + np.exp(8 * 0.3) * (part - at) for at, part in zip((x, y), spot, strict=True))
    assert not np.array_equal(within(page, "#contour"), whole)
    assert np.abs(close[int(y), int(x)].astype(int) - faded("SGD")).max() <= 2  # the bend lies where it must
    page.click("#whole")
    page.point(2, 2)
    time.sleep(0.3)
    np.testing.assert_array_equal(within(page, "#contour"), whole)
    assert page.run("document.querySelector('#whole').disabled && document.querySelector('#wider').disabled")


def test_buttons_keys_and_double_clicks_zoom_and_dragging_moves(show):
    page = show(converging(2))
    whole = within(page, "#contour")
    seen = [whole]

    def changed() -> bool:
        page.point(2, 2)
        time.sleep(0.25)
        seen.append(within(page, "#contour"))
        return all(not np.array_equal(seen[-1], before) for before in seen[:-1])

    page.click("#closer")
    assert changed()
    page.key("+")
    assert changed()
    x, y = place(page, (0.0, 0.0))
    page.point(x, y, "mousePressed", button="left", buttons=1, clickCount=1)
    page.point(x + 60, y + 30, "mouseMoved", button="left", buttons=1)
    page.point(x + 60, y + 30, "mouseReleased", button="left", clickCount=1)
    assert changed()
    page.key("-")
    assert changed()
    page.key("0")
    page.point(2, 2)
    time.sleep(0.25)
    np.testing.assert_array_equal(within(page, "#contour"), whole)
    for clicks in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            page.point(x, y, kind, button="left", clickCount=clicks)
    assert page.run("!document.querySelector('#whole').disabled")
    page.click("#wider")
    page.click("#wider")
    assert page.run("document.querySelector('#whole').disabled")


@pytest.fixture
def touch(browser) -> Iterator[Callable[..., None]]:
    """Puts fingers on the page, moves them, or lifts them (none)."""
    browser.ask("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)

    def send(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
        browser.ask("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        browser.frames()

    yield send
    browser.ask("Emulation.setTouchEmulationEnabled", enabled=False)


def test_two_fingers_zoom(show, touch):
    page = show(converging(2))
    x, y = place(page, (0.0, 0.0))
    touch("touchStart", (x, y), (x + 40, y))
    for gap in (60, 80, 120):
        touch("touchMove", (x, y), (x + gap, y))
    touch("touchEnd")
    page.wait("!document.querySelector('#whole').disabled")
    assert page.run("visualViewport.scale") == 1  # the map is larger, not the page


def test_a_tap_toggles_a_run_and_reports_a_point(show, touch):
    race = converging(2)
    page = show(race)
    x, y, wide, high = page.box("#legend li:nth-child(2) button")
    touch("touchStart", (x + wide / 2, y + high / 2))
    touch("touchEnd")
    page.wait("document.querySelector('#legend li:nth-child(2) button').getAttribute('aria-pressed') === 'false'")
    touch("touchStart", place(page, race.trajectories.x[0, 5]))
    touch("touchEnd")
    page.wait(f"!document.querySelector('{NOTE}').hidden")
    assert page.text(NOTE).startswith("SGDstep 5")
    touch("touchStart", (5, 5))
    touch("touchEnd")
    page.wait(f"document.querySelector('{NOTE}').hidden")


def test_a_change_of_the_systems_colours_is_followed_at_once(show):
    page = show(converging(2))
    assert tuple(pixels(page)[1, 1]) == (255, 255, 255)
    light = within(page, "#contour").mean()
    page.like(dark=True)
    page.frames(4)
    picture = pixels(page)
    assert tuple(picture[1, 1]) == (0x0B, 0x0E, 0x14)
    assert within(page, "#contour").mean() < light - 20
    assert count(picture, colors(["SGD"], "dark")[0]) > 20
    assert count(picture, colors(["SGD"], "light")[0]) == 0


def test_a_page_of_one_theme_keeps_it(show):
    page = show(converging(2), theme="light", dark=True)
    assert tuple(pixels(page)[1, 1]) == (255, 255, 255)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_it_is_sharp_on_any_screen(show, ratio):
    page = show(converging(2), ratio=ratio)
    for canvas in ("#surface", "#race", "#loss-curves"):
        _, _, wide, high = page.box(canvas)
        assert page.run(f"[document.querySelector('{canvas}').width, document.querySelector('{canvas}').height]") == [
            int(wide * ratio + 0.5),
            int(high * ratio + 0.5),
        ]
    page.resize(960, 540, ratio + 1)  # moved to another screen
    page.key("Home")
    _, _, wide, _ = page.box("#surface")
    page.wait(f"document.querySelector('#surface').width === {int(wide * (ratio + 1) + 0.5)}")


@pytest.mark.parametrize(("wide", "high"), [(320, 600), (400, 800), (800, 600), (1600, 900), (1200, 300)])
@pytest.mark.parametrize("flat", [False, True])
def test_nothing_sticks_out(show, wide, high, flat):
    labels = ["a label that is far too long for its place, and goes on and on", *(f"run {i}" for i in range(11))]
    arcs = [arc(20, bend) for bend in np.linspace(-0.4, 0.3, 12)]
    if flat:
        shown = record([np.column_stack([one, one[:, :1]]) for one in arcs], values=np.ones((12, 21)), labels=labels)
    else:
        shown = record(arcs, labels=labels)
    page = show(
        shown, wide=wide, high=high, title="A title that is much longer than any window that it may be shown in"
    )
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert page.run("document.querySelector('#legend').scrollWidth <= document.querySelector('#legend').clientWidth")
    drawn = ("#loss-curves", "#controls", "#legend") if flat else ("#race", "#loss-curves", "#controls", "#legend")
    boxes = [page.box(selector) for selector in drawn]
    for x, _, w, h in boxes:
        assert x >= 0
        assert x + w <= wide
        assert h >= 24
    for a, (x, y, w, h) in enumerate(boxes):
        for x1, y1, w1, h1 in boxes[:a]:
            assert x + w <= x1 + 1 or x1 + w1 <= x + 1 or y + h <= y1 + 1 or y1 + h1 <= y + 1


def test_a_run_that_fails_is_crossed_out_and_says_so(show):
    page = show(diverging(at=12))
    row = "#legend li:nth-child(3)"
    ink = colors(["SGD", "Momentum", "Nesterov"])[2]
    assert "diverged at step 12" in page.text(row)
    assert count(within(page, "#contour"), ink) > 20  # the cross, on the border
    page.key("Home")
    assert "lr 0.03" in page.text(row)
    assert "diverged" not in page.text(row)


def test_a_run_that_leaves_points_out_from_the_border(show):
    page = show(leaving())
    ink = colors(["SGD", "Momentum"])[1]
    x, _ = place(page, START)
    left = within(page, "#contour")[:, : LEFT + 8]
    assert count(left, ink) > 15
    page.key("Home")
    assert count(within(page, "#contour")[:, : LEFT + 8], ink) == 0
    assert x > LEFT


def test_a_race_without_a_map(show):
    values = np.geomspace(5, 1e-4, 31)[None]
    page = show(record([np.ones((31, 4)) * np.linspace(1, 0, 31)[:, None]], values=values))
    assert page.text("h1").strip() == "Bowl, 4 coordinates"
    assert page.run("getComputedStyle(document.querySelector('#contour')).display") == "none"
    assert count(within(page, "#loss-curves"), colors(["SGD"])[0]) > 200
    page.key("+")
    page.key("Home")
    assert step(page) == 0


def test_every_control_has_a_name_and_shows_its_focus(show):
    page = show(converging(3))
    page.ask("Accessibility.enable")
    nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
    names = {}
    for node in nodes:
        kind = node.get("role", {}).get("value")
        if kind in ("button", "slider", "combobox", "image", "heading", "list", "group", "region"):
            names.setdefault(kind, []).append(node.get("name", {}).get("value", ""))
    assert all(name for group in names.values() for name in group), names
    assert {"play", "zoom in", "zoom out", "reset the view"} <= set(names["button"])
    assert names["slider"] == ["step"]
    assert any(name.startswith("speed") for name in names["combobox"])
    assert render.caption(converging(3)) in names["image"]
    met = set()
    for _ in range(12):
        page.key("Tab")
        focused = page.run(
            "(e => [e.id || e.textContent, parseFloat(getComputedStyle(e).outlineWidth), "
            "e.matches(':focus-visible')])(document.activeElement)"
        )
        if focused[0] and page.run("document.activeElement !== document.body"):
            met.add(focused[0])
            assert focused[1] >= 2
            assert focused[2], focused
    assert {"closer", "play", "scrub", "speed"} <= met
    assert sum("lr 0.0" in name for name in met) == 3


def test_space_presses_the_focused_button(show):
    page = show(converging(2))
    page.run("document.querySelector('#legend button').focus()")
    page.key(" ")
    assert page.run("document.querySelector('#legend button').getAttribute('aria-pressed')") == "false"
    assert page.run(f"document.querySelector('{PLAY}').getAttribute('aria-label')") == "play"


def test_the_ends_of_long_names_are_seen_below_the_losses(show):
    labels = [f"a name of about sixty letters, of which the last is number {run}" for run in range(40)]
    page = show(converging(40, labels=labels), wide=960, high=600)
    names = "[...document.querySelectorAll('#legend .name')]"
    cut = page.run(f"{names}.map(e => [...e.children].map(c => c.scrollWidth > c.clientWidth))")
    assert cut == [[True, False]] * 40
    assert page.run(f"{names}.every(e => e.scrollWidth <= e.clientWidth)")
    page.resize(700, 800)
    page.frames()
    _, top, _, high = page.box("#loss-curves")
    assert top + high <= page.box("#legend")[1]


def test_text_that_looks_like_markup_stays_text(show):
    nasty = ["<img src=x onerror=alert(1)>", "</script><script>document.title='caught'</script>"]
    page = show(converging(2, labels=nasty), title="<b>bold</b>")
    assert page.run("document.title").strip() == "<b>bold</b>"
    assert page.run("document.querySelectorAll('img, b').length") == 0
    assert page.run("[...document.querySelectorAll('#legend .name')].map(e => e.textContent)") == nasty
    race = converging(2, labels=nasty)
    page.point(*place(page, race.trajectories.x[0, 5]))
    assert page.text(NOTE).startswith(nasty[0])


@pytest.mark.parametrize("dark", [False, True])
def test_the_policy_of_the_page_blocks_other_scripts_and_styles(browser, tmp_path, dark):
    """What `show` finds no complaint about elsewhere would be complained about."""
    browser.open(render.save(converging(2), tmp_path / "race.html").as_uri(), dark=dark)
    assert browser.complaints() == []
    for kind in ("script", "style"):
        browser.run(
            f"(made => {{ made.textContent = 'caught = 1'; document.body.append(made); }})"
            f"(document.createElement('{kind}'))"
        )
    assert browser.run("typeof caught") == "undefined"
    reported = " ".join(browser.complaints())
    for directive in ("script-src 'sha256-", "style-src 'sha256-"):
        assert directive in reported


RECORD_TEXTS = """
window.drawn = {};
const fill = CanvasRenderingContext2D.prototype.fillText, clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function(...box) { drawn[this.canvas.id] = []; clear.apply(this, box); };
CanvasRenderingContext2D.prototype.fillText = function(text, x, y) {
  const size = this.measureText(text), {left, top, right, bottom} = this.canvas.getBoundingClientRect();
  drawn[this.canvas.id].push([text, left + x - size.actualBoundingBoxLeft, top + y - size.actualBoundingBoxAscent,
    left + x + size.actualBoundingBoxRight, top + y + size.actualBoundingBoxDescent, [left, top, right, bottom]]);
  fill.call(this, text, x, y);
};
"""
"""Keeps the boxes of texts that are drawn on canvases; the page knows nothing of it."""

TEXTS = """(() => {
  const boxes = Object.values(drawn).flat();
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const range = document.createRange(), parent = node.parentElement, style = getComputedStyle(parent);
    range.selectNodeContents(node);
    const {left, top, right, bottom} = range.getBoundingClientRect(), legend = document.querySelector("#legend");
    if (!node.textContent.trim() || right <= left || parent.tagName === "OPTION" || style.fontSize === "0px") continue;
    if (legend.contains(node) && bottom > legend.getBoundingClientRect().bottom) continue;  // it scrolls
    const seen = style.textOverflow === "ellipsis" ? parent.getBoundingClientRect() : {left, right};
    const window_ = [0, 0, innerWidth, null], [from, to] = [Math.max(left, seen.left), Math.min(right, seen.right)];
    boxes.push([node.textContent, from, top, to, bottom, window_]);
  }
  return boxes;
})()"""


@pytest.fixture
def texts(browser):
    """Return a function that gives the texts in the window, each with left, top, right, bottom and where it is."""
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=RECORD_TEXTS)["identifier"]
    yield lambda: browser.run(TEXTS)
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


@pytest.mark.parametrize("text_scale", [1, 2])
@pytest.mark.parametrize("wide", [360, 768, 1280])
@pytest.mark.parametrize("kind", ["two", "forty", "failing", "flat"])
@pytest.mark.sample(5)
def test_texts_lie_in_the_window_and_apart(show, texts, kind, wide, text_scale):
    race = {
        "two": lambda: converging(2),
        "forty": lambda: converging(
            40,
            labels=[
                "an optimizer with quite a long name of its authors, tuned, α",
                *(f"run {i}" for i in range(39)),
            ],
        ),
        "failing": lambda: diverging(at=12),
        "flat": lambda: record([np.ones((31, 4)) * np.geomspace(5, 1e-4, 31)[:, None]] * 3),
    }[kind]()
    page = show(race, wide=wide, high=720, options={"text_scale": text_scale})
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    boxes = texts()
    assert len(boxes) > 12
    size = page.run("parseFloat(getComputedStyle(document.querySelector('#counter')).fontSize)")
    assert size == pytest.approx(13.5 * min(text_scale, max(wide / 320, 1)), rel=0.02)
    for words, left, top, right, bottom, (x0, y0, x1, y1) in boxes:
        assert left >= x0 - 0.5, (words, left)
        assert right <= x1 + 0.5, (words, right)
        assert top >= y0 - 0.5, (words, top)
        assert y1 is None or bottom <= y1 + 0.5, (words, bottom)  # else the page scrolls
    ends = page.run(
        "[...document.querySelectorAll('#legend :is(.short, .loss)')].filter(e => e.scrollWidth > e.clientWidth)"
    )
    assert ends == []
    for place, (one, left, top, right, bottom, _) in enumerate(boxes):
        for two, left2, top2, right2, bottom2, _ in boxes[:place]:
            over = min(right, right2) - max(left, left2), min(bottom, bottom2) - max(top, top2)
            assert min(over) <= 1.5, (one, two, over)


def test_no_english_word_is_left_in_the_window(show, texts):
    race = diverging(at=12)
    page = show(race, options={"words": OTHER})
    page.point(*place(page, race.trajectories.x[0, 5]))
    shown = [text for text, *_ in texts()] + page.run(
        "[...document.querySelectorAll('*')].flatMap(e => ['aria-label', 'aria-valuetext', 'title'].map(name => "
        "e.getAttribute(name) ?? ''))"
    )
    assert english(shown) == set()
    assert any(text.startswith("Ñpets") for text in shown)


def test_it_works_in_a_notebooks_frame(browser, tmp_path):
    frame = converging(3)._repr_html_()
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset='utf-8'><body style='margin: 0'>{frame}", encoding="utf-8")
    browser.open(path.as_uri(), wide=960, high=600)
    inks = colors(["SGD", "Momentum", "Nesterov"])
    end = time.monotonic() + 20
    while min(count(pixels(browser), ink) for ink in inks) < 60:
        assert time.monotonic() < end, "nothing is drawn in the frame"
    assert browser.complaints() == []
    assert browser.requests() == [path.as_uri()]


def test_one_step_and_many_runs(show):
    page = show(converging(60, steps=1), seconds=0.5)
    assert step(page) == 1
    assert page.run("document.querySelectorAll('#legend button').length") == 60
    page.key("Home")
    assert step(page) == 0
    page.key(" ")
    page.wait(f"document.querySelector('{SCRUB}').value === '1'")


def test_a_long_race_plays(show):
    arcs = [
        arc(9_999, bend) + 0.01 * np.sin(np.linspace(0, 600 + k, 10_000))[:, None] for k, bend in enumerate((-0.3, 0.1))
    ]
    page = show(record(arcs), seconds=2.0, still=False)
    page.wait(f"parseInt(document.querySelector('{SCRUB}').value) > 5000")
    page.key("End")
    assert step(page) == 9_999


def test_no_curve_strikes_the_word_target(show):
    """The curves swing across the target at the right end, where the word would be."""
    t = np.linspace(0, 1, 101)
    swing = 10 ** (-4 * t + 2 * np.sin(60 * t) * t)
    places = []
    for values in (swing, 10 ** (-0.1 * t)):  # the other curve stays above the target
        page = show(record([arc(100, 0.2)], values=values[None]))
        page.run(
            "(() => { window.places = []; const pen = CanvasRenderingContext2D.prototype, fill = pen.fillText; "
            "pen.fillText = function (text, x, y) { if (text.startsWith('target')) places.push(x); "
            "fill.call(this, text, x, y); }; return true; })()"
        )
        for key in ("Home", "End"):
            page.key(key)
        places.append(page.run("places"))
    assert len(set(places[0])) == len(set(places[1])) == 1  # the same in all frames
    assert places[0][0] < places[1][0] - 10


def test_the_rows_follow_the_places(show):
    race = converging(4)
    reached = race.trajectories.runs["reached"]
    page = show(race)
    names = [str(label) for label in race.trajectories.runs["label"]]
    rows = (
        "[...document.querySelectorAll('#legend li')].map(row => [row.getBoundingClientRect().top, "
        "row.querySelector('.name').textContent, row.querySelector('.place').textContent])"
    )
    for step in (0, 12, 40):
        page.run(
            f"(s => {{ s.value = {step}; s.dispatchEvent(new Event('input')); }})(document.querySelector('#scrub'))"
        )
        page.frames(3)
        seen = sorted(page.run(rows))
        loss = race.trajectories.loss[:, step]
        arrived = np.where(reached.filled(10**6) <= step, reached.filled(0), np.inf)
        order = np.lexsort((loss, arrived)).tolist()
        assert [name for _, name, _ in seen] == [names[run] for run in order]
        assert [place for *_, place in seen] == (["1"] * 4 if step == 0 else ["1", "2", "3", "4"])
    assert "✓ " + str(int(reached[order[0]])) in page.text(f"#legend li:nth-child({order[0] + 1}) .rate")
    assert not page.complaints()
