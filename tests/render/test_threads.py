"""Tests of drawing in several threads, and of texts that matplotlib cannot draw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import pytest

from landscapes import render
from tests.support.render_records import converging

THEMES = ("light", "dark", "print") * 3


@pytest.mark.slow
def test_threads_draw_what_one_thread_draws_and_leave_the_settings_alone(tmp_path):
    race = converging(2, steps=10)

    def draw(place, folder):
        folder.mkdir(exist_ok=True)
        theme = render.THEMES[THEMES[place]] | {"rc": {"axes.linewidth": 1 + place}}
        return render.save(race, folder / f"{place}.png", theme=theme, figsize=(3, 2)).read_bytes()

    one = [draw(place, tmp_path / "one") for place in range(len(THEMES))]
    before = dict(mpl.rcParams)
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda place: draw(place, tmp_path / "many"), range(len(THEMES))))
    assert many == one
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
@pytest.mark.parametrize("title", [r"$\frac{$", "a\ud800b", "a\0\x1bb", "W" * 10**6, "$x^2$ and $"])
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_titles_that_cannot_be_parsed_are_drawn_as_they_are(tmp_path, title, suffix):
    path = render.save(converging(2, steps=5), tmp_path / f"race{suffix}", title=title, figsize=(3, 2))
    assert path.stat().st_size > 1000
