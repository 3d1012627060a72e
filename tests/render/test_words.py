"""Tests of `words=`: every text of a picture or a page is in the other language."""

from __future__ import annotations

import re

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from render_records import converging, diverging
from test_charts import map_record, sweep_record, valley
from test_html import Reader, reported
from test_papers import PLAIN
from test_tuning_trials import tried

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.html._page import document
from landscapes.render.words import WORDS


def foreign(text):
    """Return a text with each word spelled backwards after an Ñ; placeholders stay."""
    return re.sub(r"(\{\w+\})|([A-Za-z]+)", lambda found: found[1] or "Ñ" + found[2][::-1], text)


OTHER = {text: foreign(text) for text in WORDS}

NAMES = {"SGD", "Momentum", "Nesterov", "Adam", "Bowl", "Two", "wells", "lr", "beta", "sgd", "adam"}
"""Words of our test records, and of formulas."""


def english(texts):
    """Return the words of two or more letters that are neither foreign nor names."""
    plain = [re.sub(r"\\[a-z]+", "", text) for text in texts]
    return {word for text in plain for word in re.findall(r"(?<!\w)[A-Za-z]{2,}", text)} - NAMES


def trials(words):
    ax = Figure(figsize=(6, 4)).subplots()
    render.tuning_trials(tried(), ax, theme=render.THEMES["light"] | {"words": words})
    return ax.figure


RACE = diverging()
FIGURES = {
    "race": lambda words: render.figure(RACE, words=words),
    "3d": lambda words: render.figure(RACE, view3d=True, words=words),
    "direct": lambda words: render.figure(RACE, labels="direct", inset=True, words=words),
    "filmstrip": lambda words: render.filmstrip(RACE, words=words),
    "side by side": lambda words: render.side_by_side(RACE, RACE, titles=["A", "B"], words=words),
    "sweep": lambda words: render.figure(sweep_record(valley, ("SGD", "Adam")), along="lr", words=words),
    "heat map": lambda words: render.figure(sweep_record(valley), words=words),
    "basins": lambda words: render.figure(map_record(), words=words),
    "compare": lambda words: render.figure(PLAIN, words=words),
    "tune": trials,
}


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.thin(2)
@pytest.mark.sample(4)
def test_no_english_word_is_left_in_a_picture(kind):
    made = FIGURES[kind](OTHER)
    made.draw_without_rendering()  # creates the tick labels
    texts = [text.get_text() for text in made.findobj(Text) if text.get_visible()]
    assert "Ñ" in "".join(texts)
    assert english(texts) == set()


def test_no_english_word_is_left_on_a_page():
    text = document(RACE, words=OTHER)
    read = Reader(text)
    seen = [text for tag, text in read.texts if tag not in ("script", "style")]
    named = ("aria-label", "title", "content", "alt", "placeholder")
    seen += [
        value
        for tag, facts in read.elements
        for name, value in facts.items()
        if name in named
        if facts.get("name") != "viewport" and "http-equiv" not in facts
    ]
    assert english(seen) == set()
    assert dict(read.elements)["html"] == {}  # in which language is not known
    data = reported(text)
    shown = [data["title"], data["caption"], data["loss_panel"]["heading"]]
    shown += [run[name] for run in data["runs"] for name in ("lr_text", "outcome", "sign") if run[name]]
    assert english(shown) == set()


def test_the_script_of_a_page_asks_for_known_words():
    text = document(RACE)
    asked = re.findall(r'say\("([^"]*)"', text) + re.findall(r'say\([\w ]*\? ?"([^"]*)" ?: ?"([^"]*)"', text)
    known = {word for found in asked for word in ([found] if isinstance(found, str) else found)}
    assert len(known) >= 8
    assert known <= set(WORDS)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"fps": 30}, "fps: for animations"),
        ({"pace": "log", "loop": False}, "pace, loop: for animations"),
        ({"inset": True}, "or save a picture or an animation"),
        ({"dpi": 50}, "or save a picture or an animation"),
        ({"measure": "final"}, "measure is an option for a sweep"),
        ({"colors": {"Adam": "red"}}, "unknown label in colors 'Adam'"),
        ({"words": {"Step": "x"}}, "unknown text in words: 'Step'"),
        ({"words": {"loss": r"$\frac"}}, "formula that matplotlib can draw"),
        ({"words": {"loss": "a\x1bb"}}, "none of control"),
        ({"text_scale": 9}, "text_scale must be from 0.5 to 4"),
    ],
)
def test_options_that_a_page_cannot_have_are_refused(tmp_path, options, wrong):
    with pytest.raises(InputError, match=re.escape(wrong)):
        render.save(RACE, tmp_path / "race.html", **options)
    assert not list(tmp_path.iterdir())


def test_a_page_has_the_colours_and_the_size_of_type_that_were_given(tmp_path):
    colors = {"Momentum": "#123456", "SGD": {"marker": "^", "dashes": (4, 2)}}
    path = render.save(converging(2), tmp_path / "race.html", text_scale=1.5, colors=colors)
    text = path.read_text(encoding="utf-8")
    data = reported(text)
    for look in data["looks"]:
        assert look["runs"][1]["color"] == "#123456"
        assert (look["runs"][0]["marker"], look["runs"][0]["dashes"]) == ("^", [4, 2])
    assert "^" in data["shapes"]
    assert data["text_scale"] == 1.5
    assert "--px: min(1.5px" in text
