"""One SVG for light and for dark mode."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from browser import CHROMIUM
from PIL import Image
from render_pixels import sized
from render_records import converging

from landscapes import race, render, sweep
from landscapes.errors import InputError
from landscapes.render._save import check_output
from landscapes.render.figures.color_schemes import merge_schemes
from landscapes.render.theme import THEMES

SVG = "{http://www.w3.org/2000/svg}"
SIZE = sized(480, 320)


def in_mode(text: str, mode: str) -> str:
    """Return an SVG as a system in light or dark mode shows it: rules applied, what is hidden left out, no classes."""
    rules = dict(re.findall(r"\.(dark-(?!only)[\w-]+)\{([\w-]+:[^{}]*?)!important\}", text))
    root = ElementTree.fromstring(text)
    for parent in list(root.iter()):
        for child in list(parent):
            classes = (child.attrib.pop("class", "")).split()
            if {"light": "dark-only", "dark": "light-only"}[mode] in classes:
                parent.remove(child)
            elif "dark-only" in classes:
                hidden, _, style = child.attrib.pop("style").partition(";")
                assert hidden == "display: none"
                if style:
                    child.set("style", style)
            elif mode == "dark" and classes and "light-only" not in classes:
                style = dict(part.strip().split(": ", 1) for part in child.get("style", "").split(";") if part.strip())
                style |= dict(rules[name].split(":", 1) for name in classes)
                child.set("style", "; ".join(f"{name}: {value}" for name, value in style.items()))
    return plain(root)


def plain(root: ElementTree.Element) -> str:
    """Return a document without names of elements, which depend on styles, and blanks, and with styles in order."""
    for element in root.iter():
        element.attrib.pop("id", None)
        element.tail = (element.tail or "").strip()
        for name, value in element.attrib.items():
            if name == "style":
                parts = sorted(part.strip() for part in value.split(";") if part.strip())
                element.set(name, "; ".join(parts))
            elif "#" in value and not value.startswith("data:"):
                element.set(name, "")
    for style in root.iter(f"{SVG}style"):
        style.text = ""
    return ElementTree.tostring(root, encoding="unicode").replace("\n", "")


def drawn(folder, theme, record, **options) -> str:
    return render.save(record, folder / "a.svg", theme=theme, **SIZE, **options).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options",
    [{}, {"labels": "direct", "inset": True}, pytest.param({"view3d": True}, marks=pytest.mark.exhaustive)],
    ids=str,
)
@pytest.mark.slow
@pytest.mark.sample(1)
def test_one_file_holds_the_light_and_the_dark_picture(tmp_path, options):
    shown = converging(3)
    light, dark, both = (drawn(tmp_path, theme, shown, **options) for theme in ("light", "dark", "auto"))
    assert in_mode(both, "dark") == plain(ElementTree.fromstring(dark))
    assert in_mode(both, "light") == plain(ElementTree.fromstring(light))
    assert len(both) < 2.2 * max(len(light), len(dark))
    assert '<g class="dark-only' not in both


@pytest.mark.slow
def test_a_pair_of_themes_that_differ_in_shapes_is_stored_whole(tmp_path):
    bold = THEMES["dark"] | {"by_label": {"SGD": {"dashes": (4, 2), "marker": "^"}}, "halo_width": 0}
    both = drawn(tmp_path, ("light", bold), converging(2))
    (hidden,) = (part for part in ElementTree.fromstring(both).iter(f"{SVG}g") if part.get("class") == "dark-only")
    assert bold.background in ElementTree.tostring(hidden, encoding="unicode")
    names = re.findall(r'\bid="([^"]*)"', both)
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', both)) <= set(names)


def test_equal_pictures_need_no_rules():
    assert merge_schemes("<svg><style>*{}</style></svg>", "<svg><style>*{}</style></svg>").count("@media") == 0


@pytest.mark.parametrize("name", ["race.png", "race.gif", "race.pdf", "frames-%03d.png"])
def test_formats_without_a_scheme_name_the_two_files_to_save(name):
    stem, suffix = name.rsplit(".", 1)
    wanted = f"save {stem}-light.{suffix} and {stem}-dark.{suffix}, and let <picture> choose"
    with pytest.raises(InputError, match=re.escape(wanted)):
        check_output(name, theme="auto")
    with pytest.raises(InputError, match="a figure has one theme"):
        render.figure(converging(1), theme="auto")


def test_a_page_takes_it_as_well(tmp_path):
    one, two = (
        render.save(converging(1), tmp_path / "a.html", **given).read_bytes() for given in ({}, {"theme": "auto"})
    )
    assert one == two


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_the_picture_of_each_theme(browser, tmp_path, exhaustive):
    """Inside an `<img>`, as on GitHub, pixel by pixel."""
    records = {"race": race("beale", steps=60)}
    if exhaustive:
        records["sweep"] = sweep("beale", ["sgd"], lr=[1e-3, 1e-2, 0.1], steps=20)
    themes = ("light", "dark", "auto")
    for name, record in records.items():
        pictures = {}
        for theme in themes:
            file = render.save(record, tmp_path / f"{name}-{theme}.svg", theme=theme, **SIZE).name
            page = tmp_path / "page.html"
            page.write_text(f'<meta name="color-scheme" content="light dark"><p id="counter">1<img src="{file}">')
            for dark in (False, True):
                browser.open(page.as_uri(), wide=600, high=400, dark=dark)
                seen = Image.open(io.BytesIO(browser.picture())).convert("RGB")
                pictures[theme, dark] = np.asarray(seen)
        assert (pictures["auto", False] == pictures["light", False]).all()
        assert (pictures["auto", True] == pictures["dark", True]).all()
        assert (pictures["light", True] != pictures["dark", True]).any()
