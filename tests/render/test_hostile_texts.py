"""Texts from outside in every format: neither markup, nor commands, nor what cannot be drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from PIL import Image
from render_records import converging
from test_html import Reader

from landscapes import render
from landscapes.render.figures.stills import still

MARKUP = [
    "<script>alert(1)</script>", "]]><script>", '"/><a href="javascript:alert(1)">', "&lt;&#x3c;x", "<!--", "-->",
    "</style>",
]  # fmt: skip
UNDRAWABLE = ["a\0\x1b\x85b", "W" * 10**5, r"$\frac{$", "$x^2$ and $", "\u2028\u202e"]
SMALL = {"figsize": (3, 2)}


def hostile_race():
    texts = [*MARKUP, *UNDRAWABLE]
    return converging(len(texts), steps=3, labels=texts, function=MARKUP[0], title=MARKUP[2])


@pytest.mark.slow
def test_an_svg_is_well_formed_and_has_no_markup_of_others(tmp_path):
    path = render.save(hostile_race(), tmp_path / "race.svg", theme="auto", **SMALL)
    elements = list(ElementTree.parse(path).iter())
    names = {element.tag.rpartition("}")[2].lower() for element in elements}
    assert not names & {"script", "foreignobject", "iframe", "a", "animate", "set", "handler"}
    for element in elements:
        for name, value in element.attrib.items():
            assert not name.rpartition("}")[2].lower().startswith("on")
            assert "javascript" not in value.lower()
            if name.endswith("href"):
                assert re.match(r"#[\w-]+$|data:image/png;base64,", value)
    assert any("<script>" in (element.text or "") for element in elements)


@pytest.mark.parametrize(
    "name",
    ["race.png", "race.jpg", "race.eps", pytest.param("race.pdf", marks=pytest.mark.slow), "race.gif", "race.html"],
)
@pytest.mark.thin(2)
@pytest.mark.sample(3)
def test_texts_that_cannot_be_drawn_are_drawn_as_they_are(tmp_path, name):
    options = {} if name.endswith("html") else SMALL | ({"seconds": 3.0, "fps": 1} if name.endswith("gif") else {})
    path = render.save(hostile_race(), tmp_path / name, **options)
    assert path.stat().st_size > 1000
    if name.endswith(("png", "jpg", "gif")):
        with Image.open(path) as image:
            assert image.size == (300, 200)


@pytest.mark.parametrize("suffix", [".eps", ".pgf"])
def test_a_comment_is_one_line(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("landscapes.render.figures.stills._tex", lambda: "pdflatex")
    path = tmp_path / f"a{suffix}"
    still(Figure(figsize=(2, 2)), path, "landscapes: \n(run) me\r(run)")
    text = path.read_text(encoding="utf-8")
    assert [line[0] for line in re.split("[\r\n]", text) if "(run)" in line] == ["%"]


@pytest.mark.parametrize("title", ["a\ud800b\0", "W" * 10**6, "</script><!--\u2028", "</title>{{data}}"])
def test_a_page_takes_any_title(tmp_path, title):
    text = render.save(converging(2), tmp_path / "race.html", title=title).read_text(encoding="utf-8")
    read = Reader(text)
    assert [tag for tag, _ in read.elements].count("script") == 2
    assert read.text("title") == read.text("h1")
    assert len(read.text("h1").strip()) <= 300
    assert not re.search("[\0\ud800\u2028]", text)
