"""Live pages in Firefox, where it is installed (or named by the environment variable FIREFOX): runs, worker, frames."""

from __future__ import annotations

import ast
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from firefox import FIREFOX, Firefox
from PIL import Image

from landscapes import playground, race, render
from landscapes.record import filled

pytestmark = [
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is not installed, nor named by FIREFOX"),
    pytest.mark.slow,
]

RACING = {"SGD": "sgd(lr=0.01)", "Adam": "adam(lr=0.1)"}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = playground(["beale", "himmelblau"], RACING, more=["rmsprop(lr=0.02)"], steps=80, resolution=65)
    return render.save(made, tmp_path_factory.mktemp("play") / "play.html")


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with Firefox(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def losses(page: Firefox) -> list[str]:
    return list(page.run("[...document.querySelectorAll('#legend .loss')].map(e => e.textContent)"))


def colors(page: Firefox) -> int:
    """The number of frequent colours in the upper left part of the window, where the contour plot is."""
    pixels = np.asarray(Image.open(io.BytesIO(page.picture())).convert("RGB"))[100:400, 100:500].reshape(-1, 3)
    return int((np.unique(pixels, axis=0, return_counts=True)[1] > 50).sum())


def choose(page: Firefox, selector: str, value: str) -> None:
    page.run(
        f"(e => {{ e.value = {value!r}; e.dispatchEvent(new Event('change', {{bubbles: true}})); return 1; }})"
        f"(document.querySelector({selector!r}))"
    )
    time.sleep(0.3)


def expected(page: Firefox) -> list[str]:
    """The losses of the race that the lines of Python of the page give."""
    page.run("document.querySelector('#copy').click()")
    code = page.run("document.querySelector('#code').value")
    page.run("document.querySelector('dialog').close()")
    call = ast.parse(code).body[-1].value
    given = {one.arg: ast.literal_eval(one.value) for one in call.keywords}
    record = race(*[ast.literal_eval(one) for one in call.args], **given, resolution=2)
    assert (filled(record.trajectories.runs["stopped"]) == -1).all()
    return [f"{float(loss):.4g}".replace("e-0", "e−") for loss in record.trajectories.loss[:, -1]]


def test_runs_are_those_of_race_and_the_surface_comes_from_the_worker(firefox, saved):
    firefox.open(saved.as_uri())
    assert losses(firefox) == expected(firefox)
    firefox.wait("document.querySelector('#surface').toDataURL().length > 20000")
    before = losses(firefox)
    firefox.drag("#start", 60, 90)
    time.sleep(0.5)
    assert losses(firefox) != before
    assert losses(firefox) == expected(firefox)
    choose(firefox, "#function", "1")
    choose(firefox, "#around", "sam")
    assert losses(firefox) == expected(firefox)
    choose(firefox, "#function", "formula")
    choose(firefox, "#formula", "(x - 1)**2 + y**4 - y**2")
    firefox.wait("document.querySelector('#found').textContent.startsWith('found at (1, ')")
    choose(firefox, "#formula", "x + flor(y)")
    assert "Did you mean floor?" in firefox.text("#wrong")


def test_a_sandboxed_frame_shows_the_page(firefox, saved, tmp_path):
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe src="{saved.as_uri()}" sandbox="allow-scripts" style="width:100%;height:700px"></iframe>',
        encoding="utf-8",
    )
    firefox.open(frame.as_uri())
    end = time.monotonic() + 30
    while colors(firefox) <= 20:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_phone_shows_the_page_without_a_bar_below(firefox, saved):
    firefox.open(saved.as_uri(), wide=480, high=900)
    assert firefox.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
