"""Themes and styles: a look is data, and an optimizer looks the same in every figure."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from render_pixels import full_draw, sized
from render_records import arc, converging, record

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.artists.trails import Trail, mix
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.theme import OPTIMIZERS, THEMES, Theme, styles

names = st.sampled_from(sorted(THEMES))


@given(names, st.permutations(OPTIMIZERS), st.integers(1, len(OPTIMIZERS)))
def test_an_optimizer_has_one_style_in_any_company(name, order, count):
    theme = THEMES[name]
    alone = {label: styles([label], theme)[0] for label in OPTIMIZERS}
    chosen = order[:count]
    assert styles(chosen, theme) == [alone[label] for label in chosen]
    among = ["mine", *chosen, "yours"]
    assert styles(among, theme)[1:-1] == [alone[label] for label in chosen]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("others", [0, 1, 40])
def test_no_two_runs_have_the_same_style(name, others):
    labels = [*OPTIMIZERS, *(f"run {i}" for i in range(others))]
    found = styles(labels, THEMES[name])
    assert len({(style.color, style.marker, style.dashes) for style in found}) == len(labels)


def test_two_runs_of_one_optimizer_have_different_labels():
    first, second, plain = styles(["Adam lr=0.1", "Adam lr=0.2", "Adam"], THEMES["light"])
    assert first == styles(["Adam"], THEMES["light"])[0]
    assert len({first, second, plain}) == 3


@pytest.mark.parametrize("name", ["Momentum", "AdamW", "AMSGrad"])
def test_a_name_is_not_mistaken_for_a_shorter_one(name):
    assert styles([name, "Adam", "SGD"], THEMES["light"])[0] == styles([name], THEMES["light"])[0]
    assert styles([f"{name} lr=0.1"], THEMES["light"]) == styles([name], THEMES["light"])


def test_a_name_of_the_users_takes_no_runs_style():
    among = styles(["Adamantine", "SGDX", "Adam", "SGD"], THEMES["light"])
    assert among[2:] == styles(["Adam", "SGD"], THEMES["light"])
    assert len(set(among)) == 4


def test_the_print_theme_needs_no_colour():
    found = styles(OPTIMIZERS[:6], THEMES["print"])
    assert len({(style.marker, style.dashes) for style in found}) == 6


CLEAR = 3.0
"""The least contrast of graphics that must be seen, says WCAG 2.1 (criterion 1.4.11)."""


@pytest.mark.parametrize("name", THEMES)
def test_trails_stand_out_from_every_colour_of_the_fill(name):
    """The least of all is 3.07 in light, 3.08 in dark, 3.08 in print."""
    theme = THEMES[name]
    assert min(_contrast(color, surface) for color in theme.colors for surface in theme.fill) >= CLEAR


@pytest.mark.parametrize("name", THEMES)
def test_the_oldest_piece_of_a_trail_stands_out_from_its_halo(name):
    """The least of all is 3.18 in light, 3.50 in dark and 3.14 in print."""
    theme = THEMES[name]
    oldest = [to_hex(mix(to_rgb(color), theme.faded, theme.fade)) for color in theme.colors]
    assert min(_contrast(color, theme.halo) for color in oldest) >= CLEAR
    assert theme.halo_width > 0


def _contrast(a: str, b: str) -> float:
    """Contrast ratio as WCAG 2.1 defines it, from 1 to 21."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """What a colour is in grey, as WCAG 2.1 defines it, from 0 to 1."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


VISION = {"normal": None, "protanopia": "protanomaly", "deuteranopia": "deuteranomaly", "tritanopia": "tritanomaly"}
"""Kinds of colour vision, and the names that colorspacious gives them (Machado, Oliveira and Fernandes, 2009)."""


LEAST = {
    "light": {"normal": 25, "protanopia": 12, "deuteranopia": 12, "tritanopia": 17},
    "dark": {"normal": 22, "protanopia": 12, "deuteranopia": 12, "tritanopia": 8.5},
}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", THEMES)
def test_six_optimizers_are_distinguishable_with_any_colour_vision(name, vision):
    """Distances are those of CAM02-UCS (Luo, Cui and Li, 2006), where 1 is just noticeable.

    Smallest distances in light and print, and in dark: normal 27.0 and 22.6; protanopia 12.6 and 13.2; deuteranopia
    12.7 and 17.7; tritanopia 17.9 and 8.7.
    """
    colors = np.array([to_rgb(color) for color in THEMES[name].colors[:6]])
    if VISION[vision] is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": VISION[vision], "severity": 100}
        colors = np.clip(cspace_convert(colors, space, "sRGB1"), 0, 1)
    least = LEAST["light" if name == "print" else name][vision]
    assert min(deltaE(a, b) for a, b in combinations(colors, 2)) > least


@pytest.mark.parametrize(("name", "six", "ten"), [("light", 6.0, 3.0), ("dark", 5.5, 2.0), ("print", 6.0, 3.0)])
def test_colours_differ_in_lightness_for_grey_copies(name, six, ten):
    """Smallest differences of CIE L*, where 1 is just noticeable side by side.

    6.2 among the first six colours in light and print, 5.9 in dark; 3.1 and 2.0 among the first ten. The contrast with
    the fill leaves a range of 52 in light and 38 in dark, so six evenly spaced greys would differ by 10 and 7.6.
    """
    lightness = cspace_convert([to_rgb(color) for color in THEMES[name].colors[:10]], "sRGB1", "CIELab")[:, 0]
    assert np.diff(np.sort(lightness[:6])).min() >= six
    assert np.diff(np.sort(lightness)).min() >= ten


@pytest.mark.parametrize("draw", [trajectories, render.loss_curves])
@pytest.mark.thin(1)
def test_six_optimizers_are_distinguishable_in_greyscale(draw):
    """With the dashes and markers of print, any two trails differ in a large share of their pixels.

    Smallest shares: 0.33 for trails, 0.11 for losses.
    """
    drawn = [_grey(draw, name) for name in OPTIMIZERS[:6]]
    surface = _grey(draw, OPTIMIZERS[0], theme=THEMES["print"] | {"colors": ("#ffffff",), "halo_width": 0.0})
    apart = [
        np.sum(np.abs(a - b) > 0.25) / max(np.sum(np.abs(one - surface) > 0.25) for one in (a, b))
        for a, b in combinations(drawn, 2)
    ]
    assert min(apart) > 0.1


def _grey(draw, name: str, theme: str | Theme = "print") -> np.ndarray:
    """The lightness (height, width) of a race of one optimizer, with nothing around it."""
    race = record([arc(40)])
    race = replace(
        race, trajectories=replace(race.trajectories, runs={**race.trajectories.runs, "label": np.array([name])})
    )
    made = Figure(figsize=(4, 3), dpi=100)
    ax = made.add_axes((0, 0, 1, 1))
    draw(race, ax, theme=theme)
    ax.axis("off")
    return full_draw(made)[..., :3] @ [0.2126, 0.7152, 0.0722] / 255


def test_a_changed_copy_leaves_the_theme_alone():
    light = THEMES["light"]
    changed = light | {"halo": "#ff0000", "fade": 0.0}
    assert (changed.halo, changed.fade, changed.colors) == ("#ff0000", 0.0, light.colors)
    assert light.halo != changed.halo
    ax = trajectories(converging(2), Figure().subplots(), theme=changed)
    trail = next(artist for artist in ax.get_children() if isinstance(artist, Trail))
    assert trail.colors == [trail.style.color] * len(trail.colors)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fil": ("#fff", "#000")}, "unknown theme setting 'fil'. Did you mean fill"),
        ({"zzz": 1}, "unknown theme setting 'zzz'. Known: "),
        ({"halo": "nocolour"}, "halo of theme 'light': invalid colour 'nocolour'"),
        ({"colors": ("#123456", "tomat")}, "colors of theme 'light': invalid colour 'tomat'"),
        ({"colors": ()}, "one in colors"),
        ({"fill": ("#ffffff",)}, "two colours in fill"),
    ],
)
def test_a_broken_theme_is_refused(changes, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        THEMES["light"] | changes


@pytest.mark.parametrize("theme", ["lihgt", "", "Dark!", None, 3])
def test_an_unknown_theme_is_refused(theme):
    for draw in (render.figure, render.animate):
        with pytest.raises(InputError, match="theme"):
            draw(converging(1), theme=theme)
    for draw in (render.contour, render.trajectories, render.loss_curves):
        with pytest.raises(InputError, match="theme"):
            draw(converging(1), ax=Figure().subplots(), theme=theme)


def test_the_context_ends_with_its_block():
    before = dict(mpl.rcParams)
    with (THEMES["dark"] | {"rc": {"axes.labelsize": 33}}).context():
        assert mpl.rcParams["axes.facecolor"] == THEMES["dark"].background
        assert mpl.rcParams["axes.labelsize"] == 33
    assert dict(mpl.rcParams) == before


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    name = "dark"
    before = dict(mpl.rcParams)
    race = converging(2, steps=4)
    ax = Figure().subplots()
    contour(race, ax, theme=name)
    trajectories(race, ax, theme=name)
    render.loss_curves(race, Figure().subplots(), theme=name)
    for suffix in (".gif", ".png", ".pdf", ".svg"):
        render.save(race, tmp_path / f"race{suffix}", theme=name, **sized(160, 120), seconds=0.1)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", THEMES)
def test_the_page_and_the_panels_have_the_themes_background(name):
    made = render.figure(record([arc(5)]), theme=name, **sized(640, 400))
    assert to_rgb(made.get_facecolor()) == to_rgb(THEMES[name].background)
    assert {to_rgb(ax.get_facecolor()) for ax in made.axes} == {to_rgb(THEMES[name].background)}
