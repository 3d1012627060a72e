"""The live page of a race: its numbers in node, what it refuses, and what its controls do in a real browser."""

from __future__ import annotations

import ast
import base64
import html
import io
import json
import re
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import node
import numpy as np
import pytest
import torch
from browser import CHROMIUM, Browser
from PIL import Image
from test_html import NASTY, Reader, reported, rows

from landscapes import InputError, Record, Stop, emit_race, function, race, render
from landscapes.cli.main import main
from landscapes.functions import get
from landscapes.optimizers import SGD, FirstOrder
from landscapes.record import filled
from landscapes.render.html._page import LIVE, document

in_node = pytest.mark.skipif(bool(node.MISSING), reason=node.MISSING)
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

DIVERSE = ["sgd(lr=1)", "momentum(lr=0.05)", "adam(lr=0.3)", "lion(lr=1.0)", "schedule_free_sgd(lr=5)"]

CALM = ["sgd(lr=0.02)", "adam(lr=0.1)", "rprop(lr=0.1)"]


def asset(name: str) -> str:
    return files("landscapes.render.html").joinpath("assets", f"{name}.js").read_text(encoding="utf-8")


@function((-3, 3), (-3, 3))
def tilted_bowl(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x**2 + 3 * torch.sin(y) ** 2 + x * y / 4


@dataclass(frozen=True)
class Halving(FirstOrder):
    """Its rate halves every 20 steps."""

    def coef(self, t: int) -> tuple[Any, ...]:
        return (self.lr * 0.5 ** (t // 20),)

    def update(self, p: Any, g: Any, s: Any, c: Any) -> Any:
        return p - c[0] * g, s


RACES: dict[str, Callable[[], tuple[Record, Any]]] = {
    "published": lambda: (race("beale", resolution=33), None),
    "wrapped": lambda: (
        race(
            "beale",
            [
                "noise(adam(lr=0.1), sigma=0.5)",
                "cosine(clip(sgd(lr=0.1), norm=1))",
                "noise(plateau(sam(adam(lr=0.1)), patience=3), sigma=0.2)",
                "lookahead(sgd(lr=0.02, momentum=0.9))",
            ],
            seed=7,
            resolution=9,
        ),
        None,
    ),
    "failing": lambda: (race("rosenbrock", DIVERSE, steps=200, resolution=9), None),
    "stopped": lambda: (
        race("beale", CALM, stop=Stop(gtol=1e-3, ftol=1e-4, xtol=1e-2), start=(1.0, 1.0), resolution=9),
        None,
    ),
    "unbounded": lambda: (race("saddle", resolution=33), None),
    "not finite": lambda: (race("exploding_cliff", ["sgd(lr=1)", "adam(lr=2)", "rprop"], resolution=9), None),
    "one's own": lambda: own_race(),
}


def own_race() -> tuple[Record, Any]:
    optimizers = [Halving(lr=0.1), SGD(lr=0.1, momentum=0.5)]
    record = race(tilted_bowl, {"mine": optimizers[0], "sgd": optimizers[1]}, steps=60, start=(2.0, 1.0), resolution=9)
    return record, emit_race(record, tilted_bowl, optimizers)


@in_node
@pytest.mark.parametrize("kind", RACES)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_the_runs_of_the_page_are_those_of_the_record(kind):
    record, script = RACES[kind]()
    live = reported(document(record, live=script or True))["live"]
    facts, source = live["functions"][0], (script or emit_race(record)).source
    found = node.run(
        f"{source}\n{asset('live_race')}\n{asset('places')}\nconst positionAt=()=>({{at:0}});"
        "emitted.f=emitted.functions[0];"
        "const [facts]=data.functions,{start,steps}=facts,terms=raceTerms(facts,emitted.f,start);"
        "const runs=data.optimizers.map((one,i)=>{"
        "const run=beginRun(facts,emitted,one,start,steps,facts.values[i],terms,[],data.seed);run.index=i;"
        "for(let k=7;!run.advance(k);)k+=7;return run});"
        "const rows=runs.map(run=>({...run,steps:[0],loss_values:[run.final],"
        "stopped:FAILED.includes(run.status)?run.stopped:null}));"
        "result={order:placesAt(rows,steps).map(({run})=>run.index),target:terms.target,"
        "runs:runs.map(({x,loss,...run})=>({...run,x:[...x],loss:[...loss]}))};",
        live,
    )
    paths = record.trajectories
    if not facts["unbounded"]:
        assert (found["target"] is None) == (record.meta.target is None)
        assert found["target"] == record.meta.target or found["target"] == pytest.approx(record.meta.target, rel=1e-12)
    for i, run in enumerate(found["runs"]):
        shown = slice(0, run["last"] + 1)
        x = np.array(run["x"], float).reshape(-1, 2)[shown]
        np.testing.assert_allclose(x, paths.x[i, shown], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(np.array(run["loss"], float)[shown], paths.loss[i, shown], rtol=1e-9, atol=1e-12)
        ends = {"status": paths.runs["status"][i], "reason": paths.runs["reason"][i]}
        assert {name: run[name] for name in ends} == ends
        for name in ("stopped", "reached"):
            assert (-1 if run[name] is None else run[name]) == filled(paths.runs[name])[i]
    assert found["order"] == record.order


@in_node
@pytest.mark.parametrize("name", ["beale", "saddle", "dying_relu"])
@pytest.mark.thin(1)
def test_the_surface_that_the_page_computes_is_the_recorded_one(name):
    record = race(name, ["sgd(lr=0.001)"], steps=2, resolution=41)
    facts = reported(document(record, live=True))["scenes"][0]["surface"]
    source = f"{emit_race(record).source}\n{asset('surface_values')}\n"
    computed = np.array(
        node.run(f"{source}result=[...finished(surfaceSteps({{place:0,surface:data}})).height];", facts)
    )
    computed = computed.reshape(41, 41)
    recorded, _ = rows(reported(document(record)))
    assert facts["levels"]
    np.testing.assert_allclose(computed, recorded / facts["parts"], atol=0.6 / facts["parts"])


def test_a_surface_that_is_slow_or_has_holes_is_embedded():
    for name in ("bbob_f21", "trid"):
        record = race(name, ["sgd(lr=0.001)"], steps=2, resolution=9)
        if name == "trid":
            record.surface.values[2, 3] = np.nan
        facts = reported(document(record, live=True))["scenes"][0]["surface"]
        assert (facts["levels"], facts["heights"]) == (None, 81)


@in_node
@pytest.mark.slow
def test_six_optimizers_take_500_steps_in_milliseconds():
    script = emit_race(race("beale", resolution=2))
    milliseconds = node.run(
        f"{script.source}\n{asset('live_race')}\nconst times=[];for(let k=0;k<60;k++){{"
        "const [facts]=data.functions,f=emitted.f=emitted.functions[0];"
        "const begin=performance.now(),start=[-1+k/50,1],terms=raceTerms(facts,f,start);"
        "data.optimizers.forEach((one,i)=>beginRun(facts,emitted,one,start,500,facts.values[i],terms).advance(500));"
        "times.push(performance.now()-begin)}result=times.slice(20).sort((a,b)=>a-b);",
        dict(script.facts),
    )
    assert milliseconds[20] < 5


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (lambda: race("noisy_bowl", ["sgd(lr=0.1)"], steps=5), "stochastic; the replay page needs no JavaScript"),
        (lambda: race("booth", ["bfgs"], steps=5), "BFGS cannot be written as JavaScript: it is not a first-order"),
        (
            lambda: race("booth", ["schedule(sgd(lr=0.1), scheduler='StepLR', step_size=3)"], steps=5),
            "Schedule cannot be written as JavaScript: a scheduler of torch is Python code; use a schedule",
        ),
        (lambda: race("booth", [SGD(lr=0.1, groups=[{"coordinates": [0], "lr": 0.2}])], steps=5), "SGD|groups"),
        (lambda: race(get("rosenbrock", 3), ["sgd(lr=0.001)"], steps=5), "needs a function of 2 coordinates"),
        (lambda: race("forrester", ["sgd(lr=0.001)"], steps=5), "needs a function of 2 coordinates"),
        (lambda: race("booth", ["sgd(lr=0.1)"], steps=5, start=[(0, 0), (1, 1)]), "one start, this race has 2"),
        (lambda: race("booth", ["sgd(lr=0.1)"], steps=5, dtype=torch.float32), "double precision"),
        (
            lambda: race(tilted_bowl, ["sgd(lr=0.1)"], steps=5),
            r"not in the catalogue; pass it: live=landscapes.emit_race",
        ),
        (lambda: race(replace(get("booth"), name="beale"), ["sgd(lr=0.1)"], steps=5), "another function"),
        (lambda: race("booth", {"m": Halving(lr=0.1)}, steps=5), "Halving.* names no optimizer of this package; pass"),
    ],
)
def test_what_no_page_can_repeat_is_refused(record, reason, tmp_path):
    with pytest.raises(InputError, match=reason):
        render.save(record(), tmp_path / "race.html", live=True)
    assert not list(tmp_path.iterdir())


def test_live_is_for_pages(tmp_path):
    record = race("booth", ["sgd(lr=0.1)"], steps=5)
    with pytest.raises(InputError, match=r"live is for pages, .html"):
        render.save(record, tmp_path / "race.png", live=True)
    with pytest.raises(InputError, match=r"live must be True, False or what landscapes.emit_race returns, got 'yes'"):
        render.save(record, tmp_path / "race.html", live="yes")
    with pytest.raises(InputError, match="live is of a race of 1 runs, this record has 2"):
        render.save(
            race("booth", ["sgd(lr=0.1)", "adam(lr=1)"], steps=5), tmp_path / "race.html", live=emit_race(record)
        )


@pytest.mark.slow
def test_the_page_is_small_and_holds_nothing_of_its_texts_as_code():
    record = race("beale")
    assert len(document(record, live=True).encode()) <= 120_000
    labels = {f"{text} {i}": "sgd(lr=0.1)" for i, text in enumerate(NASTY)}
    read = Reader(document(race("booth", labels, steps=5), live=True, title=NASTY[0]))
    assert [tag for tag, _ in read.elements].count("script") == 5  # data, three packed ones and what unpacks
    script = read.text("script")
    assert "alert(1)" not in script.replace(json.dumps(NASTY[0])[1:-1], "") or "\\u003c" in script


def test_all_texts_of_the_page_are_words():
    texts = {text for name in LIVE for text in re.findall(r'say\("([^"]+)"', asset(name))}
    assert texts <= set(render.words())


def test_the_command_line_makes_live_pages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    formula = ["--formula", "x**2 + 3*sin(y)**2", "--domain=-4,4", "--start=3.5,3"]
    assert main(["race", *formula, "-O", "sgd(lr=0.1)", "--steps", "20", "-o", "race.html", "--live"]) == 0
    packed = re.search(r'id="own">([^<]+)<', Path("race.html").read_text(encoding="utf-8"))[1]
    assert "const emitted=" in zlib.decompress(base64.b64decode(packed)).decode()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["booth", "-o", "race.png"], "live is for pages"),
        (["rosenbrock", "--dim", "3"], "--live needs a function of 2 coordinates"),
        (["booth", "--start=1,1", "--start=2,2"], "--live takes one --start, got 2"),
        (["booth", "--dtype", "float32"], "--live computes in float64"),
        (["noisy_bowl"], "stochastic"),
    ],
)
def test_the_command_line_refuses_before_the_race(options, reason, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (
        main(["race", *options, "-O", "sgd(lr=0.1)", *([] if "-o" in options else ["-o", "race.html"]), "--live"]) == 2
    )
    out, err = capsys.readouterr()
    assert (out, list(tmp_path.iterdir())) == ("", [])
    assert reason in err


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = {"SGD": "sgd(lr=0.046)", "Momentum": "momentum(lr=0.015)", NASTY[0]: "adam(lr=0.68)"}
    record = race("beale", labels, steps=250, resolution=65)
    return render.save(record, tmp_path_factory.mktemp("live") / "live.html", live=True)


@pytest.fixture
def show(browser, saved):
    """Opens the live page; what it complains of or asks for fails the test in the end."""

    def opened(fragment: str = "", **window) -> Browser:
        browser.ask("Page.navigate", url="about:blank")
        browser.open(saved.as_uri() + fragment, **{"wide": 1280, "high": 720} | window)
        browser.point(2, 2)
        return browser

    yield opened
    assert browser.complaints() == []
    assert {url.partition("#")[0] for url in browser.requests() if not url.startswith("blob:")} == {saved.as_uri()}


def outcomes(browser: Browser) -> list[str]:
    return [browser.text(f"#legend li:nth-child({i}) .outcome") for i in (1, 2, 3)]


def python(browser: Browser) -> dict[str, Any]:
    """The arguments of `race` in the lines that the page gives."""
    browser.click("#copy")
    code = browser.run("document.querySelector('#code').value")
    browser.run("document.querySelector('dialog').close()")
    call = ast.parse(code).body[-1].value
    return {"args": [ast.literal_eval(one) for one in call.args]} | {
        one.arg: ast.literal_eval(one.value) for one in call.keywords
    }


def slide(browser: Browser, selector: str, change: float) -> None:
    browser.run(
        f"(s => {{ s.value = Number(s.value) + {change}; s.dispatchEvent(new Event('input', {{bubbles: true}})); }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )
    browser.frames(3)


def write(browser: Browser, selector: str, text: str) -> None:
    browser.run(
        f"(s => {{ s.value = {json.dumps(text)}; s.dispatchEvent(new Event('change', {{bubbles: true}})); }})"
        f"(document.querySelector({json.dumps(selector)}))"
    )
    browser.frames(3)


def expected(given: dict[str, Any]) -> list[str]:
    """The outcomes that `race` gives for the lines of Python of a page."""
    record = race(*given.pop("args"), **given, resolution=2)
    words = {"diverged": "diverged at step {}", "converged": "target at step {}", "max_steps": "target not reached"}
    runs = record.trajectories.runs
    steps = np.where(runs["status"] == "diverged", filled(runs["stopped"]), filled(runs["reached"]))
    return [words[status].format(step) for status, step in zip(runs["status"].tolist(), steps.tolist(), strict=True)]


@in_browser
@pytest.mark.slow
def test_a_reader_moves_the_start_and_turns_the_rates(show):
    page = show()
    before = outcomes(page)
    assert before == expected(python(page))
    x, y, wide, high = page.box("#start")
    x, y = x + wide / 2, y + high / 2
    page.point(x, y, "mousePressed", button="left", buttons=1, clickCount=1)
    for k in (20, 40, 60):
        page.point(x + k, y + 2 * k, button="left", buttons=1)
    page.point(x + 60, y + 120, "mouseReleased", button="left")
    page.frames(3)
    dragged = outcomes(page)
    given = python(page)
    assert dragged != before
    assert dragged == expected(given)
    assert given["start"] != (0.6, 1.4)

    slide(page, "#legend li:nth-child(1) input", 1.0)
    turned = outcomes(page)
    assert "diverged" in turned[0]
    assert turned[1:] == dragged[1:]
    page.click("#legend li:nth-child(2) .more")
    slide(page, "#legend li:nth-child(2) .fold input", 0.5)
    assert outcomes(page)[1] != turned[1]
    write(page, "#legend li:nth-child(3) .number", "0.01")
    write(page, "#steps", "300")
    assert outcomes(page) == expected(python(page))
    address = page.wait("location.hash.includes('steps=300') && location.hash")

    write(page, "#legend li:nth-child(3) .number", "-1")
    assert "≥ 0" in page.text("#note")
    assert page.run("document.querySelector('#legend li:nth-child(3) .number').value") == "0.01"
    given = python(page)
    page.click("#reset")
    page.frames(3)
    assert outcomes(page) == before
    assert page.run("document.querySelector('#reset').disabled")

    page = show(address)
    assert python(page) == given
    page = show()
    page.run("document.querySelector('#start').focus()")
    page.key("ArrowRight")
    assert python(page)["start"] == (0.65, 1.4)
    page.click("#legend li:nth-child(1) .toggle")
    assert list(python(page)["args"][1]) == ["Momentum", NASTY[0]]


@in_browser
@pytest.mark.slow
def test_rubbish_in_the_address_is_ignored_with_a_line(show):
    page = show("#start=1,1&steps=1e9&2.lr=-1&9.lr=1&__proto__=1&<img src=x onerror=alert(1)>&off=7")
    assert page.text("#note").startswith("ignored in the address: steps=1e9, 2.lr=-1, 9.lr=1, __proto__=1")
    given = python(page)
    assert (given["start"], given["steps"]) == ((1, 1), 250)


def tasks(page: Browser) -> float:
    """Seconds of the page's main thread so far."""
    metrics = page.ask("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


@in_browser
@pytest.mark.slow
def test_frames_of_a_drag_are_short_and_long_races_do_not_block_the_page(show):
    page = show("#steps=500")
    x, y, wide, high = page.box("#start")
    page.point(x + wide / 2, y + high / 2, "mousePressed", button="left", buttons=1, clickCount=1)
    page.ask("Performance.enable", timeDomain="threadTicks")  # processor time: the machine may be busy
    begin = tasks(page)
    page.run(
        "(async () => { const handle = document.querySelector('#start'); for (let k = 0; k < 60; k++) {"
        "handle.dispatchEvent(new PointerEvent('pointermove', "
        f"{{pointerId: 1, clientX: {x} + k, clientY: {y} + 2 * k}}));"
        "await new Promise(requestAnimationFrame); } })()"
    )
    milliseconds = 1000 * (tasks(page) - begin) / 60
    page.point(x + 60, y + 120, "mouseReleased", button="left")
    assert milliseconds < 30  # 15 with six optimizers, and 16.7 are 60 frames a second
    write(page, "#steps", "100000")
    assert page.run("document.querySelector('#settings progress').hidden") is False
    page.wait("document.querySelector('#settings progress').hidden")
    assert python(page)["steps"] == 100_000


@in_browser
@pytest.mark.slow
@pytest.mark.parametrize(("wide", "high"), [(360, 740), (800, 600), (1280, 720)])
def test_nothing_overlaps_and_nothing_is_wider_than_the_window(show, wide, high):
    page = show("#start=1,1", wide=wide, high=high)
    page.click("#legend li:nth-child(3) .more")
    found = page.run(
        "(() => { const all = [...document.querySelectorAll("
        "'#legend .toggle, #legend .loss, #legend .outcome, #legend .short, #legend input, #legend .more, "
        "#legend .what, #settings input, #settings button, #controls > *, h1, #counter, #panel, #contour')]"
        ".map(e => [e, e.getBoundingClientRect()]).filter(([e, r]) => r.width && r.height && e.checkVisibility());"
        "const bad = []; for (const [e, a] of all) for (const [f, b] of all) if (e !== f"
        " && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1"
        " && !e.contains(f) && !f.contains(e)) bad.push(`${e.className || e.id} ${f.className || f.id}`);"
        "return [bad, document.documentElement.scrollWidth - document.documentElement.clientWidth]; })()"
    )
    assert found == [[], 0]


def with_surface(browser: Browser) -> bytes:
    """A picture of a frame once its upper left part, where the contour plot is, has many colours."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        picture = browser.picture()
        pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))[100:400, 100:500].reshape(-1, 3)
        if (np.unique(pixels, axis=0, return_counts=True)[1] > 50).sum() > 20:
            return picture
        time.sleep(0.1)
    raise AssertionError("no surface was drawn")


@in_browser
@pytest.mark.slow
def test_the_surface_is_computed_in_a_worker_or_in_slices_where_workers_are_refused(browser, show, tmp_path):
    drawn = "document.querySelector('#surface').toDataURL()"
    page = show()
    time.sleep(0.5)
    expected = page.wait(f"{drawn}.length > 20000 && {drawn}")
    assert [url for url in page.requests() if url.startswith("blob:")]
    refused = page.ask("Page.addScriptToEvaluateOnNewDocument", source="delete window.Worker")["identifier"]
    page = show()
    page.wait(f"{drawn} === {json.dumps(expected)}")
    assert not [url for url in page.requests() if url.startswith("blob:")]
    page.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=refused)


@in_browser
@pytest.mark.slow
def test_a_page_around_it_may_refuse_workers(browser, saved, tmp_path):
    frame = tmp_path / "frame.html"
    inside = html.escape(saved.read_text(encoding="utf-8"))
    frame.write_text(
        '<meta http-equiv="Content-Security-Policy" content="worker-src \'none\'">'
        f'<iframe srcdoc="{inside}" sandbox="allow-scripts" style="width:100%;height:700px"></iframe>',
        encoding="utf-8",
    )
    browser.open(frame.as_uri(), wide=1280, high=720)
    with_surface(browser)
    assert all("worker-src" in complaint for complaint in browser.complaints())


@in_browser
@pytest.mark.slow
def test_it_works_in_a_sandboxed_frame(browser, saved, tmp_path):
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" src="{saved.as_uri()}" sandbox="allow-scripts" style="width:100%;height:700px"></iframe>',
        encoding="utf-8",
    )
    browser.open(frame.as_uri(), wide=1280, high=720)
    browser.point(300, 300)
    before = with_surface(browser)  # its worker runs in a sandbox as well
    browser.point(300, 300, "mousePressed", button="left", buttons=1, clickCount=1)
    browser.point(300, 300, "mouseReleased", button="left", clickCount=1)
    time.sleep(0.5)
    assert browser.picture() != before
    assert browser.complaints() == []
