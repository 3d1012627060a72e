"""Themes and styles: a look is data, and an optimizer looks the same in every figure."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from render_pixels import full_draw, sized
from render_records import converging, record, way

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.artists.trails import Trail, mix
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.theme import OPTIMIZERS, THEMES, Theme, styles

names = st.sampled_from(sorted(THEMES))


@given(names, st.permutations(OPTIMIZERS), st.integers(1, len(OPTIMIZERS)))
def test_an_optimizer_has_one_style_whoever_else_runs(name, order, count):
    theme = THEMES[name]
    alone = {label: styles([label], theme)[0] for label in OPTIMIZERS}
    chosen = order[:count]
    assert styles(chosen, theme) == [alone[label] for label in chosen]
    among = ["mine", *chosen, "yours"]
    assert styles(among, theme)[1:-1] == [alone[label] for label in chosen]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("others", [0, 1, 40])
def test_no_two_runs_look_alike(name, others):
    labels = [*OPTIMIZERS, *(f"run {i}" for i in range(others))]
    found = styles(labels, THEMES[name])
    assert len({(style.color, style.marker, style.dashes) for style in found}) == len(labels)


def test_two_runs_of_one_optimizer_are_told_apart():
    first, second, plain = styles(["Adam lr=0.1", "Adam lr=0.2", "Adam"], THEMES["light"])
    assert first == styles(["Adam"], THEMES["light"])[0]
    assert len({first, second, plain}) == 3


@pytest.mark.parametrize("name", ["Momentum", "AdamW", "AMSGrad"])
def test_a_name_is_not_mistaken_for_a_shorter_one(name):
    assert styles([name, "Adam", "SGD"], THEMES["light"])[0] == styles([name], THEMES["light"])[0]
    assert styles([f"{name} lr=0.1"], THEMES["light"]) == styles([name], THEMES["light"])


def test_a_name_of_ones_own_takes_nobodys_style():
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
    """The least of all is 3.03 in light, 3.06 in dark, 3.04 in print."""
    theme = THEMES[name]
    assert min(_contrast(color, ground) for color in theme.colors for ground in theme.fill) >= CLEAR


@pytest.mark.parametrize("name", THEMES)
def test_the_oldest_piece_of_a_trail_stands_out_from_its_halo(name):
    """The least of all is 3.13 in light, 3.45 in dark and 3.10 in print."""
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


# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009
VISION = {
    "usual": np.eye(3),
    "without red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "without green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "without blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def _oklab(linear: np.ndarray) -> np.ndarray:
    """Colours (3,) where distances are as they are seen: Ottosson, "A perceptual color space", 2020."""
    cones = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.2119035, 0.68069955, 0.10739696],
        [0.08830246, 0.28171884, 0.6299787],
    ]
    axes = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.9779985, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
    return np.array(axes) @ np.cbrt(np.array(cones) @ linear)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", THEMES)
def test_six_optimizers_are_told_apart_whatever_ones_vision(name, vision):
    """The smallest distances: with usual vision 0.163 in light and print, 0.155 in dark; without red cones 0.074 and 0.115,
    without green ones 0.075 and 0.069, without blue ones 0.113 and 0.064."""
    rgb = np.array([to_rgb(color) for color in THEMES[name].colors[:6]])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = [_oklab(np.clip(np.array(VISION[vision]) @ color, 0, 1)) for color in linear]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.06  # 0.02 is just seen


@pytest.mark.parametrize(("name", "six", "ten"), [("light", 6.0, 3.0), ("dark", 5.5, 2.0), ("print", 6.0, 3.0)])
def test_a_grey_copy_tells_the_colours_apart_as_well(name, six, ten):
    """The smallest differences of CIE L*, of which 1 is just seen side by side: 6.2 among the first six in light and print, 5.9 in
    dark; 3.1 and 2.0 among the first ten. All that contrast with the fill leaves is 52 in light, from black on, and 38 in dark,
    so that six equal steps were of 10 and 7.6, and without colours. What is old is fainter: heads and legend tell for sure."""
    grey = sorted(_lightness(color) for color in THEMES[name].colors[:10])
    assert min(np.diff(sorted(_lightness(color) for color in THEMES[name].colors[:6]))) >= six
    assert min(np.diff(grey)) >= ten


def _lightness(color: str) -> float:
    """CIE L*, from 0 to 100."""
    luminance = _luminance(color)
    return 116 * float(np.cbrt(luminance)) - 16 if luminance > 0.008856 else 903.3 * luminance


@pytest.mark.parametrize("draw", [trajectories, render.loss_curves])
def test_six_optimizers_are_told_apart_in_a_grey_copy(draw):
    """In print, where dashes and markers tell: any two trails differ in so large a share of the inked pixels of one of them.

    The smallest shares: 0.33 for trails, 0.11 for losses.
    """
    drawn = [_grey(draw, name) for name in OPTIMIZERS[:6]]
    ground = _grey(draw, OPTIMIZERS[0], theme=THEMES["print"] | {"colors": ("#ffffff",), "halo_width": 0.0})
    apart = [
        np.sum(np.abs(a - b) > 0.25) / max(np.sum(np.abs(one - ground) > 0.25) for one in (a, b))
        for a, b in combinations(drawn, 2)
    ]
    assert min(apart) > 0.1


def _grey(draw, name: str, theme: str | Theme = "print") -> np.ndarray:
    """The lightness (height, width) of a race of one optimizer, with nothing around it."""
    race = record([way(40)])
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
    made = render.figure(record([way(5)]), theme=name, **sized(640, 400))
    assert to_rgb(made.get_facecolor()) == to_rgb(THEMES[name].background)
    assert {to_rgb(ax.get_facecolor()) for ax in made.axes} == {to_rgb(THEMES[name].background)}
